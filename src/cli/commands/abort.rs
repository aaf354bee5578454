//! `stacksnap abort STACK`

use super::super::args::TopologyFlags;
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::unfinished::{self, Unfinished};
use super::super::{nothing, stack_arg};
use crate::model::run::Run;

const NOTHING: &str = "no run is unfinished, so there is nothing to give up";

/// Give a run up: bring the stack back, then stop the backup job.
///
/// Whoever else drives the run is told through its record.
#[derive(Debug, clap::Args)]
pub(crate) struct Abort {
    /// The stack's name.
    #[arg(value_parser = stack_arg::parse)]
    stack: String,
    #[command(flatten)]
    topology: TopologyFlags,
}

/// Exit 0 when the stack is back, or when there is nothing to give up.
///
/// # Errors
/// The stack could not be brought back, or it cannot be told.
pub(crate) async fn run(args: &Abort, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    match unfinished::find(cx, &aws, &args.stack).await? {
        // The drive saves the wish before it does anything else.
        Unfinished::Held(run) => unfinished::drive(cx, &aws, given_up(*run)).await,
        Unfinished::Unlocked(run) => unfinished::relock(cx, &aws, given_up(*run)).await,
        Unfinished::Lost => unfinished::settle(cx, &aws, &args.stack, &args.topology, NOTHING).await,
        Unfinished::None => {
            // A misspelt name, or another region's, is no stack that is well; what a drill made is gone by now.
            if !unfinished::made(cx, &aws, &args.stack).await {
                cx.stack_there(&aws, &args.stack).await?;
            }
            nothing::to_do(cx, &args.stack, NOTHING)
        }
    }
}

fn given_up(run: Run) -> Run {
    Run { abort: true, ..run }
}
