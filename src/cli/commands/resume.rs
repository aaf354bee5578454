//! `stacksnap resume STACK`

use super::super::args::TopologyFlags;
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::rebuild::rolling_back;
use super::super::unfinished::{self, Unfinished};
use super::super::{holder, nothing, recipe, stack_arg};
use crate::aws::Aws;
use crate::model::run::{Kind, Run};
use crate::world::World;

const NOTHING: &str = "no run is unfinished, and none owes the stack anything";

/// Drive an interrupted run to its end, from any machine.
///
/// Where the run's record is lost, CloudFormation's event history tells whether a run took the stack
/// offline and owes bringing it back.
#[derive(Debug, clap::Args)]
pub(crate) struct Resume {
    /// The stack's name.
    #[arg(value_parser = stack_arg::parse)]
    stack: String,
    /// A replacement that stands still: delete the new stack, and restore the safety backup.
    #[arg(long)]
    roll_back: bool,
    /// The value of a NoEcho parameter of a stack that is still to be created: it was kept nowhere.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The same, from a file.
    #[arg(long, value_name = "KEY=FILE")]
    set_file: Vec<String>,
    #[command(flatten)]
    topology: TopologyFlags,
}

/// Exit 0 when the run ended well, or when there is nothing to do.
///
/// # Errors
/// It did not end well, or it cannot be told what to do.
pub(crate) async fn run(args: &Resume, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    aws.give(recipe::given(&args.set, &args.set_file)?);
    args.finish(cx, &aws, &args.stack).await
}

impl Resume {
    async fn finish(&self, cx: &Context, aws: &Aws, stack: &str) -> Result<Exit, Failure> {
        match unfinished::find(cx, aws, stack).await? {
            Unfinished::Held(run) => {
                cx.tell(&holder::standing(&run, aws.now()));
                unfinished::drive(cx, aws, self.urge(aws, *run).await).await
            }
            Unfinished::Unlocked(run) => unfinished::relock(cx, aws, self.urge(aws, *run).await).await,
            Unfinished::None if unfinished::made(cx, aws, stack).await => {
                nothing::to_do(cx, stack, "the run of that name is over")
            }
            Unfinished::None if let Some(drill) = unfinished::rehearsal(cx, aws, stack).await => {
                cx.tell(&format!("of {stack} itself no run is unfinished; its drill {} is", drill.target.stack));
                self.rehearsal(cx, aws, drill).await
            }
            Unfinished::Lost | Unfinished::None => unfinished::settle(cx, aws, stack, &self.topology, NOTHING).await,
        }
    }

    /// A drill that nobody drives on is brought to its end; one that somebody may still drive is only named.
    async fn rehearsal(&self, cx: &Context, aws: &Aws, drill: Run) -> Result<Exit, Failure> {
        if drill.stale(aws.now()) {
            return Box::pin(self.finish(cx, aws, &drill.target.stack)).await;
        }
        let resume = cx.command(&["resume", &drill.target.stack], Some(aws.region()));
        Err(Failure::new(Exit::Busy, "drill-under-way", holder::standing(&drill, aws.now()))
            .hint(format!("wait for its end; if whoever began it has died: `{resume}`")))
    }

    /// What failed is tried again; and what was decided is saved before anything is done.
    async fn urge(&self, aws: &Aws, run: Run) -> Run {
        let run = if self.roll_back && run.kind == Kind::Replace { rolling_back(aws, run).await } else { run };
        Run { urged: true, ..run }
    }
}
