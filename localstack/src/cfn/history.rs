//! A stack's status and its event history.

use super::state::{Stack, StackEvent};
use crate::error::AwsError;
use jiff::Timestamp;
use std::collections::BTreeMap;

impl Stack {
    /// Whether an update or a change set may begin.
    pub(crate) fn is_settled(&self) -> bool {
        self.status.ends_with("_COMPLETE") && self.status != "DELETE_COMPLETE" && self.status != "ROLLBACK_COMPLETE"
            || self.status == "UPDATE_FAILED"
    }

    /// AWS's refusal of an update in the wrong state.
    pub(crate) fn refuse_update(&self) -> AwsError {
        AwsError::validation(format!("Stack:{} is in {} state and can not be updated.", self.id, self.status))
    }

    /// The mode its parameter says: `offline`, `online`, or `other`.
    pub(crate) fn mode_of(&self, parameters: &BTreeMap<String, String>) -> &'static str {
        let Some(switch) = &self.seed.switch else {
            return "other";
        };
        match parameters.get(&switch.parameter) {
            Some(value) if *value == switch.offline => "offline",
            Some(value) if *value == switch.online => "online",
            _ => "other",
        }
    }

    /// Writes a row of history about the stack itself, and changes its status.
    pub(crate) fn become_status(&mut self, status: &str, reason: Option<&str>, at: Timestamp, id: String) {
        status.clone_into(&mut self.status);
        self.reason = reason.map(str::to_owned);
        let (name, physical) = (self.name.clone(), self.id.clone());
        self.record(id, &name, &physical, "AWS::CloudFormation::Stack", status, reason, at);
    }

    /// Writes a row of history about a resource, and changes its status.
    pub(crate) fn resource_event(
        &mut self,
        logical: &str,
        status: &str,
        reason: Option<&str>,
        at: Timestamp,
        id: &str,
    ) {
        let Some(resource) = self.resources.iter_mut().find(|each| each.logical == logical) else {
            return;
        };
        status.clone_into(&mut resource.status);
        resource.updated = at;
        resource.reason = reason.map(str::to_owned);
        let (physical, kind) = (resource.physical.clone(), resource.kind.clone());
        let id = format!("{logical}-{status}-{id}");
        self.record(id, logical, &physical, &kind, status, reason, at);
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of one row")]
    fn record(
        &mut self,
        id: String,
        logical: &str,
        physical: &str,
        kind: &str,
        status: &str,
        reason: Option<&str>,
        at: Timestamp,
    ) {
        let running = self.running.as_ref();
        self.events.push_front(StackEvent {
            id,
            operation: running.map(|each| each.id.clone()).unwrap_or_default(),
            logical: logical.to_owned(),
            physical: physical.to_owned(),
            kind: kind.to_owned(),
            at,
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
            token: running.and_then(|each| each.token.clone()),
        });
    }
}
