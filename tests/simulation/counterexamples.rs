//! The schedules that broke simpler designs, each as a story. See "What does not work" in
//! ARCHITECTURE.md.

use stacksnap::engine::{self, Action, Rescue};
use stacksnap::model::run::{Mode, Phase};
use stacksnap::model::{Seen, Switch};

use crate::cloud::{Cloud, Fates, at};
use crate::driver::{self, Driver, Fine, Stage};
use crate::judge;
use crate::story::{BACKUP, drive, drive_until, online, sentinel};

/// A driver that falls asleep just before `action`.
fn asleep_before(cloud: &mut Cloud, action: impl Fn(&Action) -> bool) -> Driver {
    let mut driver = driver::begin(cloud, BACKUP).unwrap();
    drive_until(
        cloud,
        &mut driver,
        |_, driver| matches!(&driver.stage, Stage::Act { actions, .. } if actions.first().is_some_and(&action)),
    );
    assert!(!driver.over(), "it fell asleep before it was over");
    driver
}

fn executes(switch: Switch) -> impl Fn(&Action) -> bool {
    move |action| matches!(action, Action::ExecuteChangeSet { switch: this, .. } if *this == switch)
}

/// Another driver takes the run over and brings it to its end.
fn another_driver_ends_it(cloud: &mut Cloud) {
    sentinel(cloud);
    assert!(cloud.records.values().all(stacksnap::model::run::Run::ended));
}

fn operator(cloud: &mut Cloud, mode: Mode) {
    assert!(cloud.operator(mode), "the operator could act");
    let ends = cloud.operation_ends().unwrap();
    cloud.advance(ends);
}

fn wakes(cloud: &mut Cloud, driver: &mut Driver) {
    driver.due = cloud.now + 3 * 3_600_000;
    drive(cloud, driver);
}

#[test]
fn the_process_dies_when_off_completes() {
    let mut cloud = online(Fates::default());
    let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
    drive_until(&mut cloud, &mut driver, |cloud, _| cloud.mode == Mode::Offline && !cloud.busy());
    drop(driver);
    sentinel(&mut cloud);
    judge::at_rest(&cloud, Mode::Online).unwrap();
    assert_eq!(cloud.mode, Mode::Online);
}

#[test]
fn a_paused_driver_executes_off_after_the_stack_is_home() {
    let mut cloud = online(Fates::default());
    let mut sleeper = asleep_before(&mut cloud, executes(Switch::Off));
    another_driver_ends_it(&mut cloud);
    assert_eq!(cloud.mode, Mode::Online);
    wakes(&mut cloud, &mut sleeper);
    assert_eq!(cloud.mode, Mode::Online, "its change set was obsolete");
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn a_driver_decides_on_and_sleeps_while_the_operator_turns_the_stack_off() {
    let mut cloud = online(Fates::default());
    let mut sleeper = asleep_before(&mut cloud, executes(Switch::On));
    another_driver_ends_it(&mut cloud);
    operator(&mut cloud, Mode::Offline);
    wakes(&mut cloud, &mut sleeper);
    assert_eq!(cloud.mode, Mode::Offline, "the operator's wish");
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn a_sleeper_makes_a_change_set_of_the_same_name_after_the_operators_off() {
    let mut cloud = online(Fates::default());
    let makes = |action: &Action| matches!(action, Action::CreateChangeSet(new) if new.switch == Switch::On);
    let mut sleeper = asleep_before(&mut cloud, makes);
    another_driver_ends_it(&mut cloud);
    operator(&mut cloud, Mode::Offline);
    // It wakes for this one call, and dies: the set is there, and executable.
    sleeper.go(&mut cloud, &mut Fine);
    assert_eq!(sentinel(&mut cloud), Rescue::Nothing);
    assert_eq!(cloud.mode, Mode::Offline, "nobody executes it in the belief that it is the old one");
}

#[test]
fn a_stale_save_moves_the_run_back_after_its_halves_were_started() {
    let mut cloud = online(Fates::default());
    let mut sleeper = driver::begin(&mut cloud, BACKUP).unwrap();
    drive_until(&mut cloud, &mut sleeper, |_, driver| {
        driver.run.phase == Phase::GoingOffline && matches!(driver.stage, Stage::Save { .. }) && driver.run.unsaved
    });
    another_driver_ends_it(&mut cloud);
    let effects = cloud.effects;
    wakes(&mut cloud, &mut sleeper);
    another_driver_ends_it(&mut cloud);
    assert_eq!((cloud.snapshots.len(), cloud.jobs.len(), cloud.mode), (1, 1, Mode::Online));
    assert!(cloud.effects >= effects);
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn an_operator_changes_another_parameter_after_the_crash_and_the_debt_stands() {
    let mut cloud = crashed_offline_without_a_record();
    operator(&mut cloud, Mode::Offline);
    sentinel(&mut cloud);
    assert_eq!(cloud.mode, Mode::Online, "one foreign operation does not make it a wish");
}

#[test]
fn two_foreign_operations_after_the_crash_are_not_guessed_about() {
    let mut cloud = crashed_offline_without_a_record();
    operator(&mut cloud, Mode::Offline);
    operator(&mut cloud, Mode::Offline);
    assert!(matches!(sentinel(&mut cloud), Rescue::Ask { foreign: 2, .. }));
    assert_eq!(cloud.mode, Mode::Offline);
}

#[test]
fn an_off_that_rolled_back_is_not_taken_for_the_operators_own_off() {
    let mut cloud = online(Fates { off_rolls_back: 1, ..Fates::default() });
    let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
    drive_until(&mut cloud, &mut driver, |cloud, _| cloud.history().operations.len() == 2 && !cloud.busy());
    drop(driver);
    operator(&mut cloud, Mode::Offline);
    sentinel(&mut cloud);
    assert_eq!(cloud.mode, Mode::Offline, "ours rolled back; this one is his");
}

#[test]
fn a_record_deleted_by_a_late_driver_does_not_strand_the_stack() {
    let mut cloud = online(Fates::default());
    let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
    drive_until(&mut cloud, &mut driver, |cloud, _| !cloud.jobs.is_empty());
    cloud.records.clear();
    cloud.lock = None;
    drop(driver);
    sentinel(&mut cloud);
    assert_eq!(cloud.mode, Mode::Online);
}

fn crashed_offline_without_a_record() -> Cloud {
    let mut cloud = online(Fates::default());
    let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
    drive_until(&mut cloud, &mut driver, |cloud, _| cloud.mode == Mode::Offline && !cloud.busy());
    cloud.records.clear();
    cloud.lock = None;
    cloud
}

#[test]
fn a_record_that_was_read_before_another_driver_went_on_refuses_nothing() {
    let mut cloud = online(Fates::default());
    let mut ahead = driver::begin(&mut cloud, BACKUP).unwrap();
    let slow = ahead.run.clone();
    // Its look has begun with the record; the stack, which is read last, goes offline meanwhile.
    for far in [Phase::GoingOffline, Phase::Capturing] {
        drive_until(&mut cloud, &mut ahead, |_, driver| driver.run.phase == far);
        drive_until(&mut cloud, &mut ahead, |cloud, _| {
            !cloud.sets.is_empty() || cloud.busy() || cloud.mode == Mode::Offline
        });
        let mut seen = cloud.observe(&slow, engine::first_look(&slow));
        seen.record = Seen::Here(slow.as_saved());
        let step = engine::step(&slow, &seen, at(cloud.now));
        assert!(!step.run.ended() && step.actions.is_empty(), "{far}: {:?}", step.run);
    }
    drive(&mut cloud, &mut ahead);
    judge::at_rest(&cloud, Mode::Online).unwrap();
}
