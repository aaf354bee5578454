//! AWS's status words, each an enum with room for a word AWS adds tomorrow.
//!
//! A word we do not know is never terminal and never a success: the run keeps waiting until its
//! budget is spent.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $(#[doc = concat!("`", $word, "`")] $variant,)+
            /// A word this version does not know: not terminal, not a success.
            Other(String),
        }

        impl $name {
            /// AWS's own spelling.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                Self::from(word.as_str())
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words!(
    /// A stack's status, and that of one of its resources in an event.
    /// Source: CloudFormation API, `Stack.StackStatus`.
    StackStatus {
        CreateInProgress = "CREATE_IN_PROGRESS",
        CreateComplete = "CREATE_COMPLETE",
        CreateFailed = "CREATE_FAILED",
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        RollbackComplete = "ROLLBACK_COMPLETE",
        RollbackFailed = "ROLLBACK_FAILED",
        DeleteInProgress = "DELETE_IN_PROGRESS",
        DeleteComplete = "DELETE_COMPLETE",
        DeleteFailed = "DELETE_FAILED",
        UpdateInProgress = "UPDATE_IN_PROGRESS",
        UpdateCompleteCleanup = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        UpdateComplete = "UPDATE_COMPLETE",
        UpdateFailed = "UPDATE_FAILED",
        UpdateRollbackInProgress = "UPDATE_ROLLBACK_IN_PROGRESS",
        UpdateRollbackCleanup = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        UpdateRollbackComplete = "UPDATE_ROLLBACK_COMPLETE",
        UpdateRollbackFailed = "UPDATE_ROLLBACK_FAILED",
        ReviewInProgress = "REVIEW_IN_PROGRESS",
        ImportInProgress = "IMPORT_IN_PROGRESS",
        ImportComplete = "IMPORT_COMPLETE",
        ImportRollbackInProgress = "IMPORT_ROLLBACK_IN_PROGRESS",
        ImportRollbackComplete = "IMPORT_ROLLBACK_COMPLETE",
        ImportRollbackFailed = "IMPORT_ROLLBACK_FAILED",
    }
);

impl StackStatus {
    /// An operation is under way (a status that merely *says* progress counts, known or not).
    pub fn in_progress(&self) -> bool {
        self.as_str().ends_with("_IN_PROGRESS")
    }

    /// An operation is under way that is not decided yet: while what was replaced is cleaned up, it is.
    pub fn may_roll_back(&self) -> bool {
        self.in_progress() && !self.as_str().ends_with("_CLEANUP_IN_PROGRESS")
    }

    /// CloudFormation accepts an update in this status.
    pub fn updatable(&self) -> bool {
        matches!(
            self,
            Self::CreateComplete
                | Self::UpdateComplete
                | Self::UpdateRollbackComplete
                | Self::ImportComplete
                | Self::ImportRollbackComplete
        )
    }

    /// A person has to repair the stack before anything can change its mode.
    pub fn stuck(&self) -> bool {
        matches!(self, Self::UpdateRollbackFailed | Self::UpdateFailed | Self::ImportRollbackFailed)
    }

    /// The stack is gone, or going.
    pub fn gone(&self) -> bool {
        matches!(self, Self::DeleteComplete | Self::DeleteInProgress)
    }
}

words!(
    /// A DB cluster's status. Source: Aurora User Guide, "Viewing DB cluster status".
    ClusterStatus {
        Available = "available",
        BackingUp = "backing-up",
        Modifying = "modifying",
        Maintenance = "maintenance",
        Upgrading = "upgrading",
        FailingOver = "failing-over",
        Starting = "starting",
        Stopped = "stopped",
        Stopping = "stopping",
        Creating = "creating",
        Deleting = "deleting",
        InaccessibleKey = "inaccessible-encryption-credentials",
    }
);

impl ClusterStatus {
    /// Nothing that passes by itself: no use waiting for `available`.
    pub fn hopeless(&self) -> bool {
        matches!(self, Self::Stopped | Self::Stopping | Self::Deleting | Self::InaccessibleKey)
    }
}

words!(
    /// A DB cluster snapshot's status.
    SnapshotStatus {
        Creating = "creating",
        Available = "available",
        Copying = "copying",
        Failed = "failed",
        Deleting = "deleting",
    }
);

words!(
    /// A backup job's state. Source: AWS Backup API, `BackupJob.State`.
    JobState {
        Created = "CREATED",
        Pending = "PENDING",
        Running = "RUNNING",
        Aborting = "ABORTING",
        Aborted = "ABORTED",
        Completed = "COMPLETED",
        Failed = "FAILED",
        Expired = "EXPIRED",
        Partial = "PARTIAL",
    }
);

impl JobState {
    /// The job will never complete.
    pub fn lost(&self) -> bool {
        matches!(self, Self::Aborting | Self::Aborted | Self::Failed | Self::Expired | Self::Partial)
    }

    /// The job holds the file system: CREATED, PENDING, RUNNING or ABORTING.
    pub fn active(&self) -> bool {
        matches!(self, Self::Created | Self::Pending | Self::Running | Self::Aborting)
    }
}

words!(
    /// A recovery point's status. Source: AWS Backup API, `RecoveryPointStatus`.
    PointStatus {
        Creating = "CREATING",
        Available = "AVAILABLE",
        Completed = "COMPLETED",
        Partial = "PARTIAL",
        Deleting = "DELETING",
        Expired = "EXPIRED",
        Stopped = "STOPPED",
    }
);

impl PointStatus {
    /// COMPLETED or AVAILABLE: it can be restored.
    pub fn complete(&self) -> bool {
        matches!(self, Self::Completed | Self::Available)
    }
}

words!(
    /// A change set's status. Source: CloudFormation API, `ChangeSetStatus`.
    ChangeSetStatus {
        CreatePending = "CREATE_PENDING",
        CreateInProgress = "CREATE_IN_PROGRESS",
        CreateComplete = "CREATE_COMPLETE",
        DeletePending = "DELETE_PENDING",
        DeleteInProgress = "DELETE_IN_PROGRESS",
        DeleteComplete = "DELETE_COMPLETE",
        DeleteFailed = "DELETE_FAILED",
        Failed = "FAILED",
    }
);

words!(
    /// Whether a change set may be executed. Source: CloudFormation API, `ExecutionStatus`.
    ExecutionStatus {
        Unavailable = "UNAVAILABLE",
        Available = "AVAILABLE",
        ExecuteInProgress = "EXECUTE_IN_PROGRESS",
        ExecuteComplete = "EXECUTE_COMPLETE",
        ExecuteFailed = "EXECUTE_FAILED",
        Obsolete = "OBSOLETE",
    }
);
