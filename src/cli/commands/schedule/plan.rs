//! `stacksnap schedule plan`

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::super::context::Context;
use super::super::super::exit::Exit;
use super::super::super::failure::Failure;
use super::super::super::output::table::{self, Cell, Tone};
use super::super::super::output::{Document, Page};
use super::args::Asked;
use super::prepare;
use super::runs::When;
use crate::plan::schedule::parameters::{Chosen, Origin};

/// What stands for a value that is not to be seen, as AWS writes it.
const MASK: &str = "****";

/// What would be deployed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SchedulePlan {
    /// The deployment's name, which is its CloudFormation stack's.
    pub(crate) deployment: String,
    /// The region.
    pub(crate) region: String,
    /// `create` or `update`.
    pub(crate) action: &'static str,
    /// The ARN of the deployment's stack, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stack_id: Option<String>,
    /// The stacks that it would back up.
    pub(crate) stacks: Vec<String>,
    /// The tag that tells which these are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fleet_tag: Option<String>,
    /// When it would.
    #[serde(rename = "schedule")]
    pub(crate) when: When,
    /// The template's parameters.
    pub(crate) parameters: Vec<ParameterRow>,
    /// What the template makes with them.
    pub(crate) resources: Vec<ResourceRow>,
    /// What somebody should look at before.
    pub(crate) warnings: Vec<String>,
}

/// A parameter of the template.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ParameterRow {
    /// Its key.
    pub(crate) key: String,
    /// Its value; `****` where the template says NoEcho.
    pub(crate) value: String,
    /// `given`, `found`, `kept` or `default`.
    pub(crate) origin: &'static str,
    /// The value that the deployment has now, where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<String>,
}

/// A resource of the template.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResourceRow {
    /// Its logical id.
    pub(crate) logical_id: String,
    /// Its type.
    pub(crate) resource_type: String,
}

/// Shows it.
///
/// # Errors
/// It cannot be deployed so.
pub(super) async fn run(asked: &Asked, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    let prepared = prepare::prepare(cx, &aws, asked).await?;
    prepared.plan.warnings.iter().for_each(|warning| cx.warn(warning));
    cx.emit(&prepared.plan)?;
    Ok(Exit::Done)
}

impl ParameterRow {
    pub(super) fn of(chosen: &Chosen) -> Self {
        let seen = |value: &String| if chosen.secret && !value.is_empty() { MASK.to_owned() } else { value.clone() };
        Self {
            key: chosen.key.clone(),
            value: seen(&chosen.value),
            origin: match chosen.origin {
                Origin::Given => "given",
                Origin::Found => "found",
                Origin::Kept => "kept",
                Origin::Default => "default",
            },
            before: chosen.before.as_ref().map(seen),
        }
    }

    fn cells(&self) -> [Cell; 3] {
        let changed = self.before.is_some();
        let value = match &self.before {
            Some(before) => format!("{} -> {}", shown(before), shown(&self.value)),
            None => shown(&self.value).to_owned(),
        };
        let tone = if changed { Tone::Warning } else { Tone::Plain };
        [Cell::from(&self.key), Cell::toned(value, tone), Cell::toned(self.origin, Tone::Dim)]
    }
}

impl ResourceRow {
    pub(super) fn of((logical_id, resource_type): (&str, &str)) -> Self {
        Self { logical_id: logical_id.to_owned(), resource_type: resource_type.to_owned() }
    }
}

fn shown(value: &str) -> &str {
    if value.is_empty() { "-" } else { value }
}

impl Document for SchedulePlan {
    const KIND: &'static str = "SchedulePlan";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let verb = if self.action == "create" { "would be created" } else { "would be changed" };
        page.field("Deployment", format!("{} in {}: {verb}", self.deployment, self.region))?;
        page.field("Backs up", whose(&self.stacks, self.fleet_tag.as_deref()))?;
        self.when.text(page)?;
        page.line("")?;
        table::write(page, ["PARAMETER", "VALUE", "ORIGIN"], || self.parameters.iter(), |row| row.cells())?;
        page.line("")?;
        let row = |row: &&ResourceRow| [Cell::from(&row.logical_id), Cell::from(&row.resource_type)];
        table::write(page, ["RESOURCE", "TYPE"], || self.resources.iter(), row)?;
        page.line("")?;
        page.line("Nothing was touched: `schedule install` deploys it.")
    }
}

/// `my-hub`, or `3 stacks tagged backup=nightly: a, b, c`
pub(super) fn whose(stacks: &[String], tag: Option<&str>) -> String {
    const SHOWN: usize = 10;
    let names: Vec<&str> = stacks.iter().take(SHOWN).map(String::as_str).collect();
    let more = if stacks.len() > SHOWN { ", …" } else { "" };
    match tag {
        None => stacks.join(", "),
        Some(tag) if stacks.is_empty() => format!("no stack yet; those that will be tagged {tag}"),
        Some(tag) if stacks.len() == 1 => format!("1 stack tagged {tag}: {}", names.join(", ")),
        Some(tag) => format!("{} stacks tagged {tag}: {}{more}", stacks.len(), names.join(", ")),
    }
}
