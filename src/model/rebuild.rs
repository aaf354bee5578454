//! What a run that makes a new stack of a backup is about: `restore`, `drill`, `replace`.
//!
//! Changing anything serialised here? It is part of the run record: ARCHITECTURE.md has the checklist.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::arn::Arn;
use super::half::{Cluster, FileSystem};
use super::new_stack::NewStack;
use super::stack::Resource;

/// What is wanted. Pinned at the start, never changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Aim {
    /// The backup that is restored.
    pub backup: String,
    /// Its recovery point's ARN.
    pub point: String,
    /// The vault that holds it.
    pub vault: String,
    /// The source stack's ARN. Nothing of it is ever touched; `replace` names it in its target instead.
    pub source: String,
    /// The new stack's name.
    pub name: String,
    /// SHA-256 of the kept [`Plan`], hex: another one is not carried out.
    pub plan: String,
    /// The DB cluster's place in the template, e.g. `AppDb`; absent where it is not a resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The file system's place in the template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_system: Option<String>,
    /// What must answer 200 before a drill counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
    /// How old the proof may be for a replacement, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_age: Option<u32>,
    /// What a replacement does when the new stack does not verify.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
    /// The source's stack profile: what is told after a restore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// When the backup was begun: its age at the start is what would have been lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_at: Option<Timestamp>,
}

impl Aim {
    /// The name of the stack that the backup is of.
    pub fn source_name(&self) -> Option<String> {
        let arn: Arn = self.source.parse().ok()?;
        arn.stack_name().map(str::to_owned)
    }
}

/// How the recovery point's ARN ends in the plan of a safety backup: the real one is known only when
/// StartBackupJob has answered. It looks like one, since templates check what they are given.
pub const SAFETY_POINT: &str = ":recovery-point:00000000-0000-0000-0000-000000000000";

/// An URL that has to answer 200 within a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Probe {
    /// `https://…`; outputs of the new stack as `{OutputKey}`.
    pub url: String,
    /// Seconds.
    pub within: u32,
}

impl Probe {
    /// The outputs of the new stack that stand in braces in its URL.
    pub fn outputs(&self) -> impl Iterator<Item = &str> {
        self.url.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
    }
}

/// What becomes of a replacement whose new stack failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Undo {
    /// Somebody is asked; until then the run stands still.
    Ask,
    /// The safety backup is restored.
    Rollback,
    /// It stays as it is.
    Keep,
}

/// What is known so far; each fact is filled in once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rebuilt {
    /// DeleteStack of the old stack may have been asked for since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleting: Option<Timestamp>,
    /// The new stack.
    #[serde(default, skip_serializing_if = "Made::is_nothing")]
    pub first: Made,
    /// The one that the safety backup was restored to.
    #[serde(default, skip_serializing_if = "Made::is_nothing")]
    pub second: Made,
    /// The mark `drilled` is on both halves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drilled: Option<Timestamp>,
    /// Somebody decided that the safety backup is to be restored.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub roll_back: bool,
}

/// One stack that the run makes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Made {
    /// CreateStack was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Timestamp>,
    /// Its ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// It was created and proven at this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven: Option<Timestamp>,
}

impl Made {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// The stacks that a run may create, kept before it begins: the restored one, and for a replacement
/// the one that the safety backup would be restored to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// What the backup is restored to.
    pub first: Arc<NewStack>,
    /// What the safety backup is restored to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Arc<NewStack>>,
}

/// The parts of a new stack that a proof looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Parts {
    /// The DB cluster.
    pub cluster: Option<Cluster>,
    /// The file system.
    pub file_system: Option<FileSystem>,
    /// Restore jobs of the recovery point since the run began.
    pub jobs: Vec<RestoreJob>,
}

/// An AWS Backup restore job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RestoreJob {
    /// `RestoreJobId`
    pub id: String,
    /// `Status`: PENDING, RUNNING, COMPLETED, ABORTED, FAILED.
    pub status: String,
    /// `StatusMessage`
    pub message: Option<String>,
    /// `CreatedResourceArn`
    pub created: Option<String>,
    /// `PercentDone`, as AWS writes it, e.g. `12.00%`.
    pub percent: Option<String>,
}

/// The restored backup's marks, read again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Marks {
    /// The snapshot's ARN.
    pub snapshot_arn: String,
    /// The snapshot is `available` and bears the mark of completeness.
    pub snapshot: bool,
    /// The recovery point is complete and bears it, too.
    pub point: bool,
    /// When the newest drill of it succeeded, as both halves say.
    pub drilled: Option<Timestamp>,
    /// `drilled` as the snapshot says.
    pub drilled_snapshot: Option<Timestamp>,
    /// `drilled` as the recovery point says.
    pub drilled_point: Option<Timestamp>,
}

/// What a deleted stack may have left behind: facts, no verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Remains {
    /// What is still there.
    pub things: Vec<Remaining>,
    /// Rows of the deleted stack that nobody could look for, by type and physical id.
    pub unknown: Vec<Resource>,
    /// Physical ids of the source stack's own resources: never touched.
    pub of_source: Vec<String>,
}

/// One thing that is still there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Remaining {
    /// What.
    pub thing: Thing,
    /// Its place in the stack, e.g. `DailyBackupVault`, or what it belongs to.
    pub place: String,
    /// When AWS says that it was made.
    pub made: Option<Timestamp>,
    /// It is on its way out already.
    pub leaving: bool,
    /// It bears a backup's tags: it is somebody's half.
    pub half: bool,
}

/// A thing that can be deleted, by its physical id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Thing {
    /// `DBInstanceIdentifier`
    Instance(String),
    /// `DBClusterIdentifier`
    Cluster(String),
    /// A manual DB cluster snapshot *of the deleted stack's cluster*.
    FinalSnapshot(String),
    /// `FileSystemId`
    FileSystem(String),
    /// A recovery point in a vault of the deleted stack.
    Point {
        /// `BackupVaultName`
        vault: String,
        /// `RecoveryPointArn`
        arn: String,
    },
    /// `BackupVaultName`
    Vault(String),
    /// A secret's ARN.
    Secret(String),
    /// A Parameter Store name.
    Parameter(String),
    /// A KMS key's id; it can only be scheduled for deletion.
    Key(String),
}

impl Thing {
    /// AWS's identifier of it.
    pub fn id(&self) -> &str {
        match self {
            Self::Instance(id)
            | Self::Cluster(id)
            | Self::FinalSnapshot(id)
            | Self::FileSystem(id)
            | Self::Point { arn: id, .. }
            | Self::Vault(id)
            | Self::Secret(id)
            | Self::Parameter(id)
            | Self::Key(id) => id,
        }
    }

    /// What it is, in AWS's words.
    pub fn what(&self) -> &'static str {
        match self {
            Self::Instance(_) => "DB instance",
            Self::Cluster(_) => "DB cluster",
            Self::FinalSnapshot(_) => "DB cluster snapshot",
            Self::FileSystem(_) => "file system",
            Self::Point { .. } => "recovery point",
            Self::Vault(_) => "backup vault",
            Self::Secret(_) => "secret",
            Self::Parameter(_) => "parameter",
            Self::Key(_) => "KMS key",
        }
    }
}
