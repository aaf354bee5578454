//! Drives a run to its end: tick, sleep, tick. Whatever happens to this process meanwhile, the stack
//! is brought back first: on Ctrl-C, on a timeout, on a panic.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, sleep_until};

use super::pace::Pace;
use super::progress::{Line, Progress};
use super::sights::Sights;
use super::signals::{Signal, Signals};
use crate::engine::{self, Halt, Look, Next};
use crate::model::Refusal;
use crate::model::run::{Kind, Run};
use crate::world::{Tick, World, announce_abort, tick};

/// Panics that are survived before the run is left to `resume`.
const PANICS: u8 = 3;
/// While waiting, clocks and bars move on.
const REFRESH: Duration = Duration::from_secs(1);

/// Why the run was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Somebody asked.
    Signal(Signal),
    /// `--timeout` was up.
    Timeout,
    /// A bug.
    Panic,
}

/// How the driving ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The run is over.
    Over,
    /// Asked a second time: left as it is.
    Left,
    /// `--timeout` was up, and somebody else would drive it on.
    Handed,
    /// This driver cannot go on.
    Stuck(Refusal),
    /// The run stands still until somebody has done something.
    Halted(Halt),
    /// A bug, again and again.
    Broken,
}

/// How to drive.
pub(crate) struct Manner {
    /// How long to sleep.
    pub(crate) pace: Pace,
    /// When to give up.
    pub(crate) timeout: Option<Duration>,
    /// Somebody else would drive the run on.
    pub(crate) watched: bool,
}

/// What came of it.
pub(crate) struct Driven {
    /// The run as it is.
    pub(crate) run: Run,
    /// What was seen last.
    pub(crate) sights: Sights,
    /// Why it was given up, if it was.
    pub(crate) stop: Option<Stop>,
    /// How the driving ended.
    pub(crate) end: End,
}

struct Driver<'a, W> {
    world: &'a W,
    manner: Manner,
    signals: Signals,
    progress: Progress,
    deadline: Option<Instant>,
    run: Run,
    look: Look,
    sights: Sights,
    stop: Option<Stop>,
    /// Given up since the last tick: to be saved, and acted upon at once.
    fresh: bool,
}

/// Drives `run` until it is over, or until this driver has to leave it.
pub(crate) async fn drive(
    world: &impl World,
    run: Run,
    manner: Manner,
    signals: Signals,
    progress: Progress,
) -> Driven {
    let deadline = manner.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let look = engine::first_look(&run);
    let fresh = run.abort;
    let mut driver =
        Driver { world, manner, signals, progress, deadline, run, look, sights: Sights::default(), stop: None, fresh };
    let end = driver.until_over().await;
    driver.progress.end();
    Driven { run: driver.run, sights: driver.sights, stop: driver.stop, end }
}

impl<W: World> Driver<'_, W> {
    async fn until_over(&mut self) -> End {
        let mut panics = 0;
        loop {
            match AssertUnwindSafe(self.round()).catch_unwind().await {
                Ok(None) => {}
                Ok(Some(end)) => return end,
                Err(_) if panics == PANICS => return End::Broken,
                Err(_) => {
                    panics += 1;
                    self.give_up(Stop::Panic);
                }
            }
        }
    }

    /// Once round; the end, if this was it.
    async fn round(&mut self) -> Option<End> {
        if std::mem::take(&mut self.fresh) && !self.run.lost {
            // Another driver of the same run is to know too; where this is lost, we still know.
            announce_abort(self.world, &self.run).await.into_iter().for_each(|run| self.run = run);
        }
        let Some(tick) = self.tick().await else { return Some(End::Left) };
        let gave_up = self.run.abort;
        self.run = tick.run.clone();
        self.run.abort |= gave_up;
        self.sights.take(&tick.run, &tick.seen);
        if tick.before.phase != tick.run.phase {
            tracing::info!(run = %tick.run.id, from = %tick.before.phase, to = %tick.run.phase, "phase");
        }
        self.tell(|progress, sights, now| progress.tick(&tick, sights, now));
        match tick.next {
            Next::Ended => Some(End::Over),
            _ if self.stopped() && !self.run.abort => self.leave(),
            Next::Stuck(refusal) => Some(End::Stuck(refusal)),
            Next::Halted(halt) => Some(End::Halted(halt)),
            Next::Tick { .. } if self.fresh => None,
            Next::Tick { wait, look } => {
                self.look = look;
                self.wait(self.manner.pace.sleep(wait)).await
            }
        }
    }

    /// AWS goes on creating the new stack whoever watches: the run is left to `resume`, and nothing is given up.
    fn goes_on_alone(&self) -> bool {
        let made = &self.run.rebuilt.first;
        let asked = made.asked.is_some() && !self.run.unsaved && self.run.refused.is_none();
        self.run.kind == Kind::Restore && (asked || made.id.is_some()) && !self.run.abort
    }

    /// A tick is never cut off half way, except by somebody who asks twice.
    async fn tick(&mut self) -> Option<Tick> {
        let (world, run, look) = (self.world, self.run.clone(), self.look);
        let mut going = Box::pin(tick(world, run, look));
        loop {
            tokio::select! {
                tick = &mut going => return Some(tick),
                signal = self.signals.next() => {
                    if self.stopped() {
                        return None;
                    }
                    self.give_up(Stop::Signal(signal));
                }
            }
        }
    }

    /// Sleeps; wakes early where something is asked.
    async fn wait(&mut self, sleep: Duration) -> Option<End> {
        let until = Instant::now() + sleep;
        while Instant::now() < until {
            let pause = until.min(Instant::now() + REFRESH);
            tokio::select! {
                () = sleep_until(pause) => {}
                signal = self.signals.next() => {
                    if self.stopped() {
                        return Some(End::Left);
                    }
                    self.give_up(Stop::Signal(signal));
                    return self.leave();
                }
            }
            if self.out_of_time() {
                if self.manner.watched || self.goes_on_alone() {
                    return Some(End::Handed);
                }
                self.give_up(Stop::Timeout);
                return None;
            }
            let run = self.run.clone();
            self.tell(|progress, sights, now| progress.refresh(&run, sights, now));
        }
        None
    }

    fn out_of_time(&self) -> bool {
        self.stop.is_none() && self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Somebody has asked once before.
    fn stopped(&self) -> bool {
        matches!(self.stop, Some(Stop::Signal(_)))
    }

    fn give_up(&mut self, stop: Stop) {
        self.stop = Some(stop);
        // A restore may just be asking for its stack: that is known when the tick is over.
        let leaves = self.stopped() && self.run.kind == Kind::Restore;
        if !leaves {
            self.abort();
        }
        let text = match stop {
            Stop::Panic => return,
            _ if leaves => "leaving when this step is done; once more leaves at once",
            // It touches no stack that anybody uses.
            _ if matches!(self.run.kind, Kind::Restore | Kind::Drill) => "giving up",
            Stop::Signal(_) => "giving up: the stack is brought back first; once more leaves it as it is",
            Stop::Timeout => "the time is up: the stack is brought back",
        };
        self.progress.tell(&self.run, &Line::warning("giving-up", text), self.world.now());
    }

    /// Stopped by a signal, between two ticks: what goes on alone is left, everything else given up.
    fn leave(&mut self) -> Option<End> {
        if self.goes_on_alone() {
            return Some(End::Left);
        }
        self.abort();
        None
    }

    fn abort(&mut self) {
        self.run.abort = true;
        self.look = engine::first_look(&self.run);
        self.fresh = true;
    }

    /// What is told may be wrong, but it must not stop the run: after a panic nothing more is told.
    fn tell(&mut self, say: impl FnOnce(&mut Progress, &Sights, jiff::Timestamp)) {
        if self.stop != Some(Stop::Panic) {
            say(&mut self.progress, &self.sights, self.world.now());
        }
    }
}

#[cfg(test)]
mod tests;
