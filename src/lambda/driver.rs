//! What one invocation leaves for the next: which run, and what a driver remembers of it.
//!
//! It travels through the state machine, so nothing in it says what may be touched: that is in the run's record. It says only
//! what to look at next, and when what was seen.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::engine::{self, Look};
use crate::model::BackupId;
use crate::model::run::{Phase, Run};

/// A driver's memory.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Driver {
    /// The stack's name.
    pub(crate) stack: String,
    /// The run's id.
    pub(crate) run: BackupId,
    /// The phase that `look` belongs to.
    phase: Phase,
    /// What to look at next.
    look: Look,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blind_since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    looked: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    busy_at: Option<Timestamp>,
    #[serde(default)]
    tries: u8,
    /// Without it a run that is over would be tidied up again and again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    tidied: bool,
    /// How often it was ticked by the state machine.
    #[serde(default)]
    pub(crate) rounds: u32,
}

impl Driver {
    /// Of a run that goes on.
    pub(crate) fn of(run: &Run, look: Look, rounds: u32) -> Self {
        Self {
            stack: run.target.stack.clone(),
            run: run.id.clone(),
            phase: run.phase,
            look,
            blind_since: run.blind_since,
            looked: run.looked,
            busy_at: run.busy_at,
            tries: run.tries,
            tidied: run.tidied,
            rounds,
        }
    }

    /// The same, an invocation later.
    pub(crate) fn again(self, rounds: u32) -> Self {
        Self { rounds, ..self }
    }

    /// The run as its record says, with what this driver remembers; and what to look at. A record that is further
    /// than this driver knows is looked at in full.
    pub(crate) fn recall(&self, run: Run) -> (Run, Look) {
        if run.phase != self.phase {
            let look = engine::first_look(&run);
            return (run, look);
        }
        let Self { blind_since, looked, busy_at, tries, tidied, .. } = *self;
        (Run { blind_since, looked, busy_at, tries, tidied, ..run }, self.look)
    }
}
