//! A backup's manifest: what a restore needs besides the two halves, kept when the backup was made, so
//! that a restore works after the stack is gone. It holds no secret value.
//!
//! Changing anything here? Manifests of last year must stay readable: ARCHITECTURE.md's checklist.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::new_stack::StackTag;
use super::stack::{Declared, Output};
use super::topology::Topology;

/// The manifest's format. A higher number than this is refused, and said so.
pub const FORMAT: u32 = 1;

/// What is kept of the stack.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// [`FORMAT`]
    pub format: u32,
    /// The version of stacksnap that wrote it.
    pub tool: String,
    /// The backup's id.
    pub id: String,
    /// When it was composed.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// The stack's name.
    pub stack: String,
    /// The stack's ARN.
    pub stack_id: String,
    /// The parts that belong together.
    pub topology: Topology,
    /// The stack's parameters at that time; of a NoEcho one only the key.
    pub parameters: Vec<KeptParameter>,
    /// The stack's outputs. Left out where there is no room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<Output>,
    /// The stack's capabilities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// The stack's own tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<StackTag>,
    /// The stack's service role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// `NotificationARNs`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notification_arns: Vec<String>,
    /// The template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<KeptTemplate>,
    /// The DB secret's ARN and its version id; never its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<KeptSecret>,
    /// Parameter Store names that a restore needs, with their versions; never their values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameter_store: Vec<KeptVersion>,
    /// What had no room, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// A stack parameter, as it was.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeptParameter {
    /// `ParameterKey`
    #[serde(rename = "k")]
    pub key: String,
    /// `ParameterValue`; absent for NoEcho.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// The template's checksum, and where its text is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeptTemplate {
    /// SHA-256 of the text as GetTemplate answers it (stage Original), hex.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
    /// `s3://bucket/key` of the text; absent where only CloudFormation has it (90 days after the stack's
    /// deletion at most).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// A secret and its version.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeptSecret {
    /// Its ARN.
    pub arn: String,
    /// The version id staged AWSCURRENT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A Parameter Store name and its version.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeptVersion {
    /// `Name`
    pub name: String,
    /// `Version`; absent where it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
}

/// Where manifests are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Place {
    /// `ssm`: a standard parameter for each, compressed, without the template.
    #[default]
    ParameterStore,
    /// `s3://bucket/prefix`: two objects for each, the manifest and the template.
    S3 {
        /// The bucket's name.
        bucket: String,
        /// What its keys begin with, without a slash at either end; may be empty.
        prefix: String,
    },
}

/// A text that is no place for manifests.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no place for manifests: {why}")]
pub struct BadPlace {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

/// The longest place, characters: with a checksum before it, it has to fit into a tag.
const LONGEST_PLACE: usize = 180;

impl Place {
    /// Where one backup's manifest is: a parameter's name, or `s3://bucket/key`.
    pub fn manifest_at(&self, stack: &str, id: &str) -> String {
        match self {
            Self::ParameterStore => format!("/stacksnap/{stack}/manifests/{id}"),
            Self::S3 { bucket, .. } => format!("s3://{bucket}/{}", self.key(id, "manifest.json")),
        }
    }

    /// The key of one of a backup's objects.
    pub fn key(&self, id: &str, object: &str) -> String {
        match self {
            Self::S3 { prefix, .. } if !prefix.is_empty() => format!("{prefix}/{id}/{object}"),
            _ => format!("{id}/{object}"),
        }
    }
}

impl FromStr for Place {
    type Err = BadPlace;

    fn from_str(text: &str) -> Result<Self, BadPlace> {
        let bad = |why| BadPlace { text: text.to_owned(), why };
        if text == "ssm" {
            return Ok(Self::ParameterStore);
        }
        let rest = text.strip_prefix("s3://").ok_or_else(|| bad("write `s3://bucket/prefix`, or `ssm`"))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        if !bucket_name(bucket) {
            return Err(bad("a bucket's name has 3 to 63 lower-case letters, digits, hyphens and dots"));
        }
        let segments = || prefix.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
        let plain = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
        let good = prefix.is_empty() || (segments() && prefix.chars().all(plain));
        if !good {
            return Err(bad("a prefix has letters, digits and `_.-`, with single slashes between"));
        }
        if text.len() > LONGEST_PLACE {
            return Err(bad("it is longer than 180 characters, and would not fit into a tag"));
        }
        Ok(Self::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

fn bucket_name(name: &str) -> bool {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (3..=63).contains(&name.len()) && name.chars().all(inside) && name.starts_with(end) && name.ends_with(end)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ParameterStore => f.write_str("ssm"),
            Self::S3 { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

impl TryFrom<String> for Place {
    type Error = BadPlace;

    fn try_from(text: String) -> Result<Self, BadPlace> {
        text.parse()
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}

/// A manifest that is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kept {
    /// SHA-256 of its canonical JSON, hex.
    pub digest: String,
}

/// What a manifest is composed of besides the stack itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// The template's text, as GetTemplate answers it (stage Original).
    pub template: String,
    /// The parameters it declares.
    pub declared: Vec<Declared>,
    /// Parameter Store names that a restore needs, with their versions.
    pub versions: Vec<KeptVersion>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_as_it_was() {
        for text in ["ssm", "s3://my-bucket", "s3://my.bucket/stacksnap/prod"] {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
        assert_eq!("s3://my-bucket/a/".parse::<Place>().unwrap().to_string(), "s3://my-bucket/a");
    }

    #[test]
    fn what_is_no_place_says_why() {
        let long = format!("s3://my-bucket/{}", "x".repeat(180));
        for (text, why) in [
            ("my-bucket", "write `s3://bucket/prefix`"),
            ("s3://My_Bucket", "a bucket's name"),
            ("s3://b", "a bucket's name"),
            ("s3://my-bucket//x", "single slashes"),
            ("s3://my-bucket/a/../b", "single slashes"),
            ("s3://my-bucket/a b", "a prefix has letters"),
            (&long, "longer than 180"),
        ] {
            let error = text.parse::<Place>().unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_manifest_lies_under_its_backups_id() {
        let s3: Place = "s3://my-bucket/a".parse().unwrap();
        assert_eq!(s3.manifest_at("my-hub", "id-1"), "s3://my-bucket/a/id-1/manifest.json");
        let bare: Place = "s3://my-bucket".parse().unwrap();
        assert_eq!(bare.manifest_at("my-hub", "id-1"), "s3://my-bucket/id-1/manifest.json");
        assert_eq!(Place::ParameterStore.manifest_at("my-hub", "id-1"), "/stacksnap/my-hub/manifests/id-1");
    }
}
