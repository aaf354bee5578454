//! How every run begins: look at everything, refuse or plan, take the lock, save the record, drive.

use std::time::Duration;

use super::args::TopologyFlags;
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::findings::CheckReport;
use super::holder;
use super::signals::Signals;
use super::{finish, keep, sentinel, take};
use crate::aws::{Aws, Shared};
use crate::config::{Span, StackConfig};
use crate::model::finding::{Finding, Severity};
use crate::model::run::{Kind, Options, Run};
use crate::model::survey::Survey;
use crate::model::{BackupId, Seen};
use crate::plan::{self, preflight::Ask};
use crate::world::World;

/// What is to be done.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// To which stack.
    pub(crate) stack: String,
    /// What.
    pub(crate) kind: Kind,
    /// With what besides.
    pub(crate) options: Options,
    /// What matters for the findings.
    pub(crate) ask: Ask,
    /// When to give up.
    pub(crate) timeout: Option<Duration>,
    /// Leave it to somebody else at once.
    pub(crate) no_wait: bool,
}

impl Wish {
    /// A change of mode, and nothing else.
    pub(crate) fn switch(stack: &str, kind: Kind) -> Self {
        Self {
            stack: stack.to_owned(),
            kind,
            options: Options::default(),
            ask: Ask { switch_only: true, ..Ask::default() },
            timeout: None,
            no_wait: false,
        }
    }
}

/// What stacksnap.toml says of a stack's backups, over what is usual.
pub(crate) fn options(file: &StackConfig) -> Options {
    let usual = Options::default();
    let seconds = |said: Option<Span>, usual: u32| said.map_or(usual, |Span(seconds)| seconds);
    Options {
        max_offline: seconds(file.max_offline, usual.max_offline),
        settle: seconds(file.settle, usual.settle),
        ..usual
    }
}

/// Does it, from the first look to the exit code.
///
/// # Errors
/// It did not begin: nothing was touched.
pub(crate) async fn run(cx: &Context, wish: &Wish, flags: &TopologyFlags) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    let shared = Shared::default();
    let survey = look(cx, &aws, wish, flags, &shared).await?;
    let watched = sentinel::watches(&aws, &survey, &shared).await;
    if wish.no_wait && !watched {
        return Err(unwatched());
    }
    match planned(cx, &survey, wish, &aws) {
        Ok((run, findings)) => {
            warn(cx, &findings);
            start(cx, &aws, (run, &survey), wish, watched).await
        }
        Err(findings) => refuse(cx, &wish.stack, findings),
    }
}

/// The survey of a stack that nobody holds; a leftover lock is taken away.
///
/// # Errors
/// No such stack, or somebody holds it.
pub(crate) async fn look(
    cx: &Context,
    aws: &Aws,
    wish: &Wish,
    flags: &TopologyFlags,
    shared: &Shared,
) -> Result<Survey, Failure> {
    let mut survey = cx.survey_sharing(aws, &wish.stack, flags, shared).await?;
    if !matches!(survey.lock, Seen::Missing) {
        holder::clear(cx, aws, &wish.stack).await?;
    }
    // A leftover lock has just been taken away: it is no finding any more.
    survey.lock = Seen::Missing;
    Ok(survey)
}

/// The same, but nothing is touched.
///
/// # Errors
/// No such stack, or somebody holds it.
pub(crate) async fn unheld(cx: &Context, aws: &Aws, wish: &Wish, flags: &TopologyFlags) -> Result<Survey, Failure> {
    let mut survey = cx.survey(aws, &wish.stack, flags).await?;
    holder::inspect(cx, aws, &wish.stack).await?;
    survey.lock = Seen::Missing;
    Ok(survey)
}

/// The run, and what there is to say about it.
///
/// # Errors
/// The findings that refuse it.
pub(crate) fn planned(
    cx: &Context,
    survey: &Survey,
    wish: &Wish,
    aws: &Aws,
) -> Result<(Run, Vec<Finding>), Vec<Finding>> {
    let profile = cx.profile_of(survey);
    plan::backup::plan(survey, profile.as_ref(), wish.kind.clone(), wish.options.clone(), wish.ask, aws.now())
}

/// Shows the findings that refuse it: exit 4, nothing was touched.
///
/// # Errors
/// Those of the output.
pub(crate) fn refuse(cx: &Context, stack: &str, findings: Vec<Finding>) -> Result<Exit, Failure> {
    let report = CheckReport::new(stack, findings);
    cx.emit(&report)?;
    Err(refused(&report))
}

/// Findings refuse it.
pub(crate) fn refused(report: &CheckReport) -> Failure {
    Failure::new(Exit::Refused, "refused", format!("refused by {}; nothing was touched", report.errors()))
        .hint("the remedies are in the findings; `check` shows them again")
}

/// Warnings among the findings go to stderr: the result comes at the end.
pub(crate) fn warn(cx: &Context, findings: &[Finding]) {
    for finding in findings.iter().filter(|finding| finding.severity == Severity::Warning) {
        cx.warn(&format!("{} {}", finding.id, finding.what));
    }
}

async fn start(
    cx: &Context,
    aws: &Aws,
    (run, survey): (Run, &Survey),
    wish: &Wish,
    watched: bool,
) -> Result<Exit, Failure> {
    // From here on no signal ends the process by itself: what is begun is brought to an end.
    let signals = Signals::listen();
    let run = taken(cx, aws, (run, survey), wish, None, &Shared::default()).await?;
    if wish.no_wait {
        return finish::handed(cx, aws, &run);
    }
    let manner = finish::manner(cx, wish.timeout, watched);
    finish::drive(cx, aws, run, manner, signals).await
}

/// The run under a free id, or under `id`; its manifest is kept, the stack is taken.
///
/// # Errors
/// Somebody else has the stack, or AWS refuses: nothing was begun.
pub(crate) async fn taken(
    cx: &Context,
    aws: &Aws,
    (run, survey): (Run, &Survey),
    wish: &Wish,
    id: Option<BackupId>,
    shared: &Shared,
) -> Result<Run, Failure> {
    let run = match id {
        Some(id) => Run { id, ..run },
        None => take::free(aws, run).await?,
    };
    let backup = matches!(run.kind, Kind::Backup { .. });
    let run = if backup { keep::manifest(cx, aws, run, survey, shared).await? } else { run };
    let run = if wish.no_wait { run.handed_over(aws.now()) } else { run };
    take::begin(cx, aws, &run).await?;
    Ok(run)
}

/// Nobody would bring the stack back.
pub(crate) fn unwatched() -> Failure {
    Failure::new(Exit::Refused, "nobody-watches", "`--no-wait` needs somebody else who drives the run on")
        .why("no sentinel that watches this stack has looked lately; nothing was touched")
        .hint("leave `--no-wait` out, and let this process wait")
        .hint("or let a sentinel look every five minutes: `stacksnap sentinel` by a timer, or `stacksnap schedule install`")
}
