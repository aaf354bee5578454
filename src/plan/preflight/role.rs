//! The role AWS Backup works with.

use serde_json::Value;

use crate::model::Seen;
use crate::model::finding::Finding;
use crate::model::survey::Role;

use super::policy::{Statement, statements};
use super::{Look, error, ids, unseen, warning};

const SERVICE: &str = "backup.amazonaws.com";
const ACTION: &str = "sts:AssumeRole";

pub(super) fn findings(look: &Look<'_>) -> Vec<Finding> {
    let mut all: Vec<Finding> = unseen::essential("the backup role", &look.survey.role).into_iter().collect();
    match &look.survey.role {
        Seen::Missing => all.push(missing(look)),
        Seen::Here(role) => all.extend(trust(role)),
        _ => {}
    }
    all
}

fn missing(look: &Look<'_>) -> Finding {
    let found = look.topology().map(|topology| &topology.role);
    let what = found.map(|f| format!("role {} ({}) does not exist", f.value, f.from)).unwrap_or_default();
    error(
        ids::NO_ROLE,
        what,
        "AWS Backup reads the file system with this role.",
        "Name the right one with --role, or create it.",
    )
}

fn trust(role: &Role) -> Option<Finding> {
    let document: Option<Value> = serde_json::from_str(&role.trust).ok();
    let all = document.as_ref().and_then(statements).unwrap_or_default();
    let about: Vec<&Statement<'_>> = all.iter().filter(|statement| statement.about(ACTION)).collect();
    let ours = |statement: &&&Statement<'_>| {
        statement.everybody() || statement.principals("Service").iter().any(|name| *name == SERVICE || *name == "*")
    };
    let allowed: Vec<_> = about.iter().filter(|statement| statement.allows()).filter(ours).collect();
    let denied = about.iter().filter(|statement| statement.denies()).any(|statement| ours(&statement));
    if allowed.is_empty() || denied {
        Some(distrusts(role))
    } else if allowed.iter().all(|statement| statement.conditional()) {
        Some(conditional(role))
    } else {
        None
    }
}

fn distrusts(role: &Role) -> Finding {
    error(
        ids::ROLE_TRUST,
        format!("role {} does not trust {SERVICE}", role.arn),
        "AWS Backup could not assume it, and the job would fail, with the stack offline.",
        format!("Add a statement to its trust policy: Allow {ACTION} to the service {SERVICE}; or choose with --role."),
    )
}

fn conditional(role: &Role) -> Finding {
    warning(
        ids::ROLE_TRUST_CONDITIONAL,
        format!("role {} trusts {SERVICE} only under conditions", role.arn),
        "If they do not hold, the job fails, with the stack offline.",
        "Make sure that aws:SourceAccount and aws:SourceArn, where named, are this account's.",
    )
}
