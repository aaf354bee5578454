//! Small values: SDK shapes into plain ones.

use aws_smithy_types::DateTime;
use jiff::Timestamp;

use crate::model::{Refusal, Seen};

/// What was seen, where AWS may answer and yet not say.
pub(super) fn seen<T>(answer: Result<Option<T>, Refusal>) -> Seen<T> {
    match answer {
        Ok(None) => Seen::Missing,
        Ok(Some(thing)) => Seen::Here(thing),
        Err(refusal) => Err(refusal).into(),
    }
}

/// An instant; `None` where AWS gave none, or one outside of jiff's range.
pub(super) fn at(time: Option<&DateTime>) -> Option<Timestamp> {
    let time = time?;
    let nanos = i32::try_from(time.subsec_nanos()).ok()?;
    Timestamp::new(time.secs(), nanos).ok()
}

/// An instant, as the SDK takes it; whole seconds.
pub(super) fn stamp(at: Timestamp) -> DateTime {
    DateTime::from_secs(at.as_second())
}

/// Bytes; AWS says -1 or nothing where it does not know.
pub(super) fn bytes(count: Option<i64>) -> Option<u64> {
    count.and_then(|count| u64::try_from(count).ok())
}

/// A percentage in AWS Backup's form, `"42.7"`, cut to a whole number from 0 to 100.
pub(super) fn percent(text: &str) -> Option<u8> {
    let whole = text.trim().trim_end_matches('%').split('.').next()?;
    whole.parse::<u8>().ok().map(|percent| percent.min(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_of_every_form_are_read() {
        assert_eq!(percent("42.7"), Some(42));
        assert_eq!(percent("100"), Some(100));
        assert_eq!(percent("0.00%"), Some(0));
        assert_eq!(percent("101"), Some(100));
        assert_eq!(percent(""), None);
        assert_eq!(percent("-3"), None);
    }

    #[test]
    fn an_instant_keeps_its_fraction() {
        let time = DateTime::from_secs_and_nanos(1_795_000_000, 500_000_000);
        assert_eq!(at(Some(&time)).unwrap().as_nanosecond(), 1_795_000_000_500_000_000);
        assert_eq!(at(Some(&DateTime::from_secs(i64::MAX))), None);
    }

    #[test]
    fn an_unknown_size_is_no_size() {
        assert_eq!(bytes(Some(-1)), None);
        assert_eq!(bytes(Some(7)), Some(7));
    }
}
