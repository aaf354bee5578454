//! `{"action":"sentinel"}`: nobody drives a run, and the stack comes home all the same.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use stacksnap_sandbox::seeds;

use crate::cloud::{Cloud, STACK, backup, slot, text, with};
use crate::machine::{End, Execution, execute};

/// The sentinel's schedule, until an execution finds nothing any more.
pub(crate) fn bring_home(cloud: &Cloud) {
    let mut function = cloud.function();
    for _ in 0..5 {
        let night = execute(cloud, &mut function, &json!({ "action": "sentinel" })).ends(End::Done);
        if night.answer["report"]["driven"] == json!([]) && night.invocations == 1 {
            return;
        }
    }
    panic!("the sentinel always finds something");
}

/// One execution.
fn look(cloud: &Cloud) -> Execution {
    execute(cloud, &mut cloud.function(), &json!({ "action": "sentinel" })).ends(End::Done)
}

/// A backup whose function dies when AWS has done `operation` for it, and nobody catches that.
fn died_at(cloud: &Cloud, operation: &str) {
    let mut function = cloud.watched();
    let mut answer = function.invoke(&with(&backup(), &json!({ "slot": slot(0) }))).unwrap();
    while cloud.times(operation) == 0 {
        answer = function.invoke(&answer["event"]).unwrap();
    }
}

#[test]
fn its_mark_shows_in_status() {
    let cloud = Cloud::new();
    let before = cloud.run(&["status"]).ends(0).out;
    assert!(before.contains("nobody watches"), "{before}");
    assert_eq!(look(&cloud).says("/report/stacks"), "1");
    let status = cloud.run(&["status", "-o", "json"]).ends(0).json();
    let line = &status["sentinels"][0];
    assert_eq!((text(line, "/by"), &line["watching"], &line["everyS"]), ("nightly".into(), &json!(true), &json!(300)));
    assert_eq!(text(line, "/scope"), STACK);
    let shown = cloud.run(&["status"]).ends(0).out;
    assert!(shown.contains("nightly looked") && shown.contains(STACK), "{shown}");
}

#[test]
fn a_run_whose_driver_lives_is_left_alone() {
    let cloud = Cloud::new();
    died_at(&cloud, "ExecuteChangeSet");
    let found = look(&cloud);
    assert_eq!((found.invocations, &found.answer["report"]["driven"]), (1, &json!([])), "its driver may live");
}

#[test]
fn a_backup_whose_function_died_is_completed() {
    let cloud = Cloud::new();
    died_at(&cloud, "StartBackupJob");
    cloud.forsake();
    let driven = look(&cloud);
    assert_eq!(driven.answer["report"]["driven"].as_array().map(Vec::len), Some(1), "{:#}", driven.answer);
    cloud.home("after the sentinel");
    assert_eq!((cloud.states(), cloud.told_states()), (vec!["complete".to_owned()], vec!["COMPLETE".to_owned()]));
    assert_eq!(cloud.metric("Complete"), [1.0]);
}

#[test]
fn a_backup_that_was_begun_with_no_wait_is_completed() {
    let cloud = Cloud::new();
    drop(cloud.watched());
    let begun = cloud.run(&["backup", STACK, "--no-wait", "--settle", "0s", "-o", "json"]).ends(0).json();
    assert_eq!(cloud.mode(), "online", "nothing is done yet");
    look(&cloud);
    cloud.home("after the sentinel");
    assert_eq!((cloud.broken(&text(&begun, "/id")), cloud.states()), (0, vec!["complete".to_owned()]));
}

#[test]
fn a_backup_whose_time_is_up_is_handed_over_and_completed() {
    let cloud = Cloud::new();
    drop(cloud.watched());
    let line = ["backup", STACK, "--timeout", "1s", "--settle", "2s", "-o", "json"];
    let ran = cloud.run(&line).ends(5);
    assert!(ran.err.contains("goes on without this process"), "{}", ran.err);
    look(&cloud);
    cloud.home("after the sentinel");
    assert_eq!(cloud.states(), ["complete"]);
}

#[test]
fn a_stack_whose_run_was_lost_comes_home_as_its_history_tells() {
    let cloud = Cloud::new();
    died_at(&cloud, "StartBackupJob");
    cloud.forget();
    assert_eq!(cloud.mode(), "offline");
    look(&cloud);
    cloud.home("after the debt was paid");
    look(&cloud);
    assert!(cloud.metric("OfflineFor").last() == Some(&0.0), "{:?}", cloud.metric("OfflineFor"));
}

#[test]
fn what_cannot_be_told_is_not_guessed_and_asked_once_an_hour() {
    let cloud = Cloud::new();
    died_at(&cloud, "StartBackupJob");
    cloud.forget();
    cloud.operator();
    cloud.operator();
    let changed = cloud.times("CreateChangeSet");
    for _ in 0..3 {
        let found = look(&cloud);
        assert!(found.says("/report/troubled").contains(STACK), "{:#}", found.answer);
    }
    assert_eq!((cloud.mode(), cloud.times("CreateChangeSet")), ("offline".to_owned(), changed), "nobody guesses");
    assert_eq!(cloud.told_states(), ["LEFT_OFFLINE"], "told once");
    assert!(cloud.told()[0].2.to_string().contains("stacksnap online"), "{:#?}", cloud.told());
    // An hour later it is told again.
    let (name, hour) = ("/stacksnap/.sentinels/nightly", jiff::SignedDuration::from_mins(61));
    let before = (jiff::Timestamp::now() - hour).to_string();
    cloud.put(name, &with(&cloud.parameter(name), &json!({ "troubled": { STACK: before } })));
    look(&cloud);
    assert_eq!(cloud.told_states(), ["LEFT_OFFLINE", "LEFT_OFFLINE"]);
    let status = cloud.run(&["status"]).ends(0).out;
    assert!(status.contains("cannot help") && status.contains(STACK), "{status}");
}

#[test]
fn several_stacks_come_home_in_one_execution() {
    let names = ["a-hub", "b-hub", "c-hub"];
    let cloud = Cloud::with(&names.map(seeds::hubs));
    cloud.set("STACKSNAP_STACKS", &names.join(","));
    drop(cloud.watched());
    let begin = |name: &&str| cloud.run(&["backup", name, "--no-wait", "--settle", "0s", "--quiet"]).ends(0);
    names.iter().for_each(|name| drop(begin(name)));
    let night = look(&cloud);
    assert!(night.says("/report/driven").contains("-hub-2"), "{:#}", night.answer);
    let modes = names.map(|name| cloud.run(&["inspect", name, "--query", "mode"]).out.trim().to_owned());
    assert_eq!((modes, cloud.states().len()), (["online", "online", "online"].map(str::to_owned), 3));
    assert_eq!(cloud.told_states(), ["COMPLETE"; 3]);
}

#[test]
fn two_sentinels_at_once_do_no_harm() {
    let cloud = Cloud::new();
    died_at(&cloud, "StartBackupJob");
    cloud.forget();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| drop(execute(&cloud, &mut cloud.function(), &json!({ "action": "sentinel" }))));
        }
    });
    bring_home(&cloud);
    cloud.home("after two sentinels");
}

#[test]
fn a_sentinel_that_is_killed_leaves_what_the_next_one_finds() {
    let cloud = Cloud::new();
    died_at(&cloud, "StartBackupJob");
    cloud.forsake();
    let mut function = cloud.function();
    let begun = function.invoke(&json!({ "action": "sentinel" })).unwrap();
    assert_eq!(begun["next"], "wait", "{begun:#}");
    function.end();
    // An abort of a sentinel's look gives nothing up.
    let abort: Value = json!({ "action": "abort", "event": begun["event"] });
    execute(&cloud, &mut cloud.function(), &abort).ends(End::Done);
    thread::sleep(Duration::from_millis(20));
    cloud.forsake();
    look(&cloud);
    cloud.home("after the second sentinel");
    assert_eq!(cloud.states(), ["complete"]);
}

#[test]
fn a_sentinel_that_is_not_allowed_to_see_is_no_sentinel() {
    let cloud = Cloud::new();
    cloud.limit(&json!({ "Statement": [{ "Effect": "Allow", "Action": ["sns:Publish"], "Resource": "*" }] }));
    let failed = execute(&cloud, &mut cloud.function(), &json!({ "action": "sentinel" })).ends(End::Failed);
    assert!(failed.says("/report/message").contains("cloudformation:DescribeStacks"), "{:#}", failed.answer);
    let status = cloud.run(&["status"]).ends(0).out;
    assert!(status.contains("nobody watches"), "{status}");
}
