//! When a hold ends: a date, an instant, or a duration from now.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::config::Span;

/// An end as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The end of a day, UTC.
    Day(Date),
    /// An instant.
    At(Timestamp),
    /// So long from now.
    In(Span),
}

/// Reads it.
///
/// # Errors
/// A sentence that says how to write one.
pub(crate) fn parse(text: &str) -> Result<End, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(End::At(at));
    }
    if let Some(day) = text.parse::<Date>().ok().filter(|_| text.len() == 10) {
        return Ok(End::Day(day));
    }
    let span = text.parse::<Span>().ok().filter(|Span(seconds)| *seconds > 0);
    span.map(End::In).ok_or_else(|| format!("`{text}` is no end: write 2027-01-31, 2027-01-31T12:00:00Z or 90d"))
}

impl End {
    /// The instant; a day is over at midnight, UTC.
    ///
    /// # Errors
    /// It is past already.
    pub(crate) fn at(&self, now: Timestamp) -> Result<Timestamp, String> {
        let at = match self {
            Self::At(at) => Some(*at),
            Self::Day(day) => {
                day.tomorrow().ok().and_then(|next| next.to_zoned(TimeZone::UTC).ok()).map(|zoned| zoned.timestamp())
            }
            Self::In(Span(seconds)) => now.checked_add(SignedDuration::from_secs((*seconds).into())).ok(),
        };
        let at = at.and_then(|at| Timestamp::from_second(at.as_second()).ok());
        at.filter(|at| *at > now)
            .ok_or_else(|| "the hold would be over already: `--until` is not in the future".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Result<String, String> {
        let now = "2026-11-20T06:00:00Z".parse().unwrap();
        parse(text)?.at(now).map(|at| at.to_string())
    }

    #[test]
    fn an_end_is_a_day_an_instant_or_a_duration() {
        assert_eq!(at("2026-11-20").as_deref(), Ok("2026-11-21T00:00:00Z"));
        assert_eq!(at("2026-12-01T12:00:00+01:00").as_deref(), Ok("2026-12-01T11:00:00Z"));
        assert_eq!(at("90d").as_deref(), Ok("2027-02-18T06:00:00Z"));
    }

    #[test]
    fn one_that_is_past_or_nonsense_is_refused() {
        assert!(at("2026-11-19").is_err_and(|why| why.contains("over already")));
        for text in ["", "soon", "0s", "2026-13-01", "tomorrow"] {
            assert!(at(text).is_err_and(|why| why.contains("write 2027-01-31")), "{text}");
        }
    }
}
