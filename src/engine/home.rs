//! Resuming: the stack comes back to the mode it had before. One code path for a backup's end, for
//! `resume`, for `online` and for a debt whose record is lost.

use super::change::{self, Progress};
use super::mode::{Debt, debt, mode};
use super::turn::{PATIENCE, SOON, Turn, View};
use super::{Action, Look, Next, ON_ATTEMPTS, Step, rebuild};
use crate::model::history::Operation;
use crate::model::run::{Kind, Mode, Outcome, Phase, Window};
use crate::model::{ClusterStatus, StackStatus, Switch, Token};

/// *On* is asked for this often although AWS refuses it; then the run ends loudly.
const REFUSALS: u32 = 5;

/// So long after *off* was executed its operation may not be shown yet.
const LANDING: jiff::SignedDuration = jiff::SignedDuration::from_mins(2);

/// Whose the *on* is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Duty {
    /// Only if it is owed (rule 4).
    Debt,
    /// The operator asked for it.
    Wish,
}

/// One step home. `home` is what comes when the stack is there.
pub(super) fn step(mut turn: Turn<'_>, duty: Duty, home: fn(Turn<'_>) -> Step) -> Step {
    if turn.stack_gone() {
        turn.trouble(Outcome::Failed, "the stack was deleted meanwhile", "");
        return turn.end();
    }
    let Some(view) = turn.view() else { return not_seen(turn) };
    stop_job(&mut turn, view);
    if untouched(&turn, view) {
        return home(turn);
    }
    if let Some(op) = view.history.under_way() {
        return under_way(turn, view, op);
    }
    if view.stack.status.in_progress() {
        return turn.look_again(SOON);
    }
    if nothing_owed(&turn) && duty == Duty::Debt {
        return home(turn);
    }
    if !view.stack.status.updatable() {
        return stuck(turn, view);
    }
    let Some(switch) = turn.run.target.switch.clone() else { return home(turn) };
    match mode(view.stack, &switch) {
        Some(Mode::Online) => {
            if duty == Duty::Wish && forgotten(&turn) {
                // It has been granted all the same.
                turn.run.trouble = None;
            }
            arrived(turn, view, home)
        }
        Some(Mode::Offline) if duty == Duty::Wish && forgotten(&turn) => turn.end(),
        Some(Mode::Offline) if duty == Duty::Wish => bring_back(turn, view, home),
        Some(Mode::Offline) => pay(turn, view, home),
        None => {
            let what = format!("{} has neither its online nor its offline value", switch.parameter);
            turn.strand(what, "set the parameter by a stack update")
        }
    }
}

/// The stack is not offline, and a failing run has never asked for that: what it is doing, or what is wrong with it, is not this
/// run's. (A foreign operation makes a change set of ours obsolete; one that no event tells of yet may be our own.)
fn untouched(turn: &Turn<'_>, view: View<'_>) -> bool {
    let left = turn.run.left.is_some() || view.history.own(&turn.run.id, Switch::Off).next().is_some();
    let offline = turn.mode(view) == Some(Mode::Offline);
    let unclear = view.stack.status.in_progress() && view.history.under_way().is_none();
    let takes_offline = matches!(turn.run.kind, Kind::Backup { .. } | Kind::Replace);
    turn.run.failing() && takes_offline && !(left || offline || unclear)
}

/// The operator's wish is too old to be granted by whoever finds it.
fn forgotten(turn: &Turn<'_>) -> bool {
    turn.run.trouble.as_ref().is_some_and(|trouble| trouble.outcome == Outcome::Aborted)
}

/// The run has not changed the stack's mode, and will not.
fn nothing_owed(turn: &Turn<'_>) -> bool {
    turn.run.live() || turn.run.prior == Some(Mode::Offline)
}

/// The stack is there, or nobody knows. Nothing is taken for done that was not seen.
fn not_seen(turn: Turn<'_>) -> Step {
    let mut turn = match turn.full() {
        Err(step) => return *step,
        Ok(turn) => turn,
    };
    if !turn.tired(PATIENCE.saturating_mul(3), 5) {
        return turn.look_again_soon();
    }
    let (what, by_hand) =
        ("CloudFormation shows the stack, but not its events or its change sets", "look at the stack");
    if nothing_owed(&turn) {
        turn.trouble(Outcome::Failed, what, by_hand);
        return turn.end();
    }
    let by_hand = format!("{by_hand}, then `stacksnap resume {}`", turn.run.target.stack);
    turn.strand(what, by_hand)
}

/// A failing run's job is stopped once the stack is on its way back, or is where it should be: *on*
/// comes first, stopping jobs second.
fn stop_job(turn: &mut Turn<'_>, view: View<'_>) {
    let Some(job) = turn.seen.job.here().filter(|job| job.state.active()) else { return };
    let homeward = view.history.under_way().is_some_and(|op| op.is(&turn.run.id, Switch::On));
    let online = turn.mode(view) == Some(Mode::Online);
    let nothing_owed = nothing_owed(turn);
    let settled = !view.busy() && (online || nothing_owed);
    if turn.run.failing()
        && (homeward || settled || nothing_owed)
        && !matches!(job.state, crate::model::JobState::Aborting)
    {
        turn.actions.push(Action::StopBackupJob { id: job.id.clone() });
    }
}

fn under_way(mut turn: Turn<'_>, view: View<'_>, op: &Operation) -> Step {
    let own_off = op.is(&turn.run.id, Switch::Off) || op.is(&turn.run.id, Switch::Hold);
    if own_off && turn.run.failing() && view.stack.status == StackStatus::UpdateInProgress {
        // A stuck *off* is cancelled: CloudFormation rolls it back, which is the way home.
        // A token of its own: the update's was spent on executing it.
        let token = format!("ss-cancel-{}", turn.run.id);
        turn.actions.push(Action::CancelUpdate { stack_id: view.stack.id.clone(), token });
        return turn.look_again(SOON);
    }
    let expected = turn.run.expected.on;
    turn.wait_for(op, expected)
}

fn stuck(turn: Turn<'_>, view: View<'_>) -> Step {
    let reason = view.history.operations.first().and_then(|op| op.failure.as_ref());
    let reason = reason.map(|f| format!(" ({}: {})", f.logical_id, f.reason)).unwrap_or_default();
    let what =
        format!("the stack is in {}{reason}; nothing can change its mode until that is repaired", view.stack.status);
    let hint = format!(
        "repair what failed, then `aws cloudformation continue-update-rollback --stack-name {0}`, then `stacksnap resume {0}`",
        view.stack.name
    );
    turn.strand(what, hint)
}

/// Offline, and it was online before: brought back if it is owed.
fn pay(mut turn: Turn<'_>, view: View<'_>, home: fn(Turn<'_>) -> Step) -> Step {
    match debt(true, view.history) {
        Debt::Owed { .. } => bring_back(turn, view, home),
        // CloudFormation keeps events for ninety days.
        Debt::None if view.history.operations.is_empty() => {
            let hint = format!("if it is not meant to be, `stacksnap online {}`", turn.run.target.stack);
            turn.strand("the stack's events are gone, so nothing tells who took it offline: it is left so", hint)
        }
        Debt::None => {
            turn.trouble(
                Outcome::Failed,
                "the stack is offline by somebody else's update, so it is left offline",
                format!("`stacksnap online {}` brings it back, if that was not meant", turn.run.target.stack),
            );
            home(turn)
        }
        Debt::Ambiguous { foreign, .. } => {
            let what = format!(
                "after the stack was taken offline, {foreign} updates of others came: it may be offline on purpose, so it is left offline"
            );
            let hint = format!("if it is not meant to be, `stacksnap online {}`", turn.run.target.stack);
            turn.strand(what, hint)
        }
    }
}

fn bring_back(mut turn: Turn<'_>, view: View<'_>, home: fn(Turn<'_>) -> Step) -> Step {
    let stack = turn.run.target.stack.clone();
    let by_hand = format!("`stacksnap online {stack}`, once the cause is removed");
    if view.history.attempts(&turn.run.id, Switch::On) >= ON_ATTEMPTS {
        let reason = last_failure(&turn, view);
        return turn.strand(format!("bringing the stack back rolled back {ON_ATTEMPTS} times{reason}"), by_hand);
    }
    if let Some(refusal) = turn.refused(REFUSALS) {
        let what = format!("AWS refuses to bring the stack back: {refusal}");
        return turn.strand(what, by_hand);
    }
    if turn.since_phase() < PATIENCE && half_way(&turn) {
        return turn.look_again(pace_cluster());
    }
    if no_progress(&turn) {
        let what =
            "for half an hour CloudFormation neither made nor executed the change set that brings the stack back";
        return turn.strand(what, by_hand);
    }
    match change::advance(&mut turn, view, Switch::On) {
        Progress::Going => turn.look_again_soon(),
        // A failing run's job is stopped as soon as *on* is seen under way.
        Progress::Executing if turn.run.failing() => turn.look_again(SOON),
        Progress::Executing => turn.wait(SOON, Look::EVENTS),
        Progress::NothingToChange => nothing_to_change(turn, home),
        Progress::Destroys(list) => {
            let what = format!("bringing the stack back would destroy what was backed up: {}", list.join("; "));
            let hint = format!("find out why (a changed template or parameter?), then update {stack} by hand");
            turn.strand(what, hint)
        }
        Progress::Refused(reason) => {
            let what = format!("CloudFormation could not make the change set that brings the stack back: {reason}");
            turn.strand(what, by_hand)
        }
    }
}

/// Neither begun nor under way for as long as it is worth trying.
fn no_progress(turn: &Turn<'_>) -> bool {
    let since = turn.run.busy_at.map_or(turn.run.since, |busy| busy.max(turn.run.since));
    turn.now.duration_since(since) > PATIENCE.saturating_mul(3)
}

/// The cluster is being modified or its snapshot taken: an update that modifies it would fail with
/// InvalidDBClusterStateFault and roll back, and only so many attempts are made. Worth a short wait,
/// even beyond the budget.
fn half_way(turn: &Turn<'_>) -> bool {
    let creating = turn.seen.snapshot.here().is_some_and(|s| s.status == crate::model::SnapshotStatus::Creating);
    let changing = turn.cluster().is_some_and(|c| c.status != ClusterStatus::Available && !c.status.hopeless());
    creating || changing
}

/// The parameter read offline, CloudFormation says it is online already: one of the two reads was
/// stale. Look again, but not for ever.
fn nothing_to_change(turn: Turn<'_>, home: fn(Turn<'_>) -> Step) -> Step {
    if turn.since_phase() > PATIENCE { home(turn) } else { turn.look_again(SOON) }
}

fn last_failure(turn: &Turn<'_>, view: View<'_>) -> String {
    let failure = view.history.own(&turn.run.id, Switch::On).find_map(|op| op.failure.as_ref());
    failure.map(|f| format!(" ({}: {})", f.logical_id, f.reason)).unwrap_or_default()
}

/// Online. The window is closed, and the cluster given a little time to be `available` again.
fn arrived(mut turn: Turn<'_>, view: View<'_>, home: fn(Turn<'_>) -> Step) -> Step {
    if off_may_land(&turn, view) {
        change::withdraw(&mut turn, view, Switch::Off);
        return turn.look_again(pace_cluster());
    }
    close_window(&mut turn, view);
    let busy = turn.cluster().is_some_and(|cluster| cluster.status != ClusterStatus::Available);
    if busy && turn.since_phase() < PATIENCE {
        return turn.look_again(pace_cluster());
    }
    if busy {
        turn.warn("the stack is online again, but its DB cluster is not `available` yet");
    }
    home(turn)
}

/// *Off* was executed a moment ago, and is not seen yet: its answer may have been lost, or the events
/// are behind. Until that is settled the stack is not home.
fn off_may_land(turn: &Turn<'_>, view: View<'_>) -> bool {
    let young = turn.run.left.is_some_and(|left| turn.now.duration_since(left) < LANDING);
    young && view.history.own(&turn.run.id, Switch::Off).next().is_none()
}

fn pace_cluster() -> jiff::SignedDuration {
    jiff::SignedDuration::from_secs(5)
}

fn close_window(turn: &mut Turn<'_>, view: View<'_>) {
    let off = view.history.own(&turn.run.id, Switch::Off).next();
    let on = view.history.own(&turn.run.id, Switch::On).find(|op| op.took_effect());
    // Somebody else may have brought it back.
    let back = on.or_else(|| view.history.operations.iter().find(|op| op.took_effect()));
    if let Some(off) = off.filter(|off| off.took_effect()) {
        turn.run.window = Some(Window { from: off.began, to: back.and_then(|op| op.ended) });
    }
    if let (Some(on), None) = (on, turn.run.took.on) {
        turn.run.took.on = seconds(on);
    }
}

/// How long an operation took.
pub(super) fn seconds(op: &Operation) -> Option<u32> {
    u32::try_from(op.ended?.duration_since(op.began).as_secs()).ok()
}

/// The run is over: own change sets are cleaned up, then the lock goes.
pub(super) fn tidy(mut turn: Turn<'_>) -> Step {
    // What this driver cannot tidy up, the next one will.
    if turn.run.tidied || turn.run.tries >= 3 {
        return turn.finish(Next::Ended);
    }
    if turn.run.unsaved {
        // While the ending is not on record, nothing is tidied: that is a try, too, and not for ever.
        turn.run.tries += 1;
        return turn.wait(pace_cluster(), Look { change_sets: true, ..Look::NONE });
    }
    let own_stack_only = turn.run.target.aim.is_some() && turn.run.target.stack_id.is_empty();
    if turn.seen.look.change_sets || own_stack_only {
        for set in turn.seen.change_sets.here().into_iter().flatten() {
            if set.own().is_some_and(|token: Token| token.run == turn.run.id) {
                turn.actions.push(Action::DeleteChangeSet { arn: set.arn.clone() });
            }
        }
        rebuild::tidy(&mut turn);
        let (stack, run) = (turn.run.target.stack.clone(), turn.run.id.clone());
        turn.actions.push(Action::Unlock { stack, run });
        // Where it is not done then, everything is looked at again.
        return turn.wait(jiff::SignedDuration::ZERO, Look::NONE);
    }
    turn.wait(jiff::SignedDuration::ZERO, Look { change_sets: true, ..Look::NONE })
}

/// Gives the run up: it goes home, and its outcome is *aborted*.
pub(super) fn give_up(mut turn: Turn<'_>) -> Step {
    turn.trouble(Outcome::Aborted, "the run was given up", "");
    turn.to(Phase::Resuming)
}
