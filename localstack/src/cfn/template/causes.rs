//! Why a property changes: the parameter behind it.

use super::eval::Scope;
use super::references::references;
use super::{Template, plain};
use serde_json::Value;
use std::collections::BTreeSet;

/// The changed parameter that a property depends on, through conditions too.
pub(super) fn cause(old: &Scope<'_>, new: &Scope<'_>, logical: &str, property: &str) -> Option<String> {
    let part = |scope: &Scope<'_>| scope.template.resource(logical)?.get("Properties")?.get(property).cloned();
    let mut names = BTreeSet::new();
    for scope in [old, new] {
        if let Some(tree) = part(scope) {
            leads(scope.template, &tree, &mut names, 0);
        }
    }
    let differs = |key: &&String| old.parameters.get(*key) != new.parameters.get(*key);
    let declared = new.template.parameters.iter().map(|each| &each.key);
    declared.filter(|key| names.contains(*key)).find(differs).cloned()
}

fn leads(template: &Template, tree: &Value, names: &mut BTreeSet<String>, depth: usize) {
    if depth > 16 {
        return;
    }
    references(tree, &|_| None, names);
    let mut conditions = BTreeSet::new();
    named_conditions(tree, &mut conditions);
    for name in conditions {
        if let Some(tree) = template.body.get("Conditions").and_then(|all| all.get(&name)) {
            leads(template, tree, names, depth + 1);
        }
    }
}

fn named_conditions(tree: &Value, found: &mut BTreeSet<String>) {
    match tree {
        Value::Array(items) => items.iter().for_each(|item| named_conditions(item, found)),
        Value::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), value) {
                    ("Condition", Value::String(condition)) => {
                        found.insert(condition.clone());
                    }
                    ("Fn::If", Value::Array(items)) => {
                        found.extend(items.first().map(plain));
                        named_conditions(value, found);
                    }
                    _ => named_conditions(value, found),
                }
            }
        }
        _ => {}
    }
}
