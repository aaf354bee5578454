//! Retention: which complete backups are kept, and by which rules. A pure function of the backups and the policy.
//!
//! Time does not come into it: ages are counted from the newest complete backup, so that a stack whose backups
//! have stopped keeps what it has.

mod periods;

use jiff::{SignedDuration, Timestamp};

use crate::model::retention::{Period, Policy};

use periods::Clock;

/// What the rules say of one backup. Numbers count from 1; 0: the rule does not keep it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Its place among the newest.
    pub last: u32,
    /// It is not older than the policy says.
    pub within: bool,
    /// Which of the newest periods it is the newest of; indexed as [`Period::ALL`].
    pub periods: [u32; 5],
    /// It bears a tag that keeps it.
    pub tagged: bool,
}

impl Verdict {
    /// A rule keeps it.
    pub fn keeps(&self) -> bool {
        self.last > 0 || self.within || self.tagged || self.periods.iter().any(|at| *at > 0)
    }

    /// The rules that keep it, in words; `at`: when the backup began.
    pub fn reasons(&self, policy: &Policy, at: Timestamp) -> Vec<String> {
        let mut all = Vec::new();
        if self.last > 0 {
            all.push(format!("last {} of {}", self.last, policy.last.unwrap_or_default()));
        }
        if self.within {
            all.push(format!("within {} of the newest", length(policy.within.unwrap_or_default())));
        }
        for (period, (&place, most)) in Period::ALL.iter().zip(self.periods.iter().zip(policy.periods)) {
            if place > 0 {
                let of = most.unwrap_or_default();
                all.push(format!(
                    "{} {place} of {of} (newest of {})",
                    period.word(),
                    periods::name(*period, at, &policy.zone)
                ));
            }
        }
        if self.tagged {
            all.push("a tag".to_owned());
        }
        all
    }
}

/// `7d`, `36h`, `90s`
fn length(seconds: u32) -> String {
    match seconds {
        days if days % 86_400 == 0 => format!("{}d", days / 86_400),
        hours if hours % 3_600 == 0 => format!("{}h", hours / 3_600),
        seconds => format!("{seconds}s"),
    }
}

/// Judges complete backups one after another, the newest first.
pub struct Judge<'a> {
    policy: &'a Policy,
    clock: Clock<'a>,
    newest: Option<Timestamp>,
    met: u32,
}

impl<'a> Judge<'a> {
    /// Has seen none yet.
    pub fn new(policy: &'a Policy) -> Self {
        Self { policy, clock: Clock::new(policy), newest: None, met: 0 }
    }

    /// Judges the next older one: when it began, and whether it bears a tag of the policy's.
    pub fn judge(&mut self, at: Timestamp, tagged: bool) -> Verdict {
        let newest = *self.newest.get_or_insert(at);
        self.met = self.met.saturating_add(1);
        let within = |seconds: u32| newest.duration_since(at) <= SignedDuration::from_secs(seconds.into());
        Verdict {
            last: if self.policy.last.is_some_and(|most| self.met <= most) { self.met } else { 0 },
            within: self.policy.within.is_some_and(within),
            periods: self.clock.places(at),
            tagged,
        }
    }
}

/// Judges complete backups, given the newest first: when each began, and whether it bears a tag of the policy's.
pub fn judge(newest_first: impl IntoIterator<Item = (Timestamp, bool)>, policy: &Policy) -> Vec<Verdict> {
    let mut judge = Judge::new(policy);
    newest_first.into_iter().map(|(at, tagged)| judge.judge(at, tagged)).collect()
}

#[cfg(test)]
pub(super) mod tests;
