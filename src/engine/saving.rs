//! What must be on record before anything else happens, and what may wait until something is saved anyway.
//!
//! A record is what another driver goes on from, and each tick may be another driver. It needs the intent and what cannot be found
//! out again: how far the run has come, that it leaves the stack (and since when its budget counts), that the halves were asked for,
//! that somebody gave it up, what went wrong, how it ended. Times and durations are seen again by whoever looks, in the
//! stack's history and at the halves. They travel with the next save, at the latest when the lease runs out.

use super::Action;
use crate::model::run::{Durations, Kind, Run};

/// Whether what `after` knows beyond `before` cannot wait.
pub(super) fn urgent(before: &Run, after: &Run) -> bool {
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::run::{Options, Outcome, StartedJob, Target, Trouble, Window};

    fn run(kind: Kind) -> Run {
        let target = Target {
            stack: "my-hub".into(),
            stack_id: "arn".into(),
            switch: None,
            cluster: "c".into(),
            file_system: "f".into(),
            vault: "v".into(),
            role: "r".into(),
            secret: None,
            secret_version: None,
            protected: Vec::new(),
            aim: None,
        };
        Run::new(kind, target, Options::default(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn what_history_tells_again_waits_and_what_nobody_else_knows_does_not() {
        let before = run(Kind::Backup { live: false, seed: false });
        let at = Some(Timestamp::UNIX_EPOCH);
        let window = Some(Window { from: Timestamp::UNIX_EPOCH, to: None });
        let waits = [
            Run { window, skew: Some(3), ..before.clone() },
            Run { quiet_from: at, took: Durations { off: Some(240), ..Durations::default() }, ..before.clone() },
            Run { looked: at, behind: true, ..before.clone() },
            Run { snapshot_seen: at, ..before.clone() },
        ];
        assert!(waits.iter().all(|after| !urgent(&before, after)));
        let trouble = Trouble { outcome: Outcome::Failed, what: "it failed".into(), hint: None };
        let files = StartedJob { id: "job".into(), point: None };
        let urgent_ones = [
            Run { left: at, ..before.clone() },
            Run { asked: at, ..before.clone() },
            Run { halves_done: at, ..before.clone() },
            Run { files: Some(files), ..before.clone() },
            Run { abort: true, ..before.clone() },
            Run { trouble: Some(trouble), ..before.clone() },
        ];
        assert!(urgent_ones.iter().all(|after| urgent(&before, after)));
    }

    #[test]
    fn of_a_run_that_makes_a_stack_everything_is_saved_at_once() {
        let before = run(Kind::Restore);
        assert!(urgent(&before, &Run { skew: Some(3), ..before.clone() }));
        assert!(!urgent(&before, &before));
    }
}
