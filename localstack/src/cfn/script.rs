//! The course of a stack operation: steps written in advance, performed in their time.

use super::making::{self, Watch};
use super::resources::{begin_resource, end_resource};
use super::rollback::{back_resource, fail};
use super::state::{Change, Fate};
use super::unmaking;
use crate::agenda::Event;
use crate::clock::{later, seconds};
use crate::realm::{Beyond, Realm};
use jiff::{SignedDuration, Timestamp};

/// What the event of a fault says.
pub(crate) const TOLD: &str = "Resource handler returned message: \"The sandbox was told to fail\" \
                               (HandlerErrorCode: GeneralServiceException)";
/// A DB cluster's type.
pub(crate) const CLUSTER: &str = "AWS::RDS::DBCluster";
/// A nested stack's type.
pub(crate) const NESTED: &str = "AWS::CloudFormation::Stack";

/// Something that happens in the course of an operation.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A resource begins to change.
    Begin(String),
    /// A resource has changed.
    End(String),
    /// A resource cannot be changed.
    Fail(String, String),
    /// The last server is gone: nobody writes any more.
    ServersGone,
    /// The first server runs: somebody writes again.
    ServersBack,
    /// `UPDATE_COMPLETE_CLEANUP_IN_PROGRESS`.
    CleanUp,
    /// `UPDATE_COMPLETE`.
    Complete,
    /// A resource goes back to what it was: begins.
    BeginBack(String),
    /// A resource has gone back.
    EndBack(String),
    /// `UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS`.
    CleanUpBack,
    /// `UPDATE_ROLLBACK_COMPLETE`.
    CompleteBack,
    /// `UPDATE_ROLLBACK_FAILED`.
    FailBack,
    /// A resource of a new stack begins to be made.
    Make(String),
    /// A resource of a new stack is there.
    Made(String),
    /// A custom resource's function looks after its restore job.
    Look(String, Box<Watch>),
    /// `CREATE_COMPLETE`.
    Created,
    /// A resource begins to go.
    Unmake(String),
    /// A resource is gone.
    Unmade(String),
    /// `DELETE_COMPLETE`, or `ROLLBACK_COMPLETE`.
    Deleted,
}

/// Plans a step of the stack's present script.
pub(crate) fn plan(realm: &mut Realm, stack: &str, at: Timestamp, step: Step) {
    let script = realm.cloud.stacks.get(stack).map_or(0, |each| each.script);
    let stack = stack.to_owned();
    realm.agenda.plan(at, Event::Stack { stack, script, step });
}

/// A share of a duration.
pub(crate) fn part(total: SignedDuration, share: f64) -> SignedDuration {
    seconds(total.as_secs_f64() * share)
}

/// Writes an update's script; `to` is the mode it switches to, if it does.
pub(crate) fn write_update(realm: &mut Realm, id: &str, at: Timestamp, total: SignedDuration, to: Option<&str>) {
    let Some(running) = realm.cloud.stacks.get(id).and_then(|stack| stack.running.clone()) else {
        return;
    };
    let made: Vec<&Change> = running.changes.iter().filter(|each| each.action != "Remove").collect();
    for (place, change) in made.iter().enumerate() {
        let (from, until) = window(change, place, made.len());
        plan(realm, id, later(at, part(total, from)), Step::Begin(change.logical.clone()));
        plan(realm, id, later(at, part(total, until)), Step::End(change.logical.clone()));
    }
    match to {
        Some("offline") => plan(realm, id, later(at, part(total, 0.30)), Step::ServersGone),
        Some("online") => plan(realm, id, later(at, part(total, 0.95)), Step::ServersBack),
        _ => {}
    }
    if running.fate != Fate::Succeeds {
        let (victim, share) = victim(&made);
        plan(realm, id, later(at, part(total, share)), Step::Fail(victim, TOLD.to_owned()));
    }
    plan(realm, id, later(at, total), Step::CleanUp);
    plan(realm, id, running.complete_at, Step::Complete);
}

/// Servers go first, the cluster last, the rest in between.
#[expect(clippy::cast_precision_loss, reason = "a stack has few hundred resources")]
fn window(change: &Change, place: usize, count: usize) -> (f64, f64) {
    match change.kind.as_str() {
        "AWS::AutoScaling::AutoScalingGroup" => (0.02, 0.32),
        CLUSTER => (0.5, 0.9),
        NESTED => (0.1, 0.85),
        _ => {
            let from = 0.05 + 0.5 * (place as f64) / (count.max(1) as f64);
            (from, from + 0.35)
        }
    }
}

/// The resource that fails, and when: at 60 % one that is in progress then, the cluster if
/// it can be helped not; otherwise the last one, just before its end.
fn victim(made: &[&Change]) -> (String, f64) {
    const SHARE: f64 = 0.6;
    let busy = |(place, change): &(usize, &&Change)| {
        let (from, until) = window(change, *place, made.len());
        from < SHARE && SHARE < until
    };
    let rows: Vec<(usize, &&Change)> = made.iter().enumerate().filter(busy).collect();
    let spared = rows.iter().rev().find(|(_, change)| change.kind != CLUSTER);
    match spared.or(rows.first()) {
        Some((_, change)) => (change.logical.clone(), SHARE),
        None => {
            let last = made.iter().enumerate().next_back();
            let end = last.map_or(SHARE, |(place, change)| window(change, place, made.len()).1 - 0.01);
            (last.map(|(_, change)| change.logical.clone()).unwrap_or_default(), end)
        }
    }
}

/// Performs a step, unless its script has been replaced.
pub(crate) fn perform(realm: &mut Realm, beyond: &mut Beyond<'_>, id: &str, script: u64, step: Step, at: Timestamp) {
    if realm.cloud.stacks.get(id).is_none_or(|stack| stack.script != script) {
        return;
    }
    match step {
        Step::Begin(logical) => begin_resource(realm, beyond, id, &logical, at),
        Step::End(logical) => end_resource(realm, beyond, id, &logical, at),
        Step::Fail(logical, reason) => fail(realm, id, &logical, &reason, at),
        Step::ServersGone => servers_gone(realm, id, at),
        Step::ServersBack => servers_back(realm, id, at),
        Step::CleanUp => super::finish::clean_up(realm, id, at),
        Step::Complete => super::finish::complete(realm, beyond, id, at),
        Step::BeginBack(logical) => back_resource(realm, id, &logical, "IN_PROGRESS", at),
        Step::EndBack(logical) => {
            super::rollback::take_back(realm, beyond, id, &logical, at);
            back_resource(realm, id, &logical, "COMPLETE", at);
        }
        Step::CleanUpBack => super::finish::clean_up_back(realm, id, at),
        Step::CompleteBack => super::finish::complete_back(realm, id, at),
        Step::FailBack => super::finish::fail_back(realm, id, at),
        Step::Make(logical) => making::make(realm, beyond, id, &logical, at),
        Step::Made(logical) => making::made(realm, id, &logical, at),
        Step::Look(logical, watch) => making::look(realm, beyond, id, (&logical, *watch), at),
        Step::Created => making::created(realm, id, at),
        Step::Unmake(logical) => unmaking::unmake(realm, beyond, id, &logical, at),
        Step::Unmade(logical) => unmaking::unmade(realm, id, &logical, at),
        Step::Deleted => unmaking::deleted(realm, id, at),
    }
}

/// Writes a row of history about a resource.
pub(crate) fn note(realm: &mut Realm, id: &str, logical: &str, status: &str, reason: Option<&str>, at: Timestamp) {
    let unique = realm.uuid();
    if let Some(stack) = realm.cloud.stacks.get_mut(id) {
        stack.resource_event(logical, status, reason, at, &unique);
    }
}

fn servers_gone(realm: &mut Realm, id: &str, at: Timestamp) {
    let running = realm.cloud.stacks.get(id).and_then(|stack| stack.running.as_ref());
    let complete = running.map_or(at, |each| each.complete_at);
    let late = realm.exactly_after(complete, realm.pace.durations.late_writes * 0.95);
    if let Some(contents) = realm.contents.get_mut(id) {
        contents.stop(at, late);
    }
}

fn servers_back(realm: &mut Realm, id: &str, at: Timestamp) {
    if let Some(contents) = realm.contents.get_mut(id) {
        contents.resume(at);
    }
}
