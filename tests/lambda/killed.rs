//! The function is killed at any request of a backup. Whoever comes next brings the stack home.

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;

use crate::cloud::{Cloud, backup, slot, with};
use crate::machine::{End, execute};
use crate::runtime::Function;
use crate::sentinel::bring_home;

/// Requests of a backup through the function: beyond these none is killed.
const LAST: usize = 140;

impl Cloud {
    /// Kills the process when AWS has done what its `number`th request asked for; the answer is never heard.
    fn kill_at(&self, number: usize, function: &Function) {
        let (pid, count, done) = (function.pid().to_string(), AtomicUsize::new(0), AtomicBool::new(false));
        self.sandbox.on_request(move |_, _| {
            if count.fetch_add(1, Ordering::SeqCst) + 1 == number && !done.swap(true, Ordering::SeqCst) {
                drop(Command::new("kill").args(["-9", &pid]).status());
            }
        });
    }
}

/// Many points, each `step`th from `first` on.
fn points(first: usize, step: usize) -> impl Iterator<Item = usize> {
    (first..=LAST).step_by(step)
}

fn caught(first: usize) {
    for number in points(first, 24) {
        let cloud = Cloud::new();
        let mut function = cloud.watched();
        cloud.kill_at(number, &function);
        let event = with(&backup(), &json!({ "slot": slot(0) }));
        let night = execute(&cloud, &mut function, &event);
        if night.end == End::Done {
            // It was over before.
            assert_eq!(cloud.states()[0], "complete");
        }
        if cloud.records().is_empty() {
            // Between the lock and the record: nothing was begun, and the sentinel drops the lock once it is five minutes old.
            cloud.unlock();
        }
        cloud.home(&format!("killed at request {number}: {:?}", night.end));
        assert!(cloud.times("CreateDBClusterSnapshot") <= 1 && cloud.times("StartBackupJob") <= 1);
        assert!(night.invocations < 120, "killed at {number}: {} invocations", night.invocations);
    }
}

#[test]
fn whatever_request_it_is_killed_at_the_state_machine_brings_the_stack_home() {
    caught(1);
}

#[test]
fn whatever_request_it_is_killed_at_the_state_machine_brings_the_stack_home_2() {
    caught(9);
}

#[test]
fn whatever_request_it_is_killed_at_the_state_machine_brings_the_stack_home_3() {
    caught(17);
}

/// No Catch: the state machine is stopped, or there is none.
fn forsaken(first: usize) {
    for number in points(first, 24) {
        let cloud = Cloud::new();
        let mut function = cloud.watched();
        cloud.kill_at(number, &function);
        let mut event = with(&backup(), &json!({ "slot": slot(0) }));
        while let Ok(answer) = function.invoke(&event) {
            event = answer["event"].clone();
            if answer["next"] != "wait" {
                break;
            }
        }
        cloud.forsake();
        bring_home(&cloud);
        cloud.home(&format!("killed at request {number}"));
        assert!(cloud.times("CreateDBClusterSnapshot") <= 1 && cloud.times("StartBackupJob") <= 1);
        // What was begun was finished; what had no record yet was never begun.
        let states = cloud.states();
        assert!(states.is_empty() || states == ["complete"], "killed at {number}: {states:?} {:#?}", cloud.records());
    }
}

#[test]
fn whatever_request_it_is_killed_at_a_sentinel_finishes_the_backup_or_nothing_was_begun() {
    forsaken(5);
}

#[test]
fn whatever_request_it_is_killed_at_a_sentinel_finishes_the_backup_or_nothing_was_begun_2() {
    forsaken(13);
}

#[test]
fn an_invocation_that_throws_is_caught_and_the_stack_comes_home() {
    let cloud = Cloud::new();
    let mut function = cloud.watched();
    let mut answer = function.invoke(&backup()).unwrap();
    while cloud.times("ExecuteChangeSet") == 0 {
        answer = function.invoke(&answer["event"]).unwrap();
    }
    function.end();
    let night = execute(&cloud, &mut function, &answer["event"]).ends(End::GaveUp);
    assert_eq!(night.says("/report/outcome"), "aborted", "{:#}", night.answer);
    cloud.home("after the abort path");
    assert_eq!(cloud.told_states(), ["FAILED"]);
}
