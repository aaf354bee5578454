//! What a stack is made of before the first request: data, not behaviour.

mod backups;
mod hubs;
mod hubs_resources;
mod past;
mod plant;
mod sample;
mod snapshots;
mod template;
mod things;

pub use backups::{BackupSeed, PlantedBackup, PointHalf, SnapshotHalf};
pub use hubs::hubs;
pub(crate) use plant::plant_deep;
pub use sample::sample;
pub use snapshots::SnapshotSeed;
pub(crate) use template::to_template;
pub(crate) use things::key;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A stack and everything that belongs to it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StackSeed {
    /// The stack's name.
    pub name: String,
    /// The account; empty is `123456789012`.
    pub account: String,
    /// The region; empty is `us-east-1`.
    pub region: String,
    /// The template's description.
    pub description: String,
    /// The template's transforms.
    pub transforms: Vec<String>,
    /// The template's parameters and their values.
    pub parameters: Vec<ParameterSeed>,
    /// The template's resources.
    pub resources: Vec<ResourceSeed>,
    /// Outputs; `${LogicalId}` in a value stands for the physical id.
    pub outputs: Vec<OutputSeed>,
    /// The template's conditions by name.
    pub conditions: BTreeMap<String, Value>,
    /// The template's text is padded with a comment until it has more bytes than this.
    pub padding: usize,
    /// Capabilities the template needs.
    pub capabilities: Vec<String>,
    /// The stack's tags.
    pub tags: BTreeMap<String, String>,
    /// Nested stacks; each is also a resource of type `AWS::CloudFormation::Stack`.
    pub nested: Vec<StackSeed>,
    /// The parameter that turns the application off and on.
    pub switch: Option<SwitchSeed>,
    /// The DB cluster.
    pub cluster: Option<ClusterSeed>,
    /// The EFS file system.
    pub file_system: Option<FileSystemSeed>,
    /// The backup vault.
    pub vault: Option<VaultSeed>,
    /// The role AWS Backup assumes.
    pub role: Option<RoleSeed>,
    /// Secrets.
    pub secrets: Vec<SecretSeed>,
    /// Parameter Store.
    pub ssm: Vec<SsmSeed>,
    /// Nightly recovery points which a backup plan has made before.
    pub nightly: u32,
    /// Automated DB cluster snapshots (`rds:…`).
    pub automated: u32,
    /// The service role CloudFormation uses.
    pub stack_role_arn: Option<String>,
    /// Whether termination protection is on.
    pub termination_protection: bool,
}

/// A template parameter and its value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ParameterSeed {
    /// The key.
    pub key: String,
    /// The present value.
    pub value: String,
    /// The type; empty is `String`.
    pub kind: String,
    /// The default, if any.
    pub default: Option<String>,
    /// Values allowed; empty is any.
    pub allowed: Vec<String>,
    /// A regular expression the value must match.
    pub pattern: Option<String>,
    /// The template's text for a value that is refused.
    pub constraint: Option<String>,
    /// Whether the value is masked.
    pub no_echo: bool,
    /// The least number of characters.
    pub min_length: Option<usize>,
    /// The greatest number of characters.
    pub max_length: Option<usize>,
    /// The least number.
    pub min_value: Option<f64>,
    /// The greatest number.
    pub max_value: Option<f64>,
    /// The template's text about it.
    pub description: String,
    /// Which resources a change touches; none is the first server group.
    pub affects: Vec<EffectSeed>,
    /// For SSM-typed parameters: what the key resolves to.
    pub resolved: Option<String>,
}

impl ParameterSeed {
    /// Its value is a name in Parameter Store.
    pub fn ssm_typed(&self) -> bool {
        self.kind.starts_with("AWS::SSM::Parameter::Value<")
    }

    /// Whether its value is a list, written with commas.
    pub(crate) fn is_list(&self) -> bool {
        self.kind == "CommaDelimitedList" || self.kind.contains("List<")
    }
}

/// A resource of the template.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResourceSeed {
    /// The logical id.
    pub logical: String,
    /// The physical id.
    pub physical: String,
    /// The type, e.g. `AWS::RDS::DBCluster`.
    pub kind: String,
    /// `Delete`, `Retain` or `Snapshot`; empty is `Delete`.
    pub deletion_policy: String,
    /// Its properties in the template.
    pub properties: Value,
    /// The condition under which it is made.
    pub condition: String,
}

/// An output of the template.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutputSeed {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
    /// The template's text about it.
    pub description: String,
}

/// What the template does when one parameter changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SwitchSeed {
    /// The parameter.
    pub parameter: String,
    /// Its value while the application runs.
    pub online: String,
    /// Its value while it does not.
    pub offline: String,
    /// What changes with it.
    pub effects: Vec<EffectSeed>,
}

/// What happens to one resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EffectSeed {
    /// The resource.
    pub logical: String,
    /// `Modify` (also when empty), `Replace`, `Conditional`, or `OnlyOnline`: removed
    /// when the stack goes offline and made anew when it comes back.
    pub action: String,
    /// The property that changes.
    pub property: String,
    /// The effect does not happen while this parameter has a value.
    pub unless_set: String,
    /// The effect happens only while these parameters have these values.
    pub when: BTreeMap<String, String>,
}

/// A DB cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterSeed {
    /// The DB cluster identifier.
    pub id: String,
    /// E.g. `aurora-postgresql`.
    pub engine: String,
    /// E.g. `15.4`.
    pub engine_version: String,
    /// `serverless` or `provisioned`.
    pub engine_mode: String,
    /// The KMS key's id; empty is not encrypted.
    pub kms_key: String,
    /// The DB instances of a provisioned cluster.
    pub instances: Vec<String>,
}

/// An EFS file system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileSystemSeed {
    /// `fs-…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How much it holds, in bytes.
    pub bytes: u64,
    /// The KMS key's id; empty is not encrypted.
    pub kms_key: String,
    /// How many mount targets it has.
    pub mount_targets: u32,
}

/// A backup vault.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VaultSeed {
    /// Its name.
    pub name: String,
    /// The KMS key's id.
    pub kms_key: String,
    /// The access policy, if any.
    pub policy: Option<String>,
}

/// An IAM role.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoleSeed {
    /// Its name.
    pub name: String,
    /// Its path, `/` or `/a/b/`.
    pub path: String,
    /// The service that may assume it.
    pub trusts: String,
}

/// A secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecretSeed {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
}

/// A Parameter Store parameter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SsmSeed {
    /// Its name.
    pub name: String,
    /// `String`, `StringList` or `SecureString`.
    pub kind: String,
    /// Its value.
    pub value: String,
}
