//! The fence: the two halves belong together (rule 3). Computed from history each time, never
//! remembered, and by AWS's clocks alone.

use jiff::Timestamp;

use super::mode::mode;
use crate::model::Switch;
use crate::model::half::{Job, Snapshot};
use crate::model::history::{History, Operation};
use crate::model::run::{Mode, Run};
use crate::model::stack::Stack;

/// Holds when no stack operation overlaps the time from the creation of the first half to the
/// completion of the last, and the newest one that took effect before it left the stack offline.
///
/// # Errors
/// Why the backup is inconsistent, one sentence.
pub fn fence(run: &Run, stack: &Stack, history: &History, snapshot: &Snapshot, job: &Job) -> Result<(), String> {
    let Some(start) = earliest(snapshot.created, job.created) else {
        return Err("AWS does not say when the halves were created".to_owned());
    };
    if let Some(op) = history.operations.iter().find(|op| overlaps(op, start, job.completed, run.halves_done)) {
        return Err(format!(
            "the stack was changed while the halves were made (an operation began {}, status {})",
            op.began.strftime("%Y-%m-%d %H:%M:%SZ"),
            op.status
        ));
    }
    if left_offline(run, stack, history, start) {
        Ok(())
    } else {
        Err("nothing proves that the stack was offline while the halves were made".to_owned())
    }
}

fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    Some(a?.min(b?))
}

/// An operation counts against the fence unless it ended before the first half was created, or began
/// after both were complete: later than the newest operation that was there when they were seen so.
/// Whole seconds: CloudFormation and AWS Backup do not stamp with the same precision.
fn overlaps(op: &Operation, start: Timestamp, job_end: Option<Timestamp>, halves_done: Option<Timestamp>) -> bool {
    let before = op.ended.is_some_and(|ended| ended <= start);
    let after_both = halves_done.is_some_and(|done| op.began > done);
    let after_job = job_end.is_none_or(|end| op.began.as_second() >= end.as_second());
    !(before || after_both && after_job)
}

fn left_offline(run: &Run, stack: &Stack, history: &History, start: Timestamp) -> bool {
    let effective = || history.operations.iter().filter(|op| op.took_effect());
    let before = effective().find(|op| op.ended.is_some_and(|ended| ended <= start));
    let reads_offline = run.target.switch.as_ref().and_then(|switch| mode(stack, switch)) == Some(Mode::Offline);
    match before {
        Some(op) if op.is(&run.id, Switch::Off) => true,
        // Nothing came after it, and the stack reads offline: that is how it left the stack.
        Some(op) if reads_offline && effective().next() == Some(op) => true,
        // From before the run, which found the stack offline.
        Some(op) => run.prior == Some(Mode::Offline) && op.ended <= run.base_at,
        None => run.prior == Some(Mode::Offline),
    }
}
