//! The parameter that puts the stack offline, and its two values.

use crate::model::profile::{OfflineRule, Profile};
use crate::model::stack::{Declared, Stack};
use crate::model::survey::Problem;
use crate::model::topology::OfflineSwitch;

use super::Overrides;

/// `profile` with the user's own words about the offline parameter in it.
pub fn amended(profile: &Profile, overrides: &Overrides) -> Profile {
    let mut profile = profile.clone();
    let rule = &mut profile.offline;
    if let Some(key) = &overrides.offline_parameter {
        // Another parameter has other values: the profile's fixed ones are not meant for it.
        *rule = OfflineRule { parameters: vec![key.clone()], online: None, offline: None, ..rule.clone() };
    }
    rule.online = overrides.online_value.clone().or(rule.online.take());
    rule.offline = overrides.offline_value.clone().or(rule.offline.take());
    profile
}

/// How `stack` goes offline; `None`: it has no such parameter, so it cannot.
///
/// # Errors
/// There is such a parameter, but not with values that mean online and offline.
pub fn switch(stack: &Stack, declared: &[Declared], profile: &Profile) -> Result<Option<OfflineSwitch>, Problem> {
    let rule = &profile.offline;
    let Some(key) = rule.parameters.iter().find(|key| stack.parameter(key).is_some()) else {
        return Ok(None);
    };
    let allowed = declared.iter().find(|parameter| parameter.key == *key).map_or(&[][..], |p| &p.allowed);
    let online = value(allowed, rule.online.as_deref(), &rule.online_words);
    let offline = value(allowed, rule.offline.as_deref(), &rule.offline_words);
    match (online, offline) {
        (Some(online), Some(offline)) if online != offline => {
            Ok(Some(OfflineSwitch { parameter: key.clone(), online, offline }))
        }
        _ => Err(other_values(key, allowed, rule)),
    }
}

/// Whether `stack` may be offline, as far as its parameters tell without its template: whoever must know asks
/// [`switch`].
pub fn seems_offline(stack: &Stack, profiles: &[Profile], overrides: &Overrides) -> bool {
    profiles.iter().any(|profile| {
        let rule = amended(profile, overrides).offline;
        let value = rule.parameters.iter().find_map(|key| stack.parameter(key));
        value.is_some_and(|value| match &rule.offline {
            Some(offline) => value == offline,
            None => rule.offline_words.contains(&first_word(value)),
        })
    })
}

/// The parameter that the user named must be there.
pub(super) fn named(stack: &Stack, overrides: &Overrides) -> Result<(), Problem> {
    match &overrides.offline_parameter {
        Some(key) if stack.parameter(key).is_none() => Err(no_such_parameter(key, stack, overrides)),
        _ => Ok(()),
    }
}

fn no_such_parameter(key: &str, stack: &Stack, overrides: &Overrides) -> Problem {
    let keys: Vec<&str> = stack.parameters.iter().map(|parameter| parameter.key.as_str()).collect();
    Problem {
        what: format!(
            "the stack has no parameter {key} ({}); it has {}",
            overrides.origin("offline-parameter"),
            if keys.is_empty() { "none".to_owned() } else { keys.join(", ") }
        ),
        why: "The stack is taken offline by setting this parameter.".to_owned(),
        remedy: "Correct the name, or leave it out to let stacksnap look for it.".to_owned(),
    }
}

/// The fixed value, if it is allowed; else the one allowed value whose first word says so.
fn value(allowed: &[String], fixed: Option<&str>, words: &[String]) -> Option<String> {
    if let Some(fixed) = fixed {
        return (allowed.is_empty() || allowed.iter().any(|v| v == fixed)).then(|| fixed.to_owned());
    }
    let mut says_so = allowed.iter().filter(|value| words.contains(&first_word(value)));
    match (says_so.next(), says_so.next()) {
        (Some(value), None) => Some(value.clone()),
        _ => None,
    }
}

fn first_word(value: &str) -> String {
    value.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty()).unwrap_or_default().to_lowercase()
}

fn other_values(key: &str, allowed: &[String], rule: &OfflineRule) -> Problem {
    let has = if allowed.is_empty() {
        "allows any value".to_owned()
    } else {
        let quoted: Vec<String> = allowed.iter().map(|value| format!("`{value}`")).collect();
        format!("allows only {}", quoted.join(", "))
    };
    let wanted = match (&rule.online, &rule.offline) {
        (Some(online), Some(offline)) => format!("; looked for `{online}` and `{offline}`"),
        _ => String::new(),
    };
    Problem {
        what: format!("parameter {key} {has}: it is not clear which means online and which offline{wanted}"),
        why: "The stack is taken offline, and brought back, by setting this parameter; a wrong guess would do the \
              opposite."
            .to_owned(),
        remedy: "Say it with --online-value and --offline-value (or `online-value` and `offline-value` under \
                 [stacks.NAME] in stacksnap.toml), or name another parameter with --offline-parameter."
            .to_owned(),
    }
}
