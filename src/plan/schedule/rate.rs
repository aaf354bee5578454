//! `rate(value unit)`: at an interval, counted by AWS from when the schedule was made.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::error::{BadExpression, bad};

const EXAMPLE: &str = "`rate(12 hours)`";
/// A hundred years of minutes: more is a slip of the fingers.
const MOST: u32 = 52_560_000;

/// An interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    value: u32,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Minute,
    Hour,
    Day,
}

impl Unit {
    fn word(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// A day is 24 hours, whatever the clocks do.
    fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }
}

impl Rate {
    /// Reads what is in the brackets. AWS does not mind `1 hours`.
    pub(super) fn read(text: &str) -> Result<Self, BadExpression> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [value, unit] = words[..] else {
            let what = format!("`rate({text})` is not a rate");
            return Err(bad(what, "it has a number and a unit, with a blank between them", EXAMPLE));
        };
        Ok(Self { value: number(value)?, unit: self::unit(unit)? })
    }

    /// Every run after an instant.
    pub(super) fn after(self, anchor: Timestamp, after: Timestamp) -> impl Iterator<Item = Timestamp> {
        let period = i64::from(self.value) * self.unit.seconds();
        let passed = after.duration_since(anchor).as_secs();
        // The first run is at the anchor itself: AWS begins at once.
        let first = if passed < 0 { 0 } else { passed / period + 1 };
        (first..).map_while(move |n| anchor.checked_add(SignedDuration::from_secs(n.checked_mul(period)?)).ok())
    }
}

fn number(text: &str) -> Result<u32, BadExpression> {
    let digits = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    match text.parse::<u32>() {
        Ok(value @ 1..=MOST) if digits => Ok(value),
        _ => Err(bad(format!("`{text}` is not a rate's number"), "it is a whole number, 1 or more", EXAMPLE)),
    }
}

fn unit(text: &str) -> Result<Unit, BadExpression> {
    let units = [Unit::Minute, Unit::Hour, Unit::Day];
    let found = units.into_iter().find(|unit| text.strip_suffix('s').unwrap_or(text) == unit.word());
    found.ok_or_else(|| {
        let what = format!("`{text}` is not a rate's unit");
        bad(what, "AWS knows minutes, hours and days; for weeks and months write a cron expression", EXAMPLE)
    })
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.value == 1 { "" } else { "s" };
        write!(f, "{} {}{plural}", self.value, self.unit.word())
    }
}
