//! How an update changes one resource.

use super::rollback::fail;
use super::script::{CLUSTER, NESTED, note};
use super::state::{Change, Fate, Resource};
use super::update::{Plan, begin, physical_id};
use crate::realm::Realm;
use jiff::Timestamp;

/// What the running operation does to a resource.
pub(crate) fn change_of(realm: &Realm, id: &str, logical: &str) -> Option<Change> {
    let running = realm.cloud.stacks.get(id)?.running.as_ref()?;
    running.changes.iter().find(|each| each.logical == logical).cloned()
}

/// A resource begins to change, or fails at once.
pub(crate) fn begin_resource(realm: &mut Realm, id: &str, logical: &str, at: Timestamp) {
    let Some(change) = change_of(realm, id, logical) else {
        return;
    };
    let cluster = change.physical.clone().filter(|_| change.kind == CLUSTER);
    let refusal = cluster.as_ref().and_then(|name| realm.databases.refuse_change(name, at));
    if let Some(reason) = refusal {
        return fail(realm, id, logical, &reason, at);
    }
    if let Some(cluster) = &cluster {
        realm.databases.modify_until(cluster, Timestamp::MAX);
    }
    if change.action == "Add" {
        add_resource(realm, id, &change, at);
    } else {
        let replaced = change.replacement.as_deref() == Some("True");
        let reason = replaced
            .then_some("Requested update requires the creation of a new physical resource; hence creating one.");
        note(realm, id, logical, "UPDATE_IN_PROGRESS", reason, at);
    }
    if let Some(running) = realm.cloud.stacks.get_mut(id).and_then(|each| each.running.as_mut()) {
        running.busy.push(logical.to_owned());
        running.touched.push(logical.to_owned());
    }
    if change.kind == NESTED {
        begin_child(realm, id, &change, at);
    }
}

fn add_resource(realm: &mut Realm, id: &str, change: &Change, at: Timestamp) {
    let Some(stack) = realm.cloud.stacks.get(id) else {
        return;
    };
    let name = stack.name.clone();
    let mut resource = Resource {
        logical: change.logical.clone(),
        physical: String::new(),
        kind: change.kind.clone(),
        status: String::new(),
        updated: at,
        deletion_policy: "Delete".to_owned(),
    };
    resource.physical = physical_id(realm, &name, &resource);
    if let Some(stack) = realm.cloud.stacks.get_mut(id) {
        stack.resources.push(resource);
    }
    note(realm, id, &change.logical, "CREATE_IN_PROGRESS", None, at);
}

/// A nested stack has its own operation, its own events, and its parent's token.
fn begin_child(realm: &mut Realm, id: &str, change: &Change, at: Timestamp) {
    let parent = realm.cloud.stacks.get(id);
    let child = change.physical.as_ref().and_then(|child| realm.cloud.stacks.get(child));
    let (Some(parent), Some(child)) = (parent, child) else {
        return;
    };
    let parameters = super::changes::handed_down(child, &parent.parameters);
    let plan = Plan {
        token: parent.running.as_ref().and_then(|each| each.token.clone()),
        changes: super::changes::between(realm, child, &parameters),
        parameters,
        tags: None,
        disable_rollback: false,
        fate: Fate::Succeeds,
        change_set: change.change_set.clone(),
        seconds: Some(realm.pace.durations.update * 0.5),
    };
    let child = child.id.clone();
    begin(realm, &child, plan, at);
}

/// A resource has changed; a nested stack that has gone back fails its parent.
pub(crate) fn end_resource(realm: &mut Realm, id: &str, logical: &str, at: Timestamp) {
    let Some(change) = change_of(realm, id, logical) else {
        return;
    };
    let child = change.physical.as_ref().filter(|_| change.kind == NESTED);
    if let Some(child) = child.and_then(|child| realm.cloud.stacks.get(child))
        && child.status != "UPDATE_COMPLETE"
    {
        let why = format!(
            "Embedded stack {} was not successfully updated. Currently in {} with reason: {}",
            child.id,
            child.status,
            child.reason.as_deref().unwrap_or("none"),
        );
        return fail(realm, id, logical, &why, at);
    }
    if change.replacement.as_deref() == Some("True") {
        replace(realm, id, &change, at);
    }
    let done = if change.action == "Add" { "CREATE_COMPLETE" } else { "UPDATE_COMPLETE" };
    note(realm, id, logical, done, None, at);
    if let Some(running) = realm.cloud.stacks.get_mut(id).and_then(|each| each.running.as_mut()) {
        running.busy.retain(|each| each != logical);
    }
}

/// A new, empty resource takes the place of the old one.
fn replace(realm: &mut Realm, id: &str, change: &Change, at: Timestamp) {
    let Some(stack) = realm.cloud.stacks.get(id) else {
        return;
    };
    let name = stack.name.clone();
    let found = stack.resources.iter().find(|each| each.logical == change.logical).cloned();
    let Some(resource) = found else {
        return;
    };
    let physical = physical_id(realm, &name, &resource);
    let stack = realm.cloud.stacks.get_mut(id);
    let resources = stack.map(|stack| &mut stack.resources);
    for each in resources.into_iter().flatten().filter(|each| each.logical == change.logical) {
        each.physical.clone_from(&physical);
    }
    replace_thing(realm, &name, &resource, &physical, at);
    if matches!(resource.kind.as_str(), CLUSTER | "AWS::EFS::FileSystem" | "Custom::EFS") {
        realm.contents.remove(id);
    }
}

fn replace_thing(realm: &mut Realm, stack: &str, old: &Resource, new: &str, at: Timestamp) {
    match old.kind.as_str() {
        CLUSTER => {
            if let Some(mut cluster) = realm.databases.clusters.get(&old.physical).cloned() {
                new.clone_into(&mut cluster.id);
                cluster.arn = realm.arn("rds", &format!("cluster:{new}"));
                cluster.created = at;
                (cluster.status, cluster.then) = ("available".to_owned(), None);
                realm.databases.clusters.insert(new.to_owned(), cluster);
            }
            let stem = (old.deletion_policy == "Snapshot").then(|| format!("{stack}-snapshot-{}", old.logical));
            crate::rds::delete_cluster(realm, &old.physical, stem.as_deref(), at);
        }
        "AWS::EFS::FileSystem" | "Custom::EFS" => {
            if let Some(mut file_system) = realm.file_systems.get(&old.physical).cloned() {
                new.clone_into(&mut file_system.id);
                file_system.arn = realm.arn("elasticfilesystem", &format!("file-system/{new}"));
                (file_system.bytes, file_system.created) = (6144, at);
                realm.file_systems.insert(new.to_owned(), file_system);
            }
            if old.deletion_policy != "Retain" {
                realm.file_systems.remove(&old.physical);
            }
        }
        _ => {}
    }
}
