//! A fresh look at everything that a restore of one backup needs. No secret value is in it: AWS is never asked
//! for one.

use jiff::Timestamp;

use super::backup::Backup;
use super::half::{RecoveryPoint, Snapshot};
use super::manifest::Manifest;
use super::stack::{Declared, Resource, Stack};
use super::survey::{Caller, Key, Vault};
use super::topology::{OfflineSwitch, RestoreParameters, Topology};
use super::{Refusal, Seen};

/// What is to be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The halves, by name. For a pair that stacksnap did not make: the snapshot's identifier as its id.
    pub backup: Backup,
    /// stacksnap did not make it: nothing marks it, and nothing proves that its halves belong together.
    pub pair: bool,
}

impl Subject {
    /// A backup of the catalogue.
    pub fn backup(backup: Backup) -> Self {
        Self { backup, pair: false }
    }
}

/// The recovery point, and what decides whether it can be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// With its tags, if they could be read.
    pub point: RecoveryPoint,
    /// `CalculatedLifecycle.DeleteAt`: AWS Backup deletes it then; `None`: never.
    pub delete_at: Option<Timestamp>,
    /// `StorageClass` is COLD.
    pub cold: bool,
    /// `EncryptionKeyArn`
    pub kms_key: Option<String>,
}

/// A secret's metadata, all its versions included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Its ARN.
    pub arn: String,
    /// `DeletedDate`: scheduled for deletion.
    pub deleted: Option<Timestamp>,
    /// `KmsKeyId`; `None`: the AWS managed key.
    pub kms_key: Option<String>,
    /// Its versions: `VersionId` and its stages; a version without a stage is deprecated, and goes some day.
    pub versions: Vec<(String, Vec<String>)>,
    /// Why versions without a stage are not among them.
    pub partial: Option<Refusal>,
}

impl Secret {
    /// The version id staged AWSCURRENT.
    pub fn current(&self) -> Option<&str> {
        let current = |stages: &[String]| stages.iter().any(|stage| stage == "AWSCURRENT");
        self.versions.iter().find(|(_, stages)| current(stages)).map(|(id, _)| id.as_str())
    }

    /// The stages of a version; `None`: it is not there.
    pub fn stages(&self, version: &str) -> Option<&[String]> {
        self.versions.iter().find(|(id, _)| id == version).map(|(_, stages)| stages.as_slice())
    }
}

/// The manifest as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it says.
    pub manifest: Manifest,
    /// Its checksum.
    pub digest: String,
    /// The checksum that the snapshot's tag says.
    pub wanted: String,
}

impl Found {
    /// It is the one that was kept when the backup was made.
    pub fn genuine(&self) -> bool {
        self.digest == self.wanted
    }
}

/// The template's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The text.
    pub text: String,
    /// The object that it was kept in; `None`: CloudFormation has it.
    pub at: Option<String>,
}

/// One look.
#[derive(Clone, Debug)]
pub struct Proof {
    /// When it began.
    pub at: Timestamp,
    /// Who asks.
    pub caller: Seen<Caller>,
    /// The snapshot, with its tags.
    pub snapshot: Seen<Snapshot>,
    /// Accounts that may restore the snapshot; `all`: everybody.
    pub shared_with: Seen<Vec<String>>,
    /// The recovery point.
    pub point: Seen<Point>,
    /// Why the recovery point's tags could not be read.
    pub point_tags: Option<Refusal>,
    /// The vault.
    pub vault: Seen<Vault>,
    /// The DB secret.
    pub secret: Seen<Secret>,
    /// Parameter Store names that a restore needs, and their versions now; `Here(None)`: it is there.
    pub parameter_store: Vec<(String, Seen<Option<i64>>)>,
    /// KMS keys of the parts.
    pub keys: Vec<Key>,
    /// The manifest; `NotLooked`: no tag says where it is.
    pub manifest: Seen<Found>,
    /// The template.
    pub template: Seen<Template>,
    /// The source stack, as long as CloudFormation tells of it: 90 days after its deletion.
    pub source: Seen<Stack>,
    /// What the source's template declares.
    pub declared: Seen<Vec<Declared>>,
    /// The source's resources, those that are gone included.
    pub resources: Seen<Vec<Resource>>,
    /// How the source is restored: as the manifest says, else as CloudFormation still tells.
    pub shape: Option<Shape>,
}

/// How this stack's template takes a backup in, and what else a restore needs. Of a deleted stack this is less
/// than its topology.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The profile's name.
    pub profile: String,
    /// The template's restore parameters.
    pub restore: Option<RestoreParameters>,
    /// The parameter that takes it offline, and its two values.
    pub offline: Option<OfflineSwitch>,
    /// Parameter Store names whose secrets a restore needs.
    pub parameter_store: Vec<String>,
    /// The DB secret's ARN.
    pub secret: Option<String>,
}

impl From<&Topology> for Shape {
    fn from(topology: &Topology) -> Self {
        Self {
            profile: topology.profile.clone(),
            restore: topology.restore.clone(),
            offline: topology.offline.clone(),
            parameter_store: topology.parameter_store.clone(),
            secret: topology.secret.as_ref().map(|found| found.value.clone()),
        }
    }
}

impl Proof {
    /// What the manifest says, if it was found and nobody changed it.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.here().filter(|found| found.genuine()).map(|found| &found.manifest)
    }

    /// The source stack exists, and has not been deleted.
    pub fn source_lives(&self) -> bool {
        self.source.here().is_some_and(|stack| !stack.status.gone())
    }
}
