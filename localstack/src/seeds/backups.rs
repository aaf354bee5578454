//! Past backups of a stack: a snapshot, a recovery point, or both, in any number.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Past backups of a stack, oldest first, one or many.
///
/// In the texts of its halves `{n}` is the number from 0 on, `{hex}` the same as twelve
/// hexadecimal digits, `{time}` the instant in ISO 8601, `{stamp}` the same as
/// `yyyymmdd-hhmmss`, `{uuid}` a UUID of this backup alone; `{stack}`, `{stack_id}`, `{cluster}`,
/// `{file_system}`, `{vault}` what it is a backup of; and in tags `{snapshot}` and
/// `{recovery_point}` the identifier and the ARN of the halves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BackupSeed {
    /// The account; empty is `123456789012`.
    pub account: String,
    /// The region; empty is `us-east-1`.
    pub region: String,
    /// The stack's name or id.
    pub stack: String,
    /// The DB cluster; empty is the stack's.
    pub cluster: String,
    /// The file system; empty is the stack's.
    pub file_system: String,
    /// The vault; empty is the stack's.
    pub vault: String,
    /// How many.
    pub count: u32,
    /// The instant of the first; absent, the last one is `every` seconds old.
    pub at: Option<Timestamp>,
    /// Seconds between one and the next.
    pub every: f64,
    /// The DB cluster snapshot; absent, there is none.
    pub snapshot: Option<SnapshotHalf>,
    /// The recovery point; absent, there is none.
    pub recovery_point: Option<PointHalf>,
}

/// The snapshot of a past backup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SnapshotHalf {
    /// The identifier.
    pub id: String,
    /// `available`, `failed`; or `creating` or `deleting`, for ever.
    pub status: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// The recovery point of a past backup, or of a seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PointHalf {
    /// What its ARN ends with.
    pub id: String,
    /// Its state, e.g. `COMPLETED` or `EXPIRED`.
    pub state: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Whether a backup plan has made it.
    pub planned: bool,
    /// The lifecycle it shows; the sandbox does not carry it out.
    pub delete_after_days: Option<i64>,
    /// Seconds from the snapshot to its creation.
    pub delay: f64,
}

/// A backup that was planted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PlantedBackup {
    /// The snapshot's identifier.
    pub snapshot: Option<String>,
    /// The recovery point's ARN.
    pub recovery_point: Option<String>,
    /// The instant.
    pub created: Timestamp,
}

impl Default for BackupSeed {
    fn default() -> Self {
        Self {
            account: String::new(),
            region: String::new(),
            stack: String::new(),
            cluster: String::new(),
            file_system: String::new(),
            vault: String::new(),
            count: 1,
            at: None,
            every: 86_400.0,
            snapshot: None,
            recovery_point: None,
        }
    }
}

impl Default for SnapshotHalf {
    fn default() -> Self {
        Self { id: "{stack}-{stamp}".to_owned(), status: "available".to_owned(), tags: BTreeMap::new() }
    }
}

impl Default for PointHalf {
    fn default() -> Self {
        Self {
            id: "{uuid}".to_owned(),
            state: "COMPLETED".to_owned(),
            tags: BTreeMap::new(),
            planned: false,
            delete_after_days: None,
            delay: 0.0,
        }
    }
}
