//! `stacksnap check STACK`

use super::super::args::TopologyFlags;
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::findings::CheckReport;
use super::super::{begin, holder, keep, stack_arg};
use crate::aws::Aws;
use crate::config::RetentionConfig;
use crate::model::finding::{self, Finding};
use crate::model::survey::Survey;
use crate::model::tags;
use crate::plan::preflight::{self, Ask, Budget};
use crate::plan::prune::forecast;
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
    let budget = Some(Budget::from(&begin::options(&file)));
    let ask = Ask { live, strict, budget, ..Ask::default() };
    let mut findings = preflight::findings(&survey, cx.profile_of(&survey).as_ref(), ask, aws.now());
    findings.extend(keep::place(cx, &aws, &args.stack).await?);
    findings.extend(ahead(&aws, &survey, &file.retention).await);
    finding::sort(&mut findings);
    let report = CheckReport::new(&args.stack, findings);
    cx.emit(&report)?;
    Ok(if report.ok { Exit::Done } else { Exit::Refused })
}

/// Whether the quota of snapshots will be used up soon; what cannot be told is not told.
async fn ahead(aws: &Aws, survey: &Survey, said: &RetentionConfig) -> Option<Finding> {
    let (quota, cluster) = (survey.quota.here()?, survey.cluster.here()?);
    let snapshots = aws.manual_snapshots_of(&cluster.id).await.ok()?;
    let ours = snapshots.into_iter().filter(|snapshot| snapshot.tags.contains_key(tags::ID));
    let mut made: Vec<_> = ours.filter_map(|snapshot| snapshot.created).collect();
    made.sort_unstable_by(|a, b| b.cmp(a));
    let pruned = said.after_backup == Some(true);
    let policy = said.policy();
    let ahead = forecast(&made, Some(&policy).filter(|_| pruned), *quota, aws.now());
    preflight::ahead(&ahead, pruned, aws.now())
}
