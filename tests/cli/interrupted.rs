//! Runs that are interrupted, called twice, answered badly, or met by others.

use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use stacksnap::model::BackupId;
use stacksnap_sandbox::{Fault, seeds};

use super::support::{Aws, Ran, STACK, signal};

const BACKUP: [&str; 6] = ["backup", STACK, "--settle", "0s", "-o", "json"];
/// Requests at which a run is in a phase of its own.
const MOMENTS: [&str; 6] =
    ["PutParameter", "CreateChangeSet", "ExecuteChangeSet", "CreateDBClusterSnapshot", "StartBackupJob", "TagResource"];

/// A run that is over one way or the other: nothing is left to be done.
#[track_caller]
fn nothing_is_left(aws: &Aws) {
    aws.run(&["resume", STACK]).ends(0);
    assert_eq!(aws.mode(), "online");
    let status = aws.run(&["status", STACK, "-o", "json"]).ends(0).json();
    assert_eq!(status["items"][0]["running"], json!([]));
    assert!(!aws.states().contains(&"running".to_owned()));
}

#[test]
fn fm_11_ctrl_c_in_any_phase_brings_the_stack_back() {
    for moment in MOMENTS {
        let aws = Aws::fast();
        let child = aws.start_until(&BACKUP, moment);
        signal(&child, "INT");
        let ran = Ran::of(child.wait_with_output().unwrap());
        // What was asked too late is done all the same.
        assert!(ran.code == 130 || (ran.code == 0 && moment == "TagResource"), "{moment}: {} {}", ran.code, ran.err);
        nothing_is_left(&aws);
    }
}

#[test]
fn fm_11_ctrl_c_twice_in_any_phase_names_the_command_that_finishes_the_job() {
    for moment in MOMENTS {
        let aws = Aws::fast();
        let child = aws.start_until(&BACKUP, moment);
        signal(&child, "INT");
        thread::sleep(Duration::from_millis(15));
        signal(&child, "INT");
        let ran = Ran::of(child.wait_with_output().unwrap());
        if ran.code != 0 {
            assert!([3, 130].contains(&ran.code), "{moment}: {} {}", ran.code, ran.err);
            // Over before the second one came; or left, with the command.
            let over = ran.json()["outcome"] == "aborted";
            assert!(over || ran.err.contains("stacksnap resume my-hub"), "{moment}: {}", ran.err);
        }
        nothing_is_left(&aws);
    }
}

#[test]
fn fm_14_no_home_and_no_writable_folder_are_no_obstacle() {
    let aws = Aws::with_hub();
    let mut command = aws.command(&BACKUP);
    command.env("HOME", "/nonexistent").env("TMPDIR", "/nonexistent").current_dir(Path::new("/proc"));
    Ran::of(command.output().unwrap()).ends(0);
    assert_eq!(aws.states(), ["complete"]);
}

/// What a version of the year after next may have left.
fn newer_run(aws: &Aws) {
    let id = "my-hub-20260101-000000";
    aws.put(&format!("/stacksnap/{STACK}/run"), &json!({ "run": id, "stackId": aws.stack_id() }));
    aws.put(&format!("/stacksnap/{STACK}/runs/{id}"), &json!({ "format": 99, "tool": "9.1.0", "novel": true }));
}

#[test]
fn fm_16_a_run_of_a_newer_version_is_read_shown_and_left_alone() {
    let aws = Aws::with_hub();
    newer_run(&aws);
    aws.sandbox.clear_requests();
    aws.run(&["check", STACK]).ends(4).shows("SS012").shows("9.1.0");
    aws.run(&["backup", STACK]).ends(6).says("9.1.0");
    aws.run(&["resume", STACK]).ends(1).says("left alone").says("9.1.0");
    aws.run(&["abort", STACK]).ends(1).says("9.1.0");
    aws.run(&["status", STACK]).ends(0).says("cannot be read");
    aws.run(&["list", STACK]).ends(0).says("cannot be read");
    for request in aws.sandbox.requests() {
        let reads = ["Describe", "List", "Get"].iter().any(|verb| request.operation.starts_with(verb));
        assert!(reads, "{request:?}");
    }
}

#[test]
fn fm_34_an_execution_whose_answer_is_lost_happens_once() {
    let aws = Aws::with_hub();
    aws.fault("cloudformation:ExecuteChangeSet=lost-answer*2");
    aws.run(&BACKUP).ends(0);
    assert_eq!((aws.states(), aws.mode()), (vec!["complete".to_owned()], "online".to_owned()));
}

/// A call that is answered badly more often than the SDK tries by itself.
fn answered_badly(operation: &'static str, kind: &'static str) {
    let aws = Aws::fast();
    let mut fault = Fault::parse(&format!("{operation}={kind}*4")).unwrap();
    // Manifest, lock and first record are asked for once and for all: refused, nothing is begun.
    fault.skip = if operation == "ssm:PutParameter" { 3 } else { 0 };
    aws.sandbox.add_fault(fault);
    let ran = aws.run(&BACKUP);
    assert!(ran.code == 0, "{operation} {kind}: {}\n{}", ran.code, ran.err);
    assert_eq!(aws.mode(), "online", "{operation} {kind}");
    assert_eq!(aws.states(), ["complete"], "{operation} {kind}");
    let made = |operation: &str| aws.sandbox.requests().iter().filter(|r| r.operation == operation).count();
    assert!(made("CreateDBClusterSnapshot") >= 1 && made("StartBackupJob") >= 1);
}

#[test]
fn fm_76_each_change_that_is_dropped_before_lost_after_or_refused_by_a_server_is_made_once() {
    let operations = [
        "ssm:PutParameter",
        "cloudformation:CreateChangeSet",
        "cloudformation:ExecuteChangeSet",
        "rds:CreateDBClusterSnapshot",
        "backup:StartBackupJob",
        "rds:AddTagsToResource",
        "backup:TagResource",
    ];
    thread::scope(|scope| {
        for kind in ["drop-before", "lost-answer", "server-error"] {
            scope.spawn(move || operations.iter().for_each(|operation| answered_badly(operation, kind)));
        }
    });
}

#[test]
fn fm_76_a_first_record_that_cannot_be_saved_begins_nothing_and_holds_nothing() {
    for kind in ["drop-before", "lost-answer", "access-denied"] {
        let aws = Aws::with_hub();
        let mut fault = Fault::parse(&format!("ssm:PutParameter={kind}")).unwrap();
        // The manifest and the lock come before it.
        fault.skip = 2;
        aws.sandbox.add_fault(fault);
        aws.run(&BACKUP).ends(1).says("nothing was begun");
        aws.sandbox.clear_faults();
        aws.run(&["resume", STACK]).ends(0);
        assert!(!aws.asked("CreateChangeSet"), "{kind}");
        aws.run(&BACKUP).ends(0);
    }
}

#[test]
fn fm_81_odd_texts_come_back_as_they_were_and_cannot_paint_the_terminal() {
    let aws = Aws::with_hub();
    let note = "=1+1 \u{1b}[2J\u{202e}evil\n%2F 'quoted' \"twice\" {{ref}} ü 日本";
    let mut args = BACKUP.to_vec();
    args.extend(["--note", note]);
    aws.run(&args).ends(0);
    let shown = aws.run(&["show", "my-hub@latest", "-o", "json"]).ends(0).json();
    assert_eq!(shown["note"], note);
    for command in [["list", STACK], ["show", "my-hub@latest"]] {
        let out = aws.run(&command).ends(0).out;
        assert!(!out.contains('\u{1b}') && !out.contains('\u{202e}'), "{out:?}");
    }
    for name in ["my/hub", "my hub", "my-hub\n", "../x", "%6dy", "ümlaut"] {
        aws.run(&["backup", name]).ends(2);
    }
}

/// A run whose process died long ago, as its record would stand.
fn dead_run(aws: &Aws) {
    let id = "my-hub-20260101-000000";
    let switch = json!({ "parameter": "StackOffline", "online": "Online",
        "offline": "Offline - Temporarily shut off servers" });
    let record = json!({
        "format": 1, "tool": "0.1.0", "id": id, "kind": { "do": "backup", "live": false, "seed": false },
        "target": { "stack": STACK, "stack_id": aws.stack_id(), "switch": switch, "cluster": "my-hub-app-db",
            "file_system": "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-1", "vault": "v",
            "role": "r", "protected": [] },
        "options": { "max_offline": 3600, "settle": 30 }, "phase": "GoingOffline",
        "since": "2026-01-01T00:00:00Z", "started": "2026-01-01T00:00:00Z", "next_due": "2026-01-01T00:03:00Z",
        "prior": "online",
    });
    aws.put(&format!("/stacksnap/{STACK}/run"), &json!({ "run": id, "stackId": aws.stack_id() }));
    aws.put(&format!("/stacksnap/{STACK}/runs/{id}"), &record);
}

#[test]
fn every_command_that_meets_a_stale_run_says_so() {
    let aws = Aws::with_hub();
    dead_run(&aws);
    for (command, code) in [("inspect", 0), ("check", 4), ("status", 0), ("list", 0)] {
        let ran = aws.run(&[command, STACK]).ends(code).says("stale: nobody has driven it on");
        ran.says("stacksnap resume my-hub");
    }
    aws.run(&["backup", STACK]).ends(6).says("stale");
    aws.run(&["abort", STACK]).ends(0);
    nothing_is_left(&aws);
}

/// A stack that a run took offline, and nothing that remembers the run.
fn in_debt(aws: &Aws) {
    let mut child = aws.start_until(&BACKUP, "StartBackupJob");
    child.kill().unwrap();
    child.wait().unwrap();
    let status = aws.run(&["status", STACK, "-o", "json"]).ends(0).json();
    let id = status.pointer("/items/0/running/0/id").and_then(Value::as_str).unwrap();
    aws.lose(&format!("/stacksnap/{STACK}/runs/{id}"));
    aws.lose(&format!("/stacksnap/{STACK}/run"));
}

#[test]
fn a_debt_is_told_refuses_a_backup_and_is_paid() {
    let aws = Aws::with_hub();
    in_debt(&aws);
    aws.run(&["inspect", STACK]).ends(0).says("never brought it back").says("stacksnap resume my-hub");
    aws.run(&["check", STACK]).ends(4).shows("SS014").shows("never brought it back");
    aws.run(&["backup", STACK]).ends(4).says("nothing was touched");
    aws.run(&["offline", STACK, "--yes"]).ends(4).shows("SS014");
    aws.run(&["online", STACK]).ends(0);
    nothing_is_left(&aws);
}

#[test]
fn fm_25_a_debt_that_may_be_meant_is_asked_about_and_not_paid() {
    let aws = Aws::with_hub();
    in_debt(&aws);
    let seed = seeds::hubs(STACK);
    aws.operator(&seed);
    aws.operator(&seed);
    aws.run(&["check", STACK]).shows("SS014").shows("2 updates of others");
    let ran = aws.run(&["resume", STACK]).ends(3).says("it cannot be told whether it should be");
    ran.says("stacksnap online my-hub").says("nothing was changed");
    assert_eq!(aws.mode(), "offline");
    aws.run(&["online", STACK]).ends(0);
    assert_eq!(aws.mode(), "online");
}

/// A run of the same second, or a clock that was put back, has left records under the next ids.
#[test]
fn an_id_that_is_taken_is_not_taken_twice() {
    let aws = Aws::with_hub();
    let now = jiff::Timestamp::now();
    let taken: Vec<String> = (-1..12)
        .map(|second| BackupId::new(STACK, now + jiff::SignedDuration::from_secs(second)).to_string())
        .collect();
    for id in &taken {
        aws.put(&format!("/stacksnap/{STACK}/runs/{id}"), &json!({ "format": 99, "tool": "9.1.0" }));
    }
    let run = aws.run(&["backup", STACK, "--live", "-o", "json"]).ends(0).json();
    assert!(run["id"].is_string() && !taken.contains(&run["id"].to_string().replace('"', "")), "{}", run["id"]);
    let unreadable = aws.run(&["status", STACK]).ends(0).err;
    assert_eq!(unreadable.matches("cannot be read").count(), taken.len(), "none was written over");
}

#[test]
fn a_watch_that_is_not_on_a_terminal_writes_a_document_when_something_changed() {
    let aws = Aws::with_hub();
    let mut args = vec!["status", STACK, "--watch", "-o", "json"];
    args.extend(["--poll-interval", "2s"]);
    let child = aws.start(&args);
    thread::sleep(Duration::from_millis(500));
    signal(&child, "INT");
    let ran = Ran::of(child.wait_with_output().unwrap()).ends(0);
    assert!(!ran.out.contains('\u{1b}'), "{:?}", ran.out);
    assert_eq!(ran.json()["kind"], "Status", "one document: nothing changed");
}
