//! The five parameters that restore a backup, and the one that brings the stack up online.

use super::{Request, error, ids, info, warning};
use crate::model::finding::Finding;

/// Each restore parameter's key with its value; `None`: the backup has no such value.
pub(super) fn pairs<'a>(request: &Request<'a>) -> Vec<(&'a str, Option<&'a str>)> {
    let Some(keys) = request.restore else { return Vec::new() };
    let values = request.values;
    vec![
        (keys.source_stack.as_str(), Some(values.source_stack.as_str())),
        (keys.snapshot.as_str(), Some(values.snapshot.as_str())),
        (keys.secret.as_str(), values.secret.as_deref()),
        (keys.vault.as_str(), Some(values.vault.as_str())),
        (keys.recovery_point.as_str(), Some(values.recovery_point.as_str())),
    ]
}

pub(super) fn findings(request: &Request<'_>) -> Vec<Finding> {
    let mut all = Vec::new();
    if request.restore.is_none() {
        all.push(unknown());
    }
    for (key, value) in pairs(request) {
        if !declares(request, key) {
            all.push(undeclared(key));
        } else if touched(request, key, value) {
            all.push(overridden(key));
        } else if value.is_none() {
            all.push(no_secret(key));
        }
    }
    all.extend(replaced(request));
    all.extend(offline(request));
    all
}

fn declares(request: &Request<'_>, key: &str) -> bool {
    request.declared.iter().any(|declared| declared.key == key)
}

/// The user's own value, or none, in place of the one that restores.
fn touched(request: &Request<'_>, key: &str, value: Option<&str>) -> bool {
    let given = request.given.iter().rfind(|given| given.key == key);
    request.unset.iter().any(|unset| unset == key) || given.is_some_and(|given| Some(given.value.as_str()) != value)
}

fn unknown() -> Finding {
    error(
        ids::NO_RESTORE_PARAMETERS,
        "nobody knows which parameters of the template restore a backup".to_owned(),
        "A new stack restores the database and the files only when its restore parameters are set; without them it \
         begins empty.",
        "Name the five in a profile's `restore` table in stacksnap.toml, and choose it for the stack or with \
         `--stack-profile`.",
    )
}

fn undeclared(key: &str) -> Finding {
    error(
        ids::RESTORE_UNDECLARED,
        format!("the template does not declare the restore parameter {key}"),
        "All five must be set, or the new stack begins with an empty database or without its files.",
        "Use the template that the source stack was made of (`--template-file`, `--template-url`), or correct the \
         profile's `restore` table.",
    )
}

fn overridden(key: &str) -> Finding {
    warning(
        ids::RESTORE_OVERRIDDEN,
        format!("{key} is not set to this backup's value, because you said so"),
        "The new stack is then not made of this backup.",
        format!("Leave {key} to stacksnap, unless you mean it."),
    )
}

fn no_secret(key: &str) -> Finding {
    error(
        ids::NO_SECRET,
        format!("the backup names no DB secret for {key}"),
        "The restored database has the password of its source: without that secret nobody can log in.",
        format!("Give its ARN: `--secret ARN`, or `--set {key}=ARN`."),
    )
}

/// A stack that was itself restored carries values of its own.
fn replaced(request: &Request<'_>) -> Option<Finding> {
    let own = |key: &&str| request.source.iter().any(|kept| kept.key == *key && kept.value.as_deref() != Some(""));
    let keys: Vec<&str> = pairs(request).into_iter().map(|(key, _)| key).filter(own).collect();
    (!keys.is_empty()).then(|| {
        info(
            ids::RESTORE_REPLACED,
            format!("the source stack was itself restored: its own {} are replaced", keys.join(", ")),
            "They name the backup that the source was made of, not this one.",
        )
    })
}

fn offline(request: &Request<'_>) -> Option<Finding> {
    let switch = request.offline?;
    let key = switch.parameter.as_str();
    if !declares(request, key) {
        return Some(info(
            ids::OFFLINE_UNDECLARED,
            format!("the template does not declare the offline parameter {key}"),
            "The new stack comes up in the only mode that it has.",
        ));
    }
    touched(request, key, Some(&switch.online)).then(|| {
        warning(
            ids::OFFLINE_OVERRIDDEN,
            format!("{key} is not set to `{}`, because you said so", switch.online),
            "The new stack may come up offline.",
            format!("Leave {key} to stacksnap, unless you mean it."),
        )
    })
}
