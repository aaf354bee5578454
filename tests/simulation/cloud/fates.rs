//! How long things take, and what goes wrong.

use super::Millis;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Durations {
    pub make_set: Millis,
    pub off: Millis,
    pub on: Millis,
    pub snapshot: Millis,
    pub job: Millis,
    /// The cluster is `modifying` so long after a mode change ended.
    pub modifying: Millis,
    /// CreateStack, until its end.
    pub create: Millis,
    /// DeleteStack, until its end.
    pub delete: Millis,
    /// A new stack's cluster is `creating`, its files are being restored, so long after its creation.
    pub restore: Millis,
}

impl Durations {
    pub(crate) const SHORT: Self = Self {
        make_set: 4_000,
        off: 40_000,
        on: 40_000,
        snapshot: 30_000,
        job: 60_000,
        modifying: 8_000,
        create: 90_000,
        delete: 50_000,
        restore: 40_000,
    };
    /// Nothing ends by itself.
    pub(crate) const NEVER: Self = Self {
        make_set: 0,
        off: i64::MAX / 4,
        on: i64::MAX / 4,
        snapshot: i64::MAX / 4,
        job: i64::MAX / 4,
        modifying: 0,
        create: i64::MAX / 4,
        delete: i64::MAX / 4,
        restore: 0,
    };
}

/// What goes wrong next, each a number of times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Fates {
    pub off_rolls_back: u8,
    pub off_rollback_fails: u8,
    pub on_rolls_back: u8,
    pub snapshot_fails: u8,
    pub job: JobFate,
    pub tags_do_not_stick: u8,
    pub point_is_late: Millis,
    /// DeleteStack of the old stack ends in DELETE_FAILED.
    pub delete_fails: u8,
    /// The same of a new one.
    pub new_delete_fails: u8,
    /// DeleteStack of any stack is denied.
    pub delete_denied: u8,
    /// CreateStack ends in CREATE_FAILED, or ROLLBACK_COMPLETE.
    pub create_fails: u8,
    /// CreateStack is denied.
    pub create_denied: u8,
    /// UpdateTerminationProtection is denied.
    pub protect_denied: u8,
    /// A new stack's cluster stays `creating`.
    pub cluster_never: u8,
    /// What becomes of the next restore jobs.
    pub restore: RestoreFate,
    /// So many restores go that way.
    pub restores: u8,
    /// The tag of a drill is denied.
    pub mark_denied: u8,
    /// The application of the new stack never answers.
    pub silent: bool,
}

/// What becomes of the next backup job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum JobFate {
    #[default]
    Completes,
    Fails,
    HasIssues,
    NeverStarts,
}

/// What becomes of a restore job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum RestoreFate {
    #[default]
    Completes,
    Fails,
    Aborts,
    /// AWS Backup does not list it.
    Unlisted,
}

/// Whether this is one of the times.
pub(super) fn take(times: &mut u8) -> bool {
    let left = *times > 0;
    *times = times.saturating_sub(1);
    left
}
