//! What AWS refuses: what, why, and another way to write it.

use super::super::{BadExpression, time_zone};
use super::Expression;

fn refused(text: &str) -> BadExpression {
    match text.parse::<Expression>() {
        Ok(read) => panic!("`{text}` was read as {read}"),
        Err(why) => why,
    }
}

#[test]
fn a_unix_crontab_is_told_how_aws_writes_it() {
    // The five fields of a crontab: AWS's year is added, and then `?` is missing.
    assert_eq!(
        Expression::cron("0 3 * * *").unwrap_err().to_string(),
        "neither day field is `?`: day-of-month or day-of-week tells on which days, and AWS wants `?` in the other one. \
         For example `cron(0 3 * * ? *)`"
    );
    assert_eq!(refused("cron(0 3 * * 1-5 *)").example, "`cron(0 3 ? * 1-5 *)`");
    assert_eq!(refused("cron(0 3 1 * MON *)").example, "`cron(0 3 1 * ? *)`");
    assert_eq!(refused("cron(0 3 ? * ? *)").example, "`cron(0 3 * * ? *)`");
}

#[test]
fn the_example_that_is_given_can_be_read() {
    for text in ["cron(0 3 * * * *)", "cron(0 3 ? * ? *)", "cron(0 3 * * 2 *)", "rate(0 hours)", "at(soon)", "cron(0)"]
    {
        let example = refused(text).example;
        let first = example.split('`').nth(1).unwrap();
        assert!(first.parse::<Expression>().is_ok(), "{example}");
    }
}

#[test]
fn fields_hold_what_they_hold_and_nothing_else() {
    for text in [
        "60 3 * * ? *",
        "0 24 * * ? *",
        "0 3 0 * ? *",
        "0 3 32 * ? *",
        "0 3 * 13 ? *",
        "0 3 * FOO ? *",
        "0 3 ? * 0 *",
        "0 3 ? * 8 *",
        "0 3 ? * MONDAY *",
        "0 3 * * ? 1969",
        "0 3 * * ? 2200",
        "*/60 * * * ? *",
        "*/0 * * * ? *",
        "0/ * * * ? *",
        "/5 * * * ? *",
        "0, 3 * * ? *",
        "0,,1 3 * * ? *",
        "-1 3 * * ? *",
        "+1 3 * * ? *",
        "1.5 3 * * ? *",
        "0 22-2 * * ? *",
        "0 3 ? * FRI-MON *",
        "? 3 * * ? *",
        "0 3 * ? ? *",
        "0 3 1,L * ? *",
        "0 3 L-3 * ? *",
        "0 3 W * ? *",
        "0 3 1-5W * ? *",
        "0 3 15,20W * ? *",
        "0 3 32W * ? *",
        "0 3 ? * 3#6 *",
        "0 3 ? * 3#0 *",
        "0 3 ? * #2 *",
        "0 3 ? * 3#1,6#3 *",
        "0 3 ? * 2L,3L *",
        "0 3 ? * 0L *",
        "0 3 ? * 3W *",
        "0 3 *",
        "0 3 * * ? * *",
        "",
    ] {
        assert!(Expression::cron(text).is_err(), "{text}");
    }
}

#[test]
fn an_error_says_which_field_and_what_it_holds() {
    assert_eq!(
        refused("cron(0 3 ? * 0 *)").to_string(),
        "`0` cannot stand in the field day-of-week: it holds 1 to 7, or SUN to SAT. \
         For example `MON-FRI`, `1` (which is SUN), `6L` or `2#1`"
    );
    assert_eq!(
        refused("cron(*/60 * * * ? *)").to_string(),
        "`/60` cannot stand in the field minutes: a step is a whole number from 1 to 59. For example `30`, `0,30` or `*/15`"
    );
}

#[test]
fn rates_times_and_forms_that_are_none() {
    for text in [
        "rate(0 minutes)",
        "rate(-5 minutes)",
        "rate(1.5 hours)",
        "rate(5)",
        "rate(5 weeks)",
        "rate(5 minutess)",
        "rate(5 Minutes)",
        "rate(99999999999 days)",
        "rate()",
        "at(2030-01-31)",
        "at(2030-01-31 03:00:00)",
        "at(2030-01-31T03:00)",
        "at(2030-01-31T03:00:00Z)",
        "at(2030-02-30T03:00:00)",
        "at(2030-01-31T25:00:00)",
        "daily",
        "0 3 * * ? *",
        "CRON(0 3 * * ? *)",
        "cron (0 3 * * ? *)",
        "cron(0 3 * * ? *",
        "",
    ] {
        assert!(!refused(text).to_string().is_empty(), "{text}");
    }
}

#[test]
fn a_time_zone_is_one_of_ianas() {
    assert_eq!(time_zone("europe/berlin").as_deref(), Ok("Europe/Berlin"));
    assert_eq!(time_zone("UTC").as_deref(), Ok("UTC"));
    for name in ["Europe/Atlantis", "", "CET+1", "+01:00", "Etc/Unknown"] {
        assert!(time_zone(name).unwrap_err().contains("Europe/Berlin"), "{name}");
    }
}
