//! The process dies before and after every action: all single crash points and all pairs.

use stacksnap::model::run::Mode;

use crate::cloud::{Cloud, Fates};
use crate::driver::{self, Driver, Fine};
use crate::judge;
use crate::story::{BACKUP, online, sentinel};

/// Drives `steps` micro-steps (look, save, each action, note), then dies. `true`: it was over before.
fn drive_steps(cloud: &mut Cloud, driver: &mut Driver, steps: usize) -> bool {
    for _ in 0..steps {
        if driver.over() {
            return true;
        }
        cloud.advance(driver.due);
        driver.go(cloud, &mut Fine);
        judge::always(cloud).unwrap();
    }
    driver.over()
}

fn dies_then_dies_again(began: Mode, first: usize, second: Option<usize>) -> bool {
    let mut cloud = online(Fates::default());
    if began == Mode::Offline {
        cloud = Cloud::new(Mode::Offline, crate::cloud::Durations::SHORT, Fates::default());
    }
    let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
    let over = drive_steps(&mut cloud, &mut driver, first);
    if let (Some(second), false) = (second, over)
        && let (_, Some(mut driver)) = driver::resume(&mut cloud)
    {
        drive_steps(&mut cloud, &mut driver, second);
    }
    sentinel(&mut cloud);
    judge::at_rest(&cloud, began).unwrap_or_else(|broken| panic!("died after {first} and {second:?} steps: {broken}"));
    assert_eq!(cloud.mode, began, "died after {first} and {second:?} steps");
    over
}

#[test]
fn the_process_dies_at_any_one_step_and_the_stack_comes_back() {
    let steps = (0..5_000).find(|steps| dies_then_dies_again(Mode::Online, *steps, None)).expect("a backup ends");
    assert!(steps > 50, "{steps} crash points tried");
}

#[test]
fn the_process_dies_at_any_step_of_a_backup_of_a_stack_that_was_offline() {
    (0..5_000).find(|steps| dies_then_dies_again(Mode::Offline, *steps, None)).expect("a backup ends");
}

#[test]
fn the_process_dies_at_any_two_steps_and_the_stack_comes_back() {
    for first in 0.. {
        for second in 0..first.max(400) {
            let over = dies_then_dies_again(Mode::Online, first, Some(second));
            if over {
                return;
            }
            if second > 160 {
                break;
            }
        }
    }
}
