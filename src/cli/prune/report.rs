//! What a prune would do, or did.

use std::io;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::output::table::{self, Cell, Tone};
use super::super::output::{Document, Page, clean, human};
use crate::engine::prune::{Doomed, Outcome};
use crate::model::retention::{Period, Policy};
use crate::plan::prune::Forecast;

/// What would be done, or was.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Prune")]
pub(crate) struct PruneReport {
    /// Stack by stack.
    pub(crate) items: Vec<PrunedStack>,
    /// Something was done; false in a dry run, and where there was nothing to do.
    pub(crate) changed: bool,
}

/// One stack's backups.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PrunedStack {
    /// The stack's name.
    pub(crate) stack: String,
    /// The rules, as the configuration writes them.
    pub(crate) policy: Vec<String>,
    /// Where days begin.
    pub(crate) time_zone: String,
    /// Every backup, the newest first.
    pub(crate) backups: Vec<Row>,
    /// How many would be deleted, or were to be.
    pub(crate) going: usize,
    /// The region's quota of manual DB cluster snapshots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quota: Option<QuotaAhead>,
}

/// The quota, and when it is used up.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QuotaAhead {
    /// Snapshots there are.
    pub(crate) used: u64,
    /// Snapshots there may be.
    pub(crate) max: u64,
    /// When a backup will be refused, if this stack goes on as it has and is pruned by this policy; absent: not
    /// within ten years, or nothing tells how often it is backed up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(crate) full: Option<Timestamp>,
}

/// One backup, and what becomes of it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    /// Its id; of a seed, the run's it was made for.
    pub(crate) id: String,
    /// `complete`, `running`, `incomplete`, `failed`, `orphan`, `ambiguous` or `seed`.
    pub(crate) state: &'static str,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(crate) began: Option<Timestamp>,
    /// The verdict.
    pub(crate) verdict: Verdict,
    /// Why.
    pub(crate) reasons: Vec<String>,
    /// What came of it, where it was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<Became>,
    /// Why it came out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

/// The verdict on one backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// It stays.
    Keep,
    /// It goes.
    Delete,
}

/// What became of one that was to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Became {
    /// Nothing of it is left.
    Deleted,
    /// Something spoke against it; it is as it was.
    Kept,
    /// It could not be finished.
    Failed,
}

impl Row {
    pub(super) fn new(
        id: String,
        state: &'static str,
        began: Option<Timestamp>,
        goes: bool,
        reasons: Vec<String>,
    ) -> Self {
        let verdict = if goes { Verdict::Delete } else { Verdict::Keep };
        Self { id, state, began, verdict, reasons, outcome: None, why: None }
    }

    fn verdict(&self) -> Cell {
        match (self.verdict, self.outcome) {
            (_, Some(Became::Failed)) => Cell::toned("failed", Tone::Error),
            (Verdict::Delete, Some(Became::Deleted)) => Cell::toned("deleted", Tone::Warning),
            (Verdict::Delete, Some(Became::Kept)) => Cell::toned("kept after all", Tone::Good),
            (Verdict::Delete, None) => Cell::toned("delete", Tone::Warning),
            (Verdict::Keep, _) => Cell::toned("keep", Tone::Good),
        }
    }
}

impl PrunedStack {
    pub(super) fn new(stack: &str, policy: &Policy, backups: Vec<Row>) -> Self {
        let going = backups.iter().filter(|row| row.verdict == Verdict::Delete).count();
        let time_zone = policy.zone.iana_name().unwrap_or("UTC").to_owned();
        Self { stack: stack.to_owned(), policy: rules(policy), time_zone, backups, going, quota: None }
    }
}

/// `keep-daily 7` …
fn rules(policy: &Policy) -> Vec<String> {
    let mut all: Vec<String> = policy.last.iter().map(|last| format!("keep-last {last}")).collect();
    all.extend(policy.within.map(|seconds| format!("keep-within {}", crate::config::Span(seconds))));
    let periods = Period::ALL.iter().zip(policy.periods);
    all.extend(periods.filter_map(|(period, most)| Some(format!("keep-{} {}", period.word(), most?))));
    all.extend(policy.tags.iter().cloned().map(|rule| format!("keep-tag {}", String::from(rule))));
    all
}

impl PruneReport {
    pub(super) fn foretell(&mut self, stack: &str, ahead: Forecast) {
        if let Some(item) = self.items.iter_mut().find(|item| item.stack == stack) {
            item.quota = Some(QuotaAhead { used: ahead.quota.used, max: ahead.quota.max, full: ahead.full });
        }
    }

    pub(super) fn became(&mut self, doomed: &Doomed, outcome: &Outcome) {
        let rows = self.items.iter_mut().filter(|item| item.stack == doomed.stack).flat_map(|item| &mut item.backups);
        for row in rows.filter(|row| row.id == doomed.id && (row.state == "seed") == doomed.seed) {
            (row.outcome, row.why) = match outcome {
                Outcome::Deleted => (Some(Became::Deleted), None),
                Outcome::Kept(why) => (Some(Became::Kept), Some(why.clone())),
                Outcome::Failed { why, .. } => (Some(Became::Failed), Some(why.clone())),
            };
        }
    }
}

impl Document for PruneReport {
    const KIND: &'static str = "Prune";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        if self.items.is_empty() {
            return page.line("no backups");
        }
        for (index, item) in self.items.iter().enumerate() {
            if index > 0 {
                page.line("")?;
            }
            item.text(page)?;
        }
        if self.changed { Ok(()) } else { page.line("nothing was changed") }
    }
}

impl PrunedStack {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.line(page.paint.bold(&clean::clean(&self.stack)))?;
        page.field("Policy", format!("{} ({})", self.policy.join(", "), self.time_zone))?;
        if let Some(quota) = &self.quota {
            page.field("Snapshots", format!("{} of {} in this region{}", quota.used, quota.max, full(quota.full)))?;
        }
        page.line("")?;
        let began = |row: &Row| row.began.map_or_else(|| "-".to_owned(), human::time);
        let why = |row: &Row| row.why.clone().unwrap_or_else(|| row.reasons.join("; "));
        table::write(
            page,
            ["BACKUP", "STATE", "BEGAN", "VERDICT", "WHY"],
            || self.backups.iter(),
            |row| {
                [
                    Cell::from(&row.id),
                    Cell::from(row.state),
                    Cell::from(began(row)),
                    row.verdict(),
                    Cell::from(why(row)),
                ]
            },
        )?;
        page.line("")?;
        page.line(self.sum())
    }

    fn sum(&self) -> String {
        let (all, tried) = (self.backups.len(), self.backups.iter().filter(|row| row.outcome.is_some()).count());
        let deleted = self.backups.iter().filter(|row| row.outcome == Some(Became::Deleted)).count();
        match (self.going, tried) {
            (0, _) => format!("nothing of {all} to delete"),
            (going, 0) => format!("would delete {going} of {all}"),
            (_, _) => format!("deleted {deleted} of {all}"),
        }
    }
}

fn full(at: Option<Timestamp>) -> String {
    at.map(|at| format!("; at this rate the quota is used up on {}", human::time(at).get(..10).unwrap_or_default()))
        .unwrap_or_default()
}
