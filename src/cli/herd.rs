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
/// Many runs are looked at at the same moments, so far apart: a page costs as much for one as for a hundred. What is seen, is seen
/// half of it later, on average.
const BEAT: SignedDuration = SignedDuration::from_secs(5);
/// The same where something that takes minutes is polled: from so many runs on, so far apart.
const BEATS: [(usize, SignedDuration); 2] =
    [(50, SignedDuration::from_secs(20)), (MANY, SignedDuration::from_secs(10))];
/// What is looked at again sooner than this is no poll: something small is awaited, or there is something to do.
const POLL: SignedDuration = SignedDuration::from_secs(4);
/// No deed is begun on a look that is older: those that are left look again.
const LOOK: SignedDuration = SignedDuration::from_secs(15);
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
    pub(crate) recorded: Timestamp,
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
        Self { run, look, sights: Sights::default(), rest: None, recorded: Timestamp::now(), due: Instant::now() }
    }

    /// Its stack is being brought back.
    fn homeward(&self) -> bool {
        self.run.failing() || matches!(self.run.phase, Phase::Resuming | Phase::Returning)
    }

    fn take(&mut self, tick: &Tick, pace: Pace, crowd: usize, now: Timestamp) {
        self.sights.take(&tick.run, &tick.seen);
        self.run = tick.run.clone();
        if tick.seen.record.here().is_some() {
            self.recorded = now;
        }
        match &tick.next {
            Next::Ended => self.rest = Some(Rest::Over),
            Next::Stuck(refusal) => self.rest = Some(Rest::Stuck(refusal.clone())),
            Next::Halted(halt) => self.rest = Some(Rest::Halted(halt.clone())),
            Next::Tick { wait, look } => {
                self.look = *look;
                let beat = beat(crowd, *wait).map(|beat| pace.sleep(beat));
                self.due = Instant::now() + on_beat(pace.sleep(*wait), beat, now);
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

    /// The same; `None` also where none is due by then.
    pub(crate) fn wait_until(&self, until: Instant) -> Option<Duration> {
        self.wait().filter(|wait| Instant::now() + *wait <= until)
    }

    /// Runs that are due within so long are looked at together: for many, one page costs less than it saves to wait.
    fn together(&self) -> Duration {
        if self.going().count() < MANY { Duration::ZERO } else { self.pace.sleep(TOGETHER) }
    }

    /// Ticks every run that is due: one look for all, then their deeds, those that come home first. `tell` hears of each.
    pub(crate) async fn round(&mut self, world: &impl World, tell: &mut impl FnMut(&Tick, &Sights, Timestamp)) {
        let soon = Instant::now() + self.together();
        let crowd = self.going().count();
        let mut due: Vec<&mut Sheep> =
            self.sheep.iter_mut().filter(|sheep| sheep.rest.is_none() && sheep.due <= soon).collect();
        // CloudFormation takes so many updates at a time: *on* goes before *off*.
        due.sort_by_key(|sheep| !sheep.homeward());
        let wanted: Vec<(Run, Look)> = due.iter().map(|sheep| (sheep.run.clone(), sheep.look)).collect();
        let asked = world.now();
        let seen = world.observe_all(&wanted).await;
        let looked = world.now();
        let mut left: Vec<(&mut Sheep, Observation)> = due.into_iter().zip(seen).collect();
        // What is decided on an old look is decided anew: somebody may have given a run up meanwhile.
        while !left.is_empty() && world.now().duration_since(looked) < LOOK {
            let rest = left.split_off(ABREAST.min(left.len()));
            let (sheep, seen): (Vec<&mut Sheep>, Vec<Observation>) = left.into_iter().unzip();
            let acts = sheep.iter().zip(seen).map(|(sheep, seen)| {
                AssertUnwindSafe(act(world, sheep.run.clone(), seen, (asked, looked))).catch_unwind()
            });
            let ticks = join_all(acts).await;
            let done: usize = ticks.iter().flatten().map(updates).sum();
            for (sheep, tick) in sheep.into_iter().zip(ticks) {
                let Ok(tick) = tick else {
                    sheep.rest = Some(Rest::Stuck(a_bug()));
                    continue;
                };
                sheep.take(&tick, self.pace, crowd, world.now());
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
        while let Some(wait) = self.wait_until(until) {
            tokio::time::sleep(wait).await;
            self.round(world, tell).await;
        }
    }
}

/// How far apart the moments are at which so many runs are looked at; `None`: each is for itself.
fn beat(crowd: usize, wait: SignedDuration) -> Option<SignedDuration> {
    let (_, poll) = BEATS.iter().find(|(runs, _)| crowd >= *runs)?;
    Some(if wait > POLL { *poll } else { BEAT })
}

/// So long, or until the next beat after that: counted from the epoch, so that every process has the same.
fn on_beat(wait: Duration, beat: Option<Duration>, now: Timestamp) -> Duration {
    let millis = |span: Duration| i128::try_from(span.as_millis()).unwrap_or_default();
    let Some(beat) = beat.map(millis).filter(|beat| *beat > 0) else { return wait };
    let due = i128::from(now.as_millisecond()) + millis(wait);
    let rest = (beat - due % beat) % beat;
    wait + Duration::from_millis(u64::try_from(rest).unwrap_or_default())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_of_many_runs_fall_together_and_none_comes_early() {
        let at = |millis: i64| Timestamp::from_millisecond(1_000_000_000_000 + millis).unwrap();
        let beat = Some(Duration::from_secs(20));
        let next = |now: i64, wait: u64| {
            let after = on_beat(Duration::from_millis(wait), beat, at(now)).as_millis();
            (i128::from(now) + i128::try_from(after).unwrap()) % 20_000
        };
        assert_eq!([next(0, 15_000), next(3_210, 15_000), next(19_999, 2), next(5_000, 15_000)], [0; 4]);
        assert!(on_beat(Duration::from_secs(15), beat, at(7_000)) >= Duration::from_secs(15));
        assert_eq!(on_beat(Duration::from_secs(15), None, at(7_000)), Duration::from_secs(15));
    }
}
