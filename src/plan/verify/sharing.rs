//! Who else may restore the snapshot.

use crate::model::finding::Finding;

use super::{Look, ids, info, unseen, warning};

pub(super) fn findings(look: &Look<'_>) -> Vec<Finding> {
    let shared = &look.proof.shared_with;
    let Some(accounts) = shared.here() else {
        return unseen::nicety("who may restore the snapshot", shared).into_iter().collect();
    };
    let name = look.subject.backup.database.as_ref().map_or("", |half| &*half.snapshot);
    if accounts.iter().any(|account| account == "all") {
        return vec![warning(
            ids::SNAPSHOT_PUBLIC,
            format!("everybody with an AWS account may restore snapshot {name}"),
            "All that the database holds can be read by anybody.",
            format!(
                "If that is not meant: `aws rds modify-db-cluster-snapshot-attribute --db-cluster-snapshot-identifier \
                 {name} --attribute-name restore --values-to-remove all`."
            ),
        )];
    }
    if accounts.is_empty() {
        return Vec::new();
    }
    vec![info(
        ids::SNAPSHOT_SHARED,
        format!("snapshot {name} is shared with {}", accounts.join(", ")),
        "These accounts may read all that the database holds.",
    )]
}
