//! One step in the making: the run, what was seen, and the ways a step can end.

use jiff::{SignedDuration, Timestamp};

use super::pace::{self, Awaited};
use super::{Action, Look, Next, Observation, Step, first_look, join, mode::mode, saving};
use crate::model::change_set::ChangeSet;
use crate::model::half::Cluster;
use crate::model::history::{History, Operation};
use crate::model::run::{Ending, Kind, Mode, Outcome, Phase, Run, Stranded, Trouble};
use crate::model::stack::Stack;
use crate::model::{Refusal, RefusalKind, Seen};

/// A driver that sees nothing for so long gives up driving; the run is not over.
const BLIND: SignedDuration = SignedDuration::from_mins(15);
/// Credentials that do not work are not waited for as long: nobody renews them by himself.
const LOCKED_OUT: SignedDuration = SignedDuration::from_mins(1);
/// How long a refused look at a part may go on before the stack is brought back without it.
pub(super) const PATIENCE: SignedDuration = SignedDuration::from_mins(10);
/// Whatever is awaited for so long will not come, even if each driver looks only once.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
/// A record says at least so far ahead when it will be looked at again; saved anew when it runs out.
const LEASE: SignedDuration = SignedDuration::from_mins(5);
/// Between two looks while something small is awaited.
pub(super) const SOON: SignedDuration = SignedDuration::from_secs(3);

pub(super) struct Turn<'a> {
    before: &'a Run,
    pub(super) run: Run,
    pub(super) seen: &'a Observation,
    pub(super) now: Timestamp,
    pub(super) actions: Vec<Action>,
}

/// The stack as a full look shows it.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) stack: &'a Stack,
    pub(super) history: &'a History,
    pub(super) sets: &'a [ChangeSet],
}

impl View<'_> {
    /// An operation is under way: by the events, or by a status that is ahead of them.
    pub(super) fn busy(&self) -> bool {
        self.history.under_way().is_some() || self.stack.status.in_progress()
    }
}

impl<'a> Turn<'a> {
    pub(super) fn new(before: &'a Run, seen: &'a Observation, now: Timestamp) -> Self {
        let mut run = join::joined(before, &seen.record);
        run.blind_since = seen.refusal().map(|_| before.blind_since.unwrap_or(now));
        if seen.history.here().is_some_and(|history| history.under_way().is_some()) {
            run.busy_at = Some(now);
        }
        if seen.look.covers(first_look(&run)) {
            run.looked = Some(now);
        }
        Self { before, run, seen, now, actions: Vec::new() }
    }

    /// A record that is gone: somebody removed it. The run cannot be shared any more, so it only
    /// brings the stack back, and writes no record that would come back from the dead.
    pub(super) fn record_trouble(mut self) -> Result<Self, Box<Step>> {
        if !matches!(self.seen.record, Seen::Missing) {
            return Ok(self);
        }
        if self.run.phase == Phase::Preflight && self.since_phase() < SignedDuration::from_mins(2) {
            return Err(Box::new(self.look_again(SOON)));
        }
        self.run.lost = true;
        self.trouble(
            Outcome::Failed,
            "the run's record in Parameter Store is gone",
            "do not delete parameters under /stacksnap/ while a run is going on",
        );
        Ok(self)
    }

    pub(super) fn since_phase(&self) -> SignedDuration {
        self.now.duration_since(self.run.since)
    }

    /// It has gone on for longer than `limit`, and this driver itself has tried so often since: one that slept, or
    /// comes to resume, has not. (Nothing is counted before: each count would be a state of its own.)
    pub(super) fn tired(&mut self, limit: SignedDuration, often: u8) -> bool {
        let since = self.since_phase();
        if since <= limit {
            return false;
        }
        self.run.tries = self.run.tries.saturating_add(1).min(often.saturating_add(1));
        self.run.tries > often || since > limit.saturating_add(A_DAY)
    }

    /// AWS refused the step at hand so often that asking again is no use.
    pub(super) fn refused(&self, times: u32) -> Option<&Refusal> {
        self.run.refused.as_ref().filter(|refused| refused.times >= times).map(|refused| &refused.last)
    }

    /// Everything this phase has to know was asked for and answered; otherwise the step is to look.
    ///
    /// `Missing` is an answer. What may be missing is the phase's business.
    pub(super) fn full(self) -> Result<Self, Box<Step>> {
        if !self.seen.look.covers(first_look(&self.run)) {
            return Err(Box::new(self.look_now()));
        }
        match self.seen.refusal() {
            Some(refusal) => Err(Box::new(self.blind(refusal))),
            None => Ok(self),
        }
    }

    /// The stack, its history and its change sets, if all three were seen.
    pub(super) fn view(&self) -> Option<View<'a>> {
        match (&self.seen.stack, &self.seen.history, &self.seen.change_sets) {
            (Seen::Here(stack), Seen::Here(history), Seen::Here(sets)) => Some(View { stack, history, sets }),
            _ => None,
        }
    }

    /// The stack's mode, as its parameter reads; `None`: it has none, or neither of its two values.
    pub(super) fn mode(&self, view: View<'_>) -> Option<Mode> {
        self.run.target.switch.as_ref().and_then(|switch| mode(view.stack, switch))
    }

    /// The stack does not exist any more, or is being deleted.
    pub(super) fn stack_gone(&self) -> bool {
        match &self.seen.stack {
            Seen::Missing => true,
            Seen::Here(stack) => stack.status.gone(),
            _ => false,
        }
    }

    pub(super) fn cluster(&self) -> Option<&'a Cluster> {
        self.seen.cluster.here()
    }

    /// A look that was refused: wait a little, and give up driving when it lasts.
    pub(super) fn blind(self, refusal: &Refusal) -> Step {
        let since = self.run.blind_since.unwrap_or(self.now);
        let limit = if refusal.kind == RefusalKind::Credentials { LOCKED_OUT } else { BLIND };
        if self.now.duration_since(since) >= limit {
            let refusal = refusal.clone();
            return self.finish(Next::Stuck(refusal));
        }
        self.look_again(SignedDuration::from_secs(5))
    }

    /// Blind for longer than a part is worth waiting for, though the stack itself was seen.
    pub(super) fn part_refused(&self) -> Option<&'a Refusal> {
        let refusal = self.seen.refusal()?;
        let since = self.run.blind_since?;
        let lasting = self.now.duration_since(since) >= PATIENCE || refusal.kind == RefusalKind::Denied;
        (lasting && self.view().is_some()).then_some(refusal)
    }

    /// Remembers what went wrong first; it decides the outcome.
    pub(super) fn trouble(&mut self, outcome: Outcome, what: impl Into<String>, hint: impl Into<String>) {
        if self.run.trouble.is_none() {
            let hint = Some(hint.into()).filter(|hint| !hint.is_empty());
            self.run.trouble = Some(Trouble { outcome, what: what.into(), hint });
        }
    }

    pub(super) fn warn(&mut self, warning: impl Into<String>) {
        let warning = warning.into();
        if !self.run.warnings.contains(&warning) {
            self.run.warnings.push(warning);
        }
    }

    /// Goes on to a later phase, and looks before anything is done there: see [`super::step`].
    pub(super) fn to(mut self, phase: Phase) -> Step {
        debug_assert!(phase > self.run.phase, "phases only go forward");
        self.run.phase = phase;
        self.run.since = self.now;
        self.run.looked = None;
        self.run.refused = None;
        self.run.tries = 0;
        self.look_now()
    }

    /// Ends the run as its trouble says; loudly, if the stack could not be brought back.
    pub(super) fn end(mut self) -> Step {
        let trouble = self.run.trouble.clone();
        let (outcome, mut why, mut hint) = match trouble {
            None => (Outcome::Complete, None, None),
            Some(trouble) => (trouble.outcome, Some(trouble.what), trouble.hint),
        };
        let stranded = self.run.stranded.clone();
        let left_offline = stranded.is_some();
        if let Some(stranded) = stranded {
            why = Some(why.map_or_else(|| stranded.why.clone(), |why| format!("{why}; {}", stranded.why)));
            hint = Some(stranded.hint);
        }
        self.run.ending = Some(Ending { outcome, at: self.now, why, hint, left_offline });
        self.to(Phase::Done)
    }

    /// The stack is still offline and this run cannot change that: somebody must act. Halves that are
    /// complete are verified all the same.
    pub(super) fn strand(mut self, why: impl Into<String>, hint: impl Into<String>) -> Step {
        self.run.stranded = Some(Stranded { why: why.into(), hint: hint.into() });
        let good = matches!(self.run.kind, Kind::Backup { .. }) && !self.run.failing() && !self.run.lost;
        if good && self.run.phase == Phase::Resuming {
            return self.to(Phase::Verifying);
        }
        self.trouble(Outcome::Failed, "the stack is still offline", "");
        self.end()
    }

    /// Looks at everything that matters in this phase, at once.
    pub(super) fn look_now(self) -> Step {
        self.look_again(SignedDuration::ZERO)
    }

    /// Looks at everything that matters in this phase, after `wait`.
    pub(super) fn look_again(self, wait: SignedDuration) -> Step {
        let look = first_look(&self.run);
        self.wait(wait, look)
    }

    /// Waits for an operation under way, at the events alone: its end is followed by a wait anyway, or
    /// nothing comes after it.
    pub(super) fn wait_for(self, op: &Operation, expected: Option<u32>) -> Step {
        let wait = self.until_ended(op, expected);
        self.wait(wait, Look::EVENTS)
    }

    /// How long to leave an operation alone whose end is not urgent.
    pub(super) fn until_ended(&self, op: &Operation, expected: Option<u32>) -> SignedDuration {
        let elapsed = self.now.duration_since(op.began).as_secs_f64().max(0.0);
        pace::lazy(Awaited { elapsed, expected, percent: None }, &self.run.id, self.now)
    }

    /// Looks again soon, while something small is awaited; less and less often when it does not come.
    pub(super) fn look_again_soon(self) -> Step {
        let wait = if self.since_phase() < SignedDuration::from_mins(2) { SOON } else { SignedDuration::from_secs(15) };
        self.look_again(wait)
    }

    pub(super) fn wait(self, wait: SignedDuration, look: Look) -> Step {
        self.finish(Next::Tick { wait, look })
    }

    pub(super) fn finish(mut self, next: Next) -> Step {
        let wait = match &next {
            Next::Tick { wait, .. } => *wait,
            _ => SignedDuration::ZERO,
        };
        let changed = self.changed();
        let must = changed && self.must_save();
        if must || later(self.now, wait) > self.run.next_due {
            self.run.next_due = later(self.now, wait.max(LEASE));
        }
        let save = must || self.run.next_due != self.before.next_due;
        self.run.behind = changed && !save;
        Step { run: self.run, save, actions: self.actions, next }
    }

    /// Whether anything that is saved differs from what the record last said.
    fn changed(&self) -> bool {
        self.before.unsaved || self.before.behind || self.run.as_saved() != self.before.as_saved()
    }

    /// Whether what has changed has to be on record now.
    fn must_save(&self) -> bool {
        let relied_on = self.actions.iter().any(saving::relied_on);
        self.before.unsaved || relied_on || saving::urgent(self.before, &self.run)
    }
}

pub(super) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}
