//! What this process remembers of the runs of its last invocations. The next one often comes to the same process, and then reads
//! no record that it wrote itself a second ago, and looks at nothing before it is due. A driver that slept for a while is what
//! the engine reckons with; who else has written a record is seen whenever a look reads it, and at the latest after [`FRESH`].

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;
use tokio::time::Instant;

use super::driver::Driver;
use crate::cli::herd::Sheep;
use crate::cli::pace::Pace;

/// So long a record is not read again.
const FRESH: SignedDuration = SignedDuration::from_mins(2);
/// Runs that are remembered.
const MOST: usize = 512;

/// Runs by their ids, each with how often its state machine had come.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<HashMap<String, (u32, Sheep)>>);

impl Kept {
    fn all(&self) -> MutexGuard<'_, HashMap<String, (u32, Sheep)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The invocation is over, and these runs go on.
    pub(crate) fn keep<'a>(&self, going: impl Iterator<Item = &'a Sheep>, rounds: u32) {
        let mut all = self.all();
        for sheep in going {
            if all.len() >= MOST {
                all.clear();
            }
            all.insert(sheep.run.id.to_string(), (rounds, sheep.clone()));
        }
    }

    /// The run as this process left it, if nobody has driven it since by this state machine, and its record was read lately.
    pub(crate) fn take(&self, driver: &Driver, pace: Pace) -> Option<Sheep> {
        let (rounds, sheep) = self.all().remove(driver.run.as_str())?;
        let lately = Instant::now().duration_since(sheep.recorded) < pace.sleep(FRESH);
        (rounds == driver.rounds && lately).then_some(sheep)
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

    #[test]
    fn a_run_is_remembered_once_and_only_for_the_event_that_was_answered() {
        let (kept, pace) = (Kept::default(), Pace::scaled(1));
        kept.keep([&sheep()].into_iter(), 3);
        assert!(kept.take(&driver(3), pace).is_some());
        assert!(kept.take(&driver(3), pace).is_none(), "the same event again: its invocation may have come to nothing");
        kept.keep([&sheep()].into_iter(), 4);
        assert!(kept.take(&driver(3), pace).is_none(), "an event of before");
    }

    #[test]
    fn a_record_is_read_again_after_a_while() {
        let (kept, pace) = (Kept::default(), Pace::scaled(120));
        let a_second_ago = Instant::now() - std::time::Duration::from_secs(1);
        kept.keep([&Sheep { recorded: a_second_ago, ..sheep() }].into_iter(), 1);
        assert!(kept.take(&driver(1), pace).is_none());
    }
}
