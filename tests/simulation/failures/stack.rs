//! CloudFormation: what it refuses, rolls back, shows late or forgets, and what others do to the stack.

use stacksnap::engine::{Action, NewChangeSet, Observation, Rescue};
use stacksnap::model::run::{Kind, Mode, Outcome, Run};
use stacksnap::model::{RefusalKind, Switch};

use super::{Answers, Sees, backup_with, comes_home, dies_when, record};
use crate::cloud::{Cloud, Fates, Millis, PARAMETER, refusal};
use crate::driver::{self, Driver, Stage};
use crate::judge;
use crate::story::{BACKUP, backup, capturing, drive, drive_until, online, outcome, sentinel, why, with_operator};

/// About to ask for the change set that switches so.
fn about_to_make(driver: &Driver, switch: Switch) -> bool {
    let makes = |action: &Action| matches!(action, Action::CreateChangeSet(set) if set.switch == switch);
    matches!(&driver.stage, Stage::Act { actions, .. } if actions.iter().any(makes))
}

#[test]
fn fm_17_an_update_that_would_change_nothing_is_no_failure() {
    let mut cloud = Cloud::new(Mode::Offline, crate::cloud::Durations::SHORT, Fates::default());
    let mut driver = driver::begin(&mut cloud, Kind::Online).unwrap();
    drive_until(&mut cloud, &mut driver, |_, driver| about_to_make(driver, Switch::On));
    // The operator is quicker: the change set will say that it contains no changes.
    assert!(cloud.operator(Mode::Online));
    let ends = cloud.operation_ends().unwrap();
    cloud.advance(ends);
    drive(&mut cloud, &mut driver);
    assert_eq!((outcome(&driver.run), cloud.mode), (Outcome::Complete, Mode::Online), "{}", why(&driver.run));
    assert!(cloud.sets.is_empty(), "cleaned up");
}

#[test]
fn fm_17_an_operator_who_was_quicker_to_turn_it_off_is_left_alone() {
    let mut cloud = online(Fates::default());
    let run = with_operator(&mut cloud, Mode::Offline, |_, driver| about_to_make(driver, Switch::Off));
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Failed, Mode::Offline), "{}", why(&run));
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn fm_19_an_update_of_somebody_else_is_under_way_and_nothing_is_touched() {
    let mut cloud = online(Fates::default());
    assert!(cloud.operator(Mode::Online));
    let run = backup(&mut cloud);
    assert_eq!(outcome(&run), Outcome::Refused);
    assert!(why(&run).contains("UPDATE_IN_PROGRESS"), "{}", why(&run));
    assert_eq!(cloud.effects, 1, "the operator's own");
}

#[test]
fn fm_25_an_operator_who_wants_it_offline_after_a_crash_is_asked_not_overruled() {
    for lost in [true, false] {
        let mut cloud = online(Fates::default());
        dies_when(&mut cloud, capturing);
        if lost {
            cloud.records.clear();
            cloud.lock = None;
        }
        for _ in 0..2 {
            assert!(cloud.operator(Mode::Offline));
            let later = cloud.now + 600_000;
            cloud.advance(later);
        }
        let rescue = sentinel(&mut cloud);
        assert_eq!(cloud.mode, Mode::Offline, "nobody guesses");
        assert!(matches!(rescue, Rescue::Ask { foreign: 2, .. }), "{rescue:?}");
        if !lost {
            let ending = record(&cloud).ending.clone().unwrap();
            assert!(ending.left_offline && ending.hint.unwrap().contains("stacksnap online my-hub"));
        }
    }
}

#[test]
fn fm_25_one_update_of_somebody_else_after_a_crash_is_no_wish_to_stay_offline() {
    let mut cloud = online(Fates::default());
    dies_when(&mut cloud, capturing);
    cloud.records.clear();
    cloud.lock = None;
    assert!(cloud.operator(Mode::Offline));
    let later = cloud.now + 600_000;
    cloud.advance(later);
    comes_home(&mut cloud);
}

#[test]
fn fm_26_another_tool_deploys_at_any_moment_of_the_run() {
    for mode in [Mode::Online, Mode::Offline] {
        for moment in (0..240_000).step_by(4_000) {
            let mut cloud = online(Fates::default());
            let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
            drive_until(&mut cloud, &mut driver, |cloud, _| cloud.now >= moment);
            let acted = cloud.operator(mode);
            drive(&mut cloud, &mut driver);
            // Success only behind the fence is looked at after every step; here: how it ends.
            judge::at_rest(&cloud, Mode::Online).unwrap_or_else(|broken| panic!("{mode} at {moment}: {broken}"));
            assert!(acted || outcome(&driver.run) == Outcome::Complete, "{mode} at {moment}: {}", why(&driver.run));
        }
    }
}

/// Every change set that a backup asks for.
fn change_sets() -> Vec<NewChangeSet> {
    let mut cloud = online(Fates::default());
    let mut all = Vec::new();
    let run = backup_with(
        &mut cloud,
        &mut Answers(|cloud: &mut Cloud, action: &Action| {
            if let Action::CreateChangeSet(set) = action {
                all.push(set.clone());
            }
            cloud.perform(action)
        }),
    );
    assert_eq!(outcome(&run), Outcome::Complete);
    assert_eq!(all.iter().map(|set| set.switch).collect::<Vec<_>>(), [Switch::Off, Switch::On]);
    all
}

#[test]
fn fm_30_a_masked_parameter_is_kept_and_its_mask_never_sent() {
    for set in change_sets() {
        assert!(set.keep.contains(&"AdminPassword".to_owned()), "by UsePreviousValue");
        assert!(!format!("{set:?}").contains("****"));
        assert_eq!((set.key.as_str(), set.keep.len()), (PARAMETER, 2), "one explicit value, every other key kept");
    }
}

#[test]
fn fm_33_the_capabilities_are_the_stacks_own_and_what_updates_of_nested_stacks_need() {
    for set in change_sets() {
        assert_eq!(set.capabilities, ["CAPABILITY_AUTO_EXPAND", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]);
    }
}

#[test]
fn fm_34_an_execution_whose_answer_was_lost_is_not_a_second_one() {
    let mut cloud = online(Fates::default());
    let run = backup_with(
        &mut cloud,
        &mut Answers(|cloud: &mut Cloud, action: &Action| {
            let answer = cloud.perform(action);
            match action {
                Action::ExecuteChangeSet { .. } => Err(refusal(RefusalKind::Transient, "the answer is lost")),
                _ => answer,
            }
        }),
    );
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Complete, Mode::Online), "{}", why(&run));
    let history = cloud.history();
    let own = |switch| history.own(&run.id, switch).count();
    assert_eq!((own(Switch::Off), own(Switch::On)), (1, 1));
}

/// Reads are `lag` milliseconds old: the stack alone, or everything that CloudFormation shows.
fn reads_late(lag: Millis, stack_only: bool) -> (Cloud, Run) {
    let mut cloud = online(Fates::default());
    let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
    let mut past = vec![cloud.clone()];
    while !driver.over() {
        cloud.advance(driver.due);
        past.push(cloud.clone());
        let old = past.iter().rev().find(|old| old.now <= cloud.now - lag).unwrap_or(&past[0]).clone();
        driver.go(
            &mut cloud,
            &mut Sees(|seen: &mut Observation, run: &Run| {
                let late = old.clone().observe(run, seen.look);
                if seen.look.stack {
                    seen.stack = late.stack;
                }
                if !stack_only {
                    (seen.history, seen.change_sets) = (late.history, late.change_sets);
                }
            }),
        );
        judge::always(&cloud).unwrap();
    }
    (cloud, driver.run)
}

#[test]
fn fm_40_reads_that_are_late_by_half_a_minute_switch_nothing_twice() {
    for lag in (0..32_000).step_by(1_000) {
        for stack_only in [true, false] {
            let (cloud, run) = reads_late(lag, stack_only);
            let said = format!("{lag} ms late, {stack_only}: {}", why(&run));
            assert_eq!((outcome(&run), cloud.mode), (Outcome::Complete, Mode::Online), "{said}");
            let history = cloud.history();
            let own = |switch| history.own(&run.id, switch).count();
            assert_eq!((own(Switch::Off), own(Switch::On)), (1, 1), "{said}");
        }
    }
}

#[test]
fn fm_41_a_history_that_is_gone_is_no_proof_and_the_user_is_told() {
    let mut cloud = online(Fates::default());
    dies_when(&mut cloud, capturing);
    cloud.forget_history();
    let (_, driver) = driver::resume(&mut cloud);
    let mut driver = driver.unwrap();
    drive(&mut cloud, &mut driver);
    let run = driver.run;
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Inconsistent, Mode::Offline), "{}", why(&run));
    assert!(why(&run).contains("nothing proves"), "{}", why(&run));
    let ending = run.ending.unwrap();
    assert!(ending.left_offline && ending.hint.unwrap().contains("stacksnap online my-hub"));
}
