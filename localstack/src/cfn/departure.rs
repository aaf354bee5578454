//! The end of a stack, as it is asked for, and what protects it.

use super::execute::token_used;
use super::lifecycle::operate;
use super::state::Stack;
use super::{finish, unmaking};
use crate::error::{Answer, AwsError};
use crate::input::Input;
use crate::operation::Cx;
use crate::realm::Beyond;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// `DeleteStack`: one that does not exist (any more) is no error.
pub(crate) fn delete_stack(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = input.require("StackName", "ValidationError")?;
    let Ok(stack) = cx.realm.cloud.stack(name) else {
        return Ok(Value::Null);
    };
    if stack.deleted.is_some() || stack.status == "DELETE_IN_PROGRESS" {
        return Ok(Value::Null);
    }
    let token = input.text("ClientRequestToken");
    let retain = input.strings("RetainResources");
    may_go(stack, &retain, token)?;
    let (id, review) = (stack.id.clone(), stack.status == "REVIEW_IN_PROGRESS");
    if let (Some(token), Some(stack)) = (token, cx.realm.cloud.stacks.get_mut(&id)) {
        stack.tokens.insert(token.to_owned(), "DeleteStack".to_owned());
    }
    operate(cx.realm, &id, "DELETE_STACK", token, retain);
    finish::become_status(cx.realm, &id, "DELETE_IN_PROGRESS", Some("User Initiated"), cx.now);
    if let Some(contents) = cx.realm.contents.get_mut(&id) {
        contents.stop(cx.now, cx.now);
    }
    if review {
        unmaking::deleted(cx.realm, &id, cx.now);
    } else {
        let mut beyond = Beyond { account: cx.account, faults: cx.faults };
        unmaking::begin(cx.realm, &mut beyond, &id, cx.now);
    }
    Ok(Value::Null)
}

/// AWS's refusals of a deletion.
fn may_go(stack: &Stack, retain: &[String], token: Option<&str>) -> Result<(), AwsError> {
    if token.is_some_and(|token| stack.tokens.get(token).is_some_and(|what| what != "DeleteStack")) {
        return Err(token_used(token));
    }
    if stack.seed.termination_protection {
        return Err(AwsError::validation(format!(
            "Stack [{}] cannot be deleted while TerminationProtection is enabled",
            stack.name
        )));
    }
    if stack.status.starts_with("UPDATE_") && stack.status.ends_with("_IN_PROGRESS") {
        return Err(AwsError::validation(format!(
            "Stack [{}] cannot be deleted while in status {}",
            stack.id, stack.status
        )));
    }
    if !retain.is_empty() && stack.status != "DELETE_FAILED" {
        return Err(AwsError::validation(format!(
            "Invalid operation on stack [{}]. Specify which resources to retain only when the stack is in the \
             DELETE_FAILED state.",
            stack.id
        )));
    }
    let known: BTreeSet<&str> = stack.resources.iter().map(|each| each.logical.as_str()).collect();
    match retain.iter().find(|logical| !known.contains(logical.as_str())) {
        Some(logical) => {
            Err(AwsError::validation(format!("Resource {logical} does not exist in stack {}", stack.name)))
        }
        None => Ok(()),
    }
}

/// `UpdateTerminationProtection`.
pub(crate) fn protect(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = input.require("StackName", "ValidationError")?;
    let id = cx.realm.cloud.stack(name)?.id.clone();
    let on = input.flag("EnableTerminationProtection");
    let stack = cx.realm.cloud.stacks.get_mut(&id).filter(|stack| stack.deleted.is_none());
    let text = format!("Stack [{name}] does not exist");
    let stack = stack.ok_or_else(|| AwsError::validation(text))?;
    if stack.parent.is_some() {
        let text = "Termination protection cannot be changed on nested stacks";
        return Err(AwsError::validation(text));
    }
    stack.seed.termination_protection = on;
    Ok(json!({ "StackId": id }))
}
