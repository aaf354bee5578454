//! What is refused before anything is made.

use super::super::super::context::Context;
use super::super::super::exit::Exit;
use super::super::super::failure::Failure;
use super::args::{Asked, USUAL};
use super::tend;
use crate::aws::Aws;
use crate::model::{RefusalKind, StackStatus};
use crate::plan::schedule::deployment::Deployed;

/// An update can be made of it.
pub(super) fn changeable(cx: &Context, aws: &Aws, name: &str, status: &StackStatus) -> Result<(), Failure> {
    if status.updatable() {
        return Ok(());
    }
    let what = format!("the deployment {name} cannot be changed as it is: {status}");
    if status.in_progress() {
        return Err(Failure::new(Exit::Busy, "under-way", what).hint("try again when that has ended"));
    }
    let remove = cx.command(&["schedule", "remove", "--deployment", name], Some(aws.region()));
    Err(Failure::new(Exit::Refused, "not-changeable", what)
        .why("CloudFormation refuses any update of a stack in that state; nothing was touched")
        .hint(format!("remove what is left of it, then install it anew: `{remove}`")))
}

/// A deployment does not come to back up something else because its name was left out.
pub(super) fn same_stacks(asked: &Asked, there: &Deployed) -> Result<(), Failure> {
    let (stack, tag) = (tend::value(&there.stack, "Stack"), tend::value(&there.stack, "FleetTag"));
    let (new_stack, new_tag) = (asked.stack.as_deref(), asked.fleet_tag.as_deref());
    let said = new_stack.is_some() || new_tag.is_some();
    let same = new_stack.unwrap_or_default() == stack && new_tag.unwrap_or_default() == tag;
    if !said || same || asked.names_deployment() {
        return Ok(());
    }
    let now = if tag.is_empty() { stack.to_owned() } else { format!("the stacks tagged {tag}") };
    let (other, new) = match (new_stack, new_tag) {
        (Some(stack), _) => (format!("{USUAL}-{stack}"), stack.to_owned()),
        (None, tag) => (format!("{USUAL}-fleet"), format!("the stacks tagged {}", tag.unwrap_or_default())),
    };
    Err(Failure::new(Exit::Refused, "other-stack", format!("the deployment {USUAL} backs up {now}, not {new}"))
        .why("it would stop doing so; nothing was touched")
        .hint(format!("for a second one beside it: `--deployment {other}`"))
        .hint(format!("if it is to take over: `--deployment {USUAL}`")))
}

/// What a first deployment cannot do without.
pub(super) fn first_time(asked: &Asked, there: Option<&Deployed>) -> Result<(), Failure> {
    if there.is_some() {
        return Ok(());
    }
    let name = asked.deployment();
    if asked.stack.is_none() && asked.fleet_tag.is_none() {
        return Err(Failure::usage(format!(
            "there is no deployment {name} yet, so it must be said what it is to back up"
        ))
        .hint("give the stack's name, or `--fleet-tag KEY=VALUE` for every stack that bears that tag"));
    }
    if asked.code().is_none() {
        return Err(Failure::usage(format!("there is no deployment {name} yet, so it must be said where its code is"))
            .hint("upload the Lambda's zip to a bucket in this region, then add `--code s3://BUCKET/KEY`"));
    }
    Ok(())
}

/// The zip is where it is said to be, as far as that can be told.
pub(super) async fn code_is_there(cx: &Context, aws: &Aws, asked: &Asked) -> Result<(), Failure> {
    let Some(code) = asked.code() else { return Ok(()) };
    let place = format!("s3://{}/{}", code.bucket, code.key);
    match aws.object_is_there(&code.bucket, &code.key).await {
        Ok(()) => Ok(()),
        Err(refusal) if refusal.kind == RefusalKind::NotFound => {
            Err(Failure::new(Exit::Refused, "code-not-found", format!("there is nothing at {place}"))
                .why("CloudFormation could not make the function; nothing was touched")
                .hint(format!("upload the Lambda's zip first: `aws s3 cp stacksnap-lambda.zip {place}`")))
        }
        // Whoever deploys may do so without being allowed to read the code.
        Err(refusal) => {
            cx.warn(&format!("whether the code is at {place} is not known: {refusal}"));
            Ok(())
        }
    }
}
