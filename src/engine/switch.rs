//! `offline`, `online`, and the run that pays a debt whose own run is lost.
//!
//! | phase | leaves when |
//! |---|---|
//! | Preflight | the stack can be updated; its mode and the newest event are noted |
//! | GoingOffline (`offline` only) | the *hold* took effect, or rolled back |
//! | Resuming (`online`, debts) | the stack is online |
//! | Done | |

use super::change::{self, Progress};
use super::home::{self, Duty};
use super::mode::{Debt, debt};
use super::turn::{SOON, Turn, View};
use super::{Look, Step};
use crate::model::Switch;
use crate::model::run::{Kind, Mode, Outcome, Phase};

pub(super) fn step(turn: Turn<'_>) -> Step {
    match turn.run.phase {
        Phase::Preflight => preflight(turn),
        Phase::GoingOffline => hold(turn),
        Phase::Resuming => {
            let duty = if matches!(turn.run.kind, Kind::Home { .. }) { Duty::Debt } else { Duty::Wish };
            home::step(turn, duty, done)
        }
        // Not phases of this kind of run: a record that says so was not written by us.
        _ => turn.end(),
    }
}

fn done(turn: Turn<'_>) -> Step {
    turn.end()
}

fn preflight(turn: Turn<'_>) -> Step {
    let mut turn = match turn.full() {
        Ok(turn) => turn,
        Err(step) => return *step,
    };
    if turn.run.abort {
        turn.trouble(Outcome::Aborted, "the run was given up before anything was done", "");
        return turn.end();
    }
    let Some(view) = turn.view().filter(|view| view.stack.status.updatable()) else {
        turn.trouble(Outcome::Refused, "the stack cannot be updated now", "look at its status, and try again");
        return turn.end();
    };
    let read = turn.mode(view);
    let Some(read) = read else {
        turn.trouble(Outcome::Refused, "the offline parameter has neither its online nor its offline value", "");
        return turn.end();
    };
    if !matches!(turn.run.kind, Kind::Home { .. }) {
        // A debt lies before its run: the history is read back as far as the debt rule needs.
        turn.run.base.clone_from(&view.history.newest_event);
    }
    turn.run.base_at = view.history.operations.first().and_then(|op| op.ended);
    go(turn, view, read)
}

fn go(mut turn: Turn<'_>, view: View<'_>, read: Mode) -> Step {
    // A debt was made by a run that found the stack online; a wish starts from what is there.
    turn.run.prior = Some(if matches!(turn.run.kind, Kind::Home { .. }) { Mode::Online } else { read });
    match turn.run.kind {
        Kind::Offline if read == Mode::Offline => turn.end(),
        Kind::Offline => turn.to(Phase::GoingOffline),
        Kind::Online if read == Mode::Online => turn.end(),
        Kind::Home { .. } if debt(read == Mode::Offline, view.history) == Debt::None => turn.end(),
        _ => turn.to(Phase::Resuming),
    }
}

fn hold(turn: Turn<'_>) -> Step {
    let mut turn = match turn.full() {
        Ok(turn) => turn,
        Err(step) => return *step,
    };
    let Some(view) = turn.view() else {
        turn.trouble(Outcome::Failed, "the stack was deleted meanwhile", "");
        return turn.end();
    };
    if view.busy() {
        let look = if view.history.under_way().is_some() { Look::EVENTS } else { Look::STACK };
        return turn.wait(SOON, look);
    }
    let tried = view.history.own(&turn.run.id, Switch::Hold).next();
    match tried {
        Some(op) if op.took_effect() => turn.end(),
        Some(op) => {
            let reason = op.failure.as_ref().map(|f| format!(" ({}: {})", f.logical_id, f.reason)).unwrap_or_default();
            turn.trouble(Outcome::Failed, format!("the update that takes the stack offline rolled back{reason}"), "");
            turn.end()
        }
        None if turn.run.abort || turn.run.failing() => {
            turn.trouble(Outcome::Aborted, "the run was given up before the stack was changed", "");
            turn.end()
        }
        None => advance(turn, view),
    }
}

fn advance(mut turn: Turn<'_>, view: View<'_>) -> Step {
    match change::advance(&mut turn, view, Switch::Hold) {
        Progress::Going => turn.look_again_soon(),
        Progress::Executing => turn.wait(SOON, Look::EVENTS),
        Progress::NothingToChange => turn.end(),
        Progress::Destroys(list) => {
            turn.trouble(
                Outcome::Refused,
                format!("the update would destroy data: {}", list.join("; ")),
                "look at what else changed in the template",
            );
            turn.end()
        }
        Progress::Refused(reason) => {
            turn.trouble(Outcome::Failed, format!("CloudFormation could not make the change set: {reason}"), "");
            turn.end()
        }
    }
}

/// On a look at the events alone: nothing but whether the operation is still under way.
pub(super) fn waiting(turn: Turn<'_>) -> Result<Turn<'_>, Box<Step>> {
    if turn.seen.look != Look::EVENTS {
        return Ok(turn);
    }
    let Some(op) = turn.seen.history.here().and_then(|history| history.under_way()) else {
        return Err(Box::new(turn.look_now()));
    };
    let expected = if op.own().is_some_and(|token| token.switch == Switch::On) {
        turn.run.expected.on
    } else {
        turn.run.expected.off
    };
    Err(Box::new(turn.wait_for(op, expected)))
}
