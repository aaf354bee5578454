//! What this process remembers of the runs of its last invocations. The next one often comes to the same process, and then reads
//! no record that it wrote itself a second ago, and looks at nothing before it is due. A driver that slept for a while is what
//! the engine reckons with; what somebody else has written into a record is seen in a few minutes at the latest.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::driver::Driver;
use crate::cli::herd::Sheep;
use crate::cli::pace::Pace;

/// So long a record is not read again.
const FRESH: SignedDuration = SignedDuration::from_mins(2);
/// Runs that are remembered.
const MOST: usize = 512;

/// A run as an invocation left it.
#[derive(Debug)]
struct Left {
    /// How often its state machine had come.
    rounds: u32,
    /// When, by the wall's clock: the other one may stand still while nobody invokes the function.
    at: Timestamp,
    /// How long it was until then that it was due.
    due: Duration,
    sheep: Sheep,
}

/// Runs by their ids.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<HashMap<String, Left>>);

impl Kept {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Left>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The invocation is over, and these runs go on. One whose record is gone is not remembered.
    pub(crate) fn keep<'a>(&self, going: impl Iterator<Item = &'a Sheep>, rounds: u32, at: Timestamp) {
        let mut all = self.all();
        for sheep in going.filter(|sheep| !sheep.run.lost) {
            if all.len() >= MOST {
                all.clear();
            }
            let due = sheep.due.saturating_duration_since(Instant::now());
            all.insert(sheep.run.id.to_string(), Left { rounds, at, due, sheep: sheep.clone() });
        }
    }

    /// The run as this process left it, if nobody has driven it since by this state machine, and its record was read lately.
    pub(crate) fn take(&self, driver: &Driver, pace: Pace, now: Timestamp) -> Option<Sheep> {
        let Left { rounds, at, due, mut sheep } = self.all().remove(driver.run.as_str())?;
        // A clock that was put back tells nothing.
        let since = Duration::try_from(now.duration_since(at)).ok()?;
        let age = Duration::try_from(now.duration_since(sheep.recorded)).ok()?;
        sheep.due = Instant::now() + due.saturating_sub(since);
        (rounds == driver.rounds && age < pace.sleep(FRESH)).then_some(sheep)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::output::samples;

    fn sheep() -> Sheep {
        Sheep::new(samples::run(json!({ "id": "my-hub-20261120-020000" })))
    }

    fn driver(rounds: u32) -> Driver {
        let sheep = sheep();
        Driver::of(&sheep.run, sheep.look, rounds)
    }

    fn later(seconds: i64) -> Timestamp {
        Timestamp::now() + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn a_run_is_remembered_once_and_only_for_the_event_that_was_answered() {
        let (kept, pace) = (Kept::default(), Pace::scaled(1));
        kept.keep([&sheep()].into_iter(), 3, later(0));
        assert!(kept.take(&driver(3), pace, later(1)).is_some());
        let again = kept.take(&driver(3), pace, later(1));
        assert!(again.is_none(), "the same event again: its invocation may have come to nothing");
        kept.keep([&sheep()].into_iter(), 4, later(0));
        assert!(kept.take(&driver(3), pace, later(1)).is_none(), "an event of before");
    }

    #[test]
    fn a_record_is_read_again_after_a_while_and_one_that_is_gone_is_not_remembered() {
        let (kept, pace) = (Kept::default(), Pace::scaled(1));
        kept.keep([&sheep()].into_iter(), 1, later(0));
        assert!(kept.take(&driver(1), pace, later(121)).is_none());
        kept.keep([&sheep()].into_iter(), 1, later(0));
        assert!(kept.take(&driver(1), pace, later(-60)).is_none(), "the clock was put back");
        let lost = sheep();
        kept.keep(
            [&Sheep { run: crate::model::run::Run { lost: true, ..lost.run.clone() }, ..lost }].into_iter(),
            1,
            later(0),
        );
        assert!(kept.take(&driver(1), pace, later(1)).is_none());
    }

    #[test]
    fn what_was_due_is_due_though_the_process_was_frozen_meanwhile() {
        let (kept, pace) = (Kept::default(), Pace::scaled(1));
        let waits = Sheep { due: Instant::now() + Duration::from_secs(30), ..sheep() };
        kept.keep([&waits].into_iter(), 1, later(0));
        // To the process no time has passed, to everybody else half a minute.
        let woken = kept.take(&driver(1), pace, later(31)).unwrap();
        assert!(woken.due <= Instant::now());
    }
}
