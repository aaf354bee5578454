//! The process: it dies, sleeps, is started twice, or is one tick long.

use stacksnap::engine::{Action, Rescue, rescue, unlocked};
use stacksnap::model::run::{Lock, Mode, Outcome, Phase};
use stacksnap::model::tags::COMPLETE;
use stacksnap::model::{RefusalKind, Seen, Switch};

use super::{Answers, backup_with, comes_home, dies_when, drive_with, record, steps};
use crate::cloud::{Cloud, Fates, Half, at, refusal};
use crate::driver::{self, Driver, Fine, Stage, offline_switch};
use crate::judge;
use crate::story::{BACKUP, capturing, drive, online, outcome, sentinel};

fn switching(cloud: &Cloud, switch: Switch) -> bool {
    cloud.own_operation().is_some_and(|token| token.switch == switch)
}

/// The run was driven on to two halves, one of each.
#[track_caller]
fn one_complete_pair(cloud: &Cloud) {
    assert_eq!(outcome(record(cloud)), Outcome::Complete);
    assert_eq!((cloud.snapshots.len(), cloud.jobs.len()), (1, 1));
}

#[test]
fn fm_01_dies_right_after_off_was_sent_and_comes_home() {
    for lost in [false, true] {
        let mut cloud = online(Fates::default());
        dies_when(&mut cloud, |cloud, _| switching(cloud, Switch::Off));
        if lost {
            cloud.records.clear();
            cloud.lock = None;
        }
        comes_home(&mut cloud);
        assert_eq!(cloud.snapshots.len(), usize::from(!lost), "driven on, or only brought home");
    }
}

#[test]
fn fm_02_dies_after_off_completed_and_before_any_half_was_asked_for() {
    for lost in [false, true] {
        let mut cloud = online(Fates::default());
        let there = |cloud: &Cloud, _: &Driver| cloud.mode == Mode::Offline && !cloud.busy();
        dies_when(&mut cloud, there);
        assert!(cloud.jobs.is_empty() && cloud.snapshots.is_empty());
        if lost {
            cloud.records.clear();
            cloud.lock = None;
        }
        comes_home(&mut cloud);
    }
}

#[test]
fn fm_03_dies_between_start_backup_job_and_noting_its_id() {
    let mut cloud = online(Fates::default());
    dies_when(&mut cloud, |cloud, driver| cloud.jobs.len() == 1 && matches!(driver.stage, Stage::Act { .. }));
    assert!(record(&cloud).files.is_none(), "the id is not on record");
    comes_home(&mut cloud);
    one_complete_pair(&cloud);
    assert_eq!(record(&cloud).files.as_ref().unwrap().id, cloud.jobs[0].id);
}

#[test]
fn fm_04_a_snapshot_whose_answer_was_lost_is_adopted() {
    let mut cloud = online(Fates::default());
    let mut lost = 0;
    let run = backup_with(
        &mut cloud,
        &mut Answers(|cloud: &mut Cloud, action: &Action| {
            let answer = cloud.perform(action);
            if matches!(action, Action::CreateSnapshot { .. }) {
                lost += 1;
                return Err(refusal(RefusalKind::Transient, "the answer is lost"));
            }
            answer
        }),
    );
    assert_eq!(outcome(&run), Outcome::Complete);
    assert!(lost >= 1);
    one_complete_pair(&cloud);
}

#[test]
fn fm_04_dies_between_the_two_halves() {
    let mut cloud = online(Fates::default());
    dies_when(&mut cloud, |cloud, _| cloud.snapshots.len() == 1 && cloud.jobs.is_empty());
    comes_home(&mut cloud);
    one_complete_pair(&cloud);
}

#[test]
fn fm_05_dies_when_both_halves_are_complete_and_the_backup_is_still_good() {
    let mut cloud = online(Fates::default());
    dies_when(&mut cloud, capturing);
    let later = cloud.now + 1_000_000;
    cloud.advance(later);
    assert_eq!(cloud.mode, Mode::Offline);
    comes_home(&mut cloud);
    one_complete_pair(&cloud);
}

#[test]
fn fm_06_dies_after_on_was_sent_and_the_same_backup_is_reported() {
    let mut cloud = online(Fates::default());
    dies_when(&mut cloud, |cloud, _| switching(cloud, Switch::On));
    comes_home(&mut cloud);
    one_complete_pair(&cloud);
    // Whoever asks again is told that there is nothing to do.
    assert_eq!(sentinel(&mut cloud), Rescue::Nothing);
    one_complete_pair(&cloud);
}

#[test]
fn fm_08_a_run_that_is_delivered_three_times_makes_one_pair() {
    let mut cloud = online(Fates::default());
    let first = driver::begin(&mut cloud, BACKUP).unwrap();
    assert!(driver::begin(&mut cloud, BACKUP).is_none(), "the stack is held");
    let again = |late| Driver::new(first.run.clone(), late);
    let mut all = [again(700), first.clone(), again(1_900)];
    while let Some(next) = all.iter_mut().filter(|driver| !driver.over()).min_by_key(|driver| driver.due) {
        cloud.advance(next.due);
        next.go(&mut cloud, &mut Fine);
        judge::always(&cloud).unwrap();
    }
    assert!(all.iter().all(|driver| outcome(&driver.run) == Outcome::Complete));
    one_complete_pair(&cloud);
    assert_eq!(cloud.mode, Mode::Online);
}

#[test]
fn fm_09_a_run_whose_every_tick_is_a_process_of_its_own_is_complete() {
    let mut cloud = online(Fates::default());
    driver::begin(&mut cloud, BACKUP).unwrap();
    for _ in 0..1_000 {
        // Nothing but the record is handed on.
        let mut driver = Driver::new(record(&cloud).clone(), cloud.now);
        loop {
            driver.go(&mut cloud, &mut Fine);
            if matches!(driver.stage, Stage::Look(_) | Stage::Over) {
                break;
            }
        }
        judge::always(&cloud).unwrap();
        cloud.advance(driver.due);
        if record(&cloud).ended() && cloud.lock.is_none() {
            break;
        }
    }
    one_complete_pair(&cloud);
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn fm_10_whoever_drove_it_was_stopped_by_hand_in_any_phase() {
    for phase in [Phase::Preflight, Phase::GoingOffline, Phase::Capturing, Phase::Resuming, Phase::Verifying] {
        let mut cloud = online(Fates::default());
        dies_when(&mut cloud, |_, driver| driver.run.phase == phase);
        comes_home(&mut cloud);
        assert_eq!(outcome(record(&cloud)), Outcome::Complete, "stopped in {phase}");
    }
}

#[test]
fn fm_12_a_laptop_that_sleeps_for_six_hours_undoes_nothing_when_it_wakes() {
    for count in 0.. {
        let mut cloud = online(Fates::default());
        let mut sleeper = driver::begin(&mut cloud, BACKUP).unwrap();
        if steps(&mut cloud, &mut sleeper, count) {
            assert!(count > 40, "{count} moments tried");
            return;
        }
        comes_home(&mut cloud);
        let effects = cloud.effects;
        let morning = cloud.now + 6 * 3_600_000;
        cloud.advance(morning);
        drive_with(&mut cloud, &mut sleeper, &mut Fine);
        comes_home(&mut cloud);
        // Its late save may have put the record back, and the run may have been judged anew, without what
        // proved it; what was made stays, and is not made twice.
        assert_eq!((cloud.snapshots.len(), cloud.jobs.len()), (1, 1), "slept after {count} steps");
        let marked = |half: &Half| half.tags.contains_key(COMPLETE);
        assert!(cloud.snapshots.iter().chain(&cloud.jobs).all(marked), "slept after {count} steps");
        // At most what a compare-and-swap then refuses, or a tag written twice.
        assert!(cloud.effects - effects <= 3, "slept after {count} steps: {} effects", cloud.effects - effects);
    }
}

#[test]
fn fm_12_a_stack_that_the_operator_took_offline_meanwhile_is_not_turned_on_by_a_sleeper() {
    for count in (0..400).step_by(3) {
        let mut cloud = online(Fates::default());
        let mut sleeper = driver::begin(&mut cloud, BACKUP).unwrap();
        if steps(&mut cloud, &mut sleeper, count) {
            return;
        }
        comes_home(&mut cloud);
        assert!(cloud.operator(Mode::Offline));
        let morning = cloud.now + 6 * 3_600_000;
        cloud.advance(morning);
        drive(&mut cloud, &mut sleeper);
        assert_eq!(cloud.mode, Mode::Offline, "slept after {count} steps");
    }
}

/// `begin` says "nothing was begun" where it cannot save the record; the record may be there all the
/// same, its answer lost.
#[test]
fn a_record_that_was_never_acknowledged_is_ended_and_never_begun() {
    let mut cloud = online(Fates::default());
    driver::begin(&mut cloud, BACKUP).unwrap();
    cloud.lock = None;
    assert_eq!(driver::resume(&mut cloud).0, Rescue::Wait, "it may be beginning just now");
    let later = cloud.now + 600_000;
    cloud.advance(later);
    sentinel(&mut cloud);
    assert_eq!(outcome(record(&cloud)), Outcome::Aborted);
    assert!(cloud.snapshots.is_empty() && cloud.jobs.is_empty() && cloud.sets.is_empty());
    assert_eq!(cloud.history().operations.len(), 1, "the stack was not touched");
}

#[test]
fn a_run_that_has_begun_is_driven_on_though_its_lock_is_gone() {
    let mut cloud = online(Fates::default());
    dies_when(&mut cloud, capturing);
    cloud.lock = None;
    assert!(!unlocked(record(&cloud).clone()).abort);
    comes_home(&mut cloud);
    assert_eq!(outcome(record(&cloud)), Outcome::Complete);
}

#[test]
fn fm_28_the_record_of_an_earlier_stack_of_the_name_is_not_driven() {
    let mut cloud = online(Fates::default());
    dies_when(&mut cloud, capturing);
    let old = record(&cloud).clone();
    let mut anew = Cloud::new(Mode::Offline, cloud.took, Fates::default()).stack();
    anew.id.push_str("-of-today");
    let (lock, now) = (Seen::<Lock>::Missing, at(cloud.now));
    let history = Cloud::new(Mode::Offline, cloud.took, Fates::default()).history();
    assert_eq!(rescue(&lock, &[old], &anew, &history, &offline_switch(), now), Rescue::Nothing);
}
