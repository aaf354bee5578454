//! The KMS keys that the halves and the secret are encrypted with.

use crate::model::Seen;
use crate::model::finding::Finding;
use crate::model::survey::Key;

use super::{Look, error, ids, unseen};

pub(super) fn findings(look: &Look<'_>) -> Vec<Finding> {
    look.proof.keys.iter().filter_map(judge).collect()
}

fn judge(key: &Key) -> Option<Finding> {
    let Key { of, id, state } = key;
    match state {
        Seen::Here(state) if state == "Enabled" => None,
        Seen::Here(state) => Some(error(
            ids::KEY_NOT_ENABLED,
            format!("KMS key {id} of the {of} is {state}"),
            "What it encrypts cannot be restored.",
            remedy(id, state),
        )),
        Seen::Missing => Some(error(
            ids::NO_KEY,
            format!("KMS key {id} of the {of} does not exist"),
            "What it encrypted is lost.",
            "Check that the calls go to the key's own region and account.",
        )),
        unknown => unseen::nicety(&format!("KMS key {id} of the {of}"), unknown),
    }
}

fn remedy(id: &str, state: &str) -> String {
    match state {
        "PendingDeletion" => {
            format!("At once: `aws kms cancel-key-deletion --key-id {id}`, then `aws kms enable-key --key-id {id}`.")
        }
        "Disabled" => format!("Enable it: `aws kms enable-key --key-id {id}`."),
        _ => "Bring the key into the state Enabled.".to_owned(),
    }
}
