//! What an unattended backup has to know about time: is its slot long past, and is the last good one too old?

use jiff::{SignedDuration, Timestamp};

use crate::model::run::{Kind, Outcome, Run};

/// A slot that is further ahead is some clock's mistake.
const AHEAD: SignedDuration = SignedDuration::from_mins(15);

/// How a schedule's slot stands to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// It is due.
    Due,
    /// It came this much too late.
    Late(SignedDuration),
    /// It is this far in the future.
    Ahead(SignedDuration),
}

/// Judges a slot: deliveries come at least once, and may come hours late.
pub fn slot(slot: Timestamp, now: Timestamp, late_after: SignedDuration) -> Slot {
    let late = now.duration_since(slot);
    match late {
        late if late > late_after => Slot::Late(late),
        late if -late > AHEAD => Slot::Ahead(-late),
        _ => Slot::Due,
    }
}

/// A stack's backups that ended since its last complete one, and were not complete.
pub fn failures_since_success(oldest_first: &[Run], stack: &str) -> usize {
    let backups = oldest_first.iter().rev().filter(|run| run.target.stack == stack);
    let endings = backups.filter(|run| matches!(run.kind, Kind::Backup { .. })).filter_map(|run| run.ending.as_ref());
    endings.take_while(|ending| ending.outcome != Outcome::Complete).count()
}

/// The last good backup has become too old within the last `period`: told once, by whoever looks once a period.
pub fn just_stale(age: SignedDuration, limit: SignedDuration, period: SignedDuration) -> bool {
    age > limit && age.saturating_sub(period) <= limit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::run::{Ending, Phase};

    fn hours(n: i64) -> SignedDuration {
        SignedDuration::from_hours(n)
    }

    fn at(n: i64) -> Timestamp {
        Timestamp::from_second(1_795_140_000 + n * 3600).unwrap()
    }

    #[test]
    fn a_slot_is_late_after_the_time_it_was_given() {
        assert_eq!(slot(at(0), at(1), hours(1)), Slot::Due);
        assert_eq!(slot(at(0), at(2), hours(1)), Slot::Late(hours(2)));
        assert_eq!(slot(at(3), at(1), hours(1)), Slot::Ahead(hours(2)));
    }

    #[test]
    fn failures_count_from_the_last_complete_backup() {
        let run = |n: i64, outcome: Option<Outcome>| {
            let ending = |outcome| Ending { outcome, at: at(n), why: None, hint: None, left_offline: false };
            let phase = if outcome.is_some() { Phase::Done } else { Phase::Capturing };
            Run { ending: outcome.map(ending), phase, ..crate::plan::fixture::run(at(n)) }
        };
        let runs = [
            run(0, Some(Outcome::Failed)),
            run(1, Some(Outcome::Complete)),
            run(2, Some(Outcome::Incomplete)),
            run(3, Some(Outcome::Refused)),
            run(4, None),
        ];
        let stack = &runs[0].target.stack;
        assert_eq!(failures_since_success(&runs, stack), 2);
        assert_eq!(failures_since_success(&runs[..2], stack), 0);
        assert_eq!(failures_since_success(&runs, "another"), 0);
    }

    #[test]
    fn a_backup_that_got_too_old_is_told_once() {
        let told: Vec<i64> = (20..40).filter(|age| just_stale(hours(*age), hours(26), hours(1))).collect();
        assert_eq!(told, [27]);
    }
}
