//! What callers may do: identity-based policies, as `/_sandbox/set` gives them.
//!
//! Without one everything is allowed.

mod cloud;
mod document;
mod needs;
mod targets;

pub(crate) use document::Policy;
pub(crate) use needs::Need;

use crate::error::AwsError;
use crate::input::Input;
use crate::operation::{Cx, Operation};
use crate::refusal;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a policy says about a need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A statement allows it and none denies it.
    Allowed,
    /// No statement allows it.
    NotAllowed,
    /// A statement denies it.
    Denied,
}

/// The policies by account and access key; no key is all callers of the account.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies(BTreeMap<(String, Option<String>), Arc<Policy>>);

impl Policies {
    /// Limits a caller, or all of an account; nothing lifts the limit.
    pub(crate) fn set(&mut self, account: &str, key: Option<&str>, policy: Option<Policy>) {
        let caller = (account.to_owned(), key.map(str::to_owned));
        let _before = match policy {
            Some(policy) => self.0.insert(caller, Arc::new(policy)),
            None => self.0.remove(&caller),
        };
    }

    /// What limits a caller: a policy of its own, or that of its account.
    pub(crate) fn of(&self, account: &str, key: &str) -> Option<Arc<Policy>> {
        let own = self.0.get(&(account.to_owned(), Some(key.to_owned())));
        own.or_else(|| self.0.get(&(account.to_owned(), None))).cloned()
    }
}

/// Refuses a call that the caller's policy does not allow, or something that it needs besides.
///
/// # Errors
/// The service's own word for a denied access.
pub(crate) fn admit(cx: &Cx<'_>, operation: &Operation, input: &Input) -> Result<(), AwsError> {
    let Some(policy) = &cx.policy else {
        return Ok(());
    };
    for need in needs::of(cx, operation, input) {
        let verdict = policy.verdict(&need);
        if verdict != Verdict::Allowed {
            if operation.service == "cloudformation" && need.action == needs::RESOLVE {
                return Err(refusal::unresolvable(&need.action));
            }
            let denied = verdict == Verdict::Denied;
            let resource = need.resources.first().map_or("*", String::as_str);
            return Err(refusal::unauthorized(operation.service, &cx.realm.account, &need.action, resource, denied));
        }
    }
    Ok(())
}
