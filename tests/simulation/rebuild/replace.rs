//! `replace`: stories up to the deletion of the old stack, and of the driver that slept over it.

use stacksnap::engine::Action;
use stacksnap::model::StackStatus;
use stacksnap::model::run::{Kind, Mode, Outcome, Phase};

use super::{How, at_rest, begin, comes, drive, drive_until, drive_with, hint, online, resume, there, whole};
use crate::cloud::{Cloud, Durations, Fates, Maker, OLD_BACKUP, STACK, at};
use crate::driver::{Driver, Fine, Stage};
use crate::story::{outcome, why};

fn in_phase(phase: Phase) -> impl Fn(&Cloud, &Driver) -> bool {
    move |_, driver| driver.run.phase == phase && matches!(driver.stage, Stage::Look(_))
}

/// It has made sure that its look is fresh, and is about to ask for the deletion.
fn deletes(_: &Cloud, driver: &Driver) -> bool {
    let delete = |action: &Action| matches!(action, Action::DeleteStack { .. });
    matches!(&driver.stage, Stage::Act { actions, .. } if actions.first().is_some_and(delete))
}

fn deleting(cloud: &Cloud, _: &Driver) -> bool {
    cloud.status == StackStatus::DeleteInProgress
}

/// What is spoilt, by name.
type Spoilt = (&'static str, fn(&mut Cloud));

#[test]
fn a_stack_is_replaced_after_a_safety_backup() {
    let mut cloud = online(Fates::default());
    let run = whole(&mut cloud, Kind::Replace).run;
    assert_eq!(outcome(&run), Outcome::Complete, "{}", why(&run));
    assert!(cloud.gone() && there(&cloud, STACK).works(cloud.now) && there(&cloud, STACK).protected);
    assert!(cloud.snapshots[0].tags.contains_key("stacksnap:complete"), "the safety backup is complete");
    assert_eq!((cloud.made.len(), cloud.left.len()), (1, 0));
    at_rest(&cloud);
}

#[test]
fn a_stack_that_was_offline_is_replaced_likewise() {
    let mut cloud = Cloud::new(Mode::Offline, Durations::SHORT, Fates::default());
    super::prove(&mut cloud);
    let run = whole(&mut cloud, Kind::Replace).run;
    assert_eq!(outcome(&run), Outcome::Complete, "{}", why(&run));
    at_rest(&cloud);
}

#[test]
fn what_is_not_proven_protected_or_planned_is_refused_before_anything_is_touched() {
    let spoil: [Spoilt; 5] = [
        ("not drilled", |cloud| cloud.restored.drilled_point = None),
        ("not drilled", |cloud| {
            let long_ago = Some(at(-8 * 24 * 3_600_000));
            (cloud.restored.drilled_point, cloud.restored.drilled_snapshot) = (long_ago, long_ago);
        }),
        ("not complete", |cloud| cloud.restored.complete = false),
        ("protected", |cloud| cloud.protected = true),
        ("plan", |cloud| cloud.plans.clear()),
    ];
    for (reason, spoil) in spoil {
        let mut cloud = online(Fates::default());
        let mut driver = begin(&mut cloud, Kind::Replace);
        spoil(&mut cloud);
        drive(&mut cloud, &mut driver);
        assert_eq!(outcome(&driver.run), Outcome::Refused, "{reason}");
        assert!(why(&driver.run).contains(reason), "{reason}: {}", why(&driver.run));
        assert_eq!((cloud.touched, cloud.snapshots.len(), cloud.mode), (0, 0, Mode::Online));
        at_rest(&cloud);
    }
}

#[test]
fn a_proof_a_plan_or_a_safety_backup_that_is_lost_before_the_deletion_brings_the_stack_back() {
    let spoil: [Spoilt; 5] = [
        ("drilled", |cloud| cloud.restored.drilled_point = None),
        ("is not there", |cloud| cloud.restored.there = false),
        ("plan", |cloud| cloud.plans.clear()),
        ("half", |cloud| cloud.snapshots.clear()),
        ("protection", |cloud| cloud.protected = true),
    ];
    for (reason, spoil) in spoil {
        let mut cloud = online(Fates::default());
        let mut driver = begin(&mut cloud, Kind::Replace);
        drive_until(&mut cloud, &mut driver, in_phase(Phase::Deleting));
        spoil(&mut cloud);
        drive(&mut cloud, &mut driver);
        assert_eq!((outcome(&driver.run), cloud.mode, cloud.gone()), (Outcome::Failed, Mode::Online, false));
        assert!(why(&driver.run).contains(reason), "{reason}: {}", why(&driver.run));
        at_rest(&cloud);
    }
}

#[test]
fn a_replacement_that_is_given_up_at_any_moment_brings_the_stack_back_or_finishes() {
    for moment in (0..420_000).step_by(3_700) {
        let mut cloud = online(Fates::default());
        let mut driver = begin(&mut cloud, Kind::Replace);
        drive_with(&mut cloud, &mut driver, &mut Fine, |cloud, _| cloud.now >= moment);
        drop(driver);
        if let Some(mut driver) = comes(&mut cloud, How::Abort) {
            drive(&mut cloud, &mut driver);
            assert!(driver.halted.is_none(), "given up after {moment} ms: {:?}", driver.halted);
        }
        assert!(cloud.gone() || cloud.mode == Mode::Online, "given up after {moment} ms");
        at_rest(&cloud);
    }
}

#[test]
fn a_replacement_that_is_given_up_after_its_intent_leaves_the_stack_protected() {
    let mut cloud = online(Fates::default());
    let mut driver = begin(&mut cloud, Kind::Replace);
    drive_until(&mut cloud, &mut driver, |_, driver| driver.run.rebuilt.deleting.is_some());
    drive_until(&mut cloud, &mut driver, |_, driver| matches!(driver.stage, Stage::Look(_)));
    drop(driver);
    let run = resume(&mut cloud, How::Abort).run;
    assert_eq!(
        (outcome(&run), cloud.mode, cloud.gone(), cloud.protected),
        (Outcome::Aborted, Mode::Online, false, true)
    );
    assert!(run.warnings.iter().any(|warning| warning.contains("termination protection")), "{:?}", run.warnings);
    at_rest(&cloud);
}

#[test]
fn an_operator_who_turns_the_stack_on_after_the_safety_backup_keeps_it() {
    let mut cloud = online(Fates::default());
    let mut driver = begin(&mut cloud, Kind::Replace);
    drive_until(&mut cloud, &mut driver, in_phase(Phase::Deleting));
    assert!(cloud.operator(Mode::Online));
    drive(&mut cloud, &mut driver);
    assert_eq!((outcome(&driver.run), cloud.mode, cloud.gone()), (Outcome::Failed, Mode::Online, false));
    at_rest(&cloud);
}

#[test]
fn an_operator_whose_update_rolled_back_had_the_stack_on_for_a_while_and_keeps_it() {
    let mut cloud = online(Fates::default());
    let mut driver = begin(&mut cloud, Kind::Replace);
    drive_until(&mut cloud, &mut driver, in_phase(Phase::Deleting));
    assert!(cloud.operator_rolls_back());
    let ends = cloud.operation_ends().unwrap();
    cloud.advance(ends);
    // It is offline again, as after our own *off*; but somebody may have written meanwhile.
    driver.due = cloud.now + 120_000;
    drive(&mut cloud, &mut driver);
    assert_eq!((outcome(&driver.run), cloud.gone()), (Outcome::Failed, false), "{}", why(&driver.run));
    at_rest(&cloud);
}

#[test]
fn an_operator_who_makes_a_stack_of_the_name_after_the_deletion_keeps_it_untouched() {
    let mut cloud = online(Fates::default());
    let mut driver = begin(&mut cloud, Kind::Replace);
    drive_until(&mut cloud, &mut driver, |cloud, driver| cloud.gone() && matches!(driver.stage, Stage::Look(_)));
    assert!(cloud.operator_creates(STACK));
    let before = cloud.made.clone();
    drive(&mut cloud, &mut driver);
    let (asks, said) = driver.halted.clone().expect("it stands still");
    assert!(asks && said.contains("somebody else") && said.contains("--roll-back"), "{said}");
    assert_eq!(cloud.made, before);
    crate::judge::rebuild::at_rest(&cloud, Some(&said)).unwrap();
    // Not even the rollback touches it; that ends loudly.
    let run = resume(&mut cloud, How::RollBack).run;
    assert!(run.ending.as_ref().unwrap().left_offline && hint(&run).contains(run.id.as_str()), "{}", hint(&run));
    assert_eq!(cloud.made, before);
    at_rest(&cloud);
}

#[test]
fn once_the_operators_own_stack_is_gone_resume_goes_on() {
    let mut cloud = online(Fates::default());
    let mut driver = begin(&mut cloud, Kind::Replace);
    drive_until(&mut cloud, &mut driver, |cloud, driver| cloud.gone() && matches!(driver.stage, Stage::Look(_)));
    cloud.operator_creates(STACK);
    drive(&mut cloud, &mut driver);
    cloud.operator_deletes_own();
    let run = resume(&mut cloud, How::Resume).run;
    assert!(there(&cloud, STACK).of(run.id.as_str()) && run.rebuilt.first.proven.is_some(), "{}", why(&run));
    at_rest(&cloud);
}

#[test]
fn a_deletion_that_fails_stands_still_until_somebody_asks_for_it_again() {
    let mut cloud = online(Fates { delete_fails: 1, ..Fates::default() });
    let driver = whole(&mut cloud, Kind::Replace);
    let (asks, said) = driver.halted.expect("it stands still");
    assert!(!asks && said.contains("AppDb") && said.contains("safety backup"), "{said}");
    // A process that only drives on does not insist.
    assert!(resume(&mut cloud, How::On).halted.is_some());
    assert_eq!(cloud.status, StackStatus::DeleteFailed);
    let run = resume(&mut cloud, How::Resume).run;
    assert_eq!((outcome(&run), cloud.gone()), (Outcome::Complete, true), "{}", why(&run));
    at_rest(&cloud);
}

#[test]
fn a_deletion_that_failed_can_be_given_up_loudly() {
    let mut cloud = online(Fates { delete_fails: 1, ..Fates::default() });
    whole(&mut cloud, Kind::Replace);
    let driver = resume(&mut cloud, How::Abort);
    assert!(driver.halted.is_none(), "{:?}", driver.halted);
    let ending = driver.run.ending.as_ref().unwrap();
    assert!(ending.left_offline && hint(&driver.run).contains(driver.run.id.as_str()), "{ending:?}");
    at_rest(&cloud);
}

#[test]
fn a_deletion_that_is_denied_brings_the_stack_back() {
    let mut cloud = online(Fates { delete_denied: 200, ..Fates::default() });
    let run = whole(&mut cloud, Kind::Replace).run;
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Failed, Mode::Online), "{}", why(&run));
    at_rest(&cloud);
}

#[test]
fn create_stack_that_was_denied_is_asked_for_again_when_somebody_says_so() {
    let mut cloud = online(Fates { create_denied: 3, ..Fates::default() });
    let driver = whole(&mut cloud, Kind::Replace);
    assert!(driver.halted.is_some());
    let run = resume(&mut cloud, How::Resume).run;
    assert!(run.rebuilt.first.proven.is_some() && there(&cloud, STACK).works(cloud.now), "{}", why(&run));
    at_rest(&cloud);
}

#[test]
fn a_machine_that_sleeps_before_it_deletes_looks_again_first() {
    let mut cloud = online(Fates::default());
    let mut sleeper = begin(&mut cloud, Kind::Replace);
    drive_until(&mut cloud, &mut sleeper, deletes);
    assert!(cloud.operator(Mode::Online));
    sleeper.due = cloud.now + 3 * 3_600_000;
    drive(&mut cloud, &mut sleeper);
    assert_eq!((outcome(&sleeper.run), cloud.mode, cloud.gone()), (Outcome::Failed, Mode::Online, false));
    at_rest(&cloud);
}

/// The one thing that CloudFormation cannot check: a DeleteStack that was sent late.
#[test]
fn a_late_delete_stack_is_refused_once_the_run_was_given_up() {
    let mut cloud = online(Fates::default());
    let mut sleeper = begin(&mut cloud, Kind::Replace);
    sleeper.late = true;
    drive_until(&mut cloud, &mut sleeper, deletes);
    resume(&mut cloud, How::Abort);
    assert_eq!((cloud.mode, cloud.protected), (Mode::Online, true));
    sleeper.due = cloud.now + 3 * 3_600_000;
    drive(&mut cloud, &mut sleeper);
    assert_eq!((cloud.mode, cloud.gone()), (Mode::Online, false), "termination protection refused it");
    at_rest(&cloud);
}

#[test]
fn a_late_delete_stack_does_not_delete_the_new_stack_of_the_name() {
    let mut cloud = online(Fates::default());
    let mut sleeper = begin(&mut cloud, Kind::Replace);
    sleeper.late = true;
    drive_until(&mut cloud, &mut sleeper, deletes);
    let run = resume(&mut cloud, How::Resume).run;
    assert_eq!(outcome(&run), Outcome::Complete, "{}", why(&run));
    // Nobody protects it any more: only its ARN does.
    cloud.made[0].protected = false;
    sleeper.due = cloud.now + 3 * 3_600_000;
    drive(&mut cloud, &mut sleeper);
    assert!(there(&cloud, STACK).works(cloud.now));
    at_rest(&cloud);
}

#[test]
fn the_process_dies_between_the_deletion_and_the_creation_and_resume_finishes_it() {
    let mut cloud = online(Fates::default());
    let mut driver = begin(&mut cloud, Kind::Replace);
    drive_until(&mut cloud, &mut driver, deleting);
    drop(driver);
    let later = cloud.now + 5 * 3_600_000;
    cloud.advance(later);
    assert!(cloud.gone());
    let run = resume(&mut cloud, How::Resume).run;
    assert_eq!(outcome(&run), Outcome::Complete, "{}", why(&run));
    let new = there(&cloud, STACK).new.as_ref().unwrap();
    assert_eq!(new.parameter("RestoreSnapshot"), Some(OLD_BACKUP));
    at_rest(&cloud);
}

#[test]
fn a_record_that_is_lost_after_the_deletion_does_not_stop_the_process_that_drives_it() {
    let mut cloud = online(Fates::default());
    let mut driver = begin(&mut cloud, Kind::Replace);
    drive_until(&mut cloud, &mut driver, deleting);
    cloud.records.clear();
    drive(&mut cloud, &mut driver);
    let made = there(&cloud, STACK);
    assert!(matches!(&made.maker, Maker::Run(_)) && made.works(cloud.now), "{}", why(&driver.run));
}

#[test]
fn a_stack_that_its_operator_deletes_himself_is_replaced_all_the_same() {
    let mut cloud = online(Fates::default());
    let mut driver = begin(&mut cloud, Kind::Replace);
    drive_until(&mut cloud, &mut driver, in_phase(Phase::Deleting));
    assert!(cloud.operator_deletes());
    drive(&mut cloud, &mut driver);
    assert!(there(&cloud, STACK).works(cloud.now), "{}", why(&driver.run));
    at_rest(&cloud);
}
