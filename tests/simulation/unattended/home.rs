//! How long a stack is away at the most, with a sentinel running: measured at every moment at which its driver may die
//! for good, with durations as on AWS.
//!
//! *Away* is from the moment that CloudFormation takes our *off* until no update is under way and the stack is online. What is
//! allowed for it is the budget, one period of the sentinel, and the update that brings it back, with a minute for a look, a
//! change set, a tick that is not in step. Where that update rolls back, the same again, and the cluster's `modifying`.

use crate::cloud::{Cloud, Durations, Fates, JobFate, Millis};
use crate::driver::Fine;
use crate::judge;
use crate::story::BACKUP;
use stacksnap::model::run::Mode;

use super::process::{Process, Slot, Task, Who};
use super::{EVERY, at_rest};

/// As on AWS: minutes.
const AWS: Durations = Durations {
    make_set: 15_000,
    off: 5 * MINUTE,
    on: 7 * MINUTE,
    snapshot: 9 * MINUTE,
    job: 21 * MINUTE,
    modifying: 90_000,
    create: 90_000,
    delete: 50_000,
    restore: 40_000,
};
const MINUTE: Millis = 60_000;
const BUDGET: Millis = 40 * MINUTE;
const STEP: Millis = MINUTE;

/// One night: who drives, when it dies for good, when the sentinel looks first, which of its looks are killed.
#[derive(Clone, Copy, Debug)]
struct Night {
    who: Who,
    dies: usize,
    first: Millis,
    fates: Fates,
    /// So many steps into its first look that finds something, the sentinel dies for good, too.
    sentinel_dies: Option<usize>,
}

/// How long the stack was away, and whether the driver was over before it died.
fn away(night: Night) -> (Millis, bool) {
    let mut cloud = Cloud::new(Mode::Online, AWS, night.fates);
    let budget = u32::try_from(BUDGET / 1000).unwrap();
    let slot = Slot { at: 0, kind: BACKUP, if_late: false, max_offline: budget };
    let mut watch = Watch { left: None, away: 0 };
    let mut driver = Process::new(night.who, Task::Deliver(slot), 0);
    let mut steps = 0;
    let mut next = night.first;
    let mut sentinels: Vec<(Process, usize)> = Vec::new();
    let mut mortal = night.sentinel_dies;
    let mut was_over = false;
    for _ in 0..50_000 {
        let alive = steps < night.dies && !driver.over();
        was_over |= driver.over();
        let drives = alive.then_some(driver.due);
        let watches = sentinels.iter().map(|(sentinel, _)| sentinel.due).min();
        let ends = cloud.operation_ends();
        if !alive && sentinels.is_empty() && !cloud.busy() && at_rest(&cloud) {
            judge::at_rest(&cloud, Mode::Online).unwrap_or_else(|broken| panic!("{broken}: {night:?}"));
            return (watch.away, was_over);
        }
        let now = [drives, watches, ends, Some(next)].into_iter().flatten().min().unwrap();
        cloud.advance(now);
        if drives == Some(now) {
            driver.go(&mut cloud, &mut Fine);
            steps += 1;
        } else if watches == Some(now) {
            let at = sentinels.iter().position(|(sentinel, _)| sentinel.due == now).unwrap();
            let (sentinel, gone) = &mut sentinels[at];
            sentinel.go(&mut cloud, &mut Fine);
            *gone += 1;
            let dies = mortal.is_some_and(|steps| *gone > steps) && !sentinel.over();
            if dies {
                mortal = None;
            }
            if dies || sentinel.over() {
                sentinels.remove(at);
            }
        } else if next == now {
            let who = if night.who == Who::Machine { Who::Sentinel } else { Who::LambdaSentinel };
            sentinels.push((Process::new(who, Task::Look, now), 0));
            next += EVERY;
        }
        judge::always(&cloud).unwrap();
        watch.looks(&cloud);
    }
    panic!("not home: {night:?}");
}

/// The judge's stopwatch.
struct Watch {
    left: Option<Millis>,
    away: Millis,
}

impl Watch {
    fn looks(&mut self, cloud: &Cloud) {
        let home = cloud.mode == Mode::Online && !cloud.busy();
        match self.left {
            None if !home => self.left = Some(cloud.now),
            Some(left) if home => {
                self.away = self.away.max(cloud.now - left);
                self.left = None;
            }
            _ => {}
        }
    }
}

/// The longest of all moments; and how many there were.
fn worst(nights: impl Fn(usize) -> Vec<Night>) -> (Millis, usize) {
    let (mut longest, mut count) = (0, 0);
    for dies in 0..10_000 {
        let mut over = false;
        for night in nights(dies) {
            let (away, was_over) = away(night);
            longest = longest.max(away);
            over |= was_over;
            count += 1;
        }
        if over {
            return (longest, count);
        }
    }
    panic!("the run never ends");
}

fn minutes(long: Millis) -> f64 {
    long as f64 / MINUTE as f64
}

#[track_caller]
fn home_in_time(what: &str, (longest, count): (Millis, usize), updates: Millis) {
    let most = BUDGET + EVERY + updates * (AWS.on + STEP) + (updates - 1) * AWS.modifying;
    println!("{what}: {count} nights, away for at most {:.1} of {:.1} min", minutes(longest), minutes(most));
    assert!(longest <= most, "{what}: away for {:.1} min, {:.1} allowed", minutes(longest), minutes(most));
}

const STUCK: Fates = fates(JobFate::NeverStarts, 0);

const fn fates(job: JobFate, on_rolls_back: u8) -> Fates {
    Fates {
        off_rolls_back: 0,
        off_rollback_fails: 0,
        on_rolls_back,
        snapshot_fails: 0,
        job,
        tags_do_not_stick: 0,
        point_is_late: 0,
        delete_fails: 0,
        new_delete_fails: 0,
        delete_denied: 0,
        create_fails: 0,
        create_denied: 0,
        protect_denied: 0,
        cluster_never: 0,
        restore: crate::cloud::RestoreFate::Completes,
        restores: 0,
        mark_denied: 0,
        silent: false,
    }
}

/// The sentinel may be anywhere in its period when the driver dies.
fn offsets(night: Night, step: usize) -> Vec<Night> {
    (0..EVERY).step_by(step).map(|first| Night { first: first + 1, ..night }).collect()
}

fn of(who: Who, fates: Fates) -> Night {
    Night { who, dies: 0, first: 0, fates, sentinel_dies: None }
}

#[test]
fn a_stack_whose_driver_dies_is_home_within_budget_period_and_update() {
    for who in [Who::Lambda, Who::Machine] {
        let nights = |dies| offsets(Night { dies, ..of(who, Fates::default()) }, 150_000);
        home_in_time(&format!("{who:?} dies"), worst(nights), 1);
        let nights = |dies| offsets(Night { dies, ..of(who, STUCK) }, 150_000);
        home_in_time(&format!("{who:?} dies, the job never starts"), worst(nights), 1);
    }
}

#[test]
fn a_stack_whose_on_rolls_back_is_home_within_budget_period_and_two_updates() {
    let nights = |dies| offsets(Night { dies, ..of(Who::Lambda, fates(JobFate::NeverStarts, 1)) }, 150_000);
    home_in_time("the driver dies, on rolls back once", worst(nights), 2);
}
