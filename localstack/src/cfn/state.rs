//! What CloudFormation remembers.

use super::template::Template;
use crate::contents::Contents;
use crate::error::AwsError;
use crate::seeds::StackSeed;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// All stacks of a realm.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cloud {
    /// Stacks by id, deleted ones too.
    pub(crate) stacks: BTreeMap<String, Stack>,
    /// The ids of the stacks that exist, by name.
    pub(crate) names: BTreeMap<String, String>,
    /// The stacks that tokens have created.
    pub(crate) created: BTreeMap<String, String>,
}

impl Cloud {
    /// The id for a name or an id.
    pub(crate) fn id_of(&self, name_or_id: &str) -> Option<&str> {
        if let Some((id, _)) = self.stacks.get_key_value(name_or_id) {
            return Some(id);
        }
        self.names.get(name_or_id).map(String::as_str)
    }

    /// The stack for a name or an id, or AWS's `ValidationError`.
    pub(crate) fn stack(&self, name_or_id: &str) -> Result<&Stack, AwsError> {
        let found = self.id_of(name_or_id).and_then(|id| self.stacks.get(id));
        found.ok_or_else(|| AwsError::validation(format!("Stack [{name_or_id}] does not exist")))
    }
}

/// A resource of a stack.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    /// The logical id.
    pub(crate) logical: String,
    /// The physical id.
    pub(crate) physical: String,
    /// The type.
    pub(crate) kind: String,
    /// E.g. `UPDATE_COMPLETE`.
    pub(crate) status: String,
    /// When that began.
    pub(crate) updated: Timestamp,
    /// What happens to it when the stack goes.
    pub(crate) deletion_policy: String,
    /// Why it is in that status.
    pub(crate) reason: Option<String>,
    /// What `Fn::GetAtt` answers.
    pub(crate) attributes: BTreeMap<String, String>,
}

/// A row of the event history.
#[derive(Clone, Debug)]
pub(crate) struct StackEvent {
    /// Unique.
    pub(crate) id: String,
    /// The operation's id: all events of one operation share it.
    pub(crate) operation: String,
    /// The resource, or the stack itself.
    pub(crate) logical: String,
    /// Its physical id, or the stack's id.
    pub(crate) physical: String,
    /// Its type.
    pub(crate) kind: String,
    /// When.
    pub(crate) at: Timestamp,
    /// What.
    pub(crate) status: String,
    /// Why.
    pub(crate) reason: Option<String>,
    /// The operation's token.
    pub(crate) token: Option<String>,
}

/// What happens to a stack that cannot be created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// `ROLLBACK_COMPLETE`.
    #[default]
    RollBack,
    /// `CREATE_FAILED`.
    DoNothing,
    /// `DELETE_COMPLETE`.
    Delete,
}

/// How an update is going to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// `UPDATE_COMPLETE`.
    Succeeds,
    /// `UPDATE_ROLLBACK_COMPLETE`.
    RollsBack,
    /// `UPDATE_ROLLBACK_FAILED`.
    RollbackFails,
}

/// The operation in progress, or the last one.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    /// The caller's token.
    pub(crate) token: Option<String>,
    /// The id all its events share.
    pub(crate) id: String,
    /// What `LastOperations` says.
    pub(crate) kind: &'static str,
    /// The parameter values to go back to.
    pub(crate) old_parameters: BTreeMap<String, String>,
    /// The resources to go back to.
    pub(crate) old_resources: Vec<Resource>,
    /// What it does.
    pub(crate) changes: Vec<Change>,
    /// Resources it is changing at this moment.
    pub(crate) busy: Vec<String>,
    /// Resources it has changed or tried to.
    pub(crate) touched: Vec<String>,
    /// Whether a failure leaves the stack as it is.
    pub(crate) disable_rollback: bool,
    /// How it ends.
    pub(crate) fate: Fate,
    /// The change set it executes.
    pub(crate) change_set: Option<String>,
    /// When its `UPDATE_COMPLETE` is due.
    pub(crate) complete_at: Timestamp,
    /// Retained resources (deletion only).
    pub(crate) retain: Vec<String>,
    /// The template and the rest of the stack to go back to, if the template changes.
    pub(crate) old: Option<Box<(Arc<Template>, StackSeed)>>,
    /// Resources still to be made, or to go, with those that must come before them.
    pub(crate) waiting: BTreeMap<String, BTreeSet<String>>,
    /// Old resources that others have taken the place of; they go at the end.
    pub(crate) replaced: Vec<Resource>,
    /// What the application had written, to go back to.
    pub(crate) old_contents: Option<Contents>,
    /// Resources that could not be made, or did not go.
    pub(crate) failed: Vec<String>,
}

/// What an update does to one resource.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    /// `Add`, `Modify` or `Remove`.
    pub(crate) action: String,
    /// The resource.
    pub(crate) logical: String,
    /// Its physical id, unless it is added.
    pub(crate) physical: Option<String>,
    /// Its type.
    pub(crate) kind: String,
    /// `True`, `False` or `Conditional`; only for `Modify`.
    pub(crate) replacement: Option<String>,
    /// The property that changes.
    pub(crate) property: String,
    /// The parameter, or the resource, that makes it change.
    pub(crate) cause: String,
    /// `ParameterReference`, `ResourceReference` or `DirectModification`.
    pub(crate) source: &'static str,
    /// What happens to the old resource: `Delete`, `Retain` or `Snapshot`.
    pub(crate) policy: String,
    /// The child's change set, for a nested stack.
    pub(crate) change_set: Option<String>,
}

/// A change set.
#[derive(Clone, Debug)]
pub(crate) struct ChangeSet {
    /// Its ARN.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// What its maker wrote about it.
    pub(crate) description: Option<String>,
    /// The `ClientToken` it was made with.
    pub(crate) token: Option<String>,
    /// When it was asked for.
    pub(crate) created: Timestamp,
    /// `CREATE_PENDING` …
    pub(crate) status: String,
    /// Why it failed.
    pub(crate) reason: Option<String>,
    /// `UNAVAILABLE` …
    pub(crate) execution: String,
    /// All parameters' new values.
    pub(crate) parameters: BTreeMap<String, String>,
    /// What SSM-typed parameters resolve to.
    pub(crate) resolved: BTreeMap<String, String>,
    /// What executing it does.
    pub(crate) changes: Vec<Change>,
    /// The capabilities given.
    pub(crate) capabilities: Vec<String>,
    /// The tags the stack will have.
    pub(crate) tags: BTreeMap<String, String>,
    /// Whether children were looked at.
    pub(crate) nested: bool,
    /// The parent's change set.
    pub(crate) parent: Option<String>,
    /// Whether it is made to fail.
    pub(crate) doomed: bool,
    /// Another template than the stack's present one.
    pub(crate) template: Option<Arc<Template>>,
    /// Whether it makes the stack (`CREATE`).
    pub(crate) first: bool,
}

/// A stack.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    /// Its ARN.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Everything about it that is not in its template.
    pub(crate) seed: StackSeed,
    /// Its template.
    pub(crate) template: Arc<Template>,
    /// Whether its changes are read from the template, not from a seed's effects.
    pub(crate) native: bool,
    /// What happens when its creation fails.
    pub(crate) on_failure: OnFailure,
    /// SNS topics that are told.
    pub(crate) topics: Vec<String>,
    /// Parameter values by key.
    pub(crate) parameters: BTreeMap<String, String>,
    /// Its resources, in the template's order.
    pub(crate) resources: Vec<Resource>,
    /// Its history, newest first.
    pub(crate) events: VecDeque<StackEvent>,
    /// Its change sets, oldest first.
    pub(crate) change_sets: Vec<ChangeSet>,
    /// E.g. `UPDATE_COMPLETE`.
    pub(crate) status: String,
    /// Why.
    pub(crate) reason: Option<String>,
    /// When it was created.
    pub(crate) created: Timestamp,
    /// When it was last updated.
    pub(crate) updated: Option<Timestamp>,
    /// When it was deleted.
    pub(crate) deleted: Option<Timestamp>,
    /// The operation in progress, or the last one.
    pub(crate) running: Option<Running>,
    /// Steps of other scripts are not performed any more.
    pub(crate) script: u64,
    /// Tokens used, with what they were used for.
    pub(crate) tokens: BTreeMap<String, String>,
    /// The change set executed last.
    pub(crate) executed: Option<String>,
    /// The id of the stack it is nested in.
    pub(crate) parent: Option<String>,
    /// The id of the outermost stack.
    pub(crate) root: Option<String>,
}
