//! Findings as a document: the result of `check`, and of a start that was refused.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::output::table::{self, Cell, Tone};
use super::output::{Document, Page, clean};
use crate::model::finding::{Finding, Severity, sort};

/// What was found about a stack.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "CheckReport")]
pub(crate) struct CheckReport {
    /// The stack's name.
    pub(crate) stack: String,
    /// No finding is an error: a backup can be taken.
    pub(crate) ok: bool,
    /// How many of each.
    pub(crate) summary: Summary,
    /// The findings, errors first.
    pub(crate) findings: Vec<Finding>,
}

/// How many findings of each severity.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Summary {
    /// They refuse the backup.
    pub(crate) errors: usize,
    /// Somebody should look.
    pub(crate) warnings: usize,
    /// Good to know.
    pub(crate) infos: usize,
}

impl CheckReport {
    /// Of a stack.
    pub(crate) fn new(stack: &str, mut findings: Vec<Finding>) -> Self {
        sort(&mut findings);
        let summary = Summary::of(&findings);
        Self { stack: stack.to_owned(), ok: summary.errors == 0, summary, findings }
    }

    /// What stands in the way, in one line.
    pub(crate) fn reasons(&self) -> String {
        let errors = self.findings.iter().filter(|finding| finding.severity == Severity::Error);
        errors.map(|finding| format!("{} {}", finding.id, finding.what)).collect::<Vec<_>>().join("; ")
    }

    /// `1 error`, `3 errors`
    pub(crate) fn errors(&self) -> String {
        plural(self.summary.errors, "error")
    }
}

fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

impl Document for CheckReport {
    const KIND: &'static str = "CheckReport";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        explain(page, &self.findings)?;
        let verdict = if self.ok { page.paint.good("can be backed up") } else { page.paint.error("refused") };
        page.line(format!("{}: {verdict} ({})", self.stack, self.summary.text()))
    }
}

impl Summary {
    /// Counts them.
    pub(crate) fn of(findings: &[Finding]) -> Self {
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        Self { errors: count(Severity::Error), warnings: count(Severity::Warning), infos: count(Severity::Info) }
    }

    /// `1 error, 2 warnings, 0 notes`
    pub(crate) fn text(&self) -> String {
        let Self { errors, warnings, infos } = self;
        format!("{}, {}, {}", plural(*errors, "error"), plural(*warnings, "warning"), plural(*infos, "note"))
    }
}

/// Writes findings as a table, then why they matter and what to do.
///
/// # Errors
/// Those of the output.
pub(crate) fn explain(page: &mut Page<'_>, findings: &[Finding]) -> io::Result<()> {
    if !findings.is_empty() {
        table::write(
            page,
            ["ID", "SEVERITY", "FOUND"],
            || findings.iter(),
            |finding| {
                [
                    Cell::from(&finding.id),
                    Cell::toned(word(finding.severity), tone(finding.severity)),
                    Cell::from(&finding.what),
                ]
            },
        )?;
        page.line("")?;
    }
    for finding in findings.iter().filter(|finding| finding.severity != Severity::Info) {
        advice(page, finding)?;
    }
    Ok(())
}

fn advice(page: &mut Page<'_>, finding: &Finding) -> io::Result<()> {
    page.line(format!("{}  {}", page.paint.bold(&finding.id), clean::clean(&finding.why)))?;
    if !finding.remedy.is_empty() {
        page.line(format!("       {} {}", page.paint.bold("remedy:"), clean::clean(&finding.remedy)))?;
    }
    page.line("")
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Info => Tone::Dim,
        Severity::Warning => Tone::Warning,
        Severity::Error => Tone::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(id: &str, severity: Severity) -> Finding {
        Finding {
            id: id.into(),
            severity,
            what: "the DB cluster is `stopped`".into(),
            why: "a stopped DB cluster has no snapshot taken of it".into(),
            remedy: "start it: aws rds start-db-cluster".into(),
        }
    }

    #[test]
    fn errors_come_first_and_their_remedies_are_told() {
        let report =
            CheckReport::new("my-hub", vec![finding("SS030", Severity::Info), finding("SS020", Severity::Error)]);
        insta::assert_snapshot!(super::super::output::text_of(&report, super::super::output::samples::now()), @"
        ID     SEVERITY  FOUND
        SS020  error     the DB cluster is `stopped`
        SS030  info      the DB cluster is `stopped`

        SS020  a stopped DB cluster has no snapshot taken of it
               remedy: start it: aws rds start-db-cluster

        my-hub: refused (1 error, 0 warnings, 1 note)
        ");
    }

    #[test]
    fn nothing_found_is_good() {
        let report = CheckReport::new("my-hub", Vec::new());
        assert!(report.ok);
        insta::assert_snapshot!(super::super::output::text_of(&report, super::super::output::samples::now()), @"my-hub: can be backed up (0 errors, 0 warnings, 0 notes)");
    }
}
