//! Looks at many stacks, or at one: `list-stacks`, `report`, `status`, `verify`.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Function;
use super::answer::Answer;
use super::backup::late_after;
use super::event::{IfLate, ListEvent, OfStack, Options, ReportEvent};
use super::metrics;
use super::notice::{Notice, State};
use crate::cli::catalogue::{self, Gathered, What};
use crate::cli::commands::{status, verify};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::envelope;
use crate::cli::selector::Selector;
use crate::model::BackupId;
use crate::model::backup::State as BackupState;
use crate::model::run::{Outcome, Run};
use crate::model::watch::fleet;
use crate::plan::nightly;
use crate::world::World;

/// How often the report's schedule asks for it.
const PERIOD: SignedDuration = SignedDuration::from_hours(1);

/// The most stacks of one execution: what it remembers of each travels with its event.
const LARGEST: usize = 100;

/// How one stack stands.
struct Standing {
    last_good: Option<(String, Timestamp)>,
    /// Since when there is no good backup: the last one's time, or the stack's.
    since: Option<Timestamp>,
    failures: usize,
    running: Option<String>,
    /// How the run of the slot that was asked about ended.
    outcome: Option<Outcome>,
}

impl Function {
    /// The stacks to be backed up, each with its event: what the state machine maps over.
    pub(super) async fn list_stacks(&self, list: &ListEvent, value: &Value) -> Result<Answer, Failure> {
        let tagged = self.tagged().await?;
        let mut names = tagged.unwrap_or_else(|| self.deployment.stacks.clone());
        if names.is_empty() && self.deployment.tag.is_none() {
            return Err(no_fleet());
        }
        names.sort();
        let options = serde_json::to_value(self.on_time(&list.options)?).unwrap_or_default();
        let batch = list.batch.unwrap_or(1).clamp(1, LARGEST);
        // So many of all of them: each event has its share.
        let at_once = list.at_once.map(|all| share(all, names.len().div_ceil(batch)));
        let event = |names: &[String]| {
            let mut event = options.clone();
            match names {
                [stack] if batch == 1 => (event["action"], event["stack"]) = (json!("backup"), json!(stack)),
                names => {
                    (event["action"], event["stacks"]) = (json!("fleet"), json!(names));
                    at_once.into_iter().for_each(|at_once| event["atOnce"] = json!(at_once));
                }
            }
            event
        };
        let stacks: Vec<Value> = names.chunks(batch).map(event).collect();
        Ok(Answer { stacks: Some(stacks), ..Answer::done(value, json!({ "count": names.len() })) })
    }

    /// Whether a slot is too late is judged when its fleet begins, not when a stack's turn comes.
    pub(super) fn on_time(&self, options: &Options) -> Result<Options, Failure> {
        let Some(slot) = options.slot else { return Ok(options.clone()) };
        let due = nightly::slot(slot, self.aws.now(), late_after(options)?) == nightly::Slot::Due;
        Ok(if due { Options { if_late: Some(IfLate::Run), ..options.clone() } } else { options.clone() })
    }

    /// How all stacks stand; a last good backup that has become too old is told.
    pub(super) async fn report(&self, event: &ReportEvent, value: &Value) -> Result<Answer, Failure> {
        let only = event.stacks.as_deref().unwrap_or(&self.deployment.stacks);
        let one = (only.len() == 1).then(|| only[0].as_str());
        let gathered = catalogue::gather(&self.cx, &self.aws, What { stack: one, ..What::default() }).await?;
        let tagged = self.tagged().await?;
        let wanted = |stack: &str| {
            (only.is_empty() || only.iter().any(|name| name == stack))
                && tagged.as_ref().is_none_or(|names| names.iter().any(|name| name == stack))
        };
        let names = only.iter().cloned().chain(tagged.iter().flatten().cloned());
        let mut standings = standings(&gathered, names, wanted, event.slot);
        for (stack, standing) in &mut standings {
            standing.since = match &standing.last_good {
                Some((_, at)) => Some(*at),
                // A stack that never was backed up must alarm, too. One that is gone has no age.
                None => self.aws.stack(stack).await.ok().and_then(|stack| stack.created),
            };
        }
        let now = self.aws.now();
        for (stack, standing) in &standings {
            self.measure_standing(stack, standing, now).await;
        }
        let rows: Vec<Value> = standings.iter().map(|(stack, standing)| self.row(stack, standing, now)).collect();
        let count = |outcome| standings.values().filter(|row| row.outcome == Some(outcome)).count();
        let failed: Vec<&String> = standings
            .iter()
            .filter(|(_, row)| event.slot.is_some() && row.outcome != Some(Outcome::Complete))
            .map(|(stack, _)| stack)
            .collect();
        let report = json!({ "items": rows, "complete": count(Outcome::Complete), "failed": failed });
        if failed.is_empty() {
            return Ok(Answer::done(value, report));
        }
        let what = format!("{} of {} stacks have no backup of this slot", failed.len(), standings.len());
        let failure =
            Failure::new(Exit::Failed, "some-failed", what).hint("`stacksnap status` says why, stack by stack");
        self.tell(&Notice::of_failure("the fleet", &failure, State::Failed)).await;
        Ok(Answer::failed(value, &failure).with(report))
    }

    /// The stacks that bear the fleet's tag, where it is a tag that chooses.
    async fn tagged(&self) -> Result<Option<Vec<String>>, Failure> {
        let Some(tag) = self.deployment.tag.as_deref().filter(|_| self.deployment.stacks.is_empty()) else {
            return Ok(None);
        };
        let stacks = self.aws.stacks().await;
        let stacks = stacks.map_err(|refusal| self.cx.refused("the stacks cannot be listed", &refusal))?;
        Ok(Some(fleet(tag, &stacks)))
    }

    async fn measure_standing(&self, stack: &str, standing: &Standing, now: Timestamp) {
        let mut found = vec![("FailuresSinceSuccess", "Count", standing.failures as f64)];
        let age = standing.since.map(|at| now.duration_since(at));
        found.extend(age.map(|age| ("LastGoodBackupAge", "Seconds", age.as_secs_f64())));
        metrics::emit(&self.deployment.name, stack, &found, now);
        let limit = self.deployment.stale_after;
        if age.is_some_and(|age| nightly::just_stale(age, limit, PERIOD)) {
            let hours = limit.as_hours();
            let failure = Failure::new(Exit::NotGood, "stale", format!("no good backup for more than {hours} hours"))
                .hint(format!("see why: `{}`", self.cx.command(&["status", stack], Some(self.aws.region()))));
            self.tell(&Notice::of_failure(stack, &failure, State::Stale)).await;
        }
    }

    fn row(&self, stack: &str, standing: &Standing, now: Timestamp) -> Value {
        let age = standing.last_good.as_ref().map(|(_, at)| now.duration_since(*at));
        json!({
            "stack": stack,
            "lastGood": standing.last_good.as_ref().map(|(id, _)| id),
            "ageSeconds": age.map(|age| age.as_secs()),
            "stale": age.is_none_or(|age| age > self.deployment.stale_after),
            "failuresSinceSuccess": standing.failures,
            "running": standing.running,
            "outcome": standing.outcome.map(|outcome| outcome.to_string()),
        })
    }

    /// `status`
    pub(super) async fn status(&self, event: &OfStack, value: &Value) -> Result<Answer, Failure> {
        self.allowed(&event.stack).await?;
        let (report, _) = status::look(Some(&event.stack), &self.cx, &self.aws).await?;
        Ok(Answer::done(value, envelope(&report)))
    }

    /// `verify`: the newest backup of a stack. A schedule asks, so whatever is the matter is told.
    pub(super) async fn verify(&self, event: &OfStack, value: &Value) -> Result<Answer, Failure> {
        let verified = self.verified(event, value).await;
        if let Err(failure) = &verified {
            self.tell(&Notice::of_failure(&event.stack, failure, State::Failed)).await;
        }
        verified
    }

    async fn verified(&self, event: &OfStack, value: &Value) -> Result<Answer, Failure> {
        self.allowed(&event.stack).await?;
        let backup = catalogue::one(&self.cx, &self.aws, &Selector::Latest(event.stack.clone())).await?;
        let verification = verify::of(&self.cx, &self.aws, backup).await?;
        let good = verification.restorable;
        let report = envelope(&verification);
        if good {
            return Ok(Answer::done(value, report));
        }
        let failure = Failure::new(Exit::NotGood, "not-restorable", "the newest backup cannot be restored")
            .hint(format!("see why: `{}`", self.cx.command(&["verify", &format!("{}@latest", event.stack)], None)));
        self.tell(&Notice::of_failure(&event.stack, &failure, State::Failed)).await;
        Ok(Answer::failed(value, &failure).with(report))
    }
}

fn share(all: usize, events: usize) -> usize {
    (all / events.max(1)).max(1)
}

/// A stack without any backup has a row, too: it is named, or has had a run.
fn standings(
    gathered: &Gathered,
    names: impl Iterator<Item = String>,
    wanted: impl Fn(&str) -> bool,
    slot: Option<Timestamp>,
) -> BTreeMap<String, Standing> {
    let of = |stack: &str| Standing {
        last_good: None,
        since: None,
        failures: nightly::failures_since_success(&gathered.runs, stack),
        running: of_stack(&gathered.runs, stack).find(|run| !run.ended()).map(|run| run.id.to_string()),
        outcome: slot.and_then(|slot| outcome(&gathered.runs, stack, slot)),
    };
    let mut standings: BTreeMap<String, Standing> = names.map(|name| (name.clone(), of(&name))).collect();
    for backup in gathered.catalogue.backups().filter(|backup| wanted(&backup.stack)) {
        let standing = standings.entry(backup.stack.to_string()).or_insert_with(|| of(&backup.stack));
        if let (BackupState::Complete, Some(began), None) = (backup.state, backup.began, &standing.last_good) {
            standing.last_good = Some((backup.id.to_string(), began));
        }
    }
    standings
}

fn of_stack<'a>(runs: &'a [Run], stack: &'a str) -> impl Iterator<Item = &'a Run> {
    runs.iter().filter(move |run| run.target.stack == stack)
}

fn outcome(runs: &[Run], stack: &str, slot: Timestamp) -> Option<Outcome> {
    let id = BackupId::new(stack, slot);
    let run = of_stack(runs, stack).find(|run| run.id == id)?;
    run.ending.as_ref().map(|ending| ending.outcome)
}

fn no_fleet() -> Failure {
    Failure::new(Exit::Usage, "no-fleet", "this function does not know which stacks are its fleet")
        .why("neither STACKSNAP_STACKS nor STACKSNAP_FLEET_TAG is set")
        .hint("deploy it with a tag, `key=value`, that the stacks bear")
}

#[cfg(test)]
mod tests {
    #[test]
    fn how_many_may_be_offline_is_shared_out() {
        assert_eq!([super::share(40, 2), super::share(10, 3), super::share(1, 5), super::share(7, 0)], [20, 3, 1, 7]);
    }
}
