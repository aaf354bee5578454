//! Which backups the rules keep, situation by situation.

mod calendar;
mod extremes;
mod properties;
pub(in crate::plan) mod reference;
mod rules;
mod words;
mod zones;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::judge;
use crate::model::retention::{Period, Policy, TagRule};

/// `last 3 within 7d daily 7 … in Europe/Berlin`
pub(in crate::plan) fn policy(text: &str) -> Policy {
    let mut policy = Policy::nothing();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let value = words.next().unwrap();
        match word {
            "in" => policy.zone = TimeZone::get(value).unwrap(),
            "last" => policy.last = Some(value.parse().unwrap()),
            "within" => policy.within = Some(seconds(value)),
            "tag" => policy.tags.push(value.parse::<TagRule>().unwrap()),
            period => {
                let at = Period::ALL.iter().position(|one| one.word() == period).unwrap();
                policy.periods[at] = Some(value.parse().unwrap());
            }
        }
    }
    policy
}

fn seconds(text: &str) -> u32 {
    let (number, unit) = text.split_at(text.len() - 1);
    let unit = match unit {
        "d" => 86_400,
        "h" => 3_600,
        _ => 1,
    };
    number.parse::<u32>().unwrap() * unit
}

/// `2026-11-20 02:00` by a clock on the wall; `…+2`: the second time that the clock shows it, after it was set back.
pub(in crate::plan) fn local(text: &str, zone: &TimeZone) -> Timestamp {
    let (text, second) = text.strip_suffix("+2").map_or((text, false), |text| (text, true));
    let civil: DateTime = text.parse().unwrap();
    let ambiguous = zone.to_ambiguous_timestamp(civil);
    if second { ambiguous.later().unwrap() } else { ambiguous.compatible().unwrap() }
}

/// Which of these backups (local times, the newest first) the policy keeps.
#[track_caller]
fn keeps<const N: usize>(rules: &str, backups: [&str; N], kept: &[&str]) {
    let policy = policy(rules);
    let times = backups.map(|text| local(text, &policy.zone));
    assert!(times.is_sorted_by(|newer, older| newer >= older), "the newest first");
    let verdicts = judge(times.map(|at| (at, false)), &policy);
    let now: Vec<&str> =
        backups.into_iter().zip(verdicts).filter(|(_, verdict)| verdict.keeps()).map(|(text, _)| text).collect();
    assert_eq!(now, kept, "{rules}");
}

/// Why each of these backups is kept.
fn reasons<const N: usize>(rules: &str, backups: [&str; N]) -> [String; N] {
    let policy = policy(rules);
    let times = backups.map(|text| local(text, &policy.zone));
    let verdicts = judge(times.map(|at| (at, false)), &policy);
    let mut all = times.into_iter().zip(verdicts).map(|(at, verdict)| verdict.reasons(&policy, at).join("; "));
    std::array::from_fn(|_| all.next().unwrap())
}
