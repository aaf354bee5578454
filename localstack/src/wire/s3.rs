//! S3's own kind of REST: buckets in the path or in the host, bytes in the body, errors in XML.

use super::xml;
use crate::error::{Answer, AwsError};
use crate::input::Input;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// The operation's name and its input: the headers, the query, `Bucket`, `Key` and the bytes.
pub(crate) fn parse(request: &Request<Bytes>) -> Result<(&'static str, Input), AwsError> {
    let (bucket, key) = place(request);
    let mut members = Map::new();
    for (name, value) in request.headers() {
        let text = value.to_str().unwrap_or_default();
        members.insert(name.as_str().to_owned(), Value::String(text.to_owned()));
    }
    let query = request.uri().query().unwrap_or("");
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        members.insert(name.into_owned(), Value::String(value.into_owned()));
    }
    let name = operation(request.method(), &key, &members);
    let text = format!("{} {}?{query}", request.method(), request.uri().path());
    let name = name.ok_or_else(|| AwsError::not_implemented("s3", &text))?;
    let body: String = unchunked(request).iter().map(|byte| char::from(*byte)).collect();
    members.insert("@body".to_owned(), Value::String(body));
    members.insert("Bucket".to_owned(), Value::String(bucket));
    members.insert("Key".to_owned(), Value::String(key));
    Ok((name, Input(Value::Object(members))))
}

fn place(request: &Request<Bytes>) -> (String, String) {
    let path = percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned();
    let path = path.strip_prefix('/').unwrap_or(&path).to_owned();
    let header = request.headers().get("host").and_then(|value| value.to_str().ok());
    let host = header.or(request.uri().host()).unwrap_or_default();
    if let Some(bucket) = crate::s3::virtual_bucket(host) {
        return (bucket, path);
    }
    let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
    (bucket.to_owned(), key.to_owned())
}

fn operation(method: &Method, key: &str, members: &Map<String, Value>) -> Option<&'static str> {
    const OTHERS: [&str; 9] =
        ["acl", "tagging", "uploads", "uploadId", "versionId", "versions", "attributes", "partNumber", "policy"];
    if OTHERS.iter().any(|name| members.contains_key(*name)) || members.contains_key("x-amz-copy-source") {
        return None;
    }
    let whole = key.is_empty();
    match *method {
        Method::PUT if !whole => Some("PutObject"),
        Method::GET if !whole && !members.contains_key("range") => Some("GetObject"),
        Method::HEAD if !whole => Some("HeadObject"),
        Method::DELETE if !whole => Some("DeleteObject"),
        Method::GET if members.contains_key("location") => Some("GetBucketLocation"),
        Method::GET if members.get("list-type").is_some_and(|kind| kind == "2") => Some("ListObjectsV2"),
        Method::HEAD => Some("HeadBucket"),
        _ => None,
    }
}

/// A body without the chunks of a streaming signature.
fn unchunked(request: &Request<Bytes>) -> Bytes {
    let sum = request.headers().get("x-amz-content-sha256").and_then(|value| value.to_str().ok());
    if !sum.is_some_and(|text| text.starts_with("STREAMING-")) {
        return request.body().clone();
    }
    let mut whole = Vec::new();
    let mut rest: &[u8] = request.body();
    while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let (line, tail) = rest.split_at(end);
        let line = String::from_utf8_lossy(line);
        let size = usize::from_str_radix(line.split(';').next().unwrap_or_default(), 16).unwrap_or(0);
        let tail = tail.get(2..).unwrap_or_default();
        let Some(chunk) = tail.get(..size).filter(|_| size > 0) else {
            break;
        };
        whole.extend_from_slice(chunk);
        rest = tail.get(size + 2..).unwrap_or_default();
    }
    whole.into()
}

/// Writes an answer.
pub(crate) fn respond(operation: &str, id: &str, answer: &Answer) -> Response<Bytes> {
    match answer {
        Ok(value) => success(operation, id, value),
        Err(error) => failure(operation, id, error),
    }
}

fn success(operation: &str, id: &str, value: &Value) -> Response<Bytes> {
    let xml = value.get("@xml").and_then(Value::as_str);
    let bytes = value.get("@body").and_then(Value::as_str).map(crate::s3::latin);
    let body = match xml {
        Some(text) => Bytes::from(text.to_owned()),
        None if operation == "HeadObject" => Bytes::new(),
        None => bytes.unwrap_or_default().into(),
    };
    let status = value.get("@status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let mut response = base(status.unwrap_or(200), id, body);
    if xml.is_some() {
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/xml"));
    }
    for (name, value) in value.get("@headers").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().and_then(|text| HeaderValue::from_str(text).ok());
        if let (Ok(name), Some(value)) = (HeaderName::try_from(name.as_str()), value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// An answer to `HEAD` has no body: its status is all.
pub(crate) fn failure(operation: &str, id: &str, error: &AwsError) -> Response<Bytes> {
    let mut text = String::new();
    xml::escape(&mut text, &error.message);
    let body =
        format!("<Error><Code>{}</Code><Message>{text}</Message><RequestId>{id}</RequestId></Error>", error.code);
    let body = if operation.starts_with("Head") { String::new() } else { body };
    let mut response = base(error.status, id, body.into());
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/xml"));
    response
}

fn base(status: u16, id: &str, body: Bytes) -> Response<Bytes> {
    let built = Response::builder().status(status).header("x-amz-request-id", id).header("x-amz-id-2", id);
    built.body(body).unwrap_or_default()
}
