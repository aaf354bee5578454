//! What a prune can see and touch of AWS, in memory: snapshots, recovery points, tags, a vault that may be locked,
//! stacks that name a backup, runs on record, manifests.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use stacksnap::engine::prune::Removal;
use stacksnap::model::half::{RecoveryPoint, Snapshot, Tags};
use stacksnap::model::run::Run;
use stacksnap::model::{BackupId, PointStatus, Refusal, RefusalKind, SnapshotStatus, tags};

use crate::cloud::{FILES, Millis, STACK, STACK_ID, at, refusal};

pub(super) const VAULT: &str = "my-vault";
const DAY: Millis = 86_400_000;

/// A snapshot; and when it will be gone, where its deletion was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Database {
    pub half: Snapshot,
    pub gone_at: Option<Millis>,
}

/// A recovery point, the same way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Files {
    pub half: RecoveryPoint,
    pub gone_at: Option<Millis>,
    /// A legal hold: DeleteRecoveryPoint is refused.
    pub legal_hold: bool,
    /// DeleteRecoveryPoint answers 200, and leaves it EXPIRED.
    pub expires: bool,
}

/// All halves, by identifier and by ARN. Cheap to copy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Halves {
    pub snapshots: BTreeMap<String, Arc<Database>>,
    pub points: BTreeMap<String, Arc<Files>>,
}

/// How much of a backup there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Make {
    Complete,
    /// Both halves, but never marked.
    Unmarked,
    /// An earlier prune took the mark off, and died.
    Begun,
    /// The snapshot alone; its recovery point is gone.
    SnapshotOnly,
    PointOnly,
    Seed,
}

/// The account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shelf {
    pub now: Millis,
    pub halves: Halves,
    /// What there was until when: for stale reads.
    past: VecDeque<(Millis, Halves)>,
    /// A read may be as old as this.
    pub stale: Millis,
    /// Live stacks: their name, and what their parameter says.
    pub stacks: BTreeMap<String, String>,
    pub runs: BTreeMap<String, Run>,
    pub manifests: BTreeSet<String>,
    pub locked: bool,
    /// How long a half that is deleted is still shown.
    pub slow: Millis,
    /// So many tags are written, answered with 200, and not there.
    pub slippery: u8,
    /// Calls that changed something.
    pub effects: u32,
}

/// `my-hub-20261120-020000`
pub(super) fn id_of(began: Millis) -> String {
    BackupId::new(STACK, at(began)).to_string()
}

/// The ARN of the recovery point of the backup that began then.
pub(super) fn point_of(id: &str) -> String {
    ["arn:aws:backup:eu-west-1:123456789012:recovery-point:of-", id].concat()
}

fn own(id: &str) -> Tags {
    let own = [(tags::ID, id), (tags::STACK, STACK), (tags::STACK_ID, STACK_ID), (tags::VAULT, VAULT)];
    own.into_iter().map(|(key, value)| (key.to_owned(), tags::encode(value))).collect()
}

/// The mark of completeness of the backup that began then.
pub(super) fn mark(began: Millis) -> String {
    tags::encode(&at(began + 900_000).strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn snapshot(id: &str, began: Millis, tags: Tags) -> Snapshot {
    Snapshot {
        id: id.to_owned(),
        arn: format!("arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:{id}"),
        cluster: "my-hub-app-db".to_owned(),
        status: SnapshotStatus::Available,
        manual: true,
        percent: 100,
        created: Some(at(began)),
        kms_key: None,
        allocated_gib: Some(10),
        tags,
    }
}

fn point(arn: String, began: Millis, tags: Tags) -> RecoveryPoint {
    RecoveryPoint {
        arn,
        vault: VAULT.to_owned(),
        resource: FILES.to_owned(),
        status: PointStatus::Completed,
        created: Some(at(began)),
        completed: Some(at(began + 600_000)),
        bytes: Some(1_000),
        by_plan: false,
        tags: Some(tags),
    }
}

impl Shelf {
    pub(super) fn new() -> Self {
        Self {
            now: 0,
            halves: Halves::default(),
            past: VecDeque::new(),
            stale: 0,
            stacks: BTreeMap::new(),
            runs: BTreeMap::new(),
            manifests: BTreeSet::new(),
            locked: false,
            slow: 0,
            slippery: 0,
            effects: 0,
        }
    }

    /// Puts a backup there that began `days` ago; its id.
    pub(super) fn aged(&mut self, days: i64, what: Make) -> String {
        self.put(self.now - days * DAY - 3_600_000, what)
    }

    /// Puts a backup there; its id.
    pub(super) fn put(&mut self, began: Millis, what: Make) -> String {
        let (id, marked) = (id_of(began), mark(began));
        let arn = point_of(&id);
        let (mut of_snapshot, mut of_point) = (own(&id), own(&id));
        of_snapshot.insert(tags::RECOVERY_POINT.to_owned(), tags::encode(&arn));
        of_point.insert(tags::SNAPSHOT.to_owned(), id.clone());
        match what {
            Make::Unmarked | Make::SnapshotOnly | Make::PointOnly => {}
            Make::Complete => {
                of_snapshot.insert(tags::COMPLETE.to_owned(), marked.clone());
                of_point.insert(tags::COMPLETE.to_owned(), marked);
            }
            Make::Begun => {
                of_snapshot.insert(tags::DELETING.to_owned(), tags::deleting(at(began + DAY), Some(&marked)));
                of_point.insert(tags::COMPLETE.to_owned(), marked);
            }
            Make::Seed => of_point = [(tags::SEED.to_owned(), id.clone())].into(),
        }
        if !matches!(what, Make::PointOnly | Make::Seed) {
            self.add_snapshot(snapshot(&id, began, of_snapshot));
            self.manifests.insert(id.clone());
        }
        if what != Make::SnapshotOnly {
            self.add_point(point(arn, began, of_point));
        }
        id
    }

    fn add_snapshot(&mut self, half: Snapshot) {
        self.keep_past();
        self.halves.snapshots.insert(half.id.clone(), Arc::new(Database { half, gone_at: None }));
    }

    fn add_point(&mut self, half: RecoveryPoint) {
        self.keep_past();
        let files = Files { half, gone_at: None, legal_hold: false, expires: false };
        self.halves.points.insert(files.half.arn.clone(), Arc::new(files));
    }

    /// What is not ours: a snapshot of somebody's, a recovery point of a backup plan's, another stack's backup.
    pub(super) fn add_foreign(&mut self) {
        let old = self.now - 400 * DAY;
        self.add_snapshot(snapshot("before-the-upgrade", old, Tags::new()));
        let arn = "arn:aws:backup:eu-west-1:123456789012:recovery-point:FFFFFFFF-9EB0-435A-A80B-000000000001";
        let mut by_plan = point(arn.to_owned(), old, own(&id_of(old)));
        by_plan.by_plan = true;
        self.add_point(by_plan);
        let mut other = own("other-20250101-020000");
        other.insert(tags::STACK.to_owned(), "other".to_owned());
        other.insert(tags::COMPLETE.to_owned(), mark(old));
        self.add_snapshot(snapshot("other-20250101-020000", old, other));
    }

    fn keep_past(&mut self) {
        if self.stale > 0 {
            self.past.push_back((self.now, self.halves.clone()));
            let oldest = self.now - self.stale;
            while self.past.front().is_some_and(|(until, _)| *until < oldest) {
                self.past.pop_front();
            }
        }
    }

    /// What a stale read may show: the oldest that was still so within the bound.
    pub(super) fn older(&self) -> &Halves {
        let oldest = self.now - self.stale;
        self.past.iter().find(|(until, _)| *until >= oldest).map_or(&self.halves, |(_, halves)| halves)
    }

    /// Lets time pass.
    pub(super) fn advance(&mut self, now: Millis) {
        self.now = self.now.max(now);
        let now = self.now;
        let due = |at: Option<Millis>| at.is_some_and(|at| at <= now);
        let dying = self.halves.snapshots.values().any(|half| due(half.gone_at))
            || self.halves.points.values().any(|half| due(half.gone_at));
        if dying {
            self.keep_past();
            self.halves.snapshots.retain(|_, half| !due(half.gone_at));
            self.halves.points.retain(|_, half| !due(half.gone_at));
        }
    }

    pub(super) fn snapshot(&self, id: &str) -> Option<&Snapshot> {
        self.halves.snapshots.get(id).map(|there| &there.half)
    }

    pub(super) fn files(&self, id: &str) -> Option<&Files> {
        self.halves.points.get(&point_of(id)).map(AsRef::as_ref)
    }

    pub(super) fn change_snapshot(&mut self, id: &str, change: impl FnOnce(&mut Snapshot)) -> Result<(), Refusal> {
        self.keep_past();
        self.effects += 1;
        let there = self.halves.snapshots.get_mut(id).ok_or_else(|| refusal(RefusalKind::NotFound, "snapshot"))?;
        change(&mut Arc::make_mut(there).half);
        Ok(())
    }

    pub(super) fn change_files(&mut self, id: &str, change: impl FnOnce(&mut Files)) -> Result<(), Refusal> {
        self.keep_past();
        self.effects += 1;
        let there = self.halves.points.get_mut(&point_of(id)).ok_or_else(|| refusal(RefusalKind::NotFound, "point"))?;
        change(Arc::make_mut(there));
        Ok(())
    }

    /// Does what a prune asks for, as the adapter would.
    pub(super) fn remove(&mut self, removal: &Removal) -> Result<(), Refusal> {
        match removal {
            Removal::Tag { arn, tag: (key, value) } => {
                if self.slippery > 0 {
                    self.slippery -= 1;
                    return Ok(());
                }
                let (key, value) = (key.clone(), value.clone());
                self.change_snapshot(last(arn), |half| drop(half.tags.insert(key, value)))
            }
            Removal::Untag { arn, key } => {
                // As in the adapter: what is gone has no tags.
                drop(self.change_snapshot(last(arn), |half| drop(half.tags.remove(*key))));
                Ok(())
            }
            Removal::Point(name) => self.delete_point(&name.arn),
            Removal::Snapshot { id } => self.delete_snapshot(id),
            Removal::Manifest { id, .. } => {
                self.effects += u32::from(self.manifests.remove(id));
                Ok(())
            }
        }
    }

    pub(super) fn delete_point(&mut self, arn: &str) -> Result<(), Refusal> {
        let (now, slow) = (self.now, self.slow);
        let there = self.halves.points.get(arn).ok_or_else(|| refusal(RefusalKind::NotFound, "point"))?;
        if self.locked {
            return Err(refusal(RefusalKind::Invalid, "the vault is locked"));
        }
        if there.legal_hold {
            return Err(refusal(RefusalKind::WrongState, "a legal hold"));
        }
        if there.half.status == PointStatus::Deleting || (there.expires && there.half.status == PointStatus::Expired) {
            return Ok(());
        }
        self.keep_past();
        self.effects += 1;
        if let Some(there) = self.halves.points.get_mut(arn).map(Arc::make_mut) {
            let expires = there.expires;
            there.half.status = if expires { PointStatus::Expired } else { PointStatus::Deleting };
            there.gone_at = (!expires).then_some(now + slow);
        }
        self.advance(now);
        Ok(())
    }

    pub(super) fn delete_snapshot(&mut self, id: &str) -> Result<(), Refusal> {
        let (now, slow) = (self.now, self.slow);
        let there = self.halves.snapshots.get(id).ok_or_else(|| refusal(RefusalKind::NotFound, "snapshot"))?;
        if there.half.status == SnapshotStatus::Deleting {
            return Err(refusal(RefusalKind::WrongState, "it is deleting"));
        }
        self.keep_past();
        self.effects += 1;
        if let Some(there) = self.halves.snapshots.get_mut(id).map(Arc::make_mut) {
            there.half.status = SnapshotStatus::Deleting;
            there.gone_at = Some(now + slow);
        }
        self.advance(now);
        Ok(())
    }
}

/// The last part of an ARN.
pub(super) fn last(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or_default()
}
