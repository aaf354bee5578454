//! Preflight of `restore` and `drill`; and what every run that makes a new stack must know first.

use crate::engine::Step;
use crate::engine::turn::Turn;
use crate::model::Seen;
use crate::model::rebuild::Aim;
use crate::model::run::{Kind, Outcome, Phase};

pub(super) fn step(turn: Turn<'_>, aim: &Aim) -> Step {
    let mut turn = match readable(turn).and_then(Turn::full) {
        Ok(turn) => turn,
        Err(step) => return *step,
    };
    if turn.run.abort {
        turn.trouble(Outcome::Aborted, "the run was given up before anything was made", "");
        return turn.end();
    }
    check_intent(&mut turn);
    if let Some(stack) = turn.seen.fresh.here().filter(|stack| !super::own(&turn.run, stack)) {
        let what = format!("a stack named {} exists already ({})", aim.name, stack.status);
        let hint = "a backup is only ever restored into a new stack: an update of an existing one would replace its data; choose another --new-stack";
        turn.trouble(Outcome::Refused, what, hint);
    }
    if turn.run.failing() { turn.end() } else { turn.to(Phase::Creating) }
}

/// A plan that is there but cannot be used will not get better by waiting.
fn readable(mut turn: Turn<'_>) -> Result<Turn<'_>, Box<Step>> {
    if let Seen::Unknown(refusal) = &turn.seen.plan
        && !refusal.kind.passes()
    {
        let what = format!("the run's plan cannot be used: {refusal}");
        turn.trouble(Outcome::Refused, what, "begin again: nothing was touched");
        return Err(Box::new(turn.end()));
    }
    Ok(turn)
}

/// The plan is kept, and the backup is complete on both halves; for a replacement, it is proven, too.
pub(in crate::engine) fn check_intent(turn: &mut Turn<'_>) {
    let Some(aim) = turn.run.target.aim.clone() else { return };
    let Some(plan) = turn.seen.plan.here() else {
        return turn.trouble(Outcome::Refused, "the run's plan was not kept", "begin again: nothing was touched");
    };
    if turn.run.kind == Kind::Replace && plan.second.is_none() {
        turn.trouble(Outcome::Refused, "the plan does not say how the safety backup would be restored", "begin again");
    }
    if let Some(why) = unproven(turn, &aim) {
        turn.trouble(Outcome::Refused, why, format!("`stacksnap verify {}` tells more", aim.backup));
    }
}

/// Why the backup must not be relied upon.
pub(super) fn unproven(turn: &Turn<'_>, aim: &Aim) -> Option<String> {
    let Some(marks) = turn.seen.marks.here() else { return Some(format!("backup {} is not there", aim.backup)) };
    if !(marks.snapshot && marks.point) {
        return Some(format!("backup {} is not complete on both halves", aim.backup));
    }
    let limit = jiff::SignedDuration::from_secs(i64::from(aim.proof_age.unwrap_or_default()));
    let proven = marks.drilled.is_some_and(|at| turn.run.started.duration_since(at) <= limit);
    (turn.run.kind == Kind::Replace && !proven)
        .then(|| format!("backup {} was not drilled successfully within the time that --proof-age says", aim.backup))
}
