//! The two halves of a backup, and what they are taken of.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{ClusterStatus, JobState, PointStatus, SnapshotStatus};

/// Tags as AWS returns them.
pub type Tags = BTreeMap<String, String>;

/// A DB cluster, from DescribeDBClusters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cluster {
    /// `DBClusterIdentifier`
    pub id: String,
    /// `DBClusterArn`
    pub arn: String,
    /// `Status`
    pub status: ClusterStatus,
    /// `Engine` and `EngineVersion`, e.g. `aurora-postgresql 16.4`.
    pub engine: String,
    /// `KmsKeyId`, where encrypted.
    pub kms_key: Option<String>,
}

/// An EFS file system, from DescribeFileSystems.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileSystem {
    /// `FileSystemId`
    pub id: String,
    /// `FileSystemArn`
    pub arn: String,
    /// `LifeCycleState`, e.g. `available`.
    pub state: String,
    /// Metered size, bytes.
    pub bytes: Option<u64>,
    /// `KmsKeyId`, where encrypted.
    pub kms_key: Option<String>,
}

impl FileSystem {
    /// AWS's word for a file system that can be used.
    pub fn available(&self) -> bool {
        self.state == "available"
    }
}

/// A DB cluster snapshot: the database's half.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// `DBClusterSnapshotIdentifier`
    pub id: String,
    /// `DBClusterSnapshotArn`
    pub arn: String,
    /// `DBClusterIdentifier` it was taken of.
    pub cluster: String,
    /// `Status`
    pub status: SnapshotStatus,
    /// `SnapshotType` is `manual`.
    pub manual: bool,
    /// `PercentProgress`
    pub percent: u8,
    /// `SnapshotCreateTime`: the instant it stands for. Not given while it begins.
    pub created: Option<Timestamp>,
    /// `KmsKeyId`
    pub kms_key: Option<String>,
    /// `AllocatedStorage`, GiB.
    pub allocated_gib: Option<i32>,
    /// Its tags (inline in AWS's answer).
    pub tags: Tags,
}

/// An AWS Backup job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Job {
    /// `BackupJobId`
    pub id: String,
    /// `RecoveryPointArn`: known at the start for EFS.
    pub recovery_point: Option<String>,
    /// `State`
    pub state: JobState,
    /// `StatusMessage`
    pub message: Option<String>,
    /// `MessageCategory`: anything but SUCCESS is "completed with issues".
    pub category: Option<String>,
    /// `PercentDone`, 0 to 100.
    pub percent: Option<u8>,
    /// `BytesTransferred`
    pub bytes: Option<u64>,
    /// `CreationDate`
    pub created: Option<Timestamp>,
    /// `CompletionDate`
    pub completed: Option<Timestamp>,
}

impl Job {
    /// COMPLETED, and with nothing to be said about it.
    pub fn succeeded(&self) -> bool {
        self.state == JobState::Completed && self.without_issues()
    }

    /// Message category SUCCESS, or none and an empty message.
    pub fn without_issues(&self) -> bool {
        match self.category.as_deref() {
            Some(category) => category == "SUCCESS",
            None => self.message.as_deref().unwrap_or_default().is_empty(),
        }
    }
}

/// An AWS Backup recovery point: the files' half.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecoveryPoint {
    /// `RecoveryPointArn`
    pub arn: String,
    /// `BackupVaultName`
    pub vault: String,
    /// `ResourceArn`: what it was taken of.
    pub resource: String,
    /// `Status`
    pub status: PointStatus,
    /// `CreationDate`
    pub created: Option<Timestamp>,
    /// `CompletionDate`
    pub completed: Option<Timestamp>,
    /// `BackupSizeInBytes`: for EFS, what this run copied.
    pub bytes: Option<u64>,
    /// `CreatedBy` is there: a backup plan made it, so it is not ours.
    pub by_plan: bool,
    /// Its tags; `None` where they were not read (they are a call of their own).
    pub tags: Option<Tags>,
}
