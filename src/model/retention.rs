//! Which backups are kept, as the operator says it.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A length of calendar time of which the newest backup is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// An hour.
    Hourly,
    /// A day, from midnight to midnight in the stack's time zone.
    Daily,
    /// A week, from Monday (ISO 8601).
    Weekly,
    /// A month.
    Monthly,
    /// A year.
    Yearly,
}

impl Period {
    /// All of them, the shortest first.
    pub const ALL: [Self; 5] = [Self::Hourly, Self::Daily, Self::Weekly, Self::Monthly, Self::Yearly];

    /// `hourly`, `daily` …
    pub fn word(self) -> &'static str {
        match self {
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Yearly => "yearly",
        }
    }
}

/// What is kept of a stack's complete backups: whatever any of the rules keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The newest so many.
    pub last: Option<u32>,
    /// All that are not older than this, seconds, counted back from the newest complete backup: where backups have
    /// stopped, time alone deletes nothing.
    pub within: Option<u32>,
    /// The newest of each of the newest so many periods that have one; indexed as [`Period::ALL`].
    pub periods: [Option<u32>; 5],
    /// Backups whose snapshot bears one of these AWS tags.
    pub tags: Vec<TagRule>,
    /// Where days begin.
    pub zone: TimeZone,
}

impl Default for Policy {
    /// A week, in UTC.
    fn default() -> Self {
        Self { within: Some(7 * 86_400), ..Self::nothing() }
    }
}

impl Policy {
    /// No rule.
    pub fn nothing() -> Self {
        Self { last: None, within: None, periods: [None; 5], tags: Vec::new(), zone: TimeZone::UTC }
    }

    /// It says nothing at all.
    pub fn is_empty(&self) -> bool {
        self.last.is_none() && self.within.is_none() && self.periods.iter().all(Option::is_none) && self.tags.is_empty()
    }
}

/// An AWS tag that keeps a backup: `KEY`, or `KEY=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TagRule {
    /// The tag's key.
    pub key: String,
    /// Its value; `None`: any.
    pub value: Option<String>,
}

impl TagRule {
    /// Whether these tags have it.
    pub fn fits(&self, tags: &super::half::Tags) -> bool {
        tags.get(&self.key).is_some_and(|value| self.value.as_ref().is_none_or(|wanted| wanted == value))
    }
}

impl std::str::FromStr for TagRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (text, None),
        };
        if key.trim().is_empty() {
            return Err(format!("`{text}` names no tag: write KEY or KEY=VALUE"));
        }
        Ok(Self { key: key.trim().to_owned(), value })
    }
}

impl TryFrom<String> for TagRule {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<TagRule> for String {
    fn from(rule: TagRule) -> Self {
        match rule.value {
            Some(value) => format!("{}={value}", rule.key),
            None => rule.key,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_keeps_by_its_key_or_by_its_value_too() {
        let tags = [("release".to_owned(), "4.2".to_owned())].into();
        let fits = |text: &str| text.parse::<TagRule>().unwrap().fits(&tags);
        assert!(fits("release") && fits("release=4.2"));
        assert!(!fits("release=4.3") && !fits("other") && !fits("release="));
        assert!("=x".parse::<TagRule>().is_err() && "".parse::<TagRule>().is_err());
    }
}
