//! What a run is for, where it stands, and how it may end.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::BackupId;

/// What a run is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum Kind {
    /// One backup.
    Backup {
        /// Without taking the stack offline: the database first, the files after it.
        live: bool,
        /// An online recovery point first, so that the offline one is short.
        seed: bool,
    },
    /// `stacksnap offline`: the operator's wish, never undone by the debt rule.
    Offline,
    /// `stacksnap online`: the operator's wish.
    Online,
    /// Pays the debt of a run whose record is lost (rule 4).
    Home {
        /// The run that owes it.
        of: BackupId,
    },
    /// A new stack from a backup. Since format 2.
    Restore,
    /// A rehearsed restore: made, proven, marked, and cleared away again. Since format 2.
    Drill,
    /// A stack is taken back to a backup: safety backup, deletion, creation. Since format 2.
    Replace,
}

impl Kind {
    /// The first record format that knows it: an older stacksnap must not take it for something else.
    pub(super) fn format(&self) -> u32 {
        match self {
            Self::Backup { .. } | Self::Offline | Self::Online | Self::Home { .. } => 1,
            Self::Restore | Self::Drill | Self::Replace => 2,
        }
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Phase {
    /// Nothing touched yet.
    Preflight,
    /// An online recovery point is being made.
    Seeding,
    /// The stack is being put offline.
    GoingOffline,
    /// Both halves are being made.
    Capturing,
    /// The stack is being brought back to the mode it had before.
    Resuming,
    /// Both halves are described again and checked.
    Verifying,
    /// `replace`: the old stack is being deleted.
    Deleting,
    /// `replace`: it was not deleted, and is being brought back.
    Returning,
    /// The new stack is being created.
    Creating,
    /// What was created is looked at: is it the backup's?
    Proving,
    /// What the run made is being deleted.
    Clearing,
    /// `replace`: the safety backup is being restored.
    Recreating,
    /// What was created of it is looked at.
    Reproving,
    /// Over; see the ending.
    Done,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Preflight => "preflight",
            Self::Seeding => "seeding",
            Self::GoingOffline => "going offline",
            Self::Capturing => "capturing",
            Self::Resuming => "resuming",
            Self::Verifying => "verifying",
            Self::Deleting => "deleting the old stack",
            Self::Returning => "bringing the old stack back",
            Self::Creating => "creating the new stack",
            Self::Proving => "proving the new stack",
            Self::Clearing => "clearing away",
            Self::Recreating => "restoring the safety backup",
            Self::Reproving => "proving the restored stack",
            Self::Done => "done",
        })
    }
}

/// The stack's mode, as its offline parameter reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The parameter has the online value.
    Online,
    /// The parameter has the offline value.
    Offline,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Online => "online",
            Self::Offline => "offline",
        })
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The wish was done; for a backup: two complete halves, behind the fence, marked.
    Complete,
    /// Findings refused it; nothing was touched.
    Refused,
    /// It failed.
    Failed,
    /// Somebody gave it up.
    Aborted,
    /// A half did not verify.
    Incomplete,
    /// The fence was broken: the halves may not belong together.
    Inconsistent,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Complete => "complete",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
            Self::Incomplete => "incomplete",
            Self::Inconsistent => "inconsistent",
        })
    }
}
