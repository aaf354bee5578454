//! The course of a creation: each resource begins when those it needs are there.

use super::state::{OnFailure, Resource};
use super::things::{self, Until};
use super::{finish, live, script, template, unmaking};
use crate::clock::later;
use crate::faults::FaultKind;
use crate::realm::{Beyond, Realm};
use jiff::{SignedDuration, Timestamp};
use script::{Step, note, plan};

/// How often a custom resource's function looks after its restore job.
const LOOKS: f64 = 15.0;
/// What CloudFormation says when a function never answers.
const SILENT: &str = "CloudFormation did not receive a response from your Custom Resource. Please check your logs for \
                      requestId. If you are using the Python cfn-response module, you may need to update your Lambda \
                      function code so that CloudFormation can attach the updated version.";

/// A restore job that a resource waits for.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    /// The job's id.
    pub(crate) job: String,
    /// From then on nobody looks any more: the function has timed out.
    pub(crate) deaf: Timestamp,
    /// Then CloudFormation gives up.
    pub(crate) dead: Timestamp,
    /// Whether the function knows that `ABORTED` is an end.
    pub(crate) knows_aborted: bool,
}

/// Begins with the resources that need nothing.
pub(crate) fn begin(realm: &mut Realm, id: &str, at: Timestamp) {
    let order = realm.cloud.stacks.get(id).map(|stack| live::asked(realm, stack, template::dependencies));
    let waiting = order.and_then(Result::ok).unwrap_or_default();
    if let Some(running) = realm.cloud.stacks.get_mut(id).and_then(|stack| stack.running.as_mut()) {
        running.waiting = waiting;
    }
    go_on(realm, id, later(at, realm.pace.exact(1.0)));
}

/// Begins every resource that waits for nothing any more, or ends the creation.
fn go_on(realm: &mut Realm, id: &str, at: Timestamp) {
    let Some(running) = realm.cloud.stacks.get_mut(id).and_then(|stack| stack.running.as_mut()) else {
        return;
    };
    let free: Vec<String> =
        running.waiting.iter().filter(|(_, needs)| needs.is_empty()).map(|(logical, _)| logical.clone()).collect();
    for logical in &free {
        running.waiting.remove(logical);
        running.busy.push(logical.clone());
    }
    let over = running.busy.is_empty() && running.waiting.is_empty();
    for logical in free {
        plan(realm, id, at, Step::Make(logical));
    }
    if over {
        plan(realm, id, at, Step::Created);
    }
}

/// A resource begins to be made, or fails at once.
pub(crate) fn make(realm: &mut Realm, beyond: &mut Beyond<'_>, id: &str, logical: &str, at: Timestamp) {
    let Some(stack) = realm.cloud.stacks.get(id) else {
        return;
    };
    let declared = stack.template.resource(logical).cloned().unwrap_or_default();
    let properties = live::asked(realm, stack, |scope| scope.properties(logical));
    let resource = Resource {
        logical: logical.to_owned(),
        physical: String::new(),
        kind: template::text(&declared, "Type"),
        status: String::new(),
        updated: at,
        deletion_policy: template::deletion_policy(&declared),
        reason: None,
        attributes: std::collections::BTreeMap::new(),
    };
    if let Some(stack) = realm.cloud.stacks.get_mut(id) {
        stack.resources.push(resource.clone());
    }
    note(realm, id, logical, "CREATE_IN_PROGRESS", None, at);
    if let Some(reason) = struck(beyond, logical) {
        return fail(realm, beyond, id, logical, &reason, at);
    }
    let made = properties
        .map_err(|error| things::said(realm, &resource.kind, &error))
        .and_then(|properties| things::make(realm, beyond, (id, &resource), &properties, at));
    match made {
        Err(reason) => fail(realm, beyond, id, logical, &reason, at),
        Ok(made) => {
            if let Some(known) = found(realm, id, logical) {
                known.physical = made.physical;
                known.attributes = made.attributes;
            }
            note(realm, id, logical, "CREATE_IN_PROGRESS", Some("Resource creation Initiated"), at);
            match made.until {
                Until::At(ready) => plan(realm, id, ready, Step::Made(logical.to_owned())),
                Until::Job(watch) => look_again(realm, id, logical, watch, at),
            }
        }
    }
}

fn found<'a>(realm: &'a mut Realm, id: &str, logical: &str) -> Option<&'a mut Resource> {
    let resources = &mut realm.cloud.stacks.get_mut(id)?.resources;
    resources.iter_mut().find(|each| each.logical == logical)
}

/// The reason of a fault that is waiting for this resource.
fn struck(beyond: &mut Beyond<'_>, logical: &str) -> Option<String> {
    let ours = |kind: &FaultKind| matches!(kind, FaultKind::CreateFailed { .. });
    match beyond.faults.draw("cloudformation:CreateStack", ours, Some(logical)) {
        Some(FaultKind::CreateFailed { reason }) if !reason.is_empty() => Some(reason),
        Some(_) => Some(script::TOLD.to_owned()),
        None => None,
    }
}

fn look_again(realm: &mut Realm, id: &str, logical: &str, watch: Watch, at: Timestamp) {
    let next = realm.exactly_after(at, LOOKS);
    let next = if next > watch.deaf { watch.dead } else { next };
    plan(realm, id, next, Step::Look(logical.to_owned(), Box::new(watch)));
}

/// A custom resource's function looks after its restore job.
pub(crate) fn look(
    realm: &mut Realm,
    beyond: &mut Beyond<'_>,
    id: &str,
    (logical, watch): (&str, Watch),
    at: Timestamp,
) {
    let job = realm.backup.restores.get(&watch.job);
    let status = job.map(|job| job.status.clone()).unwrap_or_default();
    let message = job.and_then(|job| job.message.clone()).unwrap_or_else(|| status.clone());
    if at >= watch.dead {
        return fail(realm, beyond, id, logical, SILENT, at);
    }
    match status.as_str() {
        "COMPLETED" => made(realm, id, logical, at),
        "ABORTED" if !watch.knows_aborted => look_again(realm, id, logical, watch, at),
        "FAILED" | "ABORTED" => {
            let request = realm.uuid();
            let text = format!(
                "Received response status [FAILED] from custom resource. Message returned: restore job {}: {message} \
                 (RequestId: {request})",
                watch.job
            );
            fail(realm, beyond, id, logical, &text, at);
        }
        _ => look_again(realm, id, logical, watch, at),
    }
}

/// A resource is there.
pub(crate) fn made(realm: &mut Realm, id: &str, logical: &str, at: Timestamp) {
    note(realm, id, logical, "CREATE_COMPLETE", None, at);
    if let Some(running) = realm.cloud.stacks.get_mut(id).and_then(|stack| stack.running.as_mut()) {
        running.busy.retain(|each| each != logical);
        for needs in running.waiting.values_mut() {
            needs.remove(logical);
        }
    }
    go_on(realm, id, at);
}

/// `CREATE_COMPLETE`: the application runs, unless it was created offline.
pub(crate) fn created(realm: &mut Realm, id: &str, at: Timestamp) {
    finish::become_status(realm, id, "CREATE_COMPLETE", None, at);
    finish::executed(realm, id, "EXECUTE_COMPLETE");
    let online = realm.cloud.stacks.get(id).is_some_and(|stack| stack.mode_of(&stack.parameters) != "offline");
    if let Some(contents) = realm.contents.get_mut(id).filter(|_| online) {
        contents.resume(at);
    }
}

/// A resource cannot be made; the others in progress are given up.
fn fail(realm: &mut Realm, beyond: &mut Beyond<'_>, id: &str, logical: &str, reason: &str, at: Timestamp) {
    note(realm, id, logical, "CREATE_FAILED", Some(reason), at);
    let Some(stack) = realm.cloud.stacks.get_mut(id) else {
        return;
    };
    stack.script += 1;
    let policy = stack.on_failure;
    let running = stack.running.as_mut();
    let busy = running.map(|each| std::mem::take(&mut each.busy)).unwrap_or_default();
    let begun = |each: &&String| stack.resources.iter().any(|it| it.logical == **each);
    let cancelled: Vec<String> = busy.iter().filter(|each| *each != logical).filter(begun).cloned().collect();
    for each in &cancelled {
        note(realm, id, each, "CREATE_FAILED", Some("Resource creation cancelled"), at);
    }
    let names: Vec<String> = std::iter::once(logical.to_owned()).chain(cancelled).collect();
    let text = format!("The following resource(s) failed to create: [{}]. ", names.join(", "));
    finish::executed(realm, id, "EXECUTE_FAILED");
    let (status, more) = match policy {
        OnFailure::DoNothing => ("CREATE_FAILED", ""),
        OnFailure::RollBack => ("ROLLBACK_IN_PROGRESS", "Rollback requested by user."),
        OnFailure::Delete => ("DELETE_IN_PROGRESS", "Delete requested by user."),
    };
    finish::become_status(realm, id, status, Some(&format!("{text}{more}")), at);
    if policy != OnFailure::DoNothing {
        let soon = later(at, realm.pace.exact(2.0).max(SignedDuration::from_millis(1)));
        unmaking::begin(realm, beyond, id, soon);
    }
}
