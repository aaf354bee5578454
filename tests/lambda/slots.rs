//! Slots: deliveries come at least once, and may come late.

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::cloud::{Cloud, backup, slot, with};
use crate::machine::{End, execute};

#[track_caller]
fn one_run(cloud: &Cloud) {
    assert_eq!((cloud.times("CreateDBClusterSnapshot"), cloud.times("StartBackupJob")), (1, 1));
    assert_eq!(cloud.states(), ["complete"]);
    cloud.home("after one run");
}

#[test]
fn a_slot_that_is_delivered_again_after_its_run_is_not_run_again() {
    let cloud = Cloud::new();
    let mut function = cloud.watched();
    let event = with(&backup(), &json!({ "slot": slot(-50) }));
    execute(&cloud, &mut function, &event).ends(End::Done);
    // It has as long as it needs: what is over is only told of, and that takes one invocation.
    let mut function = cloud.function_for(Duration::from_secs(1));
    let again = execute(&cloud, &mut function, &event).ends(End::Done);
    assert_eq!((again.invocations, again.says("/report/outcome")), (1, "complete".into()));
    // Also when its record is gone meanwhile.
    cloud.forget();
    let again = execute(&cloud, &mut function, &event).ends(End::Done);
    assert_eq!(again.says("/report/message"), "there is a backup of this slot");
    one_run(&cloud);
    assert_eq!(cloud.told_states(), ["COMPLETE"]);
}

#[test]
fn a_slot_that_is_delivered_again_while_it_runs_is_one_run() {
    let cloud = Cloud::new();
    let mut function = cloud.watched();
    let event = with(&backup(), &json!({ "slot": slot(0) }));
    let first = function.invoke(&event).unwrap();
    let again = function.invoke(&event).unwrap();
    assert_eq!((&first["next"], &again["next"]), (&json!("wait"), &json!("wait")), "{again:#}");
    assert_eq!(first["run"]["id"], again["run"]["id"]);
    execute(&cloud, &mut function, &first["event"]).ends(End::Done);
    execute(&cloud, &mut function, &again["event"]).ends(End::Done);
    one_run(&cloud);
    assert_eq!(cloud.told_states(), ["COMPLETE"], "told once");
}

#[test]
fn a_slot_that_is_delivered_twice_at_once_is_one_run() {
    let cloud = Cloud::new();
    drop(cloud.watched());
    let event = with(&backup(), &json!({ "slot": slot(0) }));
    let functions = [cloud.function(), cloud.function()];
    let both: Vec<_> = thread::scope(|scope| {
        let drive = |mut function| {
            let (cloud, event) = (&cloud, &event);
            scope.spawn(move || execute(cloud, &mut function, event))
        };
        let both = functions.map(drive);
        both.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for one in both {
        one.ends(End::Done);
    }
    // Both drive it: what is asked for twice has one token, and is there once.
    assert_eq!(cloud.states(), ["complete"]);
    cloud.home("after one run");
    let told = cloud.told_states();
    assert!(!told.is_empty() && told.iter().all(|state| state == "COMPLETE"), "{told:?}");
}

#[test]
fn a_slot_that_comes_hours_late_is_passed_over_and_told() {
    let cloud = Cloud::new();
    let mut function = cloud.watched();
    let late = execute(&cloud, &mut function, &with(&backup(), &json!({ "slot": slot(-180) }))).ends(End::Done);
    assert!(late.says("/report/message").contains("180 minutes late"), "{:#}", late.answer);
    cloud.untouched();
    assert_eq!(cloud.told_states(), ["SKIPPED"]);
    let narrow = with(&backup(), &json!({ "slot": slot(-20), "lateAfter": "10m" }));
    execute(&cloud, &mut function, &narrow).ends(End::Done);
    assert_eq!(cloud.told_states(), ["SKIPPED", "SKIPPED"]);
    cloud.untouched();
}

#[test]
fn a_slot_that_comes_hours_late_is_run_where_the_schedule_says_so() {
    let cloud = Cloud::new();
    let mut function = cloud.watched();
    let event = with(&backup(), &json!({ "slot": slot(-180), "ifLate": "run" }));
    execute(&cloud, &mut function, &event).ends(End::Done);
    one_run(&cloud);
}

#[test]
fn a_slot_in_the_future_is_refused() {
    let cloud = Cloud::new();
    let mut function = cloud.watched();
    let ahead = execute(&cloud, &mut function, &with(&backup(), &json!({ "slot": slot(60) }))).ends(End::Failed);
    assert_eq!(ahead.says("/report/code"), "slot-ahead");
    cloud.untouched();
    assert_eq!(cloud.told_states(), ["FAILED"]);
}
