//! `restore`: stories.

use stacksnap::model::StackStatus;
use stacksnap::model::run::{Kind, Outcome, Phase};

use super::{How, NEW, at_rest, begin, comes, drive, drive_until, online, resume, there, whole};
use crate::cloud::{Cloud, Fates, RestoreFate};
use crate::driver::Driver;
use crate::story::{outcome, why};

fn created(cloud: &Cloud, _: &Driver) -> bool {
    cloud.named(NEW).is_some()
}

#[test]
fn a_restore_makes_a_new_stack_and_leaves_it() {
    let mut cloud = online(Fates::default());
    let run = whole(&mut cloud, Kind::Restore).run;
    assert_eq!(outcome(&run), Outcome::Complete, "{}", why(&run));
    assert!(there(&cloud, NEW).works(cloud.now) && there(&cloud, NEW).protected);
    assert_eq!((cloud.touched, cloud.made.len()), (0, 1));
    at_rest(&cloud);
}

#[test]
fn fm_37_a_name_that_is_taken_is_refused_and_its_stack_untouched() {
    let mut cloud = online(Fates::default());
    cloud.operator_creates(NEW);
    let before = cloud.made.clone();
    let run = whole(&mut cloud, Kind::Restore).run;
    assert_eq!(outcome(&run), Outcome::Refused, "{}", why(&run));
    assert_eq!(cloud.made, before);
    at_rest(&cloud);
}

#[test]
fn a_name_that_is_taken_while_it_is_asked_for_is_nobodys_but_the_takers() {
    let mut cloud = online(Fates::default());
    let mut driver = begin(&mut cloud, Kind::Restore);
    drive_until(&mut cloud, &mut driver, |_, driver| driver.run.made().asked.is_some());
    cloud.operator_creates(NEW);
    let before = cloud.made.clone();
    drive(&mut cloud, &mut driver);
    assert_eq!(outcome(&driver.run), Outcome::Failed);
    assert!(why(&driver.run).contains("somebody else"), "{}", why(&driver.run));
    assert_eq!(cloud.made, before);
    at_rest(&cloud);
}

#[test]
fn fm_38_a_creation_that_fails_is_left_for_inspection_with_its_reason() {
    let mut cloud = online(Fates { create_fails: 1, ..Fates::default() });
    let run = whole(&mut cloud, Kind::Restore).run;
    assert_eq!(outcome(&run), Outcome::Failed);
    assert!(why(&run).contains("AppVpc: it has dependencies"), "{}", why(&run));
    assert_eq!(there(&cloud, NEW).status, StackStatus::CreateFailed);
    at_rest(&cloud);
}

#[test]
fn a_restore_job_that_fails_or_was_aborted_is_no_restore() {
    for restore in [RestoreFate::Fails, RestoreFate::Aborts] {
        let mut cloud = online(Fates { restore, restores: 1, ..Fates::default() });
        let run = whole(&mut cloud, Kind::Restore).run;
        assert_eq!(outcome(&run), Outcome::Incomplete, "{}", why(&run));
        assert!(why(&run).contains("restore job"), "{}", why(&run));
        at_rest(&cloud);
    }
}

#[test]
fn a_restore_that_aws_backup_does_not_list_is_said_to_be_not_provable() {
    let mut cloud = online(Fates { restore: RestoreFate::Unlisted, restores: 1, ..Fates::default() });
    let run = whole(&mut cloud, Kind::Restore).run;
    assert_eq!(outcome(&run), Outcome::Complete, "{}", why(&run));
    assert!(run.warnings.iter().any(|warning| warning.contains("not provable")), "{:?}", run.warnings);
}

#[test]
fn a_cluster_that_never_becomes_available_is_waited_for_and_then_told() {
    let mut cloud = online(Fates { cluster_never: 1, ..Fates::default() });
    let run = whole(&mut cloud, Kind::Restore).run;
    assert_eq!(outcome(&run), Outcome::Incomplete);
    assert!(why(&run).contains("still `creating`"), "{}", why(&run));
    at_rest(&cloud);
}

#[test]
fn a_stack_that_somebody_deletes_while_it_is_created_is_not_made_again() {
    let mut cloud = online(Fates::default());
    let mut driver = begin(&mut cloud, Kind::Restore);
    drive_until(&mut cloud, &mut driver, created);
    cloud.made[0].protected = false;
    let ends = cloud.now + 100_000;
    cloud.advance(ends);
    assert!(cloud.operator_deletes_made());
    drive(&mut cloud, &mut driver);
    assert_eq!((outcome(&driver.run), cloud.made.len()), (Outcome::Failed, 1), "{}", why(&driver.run));
    at_rest(&cloud);
}

#[test]
fn a_plan_that_is_lost_before_anything_was_made_refuses_the_run() {
    let mut cloud = online(Fates::default());
    let mut driver = begin(&mut cloud, Kind::Restore);
    cloud.plans.clear();
    drive(&mut cloud, &mut driver);
    assert_eq!((outcome(&driver.run), cloud.made.len()), (Outcome::Refused, 0));
    at_rest(&cloud);
}

#[test]
fn a_backup_that_lost_a_mark_is_not_restored() {
    let mut cloud = online(Fates::default());
    cloud.restored.complete = false;
    let run = whole(&mut cloud, Kind::Restore).run;
    assert_eq!((outcome(&run), cloud.made.len()), (Outcome::Refused, 0), "{}", why(&run));
    let mut cloud = online(Fates::default());
    cloud.restored.there = false;
    let run = whole(&mut cloud, Kind::Restore).run;
    assert_eq!((outcome(&run), cloud.made.len()), (Outcome::Refused, 0), "{}", why(&run));
}

#[test]
fn a_backup_that_a_prune_begins_to_delete_is_not_asked_for() {
    for kind in [Kind::Restore, Kind::Drill] {
        let mut cloud = online(Fates::default());
        let mut driver = begin(&mut cloud, kind);
        drive_until(&mut cloud, &mut driver, |_, driver| driver.run.phase == Phase::Creating);
        cloud.restored.complete = false;
        drive(&mut cloud, &mut driver);
        assert_eq!((outcome(&driver.run), cloud.made.len()), (Outcome::Failed, 0), "{}", why(&driver.run));
        assert!(why(&driver.run).contains("not complete"), "{}", why(&driver.run));
        at_rest(&cloud);
    }
}

#[test]
fn a_restore_that_is_given_up_leaves_its_stack_and_says_so() {
    let mut cloud = online(Fates::default());
    let mut driver = begin(&mut cloud, Kind::Restore);
    drive_until(&mut cloud, &mut driver, created);
    drop(driver);
    let run = resume(&mut cloud, How::Abort).run;
    assert_eq!(outcome(&run), Outcome::Aborted);
    assert!(super::hint(&run).contains(NEW), "{}", super::hint(&run));
    at_rest(&cloud);
}

#[test]
fn create_stack_that_is_denied_is_asked_for_three_times() {
    let mut cloud = online(Fates { create_denied: 9, ..Fates::default() });
    let run = whole(&mut cloud, Kind::Restore).run;
    assert_eq!((outcome(&run), cloud.fates.create_denied), (Outcome::Failed, 6), "{}", why(&run));
    assert!(comes(&mut cloud, How::Resume).is_none());
    at_rest(&cloud);
}
