//! What a replacement would destroy and make, as it is shown before it is confirmed.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::new_stack::NewStackPlan;
use super::table::{self, Cell, Tone};
use super::{Document, Page};
use crate::model::rebuild::Undo;

/// What would happen.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "ReplacePlan")]
pub(crate) struct ReplacePlan {
    /// The stack.
    pub(crate) stack: String,
    /// Its ARN: this one is deleted, and no other.
    pub(crate) stack_id: String,
    /// When the backup was drilled; absent: it is drilled first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) drilled: Option<String>,
    /// What happens when the new stack does not verify.
    pub(crate) on_failure: Undone,
    /// Every resource of the stack, and what becomes of it.
    pub(crate) resources: Vec<Doomed>,
    /// The stack that is made in its place.
    pub(crate) new_stack: NewStackPlan,
    /// Nothing of it is done.
    #[serde(skip)]
    pub(crate) dry_run: bool,
}

/// What happens when the new stack does not verify.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Undone {
    /// Somebody is asked.
    Ask,
    /// The safety backup is restored.
    Rollback,
    /// It stays as it is.
    Keep,
}

impl Undone {
    fn words(self) -> &'static str {
        match self {
            Self::Ask => "you are asked whether the safety backup is to be restored",
            Self::Rollback => "it is deleted, and the safety backup is restored",
            Self::Keep => "it stays as it is",
        }
    }
}

impl From<Undo> for Undone {
    fn from(undo: Undo) -> Self {
        match undo {
            Undo::Ask => Self::Ask,
            Undo::Rollback => Self::Rollback,
            Undo::Keep => Self::Keep,
        }
    }
}

/// One resource of the stack.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Doomed {
    /// Its logical id, with those of nested stacks before it.
    pub(crate) resource: String,
    /// Its type.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Its physical id.
    pub(crate) physical_id: String,
    /// What becomes of it.
    pub(crate) fate: Fate,
}

/// What becomes of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fate {
    /// Deleted.
    Deleted,
    /// Deleted; CloudFormation takes a final snapshot.
    FinalSnapshot,
    /// The template does not tell.
    Unknown,
    /// It stays, and belongs to no stack any more.
    Stays,
}

impl Fate {
    fn cell(self) -> Cell {
        match self {
            Self::Deleted => Cell::toned("destroyed", Tone::Error),
            Self::FinalSnapshot => Cell::toned("destroyed, after a final snapshot", Tone::Error),
            Self::Unknown => Cell::toned("destroyed, unless the template says otherwise", Tone::Warning),
            Self::Stays => Cell::toned("stays, outside of any stack", Tone::Good),
        }
    }
}

impl Document for ReplacePlan {
    const KIND: &'static str = "ReplacePlan";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let would = if self.dry_run { "would replace" } else { "to be replaced:" };
        page.line(format!("{would} stack {}", page.paint.bold(&self.stack)))?;
        page.field("Deleted", &self.stack_id)?;
        let proof = self
            .drilled
            .as_deref()
            .map_or("none that is young enough: drilled first".to_owned(), |at| format!("drilled {at}"));
        page.field("Proof", proof)?;
        page.field("Safety backup", "taken first, with the stack offline; it stays offline until it is replaced")?;
        page.line("")?;
        table::write(
            page,
            ["RESOURCE", "TYPE", "PHYSICAL ID", "WHAT BECOMES OF IT"],
            || self.resources.iter(),
            |row| [Cell::from(&row.resource), Cell::from(&row.kind), Cell::from(&row.physical_id), row.fate.cell()],
        )?;
        page.line("")?;
        page.line(format!("then stack {} is created anew", page.paint.bold(&self.stack)))?;
        self.new_stack.body(page, self.on_failure.words(), "against termination, once it is proven")
    }
}
