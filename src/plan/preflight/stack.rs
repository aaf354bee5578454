//! The stack itself, and what belongs together in it.

use crate::model::finding::Finding;
use crate::model::stack::Stack;
use crate::model::{Seen, StackStatus};

use super::{Look, error, ids, switch_of, unseen, warning};

pub(super) fn findings(look: &Look<'_>) -> Vec<Finding> {
    let survey = look.survey;
    let mut all: Vec<Finding> = unseen::essential("the caller's identity", &survey.caller).into_iter().collect();
    match &survey.stack {
        Seen::Missing => all.push(missing(look)),
        Seen::Here(stack) => {
            all.extend(status(stack));
            all.extend(nested(stack));
            all.extend(unseen::essential("the stack's resources", &survey.resources));
            all.extend(unseen::essential("the template's parameters", &survey.declared));
            all.extend(topology(look));
        }
        unknown => all.extend(unseen::essential("the stack", unknown)),
    }
    all
}

fn missing(look: &Look<'_>) -> Finding {
    let place = look.survey.caller.here().map_or_else(
        || "this region and account".to_owned(),
        |caller| format!("{} of account {}", caller.region, caller.account),
    );
    error(
        ids::NO_STACK,
        format!("there is no such stack in {place}"),
        "A backup belongs to a stack that exists.",
        "Check the name (capitals count), --region and --profile; `aws cloudformation list-stacks` shows them all.",
    )
}

const WHY: &str = "The stack's mode is changed by an update, and CloudFormation accepts one only in a stable status.";

fn status(stack: &Stack) -> Option<Finding> {
    let status = &stack.status;
    let reason = stack.status_reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let what = format!("the stack is {status}{reason}");
    if status.updatable() {
        None
    } else if status.gone() || *status == StackStatus::DeleteFailed {
        Some(error(ids::STACK_GONE, what, "Only a stack that stays can be backed up.", gone(status)))
    } else if status.stuck() {
        Some(error(ids::STACK_STUCK, what, WHY, stuck(stack)))
    } else if *status == StackStatus::ReviewInProgress {
        let remedy = "Execute the change set that would create the stack, or delete it.";
        Some(error(ids::STACK_NOT_UPDATABLE, what, "A stack under review has no resources yet.", remedy))
    } else if status.in_progress() {
        let remedy = "Wait until the operation has ended, then check again.";
        Some(error(ids::STACK_BUSY, what, WHY, remedy))
    } else {
        Some(error(ids::STACK_NOT_UPDATABLE, what, WHY, unusable(status)))
    }
}

fn gone(status: &StackStatus) -> &'static str {
    match status {
        StackStatus::DeleteFailed => "Find out what the deletion stumbled over; the stack may have lost parts of it.",
        _ => "Its existing backups are still listed: `stacksnap list`.",
    }
}

fn stuck(stack: &Stack) -> String {
    format!(
        "Read the stack's events for the first failure, repair it, then `aws cloudformation continue-update-rollback \
         --stack-name {}`. stacksnap never does this by itself.",
        stack.name
    )
}

fn unusable(status: &StackStatus) -> &'static str {
    match status {
        StackStatus::CreateFailed | StackStatus::RollbackComplete | StackStatus::RollbackFailed => {
            "The stack was never created completely: delete it and create it again."
        }
        _ => "Bring the stack into a stable status; if this status is new to you, see CloudFormation's documentation.",
    }
}

fn nested(stack: &Stack) -> Option<Finding> {
    let parent = stack.parent_id.as_deref()?;
    Some(error(
        ids::STACK_NESTED,
        format!("the stack is nested in {parent}"),
        "Only its root stack should update it; otherwise the two disagree.",
        "Back up the root stack: nested stacks' resources are found there.",
    ))
}

/// For a mode change alone, only the offline parameter matters.
fn topology(look: &Look<'_>) -> Vec<Finding> {
    let problems = match &look.survey.topology {
        Some(Ok(_)) => return Vec::new(),
        Some(Err(problems)) => problems,
        // What it would have been made of was not shown, and that has been said.
        None if look.survey.resources.here().is_none() || look.survey.declared.here().is_none() => return Vec::new(),
        None => return unseen::essential::<()>("which parts belong together", &Seen::NotLooked).into_iter().collect(),
    };
    let enough = look.ask.switch_only && switch_of(look.survey, look.profile).is_some();
    let say = if enough { warning } else { error };
    problems.iter().map(|p| say(ids::TOPOLOGY, p.what.clone(), &p.why, p.remedy.clone())).collect()
}
