//! Changing the stack's mode: a change set, made, observed, then executed by its ARN (rule 1).
//!
//! Creating and executing are never one tick. Between them everything is observed again, the stack
//! last; and CloudFormation makes the set OBSOLETE as soon as any other operation has changed the
//! stack. However long a driver slept, it cannot execute a decision that is out of date.

use super::turn::{Turn, View};
use super::{Action, NewChangeSet};
use crate::model::change_set::{ChangeSet, review};
use crate::model::topology::OfflineSwitch;
use crate::model::{Switch, Token};

/// What templates with nested stacks, transforms and named IAM resources need besides their own.
const CAPABILITIES: [&str; 3] = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"];

/// How far the way to the other mode is.
pub(super) enum Progress {
    /// Something was asked for; look again soon.
    Going,
    /// The change set was executed: the events tell how it goes.
    Executing,
    /// CloudFormation says that there is nothing to change.
    NothingToChange,
    /// The change set would replace or remove what must stay: it is not executed.
    Destroys(Vec<String>),
    /// CloudFormation could not make the change set.
    Refused(String),
}

/// One tick's part of the way: make the set, wait for it, or execute it.
pub(super) fn advance(turn: &mut Turn<'_>, view: View<'_>, switch: Switch) -> Progress {
    let Some(set) = own_set(turn, view, switch) else {
        create(turn, view, switch);
        return Progress::Going;
    };
    if set.pending() {
        return Progress::Going;
    }
    if set.says_no_changes() {
        delete(turn, set);
        return Progress::NothingToChange;
    }
    if set.ready() {
        return execute(turn, set, switch);
    }
    // FAILED, OBSOLETE, or on its way out: by its ARN, so that a newer one of the name is safe.
    delete(turn, set);
    match (&set.status, &set.reason) {
        (crate::model::ChangeSetStatus::Failed, reason) => {
            Progress::Refused(reason.clone().unwrap_or_else(|| "no reason given".to_owned()))
        }
        _ => Progress::Going,
    }
}

/// Makes the set for a later switch, if it is not there: costs no offline time.
pub(super) fn prepare(turn: &mut Turn<'_>, view: View<'_>, switch: Switch) {
    match own_set(turn, view, switch) {
        None if view.stack.status.updatable() => create(turn, view, switch),
        Some(set) if !set.pending() && !set.ready() => delete(turn, set),
        _ => {}
    }
}

/// Takes a set back that was made but may not have been executed.
pub(super) fn withdraw(turn: &mut Turn<'_>, view: View<'_>, switch: Switch) {
    if let Some(set) = own_set(turn, view, switch).filter(|set| set.ready()) {
        delete(turn, set);
    }
}

fn own_set<'a>(turn: &Turn<'_>, view: View<'a>, switch: Switch) -> Option<&'a ChangeSet> {
    let name = token(turn, view, switch).to_string();
    view.sets.iter().find(|set| set.name == name && !is_leaving(set))
}

fn is_leaving(set: &ChangeSet) -> bool {
    use crate::model::ChangeSetStatus::{DeleteComplete, DeleteInProgress, DeletePending};
    matches!(set.status, DeleteComplete | DeleteInProgress | DeletePending)
}

fn token(turn: &Turn<'_>, view: View<'_>, switch: Switch) -> Token {
    Token { switch, run: turn.run.id.clone(), attempt: view.history.attempts(&turn.run.id, switch) }
}

fn create(turn: &mut Turn<'_>, view: View<'_>, switch: Switch) {
    let Some(offline) = turn.run.target.switch.clone() else { return };
    let name = token(turn, view, switch).to_string();
    turn.actions.push(Action::CreateChangeSet(new_set(view, &offline, switch, name)));
}

fn new_set(view: View<'_>, offline: &OfflineSwitch, switch: Switch, name: String) -> NewChangeSet {
    let value = if switch == Switch::On { &offline.online } else { &offline.offline };
    let mut capabilities = view.stack.capabilities.clone();
    capabilities.extend(CAPABILITIES.map(str::to_owned));
    capabilities.sort_unstable();
    capabilities.dedup();
    NewChangeSet {
        stack_id: view.stack.id.clone(),
        name,
        switch,
        keep: view.stack.parameters.iter().map(|p| p.key.clone()).filter(|key| *key != offline.parameter).collect(),
        key: offline.parameter.clone(),
        value: value.clone(),
        capabilities,
    }
}

fn execute(turn: &mut Turn<'_>, set: &ChangeSet, switch: Switch) -> Progress {
    // Never unread.
    let Some(changes) = &set.changes else { return Progress::Going };
    let hazard = review(changes, &turn.run.target.protected);
    if !hazard.destroys.is_empty() {
        delete(turn, set);
        return Progress::Destroys(hazard.destroys);
    }
    for maybe in hazard.maybe {
        turn.warn(format!("the update that changes the mode says: {maybe}"));
    }
    if switch == Switch::Off {
        // Noted (and so saved) before it is done: the budget counts from here, whoever drives.
        turn.run.left.get_or_insert(turn.now);
    }
    turn.actions.push(Action::ExecuteChangeSet { arn: set.arn.clone(), token: set.name.clone(), switch });
    Progress::Executing
}

fn delete(turn: &mut Turn<'_>, set: &ChangeSet) {
    turn.actions.push(Action::DeleteChangeSet { arn: set.arn.clone() });
}
