//! On which days: one of the two day fields tells, the other one is `?`.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::super::error::{BadExpression, bad};
use super::field::{OF_MONTH, OF_WEEK, number};

/// The days of a cron expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Days {
    /// Days of the month.
    OfMonth(BTreeSet<i16>),
    /// `L`: the month's last day.
    Last,
    /// `LW`: the month's last weekday.
    LastWeekday,
    /// `15W`: the weekday nearest to that day, within the month.
    Nearest(i8),
    /// Days of the week, from 1, Sunday.
    OfWeek(BTreeSet<i16>),
    /// `6L`: the month's last Friday.
    LastOfWeek(i8),
    /// `3#2`: the month's second Tuesday.
    Nth(i8, i8),
}

impl Days {
    /// Reads both fields; `others`: minutes, hours, month and year, for the example.
    pub(super) fn read(of_month: &str, of_week: &str, others: [&str; 4]) -> Result<Self, BadExpression> {
        match (of_month, of_week) {
            ("?", "?") => Err(question(others, "both day fields are `?`", "*", "?")),
            ("?", text) => week(text),
            (text, "?") => month(text),
            ("*", "*") => Err(question(others, "neither day field is `?`", "*", "?")),
            ("*", text) => Err(question(others, "neither day field is `?`", "?", text)),
            (text, _) => Err(question(others, "neither day field is `?`", text, "?")),
        }
    }

    /// It is one of them.
    pub(super) fn contains(&self, date: Date) -> bool {
        match self {
            Self::OfMonth(days) => days.contains(&i16::from(date.day())),
            Self::Last => date.day() == date.days_in_month(),
            Self::LastWeekday => nearest(date, date.days_in_month()) == Some(date.day()),
            Self::Nearest(day) => nearest(date, *day) == Some(date.day()),
            Self::OfWeek(days) => days.contains(&i16::from(of_week(date))),
            Self::LastOfWeek(day) => of_week(date) == *day && date.day() + 7 > date.days_in_month(),
            Self::Nth(day, nth) => of_week(date) == *day && (date.day() - 1) / 7 + 1 == *nth,
        }
    }
}

/// From 1, Sunday.
fn of_week(date: Date) -> i8 {
    date.weekday().to_sunday_one_offset()
}

/// The weekday nearest to a day of the date's month, never in another month; `None` where the month has no such day.
fn nearest(date: Date, day: i8) -> Option<i8> {
    let last = date.days_in_month();
    let wanted = Date::new(date.year(), date.month(), day).ok()?;
    Some(match of_week(wanted) {
        1 if day == last => day - 2,
        1 => day + 1,
        7 if day == 1 => day + 2,
        7 => day - 1,
        _ => day,
    })
}

fn question(others: [&str; 4], what: &str, of_month: &str, of_week: &str) -> BadExpression {
    let [minutes, hours, month, year] = others;
    let example = format!("`cron({minutes} {hours} {of_month} {month} {of_week} {year})`");
    bad(what, "day-of-month or day-of-week tells on which days, and AWS wants `?` in the other one", example)
}

fn month(text: &str) -> Result<Days, BadExpression> {
    if text == "L" {
        return Ok(Days::Last);
    }
    if text == "LW" {
        return Ok(Days::LastWeekday);
    }
    if let Some(day) = text.strip_suffix('W') {
        return OF_MONTH.value(day).and_then(small(text)).map(Days::Nearest);
    }
    if text.contains(['L', 'W']) {
        return Err(OF_MONTH.bad(text, "`L` and `W` stand for one day: neither a list nor a range may hold them"));
    }
    OF_MONTH.read(text).map(Days::OfMonth)
}

fn week(text: &str) -> Result<Days, BadExpression> {
    if text == "L" {
        // The last day of the week.
        return Ok(Days::OfWeek(BTreeSet::from([OF_WEEK.last])));
    }
    if text.contains('#') {
        return nth(text);
    }
    match text.strip_suffix('L') {
        Some(day) if text.contains([',', '-', '/']) => {
            Err(OF_WEEK.bad(text, &format!("`L` belongs to one day: neither a list nor a range may hold `{day}L`")))
        }
        Some(day) => OF_WEEK.value(day).and_then(small(text)).map(Days::LastOfWeek),
        None => OF_WEEK.read(text).map(Days::OfWeek),
    }
}

fn nth(text: &str) -> Result<Days, BadExpression> {
    let refused = || OF_WEEK.bad(text, "with `#` the field holds one day and which of the month it is, 1 to 5");
    let (day, nth) = text.split_once('#').ok_or_else(refused)?;
    let nth = number(nth).filter(|nth| (1..=5).contains(nth)).ok_or_else(refused)?;
    let day = OF_WEEK.value(day).map_err(|_| refused())?;
    Ok(Days::Nth(small(text)(day)?, small(text)(nth)?))
}

/// Days fit into what jiff counts them in.
fn small(text: &str) -> impl Fn(i16) -> Result<i8, BadExpression> {
    move |day| i8::try_from(day).map_err(|_| OF_MONTH.bad(text, "it is no day"))
}
