//! Which cluster, file system, vault, role, secret and parameters belong together in a stack.
//!
//! Resources decide, nested stacks' included; outputs are the fallback; what the user says wins. Nothing is
//! guessed: two candidates are a [`Problem`] that names both, and the flag that chooses.

mod offline;
mod overrides;
mod parts;

use crate::model::profile::Profile;
use crate::model::stack::{Declared, Resource, Stack};
use crate::model::survey::{Discovery, Problem};
use crate::model::topology::{RestoreParameters, Topology};

use super::profiles::GENERIC;

pub use offline::{amended, seems_offline, switch};
pub use overrides::Overrides;
pub use parts::data_bearing;

/// Finds the parts of `stack`.
///
/// # Errors
/// Everything that could not be decided, not only the first of it.
pub fn discover(
    stack: &Stack,
    declared: &[Declared],
    resources: &[Resource],
    profiles: &[Profile],
    overrides: &Overrides,
) -> Discovery {
    let profile = choose(stack, resources, profiles, overrides).map_err(|problem| vec![problem])?;
    let parts = parts::Parts::new(stack, resources, overrides);
    let mut problems = Vec::new();
    let cluster = keep(parts.cluster(&profile.cluster), &mut problems);
    let file_system = keep(parts.file_system(&profile.file_system), &mut problems);
    let vault = keep(parts.vault(&profile.vault), &mut problems);
    let role = keep(parts.role(&profile.role), &mut problems);
    let secret = keep(parts.secret(&profile.secret), &mut problems);
    let offline = offline::named(stack, overrides).and_then(|()| switch(stack, declared, &amended(profile, overrides)));
    let offline = keep(offline, &mut problems);
    match (cluster, file_system, vault, role, secret, offline) {
        (Some(cluster), Some(file_system), Some(vault), Some(role), Some(secret), Some(offline)) => Ok(Topology {
            profile: profile.name.clone(),
            cluster,
            file_system,
            vault,
            role,
            secret,
            offline,
            parameter_store: parameter_store(profile, stack),
            restore: restore(profile, stack),
        }),
        _ => Err(problems),
    }
}

fn keep<T>(found: Result<T, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    found.map_err(|problem| problems.push(problem)).ok()
}

/// The profile for `stack`: the one named, else the first whose conditions hold, else `generic`.
///
/// # Errors
/// There is no profile of that name.
pub fn choose<'a>(
    stack: &Stack,
    resources: &[Resource],
    profiles: &'a [Profile],
    overrides: &Overrides,
) -> Result<&'a Profile, Problem> {
    let named = |name: &str| profiles.iter().find(|profile| profile.name == name);
    match &overrides.profile {
        Some(name) => named(name).ok_or_else(|| no_such_profile(name, profiles)),
        None => profiles
            .iter()
            .find(|profile| fits(profile, stack, resources))
            .or_else(|| named(GENERIC))
            .ok_or_else(|| no_such_profile(GENERIC, profiles)),
    }
}

/// A profile without conditions is only used by name, so that a user's own never takes every stack.
fn fits(profile: &Profile, stack: &Stack, resources: &[Resource]) -> bool {
    let when = &profile.when;
    let has = |id: &str, kind: &str| {
        parts::live(resources).any(|resource| resource.logical_id == id && resource.resource_type == kind)
    };
    !(when.resources.is_empty() && when.parameters.is_empty())
        && when.resources.iter().all(|(id, kind)| has(id, kind))
        && when.parameters.iter().all(|key| stack.parameter(key).is_some())
}

fn no_such_profile(name: &str, profiles: &[Profile]) -> Problem {
    let known: Vec<&str> = profiles.iter().map(|profile| profile.name.as_str()).collect();
    Problem {
        what: format!("there is no profile `{name}`; known are {}", known.join(", ")),
        why: "A profile says how this kind of stack names its parts.".to_owned(),
        remedy: "Choose one with --stack-profile, or add [profiles.NAME] to stacksnap.toml.".to_owned(),
    }
}

fn parameter_store(profile: &Profile, stack: &Stack) -> Vec<String> {
    profile.parameter_store.iter().map(|name| name.replace("{stack}", &stack.name)).collect()
}

/// All five, or none: a template with some of them means something else.
fn restore(profile: &Profile, stack: &Stack) -> Option<RestoreParameters> {
    let keys = profile.restore.as_ref()?;
    [&keys.source_stack, &keys.snapshot, &keys.secret, &keys.vault, &keys.recovery_point]
        .into_iter()
        .all(|key| stack.parameter(key).is_some())
        .then(|| keys.clone())
}

#[cfg(test)]
mod tests;
