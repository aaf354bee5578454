//! The forms that are JSON.

use serde::Serialize;
use serde_json::{Value, json};

use super::{FormError, Place};
use crate::model::new_stack::{NewStack, OnFailure, TemplateSource};

/// CreateStack takes no larger `TemplateBody`.
const MOST_BODY: usize = 51_200;

pub(super) fn write(value: &impl Serialize) -> Result<String, FormError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| FormError::Serializer(error.to_string()))?;
    Ok(format!("{text}\n"))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter<'a> {
    parameter_key: &'a str,
    parameter_value: &'a str,
}

fn parameters(stack: &NewStack) -> Vec<Parameter<'_>> {
    stack.parameters.iter().map(|p| Parameter { parameter_key: &p.key, parameter_value: &p.value }).collect()
}

/// `[{"ParameterKey": …, "ParameterValue": …}]`
pub(super) fn create_stack(stack: &NewStack) -> Result<String, FormError> {
    write(&parameters(stack))
}

/// CreateStack's whole request, in the order of AWS's model.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    stack_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_body: Option<&'a str>,
    #[serde(rename = "TemplateURL", skip_serializing_if = "Option::is_none")]
    template_url: Option<&'a str>,
    parameters: Vec<Parameter<'a>>,
    capabilities: &'a [String],
    #[serde(rename = "RoleARN", skip_serializing_if = "Option::is_none")]
    role_arn: Option<&'a str>,
    #[serde(rename = "NotificationARNs", skip_serializing_if = "<[_]>::is_empty")]
    notification_arns: &'a [String],
    on_failure: &'static str,
    tags: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_request_token: Option<&'a str>,
    enable_termination_protection: bool,
}

pub(super) fn cli_input(stack: &NewStack, place: &Place<'_>) -> Result<String, FormError> {
    let (template_body, template_url) = match &stack.template {
        TemplateSource::Url(url) => (None, Some(url.as_str())),
        TemplateSource::Body(body) if body.len() > MOST_BODY => {
            return Err(FormError::BodyTooLarge { bytes: body.len(), most: MOST_BODY });
        }
        TemplateSource::Body(body) => (Some(body.as_str()), None),
    };
    write(&Request {
        stack_name: &stack.name,
        template_body,
        template_url,
        parameters: parameters(stack),
        capabilities: &stack.capabilities,
        role_arn: stack.role_arn.as_deref(),
        notification_arns: &stack.notification_arns,
        on_failure: match stack.on_failure {
            OnFailure::Keep => "DO_NOTHING",
            OnFailure::Rollback => "ROLLBACK",
        },
        tags: stack.tags.iter().map(|tag| json!({ "Key": tag.key, "Value": tag.value })).collect(),
        client_request_token: place.token,
        enable_termination_protection: stack.termination_protection,
    })
}

/// `["K=V"]`: the only form of a file that AWS CLI v1 takes; v2 takes it, too.
pub(super) fn deploy(stack: &NewStack) -> Result<String, FormError> {
    let pairs: Vec<String> = stack.parameters.iter().map(|p| format!("{}={}", p.key, p.value)).collect();
    write(&pairs)
}

/// A mapping, in the stack's order.
struct InOrder<'a>(Vec<(&'a str, &'a str)>);

impl Serialize for InOrder<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

fn pairs(stack: &NewStack, secret: Option<bool>) -> InOrder<'_> {
    let chosen = stack.parameters.iter().filter(|p| secret.is_none_or(|secret| p.secret == secret));
    InOrder(chosen.map(|p| (p.key.as_str(), p.value.as_str())).collect())
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Rain<'a> {
    parameters: InOrder<'a>,
    tags: InOrder<'a>,
}

/// `{"Parameters": {…}, "Tags": {…}}`
pub(super) fn rain(stack: &NewStack) -> Result<String, FormError> {
    let tags = stack.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())).collect();
    write(&Rain { parameters: pairs(stack, None), tags: InOrder(tags) })
}

#[derive(Serialize)]
struct Tfvars<'a> {
    stack_name: &'a str,
    stack_parameters: InOrder<'a>,
    /// A variable of its own, so that it can be declared `sensitive`.
    #[serde(skip_serializing_if = "Option::is_none")]
    stack_secret_parameters: Option<InOrder<'a>>,
}

pub(super) fn terraform(stack: &NewStack) -> Result<String, FormError> {
    let secrets = Some(pairs(stack, Some(true))).filter(|secrets| !secrets.0.is_empty());
    write(&Tfvars {
        stack_name: &stack.name,
        stack_parameters: pairs(stack, Some(false)),
        stack_secret_parameters: secrets,
    })
}
