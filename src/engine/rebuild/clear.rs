//! Clearing: what the run made is deleted, by physical ids, and nothing else.

use jiff::SignedDuration;

use super::create::LANDING;
use super::{because, by_hand, can_undo, delete_token, forgive, note_made, operations, own, stand_still};
use crate::engine::turn::{PATIENCE, SOON, Turn};
use crate::engine::{Action, Halt, Look, Step, first_look};
use crate::model::StackStatus;
use crate::model::rebuild::{Aim, Remains};
use crate::model::run::{Kind, Outcome, Phase};
use crate::model::stack::Stack;
use crate::plan::remains::{self, Verdict};

/// DeleteStack is asked for so often.
const ATTEMPTS: usize = 3;
/// What is left is deleted so often by one driver before it gives up.
const TRIES: u8 = 12;

pub(super) fn step(mut turn: Turn<'_>, aim: &Aim) -> Step {
    note_made(&mut turn);
    let turn = match turn.full() {
        Ok(turn) => turn,
        Err(step) => return *step,
    };
    if turn.run.kind == Kind::Replace && !can_undo(&turn) {
        let (what, hint) = ("the plan of how the safety backup is restored is gone".to_owned(), by_hand(&turn.run));
        return turn.strand(what, hint);
    }
    match turn.seen.fresh.here() {
        Some(stack) if own(&turn.run, stack) => delete(turn, aim, stack),
        _ => nothing_made(turn),
    }
}

/// CreateStack may have been asked for a moment ago, by whoever drove the run before; a late save may have
/// hidden that it was.
fn nothing_made(turn: Turn<'_>) -> Step {
    let asked = turn.run.made().asked;
    if turn.since_phase() < LANDING || asked.is_some_and(|at| turn.now.duration_since(at) < LANDING) {
        return turn.look_again(SOON);
    }
    cleared(turn)
}

fn delete(mut turn: Turn<'_>, aim: &Aim, stack: &Stack) -> Step {
    match stack.status {
        StackStatus::DeleteComplete => return clear(turn, aim),
        StackStatus::DeleteInProgress => return turn.look_again(SignedDuration::from_secs(10)),
        _ => {}
    }
    if stack.termination_protection {
        let what = format!("somebody protected {} against deletion, so it was left", aim.name);
        return left_over(turn, aim, what);
    }
    let operations = operations(&turn.seen.fresh_history).iter();
    let failed: Vec<_> = operations.filter(|op| op.status == StackStatus::DeleteFailed).collect();
    forgive(&mut turn);
    let urged = std::mem::take(&mut turn.run.urged);
    if failed.len() >= ATTEMPTS && !urged {
        let reason = because(failed.first().and_then(|op| op.failure.as_ref()));
        return left_over(turn, aim, format!("{} could not be deleted{reason}", aim.name));
    }
    if let Some(refusal) = turn.refused(5) {
        let what = format!("{} could not be deleted: {refusal}", aim.name);
        return left_over(turn, aim, what);
    }
    let token = delete_token(&turn.run, failed.len());
    turn.actions.push(Action::DeleteStack { stack_id: stack.id.clone(), token });
    turn.look_again(SOON)
}

/// The stack itself cannot be deleted.
fn left_over(mut turn: Turn<'_>, aim: &Aim, what: String) -> Step {
    let hint = format!(
        "delete it by hand: `aws cloudformation delete-stack --stack-name {}`; then `stacksnap resume {}`",
        aim.name, turn.run.target.stack
    );
    if turn.run.kind == Kind::Replace {
        // The way back leads over its deletion.
        return stand_still(turn, Halt { what, hint, asks: false });
    }
    turn.warn(what.clone());
    turn.trouble(Outcome::Failed, what, hint);
    turn.end()
}

/// What the deleted stack left behind.
fn clear(mut turn: Turn<'_>, aim: &Aim) -> Step {
    let looked = first_look(&turn.run).and(Look { remains: true, ..Look::NONE });
    let Some(remains) = turn.seen.remains.here() else {
        return turn.wait(SignedDuration::ZERO, looked);
    };
    // By AWS's clock: the first event of the stack.
    let created = turn.seen.fresh_history.here().and_then(|history| history.operations.last()).map(|op| op.began);
    let verdicts = remains::verdicts(remains, aim, created);
    let wanted: Vec<_> = verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Clear).collect();
    if wanted.is_empty() {
        tell_what_stays(&mut turn, remains, &verdicts);
        return cleared(turn);
    }
    if turn.tired(PATIENCE.saturating_mul(6), TRIES) {
        let names = wanted.iter().map(|(r, _)| format!("{} {}", r.thing.what(), r.thing.id())).collect::<Vec<_>>();
        let what = format!("not everything could be deleted: {}", names.join(", "));
        // Where something went wrong before, that stays the reason.
        turn.warn(what.clone());
        turn.trouble(Outcome::Failed, what, "delete it by hand");
        return cleared(turn);
    }
    for (remaining, _) in wanted {
        turn.actions.push(Action::Clear(remaining.thing.clone()));
    }
    turn.wait(SignedDuration::from_secs(10), looked)
}

fn tell_what_stays(turn: &mut Turn<'_>, remains: &Remains, verdicts: &[(crate::model::rebuild::Remaining, Verdict)]) {
    for (remaining, verdict) in verdicts {
        if let Verdict::Leave(why) = verdict {
            turn.warn(format!("left alone: {} {} ({why})", remaining.thing.what(), remaining.thing.id()));
        }
    }
    for row in &remains.unknown {
        let id = row.physical_id.as_deref().unwrap_or("-");
        turn.warn(format!("left over: {} {id} ({}); delete it by hand", row.resource_type, row.place()));
    }
}

fn cleared(turn: Turn<'_>) -> Step {
    if turn.run.kind == Kind::Replace { turn.to(Phase::Recreating) } else { turn.end() }
}
