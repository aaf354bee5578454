use proptest::prelude::*;

use super::*;

const STATES: [State; 6] =
    [State::Complete, State::Running, State::Incomplete, State::Failed, State::Orphan, State::Ambiguous];
/// 28 years: the calendar of 2001 to 2070 repeats itself, days of the week included.
const CYCLE: SignedDuration = SignedDuration::from_hours(24 * 10_227);
const ZONES: [&str; 3] = ["UTC", "Europe/Berlin", "America/New_York"];

fn item() -> impl Strategy<Value = Item> {
    let at = prop_oneof![19 => (0..20_000_i64).prop_map(Some), 1 => Just(None)];
    let state = prop_oneof![3 => Just(0_usize), 1 => 0..STATES.len()];
    // Most of them have nothing special.
    let flags = prop_oneof![2 => Just(0_u8), 1 => any::<u8>()];
    (at, state, flags).prop_map(|(ago, state, flags)| Item {
        at: ago.map(|minutes| now() - SignedDuration::from_mins(minutes * 7)),
        state: STATES[state],
        drilled: flags & 1 != 0,
        held: flags & 6 == 6,
        used: flags & 24 == 24,
        elsewhere: flags & 96 == 96,
        tagged: flags & 36 == 36,
        begun: flags & 130 == 130,
        locked: flags & 17 == 17,
        unread: flags & 67 == 67,
        whole: flags & 64 != 0,
        stray: flags & 25 == 25,
    })
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    prop::collection::vec(item(), 0..50).prop_map(newest_first)
}

fn newest_first(mut items: Vec<Item>) -> Vec<Item> {
    items.sort_by_key(|item| std::cmp::Reverse(item.at));
    items
}

fn policies() -> impl Strategy<Value = Policy> {
    let number = || prop::option::of(0_u32..8);
    let periods = [(); 5].map(|()| number());
    let zone = (0..ZONES.len()).prop_map(|zone| TimeZone::get(ZONES[zone]).unwrap());
    (number(), prop::option::of(0_u32..2_000_000), periods, zone).prop_map(|(last, within, periods, zone)| Policy {
        last,
        within,
        periods,
        tags: Vec::new(),
        zone,
    })
}

/// One rule more, or a larger number in one.
fn more() -> impl Strategy<Value = (usize, u32)> {
    (0..7_usize, 1..5_u32)
}

fn widened(policy: &Policy, (rule, by): (usize, u32)) -> Policy {
    let mut wider = policy.clone();
    let grow = |number: &mut Option<u32>, by: u32| *number = Some(number.unwrap_or_default() + by);
    match rule {
        0 => grow(&mut wider.last, by),
        1 => grow(&mut wider.within, by * 100_000),
        period => grow(&mut wider.periods[period - 2], by),
    }
    wider
}

fn going(items: &[Item], policy: &Policy, now: Timestamp) -> Vec<bool> {
    plan(items, policy, limits(), now).fates.iter().map(|fate| fate.goes.is_some()).collect()
}

fn kept(items: &[Item], policy: &Policy) -> Vec<Item> {
    items.iter().zip(going(items, policy, now())).filter(|(_, goes)| !goes).map(|(item, _)| *item).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn more_to_keep_never_deletes_more(items in items(), policy in policies(), more in more()) {
        let narrow = going(&items, &policy, now());
        let wide = going(&items, &widened(&policy, more), now());
        prop_assert!(wide.iter().zip(&narrow).all(|(wide, narrow)| !wide || *narrow));
    }

    #[test]
    fn one_more_hold_use_tag_or_drill_deletes_no_other(
        items in items(), policy in policies(), which in any::<prop::sample::Index>(), flag in 0..3,
    ) {
        prop_assume!(!items.is_empty());
        let narrow = going(&items, &policy, now());
        let mut items = items;
        let item = which.get_mut(&mut items);
        match flag {
            0 => item.held = true,
            1 => item.used = true,
            _ => item.tagged = true,
        }
        let wide = going(&items, &policy, now());
        prop_assert!(wide.iter().zip(&narrow).all(|(wide, narrow)| !wide || *narrow));
    }

    #[test]
    fn four_years_later_the_verdicts_of_complete_backups_are_the_same(items in items(), policy in policies()) {
        let later = now() + SignedDuration::from_hours(24 * 1_461);
        let of = |now| {
            let fates = plan(&items, &policy, limits(), now).fates;
            let complete = items.iter().zip(fates).filter(|(item, _)| item.state == State::Complete);
            complete.map(|(_, fate)| fate).collect::<Vec<_>>()
        };
        prop_assert_eq!(of(now()), of(later));
        prop_assert_eq!(of(now()), of(now() - SignedDuration::from_hours(24 * 1_461)));
    }

    #[test]
    fn shifting_everything_by_28_years_changes_nothing(items in items(), policy in policies()) {
        let policy = Policy { zone: TimeZone::UTC, ..policy };
        let shifted: Vec<Item> = items.iter().map(|item| Item { at: item.at.map(|at| at + CYCLE), ..*item }).collect();
        prop_assert_eq!(plan(&items, &policy, limits(), now()), plan(&shifted, &policy, limits(), now() + CYCLE));
    }

    #[test]
    fn what_remains_remains(items in items(), policy in policies()) {
        let left = kept(&items, &policy);
        prop_assert_eq!(kept(&left, &policy), left);
    }

    #[test]
    fn one_after_another_is_as_good_as_all_at_once(
        items in items(), policy in policies(), order in any::<prop::sample::Index>(),
    ) {
        // A prune that was interrupted anywhere, and another one that finishes it.
        let all = kept(&items, &policy);
        let going = going(&items, &policy, now());
        let doomed: Vec<usize> = (0..items.len()).filter(|place| going[*place]).collect();
        prop_assume!(!doomed.is_empty());
        let gone = doomed[order.index(doomed.len())];
        let rest: Vec<Item> =
            items.iter().enumerate().filter(|(place, _)| *place != gone).map(|(_, item)| *item).collect();
        prop_assert_eq!(kept(&rest, &policy), all);
    }

    #[test]
    fn one_that_was_begun_and_not_finished_changes_nothing_for_the_others(
        items in items(), policy in policies(), order in any::<prop::sample::Index>(),
    ) {
        let all = kept(&items, &policy);
        let going = going(&items, &policy, now());
        let doomed: Vec<usize> = (0..items.len()).filter(|place| going[*place]).collect();
        prop_assume!(!doomed.is_empty());
        let mut items = items;
        let it = &mut items[doomed[order.index(doomed.len())]];
        it.begun = true;
        it.whole &= it.state == State::Complete;
        prop_assert_eq!(kept(&items, &policy), all);
    }

    #[test]
    fn the_order_of_equal_times_does_not_matter_for_how_many_go(
        seeds in prop::collection::vec((0..6_i64, 0..5_usize, any::<u32>()), 1..40), policy in policies(),
    ) {
        let item = |hours: i64, state: usize| Item {
            at: Some(now() - SignedDuration::from_hours(hours * 9)),
            ..other(STATES[state.saturating_sub(2)], "2026-11-20 02:00")
        };
        let mut seeds = seeds;
        seeds.sort_by_key(|(hours, _, _)| *hours);
        let count = |seeds: &[(i64, usize, u32)]| {
            let items: Vec<Item> = seeds.iter().map(|(hours, state, _)| item(*hours, *state)).collect();
            plan(&items, &policy, limits(), now()).going()
        };
        let before = count(&seeds);
        seeds.sort_by_key(|(hours, _, order)| (*hours, *order));
        prop_assert_eq!(count(&seeds), before);
    }

    #[test]
    fn the_last_complete_one_is_never_among_those_that_go(items in items(), policy in policies()) {
        let of_this_stack = |item: &Item| item.state == State::Complete && !item.begun && !item.elsewhere;
        let newest = items.iter().position(|item| of_this_stack(item) && item.at.is_some());
        let going = going(&items, &policy, now());
        prop_assert!(newest.is_none_or(|place| !going[place]));
        // And where there is none, nothing goes at all.
        prop_assert!(newest.is_some() || !going.contains(&true));
    }

    #[test]
    fn whatever_goes_has_no_reason_to_be_kept_and_whatever_stays_has_one(items in items(), policy in policies()) {
        for (item, fate) in items.iter().zip(plan(&items, &policy, limits(), now()).fates) {
            let reasons = item.at.map(|at| fate.verdict.reasons(&policy, at)).unwrap_or_default();
            prop_assert_eq!(fate.goes.is_none(), !reasons.is_empty() || !fate.protections.is_empty());
            let words = explain(&fate, item.at, &policy, &Known::default());
            prop_assert_eq!(fate.goes.is_some(), words.len() == 1 && ["no rule keeps it", "it never was complete",
                "an earlier prune has begun to delete it"].contains(&words[0].as_str()));
        }
    }

    #[test]
    fn nothing_that_is_held_used_locked_running_ambiguous_undated_unread_or_elsewhere_goes(items in items(), policy in policies()) {
        for (item, goes) in items.iter().zip(going(&items, &policy, now())) {
            let safe = item.held || item.used || item.elsewhere || item.at.is_none() || item.locked
                || item.unread || matches!(item.state, State::Running | State::Ambiguous);
            prop_assert!(!(safe && goes));
        }
    }
}
