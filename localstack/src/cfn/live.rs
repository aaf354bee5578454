//! A stack's template with the stack's own resources behind its references.

use super::state::{Resource, Stack};
use super::template::{Scope, Symbols};
use crate::error::AwsError;
use crate::realm::Realm;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the world answers while a stack is made or described.
pub(crate) struct Live<'a> {
    realm: &'a Realm,
    resources: &'a [Resource],
}

impl<'a> Live<'a> {
    /// A world in which the stack has no resources.
    pub(crate) fn nobody(realm: &'a Realm) -> Self {
        Self { realm, resources: &[] }
    }
}

impl Symbols for Live<'_> {
    fn resource(&self, logical: &str, attribute: Option<&str>) -> Option<String> {
        let there = |each: &&Resource| each.logical == logical && !each.status.starts_with("DELETE");
        let found = self.resources.iter().find(there)?;
        match attribute {
            None => Some(found.attributes.get("Ref").unwrap_or(&found.physical).clone()),
            Some(name) => Some(attribute_of(self.realm, found, name)),
        }
    }

    fn dynamic(&self, reference: &str) -> Result<String, AwsError> {
        dynamic(self.realm, reference)
    }

    fn import(&self, name: &str) -> Option<String> {
        let stacks = self.realm.cloud.names.values().filter_map(|id| self.realm.cloud.stacks.get(id));
        stacks.filter_map(|stack| exports(self.realm, stack).remove(name)).next()
    }
}

/// An attribute that a type is known to have, or something that looks like one.
fn attribute_of(realm: &Realm, resource: &Resource, name: &str) -> String {
    if let Some(known) = resource.attributes.get(name) {
        return known.clone();
    }
    let physical = &resource.physical;
    match name {
        "Endpoint" | "Endpoint.Address" => {
            format!("{physical}.cluster-c0ffee.{}.rds.amazonaws.com", realm.region)
        }
        "Endpoint.Port" => "5432".to_owned(),
        "DNSName" => {
            let mut parts = physical.rsplit('/');
            let (hash, name) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
            format!("{name}-{hash}.{}.elb.amazonaws.com", realm.region)
        }
        "LatestVersionNumber" | "DefaultVersionNumber" => "1".to_owned(),
        _ if name.ends_with("Arn") => {
            let service = resource.kind.split("::").nth(1).unwrap_or("custom").to_ascii_lowercase();
            realm.arn(&service, physical)
        }
        _ => format!("{physical}.{name}"),
    }
}

/// `secretsmanager:…` and `ssm:…`; services' own words when there is nothing.
fn dynamic(realm: &Realm, reference: &str) -> Result<String, AwsError> {
    if let Some(rest) = reference.strip_prefix("secretsmanager:") {
        return secret(realm, rest);
    }
    let rest = reference.strip_prefix("ssm-secure:").or_else(|| reference.strip_prefix("ssm:"));
    let Some(rest) = rest else {
        return Err(AwsError::validation(format!("Invalid dynamic reference {reference}")));
    };
    let name = rest.rsplit_once(':').filter(|(_, version)| version.parse::<u64>().is_ok()).map_or(rest, |(it, _)| it);
    let found = realm.parameters.get(name).map(|each| each.value.clone());
    let text = format!("Parameter {name} not found.");
    found.ok_or_else(|| AwsError::bad("ParameterNotFound", text))
}

/// `ID:SecretString:KEY:STAGE:VERSION`, where the id may be an ARN.
fn secret(realm: &Realm, reference: &str) -> Result<String, AwsError> {
    let (id, rest) = reference.split_once(":SecretString").unwrap_or((reference, ""));
    let secret = crate::secrets::usable(realm, id)?;
    let key = rest.trim_start_matches(':').split(':').next().unwrap_or_default();
    let value = secret.versions.last().map(|(_, value)| value.clone()).unwrap_or_default();
    if key.is_empty() {
        return Ok(value);
    }
    let object: Option<Value> = serde_json::from_str(&value).ok();
    let found = object.and_then(|object| object.get(key).map(super::template::plain));
    // Secrets that were seeded are no JSON: they stand for each of their keys.
    Ok(found.unwrap_or(value))
}

/// Asks something of a stack's template, with the stack's resources as they are.
pub(crate) fn asked<T>(realm: &Realm, stack: &Stack, question: impl FnOnce(&Scope<'_>) -> T) -> T {
    let live = Live { realm, resources: &stack.resources };
    let values = resolved(stack);
    let named = (stack.id.as_str(), stack.name.as_str());
    question(&Scope::new(realm, &stack.template, &values, named, &live))
}

/// The parameters' values; SSM-typed ones have what their key stands for.
fn resolved(stack: &Stack) -> BTreeMap<String, String> {
    let mut values = stack.parameters.clone();
    for parameter in stack.seed.parameters.iter().filter(|each| each.ssm_typed()) {
        values.extend(parameter.resolved.clone().map(|value| (parameter.key.clone(), value)));
    }
    values
}

/// A stack's outputs: key, value, description, export.
pub(crate) fn outputs(realm: &Realm, stack: &Stack) -> Vec<(String, String, String, Option<String>)> {
    let ready = !matches!(stack.status.as_str(), "CREATE_IN_PROGRESS" | "REVIEW_IN_PROGRESS" | "CREATE_FAILED")
        && !stack.status.starts_with("ROLLBACK");
    if !ready {
        return Vec::new();
    }
    asked(realm, stack, |scope| {
        let row = |(key, output): (&String, &Value)| {
            scope.made(output).ok().filter(|made| *made)?;
            let value = scope.text(output.get("Value")?).ok()?;
            let export = output.get("Export").and_then(|export| scope.text(export.get("Name")?).ok());
            Some((key.clone(), value, super::template::text(output, "Description"), export))
        };
        stack.template.outputs().filter_map(row).collect()
    })
}

fn exports(realm: &Realm, stack: &Stack) -> BTreeMap<String, String> {
    let own = stack.native && stack.template.outputs().any(|(_, output)| output.get("Export").is_some());
    let rows = if own { outputs(realm, stack) } else { Vec::new() };
    rows.into_iter().filter_map(|(_, value, _, export)| Some((export?, value))).collect()
}
