//! Deleting the old stack, and bringing it back where it was not deleted.

use jiff::SignedDuration;

use super::create::LANDING;
use super::preflight::unproven;
use super::{because, delete_token, forgive, operations, own_deletion, stand_still};
use crate::engine::home::{self, Duty};
use crate::engine::turn::{PATIENCE, SOON, Turn, View};
use crate::engine::{Action, Halt, Step, fence, labels};
use crate::model::run::{Mode, Outcome, Phase};
use crate::model::tags::COMPLETE;
use crate::model::{Seen, SnapshotStatus, StackStatus, Switch};

/// Protection, and the deletion, are asked for so often; then the stack is brought back without.
const TRIES: u32 = 5;

pub(super) fn step(turn: Turn<'_>) -> Step {
    match gone(&turn) {
        Some(Going::Gone) => return turn.to(Phase::Creating),
        Some(Going::Leaving) => return turn.look_again(SignedDuration::from_secs(10)),
        Some(Going::Failed) => return stands_still(turn),
        None => {}
    }
    let mut turn = match turn.full() {
        Ok(turn) => turn,
        Err(step) => return *step,
    };
    if own_deletion(&turn).is_some_and(|op| !op.ended()) {
        // The events are ahead of the stack's status.
        return turn.look_again(SOON);
    }
    forgive(&mut turn);
    if let Some(why) = forbidden(&turn) {
        if may_have_been_asked(&turn) {
            // What was seen may be from before the deletion was asked for.
            return turn.look_again(SOON);
        }
        turn.trouble(Outcome::Failed, why, "begin again when nobody else changes the stack");
    }
    if let Some(why) = refused(&turn) {
        turn.trouble(Outcome::Failed, why, "the old stack was not deleted");
    }
    if turn.run.abort {
        turn.trouble(Outcome::Aborted, "the run was given up", "");
    }
    if turn.run.failing() {
        return turn.to(Phase::Returning);
    }
    match turn.run.rebuilt.deleting {
        None => {
            // Saved before it is done, and done only after another full look: whoever brings the stack
            // back must know that a DeleteStack may be on its way.
            turn.run.rebuilt.deleting = Some(turn.now);
            turn.look_now()
        }
        Some(_) => ask(turn, 0),
    }
}

/// DeleteStack was asked for a moment ago: it may not be shown yet.
fn may_have_been_asked(turn: &Turn<'_>) -> bool {
    turn.run.rebuilt.deleting.is_some_and(|at| turn.now.duration_since(at) < LANDING)
}

/// AWS does not do it, however often it is asked.
fn refused(turn: &Turn<'_>) -> Option<String> {
    turn.refused(TRIES).map(|refusal| format!("CloudFormation refuses to delete the old stack: {refusal}"))
}

enum Going {
    Leaving,
    Gone,
    Failed,
}

fn gone(turn: &Turn<'_>) -> Option<Going> {
    match &turn.seen.stack {
        // CloudFormation shows a deleted stack by its ARN for ninety days.
        Seen::Missing => Some(Going::Gone),
        Seen::Here(stack) => match stack.status {
            StackStatus::DeleteComplete => Some(Going::Gone),
            StackStatus::DeleteInProgress => Some(Going::Leaving),
            StackStatus::DeleteFailed => Some(Going::Failed),
            _ => None,
        },
        _ => None,
    }
}

fn ask(mut turn: Turn<'_>, attempt: usize) -> Step {
    let stack_id = turn.run.target.stack_id.clone();
    let token = delete_token(&turn.run, attempt);
    turn.actions.push(Action::DeleteStack { stack_id, token });
    turn.look_again(SOON)
}

/// Why the stack must not be deleted now.
fn forbidden(turn: &Turn<'_>) -> Option<String> {
    let Some(view) = turn.view() else { return Some("the stack could not be looked at".to_owned()) };
    let Some(aim) = turn.run.target.aim.as_ref() else { return Some("the run has no aim".to_owned()) };
    if turn.run.lost {
        return Some("the run's record is gone".to_owned());
    }
    if view.stack.termination_protection {
        return Some("the stack's termination protection was switched on".to_owned());
    }
    if view.busy() {
        return Some("somebody else is changing the stack".to_owned());
    }
    if turn.seen.plan.here().is_none_or(|plan| plan.second.is_none()) {
        return Some("the run's plan is gone".to_owned());
    }
    unproven(turn, aim).or_else(|| unsafe_without(turn, view))
}

/// The safety backup is complete, and the stack has been offline since.
fn unsafe_without(turn: &Turn<'_>, view: View<'_>) -> Option<String> {
    let (Some(snapshot), Some(job), Some(point)) =
        (turn.seen.snapshot.here(), turn.seen.job.here(), turn.seen.point.here())
    else {
        return Some("a half of the safety backup is not there".to_owned());
    };
    let marked = snapshot.tags.contains_key(COMPLETE)
        && point.tags.as_ref().is_some_and(|tags| tags.contains_key(COMPLETE))
        && labels::is_own(&turn.run, &snapshot.tags);
    let complete = snapshot.status == SnapshotStatus::Available && point.status.complete();
    if !(marked && complete) {
        return Some("the safety backup is not complete".to_owned());
    }
    let offline = turn.mode(view) == Some(Mode::Offline);
    // One that rolled back counts, too: the stack may have been up, and written to, for a while.
    let newest = view.history.operations.first();
    let ours = newest.is_some_and(|op| op.is(&turn.run.id, Switch::Off) && op.took_effect());
    let before = turn.run.prior == Some(Mode::Offline) && newest.is_none_or(|op| op.ended <= turn.run.base_at);
    if !(offline && (ours || before)) {
        return Some("somebody changed the stack after the safety backup was taken".to_owned());
    }
    fence(&turn.run, view.stack, view.history, snapshot, job).err()
}

/// DELETE_FAILED: half of it is gone, and nobody guesses what to do about the rest.
fn stands_still(mut turn: Turn<'_>) -> Step {
    let operations = operations(&turn.seen.history);
    let reason = because(operations.first().and_then(|op| op.failure.as_ref()));
    let attempts = operations.iter().filter(|op| op.status == StackStatus::DeleteFailed).count();
    if std::mem::take(&mut turn.run.urged) && !turn.run.abort {
        turn.run.refused = None;
        return ask(turn, attempts);
    }
    let stack = turn.run.target.stack.clone();
    let halt = Halt {
        what: format!("the old stack could not be deleted{reason}"),
        hint: format!(
            "remove the cause (the resources that are left are in DELETE_FAILED), then `stacksnap resume {stack}` goes on; the safety backup {} is complete",
            turn.run.id
        ),
        asks: false,
    };
    stand_still(turn, halt)
}

/// Back to the mode it had before.
pub(super) fn returning(turn: Turn<'_>) -> Step {
    match gone(&turn) {
        Some(Going::Gone) => return too_late(turn),
        Some(Going::Leaving) => return turn.look_again(SignedDuration::from_secs(10)),
        Some(Going::Failed) => return stands_still(turn),
        None => {}
    }
    let Some(stack) = turn.seen.stack.here() else {
        return match turn.full() {
            Ok(turn) => turn.look_again(SOON),
            Err(step) => *step,
        };
    };
    // Whether or not this record knows of the intent: a late save may have hidden it.
    if !stack.termination_protection && turn.refused(TRIES).is_none() {
        return protect(turn, stack.id.clone());
    }
    let mut turn = turn;
    turn.warn(if stack.termination_protection {
        "the stack's termination protection was switched on, so that no late request deletes it"
    } else {
        "the stack's termination protection could not be switched on: a late request may still delete it"
    });
    home::step(turn, Duty::Debt, over)
}

fn over(turn: Turn<'_>) -> Step {
    turn.end()
}

/// A driver that slept may still hold a DeleteStack: with the protection on, CloudFormation refuses it.
fn protect(mut turn: Turn<'_>, stack_id: String) -> Step {
    turn.actions.push(Action::Protect { stack_id, on: true });
    let wait = if turn.since_phase() > PATIENCE { SignedDuration::from_secs(15) } else { SOON };
    turn.look_again(wait)
}

/// DeleteStack was on its way when the run was given up: what is gone is made again.
fn too_late(mut turn: Turn<'_>) -> Step {
    turn.warn("the old stack was already being deleted when the run was given up, so the new one is created");
    turn.to(Phase::Creating)
}
