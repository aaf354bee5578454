//! `stacksnap sentinel`: the same for cron, systemd and Kubernetes.

use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use stacksnap_sandbox::seeds;

use crate::cloud::{Cloud, Ran, STACK, text};

/// A command is killed when AWS has done `operation` for it, and an hour passes.
fn killed_at(cloud: &Cloud, args: &[&str], operation: &str) {
    cloud.sandbox.clear_requests();
    let mut child = cloud.command(args).spawn().unwrap();
    until(&format!("{operation} was never called"), || cloud.times(operation) > 0);
    child.kill().unwrap();
    child.wait().unwrap();
    cloud.forsake();
}

#[track_caller]
fn until(what: &str, there: impl Fn() -> bool) {
    let patience = Instant::now() + Duration::from_secs(20);
    while !there() {
        assert!(Instant::now() < patience, "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}

fn terminate(child: &Child) {
    let kill = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
}

const BACKUP: [&str; 5] = ["backup", STACK, "--settle", "0s", "--quiet"];

#[test]
fn where_nothing_is_owed_it_says_so_and_leaves_its_mark() {
    let cloud = Cloud::new();
    let nothing = cloud.run(&["sentinel"]).ends(0);
    assert!(nothing.out.contains("looked at 0 stacks: nothing is owed"), "{}", nothing.out);
    let status = cloud.run(&["status"]).ends(0).out;
    assert!(status.contains("command looked") && status.contains("every stack stacksnap knows"), "{status}");
    let all = cloud.run(&["sentinel", "--all", "--name", "wide", "--every", "10m", "-o", "json"]).ends(0).json();
    assert_eq!((text(&all, "/kind"), &all["stacks"]), ("Sentinel".into(), &json!(1)));
    let status = cloud.run(&["status", "-o", "json"]).ends(0).json();
    let named: Vec<String> = status["sentinels"].as_array().unwrap().iter().map(|one| text(one, "/by")).collect();
    assert_eq!(named, ["command", "wide"]);
}

#[test]
fn with_its_mark_a_backup_need_not_wait_and_the_next_look_completes_it() {
    let cloud = Cloud::new();
    let refused = cloud.run(&["backup", STACK, "--no-wait"]).ends(4);
    assert!(refused.err.contains("sentinel"), "{}", refused.err);
    cloud.run(&["sentinel", STACK, "--quiet"]).ends(0);
    cloud.run(&["backup", STACK, "--no-wait", "--settle", "0s", "--quiet"]).ends(0);
    let driven = cloud.run(&["sentinel", "--quiet", "-o", "json"]).ends(0).json();
    assert_eq!(
        (text(&driven, "/driven/0/do"), text(&driven, "/driven/0/outcome")),
        ("backup".into(), "complete".into())
    );
    cloud.home("after the command");
    assert_eq!(cloud.states(), ["complete"]);
}

#[test]
fn each_kind_of_run_that_nobody_drives_is_driven_home() {
    let cloud = Cloud::new();
    killed_at(&cloud, &BACKUP, "StartBackupJob");
    cloud.run(&["sentinel", "--quiet"]).ends(0);
    cloud.home("a backup");
    killed_at(&cloud, &["offline", STACK, "--yes"], "ExecuteChangeSet");
    let offline = cloud.run(&["sentinel", "--quiet", "-o", "json"]).ends(0).json();
    assert_eq!((text(&offline, "/driven/0/do"), cloud.mode()), ("offline".into(), "offline".into()), "as was asked");
    killed_at(&cloud, &["online", STACK], "CreateChangeSet");
    let online = cloud.run(&["sentinel", "--quiet", "-o", "json"]).ends(0).json();
    assert_eq!(text(&online, "/driven/0/do"), "online", "{online:#}");
    cloud.home("an online");
    killed_at(&cloud, &BACKUP, "StartBackupJob");
    cloud.forget();
    let home = cloud.run(&["sentinel", "--all", "--quiet", "-o", "json"]).ends(0).json();
    assert_eq!(text(&home, "/driven/0/do"), "home", "{home:#}");
    cloud.home("a debt");
}

#[test]
fn a_lost_run_is_found_by_all_or_by_name_where_no_record_of_the_stack_is_left() {
    for args in [["sentinel", "--all", "--quiet"], ["sentinel", STACK, "--quiet"]] {
        let cloud = Cloud::new();
        killed_at(&cloud, &BACKUP, "StartBackupJob");
        cloud.forget();
        cloud.run(&["sentinel", "--quiet"]).ends(0);
        assert_eq!(cloud.mode(), "offline", "stacksnap knows of no such stack any more");
        cloud.run(&args).ends(0);
        cloud.home(args[1]);
    }
}

#[test]
fn one_that_is_stopped_in_the_middle_of_a_step_ends_the_step_and_loses_nothing() {
    let cloud = Cloud::new();
    cloud.run(&["sentinel", STACK, "--quiet"]).ends(0);
    cloud.run(&["backup", STACK, "--no-wait", "--settle", "0s", "--quiet"]).ends(0);
    cloud.fault("cloudformation:ExecuteChangeSet=slow:1*1");
    let mut child = cloud.command(&["sentinel", "--quiet"]).spawn().unwrap();
    let leaves = |cloud: &Cloud| cloud.records().iter().any(|(_, run)| !run["left"].is_null());
    until("it never leaves", || leaves(&cloud));
    terminate(&child);
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let (_, run) = cloud.records().remove(0);
    assert!(!run["left"].is_null() && !run["handed"].is_null(), "{run:#}");
    cloud.run(&["sentinel", "--quiet"]).ends(0);
    cloud.home("after both");
    assert_eq!(cloud.states(), ["complete"]);
}

#[test]
fn it_looks_only_at_the_stacks_it_was_told_to() {
    let cloud = Cloud::with(&[seeds::hubs(STACK), seeds::hubs("other")]);
    killed_at(&cloud, &BACKUP, "StartBackupJob");
    let other = cloud.run(&["sentinel", "other", "-o", "json", "--quiet"]).ends(0).json();
    assert_eq!((&other["driven"], cloud.mode()), (&json!([]), "offline".to_owned()));
    cloud.run(&["sentinel", STACK, "--quiet"]).ends(0);
    cloud.home("the right one");
}

#[test]
fn a_debt_that_cannot_be_told_ends_with_exit_3() {
    let cloud = Cloud::new();
    killed_at(&cloud, &BACKUP, "StartBackupJob");
    cloud.forget();
    cloud.operator();
    cloud.operator();
    let asked = cloud.run(&["sentinel", "--all"]).ends(3);
    assert!(asked.err.contains("stacksnap online") && asked.out.contains(STACK), "{}{}", asked.out, asked.err);
    assert_eq!(cloud.mode(), "offline", "nobody guesses");
}

#[test]
fn on_sigterm_it_hands_its_runs_to_the_next_one() {
    let cloud = Cloud::new();
    killed_at(&cloud, &BACKUP, "StartBackupJob");
    cloud.sandbox.clear_requests();
    let child = cloud.command(&["sentinel", "-o", "json"]).spawn().unwrap();
    until("it never drives", || cloud.times("DescribeBackupJob") > 0);
    terminate(&child);
    let ran = Ran::of(&child.wait_with_output().unwrap()).ends(143);
    assert_eq!(text(&ran.json(), "/driven/0/stack"), STACK, "{}", ran.out);
    let (_, run) = cloud.records().remove(0);
    assert!(!run["handed"].is_null(), "{run:#}");
    cloud.run(&["sentinel", "--quiet"]).ends(0);
    cloud.home("after the next one");
    assert_eq!(cloud.states(), ["complete"]);
}

#[test]
fn what_it_cannot_list_is_named() {
    let cloud = Cloud::new();
    let deny = json!([
        { "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] },
        { "Statement": [{ "Effect": "Deny", "Action": "ssm:GetParametersByPath", "Resource": "*" }] },
    ]);
    cloud.sandbox.set(&json!({ "policy": deny })).unwrap();
    let denied = cloud.run(&["sentinel"]).ends(1);
    assert!(denied.err.contains("ssm:GetParametersByPath"), "{}", denied.err);
    cloud.run(&["sentinel", "not a name"]).ends(2);
    cloud.run(&["sentinel", "--all", STACK]).ends(2);
    cloud.run(&["sentinel", "--name", "a/b"]).ends(2);
}
