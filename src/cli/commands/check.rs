//! `stacksnap check STACK`

use super::super::args::TopologyFlags;
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::findings::CheckReport;
use super::super::{holder, stack_arg};
use crate::plan::preflight::{self, Ask};
use crate::world::World;

/// Check everything a backup needs: nothing is touched.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The stack's name.
    #[arg(value_parser = stack_arg::parse)]
    stack: String,
    /// Check for a backup that keeps the stack online.
    #[arg(long)]
    live: bool,
    /// Refuse, too, where somebody else's change sets are waiting.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    topology: TopologyFlags,
}

/// Exit 0, or 4 where a finding is an error.
///
/// # Errors
/// The stack is not there, or cannot be looked at.
pub(crate) async fn run(args: &Check, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    let survey = cx.survey(&aws, &args.stack, &args.topology).await?;
    let runs = survey.runs.here().map(Vec::as_slice).unwrap_or_default();
    holder::warn_stale(cx, aws.region(), runs, aws.now());
    let file = cx.settings.stack(&args.stack);
    let (live, strict) = (args.live || file.live == Some(true), args.strict || file.strict == Some(true));
    let ask = Ask { live, strict, ..Ask::default() };
    let findings = preflight::findings(&survey, cx.profile_of(&survey).as_ref(), ask, aws.now());
    let report = CheckReport::new(&args.stack, findings);
    cx.emit(&report)?;
    Ok(if report.ok { Exit::Done } else { Exit::Refused })
}
