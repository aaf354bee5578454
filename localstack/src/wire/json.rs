//! JSON 1.1: the operation is in `X-Amz-Target`.

use super::{message, pruned};
use crate::error::AwsError;
use crate::input::Input;
use bytes::Bytes;
use http::{HeaderMap, Response};
use serde_json::{Value, json};

const JSON: &str = "application/x-amz-json-1.1";

/// The operation and its input.
pub(crate) fn parse(headers: &HeaderMap, body: &[u8]) -> Result<(String, Input), AwsError> {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    let operation = target.and_then(|text| text.rsplit('.').next()).unwrap_or("");
    let unreadable = |_| AwsError::bad("SerializationException", "The request is not valid JSON.");
    let value: Value = if body.is_empty() { json!({}) } else { serde_json::from_slice(body).map_err(unreadable)? };
    Ok((operation.to_owned(), Input(value)))
}

/// The result as it is.
pub(crate) fn success(id: &str, value: &Value) -> Response<Bytes> {
    let body = if value.is_null() { json!({}) } else { pruned(value) };
    message(200, JSON, id, body.to_string())
}

/// `{"__type": …, "message": …}`.
pub(crate) fn failure(id: &str, error: &AwsError) -> Response<Bytes> {
    let body = json!({ "__type": error.code, "message": error.message });
    message(error.status, JSON, id, body.to_string())
}
