//! What an update would do to the resources.

use super::state::{Change, Cloud, Resource, Stack};
use super::template::{self, Template};
use crate::error::AwsError;
use crate::realm::Realm;
use crate::seeds::{EffectSeed, ParameterSeed};
use std::collections::BTreeMap;

const NESTED: &str = "AWS::CloudFormation::Stack";

/// The changes that new parameter values, or another template, make to a stack.
pub(crate) fn between(
    realm: &Realm,
    stack: &Stack,
    template: Option<&Template>,
    new: &BTreeMap<String, String>,
) -> Result<Vec<Change>, AwsError> {
    let mut changes = match template {
        Some(template) => template::differences(realm, stack, template, new)?,
        None if stack.native => template::differences(realm, stack, &stack.template, new)?,
        None => return Ok(by_seed(realm, stack, new)),
    };
    // Effects that were set behind AWS's back come on top.
    if stack.seed.switch.as_ref().is_some_and(|switch| !switch.effects.is_empty()) && stack.native {
        for change in by_seed(realm, stack, new) {
            add(&mut changes, change);
        }
    }
    Ok(changes)
}

/// What a seed says about its parameters.
fn by_seed(realm: &Realm, stack: &Stack, new: &BTreeMap<String, String>) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    let changed = stack.seed.parameters.iter().filter(|each| differs(realm, stack, new, each));
    for parameter in changed {
        for change in of_parameter(stack, new, parameter) {
            add(&mut changes, change);
        }
        for child in children(&realm.cloud, stack, &parameter.key) {
            add(&mut changes, child);
        }
    }
    changes
}

/// SSM-typed parameters differ, too, when their key's value is another one by now.
fn differs(realm: &Realm, stack: &Stack, new: &BTreeMap<String, String>, parameter: &ParameterSeed) -> bool {
    let value = new.get(&parameter.key);
    stack.parameters.get(&parameter.key) != value || resolved(realm, parameter, value) != parameter.resolved
}

/// What a parameter's value resolves to at this moment, if it is a Parameter Store key.
pub(crate) fn resolved(realm: &Realm, parameter: &ParameterSeed, value: Option<&String>) -> Option<String> {
    if !parameter.ssm_typed() {
        return parameter.resolved.clone();
    }
    let found = value.and_then(|key| realm.parameters.get(key));
    found.map(|found| found.value.clone()).or_else(|| parameter.resolved.clone())
}

/// One row per resource; a replacement outweighs a mere modification.
fn add(changes: &mut Vec<Change>, change: Change) {
    match changes.iter_mut().find(|each| each.logical == change.logical) {
        Some(known) if change.replacement.as_deref() == Some("True") => *known = change,
        Some(_) => {}
        None => changes.push(change),
    }
}

fn of_parameter(stack: &Stack, new: &BTreeMap<String, String>, parameter: &ParameterSeed) -> Vec<Change> {
    let switch = stack.seed.switch.as_ref().filter(|each| each.parameter == parameter.key);
    let effects = match switch {
        Some(switch) => switch.effects.clone(),
        None if stack.native => return Vec::new(),
        None if parameter.affects.is_empty() => vec![default_effect(stack)],
        None => parameter.affects.clone(),
    };
    let going_on = stack.mode_of(new) == "online";
    let set = |key: &str| new.get(key).is_some_and(|value| !value.is_empty());
    let holds = |(key, value): (&String, &String)| new.get(key) == Some(value);
    let active = effects.iter().filter(|effect| !set(&effect.unless_set) && effect.when.iter().all(holds));
    active.filter_map(|effect| change(stack, effect, &parameter.key, going_on)).collect()
}

fn default_effect(stack: &Stack) -> EffectSeed {
    let servers = |each: &&Resource| each.kind == "AWS::AutoScaling::AutoScalingGroup";
    let first = stack.resources.iter().find(servers).or_else(|| stack.resources.first());
    EffectSeed { logical: first.map(|each| each.logical.clone()).unwrap_or_default(), ..EffectSeed::default() }
}

fn change(stack: &Stack, effect: &EffectSeed, cause: &str, going_on: bool) -> Option<Change> {
    let present = stack.resources.iter().find(|each| each.logical == effect.logical);
    let declared = stack.seed.resources.iter().find(|each| each.logical == effect.logical);
    let (action, replacement) = match (effect.action.as_str(), present) {
        ("OnlyOnline", None) if going_on => ("Add", None),
        ("OnlyOnline", Some(_)) if !going_on => ("Remove", None),
        ("OnlyOnline", _) | (_, None) => return None,
        ("Replace", _) => ("Modify", Some("True")),
        ("Conditional", _) => ("Modify", Some("Conditional")),
        ("Remove", _) => ("Remove", None),
        _ => ("Modify", Some("False")),
    };
    let kind = present.map(|each| &each.kind).or(declared.map(|each| &each.kind))?;
    let policy = present.map_or("Delete", |each| each.deletion_policy.as_str());
    Some(Change {
        action: action.to_owned(),
        logical: effect.logical.clone(),
        physical: present.map(|each| each.physical.clone()),
        kind: kind.clone(),
        replacement: replacement.map(str::to_owned),
        property: effect.property.clone(),
        cause: cause.to_owned(),
        source: "ParameterReference",
        policy: policy.to_owned(),
        change_set: None,
    })
}

/// Nested stacks that have a parameter of the same key are handed its value.
fn children<'a>(cloud: &'a Cloud, stack: &'a Stack, key: &'a str) -> impl Iterator<Item = Change> + 'a {
    let nested = stack.resources.iter().filter(|each| each.kind == NESTED);
    nested
        .filter(move |each| {
            let child = cloud.stacks.get(&each.physical);
            child.is_some_and(|child| child.parameters.contains_key(key))
        })
        .map(move |each| Change {
            action: "Modify".to_owned(),
            logical: each.logical.clone(),
            physical: Some(each.physical.clone()),
            kind: NESTED.to_owned(),
            replacement: Some("False".to_owned()),
            property: "Parameters".to_owned(),
            cause: key.to_owned(),
            source: "ParameterReference",
            policy: String::new(),
            change_set: None,
        })
}

/// A child's parameters with its parent's values for the same keys.
pub(crate) fn handed_down(child: &Stack, parent: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let value = |(key, own): (&String, &String)| (key.clone(), parent.get(key).unwrap_or(own).clone());
    child.parameters.iter().map(value).collect()
}
