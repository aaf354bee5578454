//! How an update fails, and the way back.

use super::resources::change_of;
use super::script::{NESTED, Step, note, part, plan};
use super::state::{Fate, Resource, Running, Stack};
use crate::clock::later;
use crate::realm::{Beyond, Realm};
use jiff::Timestamp;

/// A resource fails; the others in progress are cancelled; the stack goes back.
pub(crate) fn fail(realm: &mut Realm, id: &str, logical: &str, reason: &str, at: Timestamp) {
    if let Some(running) = realm.cloud.stacks.get_mut(id).and_then(|each| each.running.as_mut()) {
        running.busy.retain(|each| each != logical);
        if !running.touched.iter().any(|each| each == logical) {
            running.touched.push(logical.to_owned());
        }
    }
    note(realm, id, logical, "UPDATE_FAILED", Some(reason), at);
    cancel_busy(realm, id, at);
    let why = format!("The following resource(s) failed to update: [{logical}]. ");
    let stays = realm.cloud.stacks.get(id).and_then(|stack| stack.running.as_ref());
    if stays.is_some_and(|running| running.disable_rollback) {
        super::finish::stay_failed(realm, id, &why, at);
    } else {
        roll_back(realm, id, &why, at);
    }
}

/// Resources in the middle of a change give it up.
pub(crate) fn cancel_busy(realm: &mut Realm, id: &str, at: Timestamp) {
    let running = realm.cloud.stacks.get_mut(id).and_then(|each| each.running.as_mut());
    let busy = running.map(|each| std::mem::take(&mut each.busy)).unwrap_or_default();
    for logical in busy {
        note(realm, id, &logical, "UPDATE_FAILED", Some("Resource update cancelled"), at);
    }
}

/// Replaces the script by the way back.
pub(crate) fn roll_back(realm: &mut Realm, id: &str, why: &str, at: Timestamp) {
    let unique = realm.uuid();
    let total = realm.pace.varied(realm.pace.durations.update * 0.5, &mut realm.rng);
    let cleanup = realm.pace.exact(realm.pace.durations.cleanup);
    let Some(stack) = realm.cloud.stacks.get_mut(id) else {
        return;
    };
    stack.script += 1;
    stack.become_status("UPDATE_ROLLBACK_IN_PROGRESS", Some(why), at, unique);
    let Some(running) = stack.running.as_mut() else {
        return;
    };
    running.complete_at = later(later(at, total), cleanup);
    let (running, was) = (running.clone(), was_mode(stack));
    for logical in &running.touched {
        plan(realm, id, later(at, part(total, 0.1)), Step::BeginBack(logical.clone()));
        plan(realm, id, later(at, part(total, 0.8)), Step::EndBack(logical.clone()));
    }
    roll_children_back(realm, &running, at);
    if running.fate == Fate::RollbackFails {
        return plan(realm, id, later(at, part(total, 0.5)), Step::FailBack);
    }
    match was {
        "online" => plan(realm, id, later(at, part(total, 0.7)), Step::ServersBack),
        "offline" => plan(realm, id, later(at, part(total, 0.2)), Step::ServersGone),
        _ => {}
    }
    plan(realm, id, later(at, total), Step::CleanUpBack);
    plan(realm, id, running.complete_at, Step::CompleteBack);
}

fn was_mode(stack: &Stack) -> &'static str {
    let before = stack.running.as_ref().map(|each| &each.old_parameters);
    before.map_or("other", |parameters| stack.mode_of(parameters))
}

/// Nested stacks that were updated, or are being updated, go back with their parent.
fn roll_children_back(realm: &mut Realm, running: &Running, at: Timestamp) {
    let nested = running.changes.iter().filter(|each| each.kind == NESTED);
    let touched = nested.filter(|each| running.touched.contains(&each.logical));
    let ids: Vec<String> = touched.filter_map(|each| each.physical.clone()).collect();
    for id in ids {
        let status = realm.cloud.stacks.get(&id).map(|child| child.status.clone());
        if status.is_some_and(|status| !status.contains("ROLLBACK")) {
            cancel_busy(realm, &id, at);
            roll_back(realm, &id, "The root stack is rolling back.", at);
        }
    }
}

/// What was added, or put in another's place, is taken away again.
pub(crate) fn take_back(realm: &mut Realm, beyond: &mut Beyond<'_>, id: &str, logical: &str, at: Timestamp) {
    let Some(change) = change_of(realm, id, logical) else {
        return;
    };
    let running = realm.cloud.stacks.get(id).and_then(|stack| stack.running.as_ref());
    let replaced = running.is_some_and(|each| each.replaced.iter().any(|it| it.logical == logical));
    if change.action != "Add" && !replaced {
        return;
    }
    let Some(stack) = realm.cloud.stacks.get(id) else {
        return;
    };
    let name = stack.name.clone();
    let found = stack.resources.iter().find(|each| each.logical == change.logical).cloned();
    if let Some(resource) = found.filter(|each| !each.physical.is_empty()) {
        let resource = Resource { deletion_policy: "Delete".to_owned(), ..resource };
        // What cannot be taken away is left; AWS says so in an event, too.
        let _left = super::things::unmake(realm, beyond, (id, &name), &resource, at);
    }
}

/// A changed resource goes back; one that was added goes.
pub(crate) fn back_resource(realm: &mut Realm, id: &str, logical: &str, how: &str, at: Timestamp) {
    let added = change_of(realm, id, logical).is_some_and(|change| change.action == "Add");
    let verb = if added { "DELETE" } else { "UPDATE" };
    note(realm, id, logical, &format!("{verb}_{how}"), None, at);
}
