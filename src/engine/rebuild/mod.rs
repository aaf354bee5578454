//! A new stack from a backup: `restore`, `drill`, `replace`.
//!
//! | phase | leaves when | on trouble |
//! |---|---|---|
//! | Preflight | the plan is kept, the backup is complete on both halves, the new name is free | refused, nothing touched |
//! | GoingOffline … Verifying (`replace`) | as for a backup, which is the *safety backup*; but the stack stays offline | as for a backup |
//! | Deleting (`replace`) | the old stack is DELETE_COMPLETE | before DeleteStack was asked for → Returning; DELETE_FAILED → stands still |
//! | Returning (`replace`) | the old stack is in the mode it had before | three attempts, then loudly (exit 3) |
//! | Creating | the new stack is CREATE_COMPLETE | `restore` ends and leaves it; `drill` → Clearing; `replace` → Clearing, or asks |
//! | Proving | cluster `available`, parameters and restore job are the plan's, the probe answers | the same |
//! | Clearing (`drill`, `replace` undone) | what the run made is deleted, by physical ids | what is left is listed |
//! | Recreating, Reproving (`replace` undone) | the safety backup is restored and proven | loudly: the safety backup and the command that restores it |
//! | Done | | |
//!
//! What the order protects:
//!
//! * Nothing is deleted before the backup is proven **and** a safety backup of this very run is
//!   complete, and the stack has been offline without interruption since: nothing written in between
//!   is lost.
//! * DeleteStack is the one act for which CloudFormation has no compare-and-swap. So its intent is saved
//!   one tick earlier ([`Rebuilt::deleting`](crate::model::rebuild::Rebuilt)); it names the stack's ARN,
//!   never its name; it is done only right after a full look (`Action::perishable`); and whoever brings
//!   the stack back after an intent first switches termination protection on, which refuses the
//!   DeleteStack of a driver that slept.
//! * A stack is this run's only if it bears the run's tag, which CreateStack gave it.

mod clear;
mod create;
mod delete;
mod preflight;
mod prove;

pub(super) use preflight::check_intent;

use std::sync::Arc;

use super::turn::{PATIENCE, SOON, Turn};
use super::{Action, Halt, Look, Next, Step, backup};
use crate::model::arn::Arn;
use crate::model::history::{Failure, History, Operation};
use crate::model::new_stack::NewStack;
use crate::model::rebuild::{Aim, SAFETY_POINT, Undo};
use crate::model::run::{Kind, Outcome, Phase, Run};
use crate::model::stack::Stack;
use crate::model::{Seen, tags};

/// What has to be there before anything is begun.
pub(super) const INTENT: Look = Look { plan: true, marks: true, ..Look::NONE };

pub(super) fn first_look(run: &Run) -> Look {
    let fresh = Look { record: true, fresh: true, ..Look::NONE };
    let planned = Look { plan: true, ..fresh };
    let safety = Look { point: true, ..Look::HALVES };
    match run.phase {
        Phase::Preflight => INTENT.and(fresh),
        Phase::Deleting => Look::STACK.and(safety).and(INTENT),
        Phase::Returning => Look { cluster: true, ..Look::STACK },
        Phase::Creating => Look { marks: create::looks_at_marks(run), ..planned },
        Phase::Recreating => planned,
        Phase::Clearing if run.kind == Kind::Replace => planned,
        Phase::Proving | Phase::Reproving => {
            let drill = run.kind == Kind::Drill;
            let probe = drill && run.target.aim.as_ref().is_some_and(|aim| aim.probe.is_some());
            Look { parts: true, marks: drill, probe, ..planned }
        }
        _ => fresh,
    }
}

pub(super) fn step(mut turn: Turn<'_>) -> Step {
    let Some(aim) = turn.run.target.aim.clone() else {
        // A record that says so was not written by us.
        return turn.end();
    };
    if slept(&turn) {
        let step = turn.look_now();
        return Step { save: false, ..step };
    }
    if let Some(phase) = overtaken(&turn) {
        return turn.to(phase);
    }
    if unexplained(&turn) {
        return turn.full().map_or_else(|step| *step, |turn| turn.look_again(SOON));
    }
    let safety = matches!(turn.run.phase, Phase::GoingOffline | Phase::Capturing);
    if safety && turn.stack_gone() {
        turn.trouble(Outcome::Failed, "the stack was deleted meanwhile", "");
        return turn.to(Phase::Resuming);
    }
    if mistaken(&turn) && !turn.tired(create::LANDING, 3) {
        return turn.look_again(SOON);
    }
    if matches!(turn.run.phase, Phase::Recreating | Phase::Reproving) {
        // Whoever knew why may have died.
        turn.trouble(Outcome::Failed, "the new stack failed, so the safety backup is restored", "");
    }
    match turn.run.phase {
        Phase::Preflight if turn.run.kind != Kind::Replace => preflight::step(turn, &aim),
        Phase::Deleting => delete::step(turn),
        Phase::Returning => delete::returning(turn),
        Phase::Creating | Phase::Recreating => create::step(turn, &aim),
        Phase::Proving | Phase::Reproving => prove::step(turn, &aim),
        Phase::Clearing => clear::step(turn, &aim),
        _ => backup::step(turn),
    }
}

/// The new stack was looked for by its name, and only now the record told its ARN: by its name, a stack that is
/// deleted is not found.
fn mistaken(turn: &Turn<'_>) -> bool {
    let Some(id) = turn.run.made().id.as_deref() else { return false };
    turn.run.phase > Phase::Returning
        && turn.seen.fresh.known()
        && turn.seen.fresh.here().is_none_or(|stack| stack.id != id)
}

/// A light look after a long time: others may have driven the run on, and an old record must not be put back.
fn slept(turn: &Turn<'_>) -> bool {
    let long_ago = |at| turn.now.duration_since(at) >= PATIENCE;
    turn.run.kind == Kind::Replace && !turn.seen.look.record && turn.run.looked.is_none_or(long_ago)
}

/// The stack is gone or going, and its log, which tells by whom, could not be read.
fn unexplained(turn: &Turn<'_>) -> bool {
    let before = turn.run.kind == Kind::Replace && turn.run.phase < Phase::Deleting;
    before && turn.stack_gone() && !turn.seen.history.known()
}

/// Where the run stands, if AWS's own log says that it is further than its record: a driver that slept may
/// have put an old one back after whoever knew more had died.
fn overtaken(turn: &Turn<'_>) -> Option<Phase> {
    if turn.run.kind != Kind::Replace {
        return None;
    }
    if turn.run.phase < Phase::Recreating && created_last(turn) {
        return Some(Phase::Recreating);
    }
    (turn.run.phase < Phase::Deleting && own_deletion(turn).is_some()).then_some(Phase::Deleting)
}

/// The stack of the name was created of the safety backup.
fn created_last(turn: &Turn<'_>) -> bool {
    operations(&turn.seen.fresh_history).last().and_then(|op| op.token.as_deref())
        == Some(create_token(&turn.run, 2).as_str())
}

/// Newest first; none where they could not be seen.
fn operations(history: &Seen<History>) -> &[Operation] {
    history.here().map(|history| history.operations.as_slice()).unwrap_or_default()
}

/// `: AppDb: the quota is used up`, where CloudFormation says what failed first.
fn because(failure: Option<&Failure>) -> String {
    failure.map(|failure| format!(": {}: {}", failure.logical_id, failure.reason)).unwrap_or_default()
}

/// Its ARN is a fact, whatever else could not be seen.
fn note_made(turn: &mut Turn<'_>) {
    if let Some(stack) = turn.seen.fresh.here().filter(|stack| own(&turn.run, stack)) {
        turn.run.made_mut().id.get_or_insert_with(|| stack.id.clone());
    }
}

/// This run's DeleteStack of the old stack, the newest.
fn own_deletion<'a>(turn: &Turn<'a>) -> Option<&'a Operation> {
    let ours = format!("ss-delete-{}-", turn.run.id);
    operations(&turn.seen.history).iter().find(|op| op.token.as_deref().is_some_and(|token| token.starts_with(&ours)))
}

/// Where a verified safety backup leads, and where a failed one does.
pub(super) fn safety_verified(mut turn: Turn<'_>) -> Step {
    if turn.run.abort {
        turn.trouble(Outcome::Aborted, "the run was given up before anything was deleted", "");
    }
    if turn.run.failing() { turn.to(Phase::Returning) } else { turn.to(Phase::Deleting) }
}

/// CreateStack gave it this run's tag, and it is the one at hand.
fn own(run: &Run, stack: &Stack) -> bool {
    !former(run, stack) && stack.tags.iter().any(|tag| tag.key == tags::RUN && tag.value == run.id.as_str())
}

/// The stack that had the name before: an answer by name that is behind may still show it.
fn former(run: &Run, stack: &Stack) -> bool {
    let first = run.phase >= Phase::Recreating && run.rebuilt.first.id.as_deref() == Some(&stack.id);
    first || stack.id == run.target.stack_id
}

/// Stands still until somebody has done something; a run that was given up ends loudly instead.
fn stand_still(turn: Turn<'_>, halt: Halt) -> Step {
    if !turn.run.abort {
        return turn.finish(Next::Halted(halt));
    }
    let hint = format!("{}; {}", halt.hint, by_hand(&turn.run));
    turn.strand(halt.what, hint)
}

/// How the safety backup is restored without this run.
fn by_hand(run: &Run) -> String {
    let stack = &run.target.stack;
    format!(
        "the safety backup {0} is complete: once {stack} is deleted, `stacksnap restore {0} --new-stack {stack}`",
        run.id
    )
}

/// Somebody asked to try again what was refused.
fn forgive(turn: &mut Turn<'_>) {
    if turn.run.refused.is_some() && std::mem::take(&mut turn.run.urged) {
        turn.run.refused = None;
    }
}

/// The stack that is at hand, as it is planned; with the safety backup's recovery point, which was not known
/// when the plan was made.
fn planned(turn: &Turn<'_>) -> Option<Arc<NewStack>> {
    let plan = turn.seen.plan.here()?;
    if turn.run.phase < Phase::Recreating {
        return Some(plan.first.clone());
    }
    let mut stack = NewStack::clone(plan.second.as_deref()?);
    let point = turn.run.restoring()?;
    for parameter in stack.parameters.iter_mut().filter(|parameter| parameter.value.ends_with(SAFETY_POINT)) {
        parameter.value = point.to_owned();
    }
    Some(Arc::new(stack))
}

/// The new stack is not what it should be.
fn failed(mut turn: Turn<'_>, aim: &Aim, outcome: Outcome, what: String) -> Step {
    let kept = format!("look at its events: `{}`", events(turn.run.made().id.as_deref(), &aim.name));
    if turn.run.phase >= Phase::Recreating {
        let hint = format!(
            "the safety backup {0} is complete; remove the cause, delete what is left of {1}, then `stacksnap restore {0} --new-stack {1}`",
            turn.run.id, aim.name
        );
        return turn.strand(what, hint);
    }
    if turn.run.kind == Kind::Replace {
        return undo(turn, aim, outcome, what, kept);
    }
    turn.trouble(outcome, what, kept);
    if turn.run.kind == Kind::Drill { turn.to(Phase::Clearing) } else { turn.end() }
}

/// By its ARN: a stack that is deleted again has no name any more, and its events are there for ninety days.
fn events(id: Option<&str>, name: &str) -> String {
    let region = id.and_then(|id| id.parse::<Arn>().ok()).map(|arn| format!(" --region {}", arn.region));
    let stack = id.unwrap_or(name);
    format!("aws cloudformation describe-stack-events --stack-name {stack}{}", region.unwrap_or_default())
}

/// The safety backup's stack is planned.
fn can_undo(turn: &Turn<'_>) -> bool {
    turn.seen.plan.here().is_some_and(|plan| plan.second.is_some())
}

/// A replacement whose new stack failed: the safety backup is restored, or somebody is asked.
///
/// While nobody has decided, it is no trouble yet: the cause may be removed, and the run go on.
fn undo(mut turn: Turn<'_>, aim: &Aim, outcome: Outcome, what: String, kept: String) -> Step {
    let undo = match &turn.seen.plan {
        Seen::NotLooked | Seen::Unknown(_) => Undo::Ask,
        // Nothing is deleted that could not be made again.
        _ if !can_undo(&turn) => Undo::Keep,
        _ if turn.run.rebuilt.roll_back => Undo::Rollback,
        _ => aim.undo.unwrap_or(Undo::Ask),
    };
    match undo {
        Undo::Rollback => {
            turn.trouble(outcome, what, kept);
            turn.to(Phase::Clearing)
        }
        Undo::Ask if !turn.run.abort => {
            let stack = &turn.run.target.stack;
            let hint = format!(
                "`stacksnap resume {stack} --roll-back` deletes it and restores the safety backup {}; `stacksnap abort {stack}` leaves everything as it is; {kept}",
                turn.run.id
            );
            let halt = Halt { what: format!("{what}; the old stack is deleted"), hint, asks: true };
            turn.finish(Next::Halted(halt))
        }
        Undo::Ask | Undo::Keep => {
            turn.trouble(outcome, what, kept);
            let hint = by_hand(&turn.run);
            turn.strand(format!("{} was left as it is", aim.name), hint)
        }
    }
}

fn create_token(run: &Run, which: u8) -> String {
    format!("ss-create-{}-{which}", run.id)
}

fn delete_token(run: &Run, attempt: usize) -> String {
    format!("ss-delete-{}-{attempt}", run.id)
}

/// The run is over: what it kept is deleted, then the lock goes.
pub(super) fn tidy(turn: &mut Turn<'_>) {
    if turn.run.target.aim.is_some() {
        let (stack, run) = (turn.run.target.stack.clone(), turn.run.id.clone());
        turn.actions.push(Action::DropPlan { stack, run });
    }
}
