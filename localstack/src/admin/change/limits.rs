//! What callers may do and how often, and things that are only names.

use super::Change;
use crate::permission::Policy;
use crate::rates::Rate;
use crate::state::{Place, State};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What callers may do, and how often.
pub(super) fn set(state: &mut State, place: &Place, change: &Change) -> Result<(), String> {
    if let Some(rates) = &change.rates {
        state.buckets.set(match rates {
            Value::Null => BTreeMap::new(),
            Value::String(name) if name == "published" => Rate::published(),
            other => BTreeMap::deserialize(other).map_err(|error| format!("rates: {error}"))?,
        })?;
    }
    let key = change.access_key.as_deref();
    match change.policy.as_ref().filter(|_| change.vault.is_none()) {
        None if key.is_some() => return Err("access_key says whom a policy limits: there is no policy".to_owned()),
        None => {}
        Some(Value::Null) => state.policies.set(&place.0, key, None),
        Some(policy) => state.policies.set(&place.0, key, Some(Policy::read(policy)?)),
    }
    Ok(())
}

/// Makes something that is only a name, or takes it away.
pub(super) fn name(names: &mut BTreeSet<String>, wanted: Option<&String>, deleted: Option<bool>) {
    let Some(name) = wanted else {
        return;
    };
    let _known = match deleted {
        Some(true) => names.remove(name),
        _ => names.insert(name.clone()),
    };
}
