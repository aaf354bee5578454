//! Who holds a stack.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::BackupId;

/// The lock: only ever created (`Overwrite=false`) or deleted (rule 5).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lock {
    /// Who holds the stack.
    pub run: BackupId,
    /// Which stack of that name.
    pub stack_id: String,
    /// Drawn at random by whoever took it: two machines that begin in the same second have the same
    /// run id, and only one of them holds the stack. Absent in locks of old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// When it was taken (Parameter Store's `LastModifiedDate`; not in the value).
    #[serde(skip)]
    pub since: Option<Timestamp>,
}

impl Lock {
    /// The very same taking: the answer to an earlier attempt was lost.
    pub fn same(&self, other: &Self) -> bool {
        (&self.run, &self.stack_id, &self.holder) == (&other.run, &other.stack_id, &other.holder)
    }
}
