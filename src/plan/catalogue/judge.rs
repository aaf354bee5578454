//! What a row is, and why.

use jiff::Timestamp;

use crate::model::backup::State;
use crate::model::run::{Kind, Outcome, Run};

use super::compact::{Pool, Sym};
use super::halves::{Database, Files};

/// Why a row is not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Nothing,
    TwoSnapshots,
    TwoPoints,
    CopiedTags,
    Elsewhere,
    NoSnapshot,
    NoPoint,
    PointGone,
    Unread,
    SnapshotNot,
    PointNot,
    Unnamed,
    Unmarked,
    Deleting,
    /// In the run's words.
    Run(u32),
}

/// The halves that claim one id.
pub(super) struct Group<'a> {
    pub(super) databases: Vec<&'a Database>,
    pub(super) files: Vec<&'a Files>,
    /// The snapshot's vault could not be read.
    pub(super) unread: bool,
}

/// The verdict without regard to the run.
pub(super) fn verdict(group: &Group<'_>) -> (State, Why) {
    match (group.databases.as_slice(), group.files.as_slice()) {
        ([_, _, ..], _) => (State::Ambiguous, Why::TwoSnapshots),
        (_, [_, _, ..]) => (State::Ambiguous, Why::TwoPoints),
        ([database], _) if database.other_name != Sym::NONE => (State::Ambiguous, Why::CopiedTags),
        ([database], [files]) => both(database, files),
        ([_], []) if group.unread => (State::Incomplete, Why::Unread),
        ([database], []) if database.point.is_none() => (State::Orphan, Why::NoPoint),
        ([_], []) => (State::Orphan, Why::PointGone),
        ([], _) => (State::Orphan, Why::NoSnapshot),
    }
}

fn both(database: &Database, files: &Files) -> (State, Why) {
    let names_it = database.point == files.arn;
    if (!names_it && !database.point.is_none()) || !files.names(database.marks.id) {
        (State::Ambiguous, Why::Elsewhere)
    } else if database.deleting {
        (State::Incomplete, Why::Deleting)
    } else if !database.available {
        (State::Incomplete, Why::SnapshotNot)
    } else if !files.complete {
        (State::Incomplete, Why::PointNot)
    } else if !names_it {
        (State::Incomplete, Why::Unnamed)
    } else if !database.marks.marked() {
        (State::Incomplete, Why::Unmarked)
    } else {
        (State::Complete, Why::Nothing)
    }
}

impl Why {
    pub(super) fn text(
        self,
        pool: &Pool,
        told: &[String],
        halves: (Option<&Database>, Option<&Files>),
    ) -> Option<String> {
        let status = |sym: Option<Sym>| sym.and_then(|sym| pool.get(sym)).unwrap_or("unknown").to_owned();
        let plain = match self {
            Self::Nothing => return None,
            Self::Run(at) => return told.get(usize::try_from(at).ok()?).cloned(),
            Self::SnapshotNot => return Some(format!("the snapshot is {}", status(halves.0.map(|half| half.status)))),
            Self::PointNot => {
                return Some(format!("the recovery point is {}", status(halves.1.map(|half| half.status))));
            }
            Self::TwoSnapshots => "two or more snapshots claim this id (copied tags)",
            Self::TwoPoints => "two or more recovery points claim this id (copied or edited tags)",
            Self::CopiedTags => "the snapshot carries another snapshot's tags",
            Self::Elsewhere => "the halves do not name each other (edited tags)",
            Self::NoSnapshot => "the recovery point has no snapshot",
            Self::NoPoint => "the snapshot has no recovery point",
            Self::PointGone => "the snapshot's recovery point is gone",
            Self::Unread => "the vault of its recovery point could not be read",
            Self::Unnamed => "the snapshot does not name its recovery point",
            Self::Unmarked => "never checked and marked as complete",
            Self::Deleting => "a prune has begun to delete it: `stacksnap keep` gives it back, the next prune goes on",
        };
        Some(plain.to_owned())
    }
}

/// What a run says about its backup.
pub(super) enum Says {
    /// Somebody is at it.
    Driven(String),
    /// It should go on, but nobody drives it.
    Stale(String),
    /// It is over, without success.
    Failed(String),
    /// It is over and checked what it made, with this result.
    Unsound(String),
    /// Nothing that the halves do not say themselves.
    Nothing,
}

pub(super) fn says(run: &Run, now: Timestamp) -> Says {
    if !matches!(run.kind, Kind::Backup { .. }) {
        return Says::Nothing;
    }
    let Some(ending) = &run.ending else {
        return if run.stale(now) {
            Says::Stale(format!("{}; nobody drives it on: `stacksnap resume {}`", run.phase, run.target.stack))
        } else {
            Says::Driven(run.phase.to_string())
        };
    };
    let why = ending.why.clone().unwrap_or_else(|| format!("the run is {}", ending.outcome));
    match ending.outcome {
        Outcome::Failed | Outcome::Aborted => Says::Failed(why),
        Outcome::Incomplete | Outcome::Inconsistent => Says::Unsound(why),
        Outcome::Complete | Outcome::Refused => Says::Nothing,
    }
}

/// The verdict with the run's word in it. Ambiguous stays so whatever a run says; complete stays so unless its
/// own run found it unsound.
pub(super) fn temper((state, why): (State, Why), says: Says, tell: &mut impl FnMut(String) -> Why) -> (State, Why) {
    match (state, says) {
        (State::Ambiguous, _) | (_, Says::Nothing) => (state, why),
        (_, Says::Driven(text)) => (State::Running, tell(text)),
        (State::Complete, Says::Stale(_) | Says::Failed(_)) => (state, why),
        (State::Complete | State::Incomplete, Says::Unsound(text)) => (State::Incomplete, tell(text)),
        (State::Incomplete, Says::Failed(text)) => (State::Failed, tell(text)),
        (_, Says::Stale(text) | Says::Failed(text) | Says::Unsound(text)) => (state, tell(text)),
    }
}
