use super::*;

#[test]
fn what_no_rule_keeps_goes() {
    assert_eq!(fates("last 2", &nights(4)), [Rule, Rule, Goes(Cause::NoRule), Goes(Cause::NoRule)]);
}

#[test]
fn the_last_complete_backup_stays_though_no_rule_keeps_it() {
    let mut items = nights(3);
    // The rule keeps an older one only, by its tag.
    items[2].tagged = true;
    assert_eq!(fates("tag release", &items), [only(Protection::LastComplete), Goes(Cause::NoRule), Rule]);
}

#[test]
fn a_tag_is_no_reason_where_it_was_put_on_half_a_backup() {
    let items = [complete("2026-11-20 02:00"), Item { tagged: true, ..other(State::Failed, "2026-11-10 02:00") }];
    assert_eq!(fates("last 1 tag release", &items), [Rule, Goes(Cause::NotComplete)]);
}

#[test]
fn the_last_drilled_one_stays_and_those_drilled_before_go() {
    let mut items = nights(5);
    items[2].drilled = true;
    items[4].drilled = true;
    assert_eq!(
        fates("last 1", &items),
        [Rule, Goes(Cause::NoRule), only(Protection::LastDrilled), Goes(Cause::NoRule), Goes(Cause::NoRule)]
    );
}

#[test]
fn half_a_backup_that_was_drilled_once_is_not_the_last_drilled_one() {
    let mut items = nights(4);
    items[1] = Item { drilled: true, ..other(State::Incomplete, "2026-11-19 01:00") };
    items[2].drilled = true;
    assert_eq!(
        fates("last 1", &items),
        [Rule, Goes(Cause::NotComplete), only(Protection::LastDrilled), Goes(Cause::NoRule)]
    );
}

#[test]
fn one_on_hold_and_one_in_use_stay() {
    let mut items = nights(4);
    items[1].held = true;
    items[2].used = true;
    items[3].held = true;
    items[3].used = true;
    assert_eq!(
        fates("last 1", &items),
        [Rule, only(Protection::Held), only(Protection::Used), End::Kept(vec![Protection::Held, Protection::Used]),]
    );
}

#[test]
fn a_hold_does_not_take_a_rules_place_from_another() {
    let mut items = nights(3);
    items[0].held = true;
    assert_eq!(fates("last 1", &items), [Rule, Goes(Cause::NoRule), Goes(Cause::NoRule)]);
    let plan = plan(&items, &policy("last 1"), limits(), now());
    assert_eq!(plan.fates[0].protections, [Protection::LastComplete, Protection::Held]);
}

#[test]
fn a_run_in_progress_is_left_alone_however_old_it_is() {
    let items = [complete("2026-11-20 02:00"), other(State::Running, "2020-01-01 02:00")];
    assert_eq!(fates("last 1", &items), [Rule, only(Protection::Running)]);
}

#[test]
fn a_running_one_takes_no_place_among_the_newest() {
    let items = [other(State::Running, "2026-11-20 02:55"), complete("2026-11-20 02:00"), complete("2026-11-19 02:00")];
    assert_eq!(fates("last 1", &items), [only(Protection::Running), Rule, Goes(Cause::NoRule)]);
}

#[test]
fn an_ambiguous_one_is_left_to_a_human() {
    let items = [complete("2026-11-20 02:00"), other(State::Ambiguous, "2020-01-01 02:00")];
    assert_eq!(fates("last 1", &items), [Rule, only(Protection::Ambiguous)]);
}

#[test]
fn an_earlier_stack_of_the_same_name_loses_nothing_and_counts_for_nothing() {
    let mut items = nights(4);
    items[0].elsewhere = true;
    items[2].elsewhere = true;
    items[2].drilled = true;
    let elsewhere = || only(Protection::Elsewhere);
    assert_eq!(fates("last 1", &items), [elsewhere(), Rule, elsewhere(), Goes(Cause::NoRule)]);
}

#[test]
fn half_a_backup_of_an_earlier_stack_stays_too() {
    let items = [
        complete("2026-11-20 02:00"),
        Item { elsewhere: true, ..other(State::Failed, "2020-01-01 02:00") },
        Item { elsewhere: true, begun: true, ..other(State::Incomplete, "2020-01-01 02:00") },
    ];
    assert_eq!(fates("last 1", &items), [Rule, only(Protection::Elsewhere), only(Protection::Elsewhere)]);
}

#[test]
fn what_never_was_complete_goes_once_it_is_as_old_as_the_grace() {
    for state in [State::Incomplete, State::Failed, State::Orphan] {
        let items = [
            complete("2026-11-20 02:00"),
            other(state, "2026-11-19 03:00:01"),
            other(state, "2026-11-19 03:00"),
            other(state, "2025-01-01 02:00"),
        ];
        assert_eq!(
            fates("last 1", &items),
            [Rule, only(Protection::Young), Goes(Cause::NotComplete), Goes(Cause::NotComplete)]
        );
    }
}

#[test]
fn half_a_backup_takes_no_place_of_a_rule() {
    let items = [
        other(State::Failed, "2026-11-20 02:00"),
        complete("2026-11-19 02:00"),
        other(State::Incomplete, "2026-11-18 02:00"),
        complete("2026-11-17 02:00"),
        complete("2026-11-16 02:00"),
    ];
    assert_eq!(
        fates("last 2", &items),
        [only(Protection::Young), Rule, Goes(Cause::NotComplete), Rule, Goes(Cause::NoRule)]
    );
}

#[test]
fn while_there_is_no_complete_backup_halves_stay() {
    let items = [other(State::Failed, "2026-11-19 02:00"), other(State::Orphan, "2020-01-01 02:00")];
    assert_eq!(fates("last 1", &items), [only(Protection::Only), only(Protection::Only)]);
}

#[test]
fn a_complete_one_of_an_earlier_stack_or_without_a_date_is_nothing_better() {
    let old = other(State::Failed, "2020-01-01 02:00");
    let elsewhere = Item { elsewhere: true, ..complete("2026-11-20 02:00") };
    assert_eq!(fates("last 1", &[elsewhere, old]), [only(Protection::Elsewhere), only(Protection::Only)]);
    let undated = Item { at: None, ..complete("2026-11-20 02:00") };
    assert_eq!(fates("last 1", &[undated, old]), [only(Protection::Undated), only(Protection::Only)]);
}

#[test]
fn what_has_no_date_stays() {
    let undated = |state| Item { at: None, ..other(state, "2026-11-20 02:00") };
    let items = [undated(State::Complete), complete("2026-11-20 02:00"), undated(State::Orphan)];
    assert_eq!(fates("last 1", &items), [only(Protection::Undated), Rule, only(Protection::Undated)]);
}

#[test]
fn what_has_no_date_does_not_shift_the_verdicts_of_the_others() {
    let mut items = nights(3);
    items.insert(1, Item { at: None, ..items[0] });
    assert_eq!(fates("last 2", &items), [Rule, only(Protection::Undated), Rule, Goes(Cause::NoRule)]);
}

#[test]
fn what_an_earlier_prune_has_begun_goes_even_if_a_rule_would_have_kept_it() {
    let mut items = nights(3);
    items[0].begun = true;
    assert_eq!(fates("last 1", &items), [Goes(Cause::Begun), Rule, Goes(Cause::NoRule)]);
}

#[test]
fn what_was_begun_is_finished_without_grace() {
    let half = Item { begun: true, ..other(State::Orphan, "2026-11-20 02:59") };
    assert_eq!(fates("last 1", &[half, complete("2026-11-20 02:00")]), [Goes(Cause::Begun), Rule]);
}

#[test]
fn what_was_begun_stays_where_it_is_held_or_used_meanwhile() {
    let begun = |held, used| Item { begun: true, held, used, ..complete("2026-11-19 02:00") };
    let items = [complete("2026-11-20 02:00"), begun(true, false), begun(false, true)];
    assert_eq!(fates("last 1", &items), [Rule, only(Protection::Held), only(Protection::Used)]);
}

#[test]
fn what_was_begun_stays_where_no_complete_backup_is_left() {
    let items = [Item { begun: true, ..complete("2026-11-20 02:00") }, other(State::Orphan, "2026-01-01 02:00")];
    assert_eq!(fates("last 1", &items), [only(Protection::Only), only(Protection::Only)]);
}

#[test]
fn a_begun_one_is_not_the_last_drilled_one() {
    let mut items = nights(3);
    items[1] = Item { begun: true, drilled: true, ..items[1] };
    items[2].drilled = true;
    assert_eq!(fates("last 1", &items), [Rule, Goes(Cause::Begun), only(Protection::LastDrilled)]);
}

#[test]
fn what_aws_lets_nobody_delete_is_not_tried_each_night() {
    let lock = |item: Item| Item { locked: true, ..item };
    let items = [
        complete("2026-11-20 02:00"),
        lock(complete("2026-11-19 02:00")),
        lock(other(State::Orphan, "2026-11-18 02:00")),
        lock(Item { begun: true, ..complete("2026-11-17 02:00") }),
        complete("2026-11-16 02:00"),
    ];
    let locked = || only(Protection::Locked);
    assert_eq!(fates("last 1", &items), [Rule, locked(), locked(), locked(), Goes(Cause::NoRule)]);
}

#[test]
fn half_a_backup_whose_other_half_could_not_be_looked_for_stays() {
    let items = [complete("2026-11-20 02:00"), Item { unread: true, ..other(State::Orphan, "2026-01-01 02:00") }];
    assert_eq!(fates("last 1", &items), [Rule, only(Protection::Unread)]);
}

#[test]
fn without_backups_there_is_nothing_to_do() {
    assert_eq!(fates("last 1", &[]), []);
}
