//! Proving: is what was created the backup's? What AWS cannot show is said to be not provable.

use jiff::SignedDuration;

use super::{failed, own, planned};
use crate::engine::turn::{PATIENCE, Turn};
use crate::engine::{Action, Step, labels};
use crate::model::ClusterStatus;
use crate::model::new_stack::NewStack;
use crate::model::rebuild::{Aim, Marks, Parts};
use crate::model::run::{Kind, Outcome, Phase};
use crate::model::stack::Stack;

/// A tag, or the protection, is asked for so often.
const TRIES: u32 = 3;
/// A driver looks so often, at most, before it gives up what does not come: ten minutes.
const LOOKS: u8 = 60;
/// The same for the tags.
const MARKS: u8 = 10;

/// One fact about the new stack.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fact {
    Proven,
    /// AWS does not tell.
    NotProvable(String),
    /// Not yet; and how long it may take.
    Pending(String, SignedDuration),
    /// It is not the backup's.
    Wrong(String),
}

pub(super) fn step(turn: Turn<'_>, aim: &Aim) -> Step {
    if turn.run.made().proven.is_some() {
        return proven(turn, aim);
    }
    if let Some(refusal) = turn.seen.refusal().cloned() {
        let since = turn.run.blind_since.unwrap_or(turn.now);
        let lasting = turn.now.duration_since(since) >= PATIENCE || refusal.kind == crate::model::RefusalKind::Denied;
        if lasting {
            let what = format!("the new stack cannot be looked at: {refusal}");
            return failed(turn, aim, Outcome::Incomplete, what);
        }
    }
    let mut turn = match turn.full() {
        Ok(turn) => turn,
        Err(step) => return *step,
    };
    if turn.run.abort && turn.run.kind != Kind::Replace {
        let stays = "the new stack stays: delete it by hand if you do not want it";
        turn.trouble(Outcome::Aborted, "the run was given up before the new stack was proven", stays);
        return if turn.run.kind == Kind::Drill { turn.to(Phase::Clearing) } else { turn.end() };
    }
    let (Some(stack), Some(plan), Some(parts)) =
        (turn.seen.fresh.here().filter(|stack| own(&turn.run, stack)), planned(&turn), turn.seen.parts.here())
    else {
        return failed(turn, aim, Outcome::Failed, format!("the new stack {} or its plan is gone", aim.name));
    };
    if stack.status.gone() {
        return failed(turn, aim, Outcome::Failed, format!("somebody deleted the new stack {}", aim.name));
    }
    let facts = facts(&turn, aim, stack, &plan, parts);
    judge(turn, aim, facts)
}

fn judge(mut turn: Turn<'_>, aim: &Aim, facts: Vec<Fact>) -> Step {
    let wrong = facts.iter().find_map(|fact| if let Fact::Wrong(what) = fact { Some(what.clone()) } else { None });
    if let Some(what) = wrong {
        return failed(turn, aim, Outcome::Incomplete, what);
    }
    let pending = facts.iter().find_map(|fact| match fact {
        Fact::Pending(what, limit) => Some((what.clone(), *limit)),
        _ => None,
    });
    if let Some((what, limit)) = pending {
        let looks = u8::try_from(limit.as_secs() / 10).unwrap_or(LOOKS).min(LOOKS);
        if turn.tired(limit, looks) {
            return failed(turn, aim, Outcome::Incomplete, what);
        }
        return turn.look_again(SignedDuration::from_secs(10));
    }
    for fact in facts {
        if let Fact::NotProvable(what) = fact {
            turn.warn(what);
        }
    }
    let now = turn.now;
    turn.run.made_mut().proven = Some(now);
    turn.look_now()
}

/// What AWS is still at.
fn pending(what: String) -> Fact {
    Fact::Pending(what, PATIENCE.saturating_mul(3))
}

fn facts(turn: &Turn<'_>, aim: &Aim, stack: &Stack, plan: &NewStack, parts: &Parts) -> Vec<Fact> {
    let mut facts = vec![cluster(aim, parts), file_system(aim, parts)];
    facts.extend(parameters(stack, plan));
    facts.extend(probe(aim, turn, stack));
    facts
}

/// A cluster that came from the snapshot is not told by RDS; that the stack was created with the snapshot's
/// identifier, and never updated, is what proves it.
fn cluster(aim: &Aim, parts: &Parts) -> Fact {
    let Some(place) = &aim.cluster else {
        return Fact::NotProvable("the DB cluster is not a resource of the stack: its origin is not provable".into());
    };
    match &parts.cluster {
        None => pending(format!("the new stack has no DB cluster {place}")),
        Some(cluster) if cluster.status == ClusterStatus::Available => Fact::Proven,
        Some(cluster) if cluster.status.hopeless() => {
            Fact::Wrong(format!("the new stack's DB cluster is `{}`", cluster.status))
        }
        Some(cluster) => pending(format!("the new stack's DB cluster is still `{}`", cluster.status)),
    }
}

fn file_system(aim: &Aim, parts: &Parts) -> Fact {
    let Some(place) = &aim.file_system else {
        return Fact::NotProvable("the file system is not a resource of the stack: its origin is not provable".into());
    };
    let Some(files) = &parts.file_system else {
        return pending(format!("the new stack has no file system {place}"));
    };
    if !files.available() {
        return pending(format!("the new stack's file system is still `{}`", files.state));
    }
    let into = parts.jobs.iter().filter(|job| job.created.as_deref().is_some_and(|arn| same_files(arn, files)));
    let mut states: Vec<_> = into.collect();
    if states.is_empty() {
        // A job that has not made anything yet does not say where it goes.
        states = parts.jobs.iter().filter(|job| job.created.is_none()).collect();
    }
    let is = |word: &str| states.iter().find(|job| job.status == word);
    if is("COMPLETED").is_some() {
        return Fact::Proven;
    }
    if let Some(job) = is("PENDING").or_else(|| is("RUNNING")) {
        return pending(format!("restore job {} is still {}", job.id, job.status));
    }
    if let Some(job) = is("FAILED").or_else(|| is("ABORTED")) {
        let message = job.message.as_deref().unwrap_or("no message");
        return Fact::Wrong(format!("restore job {} is {}: {message}", job.id, job.status));
    }
    Fact::NotProvable(
        "AWS Backup lists no restore job of this recovery point into the new file system: that it was restored is not provable"
            .into(),
    )
}

/// `CreatedResourceArn` is the file system's ARN.
fn same_files(arn: &str, files: &crate::model::half::FileSystem) -> bool {
    arn == files.arn || arn.rsplit_once('/').is_some_and(|(_, id)| id == files.id)
}

/// The stack reads what it was created with; NoEcho values cannot be read.
fn parameters(stack: &Stack, plan: &NewStack) -> Option<Fact> {
    let differs = |p: &&crate::model::new_stack::NewParameter| {
        !p.secret && stack.parameter(&p.key).is_some_and(|value| value != p.value && value != "****")
    };
    let changed = plan.parameters.iter().find(differs)?;
    Some(Fact::Wrong(format!("parameter {} of the new stack is not what it was created with", changed.key)))
}

fn probe(aim: &Aim, turn: &Turn<'_>, stack: &Stack) -> Option<Fact> {
    let probe = aim.probe.as_ref().filter(|_| turn.run.kind == Kind::Drill)?;
    let within = SignedDuration::from_secs(i64::from(probe.within));
    let there = |name: &&str| stack.outputs.iter().any(|output| output.key == *name);
    if let Some(name) = probe.outputs().find(|name| !there(name)) {
        return Some(Fact::Wrong(format!("the new stack has no output `{name}`, which the probe's URL names")));
    }
    Some(match turn.seen.probe.here() {
        Some(200) => Fact::Proven,
        Some(0) | None => Fact::Pending(format!("{} does not answer", probe.url), within),
        Some(status) => Fact::Pending(format!("{} answers {status}, not 200", probe.url), within),
    })
}

/// What comes after the proof.
fn proven(turn: Turn<'_>, aim: &Aim) -> Step {
    match turn.run.kind {
        Kind::Drill => mark(turn, aim),
        Kind::Replace => protect(turn),
        _ => turn.end(),
    }
}

/// Both halves learn when they were drilled: the recovery point first, the snapshot, which the catalogue
/// reads, last.
fn mark(turn: Turn<'_>, aim: &Aim) -> Step {
    let mut turn = match turn.full() {
        Ok(turn) => turn,
        Err(step) => return *step,
    };
    let (Some(at), Some(marks)) = (turn.run.made().proven, turn.seen.marks.here()) else {
        return unmarked(turn, "the backup is not there any more");
    };
    let at = jiff::Timestamp::from_second(at.as_second()).unwrap_or(at);
    if let Some(refusal) = turn.refused(TRIES) {
        let what = refusal.to_string();
        return unmarked(turn, &what);
    }
    let next = next_mark(marks, at);
    if next.is_some() && turn.tired(PATIENCE.saturating_mul(4), MARKS) {
        return unmarked(turn, "the tags did not stick");
    }
    match next {
        None => {
            turn.run.rebuilt.drilled = Some(at);
            turn.to(Phase::Clearing)
        }
        Some(Half::Point) => {
            turn.actions.push(Action::TagPoint { arn: aim.point.clone(), tags: vec![labels::drilled(at)] });
            turn.look_again(SignedDuration::from_secs(2))
        }
        Some(Half::Snapshot) => {
            turn.actions.push(Action::TagSnapshot { arn: marks.snapshot_arn.clone(), tags: vec![labels::drilled(at)] });
            turn.look_again(SignedDuration::from_secs(2))
        }
    }
}

enum Half {
    Point,
    Snapshot,
}

/// A newer drill's mark is left alone.
fn next_mark(marks: &Marks, at: jiff::Timestamp) -> Option<Half> {
    if marks.drilled_point.is_none_or(|there| there < at) {
        Some(Half::Point)
    } else if marks.drilled_snapshot.is_none_or(|there| there < at) {
        Some(Half::Snapshot)
    } else {
        None
    }
}

fn unmarked(mut turn: Turn<'_>, why: &str) -> Step {
    let what = format!("the drill went well, but the backup could not be marked as drilled: {why}");
    turn.trouble(Outcome::Incomplete, what, "");
    turn.to(Phase::Clearing)
}

/// Only now: until it was proven, it may have had to be deleted again.
fn protect(turn: Turn<'_>) -> Step {
    let mut turn = match turn.full() {
        Ok(turn) => turn,
        Err(step) => return *step,
    };
    let Some(stack) = turn.seen.fresh.here() else { return turn.end() };
    let tried = turn.refused(TRIES).is_some();
    if stack.termination_protection || tried || turn.since_phase() > PATIENCE.saturating_mul(4) {
        if !stack.termination_protection {
            turn.warn("termination protection could not be switched on for the new stack");
        }
        return turn.end();
    }
    turn.actions.push(Action::Protect { stack_id: stack.id.clone(), on: true });
    turn.look_again(SignedDuration::from_secs(2))
}
