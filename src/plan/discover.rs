//! Which cluster, file system, vault, role, secret and parameters belong together in a stack.

use serde::{Deserialize, Serialize};

use crate::model::profile::Profile;
use crate::model::stack::{Declared, Resource, Stack};
use crate::model::survey::Discovery;

/// What the user says, instead of what would be found. From `[stacks.NAME]` in `stacksnap.toml`
/// and from flags, which win.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Overrides {
    /// The profile's name.
    pub profile: Option<String>,
    /// The DB cluster's identifier.
    pub cluster: Option<String>,
    /// The file system's id.
    pub file_system: Option<String>,
    /// The vault's name.
    pub vault: Option<String>,
    /// The role's ARN or name.
    pub role: Option<String>,
    /// The DB secret's ARN.
    pub secret: Option<String>,
    /// The offline parameter's key.
    pub offline_parameter: Option<String>,
    /// Its value that means online.
    pub online_value: Option<String>,
    /// Its value that means offline.
    pub offline_value: Option<String>,
}

/// Finds the parts of `stack`.
pub fn discover(
    _stack: &Stack,
    _declared: &[Declared],
    _resources: &[Resource],
    _profiles: &[Profile],
    _overrides: &Overrides,
) -> Discovery {
    unimplemented!()
}
