//! What the function answers: to the state machine, and to whoever reads its output.

use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::output::API_VERSION;
use crate::cli::report;
use crate::cli::sights::Sights;
use crate::model::run::Run;

/// What the state machine does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Next {
    /// Wait, and send `event`.
    Wait,
    /// All is done.
    Done,
    /// It did not go well.
    Failed,
}

/// An answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    /// The version of the document.
    pub(crate) api_version: &'static str,
    /// What to do next.
    pub(crate) next: Next,
    /// How long to wait before; 0 where nothing is waited for.
    pub(crate) wait_seconds: u64,
    /// The event to send next.
    pub(crate) event: Value,
    /// The run at hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<Value>,
    /// What came of it.
    pub(crate) report: Value,
    /// Of `list-stacks`: an event for each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stacks: Option<Vec<Value>>,
}

impl Answer {
    /// It is done, and this came of it.
    pub(crate) fn done(event: &Value, report: Value) -> Self {
        Self {
            api_version: API_VERSION,
            next: Next::Done,
            wait_seconds: 0,
            event: event.clone(),
            run: None,
            report,
            stacks: None,
        }
    }

    /// There was nothing to do.
    pub(crate) fn nothing(event: &Value, why: &str) -> Self {
        Self::done(event, json!({ "message": why }))
    }

    /// It did not go well.
    pub(crate) fn failed(event: &Value, failure: &Failure) -> Self {
        let report = serde_json::from_str(&failure.json()).unwrap_or_else(|_| json!({ "message": failure.what }));
        Self { next: Next::Failed, ..Self::done(event, report) }
    }

    /// The same, with more in its report.
    pub(crate) fn with(self, more: Value) -> Self {
        let mut report = self.report;
        if let (Some(report), Value::Object(more)) = (report.as_object_mut(), more) {
            report.extend(more);
        }
        Self { report, ..self }
    }

    /// It goes on after a while.
    pub(crate) fn wait(event: Value, seconds: u64) -> Self {
        Self { next: Next::Wait, wait_seconds: seconds.max(1), event, ..Self::done(&Value::Null, json!({})) }
    }

    /// The same, about a run.
    pub(crate) fn about(self, run: &Run, sights: &Sights) -> Self {
        let brief = json!({
            "id": run.id,
            "stack": run.target.stack,
            "do": report::kind(&run.kind),
            "phase": run.phase.to_string(),
            "outcome": run.ending.as_ref().map(|ending| ending.outcome.to_string()),
            "why": run.trouble.as_ref().map(|trouble| trouble.what.clone()),
            "leftOffline": report::left_offline(run, sights),
        });
        Self { run: Some(brief), ..self }
    }
}
