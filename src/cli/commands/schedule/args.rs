//! What is asked for, and the template's parameters that say it.

use clap::ValueEnum;

use super::super::super::stack_arg;
use super::values::{Code, Hours, Minutes, arn, cron, email, expression, fleet_tag, hours, minutes, pair};
use crate::plan::schedule::parameters::{Origin, Wish, Wished};
use crate::plan::schedule::{Expression, time_zone};

/// What a deployment is called where nobody says otherwise.
pub(super) const USUAL: &str = "stacksnap";

/// What to deploy. Of a deployment that is there, whatever is not given here stays as it is.
#[derive(Debug, clap::Args)]
pub(crate) struct Asked {
    /// The stack to back up.
    #[arg(value_parser = stack_arg::parse, conflicts_with = "fleet_tag")]
    pub(super) stack: Option<String>,
    /// Back up every stack that bears this tag, instead of one.
    #[arg(long, value_name = "KEY=VALUE", value_parser = fleet_tag)]
    pub(super) fleet_tag: Option<String>,
    /// The Lambda's zip, which you have put there: s3://BUCKET/KEY, in the same region.
    #[arg(long, value_name = "URL", value_parser = Code::read)]
    code: Option<Code>,
    /// When: six fields as AWS writes them, `0 3 * * ? *`.
    #[arg(long, value_name = "FIELDS", value_parser = cron, conflicts_with = "schedule")]
    cron: Option<Expression>,
    /// When: `cron(…)`, `rate(…)` or `at(…)`.
    #[arg(long, value_name = "EXPRESSION", value_parser = expression)]
    schedule: Option<Expression>,
    /// By the clocks of this time zone [default: UTC].
    #[arg(long, value_name = "ZONE", value_parser = time_zone)]
    timezone: Option<String>,
    /// Begin within so long after that, when it suits AWS; `0m`: at once.
    #[arg(long, value_name = "DURATION", value_parser = minutes)]
    flexible_window: Option<Minutes>,
    /// Whether the schedule starts anything.
    #[arg(long, value_enum)]
    state: Option<State>,
    /// The longest a stack may be offline.
    #[arg(long, value_name = "DURATION", value_parser = minutes)]
    max_offline: Option<Minutes>,
    /// Without taking the stack offline.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    live: Option<bool>,
    /// An online recovery point first, so that the offline one is short.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    seed: Option<bool>,
    /// Alarm when the last good backup is older.
    #[arg(long, value_name = "HOURS", value_parser = hours)]
    no_good_backup_hours: Option<Hours>,
    /// Where reports and alarms are mailed to.
    #[arg(long, value_name = "ADDRESS", value_parser = email)]
    email: Option<String>,
    /// A managed policy with what an update of the stack needs besides; as often as needed.
    #[arg(long, value_name = "ARN", value_parser = arn)]
    update_policy: Vec<String>,
    /// The role that AWS Backup works with [default: the stack's own].
    #[arg(long, value_name = "ARN", value_parser = arn)]
    pub(super) backup_role: Option<String>,
    /// The function's processor.
    #[arg(long, value_enum)]
    arch: Option<Arch>,
    /// Any other parameter of the template; as often as needed.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// The deployment's name, which is its CloudFormation stack's [default: stacksnap].
    #[arg(long, value_name = "NAME", value_parser = stack_arg::parse)]
    deployment: Option<String>,
}

/// The function's processor, in Lambda's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Arch {
    /// Graviton: cheaper.
    Arm64,
    /// Intel and AMD.
    #[value(name = "x86_64")]
    X86,
}

/// The schedule's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum State {
    /// It starts backups.
    Enabled,
    /// It starts none; the sentinel looks all the same.
    Disabled,
}

impl Asked {
    /// The deployment's name.
    pub(super) fn deployment(&self) -> &str {
        self.deployment.as_deref().unwrap_or(USUAL)
    }

    /// The name was typed, so it is meant.
    pub(super) fn names_deployment(&self) -> bool {
        self.deployment.is_some()
    }

    /// The zip that is to be there.
    pub(super) fn code(&self) -> Option<&Code> {
        self.code.as_ref()
    }

    /// When, if anything is said about it.
    pub(super) fn expression(&self) -> Option<&Expression> {
        self.schedule.as_ref().or(self.cron.as_ref())
    }

    /// The template's parameters that say it.
    pub(super) fn wish(&self) -> Wish {
        let mut wish = Wish::new();
        let mut say = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                wish.insert(key.to_owned(), Wished { value, origin: Origin::Given });
            }
        };
        // One of the two: the other one is emptied.
        let one_of_two = self.stack.is_some() || self.fleet_tag.is_some();
        say("Stack", one_of_two.then(|| self.stack.clone().unwrap_or_default()));
        say("FleetTag", one_of_two.then(|| self.fleet_tag.clone().unwrap_or_default()));
        say("CodeS3Bucket", self.code.as_ref().map(|code| code.bucket.clone()));
        say("CodeS3Key", self.code.as_ref().map(|code| code.key.clone()));
        say("ScheduleExpression", self.expression().map(ToString::to_string));
        say("ScheduleTimezone", self.timezone.clone());
        say("ScheduleState", self.state.map(|state| state.word().to_owned()));
        say("FlexibleWindowMinutes", self.flexible_window.map(|Minutes(minutes)| minutes.to_string()));
        say("MaxOfflineMinutes", self.max_offline.map(|Minutes(minutes)| minutes.to_string()));
        say("Live", self.live.map(|live| live.to_string()));
        say("Seed", self.seed.map(|seed| seed.to_string()));
        say("NoGoodBackupHours", self.no_good_backup_hours.map(|Hours(hours)| hours.to_string()));
        say("NotificationEmail", self.email.clone());
        say("UpdatePolicyArns", Some(self.update_policy.join(",")).filter(|arns| !arns.is_empty()));
        say("BackupRoleArn", self.backup_role.clone());
        say("Architecture", self.arch.map(|arch| arch.word().to_owned()));
        for (key, value) in &self.set {
            say(key, Some(value.clone()));
        }
        wish
    }
}

impl Arch {
    fn word(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86 => "x86_64",
        }
    }
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Enabled => "ENABLED",
            Self::Disabled => "DISABLED",
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        asked: Asked,
    }

    fn wish(words: &[&str]) -> Vec<(String, String)> {
        let line = Line::try_parse_from([&["schedule"], words].concat()).unwrap();
        line.asked.wish().into_iter().map(|(key, wished)| (key, wished.value)).collect()
    }

    fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_what_is_given_is_said() {
        assert_eq!(wish(&[]), []);
        assert_eq!(wish(&["--timezone", "europe/berlin"]), pairs(&[("ScheduleTimezone", "Europe/Berlin")]));
        assert_eq!(wish(&["--live=false", "--seed"]), pairs(&[("Live", "false"), ("Seed", "true")]));
    }

    #[test]
    fn a_stack_takes_the_place_of_a_fleet_and_the_other_way_round() {
        assert_eq!(wish(&["my-hub"]), pairs(&[("FleetTag", ""), ("Stack", "my-hub")]));
        assert_eq!(wish(&["--fleet-tag", "backup=nightly"]), pairs(&[("FleetTag", "backup=nightly"), ("Stack", "")]));
    }

    #[test]
    fn durations_become_the_minutes_and_hours_of_the_template() {
        let all = ["--max-offline", "1h30m", "--flexible-window", "0m", "--no-good-backup-hours", "2d"];
        let said = [("FlexibleWindowMinutes", "0"), ("MaxOfflineMinutes", "90"), ("NoGoodBackupHours", "48")];
        assert_eq!(wish(&all), pairs(&said));
        assert_eq!(wish(&["--no-good-backup-hours", "26"]), pairs(&[("NoGoodBackupHours", "26")]));
    }

    #[test]
    fn every_parameter_that_a_flag_says_is_in_the_template() {
        let all = wish(&[
            "my-hub",
            "--code",
            "s3://b/k.zip",
            "--cron",
            "0 3 * * ? *",
            "--timezone",
            "UTC",
            "--flexible-window",
            "5m",
            "--state",
            "disabled",
            "--max-offline",
            "60m",
            "--live",
            "--seed",
            "--no-good-backup-hours",
            "26h",
            "--email",
            "a@example.com",
            "--update-policy",
            "arn:aws:iam::1:policy/A",
            "--update-policy",
            "arn:aws:iam::1:policy/B",
            "--backup-role",
            "arn:aws:iam::1:role/R",
            "--arch",
            "x86_64",
            "--set",
            "LogRetentionDays=30",
        ]);
        let template = crate::plan::schedule::deployment::template().unwrap();
        for (key, value) in &all {
            let declared = template.parameter(key).unwrap_or_else(|| panic!("the template has no {key}"));
            assert!(declared.allowed.is_empty() || declared.allowed.contains(value), "{key}: {value}");
        }
        assert_eq!(all.len(), 17);
    }

    #[test]
    fn a_bad_value_says_how_it_is_written() {
        for (words, said) in [
            (["--code", "https://b/k.zip"], "s3://BUCKET/KEY"),
            (["--code", "s3://bucket"], "s3://BUCKET/KEY"),
            (["--cron", "0 3 * * *"], "cron(0 3 * * ? *)"),
            (["--schedule", "daily"], "rate(12 hours)"),
            (["--timezone", "Europe/Atlantis"], "Europe/Berlin"),
            (["--max-offline", "90s"], "minutes"),
            (["--no-good-backup-hours", "90m"], "hours"),
            (["--email", "nobody"], "name@example.com"),
            (["--update-policy", "ReadOnlyAccess"], "arn:aws:iam"),
            (["--fleet-tag", "nightly"], "KEY=VALUE"),
            (["--set", "hunter2"], "KEY=VALUE"),
            (["--deployment", "my_stack"], "letters"),
        ] {
            let error = Line::try_parse_from([&["schedule"], &words[..]].concat()).unwrap_err().to_string();
            assert!(error.contains(said), "{words:?}: {error}");
        }
    }
}
