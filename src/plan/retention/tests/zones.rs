use super::*;

#[test]
fn a_day_begins_at_midnight_in_the_stacks_zone() {
    let times = ["2026-11-20T00:30:00Z", "2026-11-19T23:30:00Z"].map(|text| (text.parse().unwrap(), false));
    let kept = |rules: &str| judge(times, &policy(rules)).iter().filter(|verdict| verdict.keeps()).count();
    assert_eq!(kept("daily 2"), 2);
    assert_eq!(kept("daily 2 in Europe/Berlin"), 1);
    assert_eq!(kept("daily 2 in America/New_York"), 1);
}

#[test]
fn the_hour_that_comes_twice_is_one_hour() {
    keeps(
        "hourly 2 in Europe/Berlin",
        ["2026-10-25 02:10+2", "2026-10-25 02:50", "2026-10-25 01:50"],
        &["2026-10-25 02:10+2", "2026-10-25 01:50"],
    );
}

#[test]
fn the_hour_that_never_comes_is_not_missed() {
    keeps(
        "hourly 2 in Europe/Berlin",
        ["2026-03-29 03:10", "2026-03-29 01:50", "2026-03-29 00:50"],
        &["2026-03-29 03:10", "2026-03-29 01:50"],
    );
}

#[test]
fn a_day_of_25_hours_and_one_of_23_are_days() {
    keeps(
        "daily 3 in Europe/Berlin",
        ["2026-10-26 00:00", "2026-10-25 23:59", "2026-10-25 00:00", "2026-10-24 23:59"],
        &["2026-10-26 00:00", "2026-10-25 23:59", "2026-10-24 23:59"],
    );
    keeps(
        "daily 3 in Europe/Berlin",
        ["2026-03-30 00:00", "2026-03-29 23:59", "2026-03-29 00:00", "2026-03-28 23:59"],
        &["2026-03-30 00:00", "2026-03-29 23:59", "2026-03-28 23:59"],
    );
}

#[test]
fn a_length_of_time_is_counted_in_seconds_whatever_the_clocks_do() {
    // The clocks go back on the 25th: 24 hours before noon it was 13:00.
    keeps(
        "within 24h in Europe/Berlin",
        ["2026-10-25 12:00", "2026-10-24 13:00", "2026-10-24 12:59:59"],
        &["2026-10-25 12:00", "2026-10-24 13:00"],
    );
}

#[test]
fn where_midnight_never_comes_the_day_begins_at_one() {
    // In Chile the clocks go from 24:00 to 01:00.
    keeps(
        "daily 2 in America/Santiago",
        ["2026-09-06 01:00", "2026-09-05 23:59", "2026-09-05 02:00"],
        &["2026-09-06 01:00", "2026-09-05 23:59"],
    );
}

#[test]
fn where_the_hour_before_midnight_comes_twice_it_is_of_one_day() {
    // In Chile the clocks go from 24:00 back to 23:00.
    keeps(
        "hourly 3 daily 2 in America/Santiago",
        ["2026-04-05 00:10", "2026-04-04 23:10+2", "2026-04-04 23:50", "2026-04-04 22:50"],
        &["2026-04-05 00:10", "2026-04-04 23:10+2", "2026-04-04 22:50"],
    );
}

#[test]
fn clocks_may_change_by_half_an_hour() {
    keeps(
        "hourly 3 in Australia/Lord_Howe",
        ["2026-04-05 02:00", "2026-04-05 01:40+2", "2026-04-05 01:50", "2026-04-05 00:50"],
        &["2026-04-05 02:00", "2026-04-05 01:40+2", "2026-04-05 00:50"],
    );
}

#[test]
fn pyongyang_went_back_half_an_hour_in_2015() {
    // At midnight, on the 15th of August, it was 23:30 on the 14th again.
    keeps(
        "daily 3 in Asia/Pyongyang",
        ["2015-08-15 00:10", "2015-08-14 23:40+2", "2015-08-14 23:50", "2015-08-13 23:50"],
        &["2015-08-15 00:10", "2015-08-14 23:40+2", "2015-08-13 23:50"],
    );
    assert_eq!(
        local("2015-08-15 00:10", &TimeZone::get("Asia/Pyongyang").unwrap()).to_string(),
        "2015-08-14T15:40:00Z"
    );
}

#[test]
fn apia_had_no_30th_of_december_in_2011() {
    let backups = ["2011-12-31 00:10", "2011-12-29 23:50", "2011-12-28 23:50", "2011-12-27 23:50"];
    keeps("daily 3 in Pacific/Apia", backups, &["2011-12-31 00:10", "2011-12-29 23:50", "2011-12-28 23:50"]);
    // Twenty minutes lie between the two.
    keeps("within 1h in Pacific/Apia", backups, &["2011-12-31 00:10", "2011-12-29 23:50"]);
}

#[test]
fn a_day_that_was_entered_and_left_again_is_opened_by_its_later_part_only() {
    // In Newfoundland the clocks went back at 00:01, into the day before: 00:00:30 is older than 23:30.
    keeps(
        "daily 3 in America/St_Johns",
        ["2006-10-29 02:00", "2006-10-28 23:30+2", "2006-10-29 00:00:30", "2006-10-28 20:00", "2006-10-27 20:00"],
        &["2006-10-29 02:00", "2006-10-28 23:30+2", "2006-10-27 20:00"],
    );
}

#[test]
fn backups_at_the_very_moment_that_clocks_change_lie_after_it() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    for (change, hours) in [("2026-03-29T01:00:00Z", ["03h", "01h"]), ("2026-10-25T01:00:00Z", ["02h", "02h"])] {
        let at: Timestamp = change.parse().unwrap();
        let before = at - jiff::SignedDuration::from_secs(1);
        let hour = |at| zone.to_datetime(at).strftime("%Hh").to_string();
        assert_eq!([hour(at), hour(before)], hours);
        let verdicts = judge([(at, false), (before, false)], &policy("hourly 2 in Europe/Berlin"));
        assert_eq!(verdicts[1].keeps(), hours[0] != hours[1], "{change}");
    }
}

#[test]
fn the_zones_are_in_the_binary() {
    use jiff::tz::TimeZoneDatabase;
    let bundled = TimeZoneDatabase::bundled();
    for name in ["Europe/Berlin", "America/New_York", "Asia/Pyongyang", "Pacific/Apia", "UTC"] {
        assert!(bundled.get(name).is_ok(), "{name}");
    }
}
