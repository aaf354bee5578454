//! The KMS keys that the halves and the secret are encrypted with.

use crate::model::finding::Finding;
use crate::plan::keys::{Words, judge};

use super::{Look, ids, unseen};

const WORDS: Words =
    Words { not_enabled: ids::KEY_NOT_ENABLED, none: ids::NO_KEY, why: "What it encrypts cannot be restored." };

pub(super) fn findings(look: &Look<'_>) -> Vec<Finding> {
    look.proof.keys.iter().filter_map(|key| judge(key, WORDS, unseen::nicety)).collect()
}
