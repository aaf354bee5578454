//! A backup: one id, two completed halves, the secrets that open them, one stack.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a row of the catalogue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Two complete halves, checked and marked.
    Complete,
    /// A run is making it.
    Running,
    /// Both halves are there, but one is not complete, or the mark of completeness is missing.
    Incomplete,
    /// Its run failed.
    Failed,
    /// One half without its partner, and no run that is making it.
    Orphan,
    /// More than one snapshot or recovery point claims the id (copied or edited tags).
    Ambiguous,
}

/// The database's half, as the catalogue keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseHalf {
    /// `DBClusterSnapshotIdentifier`
    pub snapshot: Box<str>,
    /// `DBClusterSnapshotArn`
    pub arn: Box<str>,
    /// `Status`
    pub status: Box<str>,
    /// `SnapshotCreateTime`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created: Option<Timestamp>,
    /// `DBClusterIdentifier`
    pub cluster: Box<str>,
    /// `AllocatedStorage`, GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocated_gib: Option<i32>,
}

/// The files' half, as the catalogue keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FilesHalf {
    /// `RecoveryPointArn`
    pub recovery_point: Box<str>,
    /// `Status`
    pub status: Box<str>,
    /// `BackupVaultName`
    pub vault: Box<str>,
    /// `CreationDate`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created: Option<Timestamp>,
    /// `CompletionDate`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub completed: Option<Timestamp>,
    /// `BackupSizeInBytes`: for EFS, what this run copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// Something that stacksnap did not make, and leaves alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Other {
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created: Option<Timestamp>,
    /// What it is.
    pub what: OtherKind,
    /// The snapshot's identifier, or the recovery point's ARN.
    pub id: Box<str>,
    /// Who made it, as AWS tells: `automated`, `manual` or `awsbackup` for a snapshot; `plan` (a backup
    /// plan) or `on-demand` for a recovery point.
    #[serde(rename = "type")]
    pub made: Box<str>,
    /// `Status`
    pub status: Box<str>,
    /// What it was taken of: the DB cluster's identifier, or the resource's ARN.
    pub of: Box<str>,
    /// The recovery point's `BackupVaultName`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vault: Option<Box<str>>,
}

/// What something that others made is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OtherKind {
    /// A DB cluster snapshot.
    Snapshot,
    /// An AWS Backup recovery point.
    RecoveryPoint,
}

/// A snapshot and a recovery point that others made of one stack's cluster and file system. Nothing proves that they
/// belong to one instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pair {
    /// The stack's name.
    pub stack: Box<str>,
    /// The snapshot's identifier.
    pub snapshot: Box<str>,
    /// Who made the snapshot: `automated`, `manual` or `awsbackup`.
    #[serde(rename = "type")]
    pub made: Box<str>,
    /// `SnapshotCreateTime`
    #[schemars(with = "String")]
    pub database_at: Timestamp,
    /// The recovery point's ARN.
    pub recovery_point: Box<str>,
    /// `BackupVaultName`
    pub vault: Box<str>,
    /// The recovery point's `CreationDate`.
    #[schemars(with = "String")]
    pub files_at: Timestamp,
    /// Seconds between the two.
    pub skew_s: u64,
    /// The files are the older half.
    pub files_first: bool,
}

/// One row of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Backup {
    /// The backup's id.
    pub id: Box<str>,
    /// The stack's name.
    pub stack: Box<str>,
    /// The stack's ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_id: Option<Box<str>>,
    /// What it is.
    pub state: State,
    /// Why it is not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Box<str>>,
    /// `offline` or `live`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Box<str>>,
    /// When it began: the earlier half's creation, or the id's own stamp.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub began: Option<Timestamp>,
    /// When it was marked complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed: Option<Box<str>>,
    /// Seconds between the instants the halves stand for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skew_s: Option<u32>,
    /// The database's half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseHalf>,
    /// The files' half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<FilesHalf>,
    /// The DB secret's ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_arn: Option<Box<str>>,
    /// The DB secret's version id at the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_version: Option<Box<str>>,
    /// The user's note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Box<str>>,
    /// Why it must not be pruned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Box<str>>,
    /// Until when, RFC 3339; absent: until somebody takes the hold off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_until: Option<Box<str>>,
    /// When its restore was last rehearsed with success.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub drilled: Option<Timestamp>,
    /// Its manifest's checksum and where that is kept, as the tag says: `<sha256> ssm` or
    /// `<sha256> s3://bucket/prefix`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Box<str>>,
    /// The version of stacksnap that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_version: Option<Box<str>>,
}
