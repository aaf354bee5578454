//! Driving runs for as long as an invocation has.

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Function;
use super::answer::{Answer, Next};
use super::deployment::Deployment;
use super::driver::Driver;
use super::event::{AbortEvent, Event, Hint, OfStack};
use super::metrics::{self, Metric};
use super::notice::{Notice, State};
use crate::aws::Shared;
use crate::cli::args::TopologyFlags;
use crate::cli::begin::{self, Wish};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::findings::CheckReport;
use crate::cli::herd::{Herd, Rest, Sheep, seconds};
use crate::cli::output::envelope;
use crate::cli::report::{self, RunReport};
use crate::cli::sentinel;
use crate::cli::sights::Sights;
use crate::cli::unfinished::{self, Owed};
use crate::engine::{self, Look};
use crate::model::run::{Kind, Mode, Outcome, Run};
use crate::model::{BackupId, Refusal, Seen};
use crate::plan::nightly;
use crate::world::{World, announce_abort};

/// A state machine's history ends at 25,000 events, and a round is about eleven: long before that the run is left to the
/// sentinel, which begins a new one.
pub(super) const ROUNDS: u32 = 1_500;

/// What is told where this driver cannot go on.
pub(super) const HANDED: &str = "this function cannot drive the run on; the sentinel will";

impl Function {
    /// `resume`
    pub(super) async fn resume(&self, event: OfStack, value: &Value, until: Instant) -> Result<Answer, Failure> {
        if let Some(driver) = event.driver {
            return self.drive_on(driver, None, value, until).await;
        }
        self.allowed(&event.stack).await?;
        let flags = TopologyFlags::default();
        match unfinished::to_drive(&self.cx, &self.aws, &event.stack, &flags).await? {
            Owed::Nothing => Ok(Answer::nothing(value, "no run is unfinished, and none owes the stack anything")),
            Owed::Run(run) if run.target.aim.is_some() => Err(an_operators(&run)),
            Owed::Run(run) => Ok(self.drive(Sheep::new(Run { urged: true, ..*run }), 0, value, until).await),
            Owed::Refused(findings) => Err(begin::refused(&CheckReport::new(&event.stack, findings))),
        }
    }

    /// `abort`: of a stack's unfinished run; or, after an event that went wrong, of the run that it was about, and of no other.
    pub(super) async fn abort(&self, event: AbortEvent, value: &Value, until: Instant) -> Result<Answer, Failure> {
        if let Some(driver) = event.driver {
            return self.drive_on(driver, None, value, until).await;
        }
        if let Some(Ok(Event::Fleet(fleet))) = event.event.as_ref().map(Event::read) {
            return self.give_up_fleet(*fleet, until).await;
        }
        let run = match (&event.event, &event.stack) {
            (Some(failed), _) => self.concerned(failed).await?,
            (None, Some(stack)) => {
                self.allowed(stack).await?;
                match unfinished::to_drive(&self.cx, &self.aws, stack, &TopologyFlags::default()).await? {
                    Owed::Run(run) => Some(*run),
                    Owed::Nothing => None,
                    Owed::Refused(findings) => return Err(begin::refused(&CheckReport::new(stack, findings))),
                }
            }
            (None, None) => None,
        };
        let Some(run) = run else {
            return Ok(Answer::nothing(value, "no run was begun, so there is nothing to give up"));
        };
        if run.ended() {
            // Whoever died after its end may have left its lock.
            let holds = self.aws.holder(&run.target.stack).await.here().is_some_and(|lock| lock.run == run.id);
            return match holds {
                true => Ok(self.drive(Sheep::new(run), 0, value, until).await),
                false => Ok(Answer::nothing(value, "the run was over, so there is nothing to give up")),
            };
        }
        Ok(self.drive(Sheep::new(self.given_up(run).await), 0, value, until).await)
    }

    /// The run that an event which went wrong was about: the one it names, or the one of its slot.
    async fn concerned(&self, failed: &Value) -> Result<Option<Run>, Failure> {
        let (stack, driver, slot) = match Event::read(failed) {
            Ok(Event::Backup(event)) => {
                let slot = event.options.slot.map(|slot| BackupId::new(&event.stack, slot));
                (event.stack, event.driver, slot)
            }
            Ok(Event::Resume(event) | Event::Online(event)) => (event.stack, event.driver, None),
            // Nothing that could be given up; a sentinel's look is begun again by its schedule.
            _ => return Ok(None),
        };
        match &driver {
            Some(_) => self.concerned_with(&stack)?,
            None => self.allowed(&stack).await?,
        }
        let Some(id) = driver.map(|driver| driver.run).or(slot) else { return Ok(None) };
        match self.aws.record(&stack, &id).await {
            Seen::Here(run) => Ok(Some(run)),
            Seen::Unknown(refusal) => Err(self.cx.refused("the run's record cannot be read", &refusal)),
            Seen::Missing | Seen::NotLooked => Ok(None),
        }
    }

    /// `online`
    pub(super) async fn online(&self, event: OfStack, value: &Value, until: Instant) -> Result<Answer, Failure> {
        if let Some(driver) = event.driver {
            return self.drive_on(driver, None, value, until).await;
        }
        self.allowed(&event.stack).await?;
        let run = self.begin(&Wish::switch(&event.stack, Kind::Online), None, &Shared::default()).await?;
        Ok(self.drive(Sheep::new(run), 0, value, until).await)
    }

    /// AWS says that something happened to a half: its run is ticked now. Whoever drives it goes on as before.
    pub(super) async fn hint(&self, hint: &Hint, value: &Value, until: Instant) -> Result<Answer, Failure> {
        let runs = self.hinted(hint).await?;
        let concerns = |run: &&Run| match hint {
            Hint::Job(id) => run.files.as_ref().is_some_and(|job| job.id == *id),
            Hint::Snapshot(id) => run.id.as_str() == id,
        };
        // Only a backup, and only where somebody drives it: what an operator has stopped is not begun again by an event.
        let driven = |run: &&Run| !run.ended() && matches!(run.kind, Kind::Backup { .. }) && !run.stale(self.aws.now());
        let Some(run) = runs.iter().filter(driven).find(concerns) else {
            return Ok(Answer::nothing(value, "no run of ours is about it"));
        };
        self.concerned_with(&run.target.stack)?;
        let answer = self.drive(Sheep::new(run.clone()), 0, value, until).await;
        // Nobody waits for this answer: the run's own driver goes on.
        Ok(if answer.next == Next::Wait { Answer { next: Next::Done, wait_seconds: 0, ..answer } } else { answer })
    }

    /// The runs that a hint may be about. AWS sends it for every job and every snapshot of the account, so it must cost next to nothing:
    /// only the deployment's stacks are looked at, and of a fleet, which looks often, only the one that a snapshot's name tells.
    async fn hinted(&self, hint: &Hint) -> Result<Vec<Run>, Failure> {
        let Deployment { stacks, tag, .. } = &self.deployment;
        let id = match hint {
            Hint::Snapshot(id) => id.parse::<BackupId>().ok(),
            Hint::Job(_) => None,
        };
        match (hint, id) {
            (Hint::Snapshot(_), None) => Ok(Vec::new()),
            _ if stacks.is_empty() && tag.is_none() => Ok(self.aws.runs(None).await.0),
            (_, Some(id)) => self.snapshots_run(&id).await,
            // Empty for a fleet.
            (Hint::Job(_), None) => {
                let runs = join_all(stacks.iter().map(|stack| self.aws.runs(Some(stack)))).await;
                Ok(runs.into_iter().flat_map(|(runs, _)| runs).collect())
            }
        }
    }

    /// The run whose snapshot bears that name, of the deployment's stacks; of a tag's, those whose lock its sentinel saw.
    async fn snapshots_run(&self, id: &BackupId) -> Result<Vec<Run>, Failure> {
        let Deployment { name, stacks, .. } = &self.deployment;
        let mut names = stacks.clone();
        if names.is_empty() {
            let mark = self.aws.sentinel(name).await;
            let mark = mark.map_err(|refusal| self.cx.refused("the sentinel's mark cannot be read", &refusal))?;
            names.extend(mark.into_iter().flat_map(|mark| mark.held));
        }
        let Some(stack) = names.iter().find(|stack| id.is_of(stack)) else { return Ok(Vec::new()) };
        Ok(self.aws.record(stack, id).await.here().cloned().into_iter().collect())
    }

    /// Goes on where the last invocation stopped. What is to be done stands in the run's record, not in the event; and what has
    /// been begun is brought to its end, though its stack may not be one of ours any more.
    pub(super) async fn drive_on(
        &self,
        driver: Driver,
        timeout: Option<SignedDuration>,
        value: &Value,
        until: Instant,
    ) -> Result<Answer, Failure> {
        if let Some(sheep) = self.kept.take(&driver, self.pace(), self.aws.now()) {
            let sheep = self.in_time(sheep, timeout).await;
            return Ok(self.drive(sheep, driver.rounds, value, until).await);
        }
        match self.aws.record(&driver.stack, &driver.run).await {
            Seen::Here(run) => {
                let (run, look) = driver.recall(run);
                let sheep = self.in_time(Sheep::looking(run, look), timeout).await;
                Ok(self.drive(sheep, driver.rounds, value, until).await)
            }
            Seen::Unknown(refusal) if refusal.kind.passes() => Ok(Answer::wait(value.clone(), 30)),
            Seen::Unknown(refusal) => Err(self.cx.refused("the run's record cannot be read", &refusal)),
            // The record is lost: the debt rule knows what is owed.
            Seen::Missing | Seen::NotLooked => {
                let event = json!({ "action": "resume", "stack": driver.stack });
                let flags = TopologyFlags::default();
                match unfinished::to_drive(&self.cx, &self.aws, &driver.stack, &flags).await? {
                    Owed::Run(run) if matches!(run.kind, Kind::Home { .. }) => {
                        Ok(self.drive(Sheep::new(*run), 0, &event, until).await)
                    }
                    // Another run has the stack, and a driver of its own.
                    Owed::Run(_) | Owed::Nothing => Err(record_lost(&driver)),
                    Owed::Refused(findings) => Err(begin::refused(&CheckReport::new(&driver.stack, findings))),
                }
            }
        }
    }

    /// A run whose time is up is given up, and looked at in full at once.
    pub(super) async fn in_time(&self, mut sheep: Sheep, timeout: Option<SignedDuration>) -> Sheep {
        let run = &sheep.run;
        let late = timeout.is_some_and(|timeout| self.aws.now().duration_since(run.started) > timeout);
        if late && !run.abort && !run.ended() {
            self.cx.warn(&format!("the time is up: {} is given up, and the stack is brought back", run.id));
            return Sheep::new(self.given_up(sheep.run).await);
        }
        if run.abort {
            sheep.look = engine::first_look(run);
        }
        sheep
    }

    /// The run, given up. Where nobody else can be told, this driver knows.
    async fn given_up(&self, run: Run) -> Run {
        announce_abort(&self.aws, &run).await.unwrap_or(Run { abort: true, ..run })
    }

    /// Begins a run: looks, refuses or plans, takes the stack.
    ///
    /// # Errors
    /// It was refused, or somebody holds the stack: nothing was touched.
    pub(super) async fn begin(&self, wish: &Wish, id: Option<BackupId>, shared: &Shared) -> Result<Run, Failure> {
        let (cx, aws) = (&self.cx, &self.aws);
        let survey = begin::look(cx, aws, wish, &TopologyFlags::default(), shared).await?;
        let planned = begin::planned(cx, &survey, wish, aws);
        let (run, findings) = planned.map_err(|findings| refused(&wish.stack, findings))?;
        begin::warn(cx, &findings);
        // Whoever brings the stack back is there before it goes offline.
        let leaves = matches!(run.kind, Kind::Backup { live: false, .. });
        if leaves && !sentinel::watches(aws, &survey, shared).await {
            return Err(unwatched(&wish.stack));
        }
        begin::taken(cx, aws, (run, &survey), wish, id, shared).await
    }

    /// Ticks for as long as there is time.
    pub(super) async fn drive(&self, sheep: Sheep, rounds: u32, event: &Value, until: Instant) -> Answer {
        let before = sheep.run.clone();
        let mut herd = Herd::new(self.pace());
        herd.sheep.push(sheep);
        herd.round(&self.aws, &mut |_, _, _| {}).await;
        herd.drive(&self.aws, until, &mut |_, _, _| {}).await;
        let wait = herd.wait().map_or(1, seconds);
        let Some(sheep) = herd.sheep.pop() else { return Answer::nothing(event, "nothing to drive") };
        self.settled(&before, sheep, Rounds { count: rounds + 1, wait }, event).await
    }

    /// The answer about a run after an invocation's ticks.
    async fn settled(&self, before: &Run, mut sheep: Sheep, rounds: Rounds, event: &Value) -> Answer {
        self.account_for(before, &mut sheep).await;
        let answer = match sheep.rest.take() {
            None if rounds.count >= ROUNDS => {
                sentinel::leave(&self.aws, &sheep.run).await;
                Answer::nothing(event, "the run is long: the sentinel drives it on")
            }
            None => {
                self.kept.keep([&sheep].into_iter(), rounds.count, self.aws.now());
                Answer::wait(going_on(event, &sheep, rounds.count), rounds.wait)
            }
            Some(rest) => match self.at_rest(&rest, HANDED) {
                Some(failure) => {
                    self.left_to_sentinel(&sheep.run, &sheep.sights, &failure).await;
                    Answer::failed(event, &failure)
                }
                None => self.over(&mut sheep, event).await,
            },
        };
        answer.about(&sheep.run, &sheep.sights)
    }

    /// Why a run rests that is not over.
    pub(super) fn at_rest(&self, rest: &Rest, doing: &str) -> Option<Failure> {
        match rest {
            Rest::Over => None,
            Rest::Stuck(refusal) => Some(self.cx.refused(doing, refusal)),
            Rest::Halted(halt) => {
                let what = halt.what.clone();
                Some(Failure::new(Exit::StillOffline, "stands-still", what).hint(halt.hint.clone()))
            }
        }
    }

    /// The runs of these drivers as their records say.
    pub(super) async fn recalled(&self, driving: Vec<Driver>) -> Recalled {
        let mut recalled = Recalled::default();
        let known = |driver: &Driver| {
            let known = self.kept.take(driver, self.pace(), self.aws.now());
            known.map(|known| recalled.sheep.push(known)).is_none()
        };
        let driving: Vec<Driver> = driving.into_iter().filter(known).collect();
        let names: Vec<_> = driving.iter().map(|driver| (driver.stack.as_str(), &driver.run)).collect();
        let mut records = self.aws.recorded(&names).await;
        for driver in driving {
            match records.remove(driver.run.as_str()) {
                Some(Seen::Here(run)) => {
                    let (run, look) = driver.recall(run);
                    recalled.sheep.push(Sheep::looking(run, look));
                }
                Some(Seen::Unknown(refusal)) => recalled.unread.push((driver, refusal)),
                _ => {
                    self.cx.warn(&format!("the record of {} is gone: the sentinel looks what is owed", driver.run));
                    recalled.gone.push(driver);
                }
            }
        }
        recalled
    }

    /// Nobody here can go on: everybody hears of it, and the sentinel need not wait.
    pub(super) async fn left_to_sentinel(&self, run: &Run, sights: &Sights, failure: &Failure) {
        sentinel::leave(&self.aws, run).await;
        let state = if report::left_offline(run, sights) { State::LeftOffline } else { State::Failed };
        self.tell(&Notice::of_failure(&run.target.stack, failure, state)).await;
    }

    /// Measures a run. Whoever sees it end tells, though something may have to be tidied up still: whoever comes next
    /// finds it ended.
    pub(super) async fn account_for(&self, before: &Run, sheep: &mut Sheep) {
        let ended = sheep.run.ended() && !before.ended();
        if ended {
            self.look_at_halves(sheep).await;
        }
        self.measure(before, sheep).await;
        if ended {
            self.tell(&Notice::of_run(&sheep.run, &sheep.sights, self.document(sheep))).await;
        }
    }

    /// A run is over. One that was to be given up has done well when it ended aborted.
    async fn over(&self, sheep: &mut Sheep, event: &Value) -> Answer {
        self.look_at_halves(sheep).await;
        let (report, run) = (self.document(sheep), sheep.run.clone());
        let outcome = run.ending.as_ref().map_or(Outcome::Failed, |ending| ending.outcome);
        match report::exit(&run, &sheep.sights) {
            Exit::Done => Answer::done(event, report),
            Exit::Failed if event["action"] == "abort" && outcome == Outcome::Aborted => Answer::done(event, report),
            exit => {
                let mut failure = Failure::new(exit, &outcome.to_string(), format!("{}: {outcome}", run.id));
                failure.why = run.ending.as_ref().and_then(|ending| ending.why.clone());
                failure.next.extend(run.ending.as_ref().and_then(|ending| ending.hint.clone()));
                Answer::failed(event, &failure)
            }
        }
    }

    /// Earlier invocations have seen a backup's halves: this one looks once more.
    pub(super) async fn look_at_halves(&self, sheep: &mut Sheep) {
        let (run, sights) = (sheep.run.clone(), &sheep.sights);
        let seen = sights.snapshot.is_some() && sights.point.is_some() && sights.mode.is_some();
        if matches!(run.kind, Kind::Backup { .. }) && !seen {
            let look = Look { stack: true, point: true, ..Look::HALVES };
            sheep.sights.take(&run, &self.aws.observe(&run, look).await);
        }
    }

    /// What came of a run.
    pub(super) fn document(&self, sheep: &Sheep) -> Value {
        let by_hand = self.cx.command(&["online", &sheep.run.target.stack], Some(self.aws.region()));
        envelope(&RunReport::of(&sheep.run, &sheep.sights, &by_hand))
    }

    /// What alarms look at.
    pub(super) async fn measure(&self, before: &Run, sheep: &Sheep) {
        let (run, now) = (&sheep.run, self.aws.now());
        let ended = run.ended() && !before.ended();
        // No zeros: they would hide another stack's. The sentinel says when nobody is offline.
        let offline = offline_for(run, &sheep.sights, now);
        let mut found: Vec<Metric> = vec![("OfflineFor", "Seconds", offline)];
        found.retain(|(_, _, seconds)| *seconds > 0.0);
        if ended && matches!(run.kind, Kind::Backup { .. }) {
            let complete = run.ending.as_ref().is_some_and(|ending| ending.outcome == Outcome::Complete);
            found.push(("Complete", "Count", f64::from(u8::from(complete))));
            found.push(("Failed", "Count", f64::from(u8::from(!complete))));
            found.push(("Duration", "Seconds", now.duration_since(run.started).as_secs_f64()));
            let window = run.window.and_then(|window| Some(window.to?.duration_since(window.from)));
            found.extend(window.map(|window| ("OfflineSeconds", "Seconds", window.as_secs_f64())));
            let gib = sheep.sights.snapshot.as_ref().and_then(|snapshot| snapshot.allocated_gib);
            found.extend(gib.map(|gib| ("SnapshotSize", "Gigabytes", f64::from(gib))));
            let bytes = sheep.sights.point.as_ref().and_then(|point| point.bytes);
            // Sizes beyond 2^53 bytes would be rounded: so be it.
            found.extend(bytes.map(|bytes| ("RecoveryPointSize", "Bytes", bytes as f64)));
            found.push(("FailuresSinceSuccess", "Count", self.failures(&run.target.stack, complete).await));
        }
        metrics::emit(&self.deployment.name, &run.target.stack, &found, now);
    }

    /// Since the last success; where that is the run at hand, nobody has to be asked.
    async fn failures(&self, stack: &str, complete: bool) -> f64 {
        if complete {
            return 0.0;
        }
        let (runs, _) = self.aws.runs(Some(stack)).await;
        nightly::failures_since_success(&runs, stack) as f64
    }
}

/// Runs whose drivers come back.
#[derive(Default)]
pub(super) struct Recalled {
    /// To be driven on.
    pub(super) sheep: Vec<Sheep>,
    /// Those whose records could not be read.
    pub(super) unread: Vec<(Driver, Refusal)>,
    /// Those whose records are gone: what they owe the sentinel's next look finds, by the debt rule.
    pub(super) gone: Vec<Driver>,
}

/// How often the state machine has come, and how long it is to wait.
struct Rounds {
    count: u32,
    wait: u64,
}

/// For how long the stack has been offline by this run, seconds.
fn offline_for(run: &Run, sights: &Sights, now: jiff::Timestamp) -> f64 {
    let back = run.ended() || sights.mode == Some(Mode::Online) || run.window.is_some_and(|window| window.to.is_some());
    // Whoever pays a debt does not know since when it is owed: at least since he began.
    let since = run.left.or(Some(run.started).filter(|_| matches!(run.kind, Kind::Home { .. })));
    let left = since.filter(|_| !back || report::left_offline(run, sights));
    left.map_or(0.0, |left| now.duration_since(left).as_secs_f64())
}

/// The same event, with what the driver remembers.
fn going_on(event: &Value, sheep: &Sheep, rounds: u32) -> Value {
    let mut next = event.clone();
    // What it was about is in the run's record; an abort goes on as itself.
    if let Some(fields) = next.as_object_mut() {
        fields.remove("event");
        let driver = Driver::of(&sheep.run, sheep.look, rounds);
        fields.insert("driver".to_owned(), serde_json::to_value(driver).unwrap_or_default());
    }
    next
}

/// Which way it goes on, its operator decides.
fn an_operators(run: &Run) -> Failure {
    Failure::new(Exit::Refused, "operators-run", format!("{} is a {}", run.id, report::kind(&run.kind)))
        .why("the function only drives backups and changes of mode; nothing was touched")
        .hint(format!("`stacksnap resume {}`", run.target.stack))
}

fn refused(stack: &str, findings: Vec<crate::model::finding::Finding>) -> Failure {
    let report = CheckReport::new(stack, findings);
    let mut failure = begin::refused(&report);
    failure.why = Some(report.reasons());
    failure
}

/// Nobody would bring the stack back if this function died.
fn unwatched(stack: &str) -> Failure {
    Failure::new(Exit::Refused, "nobody-watches", format!("nobody watches {stack}, so it is not taken offline"))
        .why("no sentinel that watches this stack has looked lately; nothing was touched")
        .hint("see whether the sentinel's schedule is enabled, and how its last execution ended")
        .hint("`stacksnap status` shows which sentinels there are, and when they looked")
}

pub(super) fn record_lost(driver: &Driver) -> Failure {
    Failure::new(Exit::Failed, "record-lost", format!("the record of {} is gone", driver.run))
        .why("somebody deleted it; the stack is in the mode it had before, and there is no backup of this run")
        .hint("look into Parameter Store's history, below /stacksnap")
}
