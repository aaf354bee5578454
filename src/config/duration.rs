//! Durations as people write them: `90s`, `60m`, `1h30m`, `2d`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A length of time, whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(pub u32);

/// A text that is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration (write 30s, 60m, 1h30m or 2d)")]
pub struct BadDuration(String);

const UNITS: [(char, u32); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl FromStr for Span {
    type Err = BadDuration;

    fn from_str(text: &str) -> Result<Self, BadDuration> {
        parse(text.trim()).map(Self).ok_or_else(|| BadDuration(text.to_owned()))
    }
}

/// Units from the longest down, each at most once.
fn parse(text: &str) -> Option<u32> {
    let mut rest = text;
    let mut seconds: u32 = 0;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u32 = rest.get(..digits)?.parse().ok()?;
        let letter = rest.get(digits..)?.chars().next()?;
        let (_, length) = units.find(|(unit, _)| *unit == letter)?;
        seconds = seconds.checked_add(number.checked_mul(*length)?)?;
        rest = rest.get(digits + 1..)?;
    }
    (!text.is_empty()).then_some(seconds)
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0;
        if left == 0 {
            return f.write_str("0s");
        }
        for (unit, length) in UNITS {
            if left >= length {
                write!(f, "{}{unit}", left / length)?;
                left %= length;
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for Span {
    type Error = BadDuration;

    fn try_from(text: String) -> Result<Self, BadDuration> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [("30s", 30), ("60m", 3_600), ("1h30m", 5_400), ("2d", 172_800), ("0s", 0)] {
            assert_eq!(text.parse(), Ok(Span(seconds)), "{text}");
        }
    }

    #[test]
    fn a_number_without_a_unit_and_other_texts_are_refused() {
        for text in ["", "60", "m", "1m1h", "1h1h", "1.5h", "-1s", "1 h", "9999999d", "1w", "1é"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(seconds in any::<u32>()) {
            prop_assert_eq!(Span(seconds).to_string().parse(), Ok(Span(seconds)));
        }
    }
}
