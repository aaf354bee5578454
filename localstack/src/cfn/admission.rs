//! What an update must bring along.

use super::state::Stack;
use crate::error::AwsError;
use crate::input::Input;
use crate::seeds::to_template;

/// Change sets a stack may have at once.
const MOST: usize = 1000;

/// A change set's name, or AWS's refusal of it.
pub(crate) fn checked_name(input: &Input) -> Result<&str, AwsError> {
    let name = input.require("ChangeSetName", "ValidationError")?;
    let fits = |text: &str| {
        text.len() <= 128
            && text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.chars().all(|each| each.is_ascii_alphanumeric() || each == '-')
    };
    if fits(name) {
        return Ok(name);
    }
    Err(AwsError::validation(format!(
        "1 validation error detected: Value '{name}' at 'changeSetName' failed to satisfy \
         constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
    )))
}

/// AWS's refusals of a change set before one is made.
pub(crate) fn admit(stack: &Stack, input: &Input) -> Result<(), AwsError> {
    if !stack.is_settled() {
        return Err(stack.refuse_update());
    }
    if input.text("ChangeSetType").is_some_and(|kind| kind != "UPDATE") {
        let text = format!("Stack [{}] already exists and cannot be created again with the changeSet", stack.name);
        return Err(AwsError::validation(text));
    }
    same_template(stack, input)?;
    capabilities(&stack.seed.capabilities, input)?;
    if stack.change_sets.len() >= MOST {
        let text = "ChangeSet limit exceeded for the stack";
        return Err(AwsError::bad("LimitExceededException", text));
    }
    Ok(())
}

/// Updates here change parameters and tags, not the template: another one is a 501.
pub(crate) fn same_template(stack: &Stack, input: &Input) -> Result<(), AwsError> {
    if input.flag("UsePreviousTemplate") {
        return Ok(());
    }
    if input.text("TemplateURL").is_some() {
        return Err(AwsError::not_implemented("cloudformation", "an update by TemplateURL"));
    }
    let Some(body) = input.text("TemplateBody") else {
        return Err(AwsError::validation("Either Template URL or Template Body must be specified."));
    };
    let given: Option<serde_json::Value> = serde_json::from_str(body).ok();
    if given.as_ref() == Some(&to_template(&stack.seed)) {
        return Ok(());
    }
    Err(AwsError::not_implemented("cloudformation", "an update with another template"))
}

/// AWS's refusal when the template needs more than was acknowledged.
pub(crate) fn capabilities(needed: &[String], input: &Input) -> Result<(), AwsError> {
    let given = input.strings("Capabilities");
    let covered = |each: &&String| {
        given.contains(each) || (*each == "CAPABILITY_IAM" && given.iter().any(|it| it == "CAPABILITY_NAMED_IAM"))
    };
    let lacking: Vec<&str> = needed.iter().filter(|each| !covered(each)).map(String::as_str).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let text = format!("Requires capabilities : [{}]", lacking.join(", "));
    Err(AwsError::bad("InsufficientCapabilitiesException", text))
}
