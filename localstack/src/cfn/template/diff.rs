//! What another template, or other parameter values, would do to the resources.

use super::causes::cause;
use super::eval::{Scope, Symbols};
use super::references::references;
use super::replacement::replacement;
use super::{Template, deletion_policy, text};
use crate::cfn::state::{Change, Resource, Stack};
use crate::error::AwsError;
use crate::realm::Realm;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

type Values = BTreeMap<String, String>;

/// Resources by their names: what changes is the template's use of them, not their ids.
struct Names;

impl Symbols for Names {
    fn resource(&self, logical: &str, attribute: Option<&str>) -> Option<String> {
        Some(attribute.map_or_else(|| format!("${{{logical}}}"), |name| format!("${{{logical}.{name}}}")))
    }

    fn dynamic(&self, reference: &str) -> Result<String, AwsError> {
        Ok(format!("{{{{resolve:{reference}}}}}"))
    }

    fn import(&self, name: &str) -> Option<String> {
        Some(format!("${{import {name}}}"))
    }
}

/// Everything a new stack would make.
pub(crate) fn first_changes(
    realm: &Realm,
    template: &Template,
    values: &Values,
    stack: (&str, &str),
) -> Result<Vec<Change>, AwsError> {
    let scope = Scope::new(realm, template, values, stack, &Names);
    let active = scope.active()?;
    Ok(active.iter().map(|logical| plain_change("Add", logical, None, &kind_of(template, logical))).collect())
}

/// What becomes of a stack's resources with a template and values for its parameters.
pub(crate) fn differences(
    realm: &Realm,
    stack: &Stack,
    template: &Template,
    values: &Values,
) -> Result<Vec<Change>, AwsError> {
    let named = (stack.id.as_str(), stack.name.as_str());
    let (before, after) = (resolved(realm, stack, &stack.template, &stack.parameters, true), {
        resolved(realm, stack, template, values, false)
    });
    let old = Scope::new(realm, &stack.template, &before, named, &Names);
    let new = Scope::new(realm, template, &after, named, &Names);
    let mut changes = Vec::new();
    for logical in new.active()? {
        match stack.resources.iter().find(|each| each.logical == logical && !each.status.starts_with("DELETE")) {
            None => changes.push(plain_change("Add", &logical, None, &kind_of(template, &logical))),
            Some(resource) => changes.extend(modified(&old, &new, resource)?),
        }
    }
    let kept: BTreeSet<String> = new.active()?.into_iter().collect();
    let gone =
        stack.resources.iter().filter(|each| !kept.contains(&each.logical) && !each.status.starts_with("DELETE"));
    changes.extend(gone.map(|each| plain_change("Remove", &each.logical, Some(each), &each.kind)));
    followers(&new, stack, &mut changes);
    Ok(changes)
}

/// SSM-typed parameters have their resolved values.
fn resolved(realm: &Realm, stack: &Stack, template: &Template, values: &Values, before: bool) -> Values {
    let mut found = values.clone();
    for parameter in template.parameters.iter().filter(|each| each.ssm_typed()) {
        let known = stack.seed.parameters.iter().find(|each| each.key == parameter.key);
        let was = known.and_then(|each| each.resolved.clone()).filter(|_| before);
        let key = values.get(&parameter.key);
        let now = || crate::cfn::changes::resolved(realm, parameter, key);
        found.extend(was.or_else(now).map(|value| (parameter.key.clone(), value)));
    }
    found
}

fn kind_of(template: &Template, logical: &str) -> String {
    template.resource(logical).map(|each| text(each, "Type")).unwrap_or_default()
}

fn plain_change(action: &str, logical: &str, present: Option<&Resource>, kind: &str) -> Change {
    Change {
        action: action.to_owned(),
        logical: logical.to_owned(),
        physical: present.map(|each| each.physical.clone()),
        kind: kind.to_owned(),
        replacement: None,
        property: String::new(),
        cause: String::new(),
        source: "DirectModification",
        policy: present.map_or_else(String::new, |each| each.deletion_policy.clone()),
        change_set: None,
    }
}

fn modified(old: &Scope<'_>, new: &Scope<'_>, resource: &Resource) -> Result<Option<Change>, AwsError> {
    let logical = resource.logical.as_str();
    let kind = kind_of(new.template, logical);
    let modify = |replacement: &str, property: &str| Change {
        replacement: Some(replacement.to_owned()),
        property: property.to_owned(),
        policy: replace_policy(new.template, logical),
        ..plain_change("Modify", logical, Some(resource), &kind)
    };
    if kind != resource.kind {
        return Ok(Some(modify("True", "Type")));
    }
    let (was, is) = (old.properties(logical)?, new.properties(logical)?);
    let Some(property) = worst(&kind, &was, &is) else {
        return Ok(None);
    };
    let mut change = modify(replacement(&kind, &property), &property);
    if let Some(cause) = cause(old, new, logical, &property) {
        change.cause = cause;
        change.source = "ParameterReference";
    }
    Ok(Some(change))
}

/// What becomes of the old resource when it is replaced.
fn replace_policy(template: &Template, logical: &str) -> String {
    let resource = template.resource(logical);
    let given = resource.map(|each| text(each, "UpdateReplacePolicy")).unwrap_or_default();
    let is_cluster = resource.is_some_and(|each| deletion_policy(each) == "Snapshot");
    match given.as_str() {
        "" if is_cluster => "Snapshot".to_owned(),
        "" => "Delete".to_owned(),
        _ => given,
    }
}

/// The changed property that weighs most.
fn worst(kind: &str, was: &Value, is: &Value) -> Option<String> {
    let names = |value: &Value| value.as_object().map(|all| all.keys().cloned().collect()).unwrap_or_default();
    let all: BTreeSet<String> = [was, is].into_iter().flat_map(|value| -> Vec<String> { names(value) }).collect();
    let changed = all.into_iter().filter(|name| was.get(name) != is.get(name));
    let weight = |name: &String| match replacement(kind, name) {
        "True" => 0,
        "Conditional" => 1,
        _ => 2,
    };
    changed.min_by_key(weight)
}

/// Resources that use one which is replaced may change with it.
fn followers(new: &Scope<'_>, stack: &Stack, changes: &mut Vec<Change>) {
    let replaced: Vec<String> = changes
        .iter()
        .filter(|each| each.replacement.as_deref() == Some("True"))
        .map(|each| each.logical.clone())
        .collect();
    for resource in &stack.resources {
        let known = changes.iter().any(|each| each.logical == resource.logical);
        let Some(declared) = new.template.resource(&resource.logical).filter(|_| !known) else {
            continue;
        };
        let properties = declared.get("Properties").and_then(Value::as_object);
        for (property, tree) in properties.into_iter().flatten() {
            let mut names = BTreeSet::new();
            references(tree, &|name| new.condition(name).ok(), &mut names);
            if let Some(cause) = replaced.iter().find(|logical| names.contains(*logical)) {
                let certain = replacement(&resource.kind, property) == "False";
                changes.push(Change {
                    replacement: Some(if certain { "False" } else { "Conditional" }.to_owned()),
                    property: property.clone(),
                    cause: cause.clone(),
                    source: "ResourceReference",
                    policy: replace_policy(new.template, &resource.logical),
                    ..plain_change("Modify", &resource.logical, Some(resource), &resource.kind)
                });
                break;
            }
        }
    }
}
