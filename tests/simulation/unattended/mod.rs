//! Running unattended: Lambdas that know nothing but their event and the run's record, sentinels that wake at the worst
//! moments, schedules that deliver twice or late, and nobody at a keyboard.

mod crashes;
mod failures;
mod handed;
mod histories;
mod home;
mod memory;
mod model_check;
mod process;
mod replace;
mod search;

use stacksnap::model::run::{Kind, Run};

use crate::cloud::{Cloud, Millis};
use crate::driver::{Fine, Spoil};
use crate::judge;
use crate::story::BACKUP;
use process::{Process, Slot, Task, Who};

/// How often a sentinel looks.
const EVERY: Millis = 300_000;

fn slot(at: Millis, kind: Kind) -> Slot {
    Slot { at, kind, if_late: false, max_offline: 1200 }
}

/// A backup's slot is delivered now, to an execution of the state machine.
fn delivered(now: Millis) -> Process {
    Process::new(Who::Lambda, Task::Deliver(slot(now / 1000 * 1000, BACKUP)), now)
}

/// Somebody types `stacksnap backup`.
fn typed(now: Millis) -> Process {
    Process { who: Who::Machine, ..delivered(now) }
}

fn sentinel(who: Who, now: Millis) -> Process {
    Process::new(who, Task::Look, now)
}

/// Drives until it is over or `stop` says so; the invariants hold after every step.
fn drive_until(
    cloud: &mut Cloud,
    process: &mut Process,
    spoil: &mut impl Spoil,
    stop: impl Fn(&Cloud, &Process) -> bool,
) {
    for _ in 0..20_000 {
        if process.over() || stop(cloud, process) {
            return;
        }
        cloud.advance(process.due);
        process.go(cloud, spoil);
        judge::always(cloud).unwrap();
    }
    panic!("it never ends: {:?}", process.task);
}

fn drive(cloud: &mut Cloud, process: &mut Process) {
    drive_until(cloud, process, &mut Fine, |_, _| false);
}

/// So many steps; whether it was over before.
fn steps(cloud: &mut Cloud, process: &mut Process, count: usize) -> bool {
    for _ in 0..count {
        if process.over() {
            return true;
        }
        cloud.advance(process.due);
        process.go(cloud, &mut Fine);
        judge::always(cloud).unwrap();
    }
    process.over()
}

/// A sentinel looks every five minutes, counted from `first`, until one finds that nothing is owed.
fn watched_from(cloud: &mut Cloud, first: Millis, who: Who) {
    for look in 0..200 {
        let due = first + look * EVERY;
        if due < cloud.now {
            continue;
        }
        cloud.advance(due);
        let at_rest = at_rest(cloud);
        let now = cloud.now;
        drive(cloud, &mut sentinel(who, now));
        if at_rest && !cloud.busy() {
            return;
        }
    }
    panic!("the sentinel never comes to rest");
}

/// A sentinel that looks now would find nothing to do.
fn at_rest(cloud: &Cloud) -> bool {
    matches!(search::look(cloud), search::Found::Nothing | search::Found::Ask)
}

/// The one run on record.
fn record(cloud: &Cloud) -> &Run {
    assert_eq!(cloud.records.len(), 1);
    cloud.records.values().next().unwrap()
}
