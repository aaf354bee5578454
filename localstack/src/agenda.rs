//! What is going to happen, in order of time.

use crate::backup::jobs::JobStep;
use crate::backup::restores::RestoreStep;
use crate::cfn::script::Step;
use crate::realm::Realm;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Something that will happen by itself.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A change set moves on.
    ChangeSet {
        /// The stack's id.
        stack: String,
        /// The change set's ARN.
        id: String,
    },
    /// A stack operation moves on, unless its script has been replaced.
    Stack {
        /// The stack's id.
        stack: String,
        /// Which script the step belongs to.
        script: u64,
        /// What happens.
        step: Step,
    },
    /// A backup job moves on.
    Job {
        /// The job's id.
        id: String,
        /// What happens.
        step: JobStep,
    },
    /// A restore job moves on.
    Restore {
        /// The job's id.
        id: String,
        /// What happens.
        step: RestoreStep,
    },
    /// Something that was being deleted is gone.
    Gone(Thing),
}

/// Something that takes a while to be deleted.
#[derive(Clone, Debug)]
pub(crate) enum Thing {
    /// A DB cluster by identifier.
    Cluster(String),
    /// A DB instance by identifier.
    Instance(String),
    /// A file system by id.
    FileSystem(String),
    /// A mount target by id.
    MountTarget(String),
    /// A DB cluster snapshot by identifier.
    Snapshot(String),
    /// A recovery point by ARN.
    Point(String),
    /// A KMS key by id, if it is still pending deletion at that instant.
    Key(String, Timestamp),
}

impl Thing {
    /// It is gone.
    pub(crate) fn go(self, realm: &mut Realm) {
        match self {
            Self::Cluster(id) => crate::rds::forget_cluster(realm, &id),
            Self::Instance(id) => {
                for cluster in realm.databases.clusters.values_mut() {
                    cluster.instances.retain(|each| each.id != id || !each.deleting);
                }
            }
            Self::FileSystem(id) => {
                realm.file_systems.remove(&id);
            }
            Self::MountTarget(id) => {
                for each in realm.file_systems.values_mut() {
                    each.mount_targets.retain(|target| target.id != id);
                }
            }
            Self::Snapshot(id) => crate::rds::forget_snapshot(realm, &id),
            Self::Point(arn) => crate::backup::deletion::gone(&mut realm.backup, &arn),
            Self::Key(id, at) => {
                let due = |key: &crate::identity::Key| key.deletion == Some(at);
                if realm.keys.get(&id).is_some_and(due) {
                    realm.keys.remove(&id);
                }
            }
        }
    }
}

/// The events to come; those of one instant in the order they were planned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Agenda {
    events: BTreeMap<(Timestamp, u64), Event>,
    planned: u64,
}

impl Agenda {
    /// Plans an event.
    pub(crate) fn plan(&mut self, at: Timestamp, event: Event) {
        self.planned += 1;
        self.events.insert((at, self.planned), event);
    }

    /// Takes the earliest event that is due.
    pub(crate) fn due(&mut self, now: Timestamp) -> Option<(Timestamp, Event)> {
        let first = self.events.first_entry()?;
        let at = first.key().0;
        (at <= now).then(|| (at, first.remove()))
    }
}
