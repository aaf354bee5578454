//! Whoever else is at it: somebody who keeps a backup, restores from it, deletes it by hand or tags it; a new backup.

use std::sync::Arc;

use stacksnap::model::rebuild::Aim;
use stacksnap::model::run::{Kind, Options, Phase, Run, Target};
use stacksnap::model::{PointStatus, SnapshotStatus, tags};

use super::driver::{FRESH, Scene};
use super::judge::{marked, whole};
use super::shelf::{Make, Shelf, VAULT, id_of, mark, point_of};
use crate::cloud::{Millis, STACK, STACK_ID, at};

/// What somebody is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Wish {
    /// `stacksnap keep`
    Keep,
    /// `stacksnap restore`: the run is on record, the mark is looked at, the stack is created.
    Restore,
    /// A stack that names it is created by hand, and the mark is looked at then.
    CreateByHand,
    /// A tag that policies keep is put on, and the mark is looked at then.
    Release,
    DeleteSnapshot,
    DeletePoint,
    DeleteBoth,
    /// Its id is taken off: it is nobody's any more.
    Disown,
    /// A new backup is made.
    Backup,
}

/// Somebody, and how far he is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Operator {
    pub wish: Wish,
    /// The backup's id.
    pub of: String,
    pub due: Millis,
    pub step: u8,
    pub looks: u8,
    /// When the mark was looked at.
    pub looked: Millis,
}

/// How often `keep` looks whether a prune gives it free again, and how long it waits in between.
const LOOKS: u8 = 8;
const BETWEEN: Millis = 30_000;
const OVER: u8 = u8::MAX;

impl Operator {
    pub(super) fn new(wish: Wish, of: &str, due: Millis) -> Self {
        Self { wish, of: of.to_owned(), due, step: 0, looks: 0, looked: 0 }
    }

    pub(super) fn over(&self) -> bool {
        self.step == OVER
    }

    /// Does the next thing; `stale`: what is looked at is some seconds old.
    pub(super) fn go(&mut self, scene: &mut Scene, stale: bool) {
        self.due = scene.shelf.now;
        self.step = match self.wish {
            Wish::Keep => self.keep(scene, tags::HOLD, stale),
            Wish::Release => self.keep(scene, "release", stale),
            Wish::Restore => self.restore(scene, stale),
            Wish::CreateByHand => self.create(scene, stale),
            Wish::Backup => self.back_up(scene),
            wish => {
                deletes(scene, wish, &self.of);
                OVER
            }
        };
    }

    /// The hold first, on both halves; then a look.
    fn keep(&mut self, scene: &mut Scene, key: &str, stale: bool) -> u8 {
        let value = || "before the upgrade".to_owned();
        match self.step {
            0 => {
                let tagged =
                    scene.shelf.change_snapshot(&self.of, |half| drop(half.tags.insert(key.to_owned(), value())));
                if tagged.is_ok() { 1 } else { OVER }
            }
            1 => {
                let put = |files: &mut super::shelf::Files| {
                    files.half.tags.get_or_insert_default().insert(key.to_owned(), value());
                };
                if scene.shelf.change_files(&self.of, put).is_ok() { 2 } else { OVER }
            }
            _ => self.look_again(scene, key, stale),
        }
    }

    /// Until the backup is seen with the own hold, with its mark, and without a prune's.
    fn look_again(&mut self, scene: &mut Scene, key: &str, stale: bool) -> u8 {
        let seen = looked(&scene.shelf, &self.of, stale);
        if seen.is_some_and(|(marked, keys)| marked && keys.contains(&key.to_owned())) {
            scene.ledger.held.insert(self.of.clone());
            return OVER;
        }
        self.looks += 1;
        self.due = scene.shelf.now + BETWEEN;
        if self.looks >= LOOKS { OVER } else { 2 }
    }

    fn restore(&mut self, scene: &mut Scene, stale: bool) -> u8 {
        match self.step {
            0 => {
                let run = restore_of(&self.of);
                scene.shelf.runs.insert(run.id.to_string(), run);
                1
            }
            // The engine's look wants the mark of completeness alone, and is good for a minute.
            1 if looked(&scene.shelf, &self.of, stale).is_some_and(|(marked, _)| marked) => {
                self.looked = scene.shelf.now;
                2
            }
            2 if scene.shelf.now > self.looked + FRESH => 1,
            2 => {
                scene.ledger.used.insert(self.of.clone());
                scene.shelf.stacks.insert(format!("new-{}", self.of), self.of.clone());
                3
            }
            _ => {
                ends(&mut scene.shelf, &self.of);
                OVER
            }
        }
    }

    fn create(&mut self, scene: &mut Scene, stale: bool) -> u8 {
        if self.step == 0 {
            scene.shelf.stacks.insert(
                format!("by-hand-{}", self.of),
                format!("arn:aws:rds:eu-west-1:1:cluster-snapshot:{}", self.of),
            );
            return 1;
        }
        if looked(&scene.shelf, &self.of, stale).is_some_and(|(marked, _)| marked) {
            scene.ledger.used.insert(self.of.clone());
        } else {
            scene.shelf.stacks.remove(&format!("by-hand-{}", self.of));
        }
        OVER
    }

    /// On record, both halves, the mark, over.
    fn back_up(&mut self, scene: &mut Scene) -> u8 {
        let shelf = &mut scene.shelf;
        match self.step {
            0 => {
                let run = run(Kind::Backup { live: false, seed: false }, target(STACK, None), shelf.now);
                self.of = run.id.to_string();
                shelf.runs.insert(self.of.clone(), run);
            }
            1 => {
                shelf.put(began(&self.of), Make::Unmarked);
                drop(shelf.change_snapshot(&self.of, |half| half.status = SnapshotStatus::Creating));
                drop(shelf.change_files(&self.of, |files| files.half.status = PointStatus::Creating));
            }
            2 => {
                drop(shelf.change_snapshot(&self.of, |half| half.status = SnapshotStatus::Available));
                drop(shelf.change_files(&self.of, |files| files.half.status = PointStatus::Completed));
            }
            3 => {
                let value = mark(began(&self.of));
                let put = |files: &mut super::shelf::Files| {
                    files.half.tags.get_or_insert_default().insert(tags::COMPLETE.to_owned(), value.clone());
                };
                drop(shelf.change_files(&self.of, put));
                drop(shelf.change_snapshot(&self.of, |half| {
                    drop(half.tags.insert(tags::COMPLETE.to_owned(), value.clone()));
                }));
                scene.ledger.learn(shelf);
            }
            _ => {
                ends(shelf, &self.of);
                return OVER;
            }
        }
        self.due = shelf.now + BETWEEN;
        self.step + 1
    }
}

/// Whether the mark is seen on a whole backup, and which tags its snapshot has; `None`: it is not whole.
fn looked(shelf: &Shelf, id: &str, stale: bool) -> Option<(bool, Vec<String>)> {
    if stale {
        let snapshot = &shelf.older().snapshots.get(id)?.half;
        let files = shelf.older().points.get(&point_of(id))?;
        let whole = snapshot.status == SnapshotStatus::Available && files.half.status.complete();
        return whole.then(|| (marked(snapshot), snapshot.tags.keys().cloned().collect()));
    }
    let (snapshot, _) = whole(shelf, id)?;
    Some((marked(snapshot), snapshot.tags.keys().cloned().collect()))
}

fn deletes(scene: &mut Scene, wish: Wish, id: &str) {
    let there = scene.shelf.snapshot(id).is_some() || scene.shelf.files(id).is_some();
    // Nobody deletes by hand what he has just put on hold, or made a stack of.
    if !there || scene.ledger.held.contains(id) || scene.ledger.used.contains(id) {
        return;
    }
    scene.ledger.meddles(&scene.shelf, id);
    let shelf = &mut scene.shelf;
    if matches!(wish, Wish::DeletePoint | Wish::DeleteBoth) {
        drop(shelf.delete_point(&point_of(id)));
    }
    if matches!(wish, Wish::DeleteSnapshot | Wish::DeleteBoth) {
        drop(shelf.delete_snapshot(id));
    }
    if wish == Wish::DeleteBoth {
        shelf.manifests.remove(id);
    }
    if wish == Wish::Disown {
        drop(shelf.change_snapshot(id, |half| drop(half.tags.remove(tags::ID))));
    }
}

/// When the backup of this id began, as the clock here goes.
fn began(id: &str) -> Millis {
    let of = id.parse::<stacksnap::model::BackupId>().ok().and_then(|id| id.at());
    let millis = of.map_or(0, |of| of.as_millisecond() - at(0).as_millisecond());
    debug_assert_eq!(id_of(millis), id);
    millis
}

fn target(stack: &str, aim: Option<Aim>) -> Target {
    Target {
        stack: stack.to_owned(),
        stack_id: if stack == STACK { STACK_ID.to_owned() } else { String::new() },
        switch: None,
        cluster: String::new(),
        file_system: String::new(),
        vault: VAULT.to_owned(),
        role: String::new(),
        secret: None,
        secret_version: None,
        protected: Vec::new(),
        aim,
    }
}

fn run(kind: Kind, target: Target, now: Millis) -> Run {
    Run::new(kind, target, Options::default(), at(now))
}

/// The run that makes a stack of this backup; the same whenever it is asked for.
fn restore_of(id: &str) -> Run {
    let aim = Aim {
        backup: id.to_owned(),
        point: point_of(id),
        vault: VAULT.to_owned(),
        source: STACK_ID.to_owned(),
        name: format!("new-{id}"),
        plan: String::new(),
        cluster: None,
        file_system: None,
        probe: None,
        proof_age: None,
        undo: None,
        profile: None,
        backup_at: None,
    };
    run(Kind::Restore, target(&format!("new-{id}"), Some(aim)), 0)
}

fn ends(shelf: &mut Shelf, id: &str) {
    let ours = |run: &&mut Run| run.id.as_str() == id || run.target.aim.as_ref().is_some_and(|aim| aim.backup == id);
    for run in shelf.runs.values_mut().filter(ours) {
        let ending = stacksnap::model::run::Ending {
            outcome: stacksnap::model::run::Outcome::Complete,
            at: at(0),
            why: None,
            hint: None,
            left_offline: false,
        };
        *run = Run { phase: Phase::Done, ending: Some(ending), target: Arc::clone(&run.target), ..run.clone() };
    }
}
