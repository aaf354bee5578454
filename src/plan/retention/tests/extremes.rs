use super::*;

#[test]
fn zero_of_anything_keeps_nothing() {
    keeps("last 0 hourly 0 daily 0 weekly 0 monthly 0 yearly 0", ["2026-11-20 02:00", "2026-11-19 02:00"], &[]);
}

#[test]
fn zero_of_one_rule_takes_nothing_from_another() {
    keeps("last 0 daily 1", ["2026-11-20 02:00", "2026-11-19 02:00"], &["2026-11-20 02:00"]);
}

#[test]
fn no_length_at_all_keeps_the_newest() {
    keeps("within 0s", ["2026-11-20 02:00", "2026-11-20 01:59:59"], &["2026-11-20 02:00"]);
}

#[test]
fn the_largest_numbers_keep_everything_that_is_newest_of_something() {
    let most = u32::MAX;
    let backups = ["2026-11-20 02:00", "2026-11-20 02:00", "1970-01-01 00:00"];
    keeps(&format!("last {most}"), backups, &backups);
    keeps(&format!("hourly {most} yearly {most}"), backups, &["2026-11-20 02:00", "1970-01-01 00:00"]);
    // 136 years.
    keeps(&format!("within {most}s"), backups, &backups);
    keeps(&format!("within {most}s"), ["2026-11-20 02:00", "1890-01-01 00:00"], &["2026-11-20 02:00"]);
}

#[test]
fn the_ends_of_time_are_times() {
    let policy = policy("last 1 within 7d hourly 9 daily 9 weekly 9 monthly 9 yearly 9 in Europe/Berlin");
    let times = [Timestamp::MAX, Timestamp::UNIX_EPOCH, Timestamp::MIN];
    let verdicts = judge(times.map(|at| (at, false)), &policy);
    assert!(verdicts.iter().all(super::super::Verdict::keeps));
    assert_eq!(verdicts[2].periods, [3; 5]);
    assert!(times.iter().zip(&verdicts).all(|(at, verdict)| !verdict.reasons(&policy, *at).is_empty()));
}

#[test]
fn a_backup_of_the_future_moves_the_horizon_and_nothing_else() {
    // A clock was wrong. The plan refuses to go on; the verdicts are what the rules say all the same.
    keeps(
        "within 2d daily 2",
        ["2062-11-20 02:00", "2026-11-20 02:00", "2026-11-19 02:00"],
        &["2062-11-20 02:00", "2026-11-20 02:00"],
    );
}

#[test]
fn times_that_are_out_of_order_open_no_period_twice() {
    let policy = policy("daily 9");
    let times = ["2026-11-20 02:00", "2026-11-18 02:00", "2026-11-19 02:00", "2026-11-17 02:00"];
    let verdicts = judge(times.map(|text| (local(text, &policy.zone), false)), &policy);
    assert_eq!(verdicts.iter().map(|verdict| verdict.periods[1]).collect::<Vec<_>>(), [1, 2, 0, 3]);
}

#[test]
fn fractions_of_a_second_count() {
    let times = ["2026-11-20T00:00:00Z", "2026-11-19T23:59:59.999999999Z", "2026-11-19T23:59:59.5Z"];
    let times = times.map(|text| (text.parse().unwrap(), false));
    assert_eq!(judge(times, &policy("daily 2")).iter().filter(|verdict| verdict.keeps()).count(), 2);
}
