//! How long the driver sleeps between two looks.

use std::ffi::OsString;
use std::time::Duration;

use jiff::SignedDuration;

use super::args::Globals;

/// Below this no endpoint is asked again, however fast its clock runs.
const SHORTEST: Duration = Duration::from_millis(20);

/// What the user says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    longest: Option<Duration>,
    scale: u32,
}

impl Pace {
    /// `--poll-interval`, and `STACKSNAP_TIME_SCALE`: for testing against an endpoint whose clock is
    /// sped up so many times. It divides the waits and nothing else, and never AWS's own.
    pub(crate) fn new(globals: &Globals) -> Self {
        let scale = std::env::var("STACKSNAP_TIME_SCALE").ok().and_then(|text| text.parse().ok());
        let scale = scale.filter(|scale| *scale > 0 && elsewhere(globals));
        Self { longest: globals.poll_interval, scale: scale.unwrap_or(1) }
    }

    /// The same without `--poll-interval`: for waits that something depends on, and not only how soon it is seen.
    pub(crate) fn whole(globals: &Globals) -> Self {
        Self { longest: None, ..Self::new(globals) }
    }

    /// For a clock that runs so many times as fast.
    #[cfg(test)]
    pub(crate) fn scaled(scale: u32) -> Self {
        Self { longest: None, scale }
    }

    /// How long to sleep, where the engine says `wait`.
    pub(crate) fn sleep(self, wait: SignedDuration) -> Duration {
        let wait = Duration::try_from(wait).unwrap_or_default();
        let wait = self.longest.map_or(wait, |longest| wait.min(longest));
        (wait / self.scale).max(SHORTEST)
    }
}

/// The calls go to another endpoint than AWS's.
fn elsewhere(globals: &Globals) -> bool {
    let named = |(name, value): (OsString, OsString)| {
        name.to_str().is_some_and(|name| name.starts_with("AWS_ENDPOINT_URL")) && !value.is_empty()
    };
    globals.endpoint_url.is_some() || std::env::vars_os().any(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_an_upper_bound() {
        let pace = Pace { longest: Some(Duration::from_secs(5)), scale: 1 };
        assert_eq!(pace.sleep(SignedDuration::from_secs(60)), Duration::from_secs(5));
        assert_eq!(pace.sleep(SignedDuration::from_secs(3)), Duration::from_secs(3));
    }

    #[test]
    fn a_wait_that_something_depends_on_is_not_cut_short() {
        let globals = Globals { poll_interval: Some(Duration::from_secs(2)), ..Globals::default() };
        assert_eq!(
            Pace { scale: 1, ..Pace::whole(&globals) }.sleep(SignedDuration::from_secs(90)),
            Duration::from_secs(90)
        );
        assert_eq!(
            Pace { scale: 1, ..Pace::new(&globals) }.sleep(SignedDuration::from_secs(90)),
            Duration::from_secs(2)
        );
    }

    #[test]
    fn a_sped_up_endpoint_is_looked_at_as_often_by_its_own_clock() {
        let pace = Pace { longest: None, scale: 120 };
        assert_eq!(pace.sleep(SignedDuration::from_secs(60)), Duration::from_millis(500));
        assert_eq!(pace.sleep(SignedDuration::ZERO), SHORTEST);
    }
}
