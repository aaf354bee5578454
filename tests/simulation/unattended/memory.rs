//! What one invocation of the Lambda leaves for the next: as `src/lambda/driver.rs` has it, which no test can reach.

use jiff::Timestamp;
use stacksnap::engine::{self, Look};
use stacksnap::model::run::{Phase, Run};

use crate::cloud::Millis;
use crate::driver::{Driver, Stage};

/// A driver's memory: it travels through the state machine, and may come back older than it was.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Memory {
    pub run: String,
    phase: Phase,
    look: Look,
    blind_since: Option<Timestamp>,
    looked: Option<Timestamp>,
    busy_at: Option<Timestamp>,
    tries: u8,
}

impl Memory {
    pub(super) fn of(run: &Run, look: Look) -> Self {
        let Run { phase, blind_since, looked, busy_at, tries, .. } = *run;
        Self { run: run.id.to_string(), phase, look, blind_since, looked, busy_at, tries }
    }

    /// For the model check, whose clock stands still.
    pub(super) fn forget_times(&mut self) {
        (self.blind_since, self.looked, self.busy_at) = (None, None, None);
    }

    /// The driver that goes on: the record, with what is remembered.
    pub(super) fn recall(&self, record: &Run, now: Millis) -> Driver {
        if record.phase != self.phase {
            return wary(record.clone(), now);
        }
        let Self { blind_since, looked, busy_at, tries, .. } = *self;
        let run = Run { blind_since, looked, busy_at, tries, ..record.clone() };
        let look = if run.abort { engine::first_look(&run) } else { self.look };
        Driver { stage: Stage::Look(look), ..wary(run, now) }
    }
}

/// A driver as `world::tick` makes it of every run.
pub(super) fn wary(run: Run, now: Millis) -> Driver {
    Driver { wary: true, ..Driver::new(run, now) }
}
