//! When it runs next, in UTC and by local clocks; in whose hands it is.

use std::io;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::super::output::table::{self, Cell};
use super::super::super::output::{Page, human};
use crate::plan::schedule::Expression;

/// So many are shown.
const SHOWN: usize = 5;

/// When a schedule runs.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct When {
    /// The schedule expression, as AWS has it.
    pub(crate) expression: String,
    /// The time zone whose clocks count.
    pub(crate) timezone: String,
    /// `ENABLED` or `DISABLED`.
    pub(crate) state: String,
    /// AWS counts the runs from an instant that it keeps to itself: they are about then.
    pub(crate) approximate: bool,
    /// The next runs; none where the schedule is disabled, over, or cannot be read.
    pub(crate) next: Vec<NextRun>,
}

/// One run to come. A flexible window begins here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct NextRun {
    /// In UTC.
    #[schemars(with = "String")]
    pub(crate) utc: Timestamp,
    /// By the clocks of the time zone, with their distance from UTC.
    pub(crate) local: String,
}

/// The template's parameters that say when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said<'a> {
    pub(super) expression: &'a str,
    pub(super) timezone: &'a str,
    pub(super) state: &'a str,
}

impl When {
    /// As the parameters say it; `anchor`: when the deployment was changed last.
    pub(super) fn of(said: Said<'_>, now: Timestamp, anchor: Timestamp) -> Self {
        let read = said.expression.parse::<Expression>().ok();
        let zone = TimeZone::get(said.timezone).ok();
        let on = said.state == "ENABLED";
        let next = match (&read, &zone) {
            (Some(read), Some(zone)) if on => read.upcoming(zone, now, anchor, SHOWN),
            _ => Vec::new(),
        };
        let zone = zone.unwrap_or(TimeZone::UTC);
        Self {
            expression: said.expression.to_owned(),
            timezone: said.timezone.to_owned(),
            state: said.state.to_owned(),
            approximate: read.is_some_and(|read| read.is_rate()),
            next: next.into_iter().map(|at| NextRun { utc: at, local: local(at, &zone) }).collect(),
        }
    }

    /// Writes it for people.
    ///
    /// # Errors
    /// Those of the output.
    pub(super) fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let off = if self.state == "ENABLED" { "" } else { " (disabled: nothing is started)" };
        page.field("Schedule", format!("{}, {}{off}", self.expression, self.timezone))?;
        if self.next.is_empty() {
            return page.field("Next runs", "none");
        }
        if self.approximate {
            page.field("Next runs", "about, since AWS counts from when the schedule was made:")?;
        }
        page.line("")?;
        let row = |run: &&NextRun| [Cell::from(human::time(run.utc)), Cell::from(&run.local)];
        table::write(page, ["NEXT RUNS, UTC", "LOCAL"], || self.next.iter(), row)
    }
}

/// `Sat 2026-11-21 04:00:00 +01:00 CET`
fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M:%S %:z %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn when(expression: &str, state: &str) -> When {
        let now = "2026-10-24T12:00:00Z".parse().unwrap();
        When::of(Said { expression, timezone: "Europe/Berlin", state }, now, now)
    }

    #[test]
    fn local_time_tells_which_side_of_the_change_of_clocks_it_is() {
        let next = when("cron(0 3 * * ? *)", "ENABLED").next;
        let first: Vec<(String, &str)> =
            next.iter().take(2).map(|run| (run.utc.to_string(), run.local.as_str())).collect();
        assert_eq!(
            first,
            [
                ("2026-10-25T02:00:00Z".to_owned(), "Sun 2026-10-25 03:00:00 +01:00 CET"),
                ("2026-10-26T02:00:00Z".to_owned(), "Mon 2026-10-26 03:00:00 +01:00 CET"),
            ]
        );
        assert_eq!(next.len(), SHOWN);
    }

    #[test]
    fn what_is_disabled_or_not_to_be_read_has_no_next_run() {
        assert!(when("cron(0 3 * * ? *)", "DISABLED").next.is_empty());
        assert!(when("cron(of tomorrow)", "ENABLED").next.is_empty());
        assert!(when("rate(1 day)", "ENABLED").approximate);
    }
}
