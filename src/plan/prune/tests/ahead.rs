//! The forecast.

use super::*;
use crate::model::survey::Quota;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Backups each `every` before 02:00 today.
fn times(count: i32, every: SignedDuration) -> Vec<Timestamp> {
    let newest = at("2026-11-20 02:00");
    (0..count).map(|place| newest.checked_sub(every.checked_mul(place).unwrap()).unwrap()).collect()
}

/// When the quota is full, with the rules or without a prune.
fn full(times: &[Timestamp], rules: Option<&str>, used: u64, max: u64) -> Option<Timestamp> {
    let quota = Quota { used, max };
    let forecast = forecast(times, rules.map(policy).as_ref(), quota, now());
    assert_eq!(forecast.quota, quota);
    forecast.full
}

#[test]
fn without_a_prune_each_backup_takes_a_place() {
    // Three free places: on the 21st, the 22nd and the 23rd. The one of the 24th is refused.
    assert_eq!(full(&times(7, DAY), None, 97, 100), Some(at("2026-11-24 02:00")));
}

#[test]
fn where_no_place_is_left_the_next_one_is_refused() {
    assert_eq!(full(&times(7, DAY), None, 100, 100), Some(at("2026-11-21 02:00")));
    assert_eq!(full(&times(7, DAY), None, 120, 100), Some(at("2026-11-21 02:00")));
    assert_eq!(full(&times(7, DAY), Some("last 1"), 100, 100), Some(at("2026-11-21 02:00")));
}

#[test]
fn one_that_is_overdue_may_come_at_any_moment() {
    let stopped: Vec<Timestamp> = times(7, DAY).into_iter().map(|at| at - DAY * 30).collect();
    assert_eq!(full(&stopped, None, 100, 100), Some(now()));
    assert_eq!(full(&stopped, None, 98, 100), Some(now() + DAY * 2));
}

#[test]
fn with_rules_that_keep_few_it_is_never_full() {
    assert_eq!(full(&times(8, DAY), Some("within 7d"), 98, 100), None);
    assert_eq!(full(&times(8, DAY), Some("daily 7 weekly 4 monthly 12"), 50, 100), None);
}

#[test]
fn the_new_one_needs_its_place_before_the_old_one_goes() {
    // Eight are kept, and 92 are others': a ninth has no place.
    assert_eq!(full(&times(8, DAY), Some("last 8"), 100, 100), Some(at("2026-11-21 02:00")));
    assert_eq!(full(&times(8, DAY), Some("last 8"), 99, 100), None);
}

#[test]
fn rules_that_keep_more_than_there_is_room_fill_it_later() {
    // 90 are others'. August is the tenth month: its first one finds a place, and its second one does not.
    assert_eq!(full(&times(2, DAY), Some("monthly 20"), 92, 100), Some(at("2027-08-02 02:00")));
    // In ten years there are eleven.
    assert_eq!(full(&times(2, DAY), Some("yearly 20"), 90, 100), None);
    assert_eq!(full(&times(2, DAY), Some("yearly 20"), 92, 100), Some(at("2035-01-02 02:00")));
}

#[test]
fn a_prune_makes_room_first_where_too_many_were_kept() {
    // Forty of them are there; the first prune leaves seven.
    assert_eq!(full(&times(40, DAY), Some("last 7"), 99, 100), None);
}

#[test]
fn the_quota_may_be_told_lower_than_what_is_there() {
    // AWS counts late: fewer are said to be used than this stack has alone.
    assert_eq!(full(&times(10, DAY), None, 0, 12), Some(at("2026-11-23 02:00")));
}

#[test]
fn from_none_or_one_nothing_can_be_told() {
    assert_eq!(full(&[], None, 100, 100), None);
    assert_eq!(full(&times(1, DAY), None, 100, 100), None);
}

#[test]
fn backups_within_a_minute_are_no_schedule() {
    assert_eq!(full(&times(5, SignedDuration::from_secs(59)), None, 100, 100), None);
    assert_eq!(full(&times(5, SignedDuration::ZERO), None, 100, 100), None);
}

#[test]
fn the_middle_interval_counts_so_that_a_gap_or_a_second_try_does_not() {
    let mut times = times(10, DAY);
    times.extend(times.clone().iter().map(|at| *at - DAY * 100));
    times.insert(3, times[3] + SignedDuration::from_mins(5));
    assert_eq!(full(&times, None, 100, 100), Some(at("2026-11-21 02:00")));
}

#[test]
fn only_the_last_thirty_intervals_tell() {
    // Every hour lately; every day for years before.
    let mut lately = times(31, SignedDuration::from_hours(1));
    let oldest = *lately.last().unwrap();
    lately.extend((1..500).map(|days| oldest - DAY * days));
    assert_eq!(full(&lately, None, 600, 600), Some(at("2026-11-20 03:00")));
}

#[test]
fn nobody_looks_further_ahead_than_ten_years() {
    assert_eq!(full(&times(3, DAY), None, 3, 3 + 3_648), Some(at("2036-11-16 02:00")));
    assert_eq!(full(&times(3, DAY), None, 3, 3 + 3_660), None);
    assert_eq!(full(&times(3, DAY), None, 3, u64::MAX), None);
}

#[test]
fn backups_every_minute_do_not_take_forever_to_foresee() {
    let minute = SignedDuration::from_mins(1);
    let began = std::time::Instant::now();
    for rules in ["last 50", "within 7d", "last 10 hourly 48 daily 30 yearly 10 in Europe/Berlin"] {
        assert_eq!(full(&times(2, minute), Some(rules), 2, 1_000_000), None);
    }
    assert_eq!(full(&times(2, minute), None, 2, 1_000_000), Some(now() + minute * 999_998));
    // Hours, were it counted to the end.
    assert!(began.elapsed().as_secs() < 20);
}
