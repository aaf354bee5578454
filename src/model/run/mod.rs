//! A run: one attempt, and where it stands. Its record is kept in Parameter Store.
//!
//! Changing anything serialised here? ARCHITECTURE.md has the checklist.

mod facts;
mod kind;
mod lock;
mod target;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::facts::{Durations, Ending, Refused, StartedJob, Stranded, Trouble, Window};
pub use self::kind::{Kind, Mode, Outcome, Phase};
pub use self::lock::Lock;
pub use self::target::{Options, Target};
use super::BackupId;
use super::rebuild::{Made, Rebuilt};

/// The record's format. A higher number than this is read, shown, and left alone.
pub const FORMAT: u32 = 2;
/// A run that turned home within this time is looked after by a sentinel, too.
const TURNED: SignedDuration = SignedDuration::from_mins(15);
/// A run whose driver is this much overdue is stale (rule 5).
pub const STALE_AFTER: SignedDuration = SignedDuration::from_mins(5);

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
