//! What CloudFormation refuses before it looks at any parameter.

use super::read::format_error;
use super::references::references;
use super::{members, text};
use crate::error::AwsError;
use serde_json::Value;
use std::collections::BTreeSet;

const SECTIONS: [&str; 12] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Globals",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];

/// Checks a template's form.
pub(super) fn check(body: &Value) -> Result<(), AwsError> {
    sections(body)?;
    parameters(body)?;
    resources(body)?;
    resolved(body, "Resources")?;
    resolved(body, "Outputs")
}

fn sections(body: &Value) -> Result<(), AwsError> {
    let known = |name: &&String| SECTIONS.contains(&name.as_str());
    let names = body.as_object().into_iter().flatten().map(|(name, _)| name);
    let unknown: Vec<&str> = names.filter(|name| !known(name)).map(String::as_str).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(AwsError::validation(format!("Invalid template property or properties [{}]", unknown.join(", "))))
}

fn parameters(body: &Value) -> Result<(), AwsError> {
    let count = members(body, "Parameters").count();
    if count > 200 {
        return Err(format_error(format!("Number of parameters, {count}, is greater than maximum allowed, 200")));
    }
    for (key, value) in members(body, "Parameters") {
        if text(value, "Type").is_empty() {
            return Err(format_error("Every Parameters object must contain a Type member."));
        }
        if !key.chars().all(|each| each.is_ascii_alphanumeric()) {
            return Err(format_error(format!("Parameter name {key} is non alphanumeric.")));
        }
    }
    Ok(())
}

fn resources(body: &Value) -> Result<(), AwsError> {
    if members(body, "Resources").next().is_none() {
        return Err(format_error("At least one Resources member must be defined."));
    }
    for (logical, value) in members(body, "Resources") {
        if !logical.chars().all(|each| each.is_ascii_alphanumeric()) {
            return Err(format_error(format!("Resource name {logical} is non alphanumeric.")));
        }
        let kind = text(value, "Type");
        if kind.is_empty() {
            return Err(format_error(format!(
                "[/Resources/{logical}] Every Resources object must contain a Type member."
            )));
        }
        if !kind.starts_with("Custom::") && kind.split("::").count() < 3 {
            return Err(format_error(format!("Unrecognized resource types: [{kind}]")));
        }
        let policy = text(value, "DeletionPolicy");
        if !matches!(policy.as_str(), "" | "Delete" | "Retain" | "Snapshot" | "RetainExceptOnCreate") {
            return Err(format_error(format!("Unrecognized DeletionPolicy {policy} for resource {logical}")));
        }
    }
    Ok(())
}

/// Whatever is referred to must be there.
fn resolved(body: &Value, section: &str) -> Result<(), AwsError> {
    let known = |name: &str| {
        name.starts_with("AWS::")
            || ["Parameters", "Resources"].iter().any(|place| body.get(place).is_some_and(|it| it.get(name).is_some()))
    };
    let mut found = BTreeSet::new();
    for (_, value) in members(body, section) {
        references(value, &|_| None, &mut found);
    }
    let missing: Vec<String> = found.into_iter().filter(|name| !known(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format_error(format!(
        "Unresolved resource dependencies [{}] in the {section} block of the template",
        missing.join(", ")
    )))
}
