//! The course of a deletion: each resource goes when those that need it are gone.

use super::state::Resource;
use super::{finish, live, script, template, things};
use crate::clock::later;
use crate::faults::FaultKind;
use crate::realm::{Beyond, Realm};
use jiff::Timestamp;
use script::{Step, note, plan};
use std::collections::{BTreeMap, BTreeSet};

/// Begins with the resources that nothing needs.
pub(crate) fn begin(realm: &mut Realm, _beyond: &mut Beyond<'_>, id: &str, at: Timestamp) {
    let Some(stack) = realm.cloud.stacks.get(id) else {
        return;
    };
    let there: BTreeSet<String> = stack
        .resources
        .iter()
        .filter(|each| each.status != "DELETE_COMPLETE")
        .map(|each| each.logical.clone())
        .collect();
    let needs = live::asked(realm, stack, template::dependencies).unwrap_or_default();
    let mut waiting: BTreeMap<String, BTreeSet<String>> =
        there.iter().map(|logical| (logical.clone(), BTreeSet::new())).collect();
    for (logical, needed) in needs.iter().filter(|(logical, _)| there.contains(*logical)) {
        for each in needed {
            if let Some(users) = waiting.get_mut(each) {
                users.insert(logical.clone());
            }
        }
    }
    if let Some(running) = realm.cloud.stacks.get_mut(id).and_then(|stack| stack.running.as_mut()) {
        running.waiting = waiting;
        running.busy.clear();
        running.failed.clear();
    }
    go_on(realm, id, later(at, realm.pace.exact(1.0)));
}

fn go_on(realm: &mut Realm, id: &str, at: Timestamp) {
    let Some(running) = realm.cloud.stacks.get_mut(id).and_then(|stack| stack.running.as_mut()) else {
        return;
    };
    let free: Vec<String> =
        running.waiting.iter().filter(|(_, users)| users.is_empty()).map(|(logical, _)| logical.clone()).collect();
    for logical in &free {
        running.waiting.remove(logical);
        running.busy.push(logical.clone());
    }
    let over = running.busy.is_empty();
    for logical in free {
        plan(realm, id, at, Step::Unmake(logical));
    }
    if over {
        plan(realm, id, at, Step::Deleted);
    }
}

/// A resource begins to go, or stays.
pub(crate) fn unmake(realm: &mut Realm, beyond: &mut Beyond<'_>, id: &str, logical: &str, at: Timestamp) {
    let Some(stack) = realm.cloud.stacks.get(id) else {
        return;
    };
    let Some(resource) = stack.resources.iter().find(|each| each.logical == logical).cloned() else {
        return gone(realm, id, logical, at);
    };
    let (stack_name, rolling) = (stack.name.clone(), stack.status.starts_with("ROLLBACK"));
    let retained = stack.running.as_ref().is_some_and(|each| each.retain.iter().any(|it| it == logical));
    let failed_to_be = resource.status == "CREATE_FAILED";
    let retains = match resource.deletion_policy.as_str() {
        "Retain" => !failed_to_be,
        "RetainExceptOnCreate" => !rolling,
        _ => false,
    };
    if retained || retains {
        note(realm, id, logical, "DELETE_SKIPPED", None, at);
        return gone(realm, id, logical, at);
    }
    note(realm, id, logical, "DELETE_IN_PROGRESS", None, at);
    if let Some(reason) = struck(beyond, logical) {
        return fail(realm, id, logical, &reason, at);
    }
    if resource.physical.is_empty() {
        return plan(realm, id, at, Step::Unmade(logical.to_owned()));
    }
    let resource = without_snapshot(resource, failed_to_be);
    match things::unmake(realm, beyond, (id, &stack_name), &resource, at) {
        Ok(done) => plan(realm, id, done, Step::Unmade(logical.to_owned())),
        Err(reason) => fail(realm, id, logical, &reason, at),
    }
}

/// A cluster that never was complete leaves no snapshot.
fn without_snapshot(resource: Resource, failed: bool) -> Resource {
    let policy = if failed { "Delete".to_owned() } else { resource.deletion_policy.clone() };
    Resource { deletion_policy: policy, ..resource }
}

/// The reason of a fault that is waiting for this resource.
fn struck(beyond: &mut Beyond<'_>, logical: &str) -> Option<String> {
    let ours = |kind: &FaultKind| matches!(kind, FaultKind::DeleteFailed { .. });
    match beyond.faults.draw("cloudformation:DeleteStack", ours, Some(logical)) {
        Some(FaultKind::DeleteFailed { reason }) if !reason.is_empty() => Some(reason),
        Some(_) => Some(script::TOLD.to_owned()),
        None => None,
    }
}

/// A resource is gone.
pub(crate) fn unmade(realm: &mut Realm, id: &str, logical: &str, at: Timestamp) {
    note(realm, id, logical, "DELETE_COMPLETE", None, at);
    gone(realm, id, logical, at);
}

fn gone(realm: &mut Realm, id: &str, logical: &str, at: Timestamp) {
    if let Some(running) = realm.cloud.stacks.get_mut(id).and_then(|stack| stack.running.as_mut()) {
        running.busy.retain(|each| each != logical);
        for users in running.waiting.values_mut() {
            users.remove(logical);
        }
    }
    go_on(realm, id, at);
}

/// A resource does not go: those that it needs stay, too.
fn fail(realm: &mut Realm, id: &str, logical: &str, reason: &str, at: Timestamp) {
    note(realm, id, logical, "DELETE_FAILED", Some(reason), at);
    if let Some(running) = realm.cloud.stacks.get_mut(id).and_then(|stack| stack.running.as_mut()) {
        running.failed.push(logical.to_owned());
        running.busy.retain(|each| each != logical);
    }
    go_on(realm, id, at);
}

/// The end: the stack is gone, rolled back, or stuck.
pub(crate) fn deleted(realm: &mut Realm, id: &str, at: Timestamp) {
    let Some(stack) = realm.cloud.stacks.get(id) else {
        return;
    };
    let stem = if stack.status.starts_with("ROLLBACK") { "ROLLBACK" } else { "DELETE" };
    let failed = stack.running.as_ref().map(|each| each.failed.clone()).unwrap_or_default();
    if !failed.is_empty() {
        let text = format!("The following resource(s) failed to delete: [{}]. ", failed.join(", "));
        return finish::become_status(realm, id, &format!("{stem}_FAILED"), Some(&text), at);
    }
    finish::become_status(realm, id, &format!("{stem}_COMPLETE"), None, at);
    if stem == "DELETE" {
        forget(realm, id, at);
    }
}

/// The name is free; everything about the stack can still be read by its id.
pub(crate) fn forget(realm: &mut Realm, id: &str, at: Timestamp) {
    if let Some(stack) = realm.cloud.stacks.get_mut(id) {
        stack.deleted = Some(at);
        stack.change_sets.clear();
    }
    realm.cloud.names.retain(|_, each| each != id);
}
