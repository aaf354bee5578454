use super::*;

#[test]
fn the_first_of_january_may_be_of_last_years_last_week() {
    // 2027-01-01 is a Friday: week 53 of 2026, with the Monday of 2026-12-28.
    keeps(
        "weekly 2",
        ["2027-01-01 02:00", "2026-12-31 02:00", "2026-12-28 00:00", "2026-12-27 23:59", "2026-12-20 02:00"],
        &["2027-01-01 02:00", "2026-12-27 23:59"],
    );
    assert_eq!(reasons("weekly 1", ["2027-01-01 02:00"]), ["weekly 1 of 1 (newest of week 53)"]);
}

#[test]
fn the_last_of_december_may_be_of_next_years_first_week() {
    // 2024-12-30 is a Monday: week 1 of 2025.
    keeps(
        "weekly 2",
        ["2025-01-05 02:00", "2024-12-30 00:00", "2024-12-29 23:59", "2024-12-22 02:00"],
        &["2025-01-05 02:00", "2024-12-29 23:59"],
    );
    assert_eq!(reasons("weekly 1", ["2024-12-30 02:00"]), ["weekly 1 of 1 (newest of week 1)"]);
}

#[test]
fn week_one_of_two_years_is_two_weeks() {
    keeps("weekly 2", ["2026-01-01 02:00", "2025-01-01 02:00"], &["2026-01-01 02:00", "2025-01-01 02:00"]);
}

#[test]
fn the_same_day_of_two_months_and_the_same_month_of_two_years_are_two() {
    keeps("daily 2", ["2026-11-20 02:00", "2026-10-20 02:00"], &["2026-11-20 02:00", "2026-10-20 02:00"]);
    keeps("monthly 2", ["2026-11-20 02:00", "2025-11-20 02:00"], &["2026-11-20 02:00", "2025-11-20 02:00"]);
    keeps("hourly 2", ["2026-11-20 02:00", "2026-11-19 02:00"], &["2026-11-20 02:00", "2026-11-19 02:00"]);
}

#[test]
fn a_leap_day_is_a_day_of_february() {
    let backups = ["2028-03-01 00:00", "2028-02-29 23:59", "2028-02-28 23:59", "2028-01-31 02:00"];
    keeps("daily 3", backups, &["2028-03-01 00:00", "2028-02-29 23:59", "2028-02-28 23:59"]);
    keeps("monthly 2", backups, &["2028-03-01 00:00", "2028-02-29 23:59"]);
}

#[test]
fn a_common_year_has_none() {
    // 2100 is no leap year though it divides by four.
    keeps(
        "daily 2 monthly 2",
        ["2100-03-01 00:00", "2100-02-28 23:59", "2100-02-27 23:59"],
        &["2100-03-01 00:00", "2100-02-28 23:59"],
    );
}

#[test]
fn a_leap_second_is_nothing_to_the_rules() {
    keeps(
        "daily 2 yearly 2",
        ["2017-01-01 00:00:00", "2016-12-31 23:59:59", "2016-12-31 23:59:58"],
        &["2017-01-01 00:00:00", "2016-12-31 23:59:59"],
    );
}

#[test]
fn midnight_belongs_to_the_day_that_begins() {
    keeps(
        "daily 2 monthly 2 yearly 2",
        ["2026-01-01 00:00", "2025-12-31 23:59:59", "2025-12-31 00:00"],
        &["2026-01-01 00:00", "2025-12-31 23:59:59"],
    );
}
