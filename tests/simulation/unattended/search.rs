//! Who has to be driven home: what `src/cli/unfinished.rs` and `src/cli/sentinel.rs` find, over the same engine.

use stacksnap::engine::{self, Rescue, Watch};
use stacksnap::model::run::{Mode, Run};
use stacksnap::model::{BackupId, Seen};

use crate::cloud::{Cloud, Millis, at};
use crate::driver::offline_switch;
use stacksnap::model::run::Lock;

/// A lock without a record is being taken just now, unless it is older.
const BEGINNING: Millis = 300_000;

/// What a look at the stack's lock, records and history finds.
#[derive(Clone, Debug)]
pub(super) enum Found {
    Nothing,
    /// Somebody is at it, or just beginning.
    Busy,
    /// An unfinished run with its lock.
    Held(Box<Run>),
    /// The same without.
    Unlocked(Box<Run>),
    /// A finished run's leftovers.
    Tidy(Box<Run>),
    Pay(BackupId),
    Drop(BackupId),
    /// Nobody guesses.
    Ask,
}

/// As `resume` looks.
pub(super) fn search(cloud: &Cloud) -> Found {
    let Some((lock, since)) = &cloud.lock else {
        let open = cloud.records.values().filter(|run| !run.ended()).max_by_key(|run| (run.started, run.id.clone()));
        return open.map_or_else(|| owed(cloud), |run| Found::Unlocked(Box::new(engine::unlocked(run.clone()))));
    };
    match cloud.records.get(lock.run.as_str()) {
        Some(run) if run.ended() => Found::Tidy(Box::new(run.clone())),
        Some(run) => Found::Held(Box::new(run.clone())),
        None if cloud.now - since <= BEGINNING => Found::Busy,
        None => owed(cloud),
    }
}

fn owed(cloud: &Cloud) -> Found {
    if cloud.gone() {
        return Found::Nothing;
    }
    let lock = cloud.lock.as_ref();
    let lock = lock.map_or(Seen::Missing, |(lock, since)| Seen::Here(Lock { since: Some(at(*since)), ..lock.clone() }));
    match engine::rescue(&lock, &[], &cloud.stack(), &cloud.history(), &offline_switch(), at(cloud.now)) {
        Rescue::Nothing => Found::Nothing,
        Rescue::Wait => Found::Busy,
        Rescue::Drive(run) => Found::Unlocked(run),
        Rescue::PayDebt { of } => Found::Pay(of),
        Rescue::DropLock { run } => Found::Drop(run),
        Rescue::Ask { .. } => Found::Ask,
    }
}

/// As a sentinel looks: only where there is a lock, a run that is not over, or a stack that is offline.
pub(super) fn look(cloud: &Cloud) -> Found {
    let open = cloud.records.values().any(|run| !run.ended());
    if cloud.lock.is_none() && cloud.mode == Mode::Online && !open {
        return Found::Nothing;
    }
    match search(cloud) {
        Found::Held(run) => watched(*run, cloud.now, Found::Held),
        Found::Unlocked(run) => watched(*run, cloud.now, Found::Unlocked),
        found => found,
    }
}

fn watched(run: Run, now: Millis, found: fn(Box<Run>) -> Found) -> Found {
    match engine::watch(run, at(now)) {
        Watch::Living => Found::Busy,
        Watch::Drive(run) => found(run),
        Watch::Leave { .. } => Found::Nothing,
    }
}
