//! What a step asks the world to do. Every name and token in an action derives from the run, so
//! doing it twice is doing it once.

use jiff::SignedDuration;

use std::sync::Arc;

use super::Look;
use crate::model::new_stack::NewStack;
use crate::model::rebuild::Thing;
use crate::model::run::StartedJob;
use crate::model::{BackupId, Refusal, Switch};

/// A tag to write.
pub type Tag = (String, String);

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// CreateChangeSet of type UPDATE with UsePreviousTemplate and IncludeNestedStacks.
    CreateChangeSet(NewChangeSet),
    /// ExecuteChangeSet, by ARN, with `DisableRollback=false`.
    ExecuteChangeSet {
        /// The change set's ARN, as the observation showed it.
        arn: String,
        /// Equal to the change set's name.
        token: String,
        /// Which way.
        switch: Switch,
    },
    /// DeleteChangeSet, by ARN; one of ours.
    DeleteChangeSet {
        /// The change set's ARN.
        arn: String,
    },
    /// CancelUpdateStack: our own *off* is stuck.
    CancelUpdate {
        /// The stack's ARN.
        stack_id: String,
        /// The client request token.
        token: String,
    },
    /// CreateDBClusterSnapshot.
    CreateSnapshot {
        /// `DBClusterIdentifier`
        cluster: String,
        /// The run's id.
        id: String,
        /// Tags, in the same call: a half whose driver died is found by them.
        tags: Vec<Tag>,
    },
    /// StartBackupJob.
    StartBackupJob(NewJob),
    /// StopBackupJob.
    StopBackupJob {
        /// `BackupJobId`
        id: String,
    },
    /// AddTagsToResource on our snapshot.
    TagSnapshot {
        /// `DBClusterSnapshotArn`
        arn: String,
        /// The tags.
        tags: Vec<Tag>,
    },
    /// TagResource on our recovery point.
    TagPoint {
        /// `RecoveryPointArn`
        arn: String,
        /// The tags.
        tags: Vec<Tag>,
    },
    /// CreateStack.
    CreateStack {
        /// What; its tags name the run.
        stack: Arc<NewStack>,
        /// The client request token.
        token: String,
    },
    /// DeleteStack, **by its ARN**: a stack of the same name that was made since is not meant.
    DeleteStack {
        /// The stack's ARN.
        stack_id: String,
        /// The client request token.
        token: String,
    },
    /// UpdateTerminationProtection.
    Protect {
        /// The stack's ARN.
        stack_id: String,
        /// Whether it is to be protected.
        on: bool,
    },
    /// Deletes one thing that a stack of this run's own making left behind.
    Clear(Thing),
    /// Deletes the run's kept plan, and no other's: a driver that slept may do it late.
    DropPlan {
        /// The stack's name, as the record's.
        stack: String,
        /// The run.
        run: BackupId,
    },
    /// Deletes the lock, if it is still this run's, and the oldest finished records beyond ten.
    Unlock {
        /// The stack's name.
        stack: String,
        /// The run that held it.
        run: BackupId,
    },
}

/// A change set to be made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewChangeSet {
    /// The stack's ARN.
    pub stack_id: String,
    /// `ss-<off|on|hold>-<run>-<attempt>`; also its client token.
    pub name: String,
    /// Which way.
    pub switch: Switch,
    /// Every other parameter's key: sent with `UsePreviousValue`. One that is left out would fall
    /// back to the template's default, and might replace the database.
    pub keep: Vec<String>,
    /// The offline parameter.
    pub key: String,
    /// Its new value.
    pub value: String,
    /// The stack's own capabilities and the three that a template with transforms needs.
    pub capabilities: Vec<String>,
}

/// A backup job to be started.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewJob {
    /// `ResourceArn`
    pub file_system: String,
    /// `BackupVaultName`
    pub vault: String,
    /// `IamRoleArn`
    pub role: String,
    /// `IdempotencyToken`: the run's id, `-seed` behind it for a seed.
    pub token: String,
    /// `RecoveryPointTags`, in the same call, likewise.
    pub tags: Vec<Tag>,
    /// The seed, not the half.
    pub seed: bool,
}

impl Action {
    /// It helps to bring the stack back, or only tidies up: allowed even when the record could not
    /// be saved, since nothing it does depends on the record.
    pub fn homeward(&self) -> bool {
        match self {
            Self::CreateChangeSet(set) => set.switch == Switch::On,
            Self::ExecuteChangeSet { switch, .. } => *switch == Switch::On,
            Self::CancelUpdate { .. } | Self::StopBackupJob { .. } | Self::DeleteChangeSet { .. } => true,
            // Keeps a sleeper's DeleteStack from a stack that is being brought back.
            Self::Protect { on, .. } => *on,
            _ => false,
        }
    }

    /// Goes off once it is old: CloudFormation has no compare-and-swap for it, so it is only done
    /// right after everything was looked at.
    pub fn perishable(&self) -> bool {
        matches!(
            self,
            Self::CreateStack { .. }
                | Self::DeleteStack { .. }
                | Self::Clear(_)
                | Self::Protect { on: false, .. }
                // Names the stack alone: by now the update under way may be somebody else's.
                | Self::CancelUpdate { .. }
        )
    }
}

/// What AWS answered to an action.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Done {
    /// Nothing worth keeping.
    Ok,
    /// A backup job.
    Job(StartedJob),
    /// A stack's ARN.
    Stack(String),
}

/// When to look again, and at what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// After `wait`, at `look`.
    Tick {
        /// How long; the front end decides how to wait.
        wait: SignedDuration,
        /// At what.
        look: Look,
    },
    /// The run is over and tidied up.
    Ended,
    /// This driver cannot go on (no credentials, or nothing seen for too long). The run is not over.
    Stuck(Refusal),
    /// The run stands still until somebody has done something. It is not over.
    Halted(Halt),
}

/// Why a run stands still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt {
    /// What is the matter.
    pub what: String,
    /// What to do; then `resume` goes on.
    pub hint: String,
    /// Somebody only has to say whether the safety backup is to be restored.
    pub asks: bool,
}
