//! Which cluster, file system, vault, role, secrets and parameters belong together in a stack.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that was found, and how.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// The physical id, name or ARN.
    pub value: String,
    /// Where it came from, e.g. `resource StorageEFS`, `output AppDbSecret`, `--vault`.
    pub from: String,
    /// The logical id of the resource, where it is one: what a change set's rows are checked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logical_id: Option<String>,
}

/// The parameter that puts the stack offline, and its two values.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct OfflineSwitch {
    /// The parameter's key.
    pub parameter: String,
    /// The value that means online.
    pub online: String,
    /// The value that means offline.
    pub offline: String,
}

/// The restore parameters' keys in the stack's template.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RestoreParameters {
    /// Takes the source stack's name.
    pub source_stack: String,
    /// Takes the DB cluster snapshot's identifier.
    pub snapshot: String,
    /// Takes the DB secret's ARN.
    pub secret: String,
    /// Takes the vault's name.
    pub vault: String,
    /// Takes the recovery point's ARN.
    pub recovery_point: String,
}

/// The parts of a stack that a backup is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Topology {
    /// The profile that found it.
    pub profile: String,
    /// The DB cluster's identifier.
    pub cluster: Found,
    /// The file system's id.
    pub file_system: Found,
    /// The backup vault's name.
    pub vault: Found,
    /// The role AWS Backup works with: its name, or its ARN where that is what was given.
    pub role: Found,
    /// The DB secret's ARN.
    pub secret: Option<Found>,
    /// How the stack goes offline; `None`: it cannot, only `--live` backups are possible.
    pub offline: Option<OfflineSwitch>,
    /// Parameter Store names whose secrets a restore needs.
    pub parameter_store: Vec<String>,
    /// The template's restore parameters.
    pub restore: Option<RestoreParameters>,
}

impl Topology {
    /// Logical ids of what an update must never replace or remove.
    pub fn protected(&self) -> impl Iterator<Item = &str> {
        [&self.cluster, &self.file_system, &self.vault].into_iter().filter_map(|found| found.logical_id.as_deref())
    }
}
