//! What a driver has seen of the stack and the halves so far, newest first.

use crate::engine::{Observation, mode};
use crate::model::backup::FilesHalf;
use crate::model::half::{Job, RecoveryPoint, Snapshot};
use crate::model::rebuild::Parts;
use crate::model::run::{Mode, Run};
use crate::model::stack::Stack;

use super::output::halves;

/// The newest sight of each thing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sights {
    /// The stack's mode.
    pub(crate) mode: Option<Mode>,
    /// An update was under way: the parameter says already what the stack has yet to become.
    pub(crate) moving: bool,
    /// The database's half.
    pub(crate) snapshot: Option<Snapshot>,
    /// The files' half, while it is made.
    pub(crate) job: Option<Job>,
    /// The files' half.
    pub(crate) point: Option<RecoveryPoint>,
    /// The new stack.
    pub(crate) fresh: Option<Stack>,
    /// Its parts.
    pub(crate) parts: Option<Parts>,
}

impl Sights {
    /// Takes in one look.
    pub(crate) fn take(&mut self, run: &Run, seen: &Observation) {
        if let (Some(stack), Some(switch)) = (seen.stack.here(), &run.target.switch) {
            self.mode = mode(stack, switch);
            self.moving = stack.status.may_roll_back();
        }
        self.snapshot = seen.snapshot.here().cloned().or_else(|| self.snapshot.take());
        self.job = seen.job.here().cloned().or_else(|| self.job.take());
        self.point = seen.point.here().cloned().or_else(|| self.point.take());
        self.fresh = seen.fresh.here().cloned().or_else(|| self.fresh.take());
        self.parts = seen.parts.here().cloned().or_else(|| self.parts.take());
    }

    /// The files' half as the catalogue keeps it.
    pub(crate) fn files(&self, vault: &str) -> Option<FilesHalf> {
        self.point.as_ref().map(halves::files).or_else(|| self.job.as_ref().and_then(|job| halves::making(job, vault)))
    }
}
