//! How stack operations end.

use super::script::note;
use super::state::{Running, Stack};
use crate::realm::Realm;
use jiff::Timestamp;

/// The new resources are there; what is not needed any more goes.
pub(crate) fn clean_up(realm: &mut Realm, id: &str, at: Timestamp) {
    become_status(realm, id, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None, at);
    for logical in removed(realm, id) {
        note(realm, id, &logical, "DELETE_IN_PROGRESS", None, at);
    }
}

/// The update is over.
pub(crate) fn complete(realm: &mut Realm, id: &str, at: Timestamp) {
    for logical in removed(realm, id) {
        note(realm, id, &logical, "DELETE_COMPLETE", None, at);
        if let Some(stack) = realm.cloud.stacks.get_mut(id) {
            stack.resources.retain(|each| each.logical != logical);
        }
    }
    become_status(realm, id, "UPDATE_COMPLETE", None, at);
    settle_clusters(realm, id, at);
    executed(realm, id, "EXECUTE_COMPLETE");
}

/// The old resources are back, and so are the old parameter values.
pub(crate) fn clean_up_back(realm: &mut Realm, id: &str, at: Timestamp) {
    if let Some(stack) = realm.cloud.stacks.get_mut(id)
        && let Some(running) = stack.running.clone()
    {
        stack.parameters = running.old_parameters;
        stack.resources = running.old_resources;
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
    for change in clusters.filter(|each| running.touched.contains(&each.logical)) {
        if let Some(name) = &change.physical {
            realm.databases.modify_until(name, until);
        }
    }
}

fn executed(realm: &mut Realm, id: &str, how: &str) {
    let set = running(realm, id).and_then(|each| each.change_set);
    let stack: Option<&mut Stack> = realm.cloud.stacks.get_mut(id);
    let sets = stack.map(|stack| &mut stack.change_sets);
    for each in sets.into_iter().flatten().filter(|each| Some(&each.id) == set.as_ref()) {
        how.clone_into(&mut each.execution);
    }
}
