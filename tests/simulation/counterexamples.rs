//! The schedules that broke simpler designs, each as a story. See "What does not work" in
//! ARCHITECTURE.md.

use stacksnap::engine::{self, Action, Look, Rescue, Watch};
use stacksnap::model::run::{Kind, Mode, Outcome, Phase, Run};
use stacksnap::model::{Seen, StackStatus, Switch};

use crate::cloud::{Cloud, Durations, Fates, JobFate, at};
use crate::driver::{self, Driver, Fine, Stage};
use crate::judge;
use crate::story::{BACKUP, drive, drive_until, online, outcome, sentinel, why};

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
    assert!(cloud.records.values().all(Run::ended));
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

#[test]
fn a_look_at_the_halves_alone_does_not_put_back_a_run_that_another_driver_brings_home() {
    // The database's half is the later one: seeing it is worth a save.
    let mut cloud = Cloud::new(Mode::Online, Durations { snapshot: 90_000, ..Durations::SHORT }, Fates::default());
    let mut polls = driver::begin(&mut cloud, BACKUP).unwrap();
    drive_until(&mut cloud, &mut polls, |_, driver| driver.stage == Stage::Look(Look::HALVES));
    cloud.advance(cloud.now + 100_000);
    // AWS's event wakes another driver, which sees both halves complete, brings the stack back, and leaves.
    let record = cloud.record(&polls.run.id).here().cloned().unwrap();
    let mut hinted = Driver::new(record, cloud.now);
    drive_until(&mut cloud, &mut hinted, |cloud, _| cloud.busy());
    assert!(!hinted.over());
    drive(&mut cloud, &mut polls);
    assert_eq!(outcome(&polls.run), Outcome::Complete, "{}", why(&polls.run));
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn an_on_that_no_event_tells_of_yet_is_not_somebody_elses_update() {
    let mut cloud = online(Fates::default());
    let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
    drive_until(&mut cloud, &mut driver, |_, driver| driver.stage == Stage::Look(Look::HALVES));
    cloud.advance(cloud.now + 100_000);
    // Another driver executes *on* after the events were read, and before the stack is.
    let mut seen = cloud.observe(&driver.run, engine::first_look(&driver.run));
    if let Seen::Here(stack) = &mut seen.stack {
        stack.status = StackStatus::UpdateInProgress;
    }
    let step = engine::step(&driver.run, &seen, at(cloud.now));
    assert!(step.run.phase == Phase::Capturing && !step.run.failing(), "{:?}", step.run.trouble);
}

/// Somebody gives the run up by a record that he read when it stood at `read`, and whose save lands when its driver is about to
/// execute *off*.
fn given_up_late(read: Phase, off_first: bool) {
    let mut cloud = online(Fates::default());
    let kind = Kind::Backup { live: false, seed: read == Phase::Seeding };
    let mut leaves = driver::begin(&mut cloud, kind).unwrap();
    drive_until(&mut cloud, &mut leaves, |cloud, driver| {
        cloud.record(&driver.run.id).here().is_some_and(|run| run.phase == read)
    });
    let early = cloud.record(&leaves.run.id).here().cloned().unwrap();
    let off = executes(Switch::Off);
    let about =
        |driver: &Driver| matches!(&driver.stage, Stage::Act { actions, .. } if actions.first().is_some_and(&off));
    drive_until(&mut cloud, &mut leaves, |_, driver| about(driver));
    let mut aborts = Driver::new(Run { abort: true, ..early }, cloud.now);
    driver::write(&mut cloud, &aborts.run);
    if off_first {
        leaves.go(&mut cloud, &mut Fine);
    }
    drive(&mut cloud, &mut aborts);
    drive(&mut cloud, &mut leaves);
    assert_eq!(cloud.mode, Mode::Online, "{read}, {off_first}");
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn an_abort_that_is_late_does_not_strand_a_stack_that_is_just_leaving() {
    for read in [Phase::Preflight, Phase::Seeding] {
        given_up_late(read, false);
        given_up_late(read, true);
    }
}

#[test]
fn a_budget_counts_though_whoever_took_the_stack_offline_could_not_say_so() {
    let mut cloud = online(Fates { job: JobFate::NeverStarts, ..Fates::default() });
    let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
    drive_until(&mut cloud, &mut driver, |cloud, _| cloud.mode == Mode::Offline && !cloud.busy());
    let record = cloud.record(&driver.run.id).here().cloned().unwrap();
    let mut second = Driver::new(Run { left: None, ..record }, cloud.now);
    driver::write(&mut cloud, &second.run);
    drive(&mut cloud, &mut second);
    assert_eq!((outcome(&second.run), cloud.mode), (Outcome::Failed, Mode::Online), "{}", why(&second.run));
    assert!(why(&second.run).contains("budget"), "{}", why(&second.run));
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

/// A sentinel that comes two hours later finds the only run, and drives it to its end.
fn found_late(cloud: &mut Cloud) -> Driver {
    cloud.advance(cloud.now + 2 * 3_600_000);
    let record = cloud.records.values().next().cloned().unwrap();
    let Watch::Drive(run) = engine::watch(record, at(cloud.now)) else { panic!("nobody sees to it") };
    let mut found = Driver::new(*run, cloud.now);
    drive(cloud, &mut found);
    found
}

#[test]
fn a_wish_that_nobody_saw_to_is_not_granted_when_the_stack_was_switched_off_on_purpose_since() {
    let mut cloud = Cloud::new(Mode::Offline, Durations::SHORT, Fates::default());
    let mut dies = driver::begin(&mut cloud, Kind::Online).unwrap();
    drive_until(&mut cloud, &mut dies, |_, driver| driver.run.phase == Phase::Resuming);
    operator(&mut cloud, Mode::Online);
    operator(&mut cloud, Mode::Offline);
    let found = found_late(&mut cloud);
    assert_eq!((outcome(&found.run), cloud.mode), (Outcome::Aborted, Mode::Offline), "{}", why(&found.run));
    assert!(cloud.lock.is_none());
}

#[test]
fn a_wish_that_was_granted_is_granted_however_late_somebody_looks() {
    let mut cloud = Cloud::new(Mode::Offline, Durations::SHORT, Fates::default());
    let mut dies = driver::begin(&mut cloud, Kind::Online).unwrap();
    drive_until(&mut cloud, &mut dies, |cloud, _| cloud.busy());
    let found = found_late(&mut cloud);
    assert_eq!((outcome(&found.run), cloud.mode), (Outcome::Complete, Mode::Online), "{}", why(&found.run));
}

#[test]
fn an_abort_of_an_untouched_run_waits_for_nobody() {
    let mut cloud = online(Fates::default());
    let mut driver = driver::begin(&mut cloud, Kind::Backup { live: false, seed: true }).unwrap();
    drive_until(&mut cloud, &mut driver, |_, driver| driver.run.phase == Phase::Seeding);
    assert!(cloud.operator(Mode::Online), "somebody else's update is under way");
    let until = cloud.now + 3_600_000;
    cloud.maintain(until);
    driver.run.abort = true;
    let began = cloud.now;
    drive(&mut cloud, &mut driver);
    assert_eq!(outcome(&driver.run), Outcome::Aborted, "{}", why(&driver.run));
    assert!(cloud.busy() && cloud.now - began < 60_000, "it waited {} ms", cloud.now - began);
}
