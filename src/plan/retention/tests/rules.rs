use super::*;

#[test]
fn without_a_rule_nothing_is_kept() {
    keeps("", ["2026-11-20 02:00", "2026-11-19 02:00"], &[]);
}

#[test]
fn without_backups_there_is_nothing_to_say() {
    assert!(judge([], &policy("last 3 within 7d daily 7 weekly 4")).is_empty());
}

#[test]
fn the_last_three_are_kept_however_old_they_are() {
    keeps(
        "last 3",
        ["2026-11-20 02:00", "2024-01-01 02:00", "1999-12-31 23:59", "1999-12-31 23:58"],
        &["2026-11-20 02:00", "2024-01-01 02:00", "1999-12-31 23:59"],
    );
}

#[test]
fn a_backup_as_old_as_the_limit_is_kept_and_one_a_second_older_is_not() {
    keeps(
        "within 7d",
        ["2026-11-20 02:00", "2026-11-13 02:00", "2026-11-13 01:59:59"],
        &["2026-11-20 02:00", "2026-11-13 02:00"],
    );
}

#[test]
fn of_each_day_the_newest_is_kept() {
    keeps(
        "daily 2",
        ["2026-11-20 23:59", "2026-11-20 00:00", "2026-11-19 23:59", "2026-11-19 02:00", "2026-11-18 02:00"],
        &["2026-11-20 23:59", "2026-11-19 23:59"],
    );
}

#[test]
fn of_each_hour_the_newest_is_kept() {
    keeps(
        "hourly 2",
        ["2026-11-20 02:59:59", "2026-11-20 02:00", "2026-11-20 01:59:59", "2026-11-20 00:30"],
        &["2026-11-20 02:59:59", "2026-11-20 01:59:59"],
    );
}

#[test]
fn a_week_begins_on_monday() {
    // 2026-11-16 is a Monday.
    keeps(
        "weekly 2",
        ["2026-11-20 02:00", "2026-11-16 00:00", "2026-11-15 23:59", "2026-11-09 00:00", "2026-11-08 23:59"],
        &["2026-11-20 02:00", "2026-11-15 23:59"],
    );
}

#[test]
fn the_newest_of_a_week_is_kept_though_its_day_is_not() {
    keeps(
        "daily 2 weekly 2",
        ["2026-11-20 02:00", "2026-11-19 02:00", "2026-11-18 02:00", "2026-11-15 02:00", "2026-11-14 02:00"],
        &["2026-11-20 02:00", "2026-11-19 02:00", "2026-11-15 02:00"],
    );
}

#[test]
fn of_each_month_and_year_the_newest_is_kept() {
    let backups = ["2026-11-20 02:00", "2026-10-31 02:00", "2026-10-30 02:00", "2026-09-30 02:00", "2025-12-31 02:00"];
    keeps("monthly 3", backups, &["2026-11-20 02:00", "2026-10-31 02:00", "2026-09-30 02:00"]);
    keeps("yearly 3", backups, &["2026-11-20 02:00", "2025-12-31 02:00"]);
}

#[test]
fn days_without_a_backup_do_not_count() {
    keeps(
        "daily 3",
        ["2026-11-20 02:00", "2026-11-02 02:00", "2026-11-01 02:00", "2026-10-31 02:00"],
        &["2026-11-20 02:00", "2026-11-02 02:00", "2026-11-01 02:00"],
    );
}

#[test]
fn after_weeks_without_backups_the_age_counts_from_the_newest_not_from_today() {
    keeps(
        "within 2d",
        ["2026-01-03 02:00", "2026-01-01 02:00", "2025-12-31 02:00"],
        &["2026-01-03 02:00", "2026-01-01 02:00"],
    );
}

#[test]
fn whatever_any_rule_keeps_is_kept() {
    keeps(
        "last 1 within 24h monthly 2",
        ["2026-11-20 02:00", "2026-11-19 14:00", "2026-11-18 02:00", "2026-10-31 02:00", "2026-09-30 02:00"],
        &["2026-11-20 02:00", "2026-11-19 14:00", "2026-10-31 02:00"],
    );
}

#[test]
fn rules_do_not_take_each_others_places() {
    // The newest of the day is the newest of the week, too: the second week is kept all the same.
    keeps(
        "last 1 daily 1 weekly 2",
        ["2026-11-20 02:00", "2026-11-19 02:00", "2026-11-13 02:00"],
        &["2026-11-20 02:00", "2026-11-13 02:00"],
    );
}

#[test]
fn a_tag_keeps_whatever_the_age() {
    let policy = policy("last 1 tag release=4.2");
    let times = ["2026-11-20 02:00", "2026-11-19 02:00", "2001-01-01 02:00"].map(|text| local(text, &policy.zone));
    let verdicts = judge(times.into_iter().zip([false, false, true]), &policy);
    assert_eq!(verdicts.iter().map(super::super::Verdict::keeps).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(verdicts[2].reasons(&policy, times[2]), ["a tag"]);
}

#[test]
fn of_several_backups_in_one_second_one_is_the_newest_of_its_periods() {
    keeps("hourly 1 daily 1 weekly 1 monthly 1 yearly 1", ["2026-11-20 02:00"; 3], &["2026-11-20 02:00"]);
    keeps("last 2", ["2026-11-20 02:00"; 3], &["2026-11-20 02:00"; 2]);
    keeps("within 0s", ["2026-11-20 02:00"; 3], &["2026-11-20 02:00"; 3]);
}
