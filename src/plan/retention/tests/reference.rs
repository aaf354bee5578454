//! The rules once more, as plainly as they can be said, to compare with: slow, and obviously right.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::model::retention::{Period, Policy};

/// The hour, the day, the Monday of the week, the first of the month and the first of the year a moment lies in.
pub(in crate::plan) type Labels = [DateTime; 5];

pub(in crate::plan) fn labels(at: Timestamp, zone: &TimeZone) -> Labels {
    let local = at.to_zoned(zone.clone()).datetime();
    let date = local.date();
    let midnight = |date: Date| date.at(0, 0, 0, 0);
    let mut monday = date;
    while monday.weekday() != jiff::civil::Weekday::Monday {
        monday = monday.yesterday().unwrap();
    }
    let month = jiff::civil::date(date.year(), date.month(), 1);
    let year = jiff::civil::date(date.year(), 1, 1);
    [date.at(local.hour(), 0, 0, 0), midnight(date), midnight(monday), midnight(month), midnight(year)]
}

/// Which of the backups, the newest first, are the newest of one of the newest `most` periods.
pub(in crate::plan) fn newest_of(labels: impl Iterator<Item = DateTime>, most: usize) -> Vec<usize> {
    let (mut seen, mut kept) = (Vec::new(), Vec::new());
    for (place, label) in labels.enumerate() {
        if seen.len() == most {
            break;
        }
        if !seen.contains(&label) {
            seen.push(label);
            kept.push(place);
        }
    }
    kept
}

/// Which of the backups, the newest first, the policy keeps. Tags apart.
pub(in crate::plan) fn kept(times: &[Timestamp], policy: &Policy) -> Vec<bool> {
    let number = |most: Option<u32>| most.map_or(0, |most| most as usize);
    let mut kept = vec![false; times.len()];
    for (place, at) in times.iter().enumerate() {
        let age = times[0].as_nanosecond() - at.as_nanosecond();
        let young = policy.within.is_some_and(|seconds| age <= i128::from(seconds) * 1_000_000_000);
        kept[place] = place < number(policy.last) || young;
    }
    let all: Vec<Labels> = times.iter().map(|at| labels(*at, &policy.zone)).collect();
    for (which, _) in Period::ALL.iter().enumerate() {
        let labels = all.iter().map(|labels| labels[which]);
        newest_of(labels, number(policy.periods[which])).into_iter().for_each(|place| kept[place] = true);
    }
    kept
}
