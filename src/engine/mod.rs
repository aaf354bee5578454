//! THE MACHINE: `step(run, observation, now) → (run, actions, next)`.
//!
//! `step` is total: it returns no `Result`. A refused call is part of the next observation, so every
//! failure has a transition, and the machine can be walked exhaustively in a test.

mod action;
mod observation;

pub use action::{Action, Done, NewChangeSet, NewJob, Next, Tag};
pub use observation::{Look, Observation, Seed};

use jiff::Timestamp;

use crate::model::Refusal;
use crate::model::run::Run;

/// What a step decided.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// Decides once.
pub fn step(_run: &Run, _seen: &Observation, _now: Timestamp) -> Step {
    unimplemented!()
}

/// What a driver looks at first.
pub fn first_look(_run: &Run) -> Look {
    unimplemented!()
}

/// What the answers to the actions add to the run.
pub fn note(_run: &Run, _done: &[(Action, Result<Done, Refusal>)], _now: Timestamp) -> Run {
    unimplemented!()
}
