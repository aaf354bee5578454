//! THE DOOR: everything stacksnap sees and does goes through [`World`].
//!
//! A tick is observe → step → save → perform. Saving comes *before* acting: a driver that dies in
//! between has promised something it did not do, and the next one does it. The other way round it
//! would have done something nobody knows of.

use std::future::Future;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use crate::engine::prune::{self, Job, Removal};
use crate::engine::{self, Action, Done, Look, Next, Observation};
use crate::model::run::{Lock, Phase, Run};
use crate::model::{BackupId, Refusal, Seen};
use crate::plan::prune::Sight;

/// How old a look may be for an action that CloudFormation cannot check by itself.
const FRESH: SignedDuration = SignedDuration::from_secs(60);

/// How old what the record said may be when it is written over.
const READ: SignedDuration = SignedDuration::from_secs(5);

/// How long to wait after a refusal before the next look.
const AGAIN: SignedDuration = SignedDuration::from_secs(2);

/// What became of one action.
pub type Answer = Result<Done, Refusal>;

/// Whether the lock was had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Locked {
    /// It is ours.
    Taken,
    /// Another run holds the stack.
    Held(Lock),
}

/// AWS, as far as a run is concerned. `aws::Aws` is the real one; the simulation has its own.
pub trait World {
    /// Looks at what `look` names. Things are read concurrently, but **the stack last**: a change
    /// set's ARN must have been read before the state it is judged by (rule 1).
    fn observe(&self, run: &Run, look: Look) -> impl Future<Output = Observation>;

    /// Looks at what several runs need, side by side; an adapter may read for all of them at once.
    fn observe_all(&self, wanted: &[(Run, Look)]) -> impl Future<Output = Vec<Observation>> {
        async move { join_all(wanted.iter().map(|(run, look)| self.observe(run, *look))).await }
    }

    /// Writes the run's record, over an older one of the same run.
    fn save(&self, run: &Run) -> impl Future<Output = Result<(), Refusal>>;

    /// Does one thing; a lost answer is a transient refusal.
    fn perform(&self, action: &Action) -> impl Future<Output = Answer>;

    /// Creates the lock, never over another.
    fn lock(&self, stack: &str, lock: &Lock) -> impl Future<Output = Result<Locked, Refusal>>;

    /// Who holds the stack.
    fn holder(&self, stack: &str) -> impl Future<Output = Seen<Lock>>;

    /// One run's record.
    fn record(&self, stack: &str, run: &BackupId) -> impl Future<Output = Seen<Run>>;

    /// The world's clock.
    fn now(&self) -> Timestamp;
}

/// AWS, as far as the deletion of one backup is concerned.
pub trait Shelf {
    /// Looks at everything that decides whether it may be deleted, and how far that has come.
    fn inspect(&self, doomed: &prune::Doomed) -> impl Future<Output = Sight>;

    /// Does one thing; a lost answer is a transient refusal.
    fn remove(&self, removal: &Removal) -> impl Future<Output = Result<(), Refusal>>;

    /// The clock.
    fn time(&self) -> Timestamp;
}

/// Goes round once with the deletion of one backup: look, decide, do one thing. The outcome, or how long to wait.
pub async fn prune(shelf: &impl Shelf, job: Job) -> (Job, Result<prune::Outcome, SignedDuration>) {
    let looked = shelf.time();
    let sight = shelf.inspect(&job.doomed).await;
    let (job, next) = prune::step(&job, &sight, shelf.time());
    match next {
        prune::Next::Over(outcome) => (job, Ok(outcome)),
        prune::Next::Wait(wait) => (job, Err(wait)),
        // A machine that slept since it looked looks again: nothing is deleted on yesterday's word.
        prune::Next::Do(_) if shelf.time().duration_since(looked) > FRESH => (job, Err(SignedDuration::ZERO)),
        prune::Next::Do(removal) => {
            let answer = shelf.remove(&removal).await;
            let wait = if answer.is_err() { AGAIN } else { SignedDuration::ZERO };
            (prune::note(job, &removal, &answer), Err(wait))
        }
    }
}

/// One time round, as told to whoever watches.
#[derive(Debug)]
pub struct Tick {
    /// The run as it was.
    pub before: Run,
    /// The run as it is.
    pub run: Run,
    /// What was seen.
    pub seen: Observation,
    /// What was done, and what AWS said.
    pub done: Vec<(Action, Answer)>,
    /// When to look again.
    pub next: Next,
}

/// Goes round once. Never fails: a call that was refused is part of the next observation.
pub async fn tick(world: &impl World, run: Run, look: Look) -> Tick {
    let asked = world.now();
    let seen = world.observe(&run, look).await;
    let looked = world.now();
    act(world, run, seen, (asked, looked)).await
}

/// The rest of a tick, after a look that lasted from `asked` until `looked`.
pub async fn act(world: &impl World, run: Run, seen: Observation, (asked, looked): (Timestamp, Timestamp)) -> Tick {
    let step = engine::step(&run, &seen, looked);
    // A machine that slept here looks again first: neither its save nor its actions are of today.
    let slept = || world.now().duration_since(looked) > FRESH;
    let again = |before: Run, run: Run, seen| {
        let next = Next::Tick { wait: SignedDuration::ZERO, look: engine::first_look(&run) };
        Tick { before, run, seen, done: Vec::new(), next }
    };
    if slept() {
        return again(run.clone(), run, seen);
    }
    let old_record = || world.now().duration_since(asked) > READ;
    // What makes a run fail may be what another driver of it has just done.
    let fails = step.run.failing() && !run.failing();
    // That somebody drives it is no reason to write over what somebody else has done.
    let only_says_so = step.actions.is_empty() && step.run.phase == run.phase;
    let reads = !seen.look.record || seen.remembered || fails || only_says_so || old_record();
    let mut actions = step.actions;
    let saved = match step.save && !step.run.lost {
        true => put(world, &run, step.run, reads).await,
        // Where there is no record to be written any more, nothing waits for one.
        false => Ok(Run { unsaved: false, ..step.run }),
    };
    let mut after = match saved {
        Ok(after) => after,
        // Another driver has come further: nothing of this is of today, either.
        Err(further) => return again(run, *further, seen),
    };
    if after.unsaved {
        // Save before acting: what was not saved is not done, and is due again next time. Bringing
        // the stack back depends on no record, so it is done all the same.
        actions.retain(Action::homeward);
    }
    // It may also have slept while it saved.
    let old = slept();
    actions.retain(|action| !(old && action.perishable()));
    let answers = join_all(actions.iter().map(|action| world.perform(action))).await;
    let done: Vec<(Action, Answer)> = actions.into_iter().zip(answers).collect();
    let noted = engine::note(&after, &done, world.now());
    if noted.as_saved() != after.as_saved() && !noted.lost {
        // Monotone facts only (a job's id): where this save is lost, they are found again by tag.
        // A machine that slept since it acted has nothing to say any more: what it knows is saved after its
        // next look, and joined with what the record says by then.
        after = match slept() {
            true => Run { unsaved: true, ..noted },
            false => match put(world, &run, noted, old_record() || reads && !step.save).await {
                Ok(after) => after,
                Err(further) => *further,
            },
        };
    } else {
        after = noted;
    }
    Tick { before: run, run: after, seen, done, next: step.next }
}

/// Saves what a tick decided. What was decided without the record, or a while after it was read, `reads` it first: a driver that only
/// looked at the halves must not put back a run that another one has driven on meanwhile.
async fn put(world: &impl World, before: &Run, after: Run, reads: bool) -> Result<Run, Box<Run>> {
    let after = match reads {
        false => after,
        true => match world.record(&after.target.stack, &after.id).await {
            // Where it cannot be read it is not written, either.
            Seen::Unknown(_) => return Ok(Run { unsaved: true, ..after }),
            record => engine::abreast(before, after, &record)?,
        },
    };
    let unsaved = world.save(&after).await.is_err();
    Ok(Run { unsaved, ..after })
}

/// Gives a run up: every driver of it is to know before anything is done. Where that is refused, whoever asks knows still.
///
/// # Errors
/// The record could not be read or written.
pub async fn announce_abort(world: &impl World, run: &Run) -> Result<Run, Refusal> {
    announce(world, run, |run| Run { abort: true, ..run }).await
}

/// Has every driver of a run know what this one adds to it, which is no step of the engine's: that it is given up, or handed over.
/// The run as it is now, joined with what others have written.
///
/// # Errors
/// The record could not be read or written.
pub async fn announce(world: &impl World, run: &Run, add: impl FnOnce(Run) -> Run) -> Result<Run, Refusal> {
    match world.record(&run.target.stack, &run.id).await {
        Seen::Unknown(refusal) => Err(refusal),
        // It is not brought back from the dead. A young one may not be shown yet.
        Seen::Missing | Seen::NotLooked => {
            Ok(add(Run { lost: run.lost || run.phase > Phase::Preflight, ..run.clone() }))
        }
        record => {
            let joined = engine::joined(run, &record);
            if joined.ended() {
                return Ok(joined);
            }
            let added = add(joined);
            world.save(&added).await.map(|()| added)
        }
    }
}
