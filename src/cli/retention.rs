//! `--keep-…`: how long backups are kept, over what stacksnap.toml says.

use jiff::SignedDuration;

use super::duration;
use super::failure::Failure;
use crate::config::{Count, RetentionConfig, Span, Zone};
use crate::model::retention::{Policy, TagRule};

/// How old something must be that never was complete, unless somebody says otherwise: a day.
const GRACE: u32 = 86_400;
/// Nobody keeps backups for less: it is a unit that was mistaken.
const HOUR: u32 = 3_600;

/// What is kept: whatever any rule keeps. Over those of stacksnap.toml, one by one.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "What is kept [default: the last 7 days]")]
pub(crate) struct RetentionFlags {
    /// The newest N complete backups.
    #[arg(long, value_name = "N")]
    keep_last: Option<Count>,
    /// All that are at most this much older than the newest complete one.
    #[arg(long, value_name = "DURATION", value_parser = duration::positive)]
    keep_within: Option<Span>,
    /// The newest of each of the last N hours that have one.
    #[arg(long, value_name = "N")]
    keep_hourly: Option<Count>,
    /// The newest of each of the last N days that have one.
    #[arg(long, value_name = "N")]
    keep_daily: Option<Count>,
    /// The newest of each of the last N weeks (from Monday) that have one.
    #[arg(long, value_name = "N")]
    keep_weekly: Option<Count>,
    /// The newest of each of the last N months that have one.
    #[arg(long, value_name = "N")]
    keep_monthly: Option<Count>,
    /// The newest of each of the last N years that have one.
    #[arg(long, value_name = "N")]
    keep_yearly: Option<Count>,
    /// Those whose snapshot bears this AWS tag.
    #[arg(long, value_name = "KEY[=VALUE]")]
    keep_tag: Vec<TagRule>,
    /// Where days begin, e.g. Europe/Berlin [default: UTC].
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<Zone>,
    /// How old something must be to be deleted that never was complete [default: 1d].
    #[arg(long, value_name = "DURATION", value_parser = duration::span)]
    grace: Option<Span>,
}

/// What holds for one stack.
#[derive(Clone, Debug)]
pub(crate) struct Retention {
    /// The rules.
    pub(crate) policy: Policy,
    /// Somebody gave a rule; otherwise it is the usual one.
    pub(crate) explicit: bool,
    /// How old something must be that never was complete.
    pub(crate) grace: SignedDuration,
}

impl RetentionFlags {
    /// Tags that keep a backup, as they were typed.
    pub(crate) fn tags(&self) -> &[TagRule] {
        &self.keep_tag
    }

    fn config(&self) -> RetentionConfig {
        RetentionConfig {
            keep_last: self.keep_last,
            keep_within: self.keep_within,
            keep_hourly: self.keep_hourly,
            keep_daily: self.keep_daily,
            keep_weekly: self.keep_weekly,
            keep_monthly: self.keep_monthly,
            keep_yearly: self.keep_yearly,
            keep_tag: Some(self.keep_tag.clone()).filter(|tags| !tags.is_empty()),
            time_zone: self.time_zone.clone(),
            grace: self.grace,
            after_backup: None,
        }
    }

    /// The flags over what the file says of a stack.
    ///
    /// # Errors
    /// A rule that keeps nothing.
    pub(crate) fn over(&self, file: &RetentionConfig) -> Result<Retention, Failure> {
        let flags = self.config();
        // More tags keep more: a flag adds to the file's.
        let tags = [&flags.keep_tag, &file.keep_tag].into_iter().flatten().flatten().cloned().collect::<Vec<_>>();
        let given = flags.keep_tag.is_some() || file.keep_tag.is_some();
        retention(&RetentionConfig { keep_tag: given.then_some(tags), ..flags.over(file) })
    }
}

/// What the file says of a stack.
///
/// # Errors
/// A rule that keeps nothing.
pub(crate) fn retention(said: &RetentionConfig) -> Result<Retention, Failure> {
    match said.keep_within {
        Some(Span(0)) => return Err(Failure::usage("keep-within is 0s, which keeps nothing: leave the rule out")),
        Some(span @ Span(..HOUR)) => {
            return Err(Failure::usage(format!("keep-within is {span}, which is less than an hour"))
                .hint("`m` is minutes: for half a year write 180d"));
        }
        _ => {}
    }
    let Span(grace) = said.grace.unwrap_or(Span(GRACE));
    Ok(Retention { policy: said.policy(), explicit: said.has_rules(), grace: SignedDuration::from_secs(grace.into()) })
}

#[cfg(test)]
mod tests {
    use super::super::args::{Cli, Command};
    use super::*;
    use clap::Parser;

    fn flags(line: &str) -> RetentionFlags {
        match Cli::try_parse_from(line.split(' ')).unwrap().command {
            Command::Prune(prune) => prune.retention,
            _ => panic!("not a prune"),
        }
    }

    #[test]
    fn flags_win_over_the_file_one_by_one() {
        let file =
            RetentionConfig { keep_last: "3".parse().ok(), keep_daily: "7".parse().ok(), ..RetentionConfig::default() };
        let both = flags("stacksnap prune my-hub --keep-last 5 --time-zone Asia/Seoul").over(&file).unwrap();
        assert_eq!((both.policy.last, both.policy.periods[1]), (Some(5), Some(7)));
        assert_eq!(both.policy.zone.iana_name(), Some("Asia/Seoul"));
        assert_eq!(both.policy.within, None, "a rule was given, so the usual week does not hold");
    }

    #[test]
    fn a_rule_of_nothing_is_refused() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' ')).map(drop);
        for rule in ["--keep-last 0", "--keep-daily -1", "--keep-weekly x", "--keep-within 0s", "--keep-tag ="] {
            assert!(parse(&format!("stacksnap prune my-hub {rule}")).is_err(), "{rule}");
        }
        let file = RetentionConfig { keep_within: Some(Span(0)), ..RetentionConfig::default() };
        assert!(retention(&file).is_err());
    }
}
