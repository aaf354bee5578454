//! Failure modes, by their numbers, with nobody at a keyboard.

use stacksnap::model::RefusalKind;
use stacksnap::model::run::{Mode, Outcome, Phase};

use super::process::{Process, Task, Who};
use super::{EVERY, at_rest, delivered, drive, drive_until, record, sentinel, slot, steps, typed, watched_from};
use crate::cloud::{Cloud, Durations, Fates, Millis};
use crate::driver::Fine;
use crate::failures::Cut;
use crate::judge;
use crate::story::{BACKUP, online, outcome};

/// Everybody goes on when he is due.
fn all_go_on(cloud: &mut Cloud, all: &mut [Process]) {
    while let Some(next) = all.iter_mut().filter(|process| !process.over()).min_by_key(|process| process.due) {
        cloud.advance(next.due);
        next.go(cloud, &mut Fine);
        judge::always(cloud).unwrap();
    }
}

#[test]
fn fm_08_a_slot_that_is_delivered_three_times_soon_late_or_very_late_is_one_run() {
    for late in [0, 1, 700, 30_000, 120_000, 400_000, 3_000_000, 5 * 3_600_000] {
        let mut cloud = online(Fates::default());
        let again = |due| Process { due, ..delivered(0) };
        let mut all = [delivered(0), again(late), Process { who: Who::Machine, ..again(2 * late) }];
        all_go_on(&mut cloud, &mut all);
        assert_eq!(outcome(record(&cloud)), Outcome::Complete, "again after {late} ms");
        assert_eq!((cloud.snapshots.len(), cloud.jobs.len(), cloud.mode), (1, 1, Mode::Online));
    }
}

#[test]
fn fm_08_a_slot_that_comes_hours_late_takes_no_stack_offline_unless_it_is_told_to() {
    for (if_late, records) in [(false, 0), (true, 1)] {
        let mut cloud = online(Fates::default());
        cloud.advance(3 * 3_600_000);
        let slot = super::process::Slot { if_late, ..slot(0, BACKUP) };
        drive(&mut cloud, &mut Process::new(Who::Lambda, Task::Deliver(slot), 3 * 3_600_000));
        assert_eq!(cloud.records.len(), records);
    }
}

/// The other schedule's slot is refused while the first run holds the stack, and has its run after that.
#[test]
fn fm_08_two_schedules_on_one_stack_never_share_it() {
    for after in (0..300).step_by(7) {
        let mut cloud = online(Fates::default());
        let second = Process::new(Who::Lambda, Task::Deliver(slot(after * 1_000, BACKUP)), after * 1_000);
        let mut both = [delivered(0), second];
        all_go_on(&mut cloud, &mut both);
        let complete = judge::complete(&cloud).count();
        assert_eq!((complete, cloud.records.len()), (cloud.snapshots.len(), cloud.jobs.len()));
        judge::at_rest(&cloud, Mode::Online).unwrap();
    }
}

#[test]
fn fm_09_a_lambda_whose_time_is_up_in_any_tick_is_begun_again_with_the_same_event() {
    for every in 1..60 {
        let mut cloud = online(Fates::default());
        let mut process = delivered(0);
        let mut count = 0;
        for _ in 0..3_000 {
            if steps(&mut cloud, &mut process, 1) {
                break;
            }
            count += usize::from(!cloud.records.is_empty());
            // Not always at the same place: an invocation that gets nowhere is given up by the state machine.
            if count > 0 && count % (every + count / 40) == 0 {
                process.retried(cloud.now + 2_000);
            }
        }
        watched_from(&mut cloud, 0, Who::LambdaSentinel);
        assert_eq!(outcome(record(&cloud)), Outcome::Complete, "killed every {every} steps");
        judge::at_rest(&cloud, Mode::Online).unwrap();
    }
}

/// Its retry finds the lock, and takes it for another delivery's. Tonight there is no backup, but the stack is free again.
#[test]
fn fm_09_a_lambda_that_dies_between_the_lock_and_the_record_holds_nothing() {
    let mut cloud = online(Fates::default());
    let mut process = delivered(0);
    drive_until(&mut cloud, &mut process, &mut Fine, |cloud, _| cloud.lock.is_some());
    process.retried(2_000);
    drive(&mut cloud, &mut process);
    assert!(cloud.records.is_empty() && cloud.lock.is_some());
    watched_from(&mut cloud, EVERY + 1_000, Who::LambdaSentinel);
    assert!(cloud.lock.is_none());
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn fm_10_an_execution_that_is_stopped_in_any_phase_is_finished_by_the_sentinel() {
    for phase in [Phase::Preflight, Phase::GoingOffline, Phase::Capturing, Phase::Resuming, Phase::Verifying] {
        let mut cloud = online(Fates::default());
        let mut process = delivered(0);
        let there = |cloud: &Cloud, _: &Process| cloud.records.values().any(|run| run.phase == phase);
        drive_until(&mut cloud, &mut process, &mut Fine, there);
        drop(process);
        let stopped = cloud.now;
        watched_from(&mut cloud, stopped, Who::LambdaSentinel);
        assert_eq!(outcome(record(&cloud)), Outcome::Complete, "stopped in {phase}");
        judge::at_rest(&cloud, Mode::Online).unwrap();
    }
}

/// Nobody's calls get through from a step on, for longer than the budget; then the sentinel's do.
#[test]
fn fm_77_without_a_network_for_the_whole_window_the_sentinel_brings_the_stack_back() {
    for cut in (0..).step_by(2) {
        let mut cloud = online(Fates::default());
        let mut process = if cut % 4 == 0 { delivered(0) } else { typed(0) };
        if steps(&mut cloud, &mut process, cut) {
            return;
        }
        let back = cloud.now + 2 * 3_600_000;
        let mut looks = cloud.now + EVERY;
        drive_until(&mut cloud, &mut process, &mut Cut(RefusalKind::Transient), |cloud, _| cloud.now >= back);
        while looks < back {
            cloud.advance(looks);
            let mut sentinel = sentinel(Who::LambdaSentinel, cloud.now);
            drive_until(&mut cloud, &mut sentinel, &mut Cut(RefusalKind::Transient), |cloud, _| cloud.now >= back);
            looks = cloud.now.max(looks) + EVERY;
        }
        cloud.advance(back);
        watched_from(&mut cloud, back, Who::LambdaSentinel);
        judge::at_rest(&cloud, Mode::Online).unwrap();
        assert_eq!(cloud.mode, Mode::Online, "cut after {cut} steps");
    }
}

/// Stacks side by side, on one clock.
struct Fleet {
    stacks: Vec<Cloud>,
    drivers: Vec<Process>,
}

impl Fleet {
    fn begun(count: usize) -> Self {
        let fates = |at: usize| Fates { on_rolls_back: u8::from(at % 10 == 3), ..Fates::default() };
        let stacks: Vec<Cloud> = (0..count).map(|at| Cloud::new(Mode::Online, Durations::SHORT, fates(at))).collect();
        let drivers = (0..count).map(|at| Process { due: at as Millis * 300, ..delivered(0) }).collect();
        Self { stacks, drivers }
    }

    fn until(&mut self, stop: impl Fn(&[Cloud]) -> bool) {
        while !stop(&self.stacks) {
            let going = (0..self.drivers.len()).filter(|at| !self.drivers[*at].over());
            let Some(at) = going.min_by_key(|at| self.drivers[*at].due) else { return };
            let due = self.drivers[at].due;
            for stack in &mut self.stacks {
                stack.advance(due);
            }
            self.drivers[at].go(&mut self.stacks[at], &mut Fine);
            judge::always(&self.stacks[at]).unwrap();
        }
    }
}

#[test]
fn fm_90_one_bad_stack_does_not_hold_up_the_others() {
    let mut fleet = Fleet::begun(20);
    fleet.stacks[7].fates.off_rollback_fails = 1;
    fleet.until(|_| false);
    for (at, stack) in fleet.stacks.iter().enumerate() {
        let expected = if at == 7 { Outcome::Failed } else { Outcome::Complete };
        assert_eq!(outcome(record(stack)), expected, "stack {at}");
    }
}

/// The state machine, the region's Lambdas, the one machine that drives them all: gone at once.
#[test]
fn fm_91_everybody_dies_while_many_stacks_are_offline_and_one_sentinel_brings_all_back() {
    let mut fleet = Fleet::begun(60);
    fleet.until(|stacks| stacks.iter().filter(|stack| stack.mode == Mode::Offline && !stack.busy()).count() >= 50);
    let died = fleet.stacks[0].now;
    fleet.drivers.clear();
    for look in 1..=10 {
        let now = died + look * EVERY;
        for stack in &mut fleet.stacks {
            stack.advance(now);
        }
        fleet.drivers = fleet.stacks.iter().map(|stack| sentinel(Who::LambdaSentinel, stack.now)).collect();
        fleet.until(|_| false);
    }
    for (at, stack) in fleet.stacks.iter().enumerate() {
        assert!(at_rest(stack), "stack {at}");
        assert_eq!(outcome(record(stack)), Outcome::Complete, "stack {at}");
        judge::at_rest(stack, Mode::Online).unwrap();
    }
}
