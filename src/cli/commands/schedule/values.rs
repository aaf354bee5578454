//! The values of the flags: how they are written, and what is said of one that is not.

use super::super::super::duration;
use crate::config::Span;
use crate::plan::schedule::{BadExpression, Expression};

/// A zip in S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) bucket: String,
    pub(super) key: String,
}

/// Whole minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Minutes(pub(super) u32);

/// Whole hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hours(pub(super) u32);

impl Code {
    /// Reads `s3://BUCKET/KEY`.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let place = text.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
        match place {
            Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() && !key.ends_with('/') => {
                Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
            }
            _ => Err(format!(
                "`{text}` is not a zip in S3: write s3://BUCKET/KEY, for example \
                              s3://my-bucket/stacksnap-lambda-arm64.zip"
            )),
        }
    }
}

pub(super) fn expression(text: &str) -> Result<Expression, String> {
    text.parse().map_err(|why: BadExpression| why.to_string())
}

pub(super) fn cron(text: &str) -> Result<Expression, String> {
    Expression::cron(text).map_err(|why| why.to_string())
}

pub(super) fn fleet_tag(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((key, _)) if !key.is_empty() => Ok(text.to_owned()),
        _ => Err(format!("`{text}` is not a tag: write KEY=VALUE, for example backup=nightly")),
    }
}

pub(super) fn minutes(text: &str) -> Result<Minutes, String> {
    match duration::span(text).map_err(|why| why.to_string())? {
        Span(seconds) if seconds % 60 == 0 => Ok(Minutes(seconds / 60)),
        _ => Err(format!("`{text}` is not a whole number of minutes: write 60m or 1h30m")),
    }
}

pub(super) fn hours(text: &str) -> Result<Hours, String> {
    if let Ok(hours) = text.parse() {
        return Ok(Hours(hours));
    }
    match duration::span(text).map_err(|why| why.to_string())? {
        Span(seconds) if seconds % 3_600 == 0 => Ok(Hours(seconds / 3_600)),
        _ => Err(format!("`{text}` is not a whole number of hours: write 26h or 2d")),
    }
}

pub(super) fn email(text: &str) -> Result<String, String> {
    match text.split_once('@') {
        Some((name, host)) if !name.is_empty() && !host.is_empty() && !text.contains(char::is_whitespace) => {
            Ok(text.to_owned())
        }
        _ => Err(format!("`{text}` is not an address: write name@example.com")),
    }
}

pub(super) fn arn(text: &str) -> Result<String, String> {
    if text.starts_with("arn:") && text.contains(":iam:") && !text.contains([',', ' ']) {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` is not an ARN of IAM: write arn:aws:iam::123456789012:role/NAME or …:policy/NAME"))
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric()) => {
            Ok((key.to_owned(), value.to_owned()))
        }
        // What stands behind it may be a secret: it is not repeated.
        _ => Err("expected KEY=VALUE, where KEY is a parameter's name (letters and digits)".to_owned()),
    }
}
