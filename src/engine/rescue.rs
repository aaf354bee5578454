//! Who drives what home: `resume`, a later command and the sentinel ask this one function.

use jiff::{SignedDuration, Timestamp};

use super::mode::{Debt, debt, mode};
use crate::model::run::{Kind, Lock, Mode, Outcome, Phase, Run, Trouble};
use crate::model::stack::Stack;
use crate::model::topology::OfflineSwitch;
use crate::model::{BackupId, Seen, history::History};

/// A lock this young may belong to a driver that is about to write its record.
const YOUNG: SignedDuration = SignedDuration::from_mins(5);

/// What nobody drove for so long is not begun any more: a stack is not taken offline at an hour that nobody chose.
const TOO_LATE: SignedDuration = SignedDuration::from_hours(1);

/// What to do about a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rescue {
    /// Nothing is owed and nobody holds it.
    Nothing,
    /// Drive this run on; a finished one only has to be tidied up.
    Drive(Box<Run>),
    /// A run is just beginning, or what was seen is not enough: look again later.
    Wait,
    /// Its record is gone, but it owes an *on* (rule 4).
    PayDebt {
        /// The run that owes it.
        of: BackupId,
    },
    /// A lock without a record and without a clear debt: the lock has to go; then look again.
    DropLock {
        /// The run that held it.
        run: BackupId,
    },
    /// Several foreign operations came after our *off*: ask the operator.
    Ask {
        /// The run that took it offline.
        of: BackupId,
        /// How many foreign operations.
        foreign: usize,
    },
}

/// What a sentinel does about a run that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watch {
    /// Its driver lives, as far as can be told.
    Living,
    /// It is driven on, or home.
    Drive(Box<Run>),
    /// It is left to its operator.
    Leave {
        /// Why.
        why: &'static str,
    },
}

/// Decides what a sentinel does: it brings stacks home, and finishes backups. A new stack that is half made costs
/// nobody his site, and whether an old one is deleted is nothing that a timer begins.
#[must_use]
pub fn watch(run: Run, now: Timestamp) -> Watch {
    let orphaned = run.orphaned(now);
    // Where the budget is spent nobody waits until a driver is known to be dead: one more does no harm to a living one.
    if !orphaned && !run.overspent(now) {
        return Watch::Living;
    }
    match run.kind {
        Kind::Backup { live: false, .. } | Kind::Offline if too_late(&run, now) => {
            Watch::Drive(Box::new(Run { abort: true, ..run }))
        }
        // Somebody may have switched the stack off on purpose since.
        Kind::Online if orphaned && now.duration_since(run.next_due) > TOO_LATE => {
            Watch::Drive(Box::new(forgotten(run)))
        }
        Kind::Backup { .. } | Kind::Offline | Kind::Online | Kind::Home { .. } => Watch::Drive(Box::new(run)),
        Kind::Restore | Kind::Drill => Watch::Leave { why: "no stack is offline for it" },
        Kind::Replace if run.rebuilt.deleting.is_some() => {
            Watch::Leave { why: "its old stack was to be deleted; only its operator decides which way it goes on" }
        }
        // Nothing was deleted yet: home. A living driver goes there by itself.
        Kind::Replace => Watch::Drive(Box::new(Run { abort: run.abort || orphaned, ..run })),
    }
}

/// It has not taken its stack offline, and was to do so long ago.
fn too_late(run: &Run, now: Timestamp) -> bool {
    run.left.is_none() && run.phase <= Phase::GoingOffline && now.duration_since(run.next_due) > TOO_LATE
}

/// A wish that nobody has seen to for so long is not one any more.
fn forgotten(run: Run) -> Run {
    let what = "nobody drove the run for an hour, so the stack is left as it is".to_owned();
    let hint = Some(format!("if it is to be online: `stacksnap online {}`", run.target.stack));
    let trouble = Trouble { outcome: Outcome::Aborted, what, hint };
    Run { abort: true, trouble: run.trouble.clone().or(Some(trouble)), ..run }
}

/// A run on record whose lock is gone. One that has not begun yet is only ended: whoever began it was
/// told that its record could not be saved, and must not find the stack offline later.
#[must_use]
pub fn unlocked(run: Run) -> Run {
    let unbegun = run.phase == Phase::Preflight;
    Run { abort: run.abort || unbegun, ..run }
}

/// Decides from the lock, the records and the stack's own history.
pub fn rescue(
    lock: &Seen<Lock>,
    records: &[Run],
    stack: &Stack,
    history: &History,
    switch: &OfflineSwitch,
    now: Timestamp,
) -> Rescue {
    let of_this_stack = || records.iter().filter(|run| run.target.stack_id == stack.id);
    let held = lock.here();
    let holder = held.and_then(|lock| of_this_stack().find(|run| run.id == lock.run));
    // A record that is not finished is driven home even when its lock is gone: rule 5.
    if let Some(run) = holder {
        return Rescue::Drive(Box::new(run.clone()));
    }
    if let Some(run) = of_this_stack().filter(|run| !run.ended()).max_by_key(|run| run.started) {
        let unbegun = run.phase == Phase::Preflight;
        // It may have taken its lock just after the lock was looked for.
        let wait = unbegun && (!lock.known() || now.duration_since(run.since) < YOUNG);
        return if wait { Rescue::Wait } else { Rescue::Drive(Box::new(unlocked(run.clone()))) };
    }
    if !lock.known() || held.and_then(|lock| lock.since).is_some_and(|since| now.duration_since(since) < YOUNG) {
        return Rescue::Wait;
    }
    if history.under_way().is_some() || stack.status.in_progress() {
        return Rescue::Wait;
    }
    match (debt(mode(stack, switch) == Some(Mode::Offline), history), held) {
        (Debt::Owed { run }, _) => Rescue::PayDebt { of: run },
        // A lock that nobody will ever release must not stand in the operator's way.
        (Debt::None | Debt::Ambiguous { .. }, Some(lock)) => Rescue::DropLock { run: lock.run.clone() },
        (Debt::Ambiguous { run, foreign }, None) => Rescue::Ask { of: run, foreign },
        (Debt::None, None) => Rescue::Nothing,
    }
}
