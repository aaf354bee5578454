//! A field of numbers: lists, ranges, steps, names.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::super::error::{BadExpression, bad};

/// What a field may hold.
pub(super) struct Field {
    /// As AWS calls it.
    pub(super) name: &'static str,
    pub(super) first: i16,
    pub(super) last: i16,
    /// Names of the values, from `first` on.
    names: &'static [&'static str],
    example: &'static str,
}

pub(super) const MINUTES: Field =
    Field { name: "minutes", first: 0, last: 59, names: &[], example: "`30`, `0,30` or `*/15`" };
pub(super) const HOURS: Field = Field { name: "hours", first: 0, last: 23, names: &[], example: "`3`, `1-5` or `*/6`" };
pub(super) const OF_MONTH: Field =
    Field { name: "day-of-month", first: 1, last: 31, names: &[], example: "`1`, `1,15`, `L` or `15W`" };
pub(super) const MONTHS: Field = Field {
    name: "month",
    first: 1,
    last: 12,
    names: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
    example: "`1`, `JAN-MAR` or `*/3`",
};
/// AWS counts from Sunday, which is 1.
pub(super) const OF_WEEK: Field = Field {
    name: "day-of-week",
    first: 1,
    last: 7,
    names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
    example: "`MON-FRI`, `1` (which is SUN), `6L` or `2#1`",
};
pub(super) const YEARS: Field =
    Field { name: "year", first: 1970, last: 2199, names: &[], example: "`*`, `2030` or `2030-2032`" };

impl Field {
    /// Reads the whole field.
    pub(super) fn read(&self, text: &str) -> Result<BTreeSet<i16>, BadExpression> {
        let mut all = BTreeSet::new();
        for item in text.split(',') {
            all.extend(self.item(item)?);
        }
        Ok(all)
    }

    /// `*`, `a`, `a-b`, and any of them with a step.
    fn item(&self, text: &str) -> Result<impl Iterator<Item = i16> + use<>, BadExpression> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (self.range(range, true)?, self.step(step)?),
            None => (self.range(text, false)?, 1),
        };
        Ok(range.step_by(step))
    }

    /// A single value with a step goes on to the end of the field.
    fn range(&self, text: &str, stepped: bool) -> Result<RangeInclusive<i16>, BadExpression> {
        if text == "*" {
            return Ok(self.first..=self.last);
        }
        let Some((from, to)) = text.split_once('-') else {
            let value = self.value(text)?;
            return Ok(value..=if stepped { self.last } else { value });
        };
        let (from, to) = (self.value(from)?, self.value(to)?);
        if from > to {
            let why = "AWS does not say what a range means that runs backwards; write two, with a comma between them";
            return Err(self.bad(text, why));
        }
        Ok(from..=to)
    }

    fn step(&self, text: &str) -> Result<usize, BadExpression> {
        let most = self.last - self.first;
        match number(text) {
            Some(step) if (1..=most).contains(&step) => Ok(usize::try_from(step).unwrap_or(1)),
            _ => Err(self.bad(&format!("/{text}"), &format!("a step is a whole number from 1 to {most}"))),
        }
    }

    /// A number, or a name.
    pub(super) fn value(&self, text: &str) -> Result<i16, BadExpression> {
        let named = self.names.iter().position(|name| *name == text).and_then(|at| i16::try_from(at).ok());
        let value = named.map(|at| at + self.first).or_else(|| number(text));
        value.filter(|value| (self.first..=self.last).contains(value)).ok_or_else(|| self.bad(text, &self.holds()))
    }

    fn holds(&self) -> String {
        let (first, last) = (self.first, self.last);
        match (self.names.first(), self.names.last()) {
            (Some(one), Some(other)) => format!("it holds {first} to {last}, or {one} to {other}"),
            _ => format!("it holds {first} to {last}"),
        }
    }

    /// A field that AWS refuses.
    pub(super) fn bad(&self, text: &str, why: &str) -> BadExpression {
        bad(format!("`{text}` cannot stand in the field {}", self.name), why, self.example)
    }
}

/// Digits and nothing else: neither a sign nor a blank.
pub(super) fn number(text: &str) -> Option<i16> {
    let digits = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}
