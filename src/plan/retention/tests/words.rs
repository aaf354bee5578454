use super::*;

#[test]
fn each_rule_says_why_it_keeps_a_backup() {
    assert_eq!(
        reasons(
            "last 1 within 7d hourly 24 daily 7 weekly 4 monthly 12 yearly 3 in Europe/Berlin",
            ["2026-11-20 02:30", "2026-11-13 02:30", "2026-10-31 02:30", "2025-12-31 02:30"],
        ),
        [
            "last 1 of 1; within 7d of the newest; hourly 1 of 24 (newest of 2026-11-20 02h); \
             daily 1 of 7 (newest of 2026-11-20); weekly 1 of 4 (newest of week 47); \
             monthly 1 of 12 (newest of 2026-11); yearly 1 of 3 (newest of 2026)",
            "within 7d of the newest; hourly 2 of 24 (newest of 2026-11-13 02h); \
             daily 2 of 7 (newest of 2026-11-13); weekly 2 of 4 (newest of week 46)",
            "hourly 3 of 24 (newest of 2026-10-31 02h); daily 3 of 7 (newest of 2026-10-31); \
             weekly 3 of 4 (newest of week 44); monthly 2 of 12 (newest of 2026-10)",
            "hourly 4 of 24 (newest of 2025-12-31 02h); daily 4 of 7 (newest of 2025-12-31); \
             weekly 4 of 4 (newest of week 1); monthly 3 of 12 (newest of 2025-12); yearly 2 of 3 (newest of 2025)",
        ]
    );
}

#[test]
fn what_no_rule_keeps_has_no_reason() {
    assert_eq!(
        reasons("last 1 daily 3", ["2026-11-20 02:00", "2026-11-20 01:00"]),
        ["last 1 of 1; daily 1 of 3 (newest of 2026-11-20)", ""]
    );
}

#[test]
fn a_length_is_said_in_the_largest_unit_that_fits() {
    for (rule, word) in [
        ("within 7d", "within 7d of the newest"),
        ("within 48h", "within 2d of the newest"),
        ("within 36h", "within 36h of the newest"),
        ("within 5400s", "within 5400s of the newest"),
        ("within 1s", "within 1s of the newest"),
        ("within 0s", "within 0d of the newest"),
    ] {
        assert_eq!(reasons(rule, ["2026-11-20 02:00"]), [word]);
    }
}

#[test]
fn places_are_counted_from_the_newest() {
    assert_eq!(
        reasons("last 3", ["2026-11-20 02:00", "2026-11-19 02:00", "2026-11-18 02:00", "2026-11-17 02:00"]),
        ["last 1 of 3", "last 2 of 3", "last 3 of 3", ""]
    );
}

#[test]
fn periods_are_named_by_the_clock_of_the_stacks_zone() {
    // 23:30 in UTC on the last of December.
    assert_eq!(
        reasons("hourly 1 daily 1 monthly 1 yearly 1 in Asia/Kolkata", ["2027-01-01 05:00"]),
        ["hourly 1 of 1 (newest of 2027-01-01 05h); daily 1 of 1 (newest of 2027-01-01); \
          monthly 1 of 1 (newest of 2027-01); yearly 1 of 1 (newest of 2027)"]
    );
}

#[test]
fn the_default_policy_is_a_week_in_utc() {
    let policy = Policy::default();
    let at = local("2026-11-20 02:00", &TimeZone::UTC);
    assert_eq!(judge([(at, false)], &policy)[0].reasons(&policy, at), ["within 7d of the newest"]);
    assert!(!policy.is_empty() && Policy::nothing().is_empty());
}
