//! A backup's manifest: what a restore needs besides the two halves, kept when the backup was made, so
//! that a restore works after the stack is gone. It holds no secret value.
//!
//! Changing anything here? Manifests of last year must stay readable: ARCHITECTURE.md's checklist.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::new_stack::StackTag;
use super::stack::Output;
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
