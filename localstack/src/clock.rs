//! The clock everything hangs on: turned by hand, or real and hurried.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Where "now" comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// Stands still until it is advanced.
    Manual(Timestamp),
    /// Wall-clock time; AWS's durations are divided by the speed.
    Real {
        /// How many seconds of AWS work fit in one real second.
        speed: f64,
    },
}

impl Clock {
    /// The present instant.
    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::Manual(at) => *at,
            Self::Real { .. } => Timestamp::now(),
        }
    }

    /// The divisor of all durations; 1 on a manual clock.
    pub(crate) fn speed(&self) -> f64 {
        match self {
            Self::Manual(_) => 1.0,
            Self::Real { speed } => *speed,
        }
    }

    /// Moves a manual clock; `false` when the clock is real and cannot be moved.
    pub(crate) fn advance(&mut self, by: SignedDuration) -> bool {
        match self {
            Self::Manual(at) => {
                *at = later(*at, by);
                true
            }
            Self::Real { .. } => false,
        }
    }
}

/// `at + by`, stopping at the ends of representable time.
pub(crate) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

/// A duration of so many seconds; nonsense counts as zero.
pub(crate) fn seconds(count: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(count).unwrap_or(SignedDuration::ZERO)
}

/// How long things take, in seconds of AWS time, each varied by ±`jitter`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Durations {
    /// Creation of a stack with a new DB cluster, about; of its resources a small one takes 3 % of it.
    pub create: f64,
    /// A stack update up to `UPDATE_COMPLETE_CLEANUP_IN_PROGRESS`.
    pub update: f64,
    /// From there to `UPDATE_COMPLETE`.
    pub cleanup: f64,
    /// A DB cluster that is made from a snapshot.
    pub cluster_restore: f64,
    /// A restore job of AWS Backup.
    pub restore_job: f64,
    /// Deletion of a stack, about.
    pub delete: f64,
    /// A change set up to `CREATE_COMPLETE`.
    pub change_set: f64,
    /// How long the cluster stays `modifying` after `UPDATE_COMPLETE`.
    pub cluster_settles: f64,
    /// A DB cluster snapshot.
    pub snapshot: f64,
    /// How long a backup job is `CREATED` and `PENDING` before it runs.
    pub job_start: f64,
    /// The first (full) backup job of a file system.
    pub job: f64,
    /// Every further, incremental, backup job.
    pub incremental_job: f64,
    /// From `ABORTING` to `ABORTED`.
    pub abort: f64,
    /// From `DeleteDBClusterSnapshot` until the snapshot is gone.
    pub snapshot_delete: f64,
    /// From `DeleteRecoveryPoint` until the recovery point is gone.
    pub point_delete: f64,
    /// The application writes one row and one file each so many seconds.
    pub write_period: f64,
    /// The last NFS writes land at most so long after `UPDATE_COMPLETE`.
    pub late_writes: f64,
    /// The share by which each duration varies, 0 to 1.
    pub jitter: f64,
}

impl Default for Durations {
    fn default() -> Self {
        Self {
            create: 300.0,
            update: 240.0,
            cleanup: 5.0,
            cluster_restore: 420.0,
            restore_job: 600.0,
            delete: 120.0,
            change_set: 8.0,
            cluster_settles: 10.0,
            snapshot: 180.0,
            job_start: 15.0,
            job: 900.0,
            incremental_job: 240.0,
            abort: 5.0,
            snapshot_delete: 5.0,
            point_delete: 20.0,
            write_period: 3.0,
            late_writes: 20.0,
            jitter: 0.2,
        }
    }
}

/// Durations as they pass on a certain clock.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    /// The durations in AWS time.
    pub(crate) durations: Durations,
    /// The clock's divisor.
    pub(crate) speed: f64,
}

impl Pace {
    /// So many seconds of AWS time, exactly.
    pub(crate) fn exact(&self, count: f64) -> SignedDuration {
        seconds(count / self.speed)
    }

    /// So many seconds of AWS time, varied by the jitter.
    pub(crate) fn varied(&self, count: f64, rng: &mut fastrand::Rng) -> SignedDuration {
        let share = 1.0 + self.durations.jitter * (rng.f64() * 2.0 - 1.0);
        self.exact(count * share.max(0.0))
    }
}
