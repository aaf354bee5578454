//! What is to be deleted of a stack's backups, and why the rest is kept: a value that is printed, or performed.

mod forecast;
mod guard;
mod uses;
mod words;

use jiff::{SignedDuration, Timestamp};

use crate::model::backup::State;
use crate::model::retention::Policy;

use super::retention::{Judge, Verdict};

pub use forecast::{Forecast, forecast};
pub use guard::{Ask, Sight, locked, needs, protected};
pub use uses::{StackValues, Use, uses};
pub use words::{Known, explain};

/// A backup that began later than this after now: some clock is wrong. (Hours change no verdict, for ages are counted
/// from the newest backup; who is wrong by a day may be wrong by a year.)
const AHEAD: SignedDuration = SignedDuration::from_hours(12);

/// One of a stack's backups, as little of it as is needed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// When it began; `None`: nothing tells.
    pub at: Option<Timestamp>,
    /// What it is. A seed is [`State::Orphan`].
    pub state: State,
    /// Its restore was rehearsed.
    pub drilled: bool,
    /// Somebody holds it, now.
    pub held: bool,
    /// Something uses it: a stack's parameters name it, or a run that is not over does.
    pub used: bool,
    /// It is of a stack of the same name that is not this one.
    pub elsewhere: bool,
    /// It bears a tag that the policy keeps.
    pub tagged: bool,
    /// A prune has begun to delete it.
    pub begun: bool,
    /// Nothing of it is gone yet, and it was complete before: it can be given back.
    pub whole: bool,
    /// Its tags do not say whose it is: a bot or a person has edited them.
    pub stray: bool,
    /// AWS Backup lets nobody delete its recovery point: a vault lock, a legal hold.
    pub locked: bool,
    /// Its other half could not be looked for.
    pub unread: bool,
}

/// Why something is kept whatever the policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protection {
    /// The last complete backup.
    LastComplete,
    /// The last one whose restore was rehearsed.
    LastDrilled,
    /// On hold.
    Held,
    /// In use.
    Used,
    /// A run is making it.
    Running,
    /// Several snapshots or recovery points claim its id.
    Ambiguous,
    /// Of an earlier stack of the same name.
    Elsewhere,
    /// Not complete, but too young to be given up.
    Young,
    /// Not complete, but there is nothing better.
    Only,
    /// Nothing tells how old it is.
    Undated,
    /// AWS Backup lets nobody delete its recovery point.
    Locked,
    /// Its other half could not be looked for.
    Unread,
    /// Its tags do not say whose it is.
    Stray,
}

/// Why something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// No rule keeps it.
    NoRule,
    /// It was never complete.
    NotComplete,
    /// An earlier prune has begun to delete it.
    Begun,
}

/// What becomes of one backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// What the rules say; of a complete backup only.
    pub verdict: Verdict,
    /// What keeps it besides.
    pub protections: Vec<Protection>,
    /// Why it goes; `None`: it is kept.
    pub goes: Option<Cause>,
}

/// What a prune may do at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most that may be deleted.
    pub most: usize,
    /// The user has read the plan and counted, which is where `most` comes from: clocks are not asked about.
    pub forced: bool,
    /// How old something must be that never was complete.
    pub grace: SignedDuration,
}

/// Why nothing is deleted at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objection {
    /// The policy has no rule.
    Empty,
    /// No rule keeps any of the complete backups.
    NothingKept,
    /// More would be deleted than may be at once.
    TooMany {
        /// How many.
        count: usize,
        /// How many may be.
        most: usize,
    },
    /// The backup at this place began in the future.
    Ahead(usize),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What becomes of each, in the order given.
    pub fates: Vec<Fate>,
    /// Why none of it may be done.
    pub objections: Vec<Objection>,
}

impl Plan {
    /// How many go.
    pub fn going(&self) -> usize {
        self.fates.iter().filter(|fate| fate.goes.is_some()).count()
    }
}

/// Decides about one stack's backups, the newest first.
pub fn plan(newest_first: &[Item], policy: &Policy, limits: Limits, now: Timestamp) -> Plan {
    let better = newest_first.iter().any(|item| !item.begun && counted(item).is_some());
    let mut judge = Judge::new(policy);
    let mut firsts = Firsts::default();
    let fate = |item| {
        let verdict = counted(item).map(|at| judge.judge(at, item.tagged));
        fate(item, verdict, &mut firsts, limits, better, now)
    };
    let fates: Vec<Fate> = newest_first.iter().map(fate).collect();
    let mut plan = Plan { fates, objections: Vec::new() };
    plan.objections = objections(&plan, newest_first, policy, limits, better, now);
    plan
}

/// When it began, if the rules are about it: a complete backup of this very stack. One that an earlier prune has begun to
/// delete counts while nothing of it is gone: that prune's rules may have been a mistake.
fn counted(item: &Item) -> Option<Timestamp> {
    let complete = if item.begun { item.whole } else { item.state == State::Complete };
    item.at.filter(|_| complete && !item.elsewhere && !item.stray)
}

/// Which of the one-of-a-kind have been met on the way from the newest back.
#[derive(Default)]
struct Firsts {
    complete: bool,
    drilled: bool,
}

fn fate(
    item: &Item,
    rules: Option<Verdict>,
    firsts: &mut Firsts,
    limits: Limits,
    better: bool,
    now: Timestamp,
) -> Fate {
    let mut protections = Vec::new();
    let mut add = |holds: bool, why: Protection| {
        if holds {
            protections.push(why);
        }
    };
    let counts = rules.is_some();
    add(first(&mut firsts.complete, counts && !item.begun), Protection::LastComplete);
    add(first(&mut firsts.drilled, counts && item.drilled), Protection::LastDrilled);
    add(item.held, Protection::Held);
    add(item.used, Protection::Used);
    add(item.state == State::Running, Protection::Running);
    add(item.state == State::Ambiguous, Protection::Ambiguous);
    add(item.elsewhere, Protection::Elsewhere);
    add(item.at.is_none(), Protection::Undated);
    add(item.locked, Protection::Locked);
    add(item.unread, Protection::Unread);
    add(item.stray, Protection::Stray);
    let unfinished = matches!(item.state, State::Incomplete | State::Failed | State::Orphan) && !item.begun;
    let young = item.at.is_some_and(|at| now.duration_since(at) < limits.grace);
    add(unfinished && young, Protection::Young);
    add((unfinished || item.begun) && !better, Protection::Only);
    let verdict = rules.unwrap_or_default();
    let kept = verdict.keeps() || !protections.is_empty();
    let cause = if item.begun {
        Cause::Begun
    } else if unfinished {
        Cause::NotComplete
    } else {
        Cause::NoRule
    };
    Fate { verdict, protections, goes: (!kept).then_some(cause) }
}

/// The first of its kind that is met.
fn first(met: &mut bool, is: bool) -> bool {
    is && !std::mem::replace(met, true)
}

fn objections(
    plan: &Plan,
    items: &[Item],
    policy: &Policy,
    limits: Limits,
    better: bool,
    now: Timestamp,
) -> Vec<Objection> {
    let mut all = Vec::new();
    if policy.is_empty() {
        all.push(Objection::Empty);
    } else if better && !plan.fates.iter().any(|fate| fate.verdict.keeps()) {
        all.push(Objection::NothingKept);
    }
    let ahead = items.iter().position(|item| item.at.is_some_and(|at| at.duration_since(now) > AHEAD));
    all.extend(ahead.filter(|_| !limits.forced).map(Objection::Ahead));
    let count = plan.going();
    if count > limits.most {
        all.push(Objection::TooMany { count, most: limits.most });
    }
    all
}

#[cfg(test)]
mod tests;
