//! The examples of AWS's documentation.
//!
//! [S]: EventBridge Scheduler User Guide, *Schedule types*
//! (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>).
//! [E]: EventBridge User Guide, *Cron expressions reference*
//! (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html>).

use super::runs;

const NOW: &str = "2026-11-20T12:00:00Z"; // a Friday

#[test]
fn s_the_last_friday_of_each_month_of_two_years() {
    let all = runs("cron(15 10 ? * 6L 2022-2023)", "UTC", "2022-01-01T00:00:00Z", 99);
    assert_eq!(all.len(), 24);
    assert_eq!(all[..2], ["Fri 2022-01-28 10:15 +00:00", "Fri 2022-02-25 10:15 +00:00"]);
    assert_eq!(all[23], "Fri 2023-12-29 10:15 +00:00");
}

#[test]
fn s_once_on_a_day_in_another_zone() {
    let once = "at(2022-11-20T13:00:00)";
    let zone = "America/Los_Angeles";
    assert_eq!(runs(once, zone, "2022-11-01T00:00:00Z", 5), ["Sun 2022-11-20 13:00 -08:00"]);
    assert!(runs(once, zone, "2022-11-20T21:00:00Z", 5).is_empty(), "it is over");
}

#[test]
fn s_every_day_in_new_york() {
    let all = runs("cron(30 8 * * ? *)", "America/New_York", "2026-10-31T13:00:00Z", 2);
    assert_eq!(all, ["Sun 2026-11-01 08:30 -05:00", "Mon 2026-11-02 08:30 -05:00"]);
}

#[test]
fn s_the_run_in_the_hour_that_the_clocks_skip_is_left_out() {
    let all = runs("cron(30 2 * * ? *)", "America/Los_Angeles", "2026-03-07T00:00:00Z", 2);
    assert_eq!(all, ["Sat 2026-03-07 02:30 -08:00", "Mon 2026-03-09 02:30 -07:00"]);
}

#[test]
fn s_the_run_in_the_hour_that_comes_twice_is_once_and_before_the_clocks_go_back() {
    let all = runs("cron(30 1 * * ? *)", "America/Los_Angeles", "2026-10-31T12:00:00Z", 2);
    assert_eq!(all, ["Sun 2026-11-01 01:30 -07:00", "Mon 2026-11-02 01:30 -08:00"]);
    // Asked in the middle of the second hour.
    let all = runs("cron(0/30 1 * * ? *)", "America/Los_Angeles", "2026-11-01T09:10:00Z", 1);
    assert_eq!(all, ["Mon 2026-11-02 01:00 -08:00"]);
}

#[test]
fn s_a_rate_is_counted_from_when_the_schedule_was_made_and_a_day_has_24_hours() {
    assert_eq!(runs("rate(5 minutes)", "UTC", NOW, 2), ["Fri 2026-11-20 12:05 +00:00", "Fri 2026-11-20 12:10 +00:00"]);
    let all = runs("rate(1 days)", "Europe/Berlin", "2026-10-24T10:00:00Z", 2);
    assert_eq!(all, ["Sun 2026-10-25 11:00 +01:00", "Mon 2026-10-26 11:00 +01:00"]);
}

#[test]
fn e_the_table_of_examples() {
    for (expression, first) in [
        ("cron(0 10 * * ? *)", "Sat 2026-11-21 10:00"),
        ("cron(15 12 * * ? *)", "Fri 2026-11-20 12:15"),
        ("cron(0 18 ? * MON-FRI *)", "Fri 2026-11-20 18:00"),
        ("cron(0 8 1 * ? *)", "Tue 2026-12-01 08:00"),
        ("cron(0/15 * * * ? *)", "Fri 2026-11-20 12:15"),
        ("cron(0/10 * ? * MON-FRI *)", "Fri 2026-11-20 12:10"),
        ("cron(0/5 8-17 ? * MON-FRI *)", "Fri 2026-11-20 12:05"),
        ("cron(0 9 ? * 2#1 *)", "Mon 2026-12-07 09:00"),
    ] {
        assert_eq!(runs(expression, "UTC", NOW, 1), [format!("{first} +00:00")], "{expression}");
    }
}

#[test]
fn e_the_wildcards() {
    for (expression, first) in [
        // "1/10 … the 11th, 21st, and 31st minute".
        ("cron(1/10 13 * * ? *)", ["13:01", "13:11", "13:21"].map(|at| format!("Fri 2026-11-20 {at}"))),
        // "3W … the weekday closest to the third day of the month"; a Saturday and a Sunday among them.
        ("cron(0 0 3W * ? *)", ["Thu 2026-12-03", "Mon 2027-01-04", "Wed 2027-02-03"].map(midnight)),
        // "3#2 would be the second Tuesday of the month".
        ("cron(0 0 ? * 3#2 *)", ["Tue 2026-12-08", "Tue 2027-01-12", "Tue 2027-02-09"].map(midnight)),
        // "the last day of the month or week".
        ("cron(0 0 L * ? *)", ["Mon 2026-11-30", "Thu 2026-12-31", "Sun 2027-01-31"].map(midnight)),
        ("cron(0 0 ? * L *)", ["Sat 2026-11-21", "Sat 2026-11-28", "Sat 2026-12-05"].map(midnight)),
        ("cron(0 0 LW * ? *)", ["Mon 2026-11-30", "Thu 2026-12-31", "Fri 2027-01-29"].map(midnight)),
        ("cron(0 0 1 JAN,FEB,MAR ? *)", ["Fri 2027-01-01", "Mon 2027-02-01", "Mon 2027-03-01"].map(midnight)),
        // The nearest weekday is never in another month.
        ("cron(0 0 1W 5-8 ? *)", ["Mon 2027-05-03", "Tue 2027-06-01", "Thu 2027-07-01"].map(midnight)),
        ("cron(0 0 ? * 1,7 *)", ["Sat 2026-11-21", "Sun 2026-11-22", "Sat 2026-11-28"].map(midnight)),
        ("cron(0 0 29 2 ? *)", ["Tue 2028-02-29", "Sun 2032-02-29", "Fri 2036-02-29"].map(midnight)),
    ] {
        let first = first.map(|at| format!("{at} +00:00"));
        assert_eq!(runs(expression, "UTC", NOW, 3), first, "{expression}");
    }
}

fn midnight(day: &str) -> String {
    format!("{day} 00:00")
}

#[test]
fn what_aws_is_sent_is_in_capitals_and_has_a_year() {
    for (text, sent) in [
        (" cron(0 3 ? * mon-fri *) ", "cron(0 3 ? * MON-FRI *)"),
        ("cron(0  3 l * ?)", "cron(0 3 L * ? *)"),
        ("rate(1 hours)", "rate(1 hour)"),
        ("rate(12 hour)", "rate(12 hours)"),
        ("at(2030-01-31T03:00:00)", "at(2030-01-31T03:00:00)"),
    ] {
        assert_eq!(text.parse::<super::Expression>().map(|one| one.to_string()), Ok(sent.to_owned()));
    }
    assert_eq!(super::Expression::cron("0 3 * * ? *"), "cron(0 3 * * ? *)".parse());
}

#[test]
fn what_is_over_or_never_is_has_no_runs() {
    for expression in ["cron(0 3 31 2 ? *)", "cron(0 3 * * ? 2020)", "at(2020-01-01T00:00:00)"] {
        assert!(runs(expression, "Europe/Berlin", NOW, 5).is_empty(), "{expression}");
    }
    assert!(runs("at(2027-03-28T02:30:00)", "Europe/Berlin", NOW, 5).is_empty(), "the clocks skip it");
}
