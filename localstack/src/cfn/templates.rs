//! Reading templates.

use super::template::{self, Template};
use crate::error::{Answer, AwsError};
use crate::input::Input;
use crate::operation::Cx;
use crate::seeds::ParameterSeed;
use serde_json::{Value, json};
use std::sync::Arc;

fn of_stack(cx: &Cx<'_>, name: &str) -> Result<(Arc<Template>, Vec<String>), AwsError> {
    let missing = |_| AwsError::validation(format!("Stack with id {name} does not exist"));
    let stack = cx.realm.cloud.stack(name).map_err(missing)?;
    let needed = super::admission::needed(stack).to_vec();
    Ok((Arc::clone(&stack.template), needed))
}

/// `GetTemplate`: the text as it was sent; macros are not carried out, so both stages are alike.
pub(crate) fn get_template(cx: &mut Cx<'_>, input: &Input) -> Answer {
    if let Some(stage) = input.text("TemplateStage").filter(|stage| !matches!(*stage, "Original" | "Processed")) {
        return Err(AwsError::validation(format!(
            "1 validation error detected: Value '{stage}' at 'templateStage' failed to satisfy constraint: Member \
             must satisfy enum value set: [Original, Processed]"
        )));
    }
    let template = match (input.text("ChangeSetName"), input.text("StackName")) {
        (None, Some(name)) => of_stack(cx, name)?.0,
        _ => {
            let (stack, set) = super::change_sets::locate(cx.realm, input)?;
            set.template.map_or_else(|| of_stack(cx, &stack).map(|found| found.0), Ok)?
        }
    };
    Ok(json!({
        "TemplateBody": template.text,
        "StagesAvailable": ["Original", "Processed"],
    }))
}

/// `GetTemplateSummary` of a stack or of a template.
pub(crate) fn get_template_summary(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let given = template::given(cx, input)?;
    match (input.text("StackName"), given) {
        (Some(_), Some(_)) => {
            Err(AwsError::validation("You must specify either a stack name or a template, but not both."))
        }
        (Some(name), None) => {
            let (template, needed) = of_stack(cx, name)?;
            Ok(summary(&template, &needed))
        }
        (None, Some(template)) => Ok(summary(&template, &template.capabilities)),
        (None, None) => {
            Err(AwsError::validation("Either Template URL or Template Body or Stack name must be specified."))
        }
    }
}

fn reason(template: &Template) -> Option<String> {
    let kinds = &template.reasons;
    (!kinds.is_empty()).then(|| format!("The following resource(s) require capabilities: [{}]", kinds.join(", ")))
}

fn summary(template: &Template, capabilities: &[String]) -> Value {
    let metadata = template.body.get("Metadata").filter(|metadata| !metadata.is_null());
    json!({
        "Parameters": template.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "Description": Some(template.description()).filter(|text| !text.is_empty()),
        "Capabilities": capabilities,
        "CapabilitiesReason": reason(template),
        "ResourceTypes": template.kinds(),
        "Version": "2010-09-09",
        "Metadata": metadata.map(Value::to_string),
        "DeclaredTransforms": template.transforms(),
    })
}

/// CloudFormation tells the allowed values, but none of the other constraints.
fn parameter(seed: &ParameterSeed) -> Value {
    let kind = if seed.kind.is_empty() { "String" } else { &seed.kind };
    json!({
        "ParameterKey": seed.key,
        "DefaultValue": seed.default,
        "ParameterType": kind,
        "NoEcho": seed.no_echo,
        "Description": Some(&seed.description).filter(|text| !text.is_empty()),
        "ParameterConstraints": { "AllowedValues": seed.allowed },
    })
}

/// `ValidateTemplate`.
pub(crate) fn validate(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let given = template::given(cx, input)?;
    let template =
        given.ok_or_else(|| AwsError::validation("Either Template URL or Template Body must be specified."))?;
    let row = |each: &ParameterSeed| {
        json!({
            "ParameterKey": each.key,
            "DefaultValue": each.default,
            "NoEcho": each.no_echo,
            "Description": Some(&each.description).filter(|text| !text.is_empty()),
        })
    };
    Ok(json!({
        "Parameters": template.parameters.iter().map(row).collect::<Vec<_>>(),
        "Description": Some(template.description()).filter(|text| !text.is_empty()),
        "Capabilities": template.capabilities,
        "CapabilitiesReason": reason(&template),
        "DeclaredTransforms": template.transforms(),
    }))
}
