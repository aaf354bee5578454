//! How an update changes one resource.

use super::rollback::fail;
use super::script::{CLUSTER, NESTED, note};
use super::state::{Change, Fate, Resource};
use super::update::{Plan, begin, physical_id};
use super::{live, template, things};
use crate::realm::{Beyond, Realm};
use jiff::Timestamp;

/// What the running operation does to a resource.
pub(crate) fn change_of(realm: &Realm, id: &str, logical: &str) -> Option<Change> {
    let running = realm.cloud.stacks.get(id)?.running.as_ref()?;
    running.changes.iter().find(|each| each.logical == logical).cloned()
}

/// A resource begins to change, or fails at once.
pub(crate) fn begin_resource(realm: &mut Realm, beyond: &mut Beyond<'_>, id: &str, logical: &str, at: Timestamp) {
    let Some(change) = change_of(realm, id, logical) else {
        return;
    };
    let replaced = change.replacement.as_deref() == Some("True");
    let cluster = change.physical.clone().filter(|_| change.kind == CLUSTER && !replaced);
    let refusal = cluster.as_ref().and_then(|name| realm.databases.refuse_change(name, at));
    if let Some(reason) = refusal {
        return fail(realm, id, logical, &reason, at);
    }
    if let Some(cluster) = &cluster {
        realm.databases.modify_until(cluster, Timestamp::MAX);
    }
    if change.action == "Add" {
        if let Err(reason) = add_resource(realm, beyond, id, &change, at) {
            return fail(realm, id, logical, &reason, at);
        }
    } else {
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

fn add_resource(
    realm: &mut Realm,
    beyond: &mut Beyond<'_>,
    id: &str,
    change: &Change,
    at: Timestamp,
) -> Result<(), String> {
    let Some(stack) = realm.cloud.stacks.get(id) else {
        return Ok(());
    };
    let (name, native) = (stack.name.clone(), stack.native);
    let declared = stack.template.resource(&change.logical).cloned().unwrap_or_default();
    let mut resource = Resource {
        logical: change.logical.clone(),
        physical: String::new(),
        kind: change.kind.clone(),
        status: String::new(),
        updated: at,
        deletion_policy: if native { template::deletion_policy(&declared) } else { "Delete".to_owned() },
        reason: None,
        attributes: std::collections::BTreeMap::new(),
    };
    if !native {
        resource.physical = physical_id(realm, &name, &resource);
    }
    if let Some(stack) = realm.cloud.stacks.get_mut(id) {
        stack.resources.retain(|each| each.logical != change.logical);
        stack.resources.push(resource.clone());
    }
    note(realm, id, &change.logical, "CREATE_IN_PROGRESS", None, at);
    if native {
        made(realm, beyond, id, &resource, at)?;
    }
    Ok(())
}

/// Makes what a resource's properties say; an update does not wait for it to be complete.
fn made(
    realm: &mut Realm,
    beyond: &mut Beyond<'_>,
    id: &str,
    resource: &Resource,
    at: Timestamp,
) -> Result<(), String> {
    let Some(stack) = realm.cloud.stacks.get(id) else {
        return Ok(());
    };
    let properties = live::asked(realm, stack, |scope| scope.properties(&resource.logical));
    let properties = properties.map_err(|error| things::said(realm, &resource.kind, &error))?;
    let made = things::make(realm, beyond, (id, resource), &properties, at)?;
    let resources = realm.cloud.stacks.get_mut(id).map(|stack| &mut stack.resources);
    for each in resources.into_iter().flatten().filter(|each| each.logical == resource.logical) {
        each.physical.clone_from(&made.physical);
        each.attributes.clone_from(&made.attributes);
    }
    Ok(())
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
        changes: super::changes::between(realm, child, None, &parameters).unwrap_or_default(),
        parameters,
        tags: None,
        disable_rollback: false,
        fate: Fate::Succeeds,
        change_set: change.change_set.clone(),
        template: None,
        seconds: Some(realm.pace.durations.update * 0.5),
    };
    let child = child.id.clone();
    begin(realm, &child, plan, at);
}

/// A resource has changed; a nested stack that has gone back fails its parent.
pub(crate) fn end_resource(realm: &mut Realm, beyond: &mut Beyond<'_>, id: &str, logical: &str, at: Timestamp) {
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
    if change.replacement.as_deref() == Some("True")
        && let Err(reason) = replace(realm, beyond, id, &change, at)
    {
        return fail(realm, id, logical, &reason, at);
    }
    let done = if change.action == "Add" { "CREATE_COMPLETE" } else { "UPDATE_COMPLETE" };
    note(realm, id, logical, done, None, at);
    if let Some(running) = realm.cloud.stacks.get_mut(id).and_then(|each| each.running.as_mut()) {
        running.busy.retain(|each| each != logical);
    }
}

/// A new resource takes the place of the old one, whose policy says what becomes of it. Without
/// properties to say what it is made of, it is empty.
fn replace(realm: &mut Realm, beyond: &mut Beyond<'_>, id: &str, change: &Change, at: Timestamp) -> Result<(), String> {
    let Some(stack) = realm.cloud.stacks.get(id) else {
        return Ok(());
    };
    let native = stack.native;
    let found = stack.resources.iter().find(|each| each.logical == change.logical).cloned();
    let before = realm.contents.get(id).cloned();
    let Some(old) = found else {
        return Ok(());
    };
    let is_cluster = old.kind == CLUSTER;
    if let Some(contents) = realm.contents.get_mut(id).filter(|_| is_cluster) {
        contents.lose_rows();
    }
    let is_files = matches!(old.kind.as_str(), "AWS::EFS::FileSystem" | "Custom::EFS");
    if let Some(contents) = realm.contents.get_mut(id).filter(|_| is_files) {
        contents.lose_files();
    }
    let writing = realm.contents.get(id).is_some_and(crate::contents::Contents::is_writing);
    if native {
        made(realm, beyond, id, &old, at)?;
    } else {
        emptied(realm, beyond, id, &old, at)?;
    }
    if let Some(contents) = realm.contents.get_mut(id).filter(|_| writing) {
        contents.resume(at);
    }
    let kept = if change.policy.is_empty() { old.deletion_policy.clone() } else { change.policy.clone() };
    if let Some(running) = realm.cloud.stacks.get_mut(id).and_then(|stack| stack.running.as_mut()) {
        running.replaced.push(Resource { deletion_policy: kept, ..old });
        running.old_contents = running.old_contents.take().or(before);
    }
    Ok(())
}

/// A seeded stack's resource without its contents, under another id.
fn emptied(realm: &mut Realm, beyond: &mut Beyond<'_>, id: &str, old: &Resource, at: Timestamp) -> Result<(), String> {
    let name = realm.cloud.stacks.get(id).map(|stack| stack.name.clone()).unwrap_or_default();
    let fresh = physical_id(realm, &name, old);
    let properties = match old.kind.as_str() {
        CLUSTER => serde_json::json!({ "DBClusterIdentifier": fresh, "Engine": "aurora-postgresql" }),
        _ => serde_json::json!({}),
    };
    let known = matches!(old.kind.as_str(), CLUSTER | "AWS::EFS::FileSystem" | "Custom::EFS");
    let physical = if known { things::make(realm, beyond, (id, old), &properties, at)?.physical } else { fresh };
    let resources = realm.cloud.stacks.get_mut(id).map(|stack| &mut stack.resources);
    for each in resources.into_iter().flatten().filter(|each| each.logical == old.logical) {
        each.physical.clone_from(&physical);
    }
    Ok(())
}
