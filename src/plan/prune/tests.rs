//! What a prune deletes and what it leaves, situation by situation.

mod ahead;
mod guarded;
mod objections;
mod properties;
mod protections;
mod simulator;
mod words;

use jiff::tz::TimeZone;

use super::*;
use crate::plan::retention::tests::{local, policy};

/// What becomes of a backup, in short: the rules that keep it, what keeps it besides, or why it goes.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Rule,
    Kept(Vec<Protection>),
    Goes(Cause),
}

use End::{Goes, Rule};

fn end(fate: &Fate) -> End {
    match fate.goes {
        Some(cause) => Goes(cause),
        None if fate.verdict.keeps() => Rule,
        None => End::Kept(fate.protections.clone()),
    }
}

fn only(protection: Protection) -> End {
    End::Kept(vec![protection])
}

fn now() -> Timestamp {
    at("2026-11-20 03:00")
}

fn at(text: &str) -> Timestamp {
    local(text, &TimeZone::UTC)
}

fn limits() -> Limits {
    Limits { most: 10, forced: false, grace: SignedDuration::from_hours(24) }
}

fn complete(text: &str) -> Item {
    Item {
        at: Some(at(text)),
        state: State::Complete,
        drilled: false,
        held: false,
        used: false,
        elsewhere: false,
        tagged: false,
        begun: false,
        whole: false,
        stray: false,
        locked: false,
        unread: false,
    }
}

fn other(state: State, text: &str) -> Item {
    Item { state, ..complete(text) }
}

/// One at two o'clock on each of the days before now.
fn nights(count: i64) -> Vec<Item> {
    let newest = at("2026-11-20 02:00");
    let item = |night| Item {
        at: newest.checked_sub(SignedDuration::from_hours(24 * night)).ok(),
        ..complete("2026-11-20 02:00")
    };
    (0..count).map(item).collect()
}

/// Plans with `rules`; there must be nothing to object to.
#[track_caller]
fn fates(rules: &str, items: &[Item]) -> Vec<End> {
    let plan = plan(items, &policy(rules), limits(), now());
    assert_eq!(plan.objections, []);
    assert_eq!(plan.fates.len(), items.len());
    plan.fates.iter().map(end).collect()
}

fn objections(rules: &str, items: &[Item]) -> Vec<Objection> {
    plan(items, &policy(rules), limits(), now()).objections
}
