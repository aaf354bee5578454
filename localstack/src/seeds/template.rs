//! The template that a seed stands for.

use super::{ParameterSeed, ResourceSeed, StackSeed};
use crate::cfn::template::Template;
use serde_json::{Map, Value, json};

/// The template of a seed: one from which a new stack can be created.
pub(crate) fn to_template(seed: &StackSeed) -> Template {
    let parameters: Map<String, Value> =
        seed.parameters.iter().map(|each| (each.key.clone(), parameter(each))).collect();
    let resources: Map<String, Value> = seed.resources.iter().map(resource).collect();
    let output = |each: &super::OutputSeed| {
        let text = Some(&each.description).filter(|text| !text.is_empty());
        let body = json!({ "Value": { "Fn::Sub": each.value }, "Description": text });
        (each.key.clone(), crate::wire::pruned(&body))
    };
    let outputs: Map<String, Value> = seed.outputs.iter().map(output).collect();
    let mut body = crate::wire::pruned(&json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": seed.description,
        "Transform": Some(&seed.transforms).filter(|list| !list.is_empty()),
        "Metadata": metadata(seed),
        "Parameters": parameters,
        "Conditions": Some(&seed.conditions).filter(|all| !all.is_empty()),
        "Resources": resources,
        "Outputs": outputs,
    }));
    pad(&mut body, seed.padding);
    Template::of(body.to_string(), body)
}

fn metadata(seed: &StackSeed) -> Option<Value> {
    let switch = seed.switch.as_ref()?;
    Some(json!({ "OfflineSwitch": {
        "Parameter": switch.parameter, "Online": switch.online, "Offline": switch.offline,
    } }))
}

/// A comment that makes the text longer than so many bytes.
fn pad(body: &mut Value, least: usize) {
    let short = least.saturating_sub(body.to_string().len());
    if short == 0 {
        return;
    }
    let line = "A long template has many words in it, and cannot be sent in the body of a request. ";
    let text: String = line.chars().cycle().take(short + 1).collect();
    if let Some(members) = body.as_object_mut() {
        let metadata = members.entry("Metadata").or_insert_with(|| json!({}));
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert("Comment".to_owned(), Value::String(text));
        }
    }
}

fn parameter(each: &ParameterSeed) -> Value {
    let kind = if each.kind.is_empty() { "String" } else { &each.kind };
    crate::wire::pruned(&json!({
        "Type": kind,
        "Default": each.default,
        "AllowedValues": Some(&each.allowed).filter(|list| !list.is_empty()),
        "AllowedPattern": each.pattern,
        "ConstraintDescription": each.constraint,
        "MinLength": each.min_length,
        "MaxLength": each.max_length,
        "MinValue": each.min_value,
        "MaxValue": each.max_value,
        "NoEcho": each.no_echo.then_some(true),
        "Description": Some(&each.description).filter(|text| !text.is_empty()),
    }))
}

fn resource(each: &ResourceSeed) -> (String, Value) {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let body = json!({
        "Type": each.kind,
        "Condition": some(&each.condition),
        "DeletionPolicy": some(&each.deletion_policy),
        "UpdateReplacePolicy": some(&each.deletion_policy),
    });
    let mut body = crate::wire::pruned(&body);
    if let Some(members) = body.as_object_mut().filter(|_| !each.properties.is_null()) {
        members.insert("Properties".to_owned(), each.properties.clone());
    }
    (each.logical.clone(), body)
}
