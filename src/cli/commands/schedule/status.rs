//! `stacksnap schedule status`

use std::io;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::super::context::Context;
use super::super::super::exit::Exit;
use super::super::super::failure::Failure;
use super::super::super::output::table::{self, Cell, Tone};
use super::super::super::output::{Document, Page, clean, human};
use super::super::super::stack_arg;
use super::args::USUAL;
use super::plan::whose;
use super::runs::{Said, When};
use super::tend;
use crate::aws::Aws;
use crate::model::run::{Kind, Outcome, Run};
use crate::model::stack::Stack;
use crate::plan::schedule::deployment::Deployed;
use crate::world::World;

/// So many results of a deployment for one stack are shown; of a fleet's stacks the newest each.
const SHOWN: usize = 5;

/// Show what is deployed, when it runs next, whether a sentinel watches, and how the last backups went.
#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// Only this deployment [default: all].
    #[arg(long, value_name = "NAME", value_parser = stack_arg::parse)]
    deployment: Option<String>,
}

/// How the deployments stand.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScheduleStatus {
    /// One a deployment.
    pub(crate) items: Vec<Deployment>,
}

/// How a deployment stands.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deployment {
    /// Its name, which is its CloudFormation stack's.
    pub(crate) deployment: String,
    /// The ARN of its stack.
    pub(crate) stack_id: String,
    /// The status of its stack.
    pub(crate) status: String,
    /// The stacks that it backs up.
    pub(crate) stacks: Vec<String>,
    /// The tag that tells which these are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fleet_tag: Option<String>,
    /// When it does.
    #[serde(rename = "schedule")]
    pub(crate) when: When,
    /// A sentinel looks at each of these stacks; absent: it cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) watched: Option<bool>,
    /// The newest runs, the newest first.
    pub(crate) last: Vec<LastRun>,
}

/// A backup that is over, or under way.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LastRun {
    /// Its id.
    pub(crate) id: String,
    /// The stack.
    pub(crate) stack: String,
    /// When it began.
    #[schemars(with = "String")]
    pub(crate) started: Timestamp,
    /// `complete`, `refused`, `failed`, `aborted`, `incomplete` or `inconsistent`; absent while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<String>,
    /// Why it is not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    /// The stack was online before and is not now: somebody must act.
    pub(crate) left_offline: bool,
}

/// Shows it.
///
/// # Errors
/// There is no such deployment (exit 8), or it cannot be told.
pub(super) async fn run(args: &Status, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    let deployments = find(cx, &aws, args.deployment.as_deref()).await?;
    let (stacks, runs) = if deployments.is_empty() {
        (Vec::new(), Vec::new())
    } else {
        let stacks = aws.stacks().await.map_err(|refusal| cx.refused("the stacks cannot be listed", &refusal))?;
        (stacks, tend::runs(cx, &aws).await)
    };
    let mut items = Vec::new();
    for deployed in &deployments {
        items.push(item(cx, &aws, deployed, &stacks, &runs).await);
    }
    cx.emit(&ScheduleStatus { items })?;
    Ok(Exit::Done)
}

/// The one that is named, or those that bear the tag and the one of the usual name.
async fn find(cx: &Context, aws: &Aws, name: Option<&str>) -> Result<Vec<Deployed>, Failure> {
    if let Some(name) = name {
        let there = tend::find(cx, aws, name).await?;
        return there.map(|one| vec![one]).ok_or_else(|| tend::missing(cx, aws, name));
    }
    let tagged = aws.deployments().await.map_err(|refusal| cx.refused("the deployments cannot be listed", &refusal))?;
    let mut names: Vec<String> = tagged.into_iter().map(|one| one.stack.name).collect();
    if !names.iter().any(|name| name == USUAL) {
        names.push(USUAL.to_owned());
    }
    names.sort();
    let mut all = Vec::new();
    for name in names {
        // A tag may be anybody's, and so may the name.
        match tend::find(cx, aws, &name).await {
            Ok(there) => all.extend(there),
            Err(failure) if failure.exit == Exit::Refused => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(all)
}

async fn item(cx: &Context, aws: &Aws, deployed: &Deployed, all: &[Stack], runs: &[Run]) -> Deployment {
    let stack = &deployed.stack;
    let stacks = tend::stacks_of(stack, all);
    let there: Vec<&Stack> = all.iter().filter(|stack| stacks.contains(&stack.name)).collect();
    let (expression, timezone) = (tend::value(stack, "ScheduleExpression"), tend::value(stack, "ScheduleTimezone"));
    let said = Said { expression, timezone, state: tend::value(stack, "ScheduleState") };
    let now = aws.now();
    Deployment {
        deployment: stack.name.clone(),
        stack_id: stack.id.clone(),
        status: stack.status.to_string(),
        fleet_tag: Some(tend::value(stack, "FleetTag").to_owned()).filter(|tag| !tag.is_empty()),
        when: When::of(said, now, deployed.changed.unwrap_or(now)),
        watched: tend::watched(cx, aws, &there).await,
        last: last(runs, &stacks),
        stacks,
    }
}

/// The newest first; `runs` are the newest last.
fn last(runs: &[Run], stacks: &[String]) -> Vec<LastRun> {
    let most = if stacks.len() == 1 { SHOWN } else { 1 };
    let of_stack = |stack: &String| {
        let own = |run: &&Run| run.target.stack == *stack && matches!(run.kind, Kind::Backup { .. });
        runs.iter().rev().filter(own).take(most).map(LastRun::of).collect::<Vec<_>>()
    };
    let mut all: Vec<LastRun> = stacks.iter().flat_map(of_stack).collect();
    all.sort_by(|a, b| (b.started, &b.id).cmp(&(a.started, &a.id)));
    all
}

impl LastRun {
    fn of(run: &Run) -> Self {
        let ending = run.ending.as_ref();
        let trouble = run.trouble.as_ref().map(|trouble| trouble.what.clone());
        Self {
            id: run.id.to_string(),
            stack: run.target.stack.clone(),
            started: run.started,
            outcome: ending.map(|ending| ending.outcome.to_string()),
            why: ending.and_then(|ending| ending.why.clone()).or(trouble),
            left_offline: ending.is_some_and(|ending| ending.left_offline),
        }
    }

    fn cells(&self) -> [Cell; 4] {
        let good = self.outcome.as_deref() == Some(Outcome::Complete.to_string().as_str());
        let outcome = match &self.outcome {
            Some(_) if self.left_offline => Cell::toned("left offline", Tone::Error),
            Some(outcome) => Cell::toned(outcome, if good { Tone::Good } else { Tone::Error }),
            None => Cell::from("under way"),
        };
        let why = self.why.as_deref().unwrap_or_default();
        [Cell::from(&self.id), Cell::from(human::time(self.started)), outcome, Cell::from(why)]
    }
}

impl Document for ScheduleStatus {
    const KIND: &'static str = "ScheduleStatus";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        if self.items.is_empty() {
            return page.line("nothing is deployed here: `stacksnap schedule plan` shows what would be");
        }
        for (index, item) in self.items.iter().enumerate() {
            if index > 0 {
                page.line("")?;
            }
            item.text(page)?;
        }
        Ok(())
    }
}

impl Deployment {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.line(page.paint.bold(&clean::clean(&self.deployment)))?;
        page.field("Status", &self.status)?;
        page.field("Backs up", whose(&self.stacks, self.fleet_tag.as_deref()))?;
        page.field("Sentinel", sentinel(self.watched))?;
        self.when.text(page)?;
        page.line("")?;
        if self.last.is_empty() {
            return page.line("No backup was taken yet.");
        }
        table::write(page, ["LAST RUNS", "BEGAN", "OUTCOME", "WHY"], || self.last.iter(), |run| run.cells())
    }
}

fn sentinel(watched: Option<bool>) -> &'static str {
    match watched {
        Some(true) => "watches",
        Some(false) => "does not watch: nobody would bring a stack home that was left offline",
        None => "cannot be told",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::output::samples;

    fn run(stack: &str, day: u8, outcome: &str) -> Run {
        let id = format!("{stack}-202611{day:02}-020000");
        let mut run = samples::run(json!({
            "id": id, "started": format!("2026-11-{day:02}T02:00:00Z"),
            "ending": { "outcome": outcome, "at": format!("2026-11-{day:02}T02:30:00Z"), "why": "the job failed" }
        }));
        std::sync::Arc::make_mut(&mut run.target).stack = stack.to_owned();
        run
    }

    fn shown(runs: &[Run], stacks: &[&str]) -> Vec<String> {
        let stacks: Vec<String> = stacks.iter().map(|stack| (*stack).to_owned()).collect();
        last(runs, &stacks).into_iter().map(|run| run.id).collect()
    }

    #[test]
    fn one_stack_shows_its_last_five_and_a_fleet_the_last_of_each() {
        let mut runs: Vec<Run> = (1..=7).map(|day| run("a", day, "complete")).collect();
        runs.push(run("b", 3, "failed"));
        let five: Vec<String> = (3..=7).rev().map(|day| format!("a-202611{day:02}-020000")).collect();
        assert_eq!(shown(&runs, &["a"]), five);
        assert_eq!(shown(&runs, &["a", "b", "c"]), ["a-20261107-020000", "b-20261103-020000"]);
    }

    #[test]
    fn what_no_schedule_starts_is_no_result() {
        let drill = Run { kind: Kind::Drill, ..run("a", 1, "complete") };
        assert_eq!(shown(&[drill], &["a"]), Vec::<String>::new());
    }
}
