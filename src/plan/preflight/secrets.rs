//! The secrets that open a backup. Their values are never read.

use crate::model::Seen;
use crate::model::finding::Finding;
use crate::model::survey::Secret;

use super::{Look, error, ids, unseen, warning};

const WHY: &str = "Without it the database of a restored stack cannot be opened.";

pub(super) fn findings(look: &Look<'_>) -> Vec<Finding> {
    let mut all = secret(look);
    for (name, seen) in &look.survey.parameter_store {
        all.extend(parameter(name, seen));
    }
    all
}

fn secret(look: &Look<'_>) -> Vec<Finding> {
    let Some(found) = look.topology().and_then(|topology| topology.secret.as_ref()) else {
        return vec![none_found()];
    };
    match &look.survey.secret {
        Seen::Missing => vec![missing(&found.value, &found.from)],
        Seen::Here(secret) => state(secret).into_iter().collect(),
        unknown => unseen::essential("the DB secret", unknown).into_iter().collect(),
    }
}

fn none_found() -> Finding {
    warning(
        ids::NO_SECRET_FOUND,
        "the stack has no DB secret that could be found".to_owned(),
        "The backup will not say which secret opens its database.",
        "Name it with --secret; if the password is kept elsewhere, keep it as long as the backups.",
    )
}

fn missing(value: &str, from: &str) -> Finding {
    error(ids::NO_SECRET, format!("secret {value} ({from}) does not exist"), WHY, "Name the right one with --secret.")
}

fn state(secret: &Secret) -> Option<Finding> {
    if let Some(at) = secret.deleted {
        let what = format!("secret {} is scheduled for deletion (since {})", secret.arn, at.strftime("%Y-%m-%d"));
        let remedy = format!("Keep it: `aws secretsmanager restore-secret --secret-id {}`.", secret.arn);
        return Some(error(ids::SECRET_DELETED, what, WHY, remedy));
    }
    secret.version.is_none().then(|| {
        warning(
            ids::SECRET_NO_VERSION,
            format!("secret {} has no current version", secret.arn),
            "A later rotation could not be told from the password that the backup needs.",
            "Check that it has a value.",
        )
    })
}

fn parameter(name: &str, seen: &Seen<bool>) -> Option<Finding> {
    match seen {
        Seen::Missing | Seen::Here(false) => Some(error(
            ids::NO_PARAMETER,
            format!("Parameter Store has no {name}"),
            "A restore copies it from this stack, and fails without it.",
            "Find out who deleted it, and put it back.",
        )),
        Seen::Here(true) => None,
        unknown => unseen::essential(name, unknown),
    }
}
