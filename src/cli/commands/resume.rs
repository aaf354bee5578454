//! `stacksnap resume STACK`

use super::super::args::TopologyFlags;
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::unfinished::{self, Unfinished};
use super::super::{holder, stack_arg};
use crate::world::World;

/// Drive an interrupted run to its end, from any machine.
///
/// Where the run's record is lost, CloudFormation's event history tells whether a run took the stack
/// offline and owes bringing it back.
#[derive(Debug, clap::Args)]
pub(crate) struct Resume {
    /// The stack's name.
    #[arg(value_parser = stack_arg::parse)]
    stack: String,
    #[command(flatten)]
    topology: TopologyFlags,
}

/// Exit 0 when the run ended well, or when there is nothing to do.
///
/// # Errors
/// It did not end well, or it cannot be told what to do.
pub(crate) async fn run(args: &Resume, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    match unfinished::find(cx, &aws, &args.stack).await? {
        Unfinished::Held(run) => {
            cx.tell(&holder::standing(&run, aws.now()));
            unfinished::drive(cx, &aws, *run).await
        }
        Unfinished::Unlocked(run) => unfinished::relock(cx, &aws, *run).await,
        Unfinished::Lost | Unfinished::None => unfinished::settle(cx, &aws, &args.stack, &args.topology).await,
    }
}
