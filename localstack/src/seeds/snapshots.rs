//! Many DB cluster snapshots at once.

use crate::clock::{later, seconds};
use crate::rds::state::Snapshot;
use crate::realm::Realm;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// More snapshots than this at once have no rows in them: they would fill the memory.
const WITH_ROWS: u32 = 1000;

/// Manual snapshots of a cluster, one after the other up to now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SnapshotSeed {
    /// The account; empty is `123456789012`.
    pub account: String,
    /// The region; empty is `us-east-1`.
    pub region: String,
    /// The cluster's identifier.
    pub cluster: String,
    /// How many.
    pub count: u32,
    /// What the identifiers begin with; a number of six digits follows. With `{stamp}` in it, that
    /// becomes the instant as `yyyymmdd-hhmmss`, and no number follows.
    pub prefix: String,
    /// Tags; `{n}` in a value is the number, `{hex}` the same as twelve hexadecimal digits, `{time}` the instant in ISO 8601 (whole seconds), `{stamp}` the instant as
    /// `yyyymmdd-hhmmss`.
    pub tags: BTreeMap<String, String>,
    /// Seconds between one and the next.
    pub every: f64,
}

impl Default for SnapshotSeed {
    fn default() -> Self {
        Self {
            account: String::new(),
            region: String::new(),
            cluster: String::new(),
            count: 0,
            prefix: "seeded-".to_owned(),
            tags: BTreeMap::new(),
            every: 3600.0,
        }
    }
}

impl SnapshotSeed {
    /// Plants them and raises the quota; `false` when there is no such cluster.
    pub(crate) fn plant(&self, realm: &mut Realm, now: Timestamp) -> bool {
        let Some(cluster) = realm.databases.clusters.get(&self.cluster).cloned() else {
            return false;
        };
        for number in 0..self.count {
            let age = f64::from(self.count - number) * self.every;
            let at = later(now, seconds(-age));
            let id = self.id_of(number, at);
            let mut snapshot = Snapshot::blank(&cluster, &id, "manual", at, at);
            if self.count <= WITH_ROWS {
                snapshot.copy = realm.rows_of(&cluster.id, at);
            }
            snapshot.tags = self.tags_of(number, at);
            realm.databases.snapshots.insert(id, snapshot);
        }
        let room = realm.databases.manual().saturating_add(100);
        realm.databases.quota = realm.databases.quota.max(room);
        true
    }

    fn id_of(&self, number: u32, at: Timestamp) -> String {
        if self.prefix.contains("{stamp}") {
            return self.prefix.replace("{stamp}", &stamp(at));
        }
        format!("{}{number:06}", self.prefix)
    }

    fn tags_of(&self, number: u32, at: Timestamp) -> BTreeMap<String, String> {
        let filled = |text: &String| {
            let numbered = text.replace("{n}", &number.to_string()).replace("{hex}", &format!("{number:012x}"));
            numbered.replace("{time}", &at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).replace("{stamp}", &stamp(at))
        };
        self.tags.iter().map(|(key, value)| (key.clone(), filled(value))).collect()
    }
}

/// An instant as `yyyymmdd-hhmmss`.
pub(super) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y%m%d-%H%M%S").to_string()
}
