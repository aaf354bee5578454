//! Which resource needs which others first.

use super::Scope;
use super::references::references;
use crate::error::AwsError;
use std::collections::{BTreeMap, BTreeSet};

/// Each resource that is made, with those that must be there before it.
pub(crate) fn dependencies(scope: &Scope<'_>) -> Result<BTreeMap<String, BTreeSet<String>>, AwsError> {
    let active: BTreeSet<String> = scope.active()?.into_iter().collect();
    let branch = |name: &str| scope.condition(name).ok();
    let mut all = BTreeMap::new();
    for logical in &active {
        let mut found = BTreeSet::new();
        if let Some(resource) = scope.template.resource(logical) {
            references(resource, &branch, &mut found);
        }
        found.retain(|name| active.contains(name) && name != logical);
        all.insert(logical.clone(), found);
    }
    refuse_circles(&all)?;
    Ok(all)
}

fn refuse_circles(all: &BTreeMap<String, BTreeSet<String>>) -> Result<(), AwsError> {
    let mut rest = all.clone();
    loop {
        let free: BTreeSet<String> =
            rest.iter().filter(|(_, needs)| needs.is_empty()).map(|(logical, _)| logical.clone()).collect();
        if free.is_empty() {
            break;
        }
        rest.retain(|logical, _| !free.contains(logical));
        for needs in rest.values_mut() {
            needs.retain(|each| !free.contains(each));
        }
    }
    if rest.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = rest.into_keys().collect();
    Err(AwsError::validation(format!("Circular dependency between resources: [{}]", names.join(", "))))
}
