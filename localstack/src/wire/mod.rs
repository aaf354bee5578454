//! AWS's protocols: how inputs are read and answers written.

pub(crate) mod json;
pub(crate) mod query;
pub(crate) mod rest;
pub(crate) mod s3;
pub(crate) mod xml;

use crate::error::{Answer, AwsError};
use bytes::Bytes;
use http::Response;
use jiff::Timestamp;
use serde_json::{Number, Value};

/// Which of AWS's protocols a service speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// A form in, XML out.
    Query,
    /// JSON 1.1 with `X-Amz-Target`.
    Json,
    /// REST with JSON bodies.
    Rest,
    /// REST with XML and bytes.
    S3,
}

impl Protocol {
    /// The protocol of a service by its signing name.
    pub(crate) fn of(service: &str) -> Self {
        match service {
            "backup" | "elasticfilesystem" => Self::Rest,
            "secretsmanager" | "ssm" | "kms" | "logs" | "events" => Self::Json,
            "s3" => Self::S3,
            _ => Self::Query,
        }
    }
}

/// Writes an answer in the service's protocol.
pub(crate) fn respond(service: &str, operation: &str, id: &str, answer: &Answer) -> Response<Bytes> {
    match (Protocol::of(service), answer) {
        (Protocol::Query, Ok(value)) => query::success(service, operation, id, value),
        (Protocol::Query, Err(error)) => query::failure(service, id, error),
        (Protocol::Json, Ok(value)) => json::success(id, value),
        (Protocol::Json, Err(error)) => json::failure(id, error),
        (Protocol::S3, answer) => s3::respond(operation, id, answer),
        (Protocol::Rest, Ok(value)) => rest::success(operation, id, value),
        (Protocol::Rest, Err(error)) => rest::failure(service, id, error),
    }
}

/// A response of a status, a content type and a body.
pub(crate) fn message(status: u16, kind: &'static str, id: &str, body: String) -> Response<Bytes> {
    let built = Response::builder()
        .status(status)
        .header("content-type", kind)
        .header("x-amzn-requestid", id)
        .body(Bytes::from(body));
    built.unwrap_or_default()
}

/// An instant as XML has it.
pub(crate) fn iso(at: Timestamp) -> Value {
    Value::String(at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// An instant as JSON has it: epoch seconds with a fraction.
pub(crate) fn epoch(at: Timestamp) -> Value {
    let milliseconds = at.as_millisecond();
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit a double")]
    let seconds = milliseconds as f64 / 1000.0;
    Number::from_f64(seconds).map_or(Value::Null, Value::Number)
}

/// Drops null members: AWS leaves out what it does not know.
pub(crate) fn pruned(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(_, member)| !member.is_null());
            kept.map(|(key, member)| (key.clone(), pruned(member))).collect()
        }
        Value::Array(items) => items.iter().map(pruned).collect(),
        other => other.clone(),
    }
}

/// What goes wrong before any service is known.
pub(crate) fn unsigned(id: &str) -> (Response<Bytes>, AwsError) {
    let text = "Missing Authentication Token";
    let error = AwsError::new(403, "MissingAuthenticationToken", text);
    (query::failure("sts", id, &error), error)
}
