//! What a prune would do, or did.

use std::io;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::output::table::{self, Cell, Tone};
use super::super::output::{Document, Page, clean, human};
use super::super::retention::Retention;
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
    /// Nobody gave a rule for this stack: it is the usual one.
    pub(crate) by_default: bool,
    /// Where days begin.
    pub(crate) time_zone: String,
    /// Every backup, the newest first.
    pub(crate) backups: Vec<Row>,
    /// How many would be deleted, or were to be.
    pub(crate) going: usize,
    /// They may be: nothing is objected, and somebody named this stack or gave it rules.
    pub(crate) allowed: bool,
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
    /// Its snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) snapshot: Option<String>,
    /// Its recovery point's ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recovery_point: Option<String>,
    /// The vault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vault: Option<String>,
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
    /// Somebody stopped it: begun, or not even that.
    Interrupted,
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
        Self {
            id,
            state,
            snapshot: None,
            recovery_point: None,
            vault: None,
            began,
            verdict,
            reasons,
            outcome: None,
            why: None,
        }
    }

    /// Of these halves.
    pub(super) fn of(self, snapshot: Option<String>, point: Option<(&String, &String)>) -> Self {
        let (vault, recovery_point) = point.map(|(vault, arn)| (vault.clone(), arn.clone())).unzip();
        Self { snapshot, vault, recovery_point, ..self }
    }

    fn verdict(&self) -> Cell {
        match (self.verdict, self.outcome) {
            (_, Some(Became::Failed)) => Cell::toned("failed", Tone::Error),
            (Verdict::Delete, Some(Became::Deleted)) => Cell::toned("deleted", Tone::Warning),
            (Verdict::Delete, Some(Became::Kept)) => Cell::toned("kept after all", Tone::Good),
            (Verdict::Delete, Some(Became::Interrupted)) => Cell::toned("interrupted", Tone::Error),
            (Verdict::Delete, None) => Cell::toned("delete", Tone::Warning),
            (Verdict::Keep, _) => Cell::toned("keep", Tone::Good),
        }
    }
}

impl PrunedStack {
    /// `allowed`: what is to go goes.
    pub(super) fn new(stack: &str, retention: &Retention, allowed: bool, backups: Vec<Row>) -> Self {
        let policy = &retention.policy;
        Self {
            stack: stack.to_owned(),
            policy: rules(policy),
            by_default: !retention.explicit,
            time_zone: policy.zone.iana_name().unwrap_or("UTC").to_owned(),
            going: backups.iter().filter(|row| row.verdict == Verdict::Delete).count(),
            allowed,
            backups,
            quota: None,
        }
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

    /// What has come to no end, will not.
    pub(super) fn interrupted(&mut self) {
        let rows = self.items.iter_mut().flat_map(|item| &mut item.backups);
        for row in rows.filter(|row| row.verdict == Verdict::Delete && row.outcome.is_none()) {
            row.outcome = Some(Became::Interrupted);
        }
    }

    /// Something of what was to be done was done, or may have been.
    pub(super) fn changed(&self) -> bool {
        let mut rows = self.items.iter().flat_map(|item| &item.backups);
        rows.any(|row| row.outcome.is_some_and(|outcome| outcome != Became::Kept))
    }

    pub(super) fn became(&mut self, doomed: &Doomed, outcome: &Outcome) {
        let rows = self.items.iter_mut().filter(|item| item.stack == doomed.stack).flat_map(|item| &mut item.backups);
        let point = doomed.point.as_ref().map(|point| &point.arn);
        for row in rows.filter(|row| row.id == doomed.id && row.recovery_point.as_ref() == point) {
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
        let usual = if self.by_default { ", the usual rule: none was given" } else { "" };
        page.field("Policy", format!("{} ({}){usual}", self.policy.join(", "), self.time_zone))?;
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
            (going, 0) if !self.allowed => format!("would delete {going} of {all}, and may not"),
            (going, 0) => format!("would delete {going} of {all}"),
            (_, _) => format!("deleted {deleted} of {all}"),
        }
    }
}

fn full(at: Option<Timestamp>) -> String {
    at.map(|at| format!("; at this rate the quota is used up on {}", human::time(at).get(..10).unwrap_or_default()))
        .unwrap_or_default()
}
