//! How long the driver sleeps between two looks.

use std::time::Duration;

use jiff::SignedDuration;

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
    /// sped up so many times. It divides the waits and nothing else.
    pub(crate) fn new(poll_interval: Option<Duration>) -> Self {
        let scale = std::env::var("STACKSNAP_TIME_SCALE").ok().and_then(|text| text.parse().ok());
        Self { longest: poll_interval, scale: scale.filter(|scale| *scale > 0).unwrap_or(1) }
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
    fn a_sped_up_endpoint_is_looked_at_as_often_by_its_own_clock() {
        let pace = Pace { longest: None, scale: 120 };
        assert_eq!(pace.sleep(SignedDuration::from_secs(60)), Duration::from_millis(500));
        assert_eq!(pace.sleep(SignedDuration::ZERO), SHORTEST);
    }
}
