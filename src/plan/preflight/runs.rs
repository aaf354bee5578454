//! Other runs: who holds the stack, who does not drive on, who left it offline.

use jiff::Timestamp;

use crate::model::debt::Debt;
use crate::model::finding::Finding;
use crate::model::run::{Lock, Mode, Run};
use crate::model::{BackupId, Seen};

use super::{Look, error, ids, unseen, warning};

const WHY: &str = "Two runs on one stack would undo each other's mode changes.";

pub(super) fn findings(look: &Look<'_>) -> Vec<Finding> {
    let survey = look.survey;
    let mut all: Vec<Finding> = unseen::essential("the lock", &survey.lock).into_iter().collect();
    all.extend(unseen::essential("the runs on record", &survey.runs));
    all.extend(holder(look));
    all.extend(survey.unreadable.iter().map(|refusal| unreadable(look, &refusal.to_string())));
    all.extend(unseen::essential("the stack's events", &survey.history));
    all.extend(owed(look));
    all.extend(left_offline(look));
    all
}

/// The lock's run; or, where the lock was lost, a run that has not ended.
fn holder(look: &Look<'_>) -> Option<Finding> {
    let runs = own_runs(look);
    match &look.survey.lock {
        Seen::Here(lock) => Some(match runs.iter().find(|run| run.id == lock.run) {
            Some(run) if !run.ended() => under_way(look, run),
            Some(run) => left_over(look, lock, &format!("its run is {}", run.phase)),
            None if look.survey.runs.known() => left_over(look, lock, "its run is not on record"),
            None => held(look, &lock.run),
        }),
        _ => runs.iter().rev().find(|run| !run.ended()).map(|run| under_way(look, run)),
    }
}

/// Runs on this very stack, not on an earlier one of its name.
fn own_runs<'a>(look: &Look<'a>) -> Vec<&'a Run> {
    let id = look.survey.stack.here().map(|stack| stack.id.as_str());
    let runs = look.survey.runs.here().map_or(&[][..], Vec::as_slice);
    runs.iter().filter(|run| Some(run.target.stack_id.as_str()) == id).collect()
}

fn under_way(look: &Look<'_>, run: &Run) -> Finding {
    let Run { id, phase, since, .. } = run;
    if run.stale(look.now) {
        return stale(look, format!("run {id} is {phase} since {}, and nobody drives it on", short(*since)));
    }
    error(
        ids::RUN_HOLDS,
        format!("run {id} holds the stack: {phase} since {}", short(*since)),
        WHY,
        format!("Wait for it (`stacksnap status {0} --watch`), or give it up with `stacksnap abort {0}`.", look.name()),
    )
}

fn held(look: &Look<'_>, run: &BackupId) -> Finding {
    error(
        ids::RUN_HOLDS,
        format!("run {run} holds the stack; how far it is could not be read"),
        WHY,
        format!("See `stacksnap status {}`.", look.name()),
    )
}

fn left_over(look: &Look<'_>, lock: &Lock, but: &str) -> Finding {
    let other = look.survey.stack.here().is_some_and(|stack| stack.id != lock.stack_id);
    let of = if other { " of an earlier stack of this name" } else { "" };
    stale(look, format!("the lock of run {}{of} is left over: {but}", lock.run))
}

fn stale(look: &Look<'_>, what: String) -> Finding {
    let name = look.name();
    error(
        ids::RUN_STALE,
        what,
        "It may have left the stack offline, or half a backup.",
        format!("Drive it to its end with `stacksnap resume {name}`, or give it up with `stacksnap abort {name}`."),
    )
}

/// A newer version's run may be the one that holds the stack.
fn unreadable(look: &Look<'_>, why: &str) -> Finding {
    let say = if look.survey.lock == Seen::Missing { warning } else { error };
    say(
        ids::RUN_UNREADABLE,
        format!("a run's record cannot be read: {why}"),
        "A newer stacksnap may be driving it; this version leaves it alone.",
        "Use the version of stacksnap that wrote it.",
    )
}

/// A stack that a run took offline and nobody brought back. While that run, or any other, is on record
/// as not ended, it is said already who has to bring the stack back.
fn owed(look: &Look<'_>) -> Option<Finding> {
    if own_runs(look).iter().any(|run| !run.ended()) {
        return None;
    }
    let name = look.name();
    match look.debt() {
        Debt::None => None,
        Debt::Owed { run } => {
            // Whoever switches it on pays the debt; whoever wants it offline has to own it first.
            let say = if look.ask.switch_only && !look.ask.hold { warning } else { error };
            Some(say(
                ids::DEBT,
                format!("run {run} took the stack offline and never brought it back"),
                "It would be taken for a stack that its operator turned off, and left so.",
                format!("Bring it back with `stacksnap resume {name}`."),
            ))
        }
        Debt::Ambiguous { run, foreign } => Some(warning(
            ids::DEBT,
            format!("run {run} took the stack offline, and {foreign} updates of others came after that"),
            "The operator may have meant it: nobody guesses, and a backup leaves the stack offline.",
            format!("If it should be online: `stacksnap online {name}`."),
        )),
    }
}

/// The newest run that ended, if it left the stack offline and the stack still is.
fn left_offline(look: &Look<'_>) -> Option<Finding> {
    let newest = own_runs(look).into_iter().filter(|run| run.ended()).max_by_key(|run| run.started)?;
    let left = newest.ending.as_ref().is_some_and(|ending| ending.left_offline);
    let said = look.debt() != Debt::None;
    (left && !said && look.mode() == Some(Mode::Offline) && !look.ask.switch_only).then(|| {
        warning(
            ids::LEFT_OFFLINE,
            format!("run {} left the stack offline", newest.id),
            "A backup now would take the stack for one that its operator turned off, and leave it so.",
            format!("If it should be online: `stacksnap online {}`.", look.name()),
        )
    })
}

fn short(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}
