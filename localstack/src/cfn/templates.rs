//! Reading templates.

use crate::error::{Answer, AwsError};
use crate::input::Input;
use crate::operation::Cx;
use crate::seeds::{ParameterSeed, StackSeed, from_template, to_template};
use serde_json::{Value, json};

/// `GetTemplate`: the JSON the seed stands for.
pub(crate) fn get_template(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let seed = match input.text("StackName") {
        Some(name) => {
            let missing = |_| AwsError::validation(format!("Stack with id {name} does not exist"));
            cx.realm.cloud.stack(name).map_err(missing)?.seed.clone()
        }
        None => {
            let (stack, _) = super::change_sets::locate(cx.realm, input)?;
            cx.realm.cloud.stack(&stack)?.seed.clone()
        }
    };
    Ok(json!({
        "TemplateBody": to_template(&seed).to_string(),
        "StagesAvailable": ["Original", "Processed"],
    }))
}

/// `GetTemplateSummary` of a stack or of a JSON template.
pub(crate) fn get_template_summary(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let seed = match (input.text("StackName"), input.text("TemplateBody")) {
        (Some(name), _) => {
            let missing = |_| AwsError::validation(format!("Stack with id {name} does not exist"));
            cx.realm.cloud.stack(name).map_err(missing)?.seed.clone()
        }
        (None, Some(body)) => from_template(cx.realm, "summary", body)?,
        (None, None) => {
            return Err(AwsError::validation("Either Template URL or Template Body or Stack name must be specified."));
        }
    };
    Ok(summary(&seed))
}

fn summary(seed: &StackSeed) -> Value {
    let mut kinds: Vec<&str> = seed.resources.iter().map(|each| each.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let needs = !seed.capabilities.is_empty();
    let reason = needs.then_some("The following resource(s) require capabilities: [AWS::IAM::Role]");
    json!({
        "Parameters": seed.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "Description": seed.description,
        "Capabilities": seed.capabilities,
        "CapabilitiesReason": reason,
        "ResourceTypes": kinds,
        "Version": "2010-09-09",
        "DeclaredTransforms": seed.transforms,
    })
}

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
