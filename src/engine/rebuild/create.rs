//! Creating: CreateStack, once; then waiting for it.

use jiff::SignedDuration;

use super::preflight::unproven;
use super::{
    because, by_hand, create_token, failed, forgive, former, note_made, operations, own, planned, stand_still,
};
use crate::engine::turn::{PATIENCE, SOON, Turn};
use crate::engine::{Action, Halt, Step};
use crate::model::rebuild::{Aim, Made};
use crate::model::run::{Kind, Outcome, Phase, Run};
use crate::model::stack::Stack;
use crate::model::{RefusalKind, Seen, StackStatus};

/// CreateStack is asked for so often although AWS refuses it.
const REFUSALS: u32 = 3;
/// A stack that was just created may not be shown yet.
pub(super) const LANDING: SignedDuration = SignedDuration::from_mins(2);

pub(super) fn step(mut turn: Turn<'_>, aim: &Aim) -> Step {
    note_made(&mut turn);
    if let Seen::Unknown(refusal) = &turn.seen.plan
        && !refusal.kind.passes()
        && turn.run.made().id.is_none()
    {
        let what = format!("the run's plan cannot be used: {refusal}");
        if turn.run.kind == Kind::Replace {
            // The old stack is gone: nothing is given up for want of a value.
            let hint = by_hand(&turn.run);
            return stand_still(turn, Halt { what, hint, asks: false });
        }
        return failed(turn, aim, Outcome::Failed, what);
    }
    let mut turn = match turn.full() {
        Ok(turn) => turn,
        Err(step) => return *step,
    };
    if turn.run.abort && turn.run.kind != Kind::Replace {
        let hint = left(aim, &turn.run);
        turn.trouble(Outcome::Aborted, "the run was given up", hint);
        return if turn.run.kind == Kind::Drill { turn.to(Phase::Clearing) } else { turn.end() };
    }
    match turn.seen.fresh.here() {
        Some(stack) if own(&turn.run, stack) => watch(turn, aim, stack),
        Some(stack) if former(&turn.run, stack) && turn.since_phase() < PATIENCE => turn.look_again(SOON),
        Some(stack) => {
            let what = format!("somebody else made a stack named {} meanwhile ({})", aim.name, stack.id);
            failed(turn, aim, Outcome::Failed, what)
        }
        None => ask(turn, aim),
    }
}

fn left(aim: &Aim, run: &Run) -> String {
    let Made { id, asked, .. } = run.made();
    match id {
        Some(id) => format!("stack {id} stays, and nothing proves it; if you do not want it, delete it by hand"),
        None if asked.is_some() => {
            format!("stack {} may have been created; if you do not want it, delete it by hand", aim.name)
        }
        None => String::new(),
    }
}

/// A stack that replaces none is only asked for on a look that shows the backup's marks: a prune takes them off, and
/// waits for longer than such a look is fresh before it looks for stacks that name the backup.
pub(super) fn looks_at_marks(run: &Run) -> bool {
    run.kind != Kind::Replace && run.rebuilt.first.id.is_none()
}

/// A prune has begun to delete the backup since the preflight: it is not asked for any more.
fn going(turn: &Turn<'_>, aim: &Aim) -> Option<String> {
    if looks_at_marks(&turn.run) { unproven(turn, aim) } else { None }
}

fn ask(mut turn: Turn<'_>, aim: &Aim) -> Step {
    if let Some(why) = going(&turn, aim) {
        // What was asked for before may only not be shown yet.
        if turn.run.made().asked.is_some() && turn.since_phase() < LANDING {
            return turn.look_again(SOON);
        }
        return failed(turn, aim, Outcome::Failed, why);
    }
    if turn.run.made().id.is_some() {
        // It was seen, and is not there any more (or not yet again).
        if turn.since_phase() < LANDING {
            return turn.look_again(SOON);
        }
        return failed(turn, aim, Outcome::Failed, format!("the new stack {} was deleted meanwhile", aim.name));
    }
    if turn.run.lost && turn.run.kind != Kind::Replace {
        return failed(turn, aim, Outcome::Failed, "the run's record is gone".to_owned());
    }
    if !turn.run.rebuilt.roll_back {
        forgive(&mut turn);
    }
    if let Some(refused) = turn.run.refused.as_ref() {
        let hopeless = refused.last.kind == RefusalKind::Invalid || refused.times >= REFUSALS;
        if hopeless {
            let what = format!("CloudFormation refuses to create {}: {}", aim.name, refused.last);
            return failed(turn, aim, Outcome::Failed, what);
        }
    }
    let Some(stack) = planned(&turn) else {
        return failed(turn, aim, Outcome::Failed, "the run's plan is gone".to_owned());
    };
    let token = create_token(&turn.run, if turn.run.phase == Phase::Recreating { 2 } else { 1 });
    let now = turn.now;
    turn.run.made_mut().asked.get_or_insert(now);
    // Twice is once: the name can be taken only once, and a stack that is ours bears the run's tag.
    turn.actions.push(Action::CreateStack { stack, token });
    turn.look_again(SOON)
}

fn watch(turn: Turn<'_>, aim: &Aim, stack: &Stack) -> Step {
    let status = &stack.status;
    if status.updatable() {
        let proving = if turn.run.phase == Phase::Recreating { Phase::Reproving } else { Phase::Proving };
        return turn.to(proving);
    }
    let rolling_back = *status == StackStatus::RollbackInProgress;
    if status.in_progress() && *status != StackStatus::DeleteInProgress {
        let wait = match turn.seen.fresh_history.here().and_then(|history| history.under_way()) {
            Some(op) if !rolling_back => turn.until_ended(op, None),
            _ => SignedDuration::from_secs(5),
        };
        return turn.look_again(wait);
    }
    let failure = operations(&turn.seen.fresh_history).iter().find_map(|op| op.failure.as_ref());
    let reason = because(failure);
    let what = format!("the creation of stack {} ended in {status}{reason}", aim.name);
    failed(turn, aim, Outcome::Failed, what)
}
