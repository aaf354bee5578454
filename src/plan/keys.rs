//! What a KMS key's state means for whatever it encrypts.

use crate::model::Seen;
use crate::model::finding::{Finding, error};
use crate::model::survey::Key;

/// How the findings are named, and what an unusable key means for what is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    /// The id where the key is not enabled.
    pub(super) not_enabled: &'static str,
    /// The id where there is none.
    pub(super) none: &'static str,
    /// Why a key that is not enabled matters.
    pub(super) why: &'static str,
}

/// The finding about one key; `unseen` says what it means that AWS does not show it.
pub(super) fn judge(key: &Key, words: Words, unseen: fn(&str, &Seen<String>) -> Option<Finding>) -> Option<Finding> {
    let Key { of, id, state } = key;
    match state {
        Seen::Here(state) if state == "Enabled" => None,
        Seen::Here(state) => {
            let what = format!("KMS key {id} of the {of} is {state}");
            Some(error(words.not_enabled, what, words.why, remedy(id, state)))
        }
        Seen::Missing => Some(error(
            words.none,
            format!("KMS key {id} of the {of} does not exist"),
            "What it encrypted is lost.",
            "Check that the calls go to the key's own region and account.",
        )),
        unknown => unseen(&format!("KMS key {id} of the {of}"), unknown),
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
