//! REST with JSON: the operation is the method and the path.

use super::{message, pruned};
use crate::error::AwsError;
use crate::input::Input;
use crate::operation::{OPERATIONS, Operation};
use bytes::Bytes;
use http::{HeaderValue, Method, Response, Uri};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

const JSON: &str = "application/json";

/// The operation and its input, or the path that no operation has.
pub(crate) fn parse(
    service: &str,
    method: &Method,
    uri: &Uri,
    body: &[u8],
) -> Result<(&'static Operation, Input), AwsError> {
    let path: Vec<&str> = uri.path().split('/').filter(|part| !part.is_empty()).collect();
    let mine = OPERATIONS.iter().copied().flatten().filter(|each| each.service == service);
    for operation in mine {
        let Some((verb, pattern)) = operation.route else {
            continue;
        };
        if verb != method.as_str() {
            continue;
        }
        if let Some(found) = matched(pattern, &path) {
            return Ok((operation, input(&found, uri, body)?));
        }
    }
    Err(AwsError::not_implemented(service, &format!("{method} {}", uri.path())))
}

fn matched(pattern: &str, path: &[&str]) -> Option<Vec<(String, String)>> {
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    if parts.len() != path.len() {
        return None;
    }
    let mut found = Vec::new();
    for (part, given) in parts.iter().zip(path) {
        match part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => {
                let text = percent_decode_str(given).decode_utf8_lossy().into_owned();
                found.push((name.to_owned(), text));
            }
            None if part == given => {}
            None => return None,
        }
    }
    Some(found)
}

fn input(found: &[(String, String)], uri: &Uri, body: &[u8]) -> Result<Input, AwsError> {
    let unreadable = |_| AwsError::bad("SerializationException", "The request is not valid JSON.");
    let value: Value = if body.is_empty() { json!({}) } else { serde_json::from_slice(body).map_err(unreadable)? };
    let mut input = Input(value);
    for (name, text) in form_urlencoded::parse(uri.query().unwrap_or("").as_bytes()) {
        input.set(&name, &text);
    }
    for (name, text) in found {
        input.set(name, text);
    }
    Ok(input)
}

/// The result as it is; operations without one answer an empty body.
pub(crate) fn success(operation: &str, id: &str, value: &Value) -> Response<Bytes> {
    let body = if value.is_null() { String::new() } else { pruned(value).to_string() };
    // The one operation of these services whose model has another status.
    let status = if operation == "CancelLegalHold" { 201 } else { 200 };
    message(status, JSON, id, body)
}

/// The code in a header, the sentence in the body; EFS repeats the code there.
pub(crate) fn failure(service: &str, id: &str, error: &AwsError) -> Response<Bytes> {
    let name = if service == "elasticfilesystem" { "ErrorCode" } else { "Code" };
    let body = json!({ name: error.code, "Message": error.message });
    let mut response = message(error.status, JSON, id, body.to_string());
    if let Ok(code) = HeaderValue::from_str(&error.code) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}
