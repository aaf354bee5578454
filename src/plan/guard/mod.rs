//! The guard: would an intended update undo a restore, or replace what must stay?
//!
//! A restored stack names its snapshot and its recovery point for ever: an update that changes, blanks or
//! forgets one of these parameters makes CloudFormation replace the database by another one. *Safe* is said
//! only where everything that matters was seen.

mod file;
pub mod ids;
mod restore;
#[cfg(test)]
mod tests;
mod uses;
mod words;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use file::parameters_file;
pub use words::arguments;

use crate::model::change_set::Change;
use crate::model::change_set::review;
use crate::model::finding::{Finding, Severity, error, finding, sort, warning};
use crate::model::stack::Stack;
use crate::model::topology::RestoreParameters;
use crate::plan::template::Template;

/// The stack as it is.
#[derive(Clone, Copy, Debug)]
pub struct Current<'a> {
    /// The stack, with its parameters' values.
    pub stack: &'a Stack,
    /// The keys that restore a backup.
    pub restore: Option<&'a RestoreParameters>,
    /// Places of what an update must never replace or remove: `Topology::protected`.
    pub protected: &'a [String],
    /// The stack's template, where it could be read.
    pub template: Option<&'a Template>,
}

/// What somebody is about to do to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intended {
    /// The stack that it is for, by name or ARN, where that is said.
    pub stack: Option<String>,
    /// The parameters that are named; `None`: not known.
    pub parameters: Option<Vec<(String, Value)>>,
    /// What becomes of those that are not.
    pub left_out: LeftOut,
    /// The template.
    pub template: NewTemplate,
    /// The change set's rows, where there is one.
    pub changes: Option<Vec<Change>>,
}

/// A parameter in an intended update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `ParameterValue`
    New(String),
    /// `UsePreviousValue`
    Previous,
}

/// What CloudFormation, or the tool, does with a parameter that is not named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// UpdateStack: the template's default.
    Default,
    /// `aws cloudformation deploy`: the value that it has.
    Previous,
    /// It depends on the tool that reads the file.
    Unknown,
}

/// The template of an intended update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewTemplate {
    /// `UsePreviousTemplate`, or none is spoken of.
    Previous,
    /// This one.
    Text(Box<Template>),
    /// Another one that could not be read, and why.
    Unread(String),
}

/// The whole verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing that matters changes.
    Safe,
    /// Something that must stay would go.
    Unsafe,
    /// It cannot be told from what there is.
    Unknown,
}

/// A verdict with its reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guarded {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, errors first.
    pub findings: Vec<Finding>,
}

/// A text or a command that says nothing about an update.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    /// The file is in none of the known forms.
    #[error("the file is no parameters file: {0}")]
    NotParameters(String),
    /// The command is none that updates a stack in a known way.
    #[error("`{0}` is not known here: `aws cloudformation update-stack`, `deploy` and `create-change-set` are")]
    NotKnown(String),
    /// An argument cannot be read.
    #[error("`{option}` cannot be read: {why}")]
    Argument {
        /// The option.
        option: String,
        /// Why not.
        why: String,
    },
}

impl Intended {
    /// A change set, as DescribeChangeSet shows it.
    pub fn of_change_set(stack_id: &str, parameters: Vec<(String, Value)>, changes: Option<Vec<Change>>) -> Self {
        Self {
            stack: Some(stack_id.to_owned()),
            parameters: Some(parameters),
            left_out: LeftOut::Default,
            template: NewTemplate::Previous,
            changes,
        }
    }
}

/// Judges an intended update.
pub fn guard(current: &Current<'_>, intended: &Intended) -> Guarded {
    let mut findings: Vec<Finding> = other_stack(current, intended).into_iter().collect();
    findings.extend(restore::findings(current, intended));
    match &intended.changes {
        Some(changes) => findings.extend(previewed(changes, current.protected)),
        None => {
            findings.extend(uses::findings(current, intended, &restore::changed(current, intended)));
            findings.push(no_change_set());
        }
    }
    sort(&mut findings);
    Guarded { verdict: verdict(&findings), findings }
}

fn verdict(findings: &[Finding]) -> Verdict {
    match findings.iter().map(|finding| finding.severity).max() {
        Some(Severity::Error) => Verdict::Unsafe,
        Some(Severity::Warning) => Verdict::Unknown,
        Some(Severity::Info) | None => Verdict::Safe,
    }
}

/// A change set is CloudFormation's own preview.
fn previewed(changes: &[Change], protected: &[String]) -> Vec<Finding> {
    let hazard = review(changes, protected);
    let destroys = hazard.destroys.into_iter().map(destroys);
    destroys.chain(hazard.maybe.into_iter().map(may_destroy)).collect()
}

fn other_stack(current: &Current<'_>, intended: &Intended) -> Option<Finding> {
    let named = intended.stack.as_deref()?;
    (named != current.stack.name && named != current.stack.id).then(|| {
        error(
            ids::OTHER_STACK,
            format!("the update is for `{named}`, not for {}", current.stack.name),
            "What it would do to that stack was not looked at.",
            format!("Guard that stack instead: `stacksnap guard {named} …`."),
        )
    })
}

fn destroys(what: String) -> Finding {
    error(
        ids::DESTROYS,
        what,
        "What is in it goes with it, or the new one begins empty.",
        "Do not execute it. Find the property that changed, and take the change back.",
    )
}

fn may_destroy(what: String) -> Finding {
    warning(
        ids::MAY_DESTROY,
        what,
        "What is in it might go with it.",
        "Make a change set (`aws cloudformation create-change-set`), and guard that: `--change-set ARN`.",
    )
}

fn no_change_set() -> Finding {
    finding(
        ids::NO_CHANGE_SET,
        Severity::Info,
        "only a change set shows for certain what an update replaces".to_owned(),
        "Parameters and templates were compared; what CloudFormation makes of other resources was not seen.",
        "Where it matters, make a change set and guard that: `--change-set ARN`.",
    )
}

/// Keys that restore a backup.
fn restore_keys<'a>(current: &Current<'a>) -> BTreeSet<&'a str> {
    let Some(keys) = current.restore else { return BTreeSet::new() };
    [&keys.source_stack, &keys.snapshot, &keys.secret, &keys.vault, &keys.recovery_point]
        .into_iter()
        .map(String::as_str)
        .collect()
}
