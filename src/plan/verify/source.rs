//! The source stack. A restore does not need it; whoever restores wants to know.

use crate::model::Seen;
use crate::model::finding::Finding;

use super::{Look, ids, info, unseen};

pub(super) fn findings(look: &Look<'_>) -> Option<Finding> {
    let stack = &look.subject.backup.stack;
    match &look.proof.source {
        Seen::Missing => Some(info(
            ids::SOURCE_GONE,
            format!("CloudFormation knows nothing of stack {stack} any more"),
            "It was deleted more than 90 days ago, or never was in this account and region.",
        )),
        Seen::Here(source) if source.status.gone() => Some(info(
            ids::SOURCE_GONE,
            format!("stack {stack} is {}", source.status),
            "CloudFormation tells of it for 90 days.",
        )),
        unknown => unseen::nicety("the source stack", unknown),
    }
}
