//! EventBridge Scheduler's schedule expressions, read as AWS reads them, and what a deployment of stacksnap is.
//!
//! The source is the EventBridge Scheduler User Guide, page *Schedule types in EventBridge Scheduler*
//! (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>), with the API reference of
//! `CreateSchedule` for `rate`. What that page leaves open is read the careful way: refused here rather than by AWS in
//! the middle of a deployment, with another way of writing it in the error.
//!
//! Why not the crate croner: it reads the POSIX dialect, in which both day fields count, `?` is another `*`, and an hour
//! that the clocks skip is made up for. All three would have to be guarded before and after each call, in chrono's types,
//! with a second database of time zones beside jiff's. What is left for the crate to do is the two hundred lines of
//! `cron`.

mod at;
mod cron;
pub mod deployment;
mod error;
pub mod parameters;
mod rate;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

pub use error::BadExpression;

use cron::Cron;
use rate::Rate;

/// When a schedule runs. What it is written as again ([`fmt::Display`]) is what AWS is sent: in capitals, with all six fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// `cron(0 3 * * ? *)`
    Cron(Box<Cron>),
    /// `rate(12 hours)`
    Rate(Rate),
    /// `at(2026-11-20T13:00:00)`
    At(DateTime),
}

impl Expression {
    /// Reads the fields of a cron expression, with or without `cron(…)` around them.
    ///
    /// # Errors
    /// AWS would refuse it.
    pub fn cron(text: &str) -> Result<Self, BadExpression> {
        let text = text.trim();
        let fields = within(text, "cron").unwrap_or(text);
        Cron::read(fields).map(|cron| Self(Kind::Cron(Box::new(cron))))
    }

    /// The first runs after an instant. Of a rate nobody but AWS knows when it began: it is counted from
    /// `anchor`, the instant at which the schedule was made or changed.
    pub fn upcoming(&self, zone: &TimeZone, after: Timestamp, anchor: Timestamp, count: usize) -> Vec<Timestamp> {
        match &self.0 {
            Kind::Cron(cron) => cron.after(zone, after).take(count).collect(),
            Kind::Rate(rate) => rate.after(anchor, after).take(count).collect(),
            Kind::At(at) => instant(zone, *at).filter(|at| *at > after).into_iter().take(count).collect(),
        }
    }

    /// It runs at an interval that AWS counts from when the schedule was made: no calendar tells when.
    pub fn is_rate(&self) -> bool {
        matches!(self.0, Kind::Rate(_))
    }
}

impl FromStr for Expression {
    type Err = BadExpression;

    fn from_str(text: &str) -> Result<Self, BadExpression> {
        let text = text.trim();
        if let Some(fields) = within(text, "cron") {
            return Self::cron(fields);
        }
        if let Some(fields) = within(text, "rate") {
            return Rate::read(fields).map(|rate| Self(Kind::Rate(rate)));
        }
        if let Some(time) = within(text, "at") {
            return at::read(time).map(|at| Self(Kind::At(at)));
        }
        Err(error::form(text))
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Cron(cron) => write!(f, "cron({cron})"),
            Kind::Rate(rate) => write!(f, "rate({rate})"),
            Kind::At(at) => write!(f, "at({})", at.strftime("%Y-%m-%dT%H:%M:%S")),
        }
    }
}

/// What is between `name(` and `)`.
fn within<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')
}

/// The instant of a local time. One that the clocks skip is none: AWS leaves that run out. Of one that comes twice it is
/// the first: AWS runs once, before the clocks go back.
fn instant(zone: &TimeZone, at: DateTime) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(at);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => None,
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => ambiguous.earlier().ok(),
    }
}

/// Reads the name of a time zone as AWS knows it.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn time_zone(name: &str) -> Result<String, String> {
    let known = TimeZone::get(name).ok().and_then(|zone| zone.iana_name().map(str::to_owned));
    // `Etc/Unknown` is jiff's own name for a zone that nobody knows.
    known.filter(|known| known != "Etc/Unknown").ok_or_else(|| {
        format!(
            "`{name}` is not a time zone: AWS knows those of the IANA time zone database, for example Europe/Berlin, \
             America/New_York or UTC"
        )
    })
}
