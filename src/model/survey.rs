//! Everything `inspect` and `check` look at, in one value. No secret value is in it: AWS is never
//! asked for one.

use jiff::Timestamp;

use super::change_set::ChangeSet;
use super::half::{Cluster, FileSystem};
use super::history::History;
use super::run::{Lock, Run};
use super::stack::{Declared, Resource, Stack};
use super::topology::Topology;
use super::{Refusal, Seen};

/// Who asks, from GetCallerIdentity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account's twelve digits.
    pub account: String,
    /// The caller's ARN.
    pub arn: String,
    /// The region the calls go to.
    pub region: String,
}

/// A backup vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vault {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// `Locked`
    pub locked: bool,
    /// `MinRetentionDays`
    pub min_days: Option<i64>,
    /// `MaxRetentionDays`
    pub max_days: Option<i64>,
    /// The access policy's JSON; `None`: it has none.
    pub policy: Seen<String>,
    /// `EncryptionKeyArn`
    pub kms_key: Option<String>,
}

/// An IAM role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its ARN, path included.
    pub arn: String,
    /// The trust policy's JSON, decoded.
    pub trust: String,
}

/// A secret's metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Its ARN.
    pub arn: String,
    /// `DeletedDate`: scheduled for deletion.
    pub deleted: Option<Timestamp>,
    /// The version id staged AWSCURRENT.
    pub version: Option<String>,
    /// `KmsKeyId`; `None`: the AWS managed key.
    pub kms_key: Option<String>,
}

/// A KMS key that something needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// What needs it: `DB cluster`, `file system`, `vault`, `secret`.
    pub of: &'static str,
    /// Its id or ARN.
    pub id: String,
    /// `KeyState`, e.g. `Enabled`, `PendingDeletion`.
    pub state: Seen<String>,
}

/// Manual DB cluster snapshots of the account in the region, from DescribeAccountAttributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How many there are.
    pub used: u64,
    /// How many there may be.
    pub max: u64,
}

impl Quota {
    /// How many more there may be.
    pub fn left(&self) -> u64 {
        self.max.saturating_sub(self.used)
    }
}

/// A job on the file system that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveJob {
    /// `backup` or `copy`.
    pub what: &'static str,
    /// Its id.
    pub id: String,
    /// Its state.
    pub state: String,
}

/// What discovery made of the stack.
pub type Discovery = Result<Topology, Vec<Problem>>;

/// Why discovery could not decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is missing or ambiguous, naming the candidates.
    pub what: String,
    /// Why that stops stacksnap.
    pub why: String,
    /// The flag or configuration key that decides.
    pub remedy: String,
}

/// One look at everything.
#[derive(Clone, Debug)]
pub struct Survey {
    /// When it began.
    pub at: Timestamp,
    /// Who asks.
    pub caller: Seen<Caller>,
    /// The stack.
    pub stack: Seen<Stack>,
    /// The template's parameters.
    pub declared: Seen<Vec<Declared>>,
    /// Its resources, nested stacks' included.
    pub resources: Seen<Vec<Resource>>,
    /// Which of them belong together.
    pub topology: Option<Discovery>,
    /// The stack's operations, as far back as the debt rule needs.
    pub history: Seen<History>,
    /// The stack's waiting change sets.
    pub change_sets: Seen<Vec<ChangeSet>>,
    /// The DB cluster.
    pub cluster: Seen<Cluster>,
    /// The file system.
    pub file_system: Seen<FileSystem>,
    /// The vault.
    pub vault: Seen<Vault>,
    /// The role.
    pub role: Seen<Role>,
    /// The DB secret.
    pub secret: Seen<Secret>,
    /// Each Parameter Store name, and whether it is there (`false`: missing).
    pub parameter_store: Vec<(String, Seen<bool>)>,
    /// KMS keys of the parts.
    pub keys: Vec<Key>,
    /// Jobs on the file system.
    pub jobs: Seen<Vec<ActiveJob>>,
    /// The snapshot quota.
    pub quota: Seen<Quota>,
    /// EFS is opted in for AWS Backup in this region.
    pub efs_opt_in: Seen<bool>,
    /// The lock.
    pub lock: Seen<Lock>,
    /// The runs on record, the newest last; unreadable ones are refusals.
    pub runs: Seen<Vec<Run>>,
    /// Records that could not be read, with why (a newer version's, for example).
    pub unreadable: Vec<Refusal>,
}
