//! Runs that are left to a sentinel (`--no-wait`, `--timeout`), and runs that nobody drove for too long.

use stacksnap::model::run::{Kind, Mode, Outcome, Phase};

use super::process::{Process, Task, Who};
use super::{EVERY, delivered, drive, record, search, sentinel, slot, steps, watched_from};
use crate::cloud::{Cloud, Fates, at};
use crate::driver::{self, write};
use crate::judge;
use crate::story::{BACKUP, online, outcome};

/// `stacksnap backup --no-wait`
fn no_wait(cloud: &mut Cloud, kind: Kind) {
    let driver = driver::begin(cloud, kind).unwrap();
    let left = driver.run.handed_over(at(cloud.now));
    write(cloud, &left);
}

#[test]
fn a_run_that_is_handed_over_is_driven_by_the_next_look() {
    let mut cloud = online(Fates::default());
    no_wait(&mut cloud, BACKUP);
    drive(&mut cloud, &mut sentinel(Who::LambdaSentinel, 1_000));
    assert_eq!(outcome(record(&cloud)), Outcome::Complete);
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn a_run_that_is_handed_over_is_taken_by_one_sentinel() {
    let mut cloud = online(Fates::default());
    no_wait(&mut cloud, BACKUP);
    let mut first = sentinel(Who::LambdaSentinel, 1_000);
    while !first.over() {
        // Each tick is a little late, and others look at every moment.
        let late = if matches!(first.task, Task::Asleep(_)) { 1_000 } else { 0 };
        cloud.advance(first.due + late);
        first.go(&mut cloud, &mut driver::Fine);
        let looking = matches!(first.task, Task::Asleep(_)) && record(&cloud).phase != Phase::Preflight;
        for look in (cloud.now..first.due + 1_000).step_by(500).filter(|_| looking) {
            let mut then = cloud.clone();
            then.advance(look);
            let found = search::look(&then);
            assert!(matches!(found, search::Found::Busy | search::Found::Nothing), "{found:?}");
        }
    }
    assert_eq!(outcome(record(&cloud)), Outcome::Complete);
}

#[test]
fn a_time_that_is_up_leaves_the_run_to_the_sentinel_in_any_phase() {
    for count in (0..).step_by(5) {
        let mut cloud = online(Fates::default());
        let mut process = delivered(0);
        let over = steps(&mut cloud, &mut process, count);
        if let Some(run) = cloud.records.values().find(|run| !run.ended()).cloned() {
            let left = run.handed_over(at(cloud.now));
            write(&mut cloud, &left);
        }
        let next = cloud.now + EVERY;
        cloud.advance(next);
        drive(&mut cloud, &mut sentinel(Who::LambdaSentinel, next));
        // It may not have begun yet.
        if !cloud.records.is_empty() {
            assert_eq!(outcome(record(&cloud)), Outcome::Complete, "left after {count} steps");
        }
        watched_from(&mut cloud, next, Who::LambdaSentinel);
        judge::at_rest(&cloud, Mode::Online).unwrap();
        if over {
            return;
        }
    }
}

/// A sentinel that was switched on only the next morning.
#[test]
fn what_nobody_drove_for_hours_is_not_begun_at_noon() {
    for count in 0.. {
        let mut cloud = online(Fates::default());
        let mut process = delivered(0);
        if steps(&mut cloud, &mut process, count) {
            return;
        }
        let left = cloud.records.values().any(|run| run.left.is_some());
        let touched = cloud.history().operations.len();
        let noon = cloud.now + 10 * 3_600_000;
        cloud.advance(noon);
        watched_from(&mut cloud, noon, Who::LambdaSentinel);
        judge::at_rest(&cloud, Mode::Online).unwrap();
        assert!(left || cloud.history().operations.len() == touched, "taken offline at noon: died after {count} steps");
    }
}

#[test]
fn an_operators_wish_of_last_night_is_not_fulfilled_at_noon() {
    let mut cloud = online(Fates::default());
    no_wait(&mut cloud, Kind::Offline);
    let noon = cloud.now + 10 * 3_600_000;
    cloud.advance(noon);
    watched_from(&mut cloud, noon, Who::Sentinel);
    assert_eq!((outcome(record(&cloud)), cloud.mode), (Outcome::Aborted, Mode::Online));
}

/// A machine slept between taking the lock and saving the record, and died when it woke up: its lock is gone by then.
#[test]
fn a_run_whose_lock_is_gone_is_found_though_its_stack_is_online() {
    let mut cloud = online(Fates::default());
    let kind = Kind::Backup { live: true, seed: false };
    let mut process = Process::new(Who::Machine, Task::Deliver(slot(0, kind)), 0);
    while cloud.jobs.is_empty() {
        steps(&mut cloud, &mut process, 1);
    }
    cloud.lock = None;
    let later = cloud.now + 3 * EVERY;
    cloud.advance(later);
    watched_from(&mut cloud, later, Who::LambdaSentinel);
    assert_eq!(outcome(record(&cloud)), Outcome::Complete);
    judge::at_rest(&cloud, Mode::Online).unwrap();
}
