//! A CloudFormation stack as one look shows it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::StackStatus;
use super::new_stack::StackTag;

/// CloudFormation's rule for a stack's name: letters, digits and hyphens, a letter first, at most 128.
pub fn is_name(text: &str) -> bool {
    let letter = text.starts_with(|c: char| c.is_ascii_alphabetic());
    letter && text.len() <= 128 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// What is said of a text that breaks it.
pub fn not_a_name(text: &str) -> String {
    format!("`{text}` is not a stack's name: letters, digits and hyphens, a letter first, at most 128")
}

/// A stack, from DescribeStacks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stack {
    /// The stack's ARN: two stacks of one name, one after the other, differ in it.
    pub id: String,
    /// The stack's name.
    pub name: String,
    /// Its status.
    pub status: StackStatus,
    /// CloudFormation's reason for the status.
    pub status_reason: Option<String>,
    /// Every parameter, in AWS's order.
    pub parameters: Vec<Parameter>,
    /// The capabilities it was last deployed with.
    pub capabilities: Vec<String>,
    /// Its outputs.
    pub outputs: Vec<Output>,
    /// Its service role, if it has one.
    pub role_arn: Option<String>,
    /// The parent, if this is a nested stack.
    pub parent_id: Option<String>,
    /// Its tags.
    pub tags: Vec<StackTag>,
    /// `NotificationARNs`
    pub notification_arns: Vec<String>,
    /// `EnableTerminationProtection`
    pub termination_protection: bool,
    /// `CreationTime`
    pub created: Option<Timestamp>,
}

impl Stack {
    /// The value of one parameter.
    pub fn parameter(&self, key: &str) -> Option<&str> {
        self.parameters.iter().find(|p| p.key == key).map(|p| p.value.as_str())
    }
}

/// A stack parameter's value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Parameter {
    /// `ParameterKey`
    pub key: String,
    /// `ParameterValue`; `****` where the template says NoEcho.
    pub value: String,
    /// What an SSM-typed parameter resolved to.
    pub resolved: Option<String>,
}

/// A stack output.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// `OutputKey`
    pub key: String,
    /// `OutputValue`
    pub value: String,
}

/// One row of ListStackResources, of the stack or of a nested one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Resource {
    /// Logical ids of the nested stacks on the way down; empty for the stack itself.
    pub path: Vec<String>,
    /// The logical id.
    pub logical_id: String,
    /// The physical id; `None` while (or because) it was never made.
    pub physical_id: Option<String>,
    /// `AWS::RDS::DBCluster`, `Custom::EFS`, …
    pub resource_type: String,
    /// Its status, e.g. `UPDATE_COMPLETE`, `DELETE_COMPLETE`.
    pub status: StackStatus,
}

impl Resource {
    /// Where it stands, as people say it: `Nested/AppDb`.
    pub fn place(&self) -> String {
        let mut place = self.path.clone();
        place.push(self.logical_id.clone());
        place.join("/")
    }
}

/// A parameter as the template declares it, from GetTemplateSummary.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Declared {
    /// `ParameterKey`
    pub key: String,
    /// `String`, `Number`, `AWS::SSM::Parameter::Value<…>`, …
    pub kind: String,
    /// `AllowedValues`, empty where everything is.
    pub allowed: Vec<String>,
    /// Whether AWS masks the value.
    pub no_echo: bool,
    /// `DefaultValue`
    pub default: Option<String>,
    /// What else a value must be: only the template's text tells, GetTemplateSummary does not.
    pub limits: Limits,
}

impl Declared {
    /// Its value is a name in Parameter Store, which every update resolves anew.
    pub fn ssm_typed(&self) -> bool {
        self.kind.starts_with("AWS::SSM::Parameter::Value<")
    }
}

/// A parameter's constraints besides AllowedValues, as the template's text has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// `AllowedPattern`, a Java regular expression for the whole value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// `MinLength`, characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u32>,
    /// `MaxLength`, characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// `MinValue`, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_value: Option<String>,
    /// `MaxValue`, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_value: Option<String>,
    /// `ConstraintDescription`: what the template says when a value does not fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
