//! Runs through the real binary: they end well, badly, early and twice.

use std::io::Read as _;
use std::thread;
use std::time::Duration;

use super::support::{Aws, Ran, STACK, signal};
use serde_json::Value;

/// A backup whose settle time is short in real time.
const BACKUP: [&str; 6] = ["backup", STACK, "--settle", "1s", "-o", "json"];

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn a_backup_is_two_halves_and_the_stack_is_back() {
    let aws = Aws::with_hub();
    let ran = aws.run(&BACKUP).ends(0);
    let run = ran.json();
    assert_eq!(text(&run, "/kind"), "Run");
    assert_eq!(text(&run, "/outcome"), "complete");
    assert_eq!(text(&run, "/database/status"), "available");
    assert_eq!(text(&run, "/files/status"), "COMPLETED");
    assert!(run.pointer("/offline/seconds").is_some() && run.pointer("/skewS").is_some());
    assert_eq!(aws.mode(), "online");
    let told = ran.err;
    for line in ["going offline", "capturing", "resuming", "online again after", "verifying", "UPDATE_COMPLETE"] {
        assert!(told.contains(line), "`{line}` is not in\n{told}");
    }
}

#[test]
fn a_finished_backup_is_listed_and_shown() {
    let aws = Aws::with_hub();
    let id = text(&aws.run(&BACKUP).ends(0).json(), "/id").to_owned();
    let list = aws.run(&["list", "-o", "json"]).ends(0).json();
    assert_eq!((text(&list, "/items/0/id"), text(&list, "/items/0/state")), (id.as_str(), "complete"));
    let shown = aws.run(&["show", "my-hub@latest", "-o", "json"]).ends(0).json();
    assert_eq!((text(&shown, "/kind"), text(&shown, "/id")), ("Backup", id.as_str()));
    let status = aws.run(&["status", STACK, "-o", "json"]).ends(0).json();
    assert_eq!(text(&status, "/items/0/lastGood/id"), id);
    aws.run(&["show", &id.replace('-', "x")]).ends(8);
    let other = if id.ends_with('9') { '8' } else { '9' };
    aws.run(&["show", &format!("{}{other}", &id[..id.len() - 1])]).ends(8).says("did you mean");
}

#[test]
fn a_dry_run_says_would_and_changes_nothing() {
    let aws = Aws::with_hub();
    let ran = aws.run(&["backup", STACK, "--dry-run"]).ends(0);
    assert!(ran.out.contains("would ") && ran.out.ends_with("nothing was changed\n"), "{}", ran.out);
    assert!(
        aws.sandbox
            .requests()
            .iter()
            .all(|request| { ["Describe", "List", "Get"].iter().any(|read| request.operation.starts_with(read)) })
    );
}

#[test]
fn fm_07_a_second_backup_is_told_who_holds_the_stack() {
    let aws = Aws::with_hub();
    let first = aws.start_until(&BACKUP, "ExecuteChangeSet");
    let second = aws.run(&BACKUP).ends(6);
    let error = second.error();
    assert_eq!(text(&error, "/code"), "stack-held");
    assert!(text(&error, "/next/0").contains("stacksnap resume my-hub"));
    Ran::of(first.wait_with_output().unwrap()).ends(0);
}

#[test]
fn fm_11_ctrl_c_brings_the_stack_back_first() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let aws = Aws::with_hub();
        let child = aws.start_until(&BACKUP, "ExecuteChangeSet");
        signal(&child, name);
        let ran = Ran::of(child.wait_with_output().unwrap()).ends(code);
        assert_eq!(text(&ran.json(), "/outcome"), "aborted");
        assert_eq!(aws.mode(), "online");
    }
}

#[test]
fn fm_11_ctrl_c_twice_leaves_and_names_the_command_that_finishes_the_job() {
    let aws = Aws::with_hub();
    let child = aws.start_until(&BACKUP, "StartBackupJob");
    signal(&child, "INT");
    thread::sleep(Duration::from_millis(40));
    signal(&child, "INT");
    let ran = Ran::of(child.wait_with_output().unwrap()).ends(3);
    assert!(text(&ran.error(), "/next/0").contains("stacksnap resume my-hub --region us-east-1"));
    aws.run(&["resume", STACK]).ends(0);
    assert_eq!(aws.mode(), "online");
}

#[test]
fn fm_11_whoever_leaves_the_update_home_is_told_that_the_stack_may_be_offline() {
    let aws = Aws::with_hub();
    let child = aws.start_until(&BACKUP, "StartBackupJob");
    signal(&child, "INT");
    aws.wait_for("ExecuteChangeSet", 2);
    // Long enough for a look at the parameter, which says online by now; the update takes most of a second.
    thread::sleep(Duration::from_millis(200));
    signal(&child, "INT");
    let ran = Ran::of(child.wait_with_output().unwrap()).ends(3).says("MAY STILL BE OFFLINE");
    let run = ran.json();
    assert!(run["leftOffline"] == true && run["stackMode"] != "online", "{run}");
    aws.run(&["resume", STACK]).ends(0);
    assert_eq!(aws.mode(), "online");
}

#[test]
fn fm_15_a_hangup_stops_nothing() {
    let aws = Aws::with_hub();
    let child = aws.start_until(&BACKUP, "ExecuteChangeSet");
    signal(&child, "HUP");
    Ran::of(child.wait_with_output().unwrap()).ends(0);
}

#[test]
fn fm_15_closed_outputs_stop_nothing() {
    let aws = Aws::with_hub();
    let mut child = aws.start_until(&BACKUP, "ExecuteChangeSet");
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(aws.mode(), "online");
}

#[test]
fn a_killed_backup_is_resumed_to_its_end() {
    let aws = Aws::with_hub();
    let mut child = aws.start_until(&BACKUP, "StartBackupJob");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(text(&aws.run(&["status", STACK, "-o", "json"]).ends(0).json(), "/items/0/running/0/do"), "backup");
    let run = aws.run(&["resume", STACK, "-o", "json"]).ends(0).json();
    assert_eq!(text(&run, "/outcome"), "complete");
    assert_eq!(aws.mode(), "online");
    aws.run(&["resume", STACK]).ends(0);
}

#[test]
fn a_killed_backup_is_given_up() {
    let aws = Aws::with_hub();
    let mut child = aws.start_until(&BACKUP, "StartBackupJob");
    child.kill().unwrap();
    child.wait().unwrap();
    let run = aws.run(&["abort", STACK, "-o", "json"]).ends(0).json();
    assert_eq!(text(&run, "/outcome"), "aborted");
    assert_eq!(aws.mode(), "online");
    assert!(aws.run(&["abort", STACK]).ends(0).out.contains("nothing to give up"));
}

#[test]
fn a_stack_that_could_not_be_backed_up_has_nothing_to_give_up_either() {
    let aws = Aws::with_hub();
    aws.run(&["offline", STACK, "--yes"]).ends(0);
    aws.fault("cloudformation:DescribeStackEvents=access-denied*50");
    assert!(aws.run(&["abort", STACK]).ends(0).out.contains("nothing to give up"));
    aws.sandbox.clear_faults();
    assert_eq!(aws.mode(), "offline");
}

#[test]
fn a_debt_is_paid_though_lock_and_record_are_lost() {
    let aws = Aws::with_hub();
    let mut child = aws.start_until(&BACKUP, "StartBackupJob");
    child.kill().unwrap();
    child.wait().unwrap();
    let status = aws.run(&["status", STACK, "-o", "json"]).ends(0).json();
    let id = text(&status, "/items/0/running/0/id");
    aws.lose(&format!("/stacksnap/{STACK}/runs/{id}"));
    aws.lose(&format!("/stacksnap/{STACK}/run"));
    let run = aws.run(&["resume", STACK, "-o", "json"]).ends(0).says("never brought it back").json();
    assert_eq!((text(&run, "/do"), text(&run, "/outcome")), ("home", "complete"));
    assert_eq!(aws.mode(), "online");
}

#[test]
fn a_timeout_brings_the_stack_back() {
    let aws = Aws::with_hub();
    let ran = aws.run(&["backup", STACK, "--settle", "30s", "--timeout", "2s", "-o", "json"]).ends(1);
    assert_eq!(text(&ran.json(), "/outcome"), "aborted");
    ran.says("its --timeout was up");
    assert_eq!(aws.mode(), "online");
}

#[test]
fn a_dry_run_tells_of_what_is_kept_and_of_what_would_be_deleted() {
    let aws = Aws::with_hub();
    aws.file("stacksnap.toml", "[stacks.my-hub.retention]\nkeep-last = 1\nafter-backup = true\n");
    let out = aws.run(&["backup", STACK, "--dry-run", "--keep=release"]).ends(0).out;
    assert!(out.contains("would then DELETE earlier backups") && out.contains("(release)"), "{out}");
}

#[test]
fn nobody_is_left_alone_with_a_run() {
    let aws = Aws::with_hub();
    aws.run(&["backup", STACK, "--no-wait"]).ends(4).says("--no-wait");
    aws.run(&["backup", STACK, "--no-wait", "--dry-run"]).ends(4).says("--no-wait");
    assert!(!aws.asked("PutParameter"));
}

#[test]
fn the_operators_switch_is_his() {
    let aws = Aws::with_hub();
    aws.run(&["offline", STACK]).ends(2).says("--yes");
    aws.run(&["offline", STACK, "--yes"]).ends(0);
    assert_eq!(aws.mode(), "offline");
    // A wish is no debt.
    assert!(aws.run(&["resume", STACK]).ends(0).out.contains("none owes"));
    assert_eq!(aws.mode(), "offline");
    let run = aws.run(&BACKUP).ends(0).json();
    assert_eq!((text(&run, "/outcome"), text(&run, "/stackMode")), ("complete", "offline"));
    aws.run(&["online", STACK]).ends(0);
    assert_eq!(aws.mode(), "online");
}

#[test]
fn a_live_backup_leaves_the_stack_online() {
    let aws = Aws::with_hub();
    let run = aws.run(&["backup", STACK, "--live", "-o", "json"]).ends(0).json();
    assert_eq!((text(&run, "/mode"), text(&run, "/outcome")), ("live", "complete"));
    assert!(!aws.asked("ExecuteChangeSet"));
}

#[test]
fn a_failed_half_is_a_failed_backup_and_the_stack_is_back() {
    let aws = Aws::with_hub();
    aws.fault("backup:StartBackupJob=job-failed");
    let ran = aws.run(&BACKUP).ends(1);
    assert_eq!(text(&ran.json(), "/outcome"), "failed");
    assert_eq!(text(&ran.error(), "/code"), "failed");
    assert_eq!(aws.mode(), "online");
}

#[test]
fn an_off_that_rolls_back_shows_the_first_failure() {
    let aws = Aws::with_hub();
    aws.fault("cloudformation:ExecuteChangeSet=rollback*1");
    aws.run(&BACKUP).ends(1).says("failed first:");
    assert_eq!(aws.mode(), "online");
}

#[test]
fn progress_is_json_where_it_is_asked_for() {
    let aws = Aws::with_hub();
    let mut args = BACKUP.to_vec();
    args.extend(["--log-format", "json"]);
    let ran = aws.run(&args).ends(0);
    for line in ran.err.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        // What is said before a run begins is no event of its stack.
        assert!(text(&line, "/event") == "note" || text(&line, "/stack") == STACK, "{line}");
    }
    assert!(ran.err.contains("\"event\":\"phase\""));
}

#[test]
fn quiet_is_quiet() {
    let aws = Aws::with_hub();
    let mut args = BACKUP.to_vec();
    args.push("--quiet");
    assert_eq!(aws.run(&args).ends(0).err, "");
}

#[test]
fn fm_15_a_reader_that_goes_away_is_no_failure() {
    let aws = Aws::with_hub();
    let mut child = aws.start(&["inspect", STACK, "-o", "json"]);
    let mut one = [0; 1];
    child.stdout.take().unwrap().read_exact(&mut one).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
