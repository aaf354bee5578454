//! Stories: one stack, one situation, and what a user would notice at the end.

use stacksnap::engine::Rescue;
use stacksnap::model::run::{Kind, Mode, Outcome, Run};

use crate::cloud::{Cloud, Durations, Fates, JobFate, Millis};
use crate::driver::{self, Driver, Fine, Stage};
use crate::judge;

pub(crate) const BACKUP: Kind = Kind::Backup { live: false, seed: false };

pub(crate) fn online(fates: Fates) -> Cloud {
    Cloud::new(Mode::Online, Durations::SHORT, fates)
}

/// Drives until it is over, the invariants looked at after every step.
pub(crate) fn drive(cloud: &mut Cloud, driver: &mut Driver) {
    drive_until(cloud, driver, |_, _| false);
}

/// Drives until it is over or `stop` says so.
pub(crate) fn drive_until(cloud: &mut Cloud, driver: &mut Driver, stop: impl Fn(&Cloud, &Driver) -> bool) {
    for _ in 0..5_000 {
        if driver.over() || stop(cloud, driver) {
            return;
        }
        cloud.advance(driver.due);
        driver.go(cloud, &mut Fine);
        judge::always(cloud).unwrap();
    }
    panic!("the run never ends: {:?} in {}", driver.stage, driver.run.phase);
}

/// A sentinel goes round every five minutes until nothing is left to do.
pub(crate) fn sentinel(cloud: &mut Cloud) -> Rescue {
    for _ in 0..60 {
        let (rescue, driver) = driver::resume(cloud);
        if let Some(mut driver) = driver {
            drive(cloud, &mut driver);
        }
        if matches!(rescue, Rescue::Nothing | Rescue::Ask { .. }) {
            return rescue;
        }
        let later = cloud.now + 300_000;
        cloud.advance(later);
    }
    panic!("the sentinel never comes to rest");
}

pub(crate) fn backup(cloud: &mut Cloud) -> Run {
    let mut driver = driver::begin(cloud, BACKUP).expect("nobody holds the stack");
    drive(cloud, &mut driver);
    driver.run
}

pub(crate) fn outcome(run: &Run) -> Outcome {
    run.ending.as_ref().expect("it ended").outcome
}

pub(crate) fn why(run: &Run) -> &str {
    run.ending.as_ref().and_then(|ending| ending.why.as_deref()).unwrap_or_default()
}

/// Lets the operator act as soon as `when` holds, and the run go on to its end.
pub(crate) fn with_operator(cloud: &mut Cloud, mode: Mode, when: impl Fn(&Cloud, &Driver) -> bool) -> Run {
    let mut driver = driver::begin(cloud, BACKUP).unwrap();
    drive_until(cloud, &mut driver, when);
    assert!(cloud.operator(mode), "the operator could act");
    drive(cloud, &mut driver);
    driver.run
}

pub(crate) fn capturing(cloud: &Cloud, driver: &Driver) -> bool {
    driver.run.files.is_some() && !cloud.busy()
}

#[test]
fn a_backup_takes_the_stack_offline_and_brings_it_back() {
    let mut cloud = online(Fates::default());
    let run = backup(&mut cloud);
    assert_eq!(outcome(&run), Outcome::Complete, "{}", why(&run));
    assert_eq!((cloud.mode, cloud.snapshots.len(), cloud.jobs.len()), (Mode::Online, 1, 1));
    assert_eq!(run.skew, Some(0));
    assert!(run.window.unwrap().to.is_some());
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn fm_18_a_stack_that_was_offline_before_stays_offline_after() {
    let mut cloud = Cloud::new(Mode::Offline, Durations::SHORT, Fates::default());
    let run = backup(&mut cloud);
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Complete, Mode::Offline), "{}", why(&run));
    judge::at_rest(&cloud, Mode::Offline).unwrap();
}

#[test]
fn a_live_backup_never_touches_the_mode_and_takes_the_database_first() {
    let mut cloud = online(Fates::default());
    let mut driver = driver::begin(&mut cloud, Kind::Backup { live: true, seed: false }).unwrap();
    drive(&mut cloud, &mut driver);
    assert_eq!(outcome(&driver.run), Outcome::Complete, "{}", why(&driver.run));
    assert!(driver.run.window.is_none());
    assert!(cloud.jobs[0].created >= cloud.snapshots[0].done, "files after the database");
}

#[test]
fn a_seed_comes_first_and_is_no_half() {
    let mut cloud = online(Fates::default());
    let mut driver = driver::begin(&mut cloud, Kind::Backup { live: false, seed: true }).unwrap();
    drive(&mut cloud, &mut driver);
    assert_eq!(outcome(&driver.run), Outcome::Complete, "{}", why(&driver.run));
    assert_eq!(cloud.jobs.len(), 2);
    assert!(!cloud.jobs[0].tags.contains_key("stacksnap:id"));
}

#[test]
fn fm_20_an_off_that_rolls_back_fails_the_run_and_owes_nothing() {
    let mut cloud = online(Fates { off_rolls_back: 1, ..Fates::default() });
    let run = backup(&mut cloud);
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Failed, Mode::Online));
    assert!(why(&run).contains("rolled back (AppDb: not available)"), "{}", why(&run));
    assert!(cloud.snapshots.is_empty() && cloud.jobs.is_empty());
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn fm_22_an_on_that_rolls_back_twice_is_tried_again_and_the_backup_is_good() {
    let mut cloud = online(Fates { on_rolls_back: 2, ..Fates::default() });
    let run = backup(&mut cloud);
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Complete, Mode::Online), "{}", why(&run));
}

#[test]
fn fm_22_an_on_that_rolls_back_three_times_ends_loudly_with_what_to_do() {
    let mut cloud = online(Fates { on_rolls_back: 3, ..Fates::default() });
    let run = backup(&mut cloud);
    let ending = run.ending.unwrap();
    assert!(ending.left_offline && ending.hint.unwrap().contains("stacksnap online my-hub"));
    assert_eq!(ending.outcome, Outcome::Complete, "the halves are good all the same");
    assert!(cloud.snapshots[0].tags.contains_key("stacksnap:complete"));
    // The cause is gone: the next resume pays the debt, though its *off* is not the newest operation.
    sentinel(&mut cloud);
    assert_eq!(cloud.mode, Mode::Online);
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn fm_21_update_rollback_failed_stops_and_says_what_to_do() {
    let mut cloud = online(Fates { off_rollback_fails: 1, ..Fates::default() });
    let run = backup(&mut cloud);
    let ending = run.ending.unwrap();
    assert!(ending.left_offline && ending.why.unwrap().contains("UPDATE_ROLLBACK_FAILED"));
    assert!(ending.hint.unwrap().contains("continue-update-rollback"));
}

#[test]
fn a_failed_job_brings_the_stack_back_and_leaves_an_orphan() {
    let mut cloud = online(Fates { job: JobFate::Fails, ..Fates::default() });
    let run = backup(&mut cloud);
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Failed, Mode::Online));
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn fm_46_a_failed_snapshot_brings_the_stack_back_and_then_stops_the_job() {
    let mut cloud = online(Fates { snapshot_fails: 1, ..Fates::default() });
    let run = backup(&mut cloud);
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Failed, Mode::Online));
    let stopped = cloud.jobs[0].stopped.expect("the job was stopped");
    let on = cloud.history().operations[0].began;
    assert!(crate::cloud::at(stopped) >= on, "on first, stopping second");
}

#[test]
fn a_job_completed_with_issues_is_incomplete() {
    let mut cloud = online(Fates { job: JobFate::HasIssues, ..Fates::default() });
    let run = backup(&mut cloud);
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Incomplete, Mode::Online));
}

#[test]
fn fm_55_a_job_that_never_starts_spends_the_budget_and_the_stack_comes_back() {
    let mut cloud = online(Fates { job: JobFate::NeverStarts, ..Fates::default() });
    let run = backup(&mut cloud);
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Failed, Mode::Online));
    assert!(why(&run).contains("budget"), "{}", why(&run));
    assert!(cloud.jobs[0].stopped.is_some());
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn fm_66_tags_that_do_not_stick_are_written_once_more() {
    let mut cloud = online(Fates { tags_do_not_stick: 2, ..Fates::default() });
    let run = backup(&mut cloud);
    assert_eq!(outcome(&run), Outcome::Complete, "{}", why(&run));
    assert!(cloud.snapshots[0].tags.contains_key("stacksnap:vault"));
}

#[test]
fn fm_65_a_recovery_point_that_appears_late_is_waited_for() {
    let mut cloud = online(Fates { point_is_late: 150_000, ..Fates::default() });
    assert_eq!(outcome(&backup(&mut cloud)), Outcome::Complete);
    let mut cloud = online(Fates { point_is_late: 9_000_000, ..Fates::default() });
    assert_eq!(outcome(&backup(&mut cloud)), Outcome::Incomplete);
}

#[test]
fn fm_04_somebody_elses_snapshot_of_the_same_name_is_not_adopted() {
    let mut cloud = online(Fates::default());
    cloud.squatter = true;
    let run = backup(&mut cloud);
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Failed, Mode::Online));
    assert!(why(&run).contains("did not make"), "{}", why(&run));
}

#[test]
fn fm_23_an_operator_who_changes_another_parameter_breaks_the_fence_and_the_stack_still_comes_back() {
    let mut cloud = online(Fates::default());
    let run = with_operator(&mut cloud, Mode::Offline, capturing);
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Inconsistent, Mode::Online));
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn fm_24_an_operator_who_turns_it_on_while_capturing_breaks_the_fence_and_it_stays_on() {
    let mut cloud = online(Fates::default());
    let run = with_operator(&mut cloud, Mode::Online, capturing);
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Inconsistent, Mode::Online));
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn an_operator_who_turns_it_off_before_us_is_left_alone() {
    let mut cloud = online(Fates::default());
    let going = |_: &Cloud, driver: &Driver| matches!(driver.run.phase, stacksnap::model::run::Phase::GoingOffline);
    let run = with_operator(&mut cloud, Mode::Offline, going);
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Failed, Mode::Offline));
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn giving_up_at_any_moment_brings_the_stack_back() {
    for moment in (0..300_000).step_by(7_000) {
        let mut cloud = online(Fates::default());
        let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
        let there = |cloud: &Cloud, driver: &Driver| cloud.now >= moment && matches!(driver.stage, Stage::Look(_));
        drive_until(&mut cloud, &mut driver, there);
        driver.run.abort = true;
        drive(&mut cloud, &mut driver);
        judge::at_rest(&cloud, Mode::Online).unwrap();
        assert_eq!(cloud.mode, Mode::Online, "given up after {moment} ms");
    }
}

#[test]
fn a_lost_record_brings_the_stack_back_without_a_record() {
    let mut cloud = online(Fates::default());
    let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
    drive_until(&mut cloud, &mut driver, capturing);
    cloud.records.clear();
    cloud.lock = None;
    driver.stage = Stage::Look(stacksnap::engine::first_look(&driver.run));
    drive(&mut cloud, &mut driver);
    assert_eq!((outcome(&driver.run), cloud.mode), (Outcome::Failed, Mode::Online));
    assert!(cloud.records.is_empty(), "nothing comes back from the dead");
}

#[test]
fn a_dead_run_whose_record_is_lost_is_brought_home_by_the_debt_rule() {
    let mut cloud = online(Fates::default());
    let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
    drive_until(&mut cloud, &mut driver, capturing);
    cloud.records.clear();
    let later: Millis = cloud.now + 600_000;
    cloud.advance(later);
    sentinel(&mut cloud);
    assert_eq!(cloud.mode, Mode::Online);
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn offline_by_the_operators_own_wish_is_never_a_debt() {
    let mut cloud = online(Fates::default());
    let mut driver = driver::begin(&mut cloud, Kind::Offline).unwrap();
    drive(&mut cloud, &mut driver);
    assert_eq!((outcome(&driver.run), cloud.mode), (Outcome::Complete, Mode::Offline));
    assert_eq!(sentinel(&mut cloud), Rescue::Nothing);
    assert_eq!(cloud.mode, Mode::Offline);
    let run = backup(&mut cloud);
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Complete, Mode::Offline), "{}", why(&run));
    let mut driver = driver::begin(&mut cloud, Kind::Online).unwrap();
    cloud.wish = Mode::Online;
    drive(&mut cloud, &mut driver);
    assert_eq!((outcome(&driver.run), cloud.mode), (Outcome::Complete, Mode::Online));
}

#[test]
fn ticking_again_adds_nothing() {
    let mut cloud = online(Fates::default());
    let run = backup(&mut cloud);
    let effects = cloud.effects;
    for _ in 0..5 {
        let mut again = Driver::new(run.clone(), cloud.now);
        drive(&mut cloud, &mut again);
        // Even a driver that remembers an old state.
        let mut old = Driver::new(driver::new_run(BACKUP, 0), cloud.now);
        drive(&mut cloud, &mut old);
    }
    assert_eq!(cloud.effects, effects);
}
