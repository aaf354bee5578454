//! What is going to happen, in order of time.

use crate::backup::jobs::JobStep;
use crate::cfn::script::Step;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Something that will happen by itself.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A change set moves on.
    ChangeSet {
        /// The stack's id.
        stack: String,
        /// The change set's ARN.
        id: String,
    },
    /// A stack operation moves on, unless its script has been replaced.
    Stack {
        /// The stack's id.
        stack: String,
        /// Which script the step belongs to.
        script: u64,
        /// What happens.
        step: Step,
    },
    /// A backup job moves on.
    Job {
        /// The job's id.
        id: String,
        /// What happens.
        step: JobStep,
    },
}

/// The events to come; those of one instant in the order they were planned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Agenda {
    events: BTreeMap<(Timestamp, u64), Event>,
    planned: u64,
}

impl Agenda {
    /// Plans an event.
    pub(crate) fn plan(&mut self, at: Timestamp, event: Event) {
        self.planned += 1;
        self.events.insert((at, self.planned), event);
    }

    /// Takes the earliest event that is due.
    pub(crate) fn due(&mut self, now: Timestamp) -> Option<(Timestamp, Event)> {
        let first = self.events.first_entry()?;
        let at = first.key().0;
        (at <= now).then(|| (at, first.remove()))
    }
}
