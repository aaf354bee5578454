//! Executing a change set: CloudFormation's compare-and-swap.

use super::change_sets::locate;
use super::state::{ChangeSet, Fate, OnFailure, Stack};
use super::update::{Plan, begin};
use crate::error::{Answer, AwsError};
use crate::faults::FaultKind;
use crate::input::Input;
use crate::operation::Cx;
use serde_json::json;
use std::collections::BTreeMap;

/// `ExecuteChangeSet`: the same token again for the same set is no error.
pub(crate) fn execute(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let (stack_id, set) = locate(cx.realm, input)?;
    let stack = cx.realm.cloud.stack(&stack_id)?;
    let token = input.text("ClientRequestToken");
    if let Some(done) = token.and_then(|token| stack.tokens.get(token)) {
        return if *done == set.id { Ok(json!({})) } else { Err(token_used(token)) };
    }
    admit(stack, &set)?;
    if set.first {
        return create(cx, &stack_id, &set, input);
    }
    let fate = drawn_fate(cx, &stack_id, &set.parameters);
    let plan = Plan {
        token: token.map(str::to_owned),
        parameters: set.parameters.clone(),
        tags: (!set.tags.is_empty()).then(|| set.tags.clone()),
        changes: set.changes.clone(),
        disable_rollback: input.flag("DisableRollback"),
        fate,
        change_set: Some(set.id.clone()),
        template: set.template.clone(),
        seconds: None,
    };
    if let Some(stack) = cx.realm.cloud.stacks.get_mut(&stack_id) {
        mark(stack, &set.id, token);
    }
    begin(cx.realm, &stack_id, plan, cx.now);
    Ok(json!({}))
}

/// The creation of a stack that has only been reviewed.
fn create(cx: &mut Cx<'_>, stack_id: &str, set: &ChangeSet, input: &Input) -> Answer {
    let token = input.text("ClientRequestToken");
    if let Some(stack) = cx.realm.cloud.stacks.get_mut(stack_id) {
        mark(stack, &set.id, token);
        stack.parameters = set.parameters.clone();
        stack.seed.tags = set.tags.clone();
        stack.seed.capabilities = set.capabilities.clone();
        stack.on_failure = if input.flag("DisableRollback") { OnFailure::DoNothing } else { OnFailure::RollBack };
        if let Some(template) = &set.template {
            stack.template = std::sync::Arc::clone(template);
            super::lifecycle::adopt(&mut stack.seed, template);
        }
    }
    super::lifecycle::begin_creation(cx.realm, stack_id, token, Some(&set.id), cx.now);
    Ok(json!({}))
}

/// How the update will end, unless something else comes between.
pub(crate) fn drawn_fate(cx: &mut Cx<'_>, stack_id: &str, wanted: &BTreeMap<String, String>) -> Fate {
    let mode = cx.realm.cloud.stacks.get(stack_id).map(|stack| stack.mode_of(wanted));
    let fault = cx.fault(|kind| matches!(kind, FaultKind::Rollback | FaultKind::RollbackFailed), mode);
    match fault {
        Some(FaultKind::Rollback) => Fate::RollsBack,
        Some(_) => Fate::RollbackFails,
        None => Fate::Succeeds,
    }
}

/// AWS's refusal of a token that another operation has used.
pub(crate) fn token_used(token: Option<&str>) -> AwsError {
    let text = format!("Token {} already exists", token.unwrap_or_default());
    AwsError::bad("TokenAlreadyExistsException", text)
}

fn admit(stack: &Stack, set: &ChangeSet) -> Result<(), AwsError> {
    let refuse = |text: String| Err(AwsError::bad("InvalidChangeSetStatus", text));
    if set.parent.is_some() {
        let text = format!("ChangeSet [{}] belongs to a nested stack; execute the root change set", set.id);
        return Err(AwsError::validation(text));
    }
    if set.status != "CREATE_COMPLETE" {
        return refuse(format!("ChangeSet [{}] cannot be executed in its current status of [{}]", set.id, set.status));
    }
    if set.execution != "AVAILABLE" {
        return refuse(format!(
            "ChangeSet [{}] cannot be executed in its current execution status of [{}]",
            set.id, set.execution
        ));
    }
    let reviewed = set.first && stack.status == "REVIEW_IN_PROGRESS";
    if !stack.is_settled() && !reviewed {
        return refuse(format!(
            "ChangeSet [{}] cannot be executed in its current stack status of [{}]",
            set.id, stack.status
        ));
    }
    Ok(())
}

/// All other change sets of the stack are deleted.
fn mark(stack: &mut Stack, id: &str, token: Option<&str>) {
    stack.change_sets.retain(|each| each.id == id);
    for set in &mut stack.change_sets {
        set.execution = "EXECUTE_IN_PROGRESS".to_owned();
    }
    stack.executed = Some(id.to_owned());
    if let Some(token) = token {
        stack.tokens.insert(token.to_owned(), id.to_owned());
    }
}
