//! Deleting one backup: what is next, given a fresh look at it. Nothing is remembered but in AWS's tags, so any prune
//! finishes what another has begun.
//!
//! The order: the note that deletion has begun (`stacksnap:deleting`, with the mark of completeness in it), the mark
//! off, **a look at everything that speaks against it**, the recovery point, its absence seen, the manifest, the
//! snapshot, its absence seen. (The snapshot last: a manifest that is all that is left is listed nowhere.) Whoever begins
//! to use the backup or to hold it does so first and looks at the mark then; a prune takes the mark off first and looks
//! at the uses then: one of the two sees the other. AWS shows tags late, so that look comes [`SETTLE`] after the mark was
//! first seen off.
//!
//! Giving a backup back is the other way round, and as careful, since another prune may be about to delete it: the note
//! is made to say so (any prune that reads that gives it back, too), whatever was decided before may still happen for
//! [`HANDS_OFF`], then the mark, then the note off.
//!
//! The recovery point goes first, because it is what AWS itself protects (a vault lock, a legal hold, a job that reads
//! it) and what may stay behind as EXPIRED. Then the database's half is still there, and where both are whole the mark is
//! put back.

use jiff::{SignedDuration, Timestamp};

use crate::model::half::{RecoveryPoint, Snapshot};
use crate::model::manifest::Place;
use crate::model::retention::TagRule;
use crate::model::{PointStatus, Refusal, RefusalKind, SnapshotStatus, tags};
use crate::plan::prune::{Ask, Cause, Sight, protected};

use super::Tag;

/// Looks that AWS did not answer, or refusals that may pass, in a row.
const PATIENCE: u8 = 6;
/// Looks at a half that was deleted and is still there: AWS takes its time.
const LINGERS: u16 = 120;
/// How long to wait between looks at something that is being deleted.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);
/// How late AWS may show a tag; and how long CreateStack may take to arrive that was decided upon while the mark was
/// there: as old as a look may be, and then some.
const SETTLE: SignedDuration = SignedDuration::from_secs(90);
/// How long a removal that another prune has decided upon may take to arrive: as old as a look may be, and then some.
const HANDS_OFF: SignedDuration = SignedDuration::from_secs(90);
/// Tags that are written to give a backup back.
const PUT_BACK: u8 = 20;
/// Tags that are written to begin: AWS may answer that it did, and not have done it.
const MARKS: u8 = 20;

/// A recovery point, by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PointName {
    /// The vault.
    pub vault: String,
    /// The ARN.
    pub arn: String,
}

/// One backup that is to be deleted; pinned when it was planned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Doomed {
    /// The backup's id; of a seed, the run's it was made for.
    pub id: String,
    /// The stack's name.
    pub stack: String,
    /// The snapshot's identifier, if there is one.
    pub snapshot: Option<String>,
    /// The recovery point, if there is one.
    pub point: Option<PointName>,
    /// A seed: a recovery point alone.
    pub seed: bool,
    /// Why it goes.
    pub cause: Cause,
    /// The backup that remains as the last complete one: its snapshot, its recovery point.
    pub anchor: Option<(String, PointName)>,
}

/// A deletion under way, as this process knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Job {
    /// What.
    pub doomed: Doomed,
    /// Tags that keep a backup.
    pub keep: Vec<TagRule>,
    /// It is not to be deleted after all: what an earlier prune has begun is undone.
    pub spare: Option<String>,
    /// AWS was asked to delete the recovery point.
    asked_point: bool,
    /// AWS was asked to delete the snapshot.
    asked_snapshot: bool,
    /// The manifest is deleted, or is none of Parameter Store's.
    manifest_gone: bool,
    /// AWS refused for good.
    refused: Option<Refusal>,
    /// The mark of completeness, as it was first seen: should two prunes lose it between them, it is written again.
    mark: Option<String>,
    /// The mark was seen off, and [`SETTLE`] waited for.
    settled: bool,
    /// A tag was written, and nothing waited for since.
    wrote: bool,
    /// The note that it is given back, as it was seen before [`HANDS_OFF`] was waited for.
    spared: Option<String>,
    tries: u8,
    blind: u8,
    lingers: u16,
    put_back: u8,
    marks: u8,
}

impl Job {
    /// What an earlier prune has begun is undone, since `why` speaks against it.
    pub fn sparing(doomed: Doomed, why: String) -> Self {
        Self { spare: Some(why), ..Self::new(doomed, Vec::new()) }
    }

    /// Nothing was done yet.
    pub fn new(doomed: Doomed, keep: Vec<TagRule>) -> Self {
        Self {
            doomed,
            keep,
            spare: None,
            asked_point: false,
            asked_snapshot: false,
            manifest_gone: false,
            refused: None,
            mark: None,
            settled: false,
            wrote: false,
            spared: None,
            tries: 0,
            blind: 0,
            lingers: 0,
            put_back: 0,
            marks: 0,
        }
    }
}

/// One thing to do; twice is once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Removal {
    /// AddTagsToResource on the snapshot.
    Tag {
        /// `DBClusterSnapshotArn`
        arn: String,
        /// The tag.
        tag: Tag,
    },
    /// RemoveTagsFromResource on the snapshot.
    Untag {
        /// `DBClusterSnapshotArn`
        arn: String,
        /// The tag's key.
        key: &'static str,
    },
    /// DeleteRecoveryPoint.
    Point(PointName),
    /// DeleteDBClusterSnapshot.
    Snapshot {
        /// `DBClusterSnapshotIdentifier`
        id: String,
    },
    /// Deletes the manifest in Parameter Store.
    Manifest {
        /// The stack's name.
        stack: String,
        /// The backup's id.
        id: String,
    },
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nothing of it is left.
    Deleted,
    /// Something speaks against it; it is as it was before.
    Kept(String),
    /// It could not be finished; what is left of it is listed as incomplete.
    Failed {
        /// Why.
        why: String,
        /// What to do.
        hint: String,
        /// The caller lacks a right: what this one met, others will meet.
        denied: bool,
    },
}

/// What is next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Do this, then look again.
    Do(Removal),
    /// Look again after a while.
    Wait(SignedDuration),
    /// It is over.
    Over(Outcome),
}

/// Decides what is next.
pub fn step(job: &Job, sight: &Sight, now: Timestamp) -> (Job, Next) {
    let mut job = job.clone();
    let next = decide(&mut job, sight, now);
    (job, next)
}

/// Takes in what AWS said to a removal.
#[must_use]
pub fn note(job: Job, removal: &Removal, answer: &Result<(), Refusal>) -> Job {
    let mut job = job;
    match answer {
        Err(refusal) if refusal.kind != RefusalKind::NotFound => {
            job.tries = job.tries.saturating_add(1);
            let over = refusal.kind != RefusalKind::Transient || job.tries >= PATIENCE;
            // The first one stays: what is refused while the mark is put back must not make it go on.
            job.refused = job.refused.or_else(|| Some(refusal.clone()).filter(|_| over));
        }
        // Done; or gone already, which the next look shows.
        Ok(()) | Err(_) => {
            job.tries = 0;
            match removal {
                Removal::Point(_) => job.asked_point = true,
                Removal::Snapshot { .. } => job.asked_snapshot = true,
                Removal::Manifest { .. } => job.manifest_gone = true,
                Removal::Tag { .. } | Removal::Untag { .. } => {}
            }
        }
    }
    job
}

fn decide(job: &mut Job, sight: &Sight, now: Timestamp) -> Next {
    if let Some(next) = unseen(job, sight) {
        return next;
    }
    if let Some(why) = foreign(job, sight) {
        return Next::Over(failed(why, "look at its tags yourself; nothing was deleted now"));
    }
    let snapshot = sight.snapshot.here().filter(|half| half.status != SnapshotStatus::Deleting);
    let point = sight.point.here().filter(|half| half.status != PointStatus::Deleting);
    if snapshot.is_none() && point.is_none() {
        // Nothing is left that could be given back.
        return end(job, sight);
    }
    if let Some(why) = against(job, sight, now) {
        return back_out(job, sight, why, now);
    }
    // 1. The mark of completeness goes first: from here on nobody takes it for a backup.
    if let Some(next) = snapshot.and_then(|half| unmark(job, half, now)) {
        (job.wrote, job.settled) = (true, false);
        job.marks = job.marks.saturating_add(1);
        return if job.marks < MARKS { Next::Do(next) } else { endless() };
    }
    if was_marked(snapshot) && !std::mem::replace(&mut job.settled, true) {
        return Next::Wait(SETTLE);
    }
    // 2. The recovery point; it has to be seen gone before the other half is touched.
    if let Some(half) = point {
        return delete_point(job, half);
    }
    if sight.point.here().is_some() {
        return linger(job, "the recovery point");
    }
    // 3. What was kept with it, unless that is in a bucket.
    job.manifest_gone |= snapshot.is_some_and(in_a_bucket);
    if !job.manifest_gone {
        return Next::Do(manifest(job));
    }
    // 4. The snapshot.
    match snapshot.filter(|_| !job.asked_snapshot) {
        Some(half) => Next::Do(Removal::Snapshot { id: half.id.clone() }),
        None => linger(job, "the snapshot"),
    }
}

/// Both halves are gone, or going.
fn end(job: &mut Job, sight: &Sight) -> Next {
    if sight.point.here().is_some() {
        return linger(job, "the recovery point");
    }
    if sight.snapshot.here().is_some() {
        return linger(job, "the snapshot");
    }
    if let Some(refusal) = job.refused.as_ref().filter(|_| !job.doomed.seed && !job.manifest_gone) {
        let why = format!("both halves are deleted, but the manifest in Parameter Store is not: {refusal}");
        let hint = format!("delete it yourself: /stacksnap/{}/manifests/{}", job.doomed.stack, job.doomed.id);
        return Next::Over(failed(why, &hint));
    }
    if job.doomed.seed || job.manifest_gone {
        return Next::Over(Outcome::Deleted);
    }
    Next::Do(manifest(job))
}

fn in_a_bucket(half: &Snapshot) -> bool {
    let place = half.tags.get(tags::MANIFEST).and_then(|value| tags::read_manifest(value));
    place.is_some_and(|(_, place)| place != Place::ParameterStore)
}

fn manifest(job: &Job) -> Removal {
    Removal::Manifest { stack: job.doomed.stack.clone(), id: job.doomed.id.clone() }
}

/// Then somebody may have seen the mark when it was off already, but not yet shown so, or may have seen it a moment before,
/// and be about to create a stack of the backup: the look that decides comes later than that.
fn was_marked(snapshot: Option<&Snapshot>) -> bool {
    snapshot.and_then(|half| tags::taken_off(half.tags.get(tags::DELETING)?)).is_some()
}

fn endless() -> Next {
    Next::Over(failed(
        "it comes to no end: AWS answers that its tags are written, and does not show them",
        "prune again later",
    ))
}

fn against(job: &Job, sight: &Sight, now: Timestamp) -> Option<String> {
    let Doomed { id, cause, anchor, .. } = &job.doomed;
    let named = job.doomed.point.is_some();
    let anchor = anchor.as_ref().map(|(snapshot, _)| snapshot.as_str());
    let ask = Ask { id, cause: *cause, named, anchor, keep: &job.keep };
    let refused = || job.refused.as_ref().map(ToString::to_string);
    let spared = || {
        let note = whole(sight)?.tags.get(tags::DELETING)?;
        tags::spared(note).then(|| "another prune spares it".to_owned())
    };
    job.spare.clone().or_else(refused).or_else(|| protected(sight, ask, now)).or_else(spared)
}

/// The snapshot, where both halves are there and can be restored.
fn whole(sight: &Sight) -> Option<&Snapshot> {
    let point = sight.point.here().is_some_and(|point| point.status.complete());
    sight.snapshot.here().filter(|half| half.status == SnapshotStatus::Available && point)
}

/// What AWS does not show, nobody decides upon.
fn unseen(job: &mut Job, sight: &Sight) -> Option<Next> {
    let refusals = [
        sight.snapshot.refusal(),
        sight.point.refusal(),
        sight.vault.refusal(),
        sight.anchor_snapshot.refusal(),
        sight.anchor_point.refusal(),
        sight.stacks.refusal(),
        sight.runs.refusal(),
    ];
    if !(sight.snapshot.known() && sight.point.known()) && refusals.iter().all(Option::is_none) {
        return Some(Next::Over(failed("it was not looked at", "this is a bug")));
    }
    let Some(refusal) = refusals.into_iter().flatten().next() else {
        job.blind = 0;
        return None;
    };
    job.blind = job.blind.saturating_add(1);
    if refusal.kind == RefusalKind::Transient && job.blind < PATIENCE {
        return Some(Next::Wait(PAUSE));
    }
    let hint = format!("grant {}, or try again later: `stacksnap prune {}`", refusal.action(), job.doomed.stack);
    Some(Next::Over(failed(format!("it cannot be looked at: {refusal}"), &hint)))
}

/// The halves that were planned are not the ones that are there.
fn foreign(job: &Job, sight: &Sight) -> Option<String> {
    let Doomed { id, seed, .. } = &job.doomed;
    if let Some(half) = sight.snapshot.here() {
        if !half.manual || !tags::says(&half.tags, tags::ID, id) {
            return Some(format!("snapshot {} is not this backup's", half.id));
        }
        if half.tags.contains_key(tags::RECOVERY_POINT) && job.doomed.point.is_none() {
            return Some("its snapshot names a recovery point that was not looked at".to_owned());
        }
    }
    let point = sight.point.here()?;
    let own = if *seed { tags::SEED } else { tags::ID };
    let ours = !point.by_plan && point.tags.as_ref().is_some_and(|there| tags::says(there, own, id));
    (!ours).then(|| format!("recovery point {} is not this backup's", point.arn))
}

fn unmark(job: &mut Job, half: &Snapshot, now: Timestamp) -> Option<Removal> {
    let mark = half.tags.get(tags::COMPLETE);
    job.mark = job.mark.take().or_else(|| mark.cloned());
    if !half.tags.contains_key(tags::DELETING) {
        let value = tags::deleting(now, job.mark.as_deref());
        return Some(Removal::Tag { arn: half.arn.clone(), tag: (tags::DELETING.to_owned(), value) });
    }
    mark.map(|_| Removal::Untag { arn: half.arn.clone(), key: tags::COMPLETE })
}

fn delete_point(job: &mut Job, half: &RecoveryPoint) -> Next {
    if !job.asked_point {
        return Next::Do(Removal::Point(PointName { vault: half.vault.clone(), arn: half.arn.clone() }));
    }
    // DeleteRecoveryPoint answers 200 also where its rights do not suffice; the point is EXPIRED then.
    if half.status == PointStatus::Expired {
        let why = format!("AWS Backup accepted the deletion of {} and left it EXPIRED", half.arn);
        let hint =
            "the caller needs iam:CreateServiceLinkedRole, or the role that made it must exist; then prune again";
        return Next::Over(failed(why, hint));
    }
    linger(job, "the recovery point")
}

fn linger(job: &mut Job, what: &str) -> Next {
    job.lingers = job.lingers.saturating_add(1);
    if job.lingers < LINGERS {
        return Next::Wait(PAUSE);
    }
    Next::Over(failed(
        format!("{what} is still there"),
        "AWS takes its time: the next prune of the stack goes on where this one stopped",
    ))
}

/// Not to be deleted after all: where both halves are whole, it becomes what it was before.
fn back_out(job: &mut Job, sight: &Sight, why: String, now: Timestamp) -> Next {
    let Some(half) = whole(sight).filter(|_| job.put_back < PUT_BACK) else {
        return Next::Over(left(job, sight, why));
    };
    let Some(note) = half.tags.get(tags::DELETING) else {
        // What was written a moment ago may not be shown yet.
        let fresh = std::mem::take(&mut job.wrote);
        return if fresh { Next::Wait(SETTLE) } else { Next::Over(left(job, sight, why)) };
    };
    job.put_back += 1;
    let Some(removal) = give_back(job, half, note, now) else { return Next::Wait(HANDS_OFF) };
    job.wrote = true;
    Next::Do(removal)
}

/// The next tag on the way back; `None`: wait until nobody deletes it any more.
fn give_back(job: &mut Job, half: &Snapshot, note: &str, now: Timestamp) -> Option<Removal> {
    let tag = |key: &str, value: String| Removal::Tag { arn: half.arn.clone(), tag: (key.to_owned(), value) };
    let mark = tags::taken_off(note);
    if !tags::spared(note) {
        return Some(tag(tags::DELETING, tags::sparing(now, mark.as_ref().or(job.mark.as_ref()).map(String::as_str))));
    }
    if job.spared.replace(note.to_owned()).as_deref() != Some(note) {
        return None;
    }
    match mark.filter(|_| !half.tags.contains_key(tags::COMPLETE)) {
        Some(mark) => Some(tag(tags::COMPLETE, tags::encode(&mark))),
        None => Some(Removal::Untag { arn: half.arn.clone(), key: tags::DELETING }),
    }
}

/// Kept as it was; or, where something of it is gone already or AWS refused the caller, that has to be said.
fn left(job: &Job, sight: &Sight, why: String) -> Outcome {
    let begun = sight.snapshot.here().is_some_and(|half| half.tags.contains_key(tags::DELETING));
    let lost = (job.doomed.snapshot.is_some() && sight.snapshot.here().is_none())
        || (job.doomed.point.is_some() && sight.point.here().is_none());
    let denied = job.refused.as_ref().filter(|refusal| refusal.kind == RefusalKind::Denied);
    let again = format!("`stacksnap prune {}`", job.doomed.stack);
    let why = if lost { format!("half of it is deleted: {why}") } else { why };
    if let Some(refusal) = denied {
        let hint = format!("grant {}; {again} goes on then", refusal.action());
        return Outcome::Failed { why, hint, denied: true };
    }
    if begun || lost {
        let hint =
            format!("what is left of it is listed as incomplete; {again} goes on when nothing speaks against it");
        return failed(why, &hint);
    }
    Outcome::Kept(why)
}

fn failed(why: impl Into<String>, hint: &str) -> Outcome {
    Outcome::Failed { why: why.into(), hint: hint.to_owned(), denied: false }
}
