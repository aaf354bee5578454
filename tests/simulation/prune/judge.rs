//! The invariants of a prune, by name.

use std::collections::BTreeSet;

use stacksnap::engine::prune::{Job, Outcome, Removal};
use stacksnap::model::backup::State;
use stacksnap::model::half::{Snapshot, Tags};
use stacksnap::model::{SnapshotStatus, tags};

use super::driver::FRESH;
use super::planning::catalogue;
use super::shelf::{Files, Halves, Shelf};
use crate::cloud::{Millis, STACK};

/// What the judge knows, and nobody is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Ledger {
    /// `keep` has said that it holds.
    pub held: BTreeSet<String>,
    /// Somebody uses it who saw its mark after he had begun to.
    pub used: BTreeSet<String>,
    /// It was complete once.
    pub good: BTreeSet<String>,
    /// An operator deleted or edited something of it.
    pub meddled: BTreeSet<String>,
    /// When an operator last did so with a complete one.
    pub by_hand: Option<Millis>,
    /// Only one prune at a time: what it says can be held against it.
    pub alone: bool,
}

fn of<'a>(tags: &'a Tags, key: &str) -> Option<&'a str> {
    tags.get(key).map(String::as_str)
}

fn ours(tags: &Tags) -> bool {
    tags.contains_key(tags::SEED) || (tags.contains_key(tags::ID) && of(tags, tags::STACK) == Some(STACK))
}

/// Both halves are there and can be restored.
pub(super) fn whole<'a>(shelf: &'a Shelf, id: &str) -> Option<(&'a Snapshot, &'a Files)> {
    let snapshot = shelf.snapshot(id).filter(|half| half.status == SnapshotStatus::Available)?;
    let files = shelf.files(id).filter(|files| files.half.status.complete())?;
    Some((snapshot, files))
}

/// It bears the mark of completeness.
pub(super) fn marked(snapshot: &Snapshot) -> bool {
    snapshot.tags.contains_key(tags::COMPLETE) && !snapshot.tags.contains_key(tags::DELETING)
}

/// The ids of the stack's complete backups, judged by hand and not by the catalogue.
pub(super) fn complete(shelf: &Shelf) -> impl Iterator<Item = &str> {
    let ours = shelf.halves.snapshots.values().filter(|there| there.half.manual && ours(&there.half.tags));
    let ids = ours.filter_map(|there| of(&there.half.tags, tags::ID));
    ids.filter(|id| whole(shelf, id).is_some_and(|(snapshot, _)| marked(snapshot)))
}

impl Ledger {
    /// Takes in what is complete by now.
    pub(super) fn learn(&mut self, shelf: &Shelf) {
        self.good.extend(complete(shelf).map(str::to_owned));
    }

    /// An operator is about to delete or edit something of this backup.
    pub(super) fn meddles(&mut self, shelf: &Shelf, id: &str) {
        if complete(shelf).any(|there| there == id) || self.good.contains(id) {
            self.by_hand = Some(shelf.now);
        }
        self.meddled.insert(id.to_owned());
    }

    /// What must hold at every moment.
    pub(super) fn always(&self, shelf: &Shelf) -> Result<(), String> {
        let fine = self.good.is_empty() || self.by_hand.is_some() || complete(shelf).next().is_some();
        if fine { Ok(()) } else { Err("the last good backup survives".to_owned()) }
    }

    /// What must hold before a half is deleted.
    pub(super) fn before(&self, shelf: &Shelf, removal: &Removal) -> Result<(), String> {
        let tags = match removal {
            Removal::Point(name) => shelf.halves.points.get(&name.arn).map(|there| {
                let by_plan = there.half.by_plan;
                (there.half.tags.clone().filter(|_| !by_plan).unwrap_or_default(), true)
            }),
            Removal::Snapshot { id } => shelf.snapshot(id).map(|half| (half.tags.clone(), false)),
            _ => return Ok(()),
        };
        let Some((tags, point)) = tags else { return Ok(()) };
        let name = if let Removal::Snapshot { id } = removal { id.as_str() } else { "" };
        let id = of(&tags, tags::SEED).or(of(&tags, tags::ID)).unwrap_or(name);
        let seed = tags.contains_key(tags::SEED);
        if !ours(&tags) && !self.meddled.contains(id) {
            return Err(format!("nothing foreign is deleted: {removal:?}"));
        }
        if self.held.contains(id) && !seed {
            return Err(format!("nothing held is deleted: {id}"));
        }
        if self.used.contains(id) && !seed {
            return Err(format!("nothing in use is deleted: {id}"));
        }
        let young = self.by_hand.is_some_and(|at| shelf.now - at <= FRESH + shelf.stale);
        let good = self.good.contains(id) && !self.meddled.contains(id);
        let last = good && whole(shelf, id).is_some() && !complete(shelf).any(|other| other != id);
        if point && !seed && last && !young {
            return Err(format!("the last good backup survives: {id}"));
        }
        Ok(())
    }

    /// What it says is true.
    pub(super) fn outcome(&self, shelf: &Shelf, job: &Job, outcome: &Outcome, before: &Halves) -> Result<(), String> {
        let doomed = &job.doomed;
        let snapshot = doomed.snapshot.as_ref().and_then(|id| shelf.snapshot(id));
        let point = doomed.point.as_ref().and_then(|name| shelf.halves.points.get(&name.arn));
        match outcome {
            Outcome::Deleted if snapshot.is_some() || point.is_some() => {
                Err(format!("what it says it deleted is gone: {}", doomed.id))
            }
            Outcome::Deleted if !doomed.seed && shelf.manifests.contains(&doomed.id) => {
                Err(format!("what it says it deleted is gone, its manifest too: {}", doomed.id))
            }
            Outcome::Kept(why) if self.alone && !self.meddled.contains(&doomed.id) => {
                let was = doomed.snapshot.as_ref().and_then(|id| before.snapshots.get(id));
                let good = was.is_some_and(|there| self.good.contains(&doomed.id) && marked(&there.half));
                let is = whole(shelf, &doomed.id).is_some_and(|(half, _)| marked(half));
                let begun = snapshot.is_some_and(|half| half.tags.contains_key(tags::DELETING));
                if (good && !is) || begun {
                    return Err(format!("what it says it kept is as it was, mark included: {} ({why})", doomed.id));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What must hold when nobody is at work.
    pub(super) fn at_rest(&self, shelf: &Shelf) -> Result<(), String> {
        self.always(shelf)?;
        self.listed(shelf)?;
        let (mine, mut others) = (|id: &&String| !self.meddled.contains(*id), self.held.union(&self.used));
        if let Some(id) = others.by_ref().filter(mine).find(|id| whole(shelf, id).is_none()) {
            return Err(format!("nothing held or in use is deleted: {id} is not whole"));
        }
        let lost = self.good.iter().filter(mine).find(|id| whole(shelf, id).is_some_and(|(half, _)| !marked(half)));
        match lost {
            Some(id) => Err(format!("a mark that was taken off comes back: {id}")),
            None => Ok(()),
        }
    }
}

impl Ledger {
    /// No half pair is left unlisted: what there is of ours is a row, and half a pair is not called complete.
    pub(super) fn listed(&self, shelf: &Shelf) -> Result<(), String> {
        let catalogue = catalogue(shelf, &shelf.halves, &[], false);
        let halves = shelf.halves.snapshots.values().map(|there| &there.half.tags);
        let halves = halves.chain(
            shelf
                .halves
                .points
                .values()
                .filter(|there| !there.half.by_plan)
                .filter_map(|there| there.half.tags.as_ref()),
        );
        for id in halves.filter(|tags| ours(tags)).filter_map(|tags| of(tags, tags::ID)) {
            let Some(row) = catalogue.find(id) else {
                return Err(format!("no half pair is left unlisted: {id}"));
            };
            if row.state == State::Complete && whole(shelf, id).is_none_or(|(half, _)| !marked(half)) {
                return Err(format!("no half pair is left unlisted: {id} is called complete"));
            }
        }
        let alone =
            |id: &&String| shelf.snapshot(id).is_none() && shelf.files(id).is_none() && !self.meddled.contains(*id);
        match shelf.manifests.iter().find(alone) {
            Some(id) => Err(format!("no half pair is left unlisted: the manifest of {id} is all that is left")),
            None => Ok(()),
        }
    }
}
