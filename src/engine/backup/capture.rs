//! Capturing: both halves, started within one tick.

use jiff::SignedDuration;

use super::offline::spent;
use crate::engine::action::NewJob;
use crate::engine::home::give_up;
use crate::engine::pace::{self, Awaited};
use crate::engine::turn::{PATIENCE, SOON, Turn, View};
use crate::engine::{Action, Look, Step, change, fence, labels};
use crate::model::half::{Job, Snapshot};
use crate::model::run::{Kind, Mode, Outcome, Phase};
use crate::model::{ClusterStatus, JobState, Seen, SnapshotStatus, Switch};

/// Between two full looks while the halves are made: whether somebody else changed the stack.
const FULL_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// The same where earlier durations are known, and with them how long it goes on.
const FULL_EVERY_KNOWN: SignedDuration = SignedDuration::from_mins(20);
/// So long after it was asked for, a half may still not be shown.
const GRACE: SignedDuration = SignedDuration::from_secs(120);

pub(super) fn step(mut turn: Turn<'_>) -> Step {
    if turn.run.abort || turn.run.failing() {
        return give_up(turn);
    }
    if spent(&turn) {
        return fail(
            turn,
            Outcome::Failed,
            "the offline budget was spent before both halves were complete",
            "raise --max-offline, or use --seed",
        );
    }
    note_snapshot(&mut turn);
    label(&mut turn);
    if let Some(step) = light(&turn) {
        return turn.wait(step.0, step.1);
    }
    if let Some(refusal) = turn.part_refused() {
        let what = refusal.to_string();
        return fail(turn, Outcome::Failed, what, "");
    }
    turn = match turn.full() {
        Ok(turn) => turn,
        Err(step) => return *step,
    };
    match turn.view() {
        // By its ARN, CloudFormation shows a deleted stack for ninety days.
        Some(view) if !turn.stack_gone() => full(turn, view),
        _ => fail(turn, Outcome::Failed, "the stack was deleted meanwhile", ""),
    }
}

/// On a cheap look: the next cheap look, unless it is time for a full one.
fn light(turn: &Turn<'_>) -> Option<(SignedDuration, Look)> {
    let both = turn.run.snapshot_seen.is_some() || turn.seen.snapshot.here().is_some();
    let looked = turn.seen.look == Look::HALVES || turn.seen.look == JOB;
    let job = turn.seen.job.here()?;
    let every = if turn.run.expected.job.is_some() { FULL_EVERY_KNOWN } else { FULL_EVERY };
    let due = turn.run.looked.is_none_or(|at| turn.now.duration_since(at) >= every);
    let failed = turn.seen.snapshot.here().is_some_and(|s| settled(Some(s)) && s.status != SnapshotStatus::Available);
    let both_done = turn.run.snapshot_seen.is_some() && job.state == JobState::Completed;
    let news = failed || both_done || job.state.lost();
    (looked && both && !due && !news).then(|| (pace_of(turn), next_look(turn)))
}

const JOB: Look = Look { job: true, ..Look::NONE };

fn settled(snapshot: Option<&Snapshot>) -> bool {
    snapshot.is_some_and(|s| !matches!(s.status, SnapshotStatus::Creating | SnapshotStatus::Other(_)))
}

/// A snapshot that was seen `available` stays so; the job alone is awaited then.
fn next_look(turn: &Turn<'_>) -> Look {
    if turn.run.snapshot_seen.is_some() { JOB } else { Look::HALVES }
}

fn pace_of(turn: &Turn<'_>) -> SignedDuration {
    let now = turn.now;
    let since = |at: Option<jiff::Timestamp>| at.map_or(0.0, |at| now.duration_since(at).as_secs_f64().max(0.0));
    let job = turn.seen.job.here().filter(|job| !settled_job(job)).map(|job| Awaited {
        elapsed: since(job.created),
        expected: turn.run.expected.job,
        percent: job.percent,
    });
    let snapshot = turn.seen.snapshot.here().filter(|s| !settled(Some(s))).map(|snapshot| Awaited {
        elapsed: since(snapshot.created.or(turn.run.asked)),
        expected: turn.run.expected.snapshot,
        percent: Some(snapshot.percent),
    });
    // Only the later of the two ends the phase: a look in time for the earlier one is wasted.
    match (job, snapshot) {
        (Some(job), Some(snapshot)) if sooner(&snapshot, &job) => pace::eager(job, &turn.run.id, now),
        (_, Some(snapshot)) => pace::eager(snapshot, &turn.run.id, now),
        (Some(job), None) => pace::eager(job, &turn.run.id, now),
        (None, None) => SOON,
    }
}

fn sooner(a: &Awaited, b: &Awaited) -> bool {
    a.remaining().unwrap_or(0.0) <= b.remaining().unwrap_or(f64::INFINITY)
}

fn settled_job(job: &Job) -> bool {
    job.state == JobState::Completed || job.state.lost()
}

fn full(mut turn: Turn<'_>, view: View<'_>) -> Step {
    let offline = turn.mode(view) == Some(Mode::Offline);
    if !turn.run.live() && (view.busy() || !offline) {
        return changed_meanwhile(turn, view);
    }
    if let Some((what, hint)) = trouble_of(&turn) {
        return fail(turn, Outcome::Failed, what, &hint);
    }
    ask(&mut turn, view);
    let returns = turn.run.prior == Some(Mode::Online) && turn.run.kind != Kind::Replace;
    if returns && !turn.run.live() && turn.run.asked.is_some() {
        // Made now, executed when both are complete: costs no offline time.
        change::prepare(&mut turn, view, Switch::On);
    }
    match (turn.seen.snapshot.here(), turn.seen.job.here()) {
        (Some(snapshot), Some(job)) if complete(snapshot, job) => both_complete(turn, view, snapshot, job),
        (Some(_), Some(_)) => {
            let (wait, look) = (pace_of(&turn), next_look(&turn));
            turn.wait(wait, look)
        }
        _ if turn.actions.is_empty() => turn.look_again(SignedDuration::from_secs(2)),
        _ => turn.wait(SignedDuration::from_secs(2), Look::HALVES),
    }
}

fn complete(snapshot: &Snapshot, job: &Job) -> bool {
    snapshot.status == SnapshotStatus::Available && job.state == JobState::Completed
}

/// Somebody else's operation: the fence is broken, so waiting for the halves is no use. Unless it is another driver of this very run
/// that brings the stack back: then its record says why. Of whom an operation is that no event tells of yet, the next look shows.
fn changed_meanwhile(mut turn: Turn<'_>, view: View<'_>) -> Step {
    let under_way = view.history.under_way();
    if under_way.is_some_and(|op| op.is(&turn.run.id, Switch::On)) {
        return turn.look_again(SOON);
    }
    let untold = view.stack.status.in_progress() && under_way.is_none();
    if untold && !turn.tired(PATIENCE, 5) {
        return turn.look_again(SOON);
    }
    fail(
        turn,
        Outcome::Inconsistent,
        "somebody changed the stack while the halves were made",
        "take another backup when nobody updates the stack",
    )
}

/// What makes a half impossible, and where AWS tells why.
fn trouble_of(turn: &Turn<'_>) -> Option<(String, String)> {
    if let Some(snapshot) = turn.seen.snapshot.here() {
        let id = &snapshot.id;
        if !labels::is_own(&turn.run, &snapshot.tags) || !snapshot.manual {
            let what = format!("a DB cluster snapshot named {id} exists that this run did not make");
            return Some((what, String::new()));
        }
        if matches!(snapshot.status, SnapshotStatus::Failed | SnapshotStatus::Deleting) {
            let what = format!("the DB cluster snapshot is `{}`", snapshot.status);
            let see = format!(
                "see why: `aws rds describe-events --source-type db-cluster-snapshot --source-identifier {id}`"
            );
            return Some((what, see));
        }
    } else if turn.run.snapshot_seen.is_some() {
        return Some(("the DB cluster snapshot was deleted meanwhile".to_owned(), String::new()));
    }
    if let Some(job) = turn.seen.job.here().filter(|job| job.state.lost()) {
        let message = job.message.as_deref().map(|message| format!(": {message}")).unwrap_or_default();
        let see = format!("see the job: `aws backup describe-backup-job --backup-job-id {}`", job.id);
        return Some((format!("backup job {} is {}{message}", job.id, job.state), see));
    }
    let overdue = turn.run.asked.is_some_and(|at| turn.now.duration_since(at) > GRACE);
    (turn.run.files.is_some() && turn.seen.job.here().is_none() && overdue)
        .then(|| ("AWS Backup does not know the backup job any more".to_owned(), String::new()))
}

fn note_snapshot(turn: &mut Turn<'_>) {
    let available = turn.seen.snapshot.here().filter(|s| s.status == SnapshotStatus::Available);
    if available.is_some() && turn.run.snapshot_seen.is_none() {
        turn.run.snapshot_seen = Some(turn.now);
    }
}

/// Asks for the halves that are not there. Names and tokens derive from the id, so asking again, or
/// asking beside another driver, is asking once.
fn ask(turn: &mut Turn<'_>, view: View<'_>) {
    let snapshot = turn.seen.snapshot.here().is_none();
    let database_first = turn.run.live() && turn.run.snapshot_seen.is_none();
    let job = turn.seen.job.here().is_none() && turn.run.files.is_none() && !database_first;
    if !(snapshot || job) || !ready(turn, view) {
        return;
    }
    turn.run.asked.get_or_insert(turn.now);
    if snapshot {
        let mut tags = labels::half(&turn.run);
        // Kept before the run began, so it is known already: a call saved in each backup.
        tags.extend(labels::manifest(&turn.run));
        turn.actions.push(Action::CreateSnapshot {
            cluster: turn.run.target.cluster.clone(),
            id: turn.run.id.to_string(),
            tags,
        });
    }
    if job {
        turn.actions.push(Action::StartBackupJob(new_job(turn)));
    }
}

fn new_job(turn: &Turn<'_>) -> NewJob {
    let target = &turn.run.target;
    NewJob {
        file_system: target.file_system.clone(),
        vault: target.vault.clone(),
        role: target.role.clone(),
        token: turn.run.id.to_string(),
        tags: labels::half(&turn.run),
        seed: false,
    }
}

/// Both parts can be captured now: a snapshot needs an `available` cluster, and AWS Backup runs one
/// job a file system at a time.
fn ready(turn: &mut Turn<'_>, view: View<'_>) -> bool {
    if !turn.run.live() && !by_whom(turn, view) {
        turn.trouble(Outcome::Failed, "the stack is offline, but not by this run", "");
        return false;
    }
    let cluster = turn.cluster().is_some_and(|cluster| cluster.status == ClusterStatus::Available);
    // Looked at until the halves have been asked for; a later retry takes AWS's own word for it.
    let files = match &turn.seen.file_system {
        Seen::NotLooked => turn.run.asked.is_some(),
        seen => seen.here().is_some_and(crate::model::half::FileSystem::available),
    };
    let free = turn.seen.others.here().is_none_or(Vec::is_empty);
    let waited = turn.since_phase() > PATIENCE && turn.run.asked.is_none();
    if waited && !(cluster && files && free) {
        turn.trouble(Outcome::Failed, "the DB cluster or the file system did not become ready for a backup", "");
    }
    cluster && files && free
}

/// The newest operation that took effect is this run's *off*, or the stack was offline before.
fn by_whom(turn: &Turn<'_>, view: View<'_>) -> bool {
    let newest = view.history.operations.iter().find(|op| op.took_effect());
    turn.run.prior == Some(Mode::Offline) || newest.is_some_and(|op| op.is(&turn.run.id, Switch::Off))
}

/// The snapshot learns where its other half is, as soon as StartBackupJob has answered.
fn label(turn: &mut Turn<'_>) {
    if let (None, Some(job)) = (&turn.run.files, turn.seen.job.here()) {
        // Started by a driver that died before it could say so; found by its tag.
        turn.run.files = Some(crate::model::run::StartedJob { id: job.id.clone(), point: job.recovery_point.clone() });
    }
    let point = turn.run.files.as_ref().and_then(|files| files.point.as_deref());
    let own = turn.seen.snapshot.here().filter(|snapshot| labels::is_own(&turn.run, &snapshot.tags));
    if let (Some(snapshot), Some(point)) = (own, point) {
        let missing = labels::missing(&[labels::partner(point)], &snapshot.tags);
        if !missing.is_empty() {
            turn.actions.push(Action::TagSnapshot { arn: snapshot.arn.clone(), tags: missing });
        }
    }
}

fn both_complete(mut turn: Turn<'_>, view: View<'_>, snapshot: &Snapshot, job: &Job) -> Step {
    measure(&mut turn, snapshot, job);
    if turn.run.live() {
        return turn.to(Phase::Resuming);
    }
    if view.history.own(&turn.run.id, Switch::On).next().is_none() {
        turn.run.halves_done = turn.run.halves_done.or(Some(newest_end(view)));
    }
    if let Err(why) = fence(&turn.run, view.stack, view.history, snapshot, job) {
        turn.trouble(Outcome::Inconsistent, why, "take another backup when nobody updates the stack");
    }
    if turn.run.kind == Kind::Replace && !turn.run.failing() {
        // The safety backup stays true only while nobody writes: the stack stays offline.
        return turn.to(Phase::Verifying);
    }
    turn.to(Phase::Resuming)
}

fn newest_end(view: View<'_>) -> jiff::Timestamp {
    view.history.operations.first().and_then(|op| op.ended).unwrap_or(jiff::Timestamp::MIN)
}

fn measure(turn: &mut Turn<'_>, snapshot: &Snapshot, job: &Job) {
    let seconds = |from: Option<jiff::Timestamp>, to: Option<jiff::Timestamp>| {
        u32::try_from(to?.duration_since(from?).abs().as_secs()).ok()
    };
    turn.run.took.job = seconds(job.created, job.completed);
    turn.run.took.snapshot = turn.run.took.snapshot.or_else(|| seconds(turn.run.asked, turn.run.snapshot_seen));
    turn.run.skew = seconds(snapshot.created, job.created);
}

fn fail(mut turn: Turn<'_>, outcome: Outcome, what: impl Into<String>, hint: &str) -> Step {
    turn.trouble(outcome, what, hint);
    turn.to(Phase::Resuming)
}
