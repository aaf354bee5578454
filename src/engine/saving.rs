//! What must be on record before anything else happens, and what may wait until something is saved anyway.
//!
//! A record is what another driver goes on from, and each tick may be another driver. It needs the intent and what cannot be found
//! out again: how far the run has come, that it leaves the stack (and since when its budget counts), that the halves were asked for,
//! that somebody gave it up, what went wrong, how it ended. Times and durations are seen again by whoever looks, in the
//! stack's history. They travel with the next save, at the latest when the lease runs out.

use super::Action;
use crate::model::run::{Durations, Kind, Run};

/// Whether what `after` knows beyond `before` cannot wait.
pub fn urgent(before: &Run, after: &Run) -> bool {
    match after.kind {
        Kind::Backup { .. } => lasting(before) != lasting(after),
        // What they make and destroy is found by their records alone.
        _ => before.as_saved() != after.as_saved(),
    }
}

/// Whether the action relies on the record: whoever comes after a driver that died in it must know of it.
pub(super) fn relied_on(action: &Action) -> bool {
    match action {
        // Harmless until they are executed or counted, found by their names, and done again or undone by whoever finds them.
        Action::CreateChangeSet(_)
        | Action::DeleteChangeSet { .. }
        | Action::TagSnapshot { .. }
        | Action::TagPoint { .. }
        | Action::StopBackupJob { .. } => false,
        _ => true,
    }
}

/// What a backup's record is saved for.
fn lasting(run: &Run) -> Run {
    Run {
        next_due: run.started,
        quiet_from: None,
        snapshot_seen: None,
        took: Durations::default(),
        window: None,
        skew: None,
        ..run.as_saved()
    }
}
