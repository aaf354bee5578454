//! `[stacks.NAME.retention]`: how long backups are kept.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::Span;
use crate::model::retention::{Policy, TagRule};

/// A rule's number: how many are kept. Not zero, which would keep nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Count(u32);

impl Count {
    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<i64> for Count {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        match u32::try_from(number) {
            Ok(0) => Err("0 keeps nothing: leave the rule out".to_owned()),
            Ok(number) => Ok(Self(number)),
            Err(_) => Err(format!("`{number}` is not a number of backups")),
        }
    }
}

impl From<Count> for i64 {
    fn from(count: Count) -> Self {
        count.0.into()
    }
}

impl FromStr for Count {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse::<i64>().map_err(|_| format!("`{text}` is not a number of backups")).and_then(Self::try_from)
    }
}

/// A time zone of the IANA database, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone, String);

impl Zone {
    /// The zone.
    pub fn get(&self) -> &TimeZone {
        &self.0
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        TimeZone::get(text)
            .map(|zone| Self(zone, text.to_owned()))
            .map_err(|_| format!("`{text}` is not a time zone: write one like Europe/Berlin, or UTC"))
    }
}

impl TryFrom<String> for Zone {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.1
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.1)
    }
}

/// How long a stack's backups are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table, as in `[defaults.retention]`")]
pub struct RetentionConfig {
    /// The newest so many.
    pub keep_last: Option<Count>,
    /// All that are not older than this, counted back from the newest.
    pub keep_within: Option<Span>,
    /// The newest of each of so many hours.
    pub keep_hourly: Option<Count>,
    /// The newest of each of so many days.
    pub keep_daily: Option<Count>,
    /// The newest of each of so many weeks.
    pub keep_weekly: Option<Count>,
    /// The newest of each of so many months.
    pub keep_monthly: Option<Count>,
    /// The newest of each of so many years.
    pub keep_yearly: Option<Count>,
    /// Those whose snapshot bears one of these AWS tags: `KEY` or `KEY=VALUE`.
    pub keep_tag: Option<Vec<TagRule>>,
    /// Where days begin.
    pub time_zone: Option<Zone>,
    /// How old something must be that never was complete.
    pub grace: Option<Span>,
    /// Prune after every successful backup.
    pub after_backup: Option<bool>,
}

impl RetentionConfig {
    /// What is said here, and for the rest what `all` says.
    #[must_use]
    pub fn over(self, all: &Self) -> Self {
        let all = all.clone();
        Self {
            keep_last: self.keep_last.or(all.keep_last),
            keep_within: self.keep_within.or(all.keep_within),
            keep_hourly: self.keep_hourly.or(all.keep_hourly),
            keep_daily: self.keep_daily.or(all.keep_daily),
            keep_weekly: self.keep_weekly.or(all.keep_weekly),
            keep_monthly: self.keep_monthly.or(all.keep_monthly),
            keep_yearly: self.keep_yearly.or(all.keep_yearly),
            keep_tag: self.keep_tag.or(all.keep_tag),
            time_zone: self.time_zone.or(all.time_zone),
            grace: self.grace.or(all.grace),
            after_backup: self.after_backup.or(all.after_backup),
        }
    }

    /// A rule is given, and be it an empty one.
    pub fn has_rules(&self) -> bool {
        let counts =
            [self.keep_last, self.keep_hourly, self.keep_daily, self.keep_weekly, self.keep_monthly, self.keep_yearly];
        counts.iter().any(Option::is_some) || self.keep_within.is_some() || self.keep_tag.is_some()
    }

    /// The policy. Where no rule is given at all: a week.
    pub fn policy(&self) -> Policy {
        let number = |count: Option<Count>| count.map(Count::get);
        let zone = self.time_zone.as_ref().map_or(TimeZone::UTC, |zone| zone.get().clone());
        let said = Policy {
            last: number(self.keep_last),
            within: self.keep_within.map(|Span(seconds)| seconds),
            periods: [self.keep_hourly, self.keep_daily, self.keep_weekly, self.keep_monthly, self.keep_yearly]
                .map(number),
            tags: self.keep_tag.clone().unwrap_or_default(),
            zone: zone.clone(),
        };
        // `keep-tag = []` is a policy, and an empty one.
        if self.has_rules() { said } else { Policy { zone, ..Policy::default() } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_is_said_a_week_is_kept() {
        assert_eq!(RetentionConfig::default().policy(), Policy::default());
        let none = RetentionConfig { keep_tag: Some(Vec::new()), ..RetentionConfig::default() };
        assert!(none.policy().is_empty());
    }

    #[test]
    fn a_zone_alone_changes_no_rule() {
        let berlin = RetentionConfig { time_zone: "Europe/Berlin".parse().ok(), ..RetentionConfig::default() };
        assert_eq!(berlin.policy().within, Policy::default().within);
        assert_eq!(berlin.policy().zone.iana_name(), Some("Europe/Berlin"));
    }

    #[test]
    fn nonsense_is_refused_with_what_to_write() {
        assert!("0".parse::<Count>().unwrap_err().contains("leave the rule out"));
        assert!("-1".parse::<Count>().is_err() && "x".parse::<Count>().is_err());
        assert!("Europe/Atlantis".parse::<Zone>().unwrap_err().contains("Europe/Berlin"));
    }
}
