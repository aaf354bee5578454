//! S3: buckets and objects, as far as templates and manifests need them.

mod listing;

use crate::error::{Answer, AwsError};
use crate::input::Input;
use crate::operation::{Cx, Handler, Operation};
use crate::realm::Account;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const fn op(name: &'static str, target: &'static [&'static str], handler: Handler) -> Operation {
    Operation::new("s3", name, target, handler)
}

const OBJECT: &[&str] = &["Bucket", "Key"];
const BUCKET: &[&str] = &["Bucket"];

/// S3's operations.
pub(crate) const OPERATIONS: &[Operation] = &[
    op("PutObject", OBJECT, put),
    op("GetObject", OBJECT, get),
    op("HeadObject", OBJECT, get),
    op("DeleteObject", OBJECT, delete),
    op("ListObjectsV2", BUCKET, listing::list),
    op("HeadBucket", BUCKET, head),
    op("GetBucketLocation", BUCKET, location),
];

/// A bucket.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    /// The account that owns it.
    pub(crate) owner: String,
    /// Its region.
    pub(crate) region: String,
    /// Whether a bucket policy denies everything.
    pub(crate) denied: bool,
    /// Its objects by key.
    pub(crate) objects: BTreeMap<String, Object>,
}

/// An object.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    bytes: Bytes,
    kind: String,
    etag: String,
    changed: Timestamp,
    /// Headers that come back as they were sent: metadata, encryption.
    kept: BTreeMap<String, String>,
}

impl Bucket {
    /// An empty bucket.
    pub(crate) fn new(owner: &str, region: &str) -> Self {
        let (owner, region) = (owner.to_owned(), region.to_owned());
        Self { owner, region, denied: false, objects: BTreeMap::new() }
    }
}

/// The bucket and the key in a URL: S3's own hosts, or this sandbox by path.
pub(crate) fn place_of(url: &str) -> Option<(String, String)> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (host, path) = rest.split_once('/')?;
    let path = path.split(['?', '#']).next()?;
    let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
    if let Some(bucket) = virtual_bucket(host) {
        return Some((bucket, path)).filter(|(_, key)| !key.is_empty());
    }
    let own = ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| host.starts_with(name));
    let real = host.starts_with("s3") && host.ends_with(".amazonaws.com");
    if !own && !real {
        return None;
    }
    let (bucket, key) = path.split_once('/')?;
    (!bucket.is_empty() && !key.is_empty()).then(|| (bucket.to_owned(), key.to_owned()))
}

/// The bucket in a host name, if it is there.
pub(crate) fn virtual_bucket(host: &str) -> Option<String> {
    let name = host.split(':').next().unwrap_or(host);
    let at = name.find(".s3.").or_else(|| name.find(".s3-"));
    let stem = match at.filter(|_| name.ends_with(".amazonaws.com")) {
        Some(place) => name.get(..place)?,
        None => name.strip_suffix(".localhost")?,
    };
    Some(stem.to_owned()).filter(|stem| !stem.is_empty())
}

fn denied() -> AwsError {
    AwsError::new(403, "AccessDenied", "Access Denied")
}

fn bucket<'a>(account: &'a mut Account, caller: &str, name: &str) -> Result<&'a mut Bucket, AwsError> {
    let missing = || AwsError::new(404, "NoSuchBucket", "The specified bucket does not exist");
    let found = account.buckets.get_mut(name).ok_or_else(missing)?;
    if found.denied || found.owner != caller {
        return Err(denied());
    }
    Ok(found)
}

/// The bytes of an object.
pub(crate) fn read(account: &Account, caller: &str, name: &str, key: &str) -> Result<Bytes, AwsError> {
    let missing = || AwsError::new(404, "NoSuchBucket", "The specified bucket does not exist");
    let found = account.buckets.get(name).ok_or_else(missing)?;
    if found.denied || found.owner != caller {
        return Err(denied());
    }
    found.objects.get(key).map(|object| object.bytes.clone()).ok_or_else(no_key)
}

fn no_key() -> AwsError {
    AwsError::new(404, "NoSuchKey", "The specified key does not exist.")
}

fn wanted<'a>(cx: &'a mut Cx<'_>, input: &Input) -> Result<&'a mut Bucket, AwsError> {
    let name = input.require("Bucket", "InvalidBucketName")?;
    let caller = cx.realm.account.clone();
    let expected = input.text("x-amz-expected-bucket-owner");
    let found = bucket(cx.account, &caller, name)?;
    if expected.is_some_and(|owner| owner != found.owner) {
        return Err(denied());
    }
    Ok(found)
}

/// Sixteen bytes that depend on the contents; like the ETag of an object under SSE-KMS, no MD5.
fn etag(bytes: &[u8]) -> String {
    let fold =
        |seed: u64| bytes.iter().fold(seed, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("\"{:016x}{:016x}\"", fold(0xcbf2_9ce4_8422_2325), fold(0x8422_2325_cbf2_9ce4))
}

fn put(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let now = cx.now;
    let key = input.require("Key", "InvalidRequest")?.to_owned();
    let bytes = latin(input.0.get("@body").and_then(Value::as_str).unwrap_or_default());
    if key.len() > 1024 {
        return Err(AwsError::bad("KeyTooLongError", "Your key is too long"));
    }
    let bucket = wanted(cx, input)?;
    if input.text("if-none-match") == Some("*") && bucket.objects.contains_key(&key) {
        let text = "At least one of the pre-conditions you specified did not hold";
        return Err(AwsError::new(412, "PreconditionFailed", text));
    }
    let kept: BTreeMap<String, String> = kept(input);
    let tag = etag(&bytes);
    let encryption: serde_json::Map<String, Value> = kept
        .iter()
        .filter(|(name, _)| name.starts_with("x-amz-server-side-encryption"))
        .map(|(name, value)| (name.clone(), json!(value)))
        .chain([("etag".to_owned(), json!(tag))])
        .collect();
    let kind = input.text("content-type").unwrap_or("binary/octet-stream").to_owned();
    let object = Object { bytes: bytes.into(), kind, etag: tag, changed: now, kept };
    bucket.objects.insert(key, object);
    Ok(json!({ "@headers": encryption }))
}

fn kept(input: &Input) -> BTreeMap<String, String> {
    let keeps = |name: &str| {
        name.starts_with("x-amz-meta-")
            || name.starts_with("x-amz-server-side-encryption")
            || name == "content-encoding"
    };
    let headers = input.0.as_object().into_iter().flatten();
    let mut found: BTreeMap<String, String> = headers
        .filter(|(name, _)| keeps(name))
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect();
    found.entry("x-amz-server-side-encryption".to_owned()).or_insert_with(|| "AES256".to_owned());
    found
}

fn get(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let key = input.require("Key", "InvalidRequest")?;
    let bucket = wanted(cx, input)?;
    let object = bucket.objects.get(key).ok_or_else(no_key)?;
    let mut headers = json!({
        "etag": object.etag,
        "content-type": object.kind,
        "content-length": object.bytes.len().to_string(),
        "accept-ranges": "bytes",
        "last-modified": http_date(object.changed),
    });
    if let Some(headers) = headers.as_object_mut() {
        headers.extend(object.kept.iter().map(|(name, value)| (name.clone(), json!(value))));
    }
    let text: String = object.bytes.iter().map(|byte| char::from(*byte)).collect();
    Ok(json!({ "@headers": headers, "@body": text }))
}

fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn delete(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let key = input.require("Key", "InvalidRequest")?;
    wanted(cx, input)?.objects.remove(key);
    Ok(json!({ "@status": 204 }))
}

fn head(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let region = wanted(cx, input)?.region.clone();
    Ok(json!({ "@headers": { "x-amz-bucket-region": region } }))
}

fn location(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let region = wanted(cx, input)?.region.clone();
    let text = if region == "us-east-1" { String::new() } else { region };
    Ok(json!({ "@xml": format!(
        "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{text}</LocationConstraint>"
    ) }))
}

/// The bytes that a text of Latin letters stands for.
pub(crate) fn latin(text: &str) -> Vec<u8> {
    text.chars().map(|each| u8::try_from(u32::from(each)).unwrap_or(b'?')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_found_in_the_host_or_in_the_path() {
        let place = |url: &str| place_of(url).map(|(bucket, key)| format!("{bucket} {key}"));
        for url in [
            "https://b.s3.amazonaws.com/a/b%20c",
            "https://b.s3.eu-west-1.amazonaws.com/a/b%20c?versionId=1",
            "https://b.s3-eu-west-1.amazonaws.com/a/b%20c",
            "https://s3.eu-west-1.amazonaws.com/b/a/b%20c",
            "http://127.0.0.1:4000/b/a/b%20c",
            "http://b.localhost:4000/a/b%20c",
        ] {
            assert_eq!(place(url).as_deref(), Some("b a/b c"), "{url}");
        }
        for url in ["https://example.com/b/a", "https://s3.amazonaws.com/b", "ftp://s3.amazonaws.com/b/a", "b/a"] {
            assert_eq!(place(url), None, "{url}");
        }
    }
}
