//! How stack operations end.

use super::script::note;
use super::state::{Resource, Running, Stack};
use crate::realm::{Beyond, Realm};
use jiff::Timestamp;

/// The new resources are there; what is not needed any more goes.
pub(crate) fn clean_up(realm: &mut Realm, id: &str, at: Timestamp) {
    become_status(realm, id, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None, at);
    for logical in removed(realm, id) {
        note(realm, id, &logical, "DELETE_IN_PROGRESS", None, at);
    }
}

/// The update is over.
pub(crate) fn complete(realm: &mut Realm, beyond: &mut Beyond<'_>, id: &str, at: Timestamp) {
    for logical in removed(realm, id) {
        let status = if taken_away(realm, beyond, id, &logical, at) { "DELETE_COMPLETE" } else { "DELETE_SKIPPED" };
        note(realm, id, &logical, status, None, at);
        if let Some(stack) = realm.cloud.stacks.get_mut(id) {
            stack.resources.retain(|each| each.logical != logical);
        }
    }
    for old in replaced(realm, id) {
        leave(realm, beyond, id, &old, at);
    }
    become_status(realm, id, "UPDATE_COMPLETE", None, at);
    settle_clusters(realm, id, at);
    executed(realm, id, "EXECUTE_COMPLETE");
}

fn replaced(realm: &mut Realm, id: &str) -> Vec<Resource> {
    let running = realm.cloud.stacks.get_mut(id).and_then(|stack| stack.running.as_mut());
    running.map(|running| std::mem::take(&mut running.replaced)).unwrap_or_default()
}

/// An old resource goes by its policy; one that does not go is left alone.
fn leave(realm: &mut Realm, beyond: &mut Beyond<'_>, id: &str, old: &Resource, at: Timestamp) {
    let name = realm.cloud.stacks.get(id).map(|stack| stack.name.clone()).unwrap_or_default();
    if !old.deletion_policy.starts_with("Retain") && !old.physical.is_empty() {
        let _left = super::things::unmake(realm, beyond, (id, &name), old, at);
    }
}

/// Whether a resource that is not needed any more goes; a retained one stays where it is.
fn taken_away(realm: &mut Realm, beyond: &mut Beyond<'_>, id: &str, logical: &str, at: Timestamp) -> bool {
    let Some(stack) = realm.cloud.stacks.get(id) else {
        return true;
    };
    let name = stack.name.clone();
    let Some(resource) = stack.resources.iter().find(|each| each.logical == logical).cloned() else {
        return true;
    };
    if resource.deletion_policy.starts_with("Retain") {
        return false;
    }
    // A removal that fails does not fail the update: the resource is left alone.
    super::things::unmake(realm, beyond, (id, &name), &resource, at).is_ok()
}

/// The old resources are back, and so are the old parameter values.
pub(crate) fn clean_up_back(realm: &mut Realm, id: &str, at: Timestamp) {
    if let Some(stack) = realm.cloud.stacks.get_mut(id)
        && let Some(running) = stack.running.clone()
    {
        stack.parameters = running.old_parameters;
        stack.resources = running.old_resources;
        if let Some(old) = running.old {
            (stack.template, stack.seed) = *old;
        }
        if let Some(contents) = running.old_contents {
            realm.contents.insert(id.to_owned(), contents);
        }
    }
    become_status(realm, id, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", None, at);
}

/// The way back is over.
pub(crate) fn complete_back(realm: &mut Realm, id: &str, at: Timestamp) {
    become_status(realm, id, "UPDATE_ROLLBACK_COMPLETE", None, at);
    settle_clusters(realm, id, at);
    executed(realm, id, "EXECUTE_FAILED");
}

/// The way back is blocked, until somebody continues it.
pub(crate) fn fail_back(realm: &mut Realm, id: &str, at: Timestamp) {
    let first = running(realm, id).and_then(|each| each.touched.first().cloned());
    let logical = first.unwrap_or_default();
    let reason = "Resource handler returned message: \"The sandbox was told to fail\"";
    note(realm, id, &logical, "UPDATE_FAILED", Some(reason), at);
    let why = format!("The following resource(s) failed to update: [{logical}]. ");
    become_status(realm, id, "UPDATE_ROLLBACK_FAILED", Some(&why), at);
    settle_clusters(realm, id, at);
    executed(realm, id, "EXECUTE_FAILED");
}

/// `DisableRollback`: the failed update is left as it is.
pub(crate) fn stay_failed(realm: &mut Realm, id: &str, why: &str, at: Timestamp) {
    if let Some(stack) = realm.cloud.stacks.get_mut(id) {
        stack.script += 1;
    }
    become_status(realm, id, "UPDATE_FAILED", Some(why), at);
    settle_clusters(realm, id, at);
    executed(realm, id, "EXECUTE_FAILED");
}

/// Writes a row of history about the stack.
pub(crate) fn become_status(realm: &mut Realm, id: &str, status: &str, why: Option<&str>, at: Timestamp) {
    let unique = realm.uuid();
    if let Some(stack) = realm.cloud.stacks.get_mut(id) {
        stack.become_status(status, why, at, unique);
    }
}

fn running(realm: &Realm, id: &str) -> Option<Running> {
    realm.cloud.stacks.get(id)?.running.clone()
}

fn removed(realm: &Realm, id: &str) -> Vec<String> {
    let changes = running(realm, id).map(|each| each.changes).unwrap_or_default();
    let gone = changes.into_iter().filter(|each| each.action == "Remove");
    gone.map(|each| each.logical).collect()
}

/// A modified cluster is `available` only some seconds after the update.
fn settle_clusters(realm: &mut Realm, id: &str, at: Timestamp) {
    let Some(running) = running(realm, id) else {
        return;
    };
    let until = realm.exactly_after(at, realm.pace.durations.cluster_settles);
    let clusters = running.changes.iter().filter(|each| each.kind == "AWS::RDS::DBCluster");
    for change in
        clusters.filter(|each| running.touched.contains(&each.logical) && each.replacement.as_deref() != Some("True"))
    {
        if let Some(name) = &change.physical {
            realm.databases.modify_until(name, until);
        }
    }
}

/// Marks the change set that the operation executes.
pub(crate) fn executed(realm: &mut Realm, id: &str, how: &str) {
    let set = running(realm, id).and_then(|each| each.change_set);
    let stack: Option<&mut Stack> = realm.cloud.stacks.get_mut(id);
    let sets = stack.map(|stack| &mut stack.change_sets);
    for each in sets.into_iter().flatten().filter(|each| Some(&each.id) == set.as_ref()) {
        how.clone_into(&mut each.execution);
    }
}
