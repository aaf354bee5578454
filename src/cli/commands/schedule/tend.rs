//! Which deployments there are, whose backups they take, and whether one of these is under way.

use super::super::super::context::Context;
use super::super::super::exit::Exit;
use super::super::super::failure::Failure;
use super::super::super::{catalogue, holder};
use super::args::USUAL;
use crate::aws::Aws;
use crate::model::RefusalKind;
use crate::model::StackStatus;
use crate::model::run::Run;
use crate::model::stack::Stack;
use crate::model::watch::fleet;
use crate::plan::schedule::deployment::{Deployed, is_ours};
use crate::world::World;

/// The deployment of this name, if there is one.
///
/// # Errors
/// The stack of that name is somebody else's (exit 4), or it cannot be told.
pub(super) async fn find(cx: &Context, aws: &Aws, name: &str) -> Result<Option<Deployed>, Failure> {
    let there = aws.deployed(name).await.map_err(|refusal| cx.refused("the deployment cannot be read", &refusal))?;
    let Some(deployed) = there else { return Ok(None) };
    if deployed.stack.status == StackStatus::ReviewInProgress {
        return Err(in_review(name));
    }
    match aws.template(&deployed.stack.id).await {
        Ok(text) if is_ours(&text) => Ok(Some(deployed)),
        Ok(_) => Err(foreign(name)),
        Err(refusal) if refusal.kind == RefusalKind::NotFound => Ok(None),
        Err(refusal) => Err(cx.refused("whether the stack is a deployment of stacksnap cannot be told", &refusal)),
    }
}

fn foreign(name: &str) -> Failure {
    Failure::new(Exit::Refused, "not-a-deployment", format!("the stack {name} is not a deployment of stacksnap"))
        .why("its template is another one; nothing was touched")
        .hint("choose another name: `--deployment NAME`")
}

/// Nothing is in such a stack, not even a template that tells whose it is.
fn in_review(name: &str) -> Failure {
    let delete = format!("aws cloudformation delete-stack --stack-name {name}");
    Failure::new(Exit::Refused, "in-review", format!("a stack {name} waits for its first change set to be executed"))
        .why("nothing is in it yet (REVIEW_IN_PROGRESS), so it cannot be told whose it is")
        .hint(format!("if nobody needs it, delete it: `{delete}`"))
        .hint("or choose another name: `--deployment NAME`")
}

/// There is no such deployment.
pub(super) fn missing(cx: &Context, aws: &Aws, name: &str) -> Failure {
    let what = format!("there is no deployment {name} in {}", aws.region());
    let failure = Failure::new(Exit::NotFound, "deployment-not-found", what)
        .hint("is it the right account and region? See `--profile` and `--region`");
    if name == USUAL {
        failure.hint(format!("`{}` lists them all", cx.command(&["schedule", "status"], None)))
    } else {
        failure
    }
}

/// A parameter's value; empty where there is none.
pub(super) fn value<'a>(stack: &'a Stack, key: &str) -> &'a str {
    stack.parameter(key).unwrap_or_default()
}

/// The stacks that a deployment backs up, of all there are.
pub(super) fn stacks_of(deployment: &Stack, all: &[Stack]) -> Vec<String> {
    match value(deployment, "FleetTag") {
        "" => value(deployment, "Stack").split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        tag => fleet(tag, all),
    }
}

/// No run of any of these stacks is under way.
///
/// # Errors
/// One is (exit 6), or it cannot be told.
pub(super) async fn idle(cx: &Context, aws: &Aws, stacks: &[String]) -> Result<(), Failure> {
    for stack in stacks {
        // The lock of a run that is over holds nobody up.
        drop(holder::inspect(cx, aws, stack).await?);
        let (runs, unreadable) = aws.runs(Some(stack)).await;
        if let Some(refusal) = unreadable.first() {
            return Err(
                cx.refused("a run's record cannot be read, so it cannot be told whether one is under way", refusal)
            );
        }
        if let Some(run) = runs.into_iter().rev().find(|run| !run.ended()) {
            return Err(holder::busy(cx, aws, stack, &holder::Holder::Running(Box::new(run))));
        }
    }
    Ok(())
}

/// Whether each of these stacks is watched by a sentinel that looks; `None`: it cannot be told.
pub(super) async fn watched(cx: &Context, aws: &Aws, stacks: &[&Stack]) -> Option<bool> {
    match aws.sentinels().await {
        Ok(marks) => {
            let now = aws.now();
            let each = |stack: &&Stack| marks.iter().any(|mark| mark.watches(stack, now));
            Some(!stacks.is_empty() && stacks.iter().all(each))
        }
        Err(refusal) => {
            cx.warn(&format!("whether a sentinel watches is not known: {refusal}"));
            None
        }
    }
}

/// Warns of runs whose record cannot be read, and gives the others.
pub(super) async fn runs(cx: &Context, aws: &Aws) -> Vec<Run> {
    catalogue::runs(cx, aws, None).await
}
