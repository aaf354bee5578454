//! Which names a part of a template refers to.

use super::functions::{argument, call_in};
use super::plain;
use serde_json::Value;
use std::collections::BTreeSet;

/// The names that a part of a template refers to; `branch` says which way an `Fn::If` goes.
pub(super) fn references(tree: &Value, branch: &dyn Fn(&str) -> Option<bool>, found: &mut BTreeSet<String>) {
    match tree {
        Value::Array(items) => items.iter().for_each(|item| references(item, branch, found)),
        Value::Object(members) => {
            if let Some(Value::String(name)) = members.get("DependsOn") {
                found.insert(name.clone());
            } else if let Some(Value::Array(names)) = members.get("DependsOn") {
                found.extend(names.iter().map(plain));
            }
            match call_in(members) {
                Some(("Ref", name)) => {
                    found.insert(plain(name));
                }
                Some(("Fn::GetAtt", Value::String(text))) => {
                    found.extend(text.split('.').next().map(str::to_owned));
                }
                Some(("Fn::GetAtt", list)) => {
                    found.extend(list.get(0).map(plain));
                }
                Some(("Fn::Sub", tree)) => sub_references(tree, branch, found),
                Some(("Fn::If", Value::Array(items))) => {
                    let way = branch(&plain(argument(items, 0)));
                    for place in [1, 2] {
                        if way.is_none_or(|way| way == (place == 1)) {
                            references(argument(items, place), branch, found);
                        }
                    }
                }
                _ => members.values().for_each(|member| references(member, branch, found)),
            }
        }
        _ => {}
    }
}

fn sub_references(tree: &Value, branch: &dyn Fn(&str) -> Option<bool>, found: &mut BTreeSet<String>) {
    let (template, own) = match tree {
        Value::Array(items) => (plain(argument(items, 0)), argument(items, 1)),
        other => (plain(other), &Value::Null),
    };
    references(own, branch, found);
    for part in template.split("${").skip(1) {
        let name = part.split('}').next().unwrap_or_default().trim();
        let logical = name.split('.').next().unwrap_or_default();
        if !name.starts_with('!') && own.get(name).is_none() {
            found.insert(logical.to_owned());
        }
    }
}
