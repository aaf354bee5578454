use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

/// Zones with changes of every kind; none where the clocks go back over midnight into the day before.
const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Pyongyang",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "Africa/Casablanca",
];
/// Around these, backups lie close together: changes of clocks, turns of years.
const MOMENTS: [&str; 8] = [
    "2026-10-25T01:00:00Z",
    "2026-03-29T01:00:00Z",
    "2015-08-14T15:00:00Z",
    "2018-05-04T15:00:00Z",
    "2011-12-30T10:00:00Z",
    "2026-04-04T15:00:00Z",
    "2021-01-01T00:00:00Z",
    "2028-02-29T12:00:00Z",
];

/// The newest first: a cluster of hours, days or months around one of the moments.
fn times() -> impl Strategy<Value = Vec<Timestamp>> {
    let spread = prop_oneof![Just(20_000_i64), Just(400_000), Just(40_000_000), Just(300_000_000)];
    (0..MOMENTS.len(), spread).prop_flat_map(|(moment, spread)| {
        let middle: Timestamp = MOMENTS[moment].parse().unwrap();
        prop::collection::vec(-spread..=spread, 1..60).prop_map(move |offsets| {
            let mut times: Vec<Timestamp> =
                offsets.into_iter().map(|seconds| middle + SignedDuration::from_secs(seconds)).collect();
            times.sort_unstable_by(|a, b| b.cmp(a));
            times
        })
    })
}

fn policies() -> impl Strategy<Value = Policy> {
    let number = || prop::option::of(0_u32..12);
    let periods = [(); 5].map(|()| number());
    (number(), prop::option::of(0_u32..1_000_000), periods, 0..ZONES.len()).prop_map(|(last, within, periods, zone)| {
        Policy { last, within, periods, tags: Vec::new(), zone: TimeZone::get(ZONES[zone]).unwrap() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_verdicts_are_those_of_the_plain_reference(times in times(), policy in policies()) {
        let verdicts = judge(times.iter().map(|at| (*at, false)), &policy);
        let kept: Vec<bool> = verdicts.iter().map(super::super::Verdict::keeps).collect();
        prop_assert_eq!(kept, reference::kept(&times, &policy));
    }

    #[test]
    fn places_count_up_from_one_to_the_rules_number(times in times(), policy in policies()) {
        let verdicts = judge(times.iter().map(|at| (*at, false)), &policy);
        for (which, most) in policy.periods.iter().enumerate() {
            let places: Vec<u32> = verdicts.iter().map(|verdict| verdict.periods[which]).filter(|at| *at > 0).collect();
            prop_assert!(places.iter().copied().eq(1..=u32::try_from(places.len()).unwrap()));
            prop_assert!(places.len() <= most.unwrap_or_default() as usize);
        }
    }

    #[test]
    fn there_is_a_reason_if_and_only_if_it_is_kept(times in times(), policy in policies()) {
        for (at, verdict) in times.iter().zip(judge(times.iter().map(|at| (*at, false)), &policy)) {
            prop_assert_eq!(verdict.keeps(), !verdict.reasons(&policy, *at).is_empty());
        }
    }

    #[test]
    fn what_is_left_is_judged_as_it_was_among_all(times in times(), policy in policies()) {
        let left: Vec<(Timestamp, _)> = times.iter().copied()
            .zip(judge(times.iter().map(|at| (*at, false)), &policy))
            .filter(|(_, verdict)| verdict.keeps())
            .collect();
        let again = judge(left.iter().map(|(at, _)| (*at, false)), &policy);
        let periods = |verdict: &super::super::Verdict| (verdict.last, verdict.within, verdict.periods);
        prop_assert!(left.iter().map(|(_, verdict)| periods(verdict)).eq(again.iter().map(periods)));
    }
}
