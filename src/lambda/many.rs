//! `fleet`: many backups in one execution, with shared looks, and only so many stacks offline at a time.

use std::collections::HashMap;

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::answer::Answer;
use super::backup::Begun;
use super::driver::Driver;
use super::event::{BackupEvent, Options};
use super::notice::{Notice, State};
use super::runs::{HANDED, ROUNDS, Recalled, record_lost};
use super::{AGAIN, Function, passes};
use crate::aws::Shared;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::herd::{Herd, Rest, Sheep, seconds};
use crate::model::BackupId;
use crate::model::run::{Outcome, Phase, Run};
use crate::world::{World, announce_abort};

/// Stacks that are offline, or on their way there, at a time: as many as come home within minutes, at the rate at which
/// CloudFormation takes updates. Fewer would share fewer looks, and be offline no shorter.
const AT_ONCE: usize = 100;
/// Backups that are begun side by side.
const BEGIN: usize = 8;

/// Many backups.
#[derive(Clone, Debug)]
pub(crate) struct FleetEvent {
    /// Of these stacks.
    pub(crate) stacks: Vec<String>,
    /// How.
    pub(crate) options: Options,
    /// How many may be offline at a time.
    pub(crate) at_once: Option<usize>,
    /// How far the last invocation came.
    pub(crate) progress: Option<Progress>,
}

/// How far it has come.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Progress {
    /// Stacks whose backup was not begun yet.
    pub(crate) waiting: Vec<String>,
    /// Runs that go on.
    pub(crate) driving: Vec<Driver>,
    /// Complete backups.
    pub(crate) complete: usize,
    /// Stacks whose slot had its run already, or was skipped.
    pub(crate) passed: Vec<String>,
    /// Stacks without a backup, and why.
    pub(crate) failed: Vec<Failed>,
    /// How often its state machine has come.
    rounds: u32,
    /// Stacks that AWS had no time for when they were to begin.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    postponed: Vec<String>,
}

/// A stack without a backup.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failed {
    /// Its name.
    stack: String,
    /// A word for scripts.
    code: String,
}

impl Function {
    /// Begins as many as may be offline, and ticks them all.
    pub(super) async fn fleet(&self, mut event: FleetEvent, value: &Value, until: Instant) -> Result<Answer, Failure> {
        let mut value = value.clone();
        let mut progress = match event.progress.clone() {
            Some(progress) => progress,
            None => {
                event.options = self.on_time(&event.options)?;
                event.options.if_late.into_iter().for_each(|late| value["ifLate"] = json!(late));
                Progress { waiting: event.stacks.clone(), ..Progress::default() }
            }
        };
        progress.rounds += 1;
        let rounds = progress.rounds;
        let mut herd = Herd::new(self.pace());
        let timeout = self.timeout(&event)?;
        herd.sheep.extend(self.recall_all(&mut progress, timeout).await);
        let mut before: HashMap<String, Run> = named(&herd);
        let mut shared = Shared::many(self.aws.now());
        loop {
            if shared.older(self.fresh(), self.aws.now()) {
                shared = Shared::many(self.aws.now());
            }
            let begun = self.admit(&event, &mut progress, &mut herd, &shared).await;
            for (id, run) in named(&herd) {
                before.entry(id).or_insert(run);
            }
            herd.round(&self.aws, &mut |_, _, _| {}).await;
            let more = begun && !progress.waiting.is_empty() && room(&herd, &event, &progress) > 0;
            match herd.wait_until(until) {
                Some(wait) => tokio::time::sleep(wait).await,
                None if more && Instant::now() < until => {}
                None => break,
            }
        }
        if rounds >= ROUNDS {
            // What is over only was not tidied yet.
            let over = herd.sheep.iter_mut().filter(|sheep| sheep.rest.is_none() && sheep.run.ended());
            over.for_each(|sheep| sheep.rest = Some(Rest::Over));
        }
        self.count(&before, &mut herd, &mut progress).await;
        if rounds >= ROUNDS {
            self.leave_all(&mut herd, &mut progress).await;
        }
        self.kept.keep(herd.going(), rounds, self.aws.now());
        Ok(answer(&value, &herd, progress, rounds))
    }

    /// Everything that a fleet's event was about goes home.
    pub(super) async fn give_up_fleet(&self, event: FleetEvent, until: Instant) -> Result<Answer, Failure> {
        let mut progress = Progress { waiting: Vec::new(), ..event.progress.unwrap_or_default() };
        // One that may not be touched keeps nobody else from home.
        for driver in std::mem::take(&mut progress.driving) {
            match self.concerned_with(&driver.stack) {
                Ok(()) => progress.driving.push(driver),
                Err(failure) => progress.failed.push(Failed { stack: driver.stack, code: failure.code }),
            }
        }
        let Recalled { sheep, unread, .. } = self.recalled(progress.driving.clone()).await;
        let mut untold = Vec::new();
        for sheep in sheep.into_iter().filter(|sheep| !sheep.run.ended()) {
            // The record tells every driver.
            if let Err(refusal) = announce_abort(&self.aws, &sheep.run).await {
                untold.push(refusal);
            }
        }
        // Those that AWS had no time for are told so when the event comes again.
        untold.extend(unread.into_iter().map(|(_, refusal)| refusal));
        if let Some(refusal) = untold.iter().find(|refusal| refusal.kind.passes()) {
            return Err(self.cx.refused("the runs cannot be given up yet", refusal));
        }
        let value = json!({ "action": "fleet", "stacks": event.stacks });
        let event = FleetEvent { progress: Some(progress), ..event };
        Box::pin(self.fleet(event, &value, until)).await
    }

    fn timeout(&self, event: &FleetEvent) -> Result<Option<SignedDuration>, Failure> {
        let Some(stack) = event.stacks.first() else { return Ok(None) };
        let wish = self.wish(&BackupEvent { stack: stack.clone(), options: event.options.clone(), driver: None })?;
        Ok(wish.timeout.and_then(|timeout| SignedDuration::try_from(timeout).ok()))
    }

    /// The runs that are driven, as their records say. Whose record AWS had no time for is left for the next invocation; whose
    /// cannot be read, for the sentinel.
    async fn recall_all(&self, progress: &mut Progress, timeout: Option<SignedDuration>) -> Vec<Sheep> {
        let Recalled { sheep, unread, gone } = self.recalled(std::mem::take(&mut progress.driving)).await;
        for driver in gone {
            let failure = record_lost(&driver).why("somebody deleted it; the sentinel looks what the stack is owed");
            self.tell(&Notice::of_failure(&driver.stack, &failure, State::Failed)).await;
            progress.failed.push(Failed { stack: driver.stack, code: failure.code });
        }
        for (driver, refusal) in unread {
            if refusal.kind.passes() {
                progress.driving.push(driver);
                continue;
            }
            let failure = self.cx.refused("the run's record cannot be read", &refusal);
            self.tell(&Notice::of_failure(&driver.stack, &failure, State::Failed)).await;
            progress.failed.push(Failed { stack: driver.stack, code: failure.code });
        }
        join_all(sheep.into_iter().map(|sheep| self.in_time(sheep, timeout))).await
    }

    /// A state machine's history is nearly full: its runs are left to the sentinel, and nobody waits in vain.
    async fn leave_all(&self, herd: &mut Herd, progress: &mut Progress) {
        for sheep in herd.sheep.iter_mut().filter(|sheep| sheep.rest.is_none()) {
            let failure = left(&sheep.run);
            self.left_to_sentinel(&sheep.run, &sheep.sights, &failure).await;
            sheep.rest = Some(Rest::Over);
            progress.failed.push(Failed { stack: sheep.run.target.stack.clone(), code: failure.code });
        }
        for stack in std::mem::take(&mut progress.waiting) {
            let failure = too_long(&stack);
            self.not_begun(Some(&stack), &failure).await;
            progress.failed.push(Failed { stack, code: failure.code });
        }
    }

    /// Begins the next ones, as far as there is room: whether there was any.
    async fn admit(&self, event: &FleetEvent, progress: &mut Progress, herd: &mut Herd, shared: &Shared) -> bool {
        let room = room(herd, event, progress).min(BEGIN).min(progress.waiting.len());
        let room = if room == 0 { 0 } else { room.min(self.snapshots_left(herd, shared).await) };
        if room == 0 {
            return false;
        }
        let next: Vec<String> = progress.waiting.drain(..room).collect();
        shared.look_for_locks(&self.aws, &next).await;
        let earlier = self.earlier_ones(event, &next).await;
        let answers = (shared, &Shared::many(self.aws.now()));
        let begun = next
            .iter()
            .zip(earlier)
            .map(|(stack, earlier)| async move { (stack, self.begun_one(event, stack, earlier, answers).await) });
        for (stack, begun) in join_all(begun).await {
            let postponed = progress.postponed.contains(stack);
            match begun.and_then(|begun| if postponed { unless_unbegun(begun) } else { Ok(begun) }) {
                Ok(Begun::Run(run)) => herd.sheep.push(Sheep::new(*run)),
                Ok(Begun::Already(_) | Begun::Elsewhere) => progress.passed.push(stack.clone()),
                Ok(Begun::Skipped(failure)) => {
                    self.tell(&Notice::of_failure(stack, &failure, State::Skipped)).await;
                    progress.passed.push(stack.clone());
                }
                // AWS had no time: after the others, once more.
                Err(failure) if passes(&failure) && failure.exit != Exit::Busy && !postponed => {
                    progress.postponed.push(stack.clone());
                    progress.waiting.push(stack.clone());
                }
                Err(failure) => {
                    self.not_begun(Some(stack), &failure).await;
                    progress.failed.push(Failed { stack: stack.clone(), code: failure.code });
                }
            }
        }
        true
    }

    /// For how many more stacks the account has room for a snapshot, those counted that are on their way to theirs, or that the answer
    /// may not count yet. Where there is none and nobody on his way, each stack's own preflight says so.
    async fn snapshots_left(&self, herd: &Herd, shared: &Shared) -> usize {
        let counted = self.aws.now() - self.fresh();
        let to_come = |sheep: &&Sheep| !sheep.run.failing() && sheep.run.asked.is_none_or(|at| at > counted);
        let to_come = herd.going().filter(to_come).count();
        match shared.snapshots_left(&self.aws).await {
            Some(left) if left > 0 || to_come > 0 => left.saturating_sub(to_come),
            _ => usize::MAX,
        }
    }

    /// How old an answer may be that many surveys share.
    fn fresh(&self) -> SignedDuration {
        SignedDuration::try_from(self.pace().sleep(Shared::FRESH)).unwrap_or(Shared::FRESH)
    }

    /// What earlier deliveries have begun of each stack; where they cannot be asked about together, one by one.
    async fn earlier_ones(&self, event: &FleetEvent, stacks: &[String]) -> Vec<Result<Option<Begun>, Failure>> {
        let Some(slot) = event.options.slot else { return stacks.iter().map(|_| Ok(None)).collect() };
        let slots: Vec<_> = stacks.iter().map(|stack| (stack.as_str(), BackupId::new(stack, slot))).collect();
        match self.earlier_of_all(&slots).await {
            Ok(mut found) => stacks.iter().map(|stack| Ok(found.remove(stack))).collect(),
            Err(_) => join_all(slots.iter().map(|(stack, id)| self.earlier(stack, id))).await,
        }
    }

    async fn begun_one(
        &self,
        event: &FleetEvent,
        stack: &str,
        earlier: Result<Option<Begun>, Failure>,
        (shared, anew): (&Shared, &Shared),
    ) -> Result<Begun, Failure> {
        let one = BackupEvent { stack: stack.to_owned(), options: event.options.clone(), driver: None };
        // What is begun must be allowed, whoever has written the event.
        self.allowed_sharing(stack, shared).await?;
        let wish = self.wish(&one)?;
        match self.begun(&one, &wish, earlier?, shared).await {
            // Answers of up to a minute ago have refused it, and nothing was touched: once more, by new ones.
            Err(failure) if failure.code == "refused" => Box::pin(self.begun(&one, &wish, None, anew)).await,
            begun => begun,
        }
    }

    /// Measures each run, counts those that came to rest, and tells of those that did not go well.
    async fn count(&self, before: &HashMap<String, Run>, herd: &mut Herd, progress: &mut Progress) {
        for sheep in &mut herd.sheep {
            let Some(before) = before.get(sheep.run.id.as_str()) else { continue };
            if sheep.run.ended() && !before.ended() {
                self.look_at_halves(sheep).await;
            }
            self.measure(before, sheep).await;
            self.tell_if_bad(before, sheep).await;
            let stack = sheep.run.target.stack.clone();
            let failed = |code: &str| Failed { stack: stack.clone(), code: code.to_owned() };
            let Some(rest) = sheep.rest.clone() else { continue };
            let Some(failure) = self.at_rest(&rest, HANDED) else {
                let ending = sheep.run.ending.as_ref();
                let outcome = ending.map_or(Outcome::Failed, |ending| ending.outcome);
                if outcome == Outcome::Complete && !ending.is_some_and(|ending| ending.left_offline) {
                    progress.complete += 1;
                } else {
                    progress.failed.push(failed(&outcome.to_string()));
                }
                continue;
            };
            progress.failed.push(failed(&failure.code));
            self.left_to_sentinel(&sheep.run, &sheep.sights, &failure).await;
        }
    }

    /// Whoever sees a run end badly tells: a fleet's successes are told in its report.
    async fn tell_if_bad(&self, before: &Run, sheep: &Sheep) {
        let Some(ending) = sheep.run.ending.as_ref().filter(|_| sheep.run.ended() && !before.ended()) else { return };
        if ending.outcome != Outcome::Complete || ending.left_offline {
            self.tell(&Notice::of_run(&sheep.run, &sheep.sights, self.document(sheep))).await;
        }
    }
}

/// A stack that was postponed may have a run that says why: its record could not be saved, so nothing was begun.
fn unless_unbegun(begun: Begun) -> Result<Begun, Failure> {
    let Begun::Run(run) = &begun else { return Ok(begun) };
    match run.ending.as_ref().filter(|ending| ending.outcome == Outcome::Refused) {
        Some(ending) => {
            let what = format!("{} was not begun", run.id);
            Err(Failure::new(Exit::Failed, "not-begun", what).why(ending.why.clone().unwrap_or_default()))
        }
        None => Ok(begun),
    }
}

/// What to do about a fleet that takes a day and more.
const SHORTER: &str =
    "let more stacks be offline at once (`atOnce`, `MaxConcurrency`), or divide the fleet by two tags";

fn left(run: &Run) -> Failure {
    Failure::new(
        Exit::Failed,
        "left-to-sentinel",
        format!("{} is left to the sentinel: its fleet took too long", run.id),
    )
    .hint(SHORTER)
}

fn too_long(stack: &str) -> Failure {
    Failure::new(Exit::Failed, "too-long", format!("{stack} was not begun: its fleet took too long"))
        .why("a state machine's history has room for a day or so of rounds; nothing was touched")
        .hint(SHORTER)
}

fn named(herd: &Herd) -> HashMap<String, Run> {
    herd.sheep.iter().map(|sheep| (sheep.run.id.to_string(), sheep.run.clone())).collect()
}

/// How many more may go offline. Whoever has not left yet counts: he will; and who could not be recalled may be.
fn room(herd: &Herd, event: &FleetEvent, progress: &Progress) -> usize {
    let away = |sheep: &&Sheep| !sheep.run.live() && sheep.run.phase < Phase::Verifying;
    let away = herd.going().filter(away).count() + progress.driving.len();
    event.at_once.unwrap_or(AT_ONCE).max(1).saturating_sub(away)
}

fn answer(value: &Value, herd: &Herd, mut progress: Progress, rounds: u32) -> Answer {
    // Those that could not be recalled this time come again.
    let unread = std::mem::take(&mut progress.driving);
    let soon = if progress.waiting.is_empty() || !unread.is_empty() { AGAIN } else { 1 };
    let unread = unread.into_iter().map(|driver| driver.again(rounds));
    let going = herd.going().map(|sheep| Driver::of(&sheep.run, sheep.look, rounds));
    progress.driving = going.chain(unread).collect();
    let report = json!({
        "waiting": progress.waiting.len(), "driving": progress.driving.len(), "complete": progress.complete,
        "passed": progress.passed, "failed": progress.failed,
    });
    if progress.driving.is_empty() && progress.waiting.is_empty() {
        return ended(value, &progress, report);
    }
    let mut event = value.clone();
    event["progress"] = serde_json::to_value(&progress).unwrap_or_default();
    Answer { report, ..Answer::wait(event, herd.wait().map_or(soon, seconds)) }
}

fn ended(value: &Value, progress: &Progress, report: Value) -> Answer {
    let mut event = value.clone();
    if let Some(fields) = event.as_object_mut() {
        fields.remove("progress");
    }
    if progress.failed.is_empty() {
        return Answer::done(&event, report);
    }
    let stacks: Vec<&str> = progress.failed.iter().take(10).map(|failed| failed.stack.as_str()).collect();
    let what = format!("{} stacks have no backup: {}", progress.failed.len(), stacks.join(", "));
    let failure =
        Failure::new(Exit::Failed, "some-failed", what).hint("the notices and the log say why, stack by stack");
    Answer::failed(&event, &failure).with(report)
}
