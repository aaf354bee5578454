//! What is looked at right before each deletion, and what forbids it.

use jiff::Timestamp;

use super::Cause;
use super::uses::{StackValues, uses};
use crate::model::half::{RecoveryPoint, Snapshot, Tags};
use crate::model::retention::TagRule;
use crate::model::run::Run;
use crate::model::survey::Vault;
use crate::model::{Seen, SnapshotStatus, tags};

/// A fresh look at one backup that is to be deleted, and at what depends on it.
#[derive(Clone, Debug)]
pub struct Sight {
    /// Its snapshot.
    pub snapshot: Seen<Snapshot>,
    /// Its recovery point, with its tags.
    pub point: Seen<RecoveryPoint>,
    /// The vault.
    pub vault: Seen<Vault>,
    /// The snapshot of the backup that is kept as the last complete one; `Missing` where none is needed.
    pub anchor_snapshot: Seen<Snapshot>,
    /// Its recovery point.
    pub anchor_point: Seen<RecoveryPoint>,
    /// Every live stack's parameters.
    pub stacks: Seen<Vec<StackValues>>,
    /// The stack's runs on record.
    pub runs: Seen<Vec<Run>>,
}

/// What is asked of the guard.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The backup's id.
    pub id: &'a str,
    /// Why it was to go.
    pub cause: Cause,
    /// Its recovery point is known.
    pub named: bool,
    /// The backup that is to remain as the last complete one.
    pub anchor: Option<&'a str>,
    /// Tags that keep a backup.
    pub keep: &'a [TagRule],
}

/// Why a backup is not deleted now, whatever was planned; `None`: nothing speaks against it.
pub fn protected(sight: &Sight, ask: Ask<'_>, now: Timestamp) -> Option<String> {
    let of_snapshot = sight.snapshot.here().map(|half| &half.tags);
    let of_point = sight.point.here().and_then(|half| half.tags.as_ref());
    let tags = || of_snapshot.into_iter().chain(of_point);
    let lock = || locked(sight.vault.here().filter(|_| sight.point.here().is_some())?);
    held(tags(), now)
        .or_else(|| tags().any(|tags| ask.keep.iter().any(|rule| rule.fits(tags))).then(|| "a tag keeps it".to_owned()))
        .or_else(|| used(sight, ask.id))
        .or_else(lock)
        .or_else(|| misjudged(sight, ask).map(str::to_owned))
        .or_else(|| unanchored(sight, ask).map(str::to_owned))
}

/// Somebody holds it.
fn held<'a>(halves: impl Iterator<Item = &'a Tags>, now: Timestamp) -> Option<String> {
    halves.filter_map(|tags| tags::hold(tags, now)).map(|hold| format!("on hold: {hold}")).next()
}

fn used(sight: &Sight, id: &str) -> Option<String> {
    let snapshot = sight.snapshot.here().map(|half| [half.id.as_str(), half.arn.as_str()]);
    let point = sight.point.here().map(|half| half.arn.as_str());
    let names: Vec<&str> = snapshot.into_iter().flatten().chain(point).chain([id]).collect();
    // What was not looked at may be the one thing that uses it.
    let (Some(stacks), Some(runs)) = (sight.stacks.here(), sight.runs.here()) else {
        return Some("what uses it was not looked at".to_owned());
    };
    if let Some(first) = uses(stacks, &names).first() {
        return Some(first.to_string());
    }
    let mut open = runs.iter().filter(|run| !run.ended());
    open.find(|run| needs(run, id)).map(|run| format!("the run {} needs it", run.id))
}

/// What was taken for half a backup is a whole one: a vault that could not be listed then can be now, or tags were
/// edited.
fn misjudged(sight: &Sight, ask: Ask<'_>) -> Option<&'static str> {
    if ask.cause != Cause::NotComplete {
        return None;
    }
    let snapshot = marked(&sight.snapshot);
    let Some(point) = sight.point.here().filter(|point| point.status.complete()) else {
        let unnamed = snapshot && !ask.named;
        return unnamed
            .then_some("it is marked as complete, but does not name its recovery point: its tags were edited");
    };
    let there = sight.snapshot.here().is_some_and(|half| !half.tags.contains_key(tags::DELETING));
    let of_point = point.tags.as_ref().is_some_and(|tags| tags.contains_key(tags::COMPLETE));
    if snapshot {
        return Some("it is complete after all");
    }
    (there && of_point).then_some("its recovery point is marked as complete: its snapshot's tags were edited")
}

/// Of complete backups the last one stays.
fn unanchored(sight: &Sight, ask: Ask<'_>) -> Option<&'static str> {
    let Some(id) = ask.anchor else {
        return (ask.cause == Cause::NoRule).then_some("no other complete backup is known");
    };
    let own = |there: &Tags| tags::says(there, tags::ID, id) && tags::marked(there);
    let snapshot = marked(&sight.anchor_snapshot) && sight.anchor_snapshot.here().is_some_and(|half| own(&half.tags));
    let point = sight.anchor_point.here().filter(|point| point.status.complete());
    let point = point.and_then(|point| point.tags.as_ref()).is_some_and(own);
    (!(snapshot && point)).then_some("the backup that is to remain is not complete any more")
}

/// Available, and marked as complete.
fn marked(snapshot: &Seen<Snapshot>) -> bool {
    snapshot.here().is_some_and(|half| tags::marked(&half.tags) && half.status == SnapshotStatus::Available)
}

/// An unfinished run makes this backup, or makes a stack of it.
pub fn needs(run: &Run, id: &str) -> bool {
    run.id.as_str() == id || run.target.aim.as_ref().is_some_and(|aim| aim.backup == id)
}

/// In a locked vault nobody deletes a recovery point before its own lifecycle ends, and ours have none. (The guide says
/// so of governance mode, too, for as long as the lock is there.) Known before, it is not tried each night.
pub fn locked(vault: &Vault) -> Option<String> {
    let until = vault.min_days.map(|days| format!(", for {days} days at the least")).unwrap_or_default();
    vault
        .locked
        .then(|| format!("vault {} is locked{until}: AWS Backup lets nobody delete its recovery points", vault.name))
}
