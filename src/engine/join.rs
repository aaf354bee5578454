//! Joining what this driver knows with the record that others may have written.
//!
//! Parameter Store has no conditional overwrite: a driver that slept between deciding and saving may
//! put an older state back. Phases only go forward and facts are monotone, so the join of the two is
//! never behind either.

use crate::model::Seen;
use crate::model::run::{Outcome, Run, Trouble};

/// What this driver knows, and what the record says: the run as it is.
pub fn joined(mine: &Run, record: &Seen<Run>) -> Run {
    let Some(theirs) = same(mine, record) else { return mine.clone() };
    if ended_unaware(mine, theirs) {
        let what = "another driver ended the run while this one was taking the stack offline".to_owned();
        let trouble = Trouble { outcome: Outcome::Aborted, what, hint: None };
        return Run { abort: true, trouble: mine.trouble.clone().or(Some(trouble)), ..mine.clone() };
    }
    if theirs.ended() {
        return Run { tidied: mine.tidied, tries: mine.tries, ..theirs.clone() };
    }
    let (ahead, behind) = if mine.phase > theirs.phase { (mine, theirs) } else { (theirs, mine) };
    let mut run = ahead.clone();
    add(&mut run, behind);
    own_senses(&mut run, mine);
    run
}

/// Whatever the other one knows besides.
fn add(run: &mut Run, other: &Run) {
    fill(run, other);
    run.abort |= other.abort;
    run.handed = run.handed.max(other.handed);
    run.next_due = run.next_due.max(other.next_due);
}

/// Before a save that was decided without the record, or a while after it was read: the run as it is to be saved.
///
/// # Errors
/// Another driver has come further, or turned home, or the record is gone: the run as it is now, to be looked at before anything is decided.
pub fn abreast(before: &Run, after: Run, record: &Seen<Run>) -> Result<Run, Box<Run>> {
    if matches!(record, Seen::Missing) {
        // One that is over only tidies up, and does not look for its record again.
        let lost = before.ended();
        return Err(Box::new(Run { lost: before.lost || lost, unsaved: before.unsaved && !lost, ..before.clone() }));
    }
    let Some(theirs) = same(before, record).filter(|_| !before.ended()) else { return Ok(after) };
    if ended_unaware(before, theirs) {
        return Ok(after);
    }
    let turned = theirs.abort && !before.abort || theirs.failing() && !before.failing();
    if theirs.phase > before.phase || turned {
        return Err(Box::new(joined(before, record)));
    }
    // What this tick has decided is the newer one, also where both are in one phase.
    let mut run = after;
    add(&mut run, theirs);
    Ok(run)
}

/// The record, if it is this very run's.
fn same<'a>(mine: &Run, record: &'a Seen<Run>) -> Option<&'a Run> {
    record.here().filter(|theirs| theirs.id == mine.id && theirs.target.stack_id == mine.target.stack_id)
}

/// Somebody ended the run who did not know that its stack was being taken offline: that end is not the run's.
fn ended_unaware(mine: &Run, theirs: &Run) -> bool {
    theirs.ended() && !mine.ended() && mine.left.is_some() && theirs.left.is_none()
}

/// Facts that one of the two does not know yet.
fn fill(run: &mut Run, other: &Run) {
    fn or<T: Clone>(to: &mut Option<T>, from: &Option<T>) {
        if to.is_none() {
            to.clone_from(from);
        }
    }
    or(&mut run.prior, &other.prior);
    or(&mut run.base, &other.base);
    or(&mut run.base_at, &other.base_at);
    or(&mut run.trouble, &other.trouble);
    or(&mut run.asked, &other.asked);
    or(&mut run.files, &other.files);
    or(&mut run.seed, &other.seed);
    or(&mut run.left, &other.left);
    or(&mut run.quiet_from, &other.quiet_from);
    or(&mut run.halves_done, &other.halves_done);
    or(&mut run.stranded, &other.stranded);
    or(&mut run.snapshot_seen, &other.snapshot_seen);
    or(&mut run.window, &other.window);
    or(&mut run.skew, &other.skew);
    or(&mut run.manifest, &other.manifest);
    or(&mut run.rebuilt.deleting, &other.rebuilt.deleting);
    or(&mut run.rebuilt.drilled, &other.rebuilt.drilled);
    for (to, from) in [(&mut run.rebuilt.first, &other.rebuilt.first), (&mut run.rebuilt.second, &other.rebuilt.second)]
    {
        or(&mut to.asked, &from.asked);
        or(&mut to.id, &from.id);
        or(&mut to.proven, &from.proven);
    }
    run.rebuilt.roll_back |= other.rebuilt.roll_back;
    or(&mut run.took.off, &other.took.off);
    or(&mut run.took.snapshot, &other.took.snapshot);
    or(&mut run.took.job, &other.took.job);
    or(&mut run.took.on, &other.took.on);
}

/// What only this driver knows of itself.
fn own_senses(run: &mut Run, mine: &Run) {
    run.blind_since = mine.blind_since;
    run.looked = mine.looked;
    run.busy_at = mine.busy_at;
    run.tidied = mine.tidied;
    run.tries = mine.tries;
    run.lost = mine.lost;
    run.unsaved = mine.unsaved;
    run.behind = mine.behind;
    run.urged = mine.urged;
}
