//! One checked fact.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// The backup can be taken, but somebody should look.
    Warning,
    /// The backup is refused.
    Error,
}

/// One checked fact with its remedy. The id is stable: scripts may match it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// `SS0xx`
    pub id: String,
    /// How much it matters.
    pub severity: Severity,
    /// What was seen.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// What to do; empty where there is nothing to do.
    pub remedy: String,
}

/// A finding of any severity.
pub fn finding(
    id: &str,
    severity: Severity,
    what: String,
    why: impl Into<String>,
    remedy: impl Into<String>,
) -> Finding {
    Finding { id: id.to_owned(), severity, what, why: why.into(), remedy: remedy.into() }
}

/// It refuses what was asked for.
pub fn error(id: &str, what: String, why: impl Into<String>, remedy: impl Into<String>) -> Finding {
    finding(id, Severity::Error, what, why, remedy)
}

/// Somebody should look.
pub fn warning(id: &str, what: String, why: impl Into<String>, remedy: impl Into<String>) -> Finding {
    finding(id, Severity::Warning, what, why, remedy)
}

/// Good to know: there is nothing to do.
pub fn info(id: &str, what: String, why: impl Into<String>) -> Finding {
    finding(id, Severity::Info, what, why, "")
}

/// Errors first.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.id.cmp(&b.id)));
}
