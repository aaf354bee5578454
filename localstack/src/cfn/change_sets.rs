//! Ageing, finding and deleting change sets.

use super::state::{ChangeSet, Stack};
use crate::error::{Answer, AwsError};
use crate::input::Input;
use crate::operation::Cx;
use crate::realm::Realm;
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;

const UNCHANGED: &str = "The submitted information didn't contain changes. Submit different \
                         information to create a change set.";

/// A change set's next state.
pub(crate) fn step(realm: &mut Realm, stack: &str, id: &str, _at: Timestamp) {
    let Some(stack) = realm.cloud.stacks.get_mut(stack) else {
        return;
    };
    let same_tags = |tags: &BTreeMap<String, String>| tags.is_empty() || *tags == stack.seed.tags;
    let Some(set) = stack.change_sets.iter_mut().find(|each| each.id == id) else {
        return;
    };
    if set.status == "CREATE_PENDING" {
        set.status = "CREATE_IN_PROGRESS".to_owned();
        return;
    }
    if set.status != "CREATE_IN_PROGRESS" {
        return;
    }
    if set.doomed {
        fail(set, "Internal Failure");
    } else if set.changes.is_empty() && same_tags(&set.tags) && stack.parameters == set.parameters && !set.first {
        fail(set, UNCHANGED);
    } else {
        set.status = "CREATE_COMPLETE".to_owned();
        if set.execution != "OBSOLETE" {
            set.execution = "AVAILABLE".to_owned();
        }
    }
}

fn fail(set: &mut ChangeSet, reason: &str) {
    set.status = "FAILED".to_owned();
    set.reason = Some(reason.to_owned());
}

/// The stack and the change set a request means: an ARN, or a name with its stack.
pub(crate) fn locate(realm: &Realm, input: &Input) -> Result<(String, ChangeSet), AwsError> {
    let name = input.require("ChangeSetName", "ValidationError")?;
    let cloud = &realm.cloud;
    let missing = || AwsError::new(404, "ChangeSetNotFound", format!("ChangeSet [{name}] does not exist"));
    let stack = match input.text("StackName") {
        Some(stack) => cloud.stack(stack)?,
        None if name.starts_with("arn:") => {
            let has = |stack: &&Stack| stack.change_sets.iter().any(|set| set.id == name);
            cloud.stacks.values().find(has).ok_or_else(missing)?
        }
        None => {
            return Err(AwsError::validation(
                "StackName must be specified if ChangeSetName is not specified as an ARN.",
            ));
        }
    };
    let mut sets = stack.change_sets.iter();
    let set = sets.find(|set| set.id == name || set.name == name).ok_or_else(missing)?;
    Ok((stack.id.clone(), set.clone()))
}

/// `DeleteChangeSet`: one that does not exist (any more) is no error.
pub(crate) fn delete(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let (stack_id, set) = match locate(cx.realm, input) {
        Ok(found) => found,
        Err(error) if error.code == "ChangeSetNotFound" => return Ok(json!({})),
        Err(error) => return Err(error),
    };
    if set.execution == "EXECUTE_IN_PROGRESS" {
        let text =
            format!("ChangeSet [{}] cannot be deleted in its current execution status of [{}]", set.id, set.execution);
        return Err(AwsError::bad("InvalidChangeSetStatus", text));
    }
    let children: Vec<String> = set.changes.iter().filter_map(|each| each.change_set.clone()).collect();
    if let Some(stack) = cx.realm.cloud.stacks.get_mut(&stack_id) {
        stack.change_sets.retain(|each| each.id != set.id);
    }
    for stack in cx.realm.cloud.stacks.values_mut() {
        stack.change_sets.retain(|each| !children.contains(&each.id));
    }
    Ok(json!({}))
}
