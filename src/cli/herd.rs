//! Runs that are driven side by side, a round at a time: by a sentinel until none is left, by a Lambda for as long as
//! it has.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::pace::Pace;
use super::sights::Sights;
use crate::engine::{self, Action, Halt, Look, Next, Observation};
use crate::model::run::{Phase, Run};
use crate::model::{Refusal, RefusalKind};
use crate::world::{Tick, World, act};

/// From so many runs on they are looked at together,
const MANY: usize = 8;
/// those that are due within so long.
const TOGETHER: SignedDuration = SignedDuration::from_secs(5);
/// From so many on, those that are due within twice as long: a page more costs as much for one as for a hundred.
const CROWD: usize = 50;
/// Deeds side by side.
const ABREAST: usize = 8;
/// Between two updates of stacks, milliseconds. AWS publishes no rate; tools that ask for more than two a second are throttled.
const UPDATE: i64 = 500;

/// How one run of them came to its end, as far as this driver is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// It is over.
    Over,
    /// This driver cannot go on.
    Stuck(Refusal),
    /// It stands still until somebody has done something.
    Halted(Halt),
}

/// A run that is driven.
#[derive(Clone, Debug)]
pub(crate) struct Sheep {
    /// The run as it is.
    pub(crate) run: Run,
    /// What to look at next.
    pub(crate) look: Look,
    /// What was seen last.
    pub(crate) sights: Sights,
    /// How it came to rest; `None`: it goes on.
    pub(crate) rest: Option<Rest>,
    /// When its record was last read, or written for the first time.
    pub(crate) recorded: Instant,
    /// When it is to be looked at again.
    pub(crate) due: Instant,
}

impl Sheep {
    /// To be driven from now on.
    pub(crate) fn new(run: Run) -> Self {
        let look = engine::first_look(&run);
        Self::looking(run, look)
    }

    /// The same, by somebody who knows what to look at.
    pub(crate) fn looking(run: Run, look: Look) -> Self {
        let now = Instant::now();
        Self { run, look, sights: Sights::default(), rest: None, recorded: now, due: now }
    }

    /// Its stack is being brought back.
    fn homeward(&self) -> bool {
        self.run.failing() || matches!(self.run.phase, Phase::Resuming | Phase::Returning)
    }

    fn take(&mut self, tick: &Tick, pace: Pace) {
        self.sights.take(&tick.run, &tick.seen);
        self.run = tick.run.clone();
        if tick.seen.record.here().is_some() {
            self.recorded = Instant::now();
        }
        match &tick.next {
            Next::Ended => self.rest = Some(Rest::Over),
            Next::Stuck(refusal) => self.rest = Some(Rest::Stuck(refusal.clone())),
            Next::Halted(halt) => self.rest = Some(Rest::Halted(halt.clone())),
            Next::Tick { wait, look } => {
                self.look = *look;
                self.due = Instant::now() + pace.sleep(*wait);
            }
        }
    }
}

/// Runs that are driven side by side.
#[derive(Debug)]
pub(crate) struct Herd {
    /// Each of them, those that rest too.
    pub(crate) sheep: Vec<Sheep>,
    pace: Pace,
}

impl Herd {
    /// None yet.
    pub(crate) fn new(pace: Pace) -> Self {
        Self { sheep: Vec::new(), pace }
    }

    /// Those that go on.
    pub(crate) fn going(&self) -> impl Iterator<Item = &Sheep> {
        self.sheep.iter().filter(|sheep| sheep.rest.is_none())
    }

    /// How long until the next one is due; `None`: all rest.
    pub(crate) fn wait(&self) -> Option<Duration> {
        let due = self.going().map(|sheep| sheep.due).min()?;
        Some(due.saturating_duration_since(Instant::now()))
    }

    /// Runs that are due within so long are looked at together: for many, one page costs less than it saves to wait.
    fn together(&self) -> Duration {
        match self.going().count() {
            0..MANY => Duration::ZERO,
            MANY..CROWD => self.pace.sleep(TOGETHER),
            _ => self.pace.sleep(TOGETHER.saturating_mul(2)),
        }
    }

    /// Ticks every run that is due: one look for all, then their deeds, those that come home first. `tell` hears of each.
    pub(crate) async fn round(&mut self, world: &impl World, tell: &mut impl FnMut(&Tick, &Sights, Timestamp)) {
        let soon = Instant::now() + self.together();
        let mut due: Vec<&mut Sheep> =
            self.sheep.iter_mut().filter(|sheep| sheep.rest.is_none() && sheep.due <= soon).collect();
        // CloudFormation takes so many updates at a time: *on* goes before *off*.
        due.sort_by_key(|sheep| !sheep.homeward());
        let wanted: Vec<(Run, Look)> = due.iter().map(|sheep| (sheep.run.clone(), sheep.look)).collect();
        let seen = world.observe_all(&wanted).await;
        let looked = world.now();
        let mut left: Vec<(&mut Sheep, Observation)> = due.into_iter().zip(seen).collect();
        while !left.is_empty() {
            let rest = left.split_off(ABREAST.min(left.len()));
            let (sheep, seen): (Vec<&mut Sheep>, Vec<Observation>) = left.into_iter().unzip();
            let acts = sheep
                .iter()
                .zip(seen)
                .map(|(sheep, seen)| AssertUnwindSafe(act(world, sheep.run.clone(), seen, looked)).catch_unwind());
            let ticks = join_all(acts).await;
            let done: usize = ticks.iter().flatten().map(updates).sum();
            for (sheep, tick) in sheep.into_iter().zip(ticks) {
                let Ok(tick) = tick else {
                    sheep.rest = Some(Rest::Stuck(a_bug()));
                    continue;
                };
                sheep.take(&tick, self.pace);
                if tick.before.phase != tick.run.phase {
                    tracing::info!(run = %tick.run.id, from = %tick.before.phase, to = %tick.run.phase, "phase");
                }
                tell(&tick, &sheep.sights, world.now());
            }
            left = rest;
            if !left.is_empty() && done > 0 {
                let pause = SignedDuration::from_millis(UPDATE * i64::try_from(done).unwrap_or_default());
                tokio::time::sleep(self.pace.sleep(pause)).await;
            }
        }
    }

    /// At least one round, and more until all rest, or until the next one would be due after `until`.
    pub(crate) async fn drive(
        &mut self,
        world: &impl World,
        until: Instant,
        tell: &mut impl FnMut(&Tick, &Sights, Timestamp),
    ) {
        while let Some(wait) = self.wait() {
            if Instant::now() + wait > until {
                return;
            }
            tokio::time::sleep(wait).await;
            self.round(world, tell).await;
        }
    }
}

/// One run's panic is no other's: it rests here, and somebody else tries.
fn a_bug() -> Refusal {
    Refusal {
        kind: RefusalKind::Invalid,
        service: "stacksnap".to_owned(),
        operation: "tick".to_owned(),
        code: "InternalError".to_owned(),
        message: "stacksnap failed; this is a bug".to_owned(),
        request_id: None,
    }
}

/// How many updates of stacks were asked for.
fn updates(tick: &Tick) -> usize {
    let update = |action: &Action| matches!(action, Action::CreateChangeSet(_) | Action::ExecuteChangeSet { .. });
    tick.done.iter().filter(|(action, _)| update(action)).count()
}

/// Whole seconds to wait, as a Wait state takes them.
pub(crate) fn seconds(wait: Duration) -> u64 {
    SignedDuration::try_from(wait).map_or(1, |wait| u64::try_from(wait.as_secs()).unwrap_or_default() + 1)
}
