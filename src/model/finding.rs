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
