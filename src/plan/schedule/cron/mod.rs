//! `cron(minutes hours day-of-month month day-of-week year)`, in AWS's dialect.

mod days;
mod field;

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use self::days::Days;
use self::field::{HOURS, MINUTES, MONTHS, YEARS};
use super::error::{BadExpression, bad};
use super::instant;

const EXAMPLE: &str = "`cron(0 3 * * ? *)`, every day at three";
/// The last year that AWS knows.
const LAST: i16 = 2199;

/// A cron expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cron {
    minutes: BTreeSet<i16>,
    hours: BTreeSet<i16>,
    days: Days,
    months: BTreeSet<i16>,
    years: BTreeSet<i16>,
    /// Its six fields in capitals.
    text: String,
}

impl Cron {
    /// Reads the fields. The year may be left out, says the User Guide, though not the API reference: then it is added.
    pub(super) fn read(text: &str) -> Result<Self, BadExpression> {
        let text = text.to_ascii_uppercase();
        let mut fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() == 5 {
            fields.push("*");
        }
        let [minutes, hours, of_month, month, of_week, year] = fields[..] else { return Err(count(&text, &fields)) };
        let days = Days::read(of_month, of_week, [minutes, hours, month, year])?;
        Ok(Self {
            minutes: MINUTES.read(minutes)?,
            hours: HOURS.read(hours)?,
            days,
            months: MONTHS.read(month)?,
            years: YEARS.read(year)?,
            text: fields.join(" "),
        })
    }

    /// Every run after an instant, by the clocks of a zone.
    pub(super) fn after(&self, zone: &TimeZone, after: Timestamp) -> impl Iterator<Item = Timestamp> {
        let dates = self.dates(zone.to_datetime(after).date());
        dates
            .flat_map(|date| self.times(date))
            .filter_map(|at| instant(zone, at))
            .filter(move |instant| *instant > after)
    }

    /// The days on which it runs, from this one on.
    fn dates(&self, from: Date) -> impl Iterator<Item = Date> {
        let mut next = Some(from);
        let all = std::iter::from_fn(move || {
            let date = next.filter(|date| date.year() <= LAST)?;
            next = date.tomorrow().ok();
            Some(date)
        });
        all.filter(|date| {
            self.years.contains(&date.year())
                && self.months.contains(&i16::from(date.month()))
                && self.days.contains(*date)
        })
    }

    fn times(&self, date: Date) -> impl Iterator<Item = DateTime> {
        self.hours.iter().flat_map(move |hour| {
            self.minutes.iter().filter_map(move |minute| {
                let (hour, minute) = (i8::try_from(*hour).ok()?, i8::try_from(*minute).ok()?);
                Some(date.at(hour, minute, 0, 0))
            })
        })
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn count(text: &str, fields: &[&str]) -> BadExpression {
    let what = format!("`cron({text})` has {} fields", fields.len());
    bad(what, "there are six: minutes, hours, day of month, month, day of week, year", EXAMPLE)
}
