//! `stacksnap inspect STACK`

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::args::TopologyFlags;
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::table::{self, Cell};
use super::super::output::{Document, Page};
use super::super::{holder, stack_arg};
use crate::engine;
use crate::model::survey::{Discovery, Survey};
use crate::model::topology::{OfflineSwitch, RestoreParameters, Topology};
use crate::plan::preflight::{self, Ask};
use crate::world::World;

/// Show which cluster, file system, vault, role, secret and parameters were found, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Inspect {
    /// The stack's name.
    #[arg(value_parser = stack_arg::parse)]
    stack: String,
    #[command(flatten)]
    topology: TopologyFlags,
}

/// What belongs together in a stack.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Inspection")]
pub(crate) struct Inspection {
    /// The stack's name.
    stack: String,
    /// The stack's ARN.
    stack_id: String,
    /// Its status.
    status: String,
    /// `online` or `offline`, as the offline parameter reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    /// How this kind of stack names things.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    /// The parts that were found.
    parts: Vec<Part>,
    /// How the stack goes offline; absent: it cannot, only live backups are possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    offline: Option<OfflineSwitch>,
    /// Parameter Store names whose secrets a restore needs.
    parameter_store: Vec<String>,
    /// The template's restore parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    restore: Option<RestoreParameters>,
    /// The stack's parameters, as AWS shows them.
    parameters: Vec<Value>,
    /// Why the parts could not be told.
    problems: Vec<Unsolved>,
}

/// One part.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Part {
    /// `DB cluster`, `file system`, `vault`, `role` or `secret`.
    part: &'static str,
    /// Its id, name or ARN.
    value: String,
    /// Where it came from.
    from: String,
}

/// A stack parameter.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Value {
    /// `ParameterKey`
    key: String,
    /// `ParameterValue`; `****` where AWS masks it.
    value: String,
}

/// Something that could not be told.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Unsolved {
    /// What is missing or ambiguous, naming the candidates.
    what: String,
    /// Why that matters.
    why: String,
    /// The flag or key that decides.
    remedy: String,
}

/// Exit 0, or 4 where the parts cannot be told.
///
/// # Errors
/// The stack is not there, or cannot be read.
pub(crate) async fn run(args: &Inspect, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    let survey = cx.survey(&aws, &args.stack, &args.topology).await?;
    let runs = survey.runs.here().map(Vec::as_slice).unwrap_or_default();
    holder::warn_stale(cx, aws.region(), runs, aws.now());
    let findings = preflight::findings(&survey, cx.profile_of(&survey).as_ref(), Ask::default(), aws.now());
    holder::warn_debt(cx, &findings);
    if survey.topology.is_none() {
        return Err(unread(cx, &survey));
    }
    let report = Inspection::of(&survey);
    cx.emit(&report)?;
    Ok(if report.problems.is_empty() { Exit::Done } else { Exit::Refused })
}

/// The stack was read, but its resources or its parameters were not.
fn unread(cx: &Context, survey: &Survey) -> Failure {
    let refusal = survey.declared.refusal().or_else(|| survey.resources.refusal());
    match refusal {
        Some(refusal) => cx.refused("the stack's resources and parameters cannot be read", refusal),
        None => Failure::new(Exit::Failed, "unread", "the stack's resources and parameters cannot be read"),
    }
}

impl Inspection {
    fn of(survey: &Survey) -> Self {
        let mut report = Self::default();
        if let Some(stack) = survey.stack.here() {
            report.stack.clone_from(&stack.name);
            report.stack_id.clone_from(&stack.id);
            report.status = stack.status.to_string();
            report.parameters = stack
                .parameters
                .iter()
                .map(|parameter| Value { key: parameter.key.clone(), value: parameter.value.clone() })
                .collect();
        }
        if let Some(discovery) = &survey.topology {
            report.discovered(discovery);
        }
        let switch = report.offline.as_ref();
        report.mode = survey
            .stack
            .here()
            .zip(switch)
            .and_then(|(stack, switch)| engine::mode(stack, switch))
            .map(|mode| mode.to_string());
        if let Some(role) = survey.role.here() {
            report
                .parts
                .iter_mut()
                .filter(|part| part.part == "role")
                .for_each(|part| part.value.clone_from(&role.arn));
        }
        report
    }

    fn discovered(&mut self, discovery: &Discovery) {
        match discovery {
            Ok(topology) => {
                self.profile = Some(topology.profile.clone());
                self.parts = parts(topology);
                self.offline.clone_from(&topology.offline);
                self.parameter_store.clone_from(&topology.parameter_store);
                self.restore.clone_from(&topology.restore);
            }
            Err(problems) => {
                let unsolved = |problem: &crate::model::survey::Problem| Unsolved {
                    what: problem.what.clone(),
                    why: problem.why.clone(),
                    remedy: problem.remedy.clone(),
                };
                self.problems = problems.iter().map(unsolved).collect();
            }
        }
    }
}

fn parts(topology: &Topology) -> Vec<Part> {
    let secret = topology.secret.as_ref();
    [
        ("DB cluster", Some(&topology.cluster)),
        ("file system", Some(&topology.file_system)),
        ("vault", Some(&topology.vault)),
        ("role", Some(&topology.role)),
        ("secret", secret),
    ]
    .into_iter()
    .filter_map(|(part, found)| Some((part, found?)))
    .map(|(part, found)| Part { part, value: found.value.clone(), from: found.from.clone() })
    .collect()
}

impl Document for Inspection {
    const KIND: &'static str = "Inspection";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.field("Stack", &self.stack)?;
        page.field("Status", &self.status)?;
        page.field("Mode", self.mode.as_deref().unwrap_or("has no offline parameter: only --live backups"))?;
        page.field("Profile", self.profile.as_deref().unwrap_or("none that fits"))?;
        if let Some(switch) = &self.offline {
            page.field("Offline by", &switch.parameter)?;
            page.field("  online", format!("`{}`", switch.online))?;
            page.field("  offline", format!("`{}`", switch.offline))?;
        }
        self.found(page)?;
        for problem in &self.problems {
            page.line("")?;
            page.line(format!(
                "{} {}",
                page.paint.error("problem:"),
                super::super::output::clean::clean(&problem.what)
            ))?;
            page.field("  why", &problem.why)?;
            page.field("  remedy", &problem.remedy)?;
        }
        Ok(())
    }
}

impl Inspection {
    fn found(&self, page: &mut Page<'_>) -> io::Result<()> {
        if !self.parts.is_empty() {
            page.line("")?;
            table::write(
                page,
                ["PART", "FOUND", "FROM"],
                || self.parts.iter(),
                |part| [Cell::from(part.part), Cell::from(&part.value), Cell::from(&part.from)],
            )?;
        }
        for name in &self.parameter_store {
            page.field("Parameter Store", name)?;
        }
        if let Some(restore) = &self.restore {
            let RestoreParameters { source_stack, snapshot, secret, vault, recovery_point } = restore;
            page.field(
                "Restored by",
                [source_stack, snapshot, secret, vault, recovery_point].map(String::as_str).join(", "),
            )?;
        }
        if !self.parameters.is_empty() {
            page.line("")?;
            table::write(
                page,
                ["PARAMETER", "VALUE"],
                || self.parameters.iter(),
                |parameter| [Cell::from(&parameter.key), Cell::from(&parameter.value)],
            )?;
        }
        Ok(())
    }
}
