//! How a kind of stack names things. Profiles are data: TOML, two built in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::topology::RestoreParameters;

/// A kind of stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Profile {
    /// Its name, e.g. `hubs-cloud`; in `stacksnap.toml` the table's.
    #[serde(default)]
    pub name: String,
    /// When it is chosen by itself.
    #[serde(default)]
    pub when: When,
    /// Finds the DB cluster.
    pub cluster: Rule,
    /// Finds the file system.
    pub file_system: Rule,
    /// Finds the backup vault.
    pub vault: Rule,
    /// Finds the role AWS Backup works with.
    pub role: Rule,
    /// Finds the DB secret.
    pub secret: Rule,
    /// Finds the parameter that puts the stack offline.
    pub offline: OfflineRule,
    /// Parameter Store names that a restore needs; `{stack}` is the stack's name.
    #[serde(default)]
    pub parameter_store: Vec<String>,
    /// The template's restore parameters.
    #[serde(default)]
    pub restore: Option<RestoreParameters>,
    /// Parameters that must differ from the source's while it exists.
    #[serde(default)]
    pub ask: Vec<String>,
    /// Told to the user after a restore.
    #[serde(default)]
    pub after_restore: Vec<String>,
    /// The load-balancer trap of this kind of stack.
    #[serde(default)]
    pub load_balancer: Option<LoadBalancerTrap>,
}

/// A stack is of this kind when it has all of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct When {
    /// Logical id → resource type.
    #[serde(default)]
    pub resources: BTreeMap<String, String>,
    /// Parameter keys.
    #[serde(default)]
    pub parameters: Vec<String>,
}

/// How one resource is found: by logical id, else by type, else by output.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rule {
    /// Logical ids, the first that exists wins.
    #[serde(default)]
    pub logical_ids: Vec<String>,
    /// Resource types; only when the stack has exactly one candidate.
    #[serde(default)]
    pub types: Vec<String>,
    /// Output keys, as a fallback.
    #[serde(default)]
    pub outputs: Vec<String>,
}

/// How the offline parameter is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OfflineRule {
    /// Parameter keys, the first that exists wins.
    pub parameters: Vec<String>,
    /// The online value; where absent, the allowed value that begins with a word in `online_words`.
    #[serde(default)]
    pub online: Option<String>,
    /// The offline value, likewise.
    #[serde(default)]
    pub offline: Option<String>,
    /// First words (in lower case) of an allowed value that means online.
    #[serde(default)]
    pub online_words: Vec<String>,
    /// First words (in lower case) of an allowed value that means offline.
    #[serde(default)]
    pub offline_words: Vec<String>,
}

/// Parameters with which every mode change replaces the load balancer, and so its DNS name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LoadBalancerTrap {
    /// Parameter → the value that springs the trap (empty: the blank value).
    pub when: BTreeMap<String, String>,
    /// The load balancer's logical id: without it there is nothing to lose.
    #[serde(default)]
    pub resource: Option<String>,
    /// The output that changes.
    pub output: String,
    /// What to do.
    pub remedy: String,
}
