//! `--dry-run`: the plan, as sentences that begin with "would".

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::args::TopologyFlags;
use super::begin::{self, Wish};
use super::context::Context;
use super::duration;
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Document, Page, clean};
use super::{keep, sentinel};
use crate::aws::Shared;
use crate::config::StackConfig;
use crate::engine;
use crate::model::finding::{Finding, Severity};
use crate::model::run::{Kind, Mode, Run};
use crate::model::survey::Survey;
use crate::plan::preflight;

/// What would be done.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Plan")]
pub(crate) struct Plan {
    /// The stack's name.
    pub(crate) stack: String,
    /// The backup's id, were it begun now.
    pub(crate) id: String,
    /// The stack's mode now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stack_mode: Option<String>,
    /// What would be done, in this order.
    pub(crate) steps: Vec<String>,
    /// What there is to say about it.
    pub(crate) findings: Vec<Finding>,
    /// Always false: this is a dry run.
    pub(crate) changed: bool,
}

/// Shows the plan and does nothing.
///
/// # Errors
/// The stack is held, or the backup would be refused.
pub(crate) async fn run(cx: &Context, wish: &Wish, flags: &TopologyFlags) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    let survey = begin::unheld(cx, &aws, wish, flags).await?;
    if wish.no_wait && !sentinel::watches(&aws, &survey, &Shared::default()).await {
        return Err(begin::unwatched());
    }
    let place = keep::place(cx, &aws, &wish.stack).await?;
    let (run, mut findings) = match begin::planned(cx, &survey, wish, &aws) {
        Ok((run, findings)) => (Some(run), findings),
        Err(findings) => (None, findings),
    };
    findings.extend(place);
    let Some(run) = run.filter(|_| !preflight::refused(&findings)) else {
        return begin::refuse(cx, &wish.stack, findings);
    };
    let mut plan = Plan::of(&run, mode(&survey, &run), findings);
    plan.steps.extend(afterwards(&cx.settings.stack(&wish.stack), &run));
    cx.emit(&plan)?;
    Ok(Exit::Done)
}

impl Plan {
    fn of(run: &Run, mode: Option<Mode>, findings: Vec<Finding>) -> Self {
        Self {
            stack: run.target.stack.clone(),
            id: run.id.to_string(),
            stack_mode: mode.map(|mode| mode.to_string()),
            steps: steps(run, mode),
            findings,
            changed: false,
        }
    }
}

fn mode(survey: &Survey, run: &Run) -> Option<Mode> {
    engine::mode(survey.stack.here()?, run.target.switch.as_ref()?)
}

/// What is done with this backup, and with earlier ones, when it is complete.
fn afterwards(file: &StackConfig, run: &Run) -> Vec<String> {
    let stack = &run.target.stack;
    let mut steps = Vec::new();
    if let Some(hold) = &run.options.hold {
        let why = if hold.is_empty() { String::new() } else { format!(" ({hold})") };
        steps.push(format!("would keep it from every prune until `stacksnap unkeep`{why}"));
    }
    if matches!(run.kind, Kind::Backup { .. }) && file.retention.after_backup == Some(true) {
        steps.push(format!(
            "would then DELETE earlier backups of {stack} by the rules in stacksnap.toml; `stacksnap prune {stack} --dry-run` names them"
        ));
    }
    steps
}

fn steps(run: &Run, mode: Option<Mode>) -> Vec<String> {
    let target = &run.target;
    let switches = !run.live() && mode == Some(Mode::Online);
    let mut steps = vec![format!("would lock {} and record the run in Parameter Store", target.stack)];
    if matches!(run.kind, Kind::Backup { seed: true, .. }) {
        steps.push(format!("would first back up {} online into vault {}", target.file_system, target.vault));
    }
    if let Some(switch) = target.switch.as_ref().filter(|_| switches) {
        steps.push(format!("would set {} of {} to `{}`", switch.parameter, target.stack, switch.offline));
        steps.push(format!("would wait {} for the last writes", duration::show(run.options.settle.into())));
    }
    steps.push(format!("would make DB cluster snapshot {} of {}", run.id, target.cluster));
    steps.push(format!("would back up {} into vault {} as {}", target.file_system, target.vault, target.role));
    if let Some(switch) = target.switch.as_ref().filter(|_| switches) {
        let budget = duration::show(run.options.max_offline.into());
        steps.push(format!("would set {} back to `{}`, after {budget} at the latest", switch.parameter, switch.online));
    }
    steps.push("would check both halves and mark the backup complete".to_owned());
    steps
}

impl Document for Plan {
    const KIND: &'static str = "Plan";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.line(page.paint.bold(&self.id))?;
        for step in &self.steps {
            page.line(format!("  {}", clean::clean(step)))?;
        }
        for finding in self.findings.iter().filter(|finding| finding.severity == Severity::Warning) {
            let text = clean::clean(&finding.what).into_owned();
            page.line(format!("{} {} {text}", page.paint.warning("warning:"), finding.id))?;
        }
        page.line("nothing was changed")
    }
}
