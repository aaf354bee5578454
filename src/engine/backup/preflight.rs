//! Preflight: what the survey found is looked at once more, now that the lock is held.

use jiff::SignedDuration;

use crate::engine::mode::{Debt, debt, mode};
use crate::engine::turn::{PATIENCE, SOON, Turn, View};
use crate::engine::{Step, rebuild};
use crate::model::change_set::ChangeSet;
use crate::model::run::{Kind, Mode, Outcome, Phase};
use crate::model::{ClusterStatus, Switch};

pub(super) fn step(turn: Turn<'_>) -> Step {
    let mut turn = match turn.full() {
        Ok(turn) => turn,
        Err(step) => return *step,
    };
    if turn.view().is_some_and(|view| somebody_is_further(&turn, view)) {
        return turn.look_again(SOON);
    }
    if turn.run.abort {
        // Another driver may just be taking the stack offline: whoever gives up looks what is owed before he ends the run.
        turn.trouble(Outcome::Aborted, "the run was given up before anything was touched", "");
        note_prior(&mut turn);
        return turn.to(Phase::Resuming);
    }
    if let Some(view) = turn.view() {
        check_stack(&mut turn, view);
    } else {
        turn.trouble(Outcome::Refused, "the stack does not exist any more", "");
    }
    check_files(&mut turn);
    check_manifest(&mut turn);
    check_replacement(&mut turn);
    match check_cluster(&mut turn) {
        _ if turn.run.failing() => turn.end(),
        Some(wait) => turn.look_again(wait),
        None => begin(turn),
    }
}

/// Another driver of this very run has had its change set made, or executed it, since the record was read here: it is no reason to
/// refuse the run, and its record will say so.
fn somebody_is_further(turn: &Turn<'_>, view: View<'_>) -> bool {
    let made = view.sets.iter().filter_map(ChangeSet::own).any(|token| token.run == turn.run.id);
    let executed = view.history.own(&turn.run.id, Switch::Off).next().is_some();
    (made || executed) && !turn.run.abort && turn.since_phase() < PATIENCE
}

/// The mode that it found, unless it may be this run's own doing.
fn note_prior(turn: &mut Turn<'_>) {
    let Some(view) = turn.view() else { return };
    let read = turn.mode(view).filter(|_| view.history.own(&turn.run.id, Switch::Off).next().is_none());
    turn.run.prior = turn.run.prior.or(read);
}

fn check_stack(turn: &mut Turn<'_>, view: View<'_>) {
    let status = &view.stack.status;
    if !status.updatable() {
        let what = format!("the stack is in {status}");
        let hint = if status.in_progress() { "wait until the update is over" } else { "repair the stack first" };
        turn.trouble(Outcome::Refused, what, hint);
    }
    let Some(switch) = turn.run.target.switch.clone() else { return };
    match mode(view.stack, &switch) {
        None => {
            let what = format!("parameter {} has neither its online nor its offline value", switch.parameter);
            turn.trouble(Outcome::Refused, what, "`stacksnap inspect` shows what was expected");
        }
        Some(read) => refuse_debt(turn, view, read),
    }
}

/// A stack that another run left offline would be taken for one that its operator put offline.
fn refuse_debt(turn: &mut Turn<'_>, view: View<'_>, read: Mode) {
    turn.run.prior = Some(read);
    if let Debt::Owed { run } = debt(read == Mode::Offline, view.history) {
        let hint = format!("`stacksnap resume {}` brings it back first", turn.run.target.stack);
        turn.trouble(Outcome::Refused, format!("run {run} took the stack offline and never brought it back"), hint);
    }
}

fn check_files(turn: &mut Turn<'_>) {
    match turn.seen.file_system.here() {
        None => {
            turn.trouble(
                Outcome::Refused,
                "the file system does not exist",
                "`stacksnap inspect` shows what was found",
            );
        }
        Some(files) if !files.available() => {
            turn.trouble(
                Outcome::Refused,
                format!("the file system is `{}`", files.state),
                "wait until it is `available`",
            );
        }
        Some(_) => {}
    }
    if let Some(id) = turn.seen.others.here().and_then(|others| others.first()) {
        let what = format!("job {id} is under way on the file system, and AWS Backup runs one at a time");
        turn.trouble(Outcome::Refused, what, "wait until it is over");
    }
}

/// What a restore needs besides the halves is kept before anything is touched: a backup without it would
/// be found incomplete only after the stack had been offline for it.
fn check_manifest(turn: &mut Turn<'_>) {
    if turn.run.manifest.is_some() && turn.seen.manifest.here().is_none() {
        turn.trouble(Outcome::Refused, "the backup's manifest was not kept, so nothing was begun", "try again");
    }
}

/// What a replacement destroys must be provably replaceable before the stack is touched at all.
fn check_replacement(turn: &mut Turn<'_>) {
    if turn.run.kind != Kind::Replace {
        return;
    }
    rebuild::check_intent(turn);
    if turn.seen.stack.here().is_some_and(|stack| stack.termination_protection) {
        let hint = format!(
            "if it is really to be replaced: `aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name {}`",
            turn.run.target.stack
        );
        turn.trouble(Outcome::Refused, "the stack is protected against termination", hint);
    }
}

/// How long to wait for the cluster; `None`: it is `available` (or there is trouble).
fn check_cluster(turn: &mut Turn<'_>) -> Option<SignedDuration> {
    let Some(cluster) = turn.cluster() else {
        turn.trouble(Outcome::Refused, "the DB cluster does not exist", "`stacksnap inspect` shows what was found");
        return None;
    };
    match &cluster.status {
        ClusterStatus::Available => None,
        status if status.hopeless() || turn.since_phase() > PATIENCE => {
            turn.trouble(
                Outcome::Refused,
                format!("the DB cluster is `{status}`"),
                "a snapshot can only be taken of an `available` one",
            );
            None
        }
        _ => Some(SignedDuration::from_secs(10)),
    }
}

fn begin(mut turn: Turn<'_>) -> Step {
    if let Some(view) = turn.view() {
        turn.run.base.clone_from(&view.history.newest_event);
        turn.run.base_at = view.history.operations.first().and_then(|op| op.ended);
    }
    match turn.run.kind {
        Kind::Backup { seed: true, live: false } => turn.to(Phase::Seeding),
        Kind::Backup { live: true, .. } => turn.to(Phase::Capturing),
        _ => turn.to(Phase::GoingOffline),
    }
}
