//! Durations: how they are read from flags, and how progress lines show them.

use std::time::Duration;

use crate::config::{BadDuration, Span};

/// Reads a duration of zero or more, in whole seconds.
///
/// # Errors
/// A sentence that says how durations are written.
pub(crate) fn span(text: &str) -> Result<Span, BadDuration> {
    text.parse()
}

/// Reads a duration of at least one second.
///
/// # Errors
/// A sentence that says what is wrong.
pub(crate) fn positive(text: &str) -> Result<Span, String> {
    match span(text).map_err(|error| error.to_string())? {
        Span(0) => Err(format!("`{text}` is too short: at least `1s`")),
        span => Ok(span),
    }
}

/// Reads a polling interval: below two seconds AWS would throttle the whole account.
///
/// # Errors
/// A sentence that says what is wrong.
pub(crate) fn poll_interval(text: &str) -> Result<Duration, String> {
    match span(text).map_err(|error| error.to_string())? {
        Span(seconds) if seconds < 2 => Err(format!("`{text}` is too short: at least `2s`, for AWS rations its calls")),
        Span(seconds) => Ok(Duration::from_secs(seconds.into())),
    }
}

/// `1h30m`, `12m05s`, `40s`: as progress lines show it.
pub(crate) fn show(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, minutes) => format!("{minutes}m{rest:02}s"),
        (hours, minutes) => format!("{hours}h{minutes:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_type_them() {
        assert_eq!(["90s", "60m", "1h30m", "0s"].map(span), [90, 3600, 5400, 0].map(|seconds| Ok(Span(seconds))));
    }

    #[test]
    fn a_bad_duration_says_how_to_write_one() {
        for text in ["", "90", "-5m", "soon", "1h-30m", "5 parsecs", "99999999h", "0s"] {
            assert!(positive(text).is_err_and(|why| why.contains('`')), "{text}");
        }
    }

    #[test]
    fn polling_faster_than_two_seconds_is_refused() {
        assert!(poll_interval("1s").is_err());
        assert_eq!(poll_interval("2s"), Ok(Duration::from_secs(2)));
    }

    #[test]
    fn durations_are_shown_short() {
        assert_eq!([0, 59, 60, 725, 5400].map(show), ["0s", "59s", "1m00s", "12m05s", "1h30m"]);
    }
}
