//! For the model checker: everything happens when it is told to, not when a clock says so.

use stacksnap::model::Token;

use super::fates::{Durations, JobFate};
use super::stack::OpFate;
use super::{Cloud, New};

impl Cloud {
    /// Nothing ends by itself.
    pub(crate) const NEVER: Durations = Durations::NEVER;

    /// The operation under way ends now.
    pub(crate) fn settle_operation(&mut self, rolls_back: bool) {
        let now = self.now;
        if let Some(op) = &mut self.op {
            op.ends = now;
            if rolls_back {
                op.fate = if op.deletes() { OpFate::DeleteFails } else { OpFate::RollsBack };
            }
        }
        self.advance(now);
    }

    /// Whose operation is under way; `None`: the operator's, or nobody's.
    pub(crate) fn own_operation(&self) -> Option<Token> {
        self.op.as_ref().and_then(|op| op.token.as_deref()).and_then(Token::parse)
    }

    /// The halves that are being made end now.
    pub(crate) fn settle_halves(&mut self, fate: JobFate) {
        let now = self.now;
        for half in self.snapshots.iter_mut().chain(&mut self.jobs).filter(|half| half.done > now) {
            half.done = now;
            half.fate = fate;
        }
    }

    pub(crate) fn halves_pending(&self) -> bool {
        self.snapshots.iter().chain(&self.jobs).any(|half| half.done > self.now && half.stopped.is_none())
    }

    /// What has to have an order in time: operations and halves.
    pub(crate) fn beat(&self) -> (u32, usize) {
        let made: u32 = self.made.iter().map(New::beat).sum();
        let done = self.snapshots.iter().chain(&self.jobs).filter(|half| half.done <= self.now).count();
        (self.version + made, done)
    }

    /// Counters are no part of a state.
    pub(crate) fn forget_counters(&mut self) {
        self.calls = 0;
        self.effects = 0;
        self.saves = 0;
        self.touched = 0;
    }
}
