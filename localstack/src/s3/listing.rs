//! Listing a bucket.

use super::{Bucket, Object, wanted};
use crate::error::Answer;
use crate::input::Input;
use crate::operation::Cx;
use serde_json::json;
use std::fmt::Write;

/// A row of a listing: an object, or what the keys of several have in common.
enum Row<'a> {
    Object(&'a str, &'a Object),
    Prefix(String),
}

impl Row<'_> {
    fn key(&self) -> &str {
        match self {
            Self::Object(key, _) => key,
            Self::Prefix(prefix) => prefix,
        }
    }
}

/// `ListObjectsV2`, with a prefix and a delimiter.
pub(super) fn list(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = input.text("Bucket").unwrap_or_default().to_owned();
    let most = input.number("max-keys").unwrap_or(1000).clamp(0, 1000);
    let prefix = input.text("prefix").unwrap_or_default().to_owned();
    let after = input.text("continuation-token").or(input.text("start-after")).unwrap_or_default().to_owned();
    let delimiter = input.text("delimiter").map(str::to_owned);
    let bucket = wanted(cx, input)?;
    let mut all = rows(bucket, &prefix, delimiter.as_deref());
    all.retain(|row| row.key() > after.as_str());
    let size = usize::try_from(most).unwrap_or(0);
    let more = all.len() > size;
    all.truncate(size);
    let next = all.last().filter(|_| more).map(|row| row.key().to_owned());
    Ok(json!({ "@xml": page((&name, &prefix, most), &all, next.as_deref()) }))
}

fn rows<'a>(bucket: &'a Bucket, prefix: &str, delimiter: Option<&str>) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    for (key, object) in &bucket.objects {
        let Some(rest) = key.strip_prefix(prefix) else {
            continue;
        };
        match delimiter.and_then(|mark| rest.split_once(mark).map(|(stem, _)| format!("{prefix}{stem}{mark}"))) {
            None => rows.push(Row::Object(key, object)),
            Some(common) if rows.last().is_some_and(|row| row.key() == common) => {}
            Some(common) => rows.push(Row::Prefix(common)),
        }
    }
    rows
}

fn page((name, prefix, most): (&str, &str, i64), found: &[Row<'_>], next: Option<&str>) -> String {
    let mut out = String::from("<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    element(&mut out, "Name", name);
    element(&mut out, "Prefix", prefix);
    element(&mut out, "KeyCount", &found.len().to_string());
    element(&mut out, "MaxKeys", &most.to_string());
    element(&mut out, "IsTruncated", if next.is_some() { "true" } else { "false" });
    if let Some(next) = next {
        element(&mut out, "NextContinuationToken", next);
    }
    for row in found {
        match row {
            Row::Object(key, object) => contents(&mut out, key, object),
            Row::Prefix(prefix) => {
                out.push_str("<CommonPrefixes>");
                element(&mut out, "Prefix", prefix);
                out.push_str("</CommonPrefixes>");
            }
        }
    }
    out.push_str("</ListBucketResult>");
    out
}

fn contents(out: &mut String, key: &str, object: &Object) {
    out.push_str("<Contents>");
    element(out, "Key", key);
    element(out, "LastModified", &object.changed.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string());
    element(out, "ETag", &object.etag);
    element(out, "Size", &object.bytes.len().to_string());
    element(out, "StorageClass", "STANDARD");
    out.push_str("</Contents>");
}

fn element(out: &mut String, name: &str, text: &str) {
    let _written = write!(out, "<{name}>");
    crate::wire::xml::escape(out, text);
    let _written = write!(out, "</{name}>");
}
