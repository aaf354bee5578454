//! What the user says, instead of what would be found.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

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
    /// Flags (without dashes) whose values come from `stacksnap.toml`.
    #[serde(skip)]
    pub from_file: BTreeSet<&'static str>,
}

impl Overrides {
    /// These, from flags, over `file`'s.
    #[must_use]
    pub fn over(self, file: Self) -> Self {
        let mut from_file = BTreeSet::new();
        let mut pick = |flag: &'static str, mine: Option<String>, theirs: Option<String>| {
            if mine.is_none() && theirs.is_some() {
                from_file.insert(flag);
            }
            mine.or(theirs)
        };
        Self {
            profile: pick("stack-profile", self.profile, file.profile),
            cluster: pick("cluster", self.cluster, file.cluster),
            file_system: pick("file-system", self.file_system, file.file_system),
            vault: pick("vault", self.vault, file.vault),
            role: pick("role", self.role, file.role),
            secret: pick("secret", self.secret, file.secret),
            offline_parameter: pick("offline-parameter", self.offline_parameter, file.offline_parameter),
            online_value: pick("online-value", self.online_value, file.online_value),
            offline_value: pick("offline-value", self.offline_value, file.offline_value),
            from_file,
        }
    }

    /// Where the value of `flag` comes from, as shown to the user: `--vault`, or `stacksnap.toml`.
    pub fn origin(&self, flag: &str) -> String {
        if self.from_file.contains(flag) { "stacksnap.toml".to_owned() } else { format!("--{flag}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_file_and_both_say_so() {
        let flags = Overrides { vault: Some("flag".to_owned()), ..Overrides::default() };
        let file = Overrides { vault: Some("file".to_owned()), role: Some("file".to_owned()), ..Overrides::default() };
        let all = flags.over(file);
        assert_eq!((all.vault.as_deref(), all.origin("vault").as_str()), (Some("flag"), "--vault"));
        assert_eq!((all.role.as_deref(), all.origin("role").as_str()), (Some("file"), "stacksnap.toml"));
    }
}
