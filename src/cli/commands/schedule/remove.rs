//! `stacksnap schedule remove`

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::super::context::Context;
use super::super::super::exit::Exit;
use super::super::super::failure::Failure;
use super::super::super::output::table::{self, Cell, Tone};
use super::super::super::output::{Document, Page};
use super::super::super::signals::Signals;
use super::super::super::stack_arg;
use super::args::USUAL;
use super::{change_set, follow, tend};
use crate::aws::Aws;
use crate::model::StackStatus;
use crate::model::stack::{Resource, Stack};
use crate::plan::template::{Fate, Template};
use crate::world::World;

/// Delete a deployment of stacksnap: no backup is taken any more, and no sentinel watches.
///
/// What it backed up is not touched, and no backup is deleted. It is refused while a run of its stacks is under way.
#[derive(Debug, clap::Args)]
pub(crate) struct Remove {
    /// The deployment's name.
    #[arg(long, value_name = "NAME", default_value = USUAL, value_parser = stack_arg::parse)]
    deployment: String,
}

/// What is deleted, or was.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "ScheduleRemoval")]
pub(crate) struct Removal {
    /// The deployment's name, which is its CloudFormation stack's.
    pub(crate) deployment: String,
    /// The ARN of its stack.
    pub(crate) stack_id: String,
    /// It is gone.
    pub(crate) removed: bool,
    /// The stacks that it backed up.
    pub(crate) stacks: Vec<String>,
    /// What was in it.
    pub(crate) resources: Vec<Part>,
}

/// Something in a deployment.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Part {
    /// Its logical id.
    pub(crate) logical_id: String,
    /// Its type.
    pub(crate) resource_type: String,
    /// Its physical id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) physical_id: Option<String>,
    /// The template says that it outlives the stack.
    pub(crate) stays: bool,
}

/// Deletes it.
///
/// # Errors
/// It is not there (exit 8) or no deployment (4), a run is under way (6), nobody wants it, or it failed.
pub(super) async fn run(args: &Remove, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    let name = args.deployment.as_str();
    let there = tend::find(cx, &aws, name).await?.ok_or_else(|| tend::missing(cx, &aws, name))?;
    removable(name, &there.stack)?;
    let mut removal = look(cx, &aws, &there.stack).await?;
    tend::idle(cx, &aws, &removal.stacks).await?;
    if !cx.globals.yes {
        cx.show(&removal);
    }
    let mut signals = Signals::listen();
    change_set::ask(cx, &format!("Delete {name}? No backup will be taken any more."), &mut signals).await?;
    // A schedule may have begun a run while somebody was thinking.
    tend::idle(cx, &aws, &removal.stacks).await?;
    // From now on nobody leaves a run to its sentinel; which may look once more while it is deleted.
    forget(cx, &aws, name).await;
    delete(cx, &aws, name, &there.stack, &mut signals).await?;
    forget(cx, &aws, name).await;
    warn_orphans(cx, &aws, &removal.stacks).await;
    removal.removed = true;
    cx.emit(&removal)?;
    Ok(Exit::Done)
}

async fn forget(cx: &Context, aws: &Aws, name: &str) {
    if let Err(refusal) = aws.drop_mark(name).await {
        cx.warn(&format!("the mark of its sentinel cannot be deleted, and holds for a quarter of an hour: {refusal}"));
    }
}

fn removable(name: &str, stack: &Stack) -> Result<(), Failure> {
    if stack.status.in_progress() {
        let what = format!("the deployment {name} cannot be deleted as it is: {}", stack.status);
        return Err(Failure::new(Exit::Busy, "under-way", what).hint("try again when that has ended"));
    }
    if stack.termination_protection {
        let off = format!(
            "aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name {name}"
        );
        return Err(Failure::new(
            Exit::Refused,
            "protected",
            format!("the deployment {name} is protected from deletion"),
        )
        .hint(format!("if it is to go all the same: `{off}`")));
    }
    Ok(())
}

async fn look(cx: &Context, aws: &Aws, stack: &Stack) -> Result<Removal, Failure> {
    let refused = |refusal| cx.refused("the deployment cannot be read", &refusal);
    let text = aws.template(&stack.id).await.map_err(refused)?;
    let template = Template::read(&text).ok();
    let rows = aws.deployment_resources(&stack.id).await.map_err(refused)?;
    let stacks = match tend::value(stack, "FleetTag") {
        "" => tend::stacks_of(stack, &[]),
        _ => tend::stacks_of(stack, &aws.stacks().await.map_err(refused)?),
    };
    Ok(Removal {
        deployment: stack.name.clone(),
        stack_id: stack.id.clone(),
        removed: false,
        stacks,
        resources: rows.into_iter().map(|row| Part::of(row, template.as_ref())).collect(),
    })
}

async fn delete(cx: &Context, aws: &Aws, name: &str, stack: &Stack, signals: &mut Signals) -> Result<(), Failure> {
    let token = format!("stacksnap-remove-{}", aws.now().strftime("%Y%m%d-%H%M%S-%3f"));
    aws.delete_deployment(&stack.id, &token)
        .await
        .map_err(|refusal| cx.refused("the deployment cannot be deleted", &refusal))?;
    let ended = follow::follow(cx, aws, &stack.id, &token, signals).await?;
    if ended.status == StackStatus::DeleteComplete {
        return Ok(());
    }
    let what = format!("the deployment {name} could not be deleted ({})", ended.status);
    let why = ended.why.unwrap_or_else(|| "CloudFormation names no resource that failed".to_owned());
    Err(Failure::new(Exit::Failed, "removal-failed", what).why(why).hint("put that right, then try again"))
}

/// A run that began in the last moment has lost its driver and its sentinel.
async fn warn_orphans(cx: &Context, aws: &Aws, stacks: &[String]) {
    for stack in stacks {
        if let Err(failure) = tend::idle(cx, aws, std::slice::from_ref(stack)).await {
            let resume = cx.command(&["resume", stack], Some(aws.region()));
            cx.warn(&format!("{}, and nobody drives it on any more: `{resume}`", failure.what));
        }
    }
}

impl Part {
    fn of(row: Resource, template: Option<&Template>) -> Self {
        let declared = template.and_then(|template| template.resource(&row.logical_id));
        Self {
            stays: declared.is_some_and(|declared| declared.fate() == Fate::Stays),
            logical_id: row.logical_id,
            resource_type: row.resource_type,
            physical_id: row.physical_id,
        }
    }

    fn cells(&self, removed: bool) -> [Cell; 4] {
        let (word, tone) = match (self.stays, removed) {
            (true, _) => ("stays", Tone::Plain),
            (false, false) => ("would be deleted", Tone::Warning),
            (false, true) => ("deleted", Tone::Plain),
        };
        let physical = self.physical_id.as_deref().unwrap_or("-");
        [Cell::toned(word, tone), Cell::from(&self.logical_id), Cell::from(&self.resource_type), Cell::from(physical)]
    }
}

impl Document for Removal {
    const KIND: &'static str = "ScheduleRemoval";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let verb = if self.removed { "is deleted" } else { "would be deleted" };
        page.field("Deployment", format!("{}: {verb}", self.deployment))?;
        page.field("Backed up", self.stacks.join(", "))?;
        page.line("")?;
        let heads = ["", "RESOURCE", "TYPE", "ID"];
        table::write(page, heads, || self.resources.iter(), |part| part.cells(self.removed))?;
        page.line("")?;
        page.line("Backups, run records and the stacks that were backed up stay as they are.")
    }
}
