//! `at(yyyy-mm-ddThh:mm:ss)`: once.

use jiff::civil::DateTime;

use super::error::{BadExpression, bad};

const FORM: &str = "yyyy-mm-ddThh:mm:ss";

/// Reads what is in the brackets.
pub(super) fn read(text: &str) -> Result<DateTime, BadExpression> {
    let shaped = text.len() == FORM.len()
        && text.bytes().zip(FORM.bytes()).all(|(is, should)| match should {
            b'-' | b'T' | b':' => is == should,
            _ => is.is_ascii_digit(),
        });
    let time = text.parse::<DateTime>().ok().filter(|_| shaped);
    time.ok_or_else(|| {
        let what = format!("`at({text})` is not a date and a time");
        bad(what, format!("it is written {FORM}, without a zone; that is `--timezone`"), "`at(2030-01-31T03:00:00)`")
    })
}
