//! How far a run is, and how long it may still take, by what this stack's last runs took.

use jiff::Timestamp;

use super::super::sights::Sights;
use super::super::{duration, output::human};
use crate::model::run::{Phase, Run};
use crate::model::{JobState, SnapshotStatus};

/// How far one half is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Half {
    /// 0 to 99, and 100 only at the end.
    pub(super) percent: u8,
    /// Seconds it may still take.
    pub(super) left: Option<i64>,
}

/// The database's half.
pub(super) fn database(run: &Run, sights: &Sights, now: Timestamp) -> Option<Half> {
    let half = sights.snapshot.as_ref()?;
    let done = half.status == SnapshotStatus::Available;
    Some(far(done, half.percent, half.created.or(run.asked), run.expected.snapshot, now))
}

/// The files' half.
pub(super) fn files(run: &Run, sights: &Sights, now: Timestamp) -> Option<Half> {
    let half = sights.job.as_ref()?;
    let done = half.state == JobState::Completed;
    Some(far(done, half.percent.unwrap_or(0), half.created.or(run.asked), run.expected.job, now))
}

fn far(done: bool, percent: u8, began: Option<Timestamp>, expected: Option<u32>, now: Timestamp) -> Half {
    if done {
        return Half { percent: 100, left: Some(0) };
    }
    // AWS says 100 % while it still works: only the end is the end.
    let percent = percent.min(99);
    let elapsed = began.map(|began| now.duration_since(began).as_secs().max(0));
    let by_past = expected.zip(elapsed).map(|(expected, elapsed)| (i64::from(expected) - elapsed).max(0));
    let by_percent = elapsed.filter(|_| percent >= 5).map(|e| e * i64::from(100 - percent) / i64::from(percent));
    Half { percent, left: by_past.or(by_percent) }
}

/// Where a run stands, in one line.
pub(super) fn standing(run: &Run, sights: &Sights, now: Timestamp) -> String {
    let mut parts = vec![format!("{} for {}", run.phase, duration::show(now.duration_since(run.since).as_secs()))];
    if run.phase == Phase::Capturing {
        parts.extend(database(run, sights, now).map(|half| format!("database {}", half.text())));
        parts.extend(files(run, sights, now).map(|half| format!("files {}", half.text())));
    }
    parts.extend(offline_since(run));
    parts.join(", ")
}

/// `offline since 02:00:13Z`, while it is.
pub(super) fn offline_since(run: &Run) -> Option<String> {
    let window = run.window.filter(|window| window.to.is_none())?;
    Some(format!("offline since {}", human::clock(window.from)))
}

impl Half {
    /// `42 %, about 3m10s left`
    pub(super) fn text(self) -> String {
        match self.left {
            Some(left) if left > 0 => format!("{} %, about {} left", self.percent, duration::show(left)),
            _ => format!("{} %", self.percent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_hundred_percent_is_only_shown_at_the_end() {
        assert_eq!(far(false, 100, Some(at(0)), Some(200), at(100)).percent, 99);
        assert_eq!(far(true, 98, Some(at(0)), None, at(100)).text(), "100 %");
    }

    #[test]
    fn the_past_tells_better_than_the_percent() {
        assert_eq!(far(false, 50, Some(at(0)), Some(400), at(100)).text(), "50 %, about 5m00s left");
        assert_eq!(far(false, 50, Some(at(0)), None, at(100)).text(), "50 %, about 1m40s left");
        assert_eq!(far(false, 1, Some(at(0)), None, at(100)).text(), "1 %");
        assert_eq!(far(false, 90, Some(at(0)), Some(50), at(100)).text(), "90 %");
    }
}
