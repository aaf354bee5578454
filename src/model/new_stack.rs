//! A stack to be created: what CreateStack is called with.
//!
//! Changing anything serialised here? A plan of a run that has not created its stack yet is kept as JSON:
//! ARCHITECTURE.md's checklist holds for it, too.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything CreateStack needs but the client request token, which is the run's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewStack {
    /// `StackName`
    pub name: String,
    /// Where the template is.
    pub template: TemplateSource,
    /// Every parameter that is sent, in the template's order. No value of a NoEcho parameter is ever
    /// serialised: see [`NewParameter::secret`].
    pub parameters: Vec<NewParameter>,
    /// `Capabilities`
    pub capabilities: Vec<String>,
    /// `Tags`: the source stack's, and ours that name the backup.
    pub tags: Vec<StackTag>,
    /// `RoleARN`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// `NotificationARNs`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notification_arns: Vec<String>,
    /// `EnableTerminationProtection`
    pub termination_protection: bool,
    /// `OnFailure`
    pub on_failure: OnFailure,
}

impl NewStack {
    /// The value of one parameter.
    pub fn parameter(&self, key: &str) -> Option<&str> {
        self.parameters.iter().find(|p| p.key == key).map(|p| p.value.as_str())
    }
}

/// A template's text, or where CloudFormation fetches it. A text over 51,200 bytes needs an URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TemplateSource {
    /// `TemplateURL`
    Url(String),
    /// `TemplateBody`
    Body(String),
}

/// One parameter of a new stack.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewParameter {
    /// `ParameterKey`
    pub key: String,
    /// `ParameterValue`. Empty in a kept plan where `secret` is set: the user gives it again.
    pub value: String,
    /// The template says NoEcho: the value is sent to CloudFormation and goes nowhere else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
}

/// A stack tag.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StackTag {
    /// `Key`
    pub key: String,
    /// `Value`
    pub value: String,
}

/// What CloudFormation does when the creation fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// `DO_NOTHING`: what was created stays for inspection.
    #[default]
    Keep,
    /// `ROLLBACK`
    Rollback,
}
