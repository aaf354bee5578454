//! `replace` undone: stories of new stacks that do not verify, and of the safety backup.

use stacksnap::model::rebuild::{Aim, Undo};
use stacksnap::model::run::{Kind, Outcome};

use super::{How, aim, at_rest, begin, begin_with, drive, drive_until, hint, online, resume, there, whole};
use crate::cloud::{Fates, RestoreFate, STACK};
use crate::story::{outcome, why};

fn bad(restores: u8) -> Fates {
    Fates { restore: RestoreFate::Fails, restores, ..Fates::default() }
}

#[test]
fn a_new_stack_that_does_not_verify_is_asked_about_and_the_safety_backup_restored() {
    let mut cloud = online(bad(1));
    let driver = whole(&mut cloud, Kind::Replace);
    let (asks, said) = driver.halted.expect("somebody is asked");
    assert!(asks && said.contains("restore job") && said.contains("--roll-back"), "{said}");
    let driver = resume(&mut cloud, How::RollBack);
    let run = driver.run;
    assert_eq!(outcome(&run), Outcome::Incomplete, "{}", why(&run));
    assert!(!run.ending.as_ref().unwrap().left_offline);
    let new = there(&cloud, STACK);
    let plan = new.new.as_ref().unwrap();
    assert!(new.works(cloud.now) && new.protected);
    assert_eq!(plan.parameter("RestoreSnapshot"), Some(run.id.as_str()));
    assert_eq!(plan.parameter("RestoreRecoveryPoint"), run.files.as_ref().unwrap().point.as_deref());
    assert_eq!((cloud.made.len(), cloud.litter().count()), (2, 0));
    at_rest(&cloud);
}

#[test]
fn what_was_wished_beforehand_is_not_asked() {
    for (undo, works) in [(Undo::Rollback, true), (Undo::Keep, false)] {
        let mut cloud = online(bad(1));
        let mut driver = begin_with(&mut cloud, Kind::Replace, Aim { undo: Some(undo), ..aim(&Kind::Replace) });
        drive(&mut cloud, &mut driver);
        assert_eq!(there(&cloud, STACK).works(cloud.now), works, "{}", why(&driver.run));
        assert_eq!(driver.run.ending.as_ref().unwrap().left_offline, !works);
        at_rest(&cloud);
    }
}

#[test]
fn every_way_in_which_a_new_stack_fails_is_undone() {
    let fates = [
        Fates { create_fails: 1, ..Fates::default() },
        Fates { create_denied: 3, ..Fates::default() },
        Fates { cluster_never: 1, ..Fates::default() },
        bad(1),
        Fates { restore: RestoreFate::Aborts, restores: 1, ..Fates::default() },
    ];
    for fates in fates {
        let mut cloud = online(fates);
        let driver = whole(&mut cloud, Kind::Replace);
        assert!(driver.halted.is_some(), "{fates:?}: {:?}", driver.run.ending);
        let run = resume(&mut cloud, How::RollBack).run;
        assert!(run.rebuilt.second.proven.is_some() && there(&cloud, STACK).works(cloud.now), "{}", why(&run));
        at_rest(&cloud);
    }
}

#[test]
fn a_new_stack_that_somebody_deletes_is_undone() {
    let mut cloud = online(Fates::default());
    let mut driver = begin(&mut cloud, Kind::Replace);
    drive_until(&mut cloud, &mut driver, |cloud, _| cloud.named(STACK).is_some_and(|new| !new.busy()));
    assert!(cloud.operator_deletes_made());
    drive(&mut cloud, &mut driver);
    assert!(driver.halted.is_some());
    let run = resume(&mut cloud, How::RollBack).run;
    assert!(run.rebuilt.second.proven.is_some() && there(&cloud, STACK).works(cloud.now), "{}", why(&run));
    at_rest(&cloud);
}

#[test]
fn a_rollback_that_fails_is_loud_and_names_the_safety_backup() {
    for fates in
        [bad(2), Fates { create_fails: 2, ..Fates::default() }, Fates { create_denied: 99, ..Fates::default() }]
    {
        let mut cloud = online(fates);
        assert!(whole(&mut cloud, Kind::Replace).halted.is_some());
        let run = resume(&mut cloud, How::RollBack).run;
        assert!(run.ending.as_ref().unwrap().left_offline, "{fates:?}");
        assert!(hint(&run).contains(&format!("stacksnap restore {}", run.id)), "{}", hint(&run));
        at_rest(&cloud);
    }
}

#[test]
fn a_new_stack_that_cannot_be_deleted_stands_still_until_somebody_removes_the_cause() {
    for fates in [Fates { new_delete_fails: 3, ..bad(1) }, Fates { delete_denied: 0, ..bad(1) }] {
        let mut cloud = online(fates);
        whole(&mut cloud, Kind::Replace);
        if fates.new_delete_fails == 0 {
            cloud.fates.delete_denied = 5;
        }
        let driver = resume(&mut cloud, How::RollBack);
        let (asks, said) = driver.halted.expect("it stands still");
        assert!(!asks && said.contains("could not be deleted"), "{said}");
        let run = resume(&mut cloud, How::Resume).run;
        assert!(run.rebuilt.second.proven.is_some() && there(&cloud, STACK).works(cloud.now), "{}", why(&run));
        at_rest(&cloud);
    }
}

#[test]
fn a_rollback_that_stands_still_can_be_given_up_loudly() {
    let mut cloud = online(Fates { new_delete_fails: 9, ..bad(1) });
    whole(&mut cloud, Kind::Replace);
    resume(&mut cloud, How::RollBack);
    let driver = resume(&mut cloud, How::Abort);
    assert!(driver.halted.is_none(), "{:?}", driver.halted);
    assert!(driver.run.ending.as_ref().unwrap().left_offline && hint(&driver.run).contains(driver.run.id.as_str()));
    at_rest(&cloud);
}

#[test]
fn a_new_stack_that_does_not_verify_may_be_kept() {
    let mut cloud = online(bad(1));
    whole(&mut cloud, Kind::Replace);
    let run = resume(&mut cloud, How::Abort).run;
    assert!(run.ending.as_ref().unwrap().left_offline && hint(&run).contains(run.id.as_str()), "{}", hint(&run));
    assert!(cloud.named(STACK).is_some());
    at_rest(&cloud);
}

#[test]
fn a_new_stack_whose_cause_is_removed_verifies_after_all() {
    let mut cloud = online(bad(1));
    whole(&mut cloud, Kind::Replace);
    cloud.made[0].restore = RestoreFate::Completes;
    let run = resume(&mut cloud, How::Resume).run;
    assert!(run.rebuilt.first.proven.is_some() && !run.ending.as_ref().unwrap().left_offline, "{}", why(&run));
    at_rest(&cloud);
}

#[test]
fn a_rollback_whose_plan_is_lost_is_loud() {
    let mut cloud = online(bad(1));
    whole(&mut cloud, Kind::Replace);
    cloud.plans.clear();
    let run = resume(&mut cloud, How::RollBack).run;
    assert!(run.ending.as_ref().unwrap().left_offline && hint(&run).contains(run.id.as_str()), "{}", hint(&run));
    assert_ne!(outcome(&run), Outcome::Complete);
    at_rest(&cloud);
}
