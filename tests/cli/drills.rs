//! `drill`: a restore is rehearsed, and nothing is left of it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use serde_json::{Value, json};
use stacksnap_sandbox::seeds;

use super::support::{Aws, OWN, STACK, text, with};

fn drill(id: &str) -> Vec<&str> {
    with(&["drill", id, "--drill-stack", "hubd", "-o", "json"], &OWN)
}

/// A site that answers with this status; how often it was asked, and for what.
fn site(status: u16) -> (String, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = std::sync::Arc::clone(&asked);
    drop(thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut buffer = [0; 4_096];
            let count = stream.read(&mut buffer).unwrap_or_default();
            let line = String::from_utf8_lossy(&buffer[..count]).lines().next().unwrap_or_default().to_owned();
            kept.lock().unwrap().push(line);
            drop(write!(stream, "HTTP/1.1 {status} Status\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        }
    }));
    (url, asked)
}

#[track_caller]
fn drilled_tags(aws: &Aws, id: &str) -> (String, String) {
    let (snapshot, point) = aws.halves(id);
    let tag = |kind: &str, key: &str, name: &str| {
        let row = aws.of_region(kind).into_iter().find(|row| row[key] == name).unwrap();
        text(&row["tags"], "/stacksnap:drilled")
    };
    (tag("snapshots", "id", &snapshot), tag("recovery_points", "arn", &point))
}

#[test]
fn a_drill_proves_the_backup_marks_both_halves_and_leaves_nothing() {
    let (aws, id) = Aws::hub_with_backup();
    aws.run(&["show", "my-hub@latest-drilled"]).ends(8);
    let (before, source) = (aws.inventory(), aws.stack(STACK));
    let run = aws.run(&drill(&id)).ends(0).json();
    assert_eq!((text(&run, "/do"), text(&run, "/outcome")), ("drill".to_owned(), "complete".to_owned()));
    assert_eq!(run["rebuilt"]["proven"], json!(true));
    assert!(run["rebuilt"]["rtoS"].is_i64() && run["rebuilt"]["rpoS"].is_i64(), "{run}");
    aws.is_as(&before, "drilled");
    assert_eq!(aws.stack(STACK), source, "the source was touched");
    assert_eq!(aws.stack("hubd")["status"], "DELETE_COMPLETE");
    let (snapshot, point) = drilled_tags(&aws, &id);
    assert!(!snapshot.is_empty() && snapshot == point, "{snapshot} {point}");
    assert_eq!(text(&aws.run(&["show", "my-hub@latest-drilled", "-o", "json"]).ends(0).json(), "/id"), id);
    assert!(aws.open_runs().is_empty(), "{:?}", aws.open_runs());
    let key = aws.of_region("keys").into_iter().filter(|key| key["state"] == "PendingDeletion").count();
    assert!(key > 0, "a key can only be scheduled for deletion");
}

#[test]
fn an_ordinary_stack_is_drilled_too() {
    let aws = Aws::fast_with(&seeds::sample("shop"));
    aws.file("stacksnap.toml", "[defaults]\nsettle = \"0s\"\n");
    let id = text(&aws.run(&["backup", "shop", "--quiet", "-o", "json"]).ends(0).json(), "/id");
    aws.file("key", "canary-given");
    let before = aws.inventory();
    aws.run(&["drill", &id, "--set-file", "ApiKey=key"]).ends(0);
    aws.is_as(&before, "drilled");
}

#[test]
fn a_drill_of_a_deleted_stacks_backup_leaves_nothing_either() {
    let (aws, id) = Aws::hub_with_backup();
    aws.delete_stack();
    let before = aws.inventory();
    aws.run(&["drill", &id]).ends(0);
    aws.is_as(&before, "drilled");
    let second = aws.run(&["drill", "my-hub@latest-drilled", "-o", "json"]).ends(0).json();
    assert_eq!(text(&second, "/rebuilt/backup"), id);
}

#[test]
fn a_drill_whose_stack_cannot_be_created_leaves_nothing_and_no_mark() {
    let (aws, id) = Aws::hub_with_backup();
    let before = aws.inventory();
    for resource in ["AppDb", "StorageMount0", "DailyBackupVault"] {
        aws.fault(&format!("cloudformation:CreateStack=create-failed/{resource}*1"));
        let ran = aws.run(&with(&["drill", &id], &OWN)).ends(1);
        assert!(ran.err.contains(resource), "{}", ran.err);
        aws.is_as(&before, resource);
    }
    assert_eq!(drilled_tags(&aws, &id), (String::new(), String::new()));
    aws.run(&["show", "my-hub@latest-drilled"]).ends(8);
    assert!(aws.open_runs().is_empty());
}

#[test]
fn a_drill_whose_files_are_not_restored_leaves_nothing_and_no_mark() {
    let (aws, id) = Aws::hub_with_backup();
    let before = aws.inventory();
    aws.fault("backup:StartRestoreJob=restore-job-failed*1");
    let ran = aws.run(&drill(&id));
    assert!([1, 7].contains(&ran.code), "{} {}", ran.code, ran.err);
    aws.is_as(&before, "drilled");
    assert_eq!(drilled_tags(&aws, &id), (String::new(), String::new()));
}

#[test]
fn a_drill_whose_stack_is_hard_to_delete_is_urged_by_resume() {
    let (aws, id) = Aws::hub_with_backup();
    let before = aws.inventory();
    aws.fault("cloudformation:DeleteStack=delete-failed/AppASG*2");
    aws.run(&drill(&id)).ends(0);
    aws.is_as(&before, "tried three times");
    aws.fault("cloudformation:DeleteStack=delete-failed/AppASG");
    let ran = aws.run(&drill(&id)).ends(1).says("could not be deleted");
    assert!(ran.err.contains("aws cloudformation delete-stack --stack-name hubd"), "{}", ran.err);
    assert!(aws.open_runs().is_empty());
}

#[test]
fn ctrl_c_during_a_drill_deletes_what_it_made() {
    for moment in ["CreateStack", "ListRestoreJobs", "DeleteStack"] {
        let (aws, id) = Aws::hub_with_backup();
        let before = aws.inventory();
        let child = aws.start_until(&drill(&id), moment);
        super::support::signal(&child, "INT");
        let ran = super::support::Ran::of(child.wait_with_output().unwrap());
        // What was asked too late is done all the same.
        let late = ran.code == 0 && moment != "CreateStack";
        assert!(ran.code == 130 || late, "{moment}: {} {}", ran.code, ran.err);
        // Nothing is left to resume, and no stack of that name.
        assert!([0, 8].contains(&aws.run(&["resume", "hubd"]).code));
        aws.is_as(&before, moment);
        assert!(aws.open_runs().is_empty());
    }
}

#[test]
fn a_probe_is_asked_for_an_output_of_the_new_stack_and_has_to_answer_200() {
    let (aws, id) = Aws::hub_with_backup();
    let (url, asked) = site(200);
    let url = format!("{url}/{{StorageEFSId}}/health");
    aws.run(&with(&drill(&id), &["--probe", &url])).ends(0);
    let asked = asked.lock().unwrap().clone();
    assert!(asked.iter().any(|line| line.starts_with("GET /fs-") && line.contains("/health")), "{asked:?}");
}

#[test]
fn a_probe_that_never_answers_200_is_a_failed_drill_that_leaves_nothing() {
    let (aws, id) = Aws::hub_with_backup();
    let before = aws.inventory();
    let (url, _) = site(503);
    let ran = aws.run(&with(&drill(&id), &["--probe", &url, "--probe-within", "2s"])).ends(7);
    assert!(ran.err.contains("answers 503, not 200"), "{}", ran.err);
    aws.is_as(&before, "drilled");
    assert_eq!(drilled_tags(&aws, &id), (String::new(), String::new()));
}

#[test]
fn what_is_no_drill_is_refused_before_anything_is_made() {
    let (aws, id) = Aws::hub_with_backup();
    aws.run(&with(&drill(&id), &["--probe", "ftp://x"])).ends(2);
    aws.run(&with(&drill(&id), &["--probe-within", "2m"])).ends(2);
    let misspelt = aws.run(&with(&drill(&id), &["--probe", "https://{Nope}/health"])).ends(2);
    misspelt.says("the template has no output `Nope`");
    aws.run(&["drill", &id]).ends(4).says("needs your value: DomainName");
    aws.run(&with(&["drill", &id, "--drill-stack", STACK], &OWN)).ends(4).says("exists already");
    aws.run(&with(&["drill", "my-hub-20200101-000000"], &OWN)).ends(8);
    assert!(!aws.asked("CreateStack"));
}

/// Somebody else's things that look like the drill's.
#[test]
fn nothing_of_others_is_taken_for_the_drills() {
    let (aws, id) = Aws::hub_with_backup();
    let other = "hubd-something-else";
    aws.sandbox.seed_stack(&seeds::hubs(other));
    aws.put(&format!("/keymaster/{other}/mine"), &json!("x"));
    let (before, stack): (_, Value) = (aws.inventory(), aws.stack(other));
    aws.run(&drill(&id)).ends(0);
    aws.is_as(&before, "drilled");
    assert_eq!(aws.stack(other), stack);
}
