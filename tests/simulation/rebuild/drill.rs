//! `drill`: stories.

use stacksnap::model::run::{Kind, Outcome, Phase};

use super::{How, NEW, aim, at_rest, begin, begin_with, drive, drive_until, online, probe, resume, to_the_end, whole};
use crate::cloud::{Fates, RestoreFate};
use crate::story::{outcome, why};

#[test]
fn a_drill_leaves_nothing_and_marks_both_halves() {
    let mut cloud = online(Fates::default());
    cloud.restored = Default::default();
    let run = whole(&mut cloud, Kind::Drill).run;
    assert_eq!(outcome(&run), Outcome::Complete, "{}", why(&run));
    assert!(run.rebuilt.drilled.is_some() && cloud.restored.drilled());
    assert_eq!((cloud.litter().count(), cloud.named(NEW), cloud.touched, cloud.restored.marked), (0, None, 0, 2));
    at_rest(&cloud);
}

#[test]
fn a_drill_whose_creation_fails_leaves_nothing_and_marks_nothing() {
    let mut cloud = online(Fates { create_fails: 1, ..Fates::default() });
    let run = whole(&mut cloud, Kind::Drill).run;
    assert_eq!((outcome(&run), cloud.restored.marked), (Outcome::Failed, 0), "{}", why(&run));
    assert_eq!((cloud.litter().count(), cloud.named(NEW)), (0, None));
    at_rest(&cloud);
}

#[test]
fn a_drill_whose_restore_fails_marks_nothing() {
    for restore in [RestoreFate::Fails, RestoreFate::Aborts] {
        let mut cloud = online(Fates { restore, restores: 1, ..Fates::default() });
        let run = whole(&mut cloud, Kind::Drill).run;
        assert_eq!((outcome(&run), cloud.restored.marked), (Outcome::Incomplete, 0), "{}", why(&run));
        at_rest(&cloud);
    }
}

#[test]
fn a_drill_whose_application_never_answers_marks_nothing() {
    for silent in [false, true] {
        let mut cloud = online(Fates { silent, ..Fates::default() });
        let mut driver = begin_with(&mut cloud, Kind::Drill, super::Aim { probe: probe(), ..aim(&Kind::Drill) });
        drive(&mut cloud, &mut driver);
        assert_eq!(outcome(&driver.run) == Outcome::Complete, !silent, "{}", why(&driver.run));
        assert_eq!(cloud.restored.marked, if silent { 0 } else { 2 });
        at_rest(&cloud);
    }
}

#[test]
fn a_drill_of_a_name_that_is_taken_clears_nothing_away() {
    let mut cloud = online(Fates::default());
    let mut driver = begin(&mut cloud, Kind::Drill);
    drive_until(&mut cloud, &mut driver, |_, driver| driver.run.made().asked.is_some());
    cloud.operator_creates(NEW);
    let before = cloud.made.clone();
    drive(&mut cloud, &mut driver);
    assert_eq!((outcome(&driver.run), cloud.made == before), (Outcome::Failed, true), "{}", why(&driver.run));
    at_rest(&cloud);
}

#[test]
fn a_deletion_that_fails_is_tried_again_and_what_is_left_is_told() {
    let mut cloud = online(Fates { new_delete_fails: 2, ..Fates::default() });
    let run = whole(&mut cloud, Kind::Drill).run;
    assert_eq!((outcome(&run), cloud.named(NEW)), (Outcome::Complete, None), "{}", why(&run));
    at_rest(&cloud);
    let mut cloud = online(Fates { new_delete_fails: 9, ..Fates::default() });
    let run = whole(&mut cloud, Kind::Drill).run;
    assert_eq!(outcome(&run), Outcome::Failed);
    assert!(why(&run).contains(NEW) && why(&run).contains("AppVpc"), "{}", why(&run));
    at_rest(&cloud);
}

#[test]
fn a_drill_that_somebody_protects_is_left_and_told() {
    let mut cloud = online(Fates::default());
    let mut driver = begin(&mut cloud, Kind::Drill);
    drive_until(&mut cloud, &mut driver, |cloud, _| cloud.named(NEW).is_some());
    cloud.made[0].protected = true;
    drive(&mut cloud, &mut driver);
    assert!(cloud.named(NEW).is_some() && why(&driver.run).contains("protected"), "{}", why(&driver.run));
    at_rest(&cloud);
}

#[test]
fn a_mark_that_is_denied_makes_the_drill_incomplete_and_still_leaves_nothing() {
    let mut cloud = online(Fates { mark_denied: 9, ..Fates::default() });
    let run = whole(&mut cloud, Kind::Drill).run;
    assert_eq!(outcome(&run), Outcome::Incomplete, "{}", why(&run));
    at_rest(&cloud);
}

#[test]
fn a_drill_that_is_given_up_at_any_moment_leaves_nothing() {
    for moment in (0..400_000).step_by(4_100) {
        let mut cloud = online(Fates::default());
        let mut driver = begin(&mut cloud, Kind::Drill);
        super::drive_with(&mut cloud, &mut driver, &mut crate::driver::Fine, |cloud, _| cloud.now >= moment);
        drop(driver);
        if super::comes(&mut cloud.clone(), How::Abort).is_some() {
            resume(&mut cloud, How::Abort);
        }
        assert_eq!((cloud.litter().count(), cloud.named(NEW)), (0, None), "given up after {moment} ms");
        at_rest(&cloud);
    }
}

#[test]
fn a_drill_whose_plan_is_lost_half_way_leaves_nothing() {
    for phase in [Phase::Creating, Phase::Proving] {
        let mut cloud = online(Fates::default());
        let mut driver = begin(&mut cloud, Kind::Drill);
        drive_until(&mut cloud, &mut driver, |_, driver| driver.run.phase == phase);
        cloud.plans.clear();
        drive(&mut cloud, &mut driver);
        assert_eq!(outcome(&driver.run), Outcome::Failed);
        at_rest(&cloud);
    }
}

#[test]
fn a_drill_whose_record_is_lost_clears_away_all_the_same() {
    for moment in (10_000..250_000).step_by(17_000) {
        let mut cloud = online(Fates::default());
        let mut driver = begin(&mut cloud, Kind::Drill);
        super::drive_with(&mut cloud, &mut driver, &mut crate::driver::Fine, |cloud, _| cloud.now >= moment);
        cloud.records.clear();
        drive(&mut cloud, &mut driver);
        assert_eq!((cloud.litter().count(), cloud.named(NEW)), (0, None), "lost after {moment} ms");
    }
}

#[test]
fn a_drill_that_was_left_with_its_stack_is_over_for_good() {
    let mut cloud = online(Fates { delete_denied: 40, ..Fates::default() });
    let run = whole(&mut cloud, Kind::Drill).run;
    assert!(why(&run).contains("could not be deleted"), "{}", why(&run));
    assert!(to_the_end(&mut cloud).is_none());
    at_rest(&cloud);
}
