//! `stacksnap schedule install`

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::super::context::Context;
use super::super::super::exit::Exit;
use super::super::super::failure::Failure;
use super::super::super::output::{Document, Page};
use super::super::super::signals::Signals;
use super::args::Asked;
use super::change_set::{self, ChangeRow, Made, Shown};
use super::follow::{self, Ended};
use super::plan::whose;
use super::prepare::{self, Prepared};
use super::runs::When;
use crate::aws::Aws;
use crate::model::StackStatus;

/// What was deployed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "ScheduleInstalled")]
pub(crate) struct Installed {
    /// The deployment's name, which is its CloudFormation stack's.
    pub(crate) deployment: String,
    /// `created`, `updated` or `unchanged`.
    pub(crate) outcome: &'static str,
    /// The ARN of the deployment's stack.
    pub(crate) stack_id: String,
    /// The stacks that it backs up.
    pub(crate) stacks: Vec<String>,
    /// The tag that tells which these are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fleet_tag: Option<String>,
    /// When it does.
    #[serde(rename = "schedule")]
    pub(crate) when: When,
    /// What was changed.
    pub(crate) changes: Vec<ChangeRow>,
    /// Somebody must confirm a mail of AWS's before any report or alarm is sent.
    pub(crate) confirm_mail: bool,
}

/// Deploys it.
///
/// # Errors
/// It cannot be deployed so, nobody wants it, or it failed.
pub(super) async fn run(asked: &Asked, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    let prepared = prepare::prepare(cx, &aws, asked).await?;
    prepared.plan.warnings.iter().for_each(|warning| cx.warn(warning));
    if !cx.globals.yes && !cx.interactive() {
        // Nothing is made that nobody can be asked about.
        cx.confirm("")?;
    }
    let mut signals = Signals::listen();
    let Some((made, changes)) = change_set::make(cx, &aws, &prepared.proposal, &mut signals).await? else {
        let stack_id = prepared.plan.stack_id.clone().unwrap_or_default();
        cx.emit(&installed(prepared, "unchanged", stack_id, Vec::new()))?;
        return Ok(Exit::Done);
    };
    cx.show(&Shown { deployment: &prepared.plan.deployment, changes: &changes });
    if let Err(failure) = change_set::ask(cx, "Execute it?", &mut signals).await {
        made.discard(cx, &aws).await;
        return Err(failure);
    }
    execute(cx, &aws, &made, &prepared, &mut signals).await?;
    let outcome = if prepared.proposal.create { "created" } else { "updated" };
    cx.emit(&installed(prepared, outcome, made.stack_id, changes))?;
    Ok(Exit::Done)
}

async fn execute(
    cx: &Context,
    aws: &Aws,
    made: &Made,
    prepared: &Prepared,
    signals: &mut Signals,
) -> Result<(), Failure> {
    if let Err(refusal) = aws.execute_proposal(&made.arn, &made.name).await {
        made.discard(cx, aws).await;
        return Err(cx.refused("the change set cannot be executed", &refusal));
    }
    let ended = follow::follow(cx, aws, &made.stack_id, &made.name, signals).await?;
    match ended.status {
        StackStatus::CreateComplete | StackStatus::UpdateComplete => Ok(()),
        _ => Err(failed(cx, aws, &ended, prepared)),
    }
}

fn failed(cx: &Context, aws: &Aws, ended: &Ended, prepared: &Prepared) -> Failure {
    let name = prepared.plan.deployment.as_str();
    let what = format!("the deployment {name} failed ({})", ended.status);
    let why = ended.why.clone().unwrap_or_else(|| "CloudFormation names no resource that failed".to_owned());
    let failure = Failure::new(Exit::Failed, "deployment-failed", what).why(why);
    if prepared.proposal.create {
        let remove = cx.command(&["schedule", "remove", "--deployment", name], Some(aws.region()));
        return failure.hint(format!("take away what is left of it, then try again: `{remove}`"));
    }
    failure.hint("CloudFormation has put everything back as it was, so far as it could; see `schedule status`")
}

fn installed(prepared: Prepared, outcome: &'static str, stack_id: String, changes: Vec<ChangeRow>) -> Installed {
    let plan = prepared.plan;
    let subscribed = |change: &ChangeRow| change.resource_type == "AWS::SNS::Subscription" && change.action != "Remove";
    Installed {
        deployment: plan.deployment,
        outcome,
        stack_id,
        stacks: plan.stacks,
        fleet_tag: plan.fleet_tag,
        when: plan.when,
        confirm_mail: changes.iter().any(subscribed),
        changes,
    }
}

impl Document for Installed {
    const KIND: &'static str = "ScheduleInstalled";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.field("Deployment", format!("{}: {}", self.deployment, self.outcome))?;
        page.field("Stack", &self.stack_id)?;
        page.field("Backs up", whose(&self.stacks, self.fleet_tag.as_deref()))?;
        self.when.text(page)?;
        if self.confirm_mail {
            page.line("")?;
            page.line("AWS has sent a mail: until its link is followed, no report and no alarm arrives.")?;
        }
        Ok(())
    }
}
