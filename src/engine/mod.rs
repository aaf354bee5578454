//! THE MACHINE: `step(run, observation, now) → (run, actions, next)`.
//!
//! `step` is total: it returns no `Result`. A refused call is part of the next observation, so every
//! failure has a transition, and the machine can be walked exhaustively in a test.
//!
//! Three properties carry the whole (ARCHITECTURE.md has the protocol they implement):
//!
//! * Phases only go forward, and what a record remembers is monotone, so that a late save of another
//!   driver can be joined with what this one knows and nothing is undone.
//! * Anything that matters is decided on a *full* look (`first_look`); the cheap looks in between only
//!   tell whether it is time for one.
//! * A transition does nothing else: the new phase looks again before it acts, unless all that it would look at has just been seen.

mod action;
mod backup;
mod change;
mod fence;
mod home;
mod join;
mod labels;
mod mode;
mod note;
mod observation;
mod pace;
pub mod prune;
mod rebuild;
mod rescue;
mod saving;
mod switch;
mod turn;

pub use action::{Action, Done, Halt, NewChangeSet, NewJob, Next, Tag};
pub use fence::fence;
pub use join::{abreast, joined};
pub use mode::{Debt, debt, mode};
pub use note::note;
pub use observation::{Look, Observation, Seed};
pub use rescue::{Rescue, Watch, rescue, unlocked, watch};

use jiff::Timestamp;

use crate::model::run::{Kind, Phase, Run};
use turn::Turn;

/// *On* is tried this often; then the run ends loudly (exit 3).
pub const ON_ATTEMPTS: u32 = 3;

/// What a step decided.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a step that is not carried out has not happened"]
pub struct Step {
    /// The run as it is now.
    pub run: Run,
    /// It differs enough to be saved before anything is done.
    pub save: bool,
    /// What to do, concurrently.
    pub actions: Vec<Action>,
    /// When to look again.
    pub next: Next,
}

/// Decides. A phase that would look at nothing but what has just been seen is not looked at once more.
pub fn step(run: &Run, seen: &Observation, now: Timestamp) -> Step {
    let (mut step, mut phase) = (decide(run, seen, now), run.phase);
    while step.run.phase > phase && goes_on(&step, seen) {
        let save = step.save;
        phase = step.run.phase;
        step = decide(&step.run, seen, now);
        step.save |= save;
        step.run.behind &= !step.save;
    }
    step
}

/// Nothing was done but to enter a phase of a backup that goes well, and all that it asks for is there. What ends is saved first;
/// whoever gives up looks plainly before he cancels or stops anything; and whoever makes or destroys a stack looks before each
/// step, whether anybody has marked its backup meanwhile.
fn goes_on(step: &Step, seen: &Observation) -> bool {
    let covered = matches!(step.next, Next::Tick { wait, look } if wait.is_zero() && seen.look.covers(look));
    let good = !step.run.failing() && !step.run.abort && !step.run.ended();
    covered && good && step.actions.is_empty() && matches!(step.run.kind, Kind::Backup { .. })
}

/// Decides once.
fn decide(run: &Run, seen: &Observation, now: Timestamp) -> Step {
    let turn = Turn::new(run, seen, now);
    if turn.run.ended() {
        return home::tidy(turn);
    }
    match turn.record_trouble().and_then(switch::waiting) {
        Ok(turn) => match turn.run.kind {
            Kind::Backup { .. } => backup::step(turn),
            Kind::Restore | Kind::Drill | Kind::Replace => rebuild::step(turn),
            Kind::Offline | Kind::Online | Kind::Home { .. } => switch::step(turn),
        },
        Err(step) => *step,
    }
}

/// What the run's phase has to look at before anything is decided; also a new driver's first look.
pub fn first_look(run: &Run) -> Look {
    let cluster = Look { cluster: true, ..Look::NONE };
    // What a half is taken of matters until it has been asked for.
    let parts = Look { file_system: true, others: true, ..cluster };
    let unasked = if run.asked.is_none() { parts } else { cluster };
    let manifest = Look { manifest: run.manifest.is_some(), ..Look::NONE };
    match run.phase {
        Phase::Preflight if matches!(run.kind, Kind::Backup { .. }) => Look::STACK.and(parts).and(manifest),
        Phase::Preflight if run.kind == Kind::Replace => Look::STACK.and(parts).and(manifest).and(rebuild::INTENT),
        Phase::Preflight if run.target.aim.is_some() => rebuild::first_look(run),
        Phase::Preflight => Look::STACK,
        Phase::Seeding => Look { record: true, seed: true, ..Look::NONE },
        Phase::GoingOffline if run.kind == Kind::Offline => Look::STACK,
        // It is offline, and settles: the look after that is also the one that the halves are asked for on.
        Phase::GoingOffline if run.quiet_from.is_none() => Look::STACK.and(cluster),
        Phase::GoingOffline | Phase::Capturing => Look::STACK.and(Look::HALVES).and(unasked),
        Phase::Resuming => {
            Look::STACK.and(cluster).and(Look { job: halves_out(run), snapshot: halves_out(run), ..Look::NONE })
        }
        Phase::Verifying => {
            let secret = run.target.secret.is_some();
            Look::STACK.and(Look::HALVES).and(Look { point: true, secret, ..Look::NONE }).and(manifest)
        }
        Phase::Deleting
        | Phase::Returning
        | Phase::Creating
        | Phase::Proving
        | Phase::Clearing
        | Phase::Recreating
        | Phase::Reproving => rebuild::first_look(run),
        Phase::Done if run.target.aim.is_some() && run.kind != Kind::Replace => Look::NONE,
        Phase::Done => Look { change_sets: !run.tidied, ..Look::NONE },
    }
}

/// A failing run that may have started the halves has to wait for the one and to stop the other.
fn halves_out(run: &Run) -> bool {
    run.failing() && run.asked.is_some()
}
