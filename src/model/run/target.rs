//! What a run may touch, and what the user asked for besides.

use serde::{Deserialize, Serialize};

use crate::model::rebuild::Aim;
use crate::model::topology::OfflineSwitch;

/// The one stack, account and region that this run may ever change: nothing foreign is touched.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// The stack's name.
    pub stack: String,
    /// The stack's ARN, with the region and the account.
    pub stack_id: String,
    /// How it goes offline; `None` only for live backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch: Option<OfflineSwitch>,
    /// `DBClusterIdentifier`
    pub cluster: String,
    /// The file system's ARN.
    pub file_system: String,
    /// The backup vault's name.
    pub vault: String,
    /// The ARN of the role AWS Backup works with.
    pub role: String,
    /// The DB secret's ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The DB secret's version id at the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_version: Option<String>,
    /// Logical ids that no update of ours may replace or remove.
    pub protected: Vec<String>,
    /// What a run that makes a new stack is about. Since format 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aim: Option<Aim>,
}

/// What the user asked for besides.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Options {
    /// The offline budget, seconds from the off operation's start.
    pub max_offline: u32,
    /// Seconds from the off operation's end until the last NFS writes are taken to be in.
    pub settle: u32,
    /// The user's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why the backup must not be pruned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
}

impl Default for Options {
    /// 60 minutes, 30 seconds.
    fn default() -> Self {
        Self { max_offline: 3600, settle: 30, note: None, hold: None }
    }
}
