//! When the quota of manual snapshots will be used up, were everything to go on as it has.

use jiff::{SignedDuration, Timestamp};

use crate::model::retention::Policy;
use crate::model::survey::Quota;
use crate::plan::retention;

/// Nobody plans further ahead, days.
const HORIZON: i64 = 3_650;
/// The newest so many intervals tell how often a backup is made.
const RECENT: usize = 30;
/// More verdicts than this are not asked for, a quarter of a second's worth: where backups are made every few minutes and
/// the rules thin them out, ten years of them would take too long.
const PATIENCE: usize = 5_000_000;
/// What one look at the rules costs besides its verdicts, in verdicts.
const LOOK: usize = 50;

/// What is ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// How many manual snapshots there are and may be in the region.
    pub quota: Quota,
    /// When a backup will be refused; `None`: not in the foreseeable future (ten years at the most), or nothing tells how
    /// often one is made.
    pub full: Option<Timestamp>,
}

/// Foretells it from how often this stack was backed up lately; with `policy`, as a prune after every backup would leave
/// it. Other stacks' snapshots are taken to stay as many as they are.
pub fn forecast(newest_first: &[Timestamp], policy: Option<&Policy>, quota: Quota, now: Timestamp) -> Forecast {
    let full = interval(newest_first).and_then(|interval| full(newest_first, policy, quota, interval, now));
    Forecast { quota, full }
}

/// The middle one of the last intervals.
fn interval(newest_first: &[Timestamp]) -> Option<SignedDuration> {
    let recent = newest_first.get(..newest_first.len().min(RECENT + 1))?;
    let mut gaps: Vec<SignedDuration> =
        recent.iter().zip(recent.iter().skip(1)).map(|(newer, older)| newer.duration_since(*older)).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied().filter(|gap| *gap >= SignedDuration::from_mins(1))
}

fn full(
    newest_first: &[Timestamp],
    policy: Option<&Policy>,
    quota: Quota,
    interval: SignedDuration,
    now: Timestamp,
) -> Option<Timestamp> {
    let room = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let others = quota.used.saturating_sub(room(newest_first.len()));
    let mut oldest_first: Vec<Timestamp> = newest_first.iter().rev().copied().collect();
    let end = now.checked_add(SignedDuration::from_hours(HORIZON * 24)).ok()?;
    // One that is overdue may be made at any moment.
    let mut at = newest_first.first()?.checked_add(interval).ok()?.max(now);
    let mut asked = 0;
    while at < end && asked < PATIENCE {
        // The next one finds no room: its snapshot comes before the prune.
        if others.saturating_add(room(oldest_first.len())) >= quota.max {
            return Some(at);
        }
        oldest_first.push(at);
        if let Some(policy) = policy {
            asked += LOOK + oldest_first.len();
            prune(&mut oldest_first, policy);
        }
        at = at.checked_add(interval).ok()?;
    }
    None
}

/// As a prune right after the newest one would leave them.
fn prune(oldest_first: &mut Vec<Timestamp>, policy: &Policy) {
    let newest = oldest_first.last().copied();
    let verdicts = retention::judge(oldest_first.iter().rev().map(|at| (*at, false)), policy);
    let mut verdicts = verdicts.into_iter().rev();
    oldest_first.retain(|at| verdicts.next().is_some_and(|verdict| verdict.keeps()) || Some(*at) == newest);
}
