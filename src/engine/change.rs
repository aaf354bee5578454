//! Changing the stack's mode: a change set, made, observed, then executed by its ARN (rule 1).
//!
//! Creating and executing are never one tick. Between them everything is observed again, the stack
//! last; and CloudFormation makes the set OBSOLETE as soon as any other operation has changed the
//! stack. However long a driver slept, it cannot execute a decision that is out of date.

use super::turn::{Turn, View};
use super::{Action, NewChangeSet};
use crate::model::change_set::{Change, ChangeSet, Replacement};
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

/// What a change set threatens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hazard {
    /// Protected resources that would be replaced or removed.
    pub destroys: Vec<String>,
    /// Protected resources that may be, depending on values known only during execution.
    pub maybe: Vec<String>,
}

/// Reads a change set as the preview that it is.
pub fn review(changes: &[Change], protected: &[String]) -> Hazard {
    let mut hazard = Hazard::default();
    for change in changes {
        let place = place(change);
        let itself = protected.contains(&place);
        // A nested stack that goes takes with it what is in it.
        let within = protected.iter().any(|id| id.strip_prefix(&place).is_some_and(|rest| rest.starts_with('/')));
        match change.replacement {
            _ if change.removes && (itself || within) => hazard.destroys.push(format!("{place} would be removed")),
            Replacement::Yes if itself || within => hazard.destroys.push(format!("{place} would be replaced")),
            Replacement::Maybe if itself => hazard.maybe.push(format!("{place} may be replaced")),
            Replacement::No if itself && change.dynamic => {
                hazard.maybe.push(format!("what happens to {place} is known only during the update"));
            }
            _ => {}
        }
    }
    hazard
}

fn place(change: &Change) -> String {
    change.path.iter().chain([&change.logical_id]).cloned().collect::<Vec<_>>().join("/")
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

#[cfg(test)]
mod tests {
    use super::*;

    fn change(logical_id: &str, removes: bool, replacement: Replacement) -> Change {
        Change {
            path: Vec::new(),
            logical_id: logical_id.to_owned(),
            physical_id: None,
            resource_type: String::new(),
            removes,
            replacement,
            dynamic: false,
        }
    }

    #[test]
    fn an_update_that_would_replace_the_database_is_seen() {
        let protected = ["AppDb".to_owned(), "StorageEFS".to_owned()];
        let changes = [
            change("AppDb", false, Replacement::Yes),
            change("AppALB", true, Replacement::No),
            change("StorageEFS", true, Replacement::No),
        ];
        let hazard = review(&changes, &protected);
        assert_eq!(hazard.destroys, ["AppDb would be replaced", "StorageEFS would be removed"]);
    }

    #[test]
    fn a_nested_stack_that_goes_takes_the_database_with_it() {
        let protected = ["Data/AppDb".to_owned()];
        assert_eq!(review(&[change("Data", true, Replacement::No)], &protected).destroys, ["Data would be removed"]);
        assert_eq!(review(&[change("Data", false, Replacement::No)], &protected), Hazard::default());
        assert_eq!(review(&[change("Dat", true, Replacement::No)], &protected), Hazard::default());
    }

    #[test]
    fn a_modification_is_no_hazard_and_a_conditional_one_is_told() {
        let protected = ["AppDb".to_owned()];
        assert_eq!(review(&[change("AppDb", false, Replacement::No)], &protected), Hazard::default());
        assert_eq!(review(&[change("AppDb", false, Replacement::Maybe)], &protected).maybe.len(), 1);
    }
}
