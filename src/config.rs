//! `stacksnap.toml`: where it is, what it says, and which line each value comes from.
//!
//! Front-end code: it reads one file. What is read from the environment is handed in by the caller.

mod duration;
mod find;
mod retention;
mod schema;
mod settings;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::model::manifest::Place;
use crate::model::profile::Profile;
use crate::model::stack::{is_name, not_a_name};
use crate::plan::discover::Overrides;

pub use duration::{BadDuration, Span};
pub use find::{Places, find};
pub use retention::{Count, RetentionConfig, Zone};
pub use settings::{Origin, Setting};

/// What the file says; all of it optional.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// The AWS profile.
    pub profile: Option<String>,
    /// The AWS region.
    pub region: Option<String>,
    /// Another endpoint for every service.
    pub endpoint_url: Option<String>,
    /// `text`, `json` or `yaml`.
    pub output: Option<String>,
    /// `auto`, `always` or `never`.
    pub color: Option<String>,
    /// `text` or `json`.
    pub log_format: Option<String>,
    /// How often at most AWS is asked.
    pub poll_interval: Option<Span>,
    /// For every stack.
    #[serde(default)]
    pub defaults: StackConfig,
    /// By the stack's name.
    #[serde(default)]
    pub stacks: BTreeMap<String, StackConfig>,
    /// The user's own profiles, by name; see [`Config::profiles`].
    #[serde(default, rename = "profiles")]
    own_profiles: BTreeMap<String, Profile>,
    /// The file.
    #[serde(skip)]
    pub path: Option<PathBuf>,
    /// The line of each key, `stacks.my-hub.vault` for example.
    #[serde(skip)]
    lines: BTreeMap<String, usize>,
}

/// What is said of one stack, or of all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StackConfig {
    /// The kind of stack.
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
    /// Where manifests are kept: `ssm`, or `s3://bucket/prefix`.
    pub manifest: Option<Place>,
    /// The offline parameter's key.
    pub offline_parameter: Option<String>,
    /// Its value that means online.
    pub online_value: Option<String>,
    /// Its value that means offline.
    pub offline_value: Option<String>,
    /// The offline budget.
    pub max_offline: Option<Span>,
    /// How long the last writes are waited for.
    pub settle: Option<Span>,
    /// How long a command waits for its run.
    pub timeout: Option<Span>,
    /// Without taking the stack offline.
    pub live: Option<bool>,
    /// An online recovery point first.
    pub seed: Option<bool>,
    /// Others' waiting change sets refuse the mode change.
    pub strict: Option<bool>,
    /// How long backups are kept.
    #[serde(default)]
    pub retention: RetentionConfig,
}

impl StackConfig {
    /// What is said instead of what would be found.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            profile: self.profile.clone(),
            cluster: self.cluster.clone(),
            file_system: self.file_system.clone(),
            vault: self.vault.clone(),
            role: self.role.clone(),
            secret: self.secret.clone(),
            offline_parameter: self.offline_parameter.clone(),
            online_value: self.online_value.clone(),
            offline_value: self.offline_value.clone(),
            ..Overrides::default()
        }
    }
}

/// A file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It is not there, or cannot be read.
    #[error("{}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: String,
    },
    /// Not TOML, or a value of the wrong kind.
    #[error("{}:{line}: {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// A key that stacksnap does not know.
    #[error("{}:{line}: unknown key `{key}`{}", path.display(), hint(nearest.as_deref()))]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key, with its table.
        key: String,
        /// The known key it is most like.
        nearest: Option<String>,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|known| format!("; did you mean `{known}`?")).unwrap_or_default()
}

impl Config {
    /// Finds and reads the file; without one, everything is left to defaults.
    ///
    /// # Errors
    /// A named file is not there, or the file cannot be used.
    pub fn load(places: &Places) -> Result<Self, ConfigError> {
        match find(places, &|path| path.is_file()) {
            Some(path) => Self::read(&path),
            None => Ok(Self::default()),
        }
    }

    /// Reads one file.
    ///
    /// # Errors
    /// It is not there, or cannot be used.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), why: error.to_string() })?;
        Self::parse(&text, path)
    }

    /// Reads the text of the file `path`.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let malformed = |error: &toml::de::Error| ConfigError::Malformed {
            path: path.to_owned(),
            line: error.span().map_or(1, |span| schema::line_of(text, span.start)),
            what: error.message().to_owned(),
        };
        let document = toml::de::DeTable::parse(text).map_err(|error| malformed(&error))?;
        let lines = schema::check(document.get_ref(), text, path)?;
        let mut config: Self = toml::from_str(text).map_err(|error| malformed(&error))?;
        if let Some(name) = config.stacks.keys().find(|name| !is_name(name)) {
            let line = lines.get(&format!("stacks.{name}")).copied().unwrap_or(1);
            return Err(ConfigError::Malformed { path: path.to_owned(), line, what: not_a_name(name) });
        }
        config.path = Some(path.to_owned());
        config.lines = lines;
        Ok(config)
    }

    /// The user's own profiles, each with its name.
    pub fn profiles(&self) -> Vec<Profile> {
        let named = |(name, profile): (&String, &Profile)| Profile { name: name.clone(), ..profile.clone() };
        self.own_profiles.iter().map(named).collect()
    }

    /// What holds for one stack: its own table over `[defaults]`.
    pub fn stack(&self, name: &str) -> StackConfig {
        let Some(own) = self.stacks.get(name).cloned() else { return self.defaults.clone() };
        let all = self.defaults.clone();
        StackConfig {
            profile: own.profile.or(all.profile),
            cluster: own.cluster.or(all.cluster),
            file_system: own.file_system.or(all.file_system),
            vault: own.vault.or(all.vault),
            role: own.role.or(all.role),
            secret: own.secret.or(all.secret),
            manifest: own.manifest.or(all.manifest),
            offline_parameter: own.offline_parameter.or(all.offline_parameter),
            online_value: own.online_value.or(all.online_value),
            offline_value: own.offline_value.or(all.offline_value),
            max_offline: own.max_offline.or(all.max_offline),
            settle: own.settle.or(all.settle),
            timeout: own.timeout.or(all.timeout),
            live: own.live.or(all.live),
            seed: own.seed.or(all.seed),
            strict: own.strict.or(all.strict),
            retention: own.retention.over(&all.retention),
        }
    }
}

#[cfg(test)]
mod tests;
