//! A run: one attempt, and where it stands. Its record is kept in Parameter Store.
//!
//! Changing anything serialised here? ARCHITECTURE.md has the checklist.

use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::rebuild::{Aim, Made, Rebuilt};
use super::topology::OfflineSwitch;
use super::{BackupId, Refusal};

/// The record's format. A higher number than this is read, shown, and left alone.
pub const FORMAT: u32 = 2;
/// A run that turned home within this time is looked after by a sentinel, too.
const TURNED: SignedDuration = SignedDuration::from_mins(15);
/// A run whose driver is this much overdue is stale (rule 5).
pub const STALE_AFTER: SignedDuration = SignedDuration::from_mins(5);

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
    fn format(&self) -> u32 {
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

/// The first thing that went wrong: it decides the outcome.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Trouble {
    /// What the outcome will be.
    pub outcome: Outcome,
    /// What went wrong, one sentence.
    pub what: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// How a run ended, and how it left the stack.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ending {
    /// How.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
    /// Why; empty for a complete one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The stack is still offline and was not before: somebody must act (exit 3).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left_offline: bool,
}

/// The one stack, account and region that this run may ever change: nothing foreign is touched.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// The stack's name.
    pub stack: String,
    /// The stack's ARN, with the region and the account.
    pub stack_id: String,
    /// How it goes offline; `None` only for live backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch: Option<OfflineSwitch>,
    /// `DBClusterIdentifier`
    pub cluster: String,
    /// The file system's ARN.
    pub file_system: String,
    /// The backup vault's name.
    pub vault: String,
    /// The ARN of the role AWS Backup works with.
    pub role: String,
    /// The DB secret's ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The DB secret's version id at the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_version: Option<String>,
    /// Logical ids that no update of ours may replace or remove.
    pub protected: Vec<String>,
    /// What a run that makes a new stack is about. Since format 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aim: Option<Aim>,
}

/// What AWS Backup answered to StartBackupJob.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StartedJob {
    /// `BackupJobId`
    pub id: String,
    /// `RecoveryPointArn`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<String>,
}

/// How long the parts take on this stack, seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Durations {
    /// The update that takes the stack offline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off: Option<u32>,
    /// The DB cluster snapshot, from creation until first seen `available`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<u32>,
    /// The backup job, from creation to completion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<u32>,
    /// The update that brings it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<u32>,
}

/// What the user asked for besides.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Options {
    /// The offline budget, seconds from the off operation's start.
    pub max_offline: u32,
    /// Seconds from the off operation's end until the last NFS writes are taken to be in.
    pub settle: u32,
    /// The user's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why the backup must not be pruned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
}

impl Default for Options {
    /// 60 minutes, 30 seconds.
    fn default() -> Self {
        Self { max_offline: 3600, settle: 30, note: None, hold: None }
    }
}

/// The run record: intent and a few monotone facts. What is true is looked up each time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Run {
    /// [`FORMAT`]
    pub format: u32,
    /// The version of stacksnap that wrote it.
    pub tool: String,
    /// The run's id; for a backup, the backup's.
    pub id: BackupId,
    /// What it is for.
    pub kind: Kind,
    /// What it may touch.
    pub target: Arc<Target>,
    /// What the user asked for besides.
    pub options: Options,
    /// Where it stands.
    pub phase: Phase,
    /// Since when.
    pub since: Timestamp,
    /// When it began.
    pub started: Timestamp,
    /// When its driver will have looked again; stale [`STALE_AFTER`] past it.
    pub next_due: Timestamp,
    /// The mode the stack had before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<Mode>,
    /// The newest stack event before the run did anything: operations after it are the run's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// When the newest operation before the run ended, by AWS's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_at: Option<Timestamp>,
    /// The first thing that went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// Somebody asked to give it up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub abort: bool,
    /// Its driver has left it to a sentinel then, which need not wait until it is stale. Whoever drives it on says so by
    /// a later `next_due`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed: Option<Timestamp>,
    /// The halves were asked for at this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Timestamp>,
    /// The files' half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<StartedJob>,
    /// The seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<StartedJob>,
    /// When *off* was executed: the budget counts from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Timestamp>,
    /// The stack's last operation before the halves ended here, as this clock goes: settling begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_from: Option<Timestamp>,
    /// Both halves were seen complete while this operation's end (AWS's clock) was the stack's
    /// newest: whatever began later began after both were complete. True once, true for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halves_done: Option<Timestamp>,
    /// The stack could not be brought back. A backup whose halves are complete is verified all the
    /// same: it is good, and its run ends loudly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stranded: Option<Stranded>,
    /// The snapshot was first seen `available`, by the driver's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_seen: Option<Timestamp>,
    /// Refused attempts at the step at hand, and the newest refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// What earlier runs on this stack took.
    #[serde(default)]
    pub expected: Durations,
    /// What this one took.
    #[serde(default)]
    pub took: Durations,
    /// When the stack went offline and when it was back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Seconds between the instants the halves stand for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skew: Option<u32>,
    /// Things the user should know that did not stop it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Where the backup's manifest was kept before the run began, as its tag will say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// What a run that makes a new stack knows so far. Since format 2.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rebuilt: Rebuilt,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// Somebody asked this driver to try again what failed. The driver's own.
    #[serde(skip)]
    pub urged: bool,
    /// Since when this driver has seen nothing at all. The driver's own, never saved.
    #[serde(skip)]
    pub blind_since: Option<Timestamp>,
    /// The record is gone from Parameter Store: it is not written again. The driver's own.
    #[serde(skip)]
    pub lost: bool,
    /// When this driver last looked at everything that matters in this phase. The driver's own.
    #[serde(skip)]
    pub looked: Option<Timestamp>,
    /// When this driver last saw an operation under way. The driver's own.
    #[serde(skip)]
    pub busy_at: Option<Timestamp>,
    /// The lock is gone and the leftovers with it. The driver's own.
    #[serde(skip)]
    pub tidied: bool,
    /// How often this driver has tried what this phase waits for; in the last one, to tidy up. The driver's own.
    #[serde(skip)]
    pub tries: u8,
    /// The newest state could not be saved. The driver's own.
    #[serde(skip)]
    pub unsaved: bool,
    /// The record is behind by what can wait. The driver's own.
    #[serde(skip)]
    pub behind: bool,
}

fn is_default(rebuilt: &Rebuilt) -> bool {
    *rebuilt == Rebuilt::default()
}

/// Refused attempts at one action.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Refused {
    /// How often.
    pub times: u32,
    /// The newest.
    pub last: Refusal,
}

/// Why the stack is still offline, and what a person has to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stranded {
    /// Why.
    pub why: String,
    /// What to do.
    pub hint: String,
}

/// The offline window, by AWS's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    /// The *off* operation's start.
    pub from: Timestamp,
    /// The *on* operation's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
}

impl Run {
    /// A run that has not begun: nothing is known, nothing was touched. Its id is made of the stack's
    /// name and of `now`.
    pub fn new(kind: Kind, target: Target, options: Options, now: Timestamp) -> Self {
        Self {
            format: kind.format(),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            id: BackupId::new(&target.stack, now),
            kind,
            target: Arc::new(target),
            options,
            phase: Phase::Preflight,
            since: now,
            started: now,
            next_due: now,
            prior: None,
            base: None,
            base_at: None,
            trouble: None,
            abort: false,
            handed: None,
            asked: None,
            files: None,
            seed: None,
            left: None,
            quiet_from: None,
            halves_done: None,
            stranded: None,
            snapshot_seen: None,
            refused: None,
            expected: Durations::default(),
            took: Durations::default(),
            window: None,
            skew: None,
            warnings: Vec::new(),
            manifest: None,
            rebuilt: Rebuilt::default(),
            ending: None,
            urged: false,
            blind_since: None,
            looked: None,
            busy_at: None,
            tidied: false,
            tries: 0,
            lost: false,
            unsaved: false,
            behind: false,
        }
    }

    /// The run as its record keeps it: without what only its driver knows of itself.
    #[must_use]
    pub fn as_saved(&self) -> Self {
        Self {
            blind_since: None,
            looked: None,
            busy_at: None,
            lost: false,
            tidied: false,
            tries: 0,
            unsaved: false,
            behind: false,
            urged: false,
            ..self.clone()
        }
    }

    /// It is over.
    pub fn ended(&self) -> bool {
        self.phase == Phase::Done
    }

    /// Nobody seems to drive it any more (rule 5). Ticking a live one would be harmless.
    pub fn stale(&self, now: Timestamp) -> bool {
        !self.ended() && now > self.next_due.saturating_add(STALE_AFTER).unwrap_or(Timestamp::MAX)
    }

    /// Somebody else may drive it: its driver has left it, or is gone.
    pub fn orphaned(&self, now: Timestamp) -> bool {
        let left = self.handed.is_some_and(|at| self.next_due <= at && at <= now);
        self.stale(now) || (left && !self.ended())
    }

    /// The stack has been offline for longer than it may, and is not known to be back. Of a run that turned home long ago its
    /// driver is trusted until it is stale: one more each period would be many.
    pub fn overspent(&self, now: Timestamp) -> bool {
        let away = match self.phase {
            Phase::GoingOffline | Phase::Capturing => true,
            Phase::Resuming | Phase::Returning => now.duration_since(self.since) < TURNED,
            _ => false,
        };
        let budget = SignedDuration::from_secs(self.options.max_offline.into());
        away && self.left.is_some_and(|left| now.duration_since(left) > budget)
    }

    /// The same run, left to a sentinel from `now` on.
    #[must_use]
    pub fn handed_over(self, now: Timestamp) -> Self {
        Self { handed: Some(now), next_due: now, ..self }
    }

    /// It is a backup that keeps the stack as it is.
    pub fn live(&self) -> bool {
        matches!(self.kind, Kind::Backup { live: true, .. })
    }

    /// Which of the two stacks that a replacement may create is at hand.
    pub fn made(&self) -> &Made {
        if self.phase >= Phase::Recreating { &self.rebuilt.second } else { &self.rebuilt.first }
    }

    /// The same, to note a fact.
    pub fn made_mut(&mut self) -> &mut Made {
        if self.phase >= Phase::Recreating { &mut self.rebuilt.second } else { &mut self.rebuilt.first }
    }

    /// The recovery point that is being restored: the backup's, or the safety backup's own.
    pub fn restoring(&self) -> Option<&str> {
        if self.phase >= Phase::Recreating {
            self.files.as_ref().and_then(|files| files.point.as_deref())
        } else {
            self.target.aim.as_ref().map(|aim| aim.point.as_str())
        }
    }

    /// What the outcome will be, if nothing else goes wrong.
    pub fn failing(&self) -> bool {
        self.trouble.is_some()
    }
}

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
