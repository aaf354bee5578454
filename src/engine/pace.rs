//! How long to wait before the next look: quick when something is about to end, slow in the middle.
//!
//! The SDK's waiters are never used: their back-off detects the end of a ten-minute job minutes late.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{SignedDuration, Timestamp};

/// Never more often.
const QUICKEST: f64 = 2.0;
/// Not worth asking more often: with 15 s as the longest wait the mean delay is well under 1 % of an
/// offline window, and every look counts against the account's API rates.
const BRISK: f64 = 5.0;
/// At most so far apart…
const SLOWEST: f64 = 15.0;
/// …but in the middle of something whose earlier durations are known.
const KNOWN_MIDDLE: f64 = 60.0;

/// One thing that is awaited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Awaited {
    /// Seconds since it began.
    pub(super) elapsed: f64,
    /// What it took earlier on this stack, seconds.
    pub(super) expected: Option<u32>,
    /// How far AWS says it is.
    pub(super) percent: Option<u8>,
}

impl Awaited {
    /// Seconds until it probably ends, where anything speaks for a number.
    pub(super) fn remaining(&self) -> Option<f64> {
        match self.percent {
            Some(percent @ 5..=99) => Some(self.elapsed * f64::from(100 - percent) / f64::from(percent)),
            _ => self.expected.map(|expected| (f64::from(expected) - self.elapsed).max(0.0)),
        }
    }

    /// Half of what probably remains; less and less as the end comes near.
    fn seconds(&self) -> f64 {
        let half = self.remaining().unwrap_or(0.0) / 2.0;
        if self.expected.is_some() && half > SLOWEST {
            return half.min(KNOWN_MIDDLE);
        }
        let by_age = self.elapsed * 0.02;
        if half > 0.0 { half.clamp(BRISK, SLOWEST) } else { by_age.clamp(BRISK, SLOWEST) }
    }
}

/// Until the next look at something whose end matters to the second.
pub(super) fn eager(awaited: Awaited, salt: &impl Hash, now: Timestamp) -> SignedDuration {
    jittered(awaited.seconds(), salt, now)
}

/// Until the next look at something whose end is not urgent: it is followed by a wait anyway, or
/// nothing comes after it.
pub(super) fn lazy(awaited: Awaited, salt: &impl Hash, now: Timestamp) -> SignedDuration {
    let most = if awaited.expected.is_some() { KNOWN_MIDDLE } else { SLOWEST };
    jittered(awaited.remaining().unwrap_or(0.0).clamp(SLOWEST, most), salt, now)
}

/// Up to a tenth less, so that many drivers do not ask in step. Drawn from the run and the time: the
/// core has no dice.
fn jittered(seconds: f64, salt: &impl Hash, now: Timestamp) -> SignedDuration {
    let mut hasher = DefaultHasher::new();
    salt.hash(&mut hasher);
    now.as_millisecond().hash(&mut hasher);
    let share = f64::from(u8::try_from(hasher.finish() % 100).unwrap_or(0)) / 1000.0;
    let millis = (seconds * (1.0 - share)).max(QUICKEST) * 1000.0;
    #[expect(clippy::cast_possible_truncation, reason = "at most 60,000 milliseconds")]
    let millis = millis as i64;
    SignedDuration::from_millis(millis)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn never_more_often_than_2_s_and_never_further_apart_than_allowed(
            elapsed in 0.0..100_000.0f64, expected in proptest::option::of(0u32..100_000), percent in proptest::option::of(0u8..=100)
        ) {
            let wait = eager(Awaited { elapsed, expected, percent }, &"run", Timestamp::UNIX_EPOCH).as_secs_f64();
            let most = if expected.is_some() { 60.0 } else { 15.0 };
            prop_assert!((2.0..=most).contains(&wait), "{wait}");
        }
    }
}
