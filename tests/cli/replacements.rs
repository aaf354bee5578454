//! `replace`: a stack is taken back to a backup, or stays as it was.

use serde_json::{Value, json};
use stacksnap_sandbox::seeds::{self, StackSeed};

use super::support::{Aws, DRILL_OWN, Ran, STACK, text, with};

/// Drilled, so that a replacement begins at once.
fn drilled() -> (Aws, String) {
    let (aws, id) = Aws::hub_with_backup();
    mark(&aws, &id);
    aws.sandbox.clear_requests();
    (aws, id)
}

/// As a drill marks it.
pub(crate) fn mark(aws: &Aws, id: &str) {
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    aws.tag(id, "stacksnap:drilled", &now);
    let (_, point) = aws.halves(id);
    aws.tag_point(&point, "stacksnap:drilled", &now);
}

fn replace(id: &str) -> Vec<&str> {
    vec!["replace", STACK, "--with", id, "--yes-destroy", STACK, "-o", "json"]
}

/// Refused, and nothing was begun.
#[track_caller]
fn refused(aws: &Aws, args: &[&str], says: &str) {
    let (before, stack) = (aws.inventory(), aws.stack(STACK));
    aws.run(args).ends(4).says(says);
    aws.is_as(&before, says);
    assert_eq!(aws.stack(STACK), stack);
    assert!(!aws.asked("DeleteStack") && !aws.asked("CreateStack") && aws.open_runs().is_empty());
}

/// The site works: one stack, online, created of this snapshot.
#[track_caller]
fn works_from(aws: &Aws, snapshot: &str) {
    let stack = aws.stack(STACK);
    assert!(["CREATE_COMPLETE", "UPDATE_COMPLETE"].contains(&text(&stack, "/status").as_str()), "{stack}");
    assert_eq!(
        (&stack["mode"], &stack["parameters"]["RestoreDbSnapshotIdentifier"]),
        (&json!("online"), &json!(snapshot))
    );
    assert!(aws.open_runs().is_empty(), "{:?}", aws.open_runs());
}

#[test]
fn a_stack_is_taken_back_to_a_backup_and_what_it_was_is_kept() {
    let (aws, id) = drilled();
    let old = aws.stack(STACK);
    let ran = aws.run(&replace(&id)).ends(0);
    let run = ran.json();
    assert_eq!((text(&run, "/do"), text(&run, "/outcome")), ("replace".to_owned(), "complete".to_owned()));
    let safety = text(&run, "/rebuilt/safetyBackup");
    assert_eq!((&run["rebuilt"]["proven"], &run["rebuilt"]["rolledBack"]), (&json!(true), &json!(false)));
    works_from(&aws, &id);
    assert_ne!(aws.stack(STACK)["id"], old["id"]);
    assert_eq!(aws.states(), ["complete", "complete"], "the backup, and the safety backup");
    assert_eq!(
        text(&aws.run(&["show", &safety, "-o", "json"]).ends(0).json(), "/note"),
        "safety backup before a replacement"
    );
    // By its id, never by its name.
    let deletions = deletions(&aws);
    assert_eq!(deletions, [text(&old, "/id")]);
    for told in ["destroyed", "going offline", "deleting the old stack", "creating the new stack", "proving"] {
        assert!(ran.err.contains(told), "`{told}` is not in\n{}", ran.err);
    }
    // Protected from here on.
    refused_again(&aws, &id);
}

fn deletions(aws: &Aws) -> Vec<String> {
    let asked = aws.sandbox.requests();
    asked
        .iter()
        .filter(|one| one.operation == "DeleteStack" && one.status == 200)
        .map(|one| one.target.clone())
        .collect()
}

fn refused_again(aws: &Aws, id: &str) {
    aws.run(&replace(id)).ends(4).says("protected against termination").says("update-termination-protection");
}

#[test]
fn the_last_write_before_a_replacement_is_in_the_safety_backup() {
    let (aws, id) = drilled();
    aws.file("stacksnap.toml", "[defaults]\nsettle = \"1s\"\n");
    let before = aws.sandbox.contents_of(STACK).unwrap();
    let run = aws.run(&replace(&id)).ends(0).json();
    let (snapshot, point) = aws.halves(&text(&run, "/rebuilt/safetyBackup"));
    let saved = aws.sandbox.contents_saved(&snapshot, &point).unwrap();
    assert!(before.rows.iter().zip(&saved.rows).all(|(old, new)| new >= old));
    assert!(before.files.iter().zip(&saved.files).all(|(old, new)| new >= old));
    let found = aws.sandbox.consistency(&snapshot, &point).unwrap();
    assert_eq!(found.broken, 0, "{found:?}");
}

#[test]
fn an_undrilled_backup_is_drilled_first_in_a_stack_of_its_own() {
    let (aws, id) = Aws::hub_with_backup();
    let args = with(&replace(&id), &DRILL_OWN);
    aws.run(&args).ends(0).says("the backup is drilled first");
    works_from(&aws, &id);
    assert_eq!(aws.times("CreateStack"), 2);
    assert_eq!(text(&aws.run(&["show", "my-hub@latest-drilled", "-o", "json"]).ends(0).json(), "/id"), id);
}

#[test]
fn a_drill_that_fails_leaves_the_stack_alone() {
    let (aws, id) = Aws::hub_with_backup();
    let (before, stack) = (aws.inventory(), aws.stack(STACK));
    aws.fault("cloudformation:CreateStack=create-failed/AppDb*1");
    aws.run(&with(&replace(&id), &DRILL_OWN)).ends(1);
    aws.is_as(&before, "a failed drill");
    assert_eq!(aws.stack(STACK), stack);
}

#[test]
fn an_undrilled_backup_without_the_drills_own_values_is_refused() {
    let (aws, id) = Aws::hub_with_backup();
    refused(&aws, &replace(&id), "--drill-set");
    // A proof that is too old is none.
    aws.tag(&id, "stacksnap:drilled", "2026-01-01T00:00:00Z");
    refused(&aws, &replace(&id), "--drill-set");
}

#[test]
fn who_does_not_confirm_or_confirms_another_stack_is_refused() {
    let (aws, id) = drilled();
    let stack = aws.stack(STACK);
    aws.run(&["replace", STACK, "--with", &id, "--yes-destroy", "my-hub2"]).ends(2).says("names my-hub2");
    aws.run(&["replace", STACK, "--with", &id]).ends(2).says("--yes-destroy");
    aws.run(&["replace", STACK, "--with", &id, "--yes"]).ends(2).says("--yes-destroy");
    aws.run(&["replace", "no-such-stack", "--with", &id, "--yes-destroy", "no-such-stack"]).ends(8);
    assert_eq!(aws.stack(STACK), stack);
    assert!(!aws.asked("DeleteStack") && aws.open_runs().is_empty());
}

#[test]
fn another_stacks_backup_is_refused() {
    let (aws, id) = drilled();
    aws.sandbox.seed_stack(&seeds::hubs("other"));
    let args = ["replace", "other", "--with", &id, "--yes-destroy", "other"];
    refused(&aws, &args, "is a backup of my-hub, not of other");
}

fn hub(spoil: impl FnOnce(&mut StackSeed)) -> (Aws, String) {
    let mut seed = seeds::hubs(STACK);
    spoil(&mut seed);
    let aws = Aws::fast_with(&seed);
    aws.file("stacksnap.toml", "[defaults]\nsettle = \"0s\"\n");
    let id = text(&aws.run(&["backup", STACK, "--quiet", "-o", "json"]).ends(0).json(), "/id");
    mark(&aws, &id);
    aws.sandbox.clear_requests();
    (aws, id)
}

#[test]
fn fm_35_a_protected_stack_is_refused_with_the_command_that_unprotects_it() {
    let (aws, id) = hub(|seed| seed.termination_protection = true);
    refused(&aws, &replace(&id), "update-termination-protection --no-enable-termination-protection");
}

#[test]
fn a_fixed_name_that_outlives_the_stack_and_would_collide_is_refused_with_the_remedy() {
    let (aws, id) = hub(|seed| {
        let vault = seed.resources.iter_mut().find(|row| row.logical == "DailyBackupVault").unwrap();
        let name = vault.physical.clone();
        vault.properties = json!({ "BackupVaultName": name });
        assert_eq!(vault.deletion_policy, "Retain");
    });
    refused(&aws, &replace(&id), "outlives the stack");
}

#[test]
fn a_secret_that_would_go_with_the_stack_is_refused() {
    let (aws, id) = hub(|seed| {
        let secret = seed.resources.iter_mut().find(|row| row.logical == "AppDbSecret").unwrap();
        secret.deletion_policy = "Delete".to_owned();
    });
    refused(&aws, &replace(&id), "AppDbSecret");
}

#[test]
fn a_deletion_that_fails_half_way_stands_still_and_is_gone_on_with() {
    let (aws, id) = drilled();
    aws.fault("cloudformation:DeleteStack=delete-failed/AppASG*1");
    let ran = aws.run(&replace(&id));
    assert_eq!(ran.code, 3, "half of the site is gone\n{}", ran.err);
    let ran = ran.says("could not be deleted").says("stacksnap resume my-hub");
    assert!(ran.err.contains("safety backup"), "{}", ran.err);
    assert_eq!(aws.stack(STACK)["status"], "DELETE_FAILED");
    assert!(!aws.asked("CreateStack"));
    aws.run(&["backup", STACK]).ends(6);
    aws.run(&["status", STACK]).ends(0).shows("deleting the old stack");
    aws.run(&["resume", STACK, "-o", "json"]).ends(0);
    works_from(&aws, &id);
}

#[test]
fn a_new_stack_that_fails_is_rolled_back_to_the_safety_backup_and_the_site_works() {
    let (aws, id) = drilled();
    aws.fault("cloudformation:CreateStack=create-failed/AppDb*1");
    let ran = aws.run(&with(&replace(&id), &["--on-failure", "rollback"]));
    let run: Value = ran.json();
    let safety = text(&run, "/rebuilt/safetyBackup");
    assert_eq!(run["rebuilt"]["rolledBack"], json!(true), "{run}\n{}", ran.err);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("AppDb"), "{}", ran.err);
    works_from(&aws, &safety);
    let (snapshot, point) = aws.halves(&safety);
    let saved = aws.sandbox.contents_saved(&snapshot, &point).unwrap();
    let now = aws.sandbox.contents_of(STACK).unwrap();
    assert!(saved.rows.iter().zip(&now.rows).all(|(old, new)| new >= old), "the site lost something");
    assert_eq!(aws.states().iter().filter(|state| *state == "complete").count(), 2, "no backup was lost");
}

#[test]
fn a_new_stack_that_fails_stands_still_until_somebody_says_roll_back() {
    let (aws, id) = drilled();
    aws.fault("cloudformation:CreateStack=create-failed/AppDb*1");
    let ran = aws.run(&with(&replace(&id), &["--on-failure", "ask"])).ends(3);
    let ran = ran.says("stacksnap resume my-hub --roll-back").says("AppDb");
    assert!(ran.err.contains("safety backup"), "{}", ran.err);
    let safety = text(&aws.run(&["list", STACK, "-o", "json"]).ends(0).json(), "/items/0/id");
    aws.run(&["resume", STACK, "--roll-back", "--quiet"]);
    works_from(&aws, &safety);
}

#[test]
fn a_new_stack_that_fails_may_be_kept_for_inspection() {
    let (aws, id) = drilled();
    aws.fault("cloudformation:CreateStack=create-failed/AppDb*1");
    let ran = aws.run(&with(&replace(&id), &["--on-failure", "keep"])).ends(3).says("left as it is");
    assert!(ran.err.contains("stacksnap restore"), "{}", ran.err);
    assert_eq!(aws.stack(STACK)["status"], "CREATE_FAILED");
    assert!(aws.open_runs().is_empty());
    // The way that the hint shows leads back.
    let safety = text(&aws.run(&["list", STACK, "-o", "json"]).ends(0).json(), "/items/0/id");
    aws.delete(STACK);
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while aws.stack(STACK)["status"] != "DELETE_COMPLETE" && std::time::Instant::now() < patience {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    aws.run(&["restore", &safety, "--new-stack", STACK, "--quiet"]).ends(0);
    works_from(&aws, &safety);
}

#[test]
fn a_replacement_that_is_aborted_before_the_deletion_brings_the_stack_back() {
    for moment in ["ExecuteChangeSet", "StartBackupJob"] {
        let (aws, id) = drilled();
        let old = text(&aws.stack(STACK), "/id");
        let mut child = aws.start_until(&replace(&id), moment);
        child.kill().unwrap();
        child.wait().unwrap();
        aws.run(&["abort", STACK]).ends(0);
        let stack = aws.stack(STACK);
        assert_eq!((text(&stack, "/id"), &stack["mode"]), (old, &json!("online")), "{moment}");
        assert!(!aws.asked("DeleteStack") && aws.open_runs().is_empty());
        aws.run(&["resume", STACK]).ends(0);
    }
}

#[test]
fn ctrl_c_before_the_deletion_brings_the_stack_back() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let (aws, id) = drilled();
        let child = aws.start_until(&replace(&id), "StartBackupJob");
        super::support::signal(&child, name);
        let ran = Ran::of(child.wait_with_output().unwrap()).ends(code);
        assert_eq!(text(&ran.json(), "/outcome"), "aborted");
        assert_eq!(aws.stack(STACK)["mode"], "online");
        assert!(!aws.asked("DeleteStack") && aws.open_runs().is_empty());
    }
}

#[test]
fn ctrl_c_after_the_deletion_began_leaves_no_site_behind() {
    let (aws, id) = drilled();
    let child = aws.start_until(&replace(&id), "DeleteStack");
    super::support::signal(&child, "INT");
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert!([0, 3, 130].contains(&ran.code), "{} {}", ran.code, ran.err);
    aws.run(&["resume", STACK, "--quiet"]).ends(0);
    works_from(&aws, &id);
}

#[test]
fn a_safety_backup_that_fails_brings_the_stack_back() {
    for fault in ["rds:CreateDBClusterSnapshot=snapshot-failed*1", "backup:StartBackupJob=job-failed*1"] {
        let (aws, id) = drilled();
        let old = text(&aws.stack(STACK), "/id");
        aws.fault(fault);
        aws.run(&replace(&id)).ends(1);
        let stack = aws.stack(STACK);
        assert_eq!((text(&stack, "/id"), &stack["mode"]), (old, &json!("online")), "{fault}");
        assert!(!aws.asked("DeleteStack") && aws.open_runs().is_empty());
    }
}

#[test]
fn a_stack_that_was_offline_is_replaced_too() {
    let (aws, id) = drilled();
    aws.run(&["offline", STACK, "--yes", "--quiet"]).ends(0);
    aws.run(&replace(&id)).ends(0);
    assert_eq!(aws.stack(STACK)["parameters"]["RestoreDbSnapshotIdentifier"], json!(id));
}

#[test]
fn an_ordinary_stack_is_replaced_too_its_secret_value_given() {
    let aws = Aws::fast_with(&seeds::sample("shop"));
    aws.file("stacksnap.toml", "[defaults]\nsettle = \"0s\"\n");
    let id = text(&aws.run(&["backup", "shop", "--quiet", "-o", "json"]).ends(0).json(), "/id");
    mark(&aws, &id);
    let args = ["replace", "shop", "--with", &id, "--yes-destroy", "shop", "-o", "json"];
    aws.run(&args).ends(4).says("ApiKey");
    aws.file("key", "canary-given");
    aws.run(&with(&args, &["--set-file", "ApiKey=key"])).ends(0);
    assert_eq!(aws.stack("shop")["parameters"]["RestoreDbSnapshotIdentifier"], json!(id));
}

#[test]
fn a_replacement_that_died_during_its_own_drill_is_found_by_the_stacks_name() {
    let (aws, id) = Aws::hub_with_backup();
    let before = aws.inventory();
    let line = with(&with(&replace(&id), &DRILL_OWN), &["--drill-stack", "hubd"]);
    let mut child = aws.start_until(&line, "CreateStack");
    child.kill().unwrap();
    child.wait().unwrap();
    aws.run(&["status"]).ends(0).shows("hubd").shows("creating the new stack");
    aws.run(&["resume", STACK]).ends(6).says("its drill hubd is").says("stacksnap resume hubd");
    aws.run(&["resume", "hubd", "-o", "json"]).ends(0);
    aws.is_as(&before, "the drill was brought to its end");
    aws.run(&["resume", STACK]).ends(0).shows("no run is unfinished");
}
