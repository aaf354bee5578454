//! Verifying: both halves described again, the fence computed again, and only then the mark of
//! completeness: on the recovery point first, on the snapshot, which the catalogue reads, last.

use jiff::SignedDuration;

use crate::engine::action::Tag;
use crate::engine::turn::{SOON, Turn};
use crate::engine::{Action, Look, Step, fence, labels, rebuild};
use crate::model::half::{RecoveryPoint, Snapshot};
use crate::model::run::{Kind, Outcome};
use crate::model::tags::COMPLETE;
use crate::model::{PointStatus, Seen, SnapshotStatus};

/// What AWS has just made may not be shown yet.
const GRACE: SignedDuration = SignedDuration::from_secs(120);
/// A tag is written so often; then it is taken not to stick.
const TRIES: u32 = 3;
/// Do the marks stick? Everything else was checked on the full look that decided on the first of them: the fence is of times
/// that are over, and what has been verified a moment ago is not verified again for each tag.
const POINT_MARK: Look = Look { record: true, snapshot: true, point_tags: true, ..Look::NONE };
/// The last one.
const MARK: Look = Look { record: true, snapshot: true, ..Look::NONE };
/// So long after the full look.
const VERIFIED: SignedDuration = SignedDuration::from_secs(60);

pub(super) fn step(turn: Turn<'_>) -> Step {
    if turn.seen.look == MARK {
        return if snapshot_marked(&turn) { over(turn) } else { turn.look_again(SOON) };
    }
    if turn.seen.look == POINT_MARK {
        return mark_snapshot(turn);
    }
    let mut turn = match part_refused(turn) {
        Ok(turn) => turn,
        Err(step) => return *step,
    };
    warn_of_rotation(&mut turn);
    let (snapshot, point) = match halves(&turn) {
        Ok(halves) => halves,
        Err(Verdict::Wait) => return turn.look_again(SignedDuration::from_secs(10)),
        Err(Verdict::Incomplete(what)) => return incomplete(turn, what),
    };
    if let Some(why) = broken_fence(&turn, snapshot) {
        turn.trouble(Outcome::Inconsistent, why, "take another backup when nobody updates the stack");
        return over(turn);
    }
    if let Some(what) = manifest_gone(&turn) {
        return incomplete(turn, what);
    }
    tag(turn, snapshot, point)
}

fn part_refused(turn: Turn<'_>) -> Result<Turn<'_>, Box<Step>> {
    if let Some(refusal) = turn.part_refused() {
        let what = format!("a half could not be looked at: {refusal}");
        return Err(Box::new(incomplete(turn, what)));
    }
    turn.full()
}

enum Verdict {
    Wait,
    Incomplete(String),
}

fn halves<'a>(turn: &Turn<'a>) -> Result<(&'a Snapshot, &'a RecoveryPoint), Verdict> {
    let may_come = turn.since_phase() < GRACE;
    let late = |what: &str| if may_come { Verdict::Wait } else { Verdict::Incomplete(what.to_owned()) };
    let snapshot = turn.seen.snapshot.here().ok_or_else(|| late("the DB cluster snapshot is not there"))?;
    if snapshot.status != SnapshotStatus::Available {
        return Err(Verdict::Incomplete(format!("the DB cluster snapshot is `{}`", snapshot.status)));
    }
    if !labels::is_own(&turn.run, &snapshot.tags) {
        // Not written again: without these two nothing says that it is this run's.
        return Err(late("the DB cluster snapshot does not bear this run's tags"));
    }
    if let Some(job) = turn.seen.job.here().filter(|job| !job.succeeded()) {
        let message = job.message.as_deref().unwrap_or("no message");
        return Err(Verdict::Incomplete(format!("backup job {} is {} with issues: {message}", job.id, job.state)));
    }
    let point = turn.seen.point.here().ok_or_else(|| late("the recovery point is not there"))?;
    match &point.status {
        status if status.complete() => Ok((snapshot, point)),
        PointStatus::Creating => Err(late("the recovery point is still CREATING")),
        status => Err(Verdict::Incomplete(format!("the recovery point is {status}"))),
    }
}

/// A password that changed while the halves were made may be the old or the new one in the snapshot.
fn warn_of_rotation(turn: &mut Turn<'_>) {
    if let (Seen::Here(now), Some(then)) = (&turn.seen.secret, &turn.run.target.secret_version)
        && now.as_ref() != Some(then)
    {
        turn.warn(
            "the DB secret was rotated during the run: the snapshot's password may be the old one or the new one",
        );
    }
}

fn broken_fence(turn: &Turn<'_>, snapshot: &Snapshot) -> Option<String> {
    if turn.run.live() {
        return None;
    }
    let (Some(view), Some(job)) = (turn.view(), turn.seen.job.here()) else {
        return Some(
            "the stack's history or the backup job is gone, so nothing proves that the halves belong together"
                .to_owned(),
        );
    };
    fence(&turn.run, view.stack, view.history, snapshot, job).err()
}

/// Tags that did not stick are written again; then the mark, one half after the other.
fn tag(mut turn: Turn<'_>, snapshot: &Snapshot, point: &RecoveryPoint) -> Step {
    let there = point.tags.clone().unwrap_or_default();
    let on_point = labels::missing(&labels::half(&turn.run), &there);
    let mut wanted = labels::half(&turn.run);
    wanted.push(labels::partner(&point.arn));
    wanted.extend(labels::manifest(&turn.run));
    let on_snapshot = labels::missing(&wanted, &snapshot.tags);
    if !(on_point.is_empty() && on_snapshot.is_empty()) {
        return write_again(turn, (snapshot, on_snapshot), (point, on_point));
    }
    if there.contains_key(COMPLETE) && snapshot.tags.contains_key(COMPLETE) {
        return over(turn);
    }
    if let Some(refusal) = turn.refused(TRIES) {
        let what = format!("the mark of completeness could not be written: {refusal}");
        return incomplete(turn, what);
    }
    if turn.tired(GRACE.saturating_mul(5), 5) {
        return incomplete(turn, "the mark of completeness did not stick");
    }
    if there.contains_key(COMPLETE) {
        return write_last_mark(turn, snapshot);
    }
    let mark = vec![labels::complete(turn.now)];
    turn.actions.push(Action::TagPoint { arn: point.arn.clone(), tags: mark });
    turn.wait(SignedDuration::from_secs(1), POINT_MARK)
}

fn write_last_mark(mut turn: Turn<'_>, snapshot: &Snapshot) -> Step {
    let mark = vec![labels::complete(turn.now)];
    turn.actions.push(Action::TagSnapshot { arn: snapshot.arn.clone(), tags: mark });
    turn.wait(SignedDuration::from_secs(1), MARK)
}

/// The recovery point bears its mark: the snapshot's turn. Where anything is not as it was a moment ago, everything is looked at.
fn mark_snapshot(turn: Turn<'_>) -> Step {
    let verified = turn.run.looked.is_some_and(|at| turn.now.duration_since(at).abs() <= VERIFIED);
    let tags = turn.seen.point_tags.here();
    let point = tags.is_some_and(|tags| labels::is_own(&turn.run, tags) && tags.contains_key(COMPLETE));
    match turn.seen.snapshot.here().filter(|_| verified && point && !turn.run.failing() && !turn.run.lost) {
        Some(snapshot) if own(&turn, snapshot) => write_last_mark(turn, snapshot),
        _ => turn.look_again(SOON),
    }
}

fn own(turn: &Turn<'_>, snapshot: &Snapshot) -> bool {
    snapshot.status == SnapshotStatus::Available && labels::is_own(&turn.run, &snapshot.tags)
}

/// Nobody writes this mark before the recovery point was seen to bear its own.
fn snapshot_marked(turn: &Turn<'_>) -> bool {
    turn.seen.snapshot.here().is_some_and(|snapshot| own(turn, snapshot) && snapshot.tags.contains_key(COMPLETE))
}

fn write_again(
    mut turn: Turn<'_>,
    (snapshot, on_snapshot): (&Snapshot, Vec<Tag>),
    (point, on_point): (&RecoveryPoint, Vec<Tag>),
) -> Step {
    if turn.tired(GRACE, 5) {
        let missing = on_snapshot.iter().chain(&on_point).map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(", ");
        return incomplete(turn, format!("tags did not stick on the halves: {missing}"));
    }
    // Every time, not once: a driver that died here wrote nothing, whatever its record says.
    if !on_snapshot.is_empty() {
        turn.actions.push(Action::TagSnapshot { arn: snapshot.arn.clone(), tags: on_snapshot });
    }
    if !on_point.is_empty() {
        turn.actions.push(Action::TagPoint { arn: point.arn.clone(), tags: on_point });
    }
    turn.look_again(SOON)
}

fn incomplete(mut turn: Turn<'_>, what: impl Into<String>) -> Step {
    turn.trouble(Outcome::Incomplete, what, "both halves are kept; take another backup");
    over(turn)
}

/// The backup of a replacement is its safety backup: what it is for comes now.
fn over(turn: Turn<'_>) -> Step {
    if turn.run.kind == Kind::Replace { rebuild::safety_verified(turn) } else { turn.end() }
}

/// The manifest is part of the backup: it has to be as it was kept.
fn manifest_gone(turn: &Turn<'_>) -> Option<String> {
    let kept = turn.run.manifest.as_deref()?;
    match turn.seen.manifest.here() {
        Some(digest) if kept.split(' ').next() == Some(digest) => None,
        Some(_) => Some("the backup's manifest is not the one that was kept".to_owned()),
        None => Some("the backup's manifest is gone".to_owned()),
    }
}
