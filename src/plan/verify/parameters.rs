//! Parameter Store secrets that a restore copies from the source stack's.

use crate::model::Seen;
use crate::model::finding::Finding;

use super::{Look, error, ids, unseen, warning};

pub(super) fn findings(look: &Look<'_>) -> Vec<Finding> {
    let all = look.proof.parameter_store.iter();
    all.filter_map(|(name, seen)| match seen {
        Seen::Missing => Some(gone(name)),
        Seen::Here(now) => changed(look, name, (*now)?),
        unknown => unseen::essential(name, unknown),
    })
    .collect()
}

fn gone(name: &str) -> Finding {
    error(
        ids::NO_PARAMETER,
        format!("Parameter Store has no {name}"),
        "The new stack copies it from there, and its creation fails without it.",
        "Find out who deleted it, and put it back: Parameter Store itself keeps no deleted parameters.",
    )
}

fn changed(look: &Look<'_>, name: &str, now: i64) -> Option<Finding> {
    let kept = look.proof.manifest()?.parameter_store.iter().find(|kept| kept.name == name)?;
    let then = kept.version.filter(|then| *then != now)?;
    Some(warning(
        ids::PARAMETER_CHANGED,
        format!("{name} was changed since: version {then} when the backup was made, now {now}"),
        "The restored database may have been written with the old value.",
        format!("Its history keeps the last 100: `aws ssm get-parameter-history --name {name}`."),
    ))
}
