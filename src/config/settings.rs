//! Which values hold, and where each comes from: `config show --origin`.

use std::fmt;
use std::path::PathBuf;

use super::{Config, Count, Span};
use crate::model::retention::{Policy, TagRule};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A line of the file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable, by name.
    Variable(String),
    /// A flag, dashes included.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => write!(f, "${name}"),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// One value that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The key, as in the file.
    pub key: &'static str,
    /// The value as text; `None`: there is none.
    pub value: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
}

impl Setting {
    /// The same setting with what a variable or flag says, if it says something.
    #[must_use]
    pub fn over(self, value: Option<String>, origin: Origin) -> Self {
        match value {
            Some(value) => Self { value: Some(value), origin, ..self },
            None => self,
        }
    }
}

impl Config {
    /// What the file and the defaults make of every setting, for one stack or for none in particular. The caller
    /// puts variables and flags over them.
    pub fn settings(&self, stack: Option<&str>) -> Vec<Setting> {
        let mut all = self.global();
        all.extend(self.of_stack(stack));
        all
    }

    fn global(&self) -> Vec<Setting> {
        let text = |value: &Option<String>| value.clone();
        vec![
            self.setting("profile", text(&self.profile), None, &[]),
            self.setting("region", text(&self.region), None, &[]),
            self.setting("endpoint-url", text(&self.endpoint_url), None, &[]),
            self.setting("output", text(&self.output), Some("text"), &[]),
            self.setting("color", text(&self.color), Some("auto"), &[]),
            self.setting("log-format", text(&self.log_format), Some("text"), &[]),
            self.setting("poll-interval", self.poll_interval.map(String::from), None, &[]),
        ]
    }

    fn of_stack(&self, stack: Option<&str>) -> Vec<Setting> {
        let it = stack.map_or_else(|| self.defaults.clone(), |name| self.stack(name));
        let own = stack.map(|name| format!("stacks.{name}"));
        let tables: Vec<&str> = own.iter().map(String::as_str).chain(["defaults"]).collect();
        let span = |span: Option<Span>| span.map(String::from);
        let yes = |value: Option<bool>| value.map(|value| value.to_string());
        let kept = &it.retention;
        let count = |count: Option<Count>| count.map(|count| count.get().to_string());
        let tags = |tags: &[TagRule]| tags.iter().cloned().map(String::from).collect::<Vec<_>>().join(", ");
        // A week, where no rule is given.
        let week = Some("7d").filter(|_| kept.policy() == Policy { zone: kept.policy().zone, ..Policy::default() });
        let setting = |key, value, default| self.setting(key, value, default, &tables);
        vec![
            setting("stack-profile", it.profile, None),
            setting("cluster", it.cluster, None),
            setting("file-system", it.file_system, None),
            setting("vault", it.vault, None),
            setting("role", it.role, None),
            setting("secret", it.secret, None),
            setting("manifest", it.manifest.map(String::from), Some("ssm")),
            setting("offline-parameter", it.offline_parameter, None),
            setting("online-value", it.online_value, None),
            setting("offline-value", it.offline_value, None),
            setting("max-offline", span(it.max_offline), Some("1h")),
            setting("settle", span(it.settle), Some("30s")),
            setting("timeout", span(it.timeout), Some("6h")),
            setting("live", yes(it.live), Some("false")),
            setting("seed", yes(it.seed), Some("false")),
            setting("strict", yes(it.strict), Some("false")),
            setting("retention.keep-last", count(kept.keep_last), None),
            setting("retention.keep-within", span(kept.keep_within), week),
            setting("retention.keep-hourly", count(kept.keep_hourly), None),
            setting("retention.keep-daily", count(kept.keep_daily), None),
            setting("retention.keep-weekly", count(kept.keep_weekly), None),
            setting("retention.keep-monthly", count(kept.keep_monthly), None),
            setting("retention.keep-yearly", count(kept.keep_yearly), None),
            setting("retention.keep-tag", kept.keep_tag.as_deref().map(tags), None),
            setting("retention.time-zone", kept.time_zone.clone().map(String::from), Some("UTC")),
            setting("retention.grace", span(kept.grace), Some("1d")),
            setting("retention.after-backup", yes(kept.after_backup), Some("false")),
        ]
    }

    fn setting(&self, key: &'static str, value: Option<String>, default: Option<&str>, tables: &[&str]) -> Setting {
        let origin = if value.is_some() { self.origin(key, tables) } else { Origin::Default };
        Setting { key, value: value.or_else(|| default.map(str::to_owned)), origin }
    }

    /// The first of the tables that says it.
    fn origin(&self, key: &str, tables: &[&str]) -> Origin {
        // In a stack's table, `profile` is the stack's kind; at the top it is the AWS profile.
        let key = if key == "stack-profile" { "profile" } else { key };
        let full = |table: &&str| format!("{table}.{key}");
        let keys: Vec<String> =
            if tables.is_empty() { vec![key.to_owned()] } else { tables.iter().map(full).collect() };
        let line = keys.iter().find_map(|key| self.lines.get(key));
        match (line, &self.path) {
            (Some(&line), Some(path)) => Origin::File { path: path.clone(), line },
            _ => Origin::Default,
        }
    }
}
