//! What came of a run that makes a new stack, as its report says.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::duration;
use super::output::Page;
use super::sights::Sights;
use crate::model::run::{Kind, Run};
use crate::model::stack::Output;

/// The new stack, and how long it took.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RebuiltReport {
    /// The backup that was restored.
    pub(crate) backup: String,
    /// The new stack's name.
    pub(crate) new_stack: String,
    /// Its ARN, once it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) new_stack_id: Option<String>,
    /// Its status, as last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    /// It was proven to be the backup's, as far as AWS tells: see the warnings for what is not provable.
    pub(crate) proven: bool,
    /// Seconds from the run's start until it was proven: the recovery time; of a replacement with its safety backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rto_s: Option<i64>,
    /// The backup's age when the run began, seconds: what would have been lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rpo_s: Option<i64>,
    /// For a replacement: the backup of the stack as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) safety_backup: Option<String>,
    /// The safety backup was restored.
    pub(crate) rolled_back: bool,
    /// The new stack's outputs.
    pub(crate) outputs: Vec<Output>,
}

impl RebuiltReport {
    /// Of a run that makes a new stack.
    pub(crate) fn of(run: &Run, sights: &Sights) -> Option<Self> {
        let aim = run.target.aim.as_ref()?;
        let (first, second) = (&run.rebuilt.first, &run.rebuilt.second);
        let made = if second.id.is_some() { second } else { first };
        let fresh = sights.fresh.as_ref().filter(|stack| made.id.as_deref() == Some(&*stack.id));
        let gone = run.kind == Kind::Drill;
        Some(Self {
            backup: aim.backup.clone(),
            new_stack: aim.name.clone(),
            new_stack_id: made.id.clone(),
            status: fresh.map(|stack| stack.status.to_string()),
            proven: made.proven.is_some(),
            rto_s: made.proven.map(|at| at.duration_since(run.started).as_secs()),
            rpo_s: aim.backup_at.map(|at| run.started.duration_since(at).as_secs()),
            safety_backup: (run.kind == Kind::Replace && run.asked.is_some()).then(|| run.id.to_string()),
            rolled_back: second.proven.is_some(),
            outputs: fresh.filter(|_| !gone).map(|stack| stack.outputs.clone()).unwrap_or_default(),
        })
    }

    /// Writes it for people.
    ///
    /// # Errors
    /// Those of the output.
    pub(crate) fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.field("Backup", &self.backup)?;
        let id = self.new_stack_id.as_deref().unwrap_or("not created");
        let status = self.status.as_deref().map(|status| format!(" ({status})")).unwrap_or_default();
        page.field("New stack", format!("{id}{status}"))?;
        if let Some(safety) = self.safety_backup.as_ref().filter(|_| self.rolled_back) {
            page.field("Rolled back", format!("to the safety backup {safety}"))?;
        }
        let whose = if self.rolled_back { "the safety backup's" } else { "the backup's" };
        let proven = format!("yes: its database is available, its files are {whose}");
        page.field("Proven", if self.proven { proven.as_str() } else { "no" })?;
        if let Some(seconds) = self.rto_s {
            let label = if self.safety_backup.is_some() { "Took" } else { "Recovery time" };
            page.field(label, duration::show(seconds))?;
        }
        if let Some(seconds) = self.rpo_s {
            page.field("Backup's age", duration::show(seconds))?;
        }
        if let Some(safety) = self.safety_backup.as_ref().filter(|_| !self.rolled_back) {
            page.field("Safety backup", safety)?;
        }
        for output in &self.outputs {
            page.field("Output", format!("{} = {}", output.key, output.value))?;
        }
        Ok(())
    }
}
