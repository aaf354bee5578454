//! What an update must bring along.

use super::state::Stack;
use super::template::{self, Template};
use crate::error::AwsError;
use crate::input::Input;
use crate::operation::Cx;

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
    let first = stack.status == "REVIEW_IN_PROGRESS";
    if !stack.is_settled() && !first {
        return Err(stack.refuse_update());
    }
    let wants_new = input.text("ChangeSetType").is_some_and(|kind| kind == "CREATE");
    if wants_new && !first {
        let name = input.text("ChangeSetName").unwrap_or_default();
        let text =
            format!("Stack [{}] already exists and cannot be created again with the changeSet [{name}]", stack.name);
        return Err(AwsError::validation(text));
    }
    if input.text("ChangeSetType").is_some_and(|kind| kind == "IMPORT") {
        return Err(AwsError::not_implemented("cloudformation", "a change set of type IMPORT"));
    }
    if first && !wants_new {
        return Err(stack.refuse_update());
    }
    if stack.change_sets.len() >= MOST {
        let text = "ChangeSet limit exceeded for the stack";
        return Err(AwsError::bad("LimitExceededException", text));
    }
    Ok(())
}

/// The template an update brings, if it is another one than the stack has.
pub(crate) fn other_template(cx: &Cx<'_>, stack: &Stack, input: &Input) -> Result<Option<Template>, AwsError> {
    let given = template::given(cx, input)?;
    if input.flag("UsePreviousTemplate") {
        return match given {
            Some(_) => Err(AwsError::validation("You cannot specify both usePreviousTemplate and a template.")),
            None => Ok(None),
        };
    }
    let given = given.ok_or_else(|| AwsError::validation("Either Template URL or Template Body must be specified."))?;
    Ok(Some(given).filter(|given| given.body != stack.template.body))
}

/// The capabilities that a stack's template needs.
pub(crate) fn needed(stack: &Stack) -> &[String] {
    if stack.native { &stack.template.capabilities } else { &stack.seed.capabilities }
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
