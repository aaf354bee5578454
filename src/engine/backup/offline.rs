//! GoingOffline: own *off* complete, the cluster `available` again, the last NFS writes in.

use jiff::SignedDuration;

use crate::engine::change::{self, Progress};
use crate::engine::home::{give_up, seconds};
use crate::engine::turn::{PATIENCE, SOON, Turn, View, later};
use crate::engine::{Look, Step};
use crate::model::history::Operation;
use crate::model::run::{Mode, Outcome, Phase, Window};
use crate::model::{ClusterStatus, Switch};

/// A change set that is never shown, or somebody else's update that never ends, is not waited for
/// any longer.
const NEVER_LEFT: SignedDuration = SignedDuration::from_mins(30);

pub(super) fn step(mut turn: Turn<'_>) -> Step {
    if turn.run.abort || turn.run.failing() {
        return give_up(turn);
    }
    if let Some(refusal) = turn.part_refused() {
        return fail(turn, refusal.to_string(), "");
    }
    turn = match turn.full() {
        Ok(turn) => turn,
        Err(step) => return *step,
    };
    if spent(&turn) {
        let what = match turn.run.quiet_from {
            Some(_) => "the offline budget was spent while the last writes were waited for",
            None => "the offline budget was spent before the stack was offline",
        };
        return fail(turn, what, "raise --max-offline");
    }
    if turn.run.left.is_none() && turn.run.prior == Some(Mode::Online) && turn.since_phase() > NEVER_LEFT {
        return fail(
            turn,
            "the stack could not be taken offline within half an hour; it was not changed",
            "look at the stack's change sets and events",
        );
    }
    let Some(view) = turn.view() else { return fail(turn, "the stack was deleted meanwhile", "") };
    if view.busy() {
        return wait_for_operation(turn, view);
    }
    if view.stack.status.stuck() {
        let what = format!("the stack is in {}", view.stack.status);
        return fail(turn, what, "");
    }
    let read = turn.mode(view);
    decide(turn, view, read)
}

fn decide(turn: Turn<'_>, view: View<'_>, read: Option<Mode>) -> Step {
    let own = view.history.own(&turn.run.id, Switch::Off).next();
    let came_back = view.history.own(&turn.run.id, Switch::On).any(Operation::took_effect);
    match (own, read) {
        _ if came_back => fail(turn, "the stack was brought back before the halves were taken", ""),
        (None, Some(Mode::Offline)) if turn.run.prior == Some(Mode::Offline) => {
            settle(turn, view.history.operations.first())
        }
        (Some(op), _) if !op.took_effect() => rolled_back(turn, op),
        (Some(op), Some(Mode::Offline)) if newest(view) == Some(op) => offline_by_us(turn, op),
        (None, Some(Mode::Online)) if turn.run.prior == Some(Mode::Online) => go_offline(turn, view),
        _ => fail(
            turn,
            "somebody else changed the stack while it was being taken offline",
            "try again when nobody else updates it",
        ),
    }
}

fn newest(view: View<'_>) -> Option<&Operation> {
    view.history.operations.iter().find(|op| op.took_effect())
}

fn go_offline(mut turn: Turn<'_>, view: View<'_>) -> Step {
    match change::advance(&mut turn, view, Switch::Off) {
        Progress::Going => turn.look_again_soon(),
        Progress::Executing => turn.wait(SOON, Look::EVENTS),
        Progress::NothingToChange => fail(
            turn,
            "CloudFormation says that the stack is offline already, its parameter says online",
            "look at the stack's parameters",
        ),
        Progress::Destroys(list) => {
            let what = format!("taking the stack offline would destroy data, so it was not done: {}", list.join("; "));
            turn.trouble(Outcome::Refused, what, "`stacksnap check` and the stack's template tell what changed");
            turn.end()
        }
        Progress::Refused(reason) => fail(turn, format!("CloudFormation could not make the change set: {reason}"), ""),
    }
}

fn rolled_back(turn: Turn<'_>, op: &Operation) -> Step {
    let reason = op.failure.as_ref().map(|f| format!(" ({}: {})", f.logical_id, f.reason)).unwrap_or_default();
    fail(
        turn,
        format!("the update that takes the stack offline rolled back{reason}"),
        "the stack is as it was; remove the cause and try again",
    )
}

fn offline_by_us(mut turn: Turn<'_>, op: &Operation) -> Step {
    turn.run.took.off = turn.run.took.off.or_else(|| seconds(op));
    // Whoever executed it may not have been able to say so: the budget counts all the same.
    turn.run.left.get_or_insert(op.began.min(turn.now));
    turn.run.window = Some(Window { from: op.began, to: None });
    settle(turn, Some(op))
}

/// Waits until the last NFS writes are in, and the cluster is `available` again: the mode change
/// itself may modify it.
fn settle(mut turn: Turn<'_>, last: Option<&Operation>) -> Step {
    let quiet_from = *turn.run.quiet_from.get_or_insert_with(|| ended_here(turn.now, turn.run.busy_at, last));
    let settled = later(quiet_from, SignedDuration::from_secs(i64::from(turn.run.options.settle)));
    let rest = settled.duration_since(turn.now);
    if rest > SignedDuration::ZERO {
        return turn.look_again(rest);
    }
    match turn.cluster().map(|cluster| &cluster.status) {
        Some(ClusterStatus::Available) => turn.to(Phase::Capturing),
        None => fail(turn, "the DB cluster is gone", ""),
        Some(status) if status.hopeless() => {
            let what = format!("the DB cluster is `{status}`");
            fail(turn, what, "")
        }
        Some(_) if turn.since_phase() > PATIENCE.saturating_mul(3) => {
            fail(turn, "the DB cluster did not become `available`", "")
        }
        Some(_) => turn.look_again(SignedDuration::from_secs(2)),
    }
}

/// When the operation ended, by the driver's clock: AWS's own time where that lies between the last
/// look that saw it under way and this one; a wrong clock must not shorten the settling.
fn ended_here(now: jiff::Timestamp, busy_at: Option<jiff::Timestamp>, last: Option<&Operation>) -> jiff::Timestamp {
    let said = last.and_then(|op| op.ended).unwrap_or(now);
    match busy_at {
        Some(busy) => said.clamp(busy.min(now), now),
        None => said.min(now),
    }
}

fn wait_for_operation(turn: Turn<'_>, view: View<'_>) -> Step {
    let Some(op) = view.history.under_way() else { return turn.look_again(SOON) };
    let expected = turn.run.expected.off;
    turn.wait_for(op, expected)
}

/// The budget, from the moment *off* was executed.
pub(super) fn spent(turn: &Turn<'_>) -> bool {
    let budget = SignedDuration::from_secs(i64::from(turn.run.options.max_offline));
    turn.run.left.is_some_and(|left| turn.now.duration_since(left) > budget)
}

fn fail(mut turn: Turn<'_>, what: impl Into<String>, hint: &str) -> Step {
    turn.trouble(Outcome::Failed, what, hint);
    turn.to(Phase::Resuming)
}
