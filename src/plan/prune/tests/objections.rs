use super::*;

#[test]
fn a_policy_without_a_rule_is_refused() {
    assert_eq!(objections("", &nights(3)), [Objection::Empty]);
    assert_eq!(objections("", &[]), [Objection::Empty]);
    assert_eq!(objections("in Europe/Berlin", &nights(3)), [Objection::Empty]);
}

#[test]
fn a_policy_that_keeps_nothing_is_refused() {
    for rules in ["last 0", "daily 0 weekly 0", "tag release"] {
        assert_eq!(objections(rules, &nights(3)), [Objection::NothingKept], "{rules}");
    }
}

#[test]
fn a_hold_does_not_make_a_policy_out_of_none() {
    let mut items = nights(2);
    items[1].held = true;
    assert_eq!(objections("tag release", &items), [Objection::NothingKept]);
}

#[test]
fn a_policy_that_keeps_nothing_is_not_blamed_where_there_is_nothing() {
    assert_eq!(objections("last 0", &[]), []);
    assert_eq!(objections("tag release", &[other(State::Failed, "2026-01-01 02:00")]), []);
    let elsewhere = Item { elsewhere: true, ..complete("2026-11-20 02:00") };
    assert_eq!(objections("tag release", &[elsewhere]), []);
}

#[test]
fn more_than_may_go_at_once_is_refused_and_exactly_as_many_are_not() {
    assert_eq!(objections("last 1", &nights(11)), []);
    assert_eq!(objections("last 1", &nights(12)), [Objection::TooMany { count: 11, most: 10 }]);
}

#[test]
fn halves_count_among_those_that_go() {
    let mut items = nights(11);
    items.push(other(State::Failed, "2026-01-01 02:00"));
    assert_eq!(objections("last 1", &items), [Objection::TooMany { count: 11, most: 10 }]);
}

#[test]
fn who_has_counted_may_delete_as_many_and_no_more() {
    let forced = |most| plan(&nights(12), &policy("last 1"), Limits { most, forced: true, ..limits() }, now());
    assert_eq!(forced(11).objections, []);
    assert_eq!(forced(10).objections, [Objection::TooMany { count: 11, most: 10 }]);
    assert_eq!(forced(0).objections, [Objection::TooMany { count: 11, most: 0 }]);
}

#[test]
fn counting_does_not_help_a_policy_without_a_rule() {
    let plan = |rules| plan(&nights(3), &policy(rules), Limits { most: 99, forced: true, ..limits() }, now());
    assert_eq!(plan("").objections, [Objection::Empty]);
    assert_eq!(plan("last 0").objections, [Objection::NothingKept]);
}

#[test]
fn a_backup_of_the_future_is_refused_unless_somebody_has_counted() {
    let mut items = nights(3);
    items[0].at = Some(at("2026-11-20 15:00:01"));
    assert_eq!(objections("last 1", &items), [Objection::Ahead(0)]);
    let forced = Limits { forced: true, ..limits() };
    assert_eq!(plan(&items, &policy("last 1"), forced, now()).objections, []);
}

#[test]
fn clocks_may_differ_by_half_a_day() {
    let mut items = nights(3);
    items[0].at = Some(at("2026-11-20 15:00"));
    assert_eq!(objections("last 1", &items), []);
}

#[test]
fn half_a_backup_of_the_future_tells_of_a_wrong_clock_too() {
    let items = [
        complete("2026-11-20 02:00"),
        Item { at: None, ..complete("2026-11-20 02:00") },
        other(State::Failed, "2027-01-01 02:00"),
    ];
    assert_eq!(objections("last 1", &items), [Objection::Ahead(2)]);
}

#[test]
fn a_clock_that_is_slow_by_years_is_noticed_by_the_backups_it_has_made_before() {
    let plan = plan(&nights(3), &policy("last 1"), limits(), at("1970-01-01 00:00"));
    assert_eq!(plan.objections, [Objection::Ahead(0)]);
}

#[test]
fn a_clock_that_is_fast_by_years_deletes_no_complete_backup_too_many() {
    let of = |now| plan(&nights(9), &policy("within 3d"), limits(), now).fates;
    assert_eq!(of(at("2062-01-01 00:00")), of(now()));
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let mut items = nights(30);
    items[0].at = Some(at("2030-01-01 02:00"));
    assert_eq!(
        objections("last 0", &items),
        [Objection::NothingKept, Objection::Ahead(0), Objection::TooMany { count: 29, most: 10 }]
    );
}

#[test]
fn what_is_going_is_counted_whether_or_not_it_may() {
    assert_eq!(plan(&nights(30), &Policy::nothing(), limits(), now()).going(), 29);
}
