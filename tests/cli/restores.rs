//! `restore`: a new stack that is the backup's, row by row and file by file.

use serde_json::{Value, json};
use stacksnap_sandbox::{Durations, seeds};

use super::support::{Aws, OWN, STACK, text, with};

/// Nothing writes into a stack that is offline: what was restored is there as it was.
const OFFLINE: &str = "StackOffline=Offline - Temporarily shut off servers";

fn restore(id: &str) -> Vec<&str> {
    with(&["restore", id, "--new-stack", "hub2", "-o", "json"], &OWN)
}

/// The new stack of `id` has exactly what was saved.
#[track_caller]
fn holds_what_was_saved(aws: &Aws, id: &str, stack: &str) {
    let (snapshot, point) = aws.halves(id);
    let saved = aws.sandbox.contents_saved(&snapshot, &point).unwrap();
    let restored = aws.sandbox.contents_of(stack).unwrap();
    assert!(saved.rows.iter().flatten().count() > 0 && saved.files.iter().flatten().count() > 0);
    assert_eq!(restored.rows, saved.rows);
    assert_eq!(restored.files, saved.files);
}

#[test]
fn a_new_stack_is_created_proven_and_protected_and_no_other_is_touched() {
    let (aws, id) = Aws::hub_with_backup();
    let before = aws.stack(STACK);
    let ran = aws.run(&restore(&id)).ends(0);
    let run = ran.json();
    assert_eq!((text(&run, "/do"), text(&run, "/outcome")), ("restore".to_owned(), "complete".to_owned()));
    assert_eq!(
        (&run["rebuilt"]["proven"], text(&run, "/rebuilt/status")),
        (&json!(true), "CREATE_COMPLETE".to_owned())
    );
    assert!(run["rebuilt"]["rtoS"].is_i64() && run["rebuilt"]["rpoS"].is_i64());
    assert!(run["rebuilt"]["outputs"].as_array().is_some_and(|outputs| !outputs.is_empty()));
    assert!(run["next"].to_string().contains("Never change a Restore"), "{run}");
    assert_eq!(aws.stack(STACK), before, "the source was changed");
    let made = aws.stack("hub2");
    assert_eq!(made["id"], run["rebuilt"]["newStackId"]);
    let parameters = made["parameters"].to_string();
    assert!(parameters.contains("new.example.com") && parameters.contains(&id), "{parameters}");
    assert!(aws.open_runs().is_empty(), "{:?}", aws.open_runs());
    for told in ["creating the new stack", "AppDb CREATE_COMPLETE", "proving the new stack"] {
        assert!(ran.err.contains(told), "`{told}` is not in\n{}", ran.err);
    }
    // Protected: CloudFormation refuses its deletion.
    aws.run(&["replace", "hub2", "--with", &id, "--yes-destroy", "hub2"]).ends(4).says("is a backup of my-hub");
    aws.run(&["resume", "hub2"]).ends(0);
    assert_eq!(aws.times("CreateStack"), 1);
}

#[test]
fn what_was_written_before_an_offline_backup_is_in_the_new_stack_and_no_pair_is_broken() {
    let aws = Aws::fast();
    aws.file("stacksnap.toml", "[defaults]\nsettle = \"1s\"\n");
    let before = aws.sandbox.contents_of(STACK).unwrap();
    aws.run(&["backup", STACK, "--quiet"]).ends(0);
    let id = aws.newest();
    aws.run(&with(&restore(&id), &["--set", OFFLINE])).ends(0);
    holds_what_was_saved(&aws, &id, "hub2");
    let found = aws.sandbox.live_consistency("hub2").unwrap();
    assert!(found.rows > 0 && found.rows == found.files && found.broken == 0, "{found:?}");
    let after = aws.sandbox.contents_of("hub2").unwrap();
    for (at, (old, new)) in before.rows.iter().zip(&after.rows).enumerate() {
        assert!(new >= old, "row {at} was lost: {old:?} became {new:?}");
    }
    for (at, (old, new)) in before.files.iter().zip(&after.files).enumerate() {
        assert!(new >= old, "file {at} was lost: {old:?} became {new:?}");
    }
}

#[test]
fn a_live_backup_is_restored_as_it_is_with_the_skew_that_was_told() {
    let aws = Aws::with_hub();
    let run = aws.run(&["backup", STACK, "--live", "--quiet", "-o", "json"]).ends(0).json();
    let id = text(&run, "/id");
    assert!(run["skewS"].is_u64() || run["skewS"].is_i64(), "{run}");
    let (snapshot, point) = aws.halves(&id);
    let saved = aws.sandbox.consistency(&snapshot, &point).unwrap();
    assert!(saved.broken > 0, "a running application was copied without a broken pair: {saved:?}");
    aws.run(&with(&restore(&id), &["--set", OFFLINE])).ends(0);
    holds_what_was_saved(&aws, &id, "hub2");
    assert_eq!(aws.sandbox.live_consistency("hub2").unwrap().broken, saved.broken);
}

#[test]
fn the_application_goes_on_from_what_was_restored() {
    let (aws, id) = Aws::hub_with_backup();
    aws.run(&restore(&id)).ends(0);
    let (snapshot, point) = aws.halves(&id);
    let saved = aws.sandbox.contents_saved(&snapshot, &point).unwrap();
    let now = aws.sandbox.contents_of("hub2").unwrap();
    assert!(saved.rows.iter().zip(&now.rows).all(|(old, new)| new >= old), "{saved:?} {now:?}");
}

#[test]
fn an_ordinary_stack_is_restored_too_its_secret_value_given() {
    let aws = Aws::fast_with(&seeds::sample("shop"));
    aws.file("stacksnap.toml", "[defaults]\nsettle = \"1s\"\n");
    let id = text(&aws.run(&["backup", "shop", "--quiet", "-o", "json"]).ends(0).json(), "/id");
    aws.run(&["restore", &id, "--new-stack", "shop2"]).ends(4).says("needs your value: ApiKey").says("--set-file");
    aws.file("key", "canary-given\n");
    let args = ["restore", &id, "--new-stack", "shop2", "--set-file", "ApiKey=key", "--set", "OfflineMode=offline"];
    aws.run(&args).ends(0).shows("Proven");
    holds_what_was_saved(&aws, &id, "shop2");
    assert_eq!(aws.sandbox.live_consistency("shop2").unwrap().broken, 0);
}

#[test]
fn a_stack_that_was_deleted_comes_back_under_its_own_name() {
    let aws = Aws::fast();
    aws.set(&json!({ "bucket": "my-manifests" }));
    aws.file("stacksnap.toml", "[defaults]\nsettle = \"0s\"\nmanifest = \"s3://my-manifests/prod\"\n");
    aws.run(&["backup", STACK, "--quiet"]).ends(0);
    let id = aws.newest();
    aws.delete_stack();
    // Nothing is asked for: the values that two stacks cannot share are free again.
    aws.run(&["restore", "my-hub@latest", "--new-stack", STACK, "--set", OFFLINE]).ends(0).shows("Proven");
    holds_what_was_saved(&aws, &id, STACK);
    aws.run(&["inspect", STACK]).ends(0).shows("offline");
}

#[test]
fn a_deleted_stacks_backup_without_a_bucket_is_restored_from_what_cloudformation_still_knows() {
    let (aws, id) = Aws::hub_with_backup();
    aws.delete_stack();
    aws.run(&["restore", &id, "--new-stack", "hub2", "--quiet"]).ends(0);
    assert_eq!(aws.stack("hub2")["status"], "CREATE_COMPLETE");
}

fn large() -> Aws {
    Aws::fast_with(&seeds::StackSeed { padding: 60_000, ..seeds::hubs(STACK) })
}

#[test]
fn fm_36_a_template_over_51_200_bytes_is_sent_by_its_place_in_the_bucket() {
    let aws = large();
    aws.set(&json!({ "bucket": "my-manifests" }));
    aws.file("stacksnap.toml", "[defaults]\nsettle = \"0s\"\nmanifest = \"s3://my-manifests/prod\"\n");
    aws.run(&["backup", STACK, "--quiet"]).ends(0);
    let id = aws.newest();
    let dry = aws.run(&with(&restore(&id), &["--dry-run"])).ends(0);
    assert!(dry.out.contains("https://my-manifests.s3.us-east-1.amazonaws.com/prod/"), "{}", dry.out);
    aws.run(&restore(&id)).ends(0);
    assert_eq!(aws.stack("hub2")["status"], "CREATE_COMPLETE");
}

#[test]
fn fm_36_without_a_bucket_a_large_template_is_refused_with_the_line_that_names_one() {
    let aws = large();
    aws.run(&["backup", STACK, "--live"]).ends(0).says("not kept with the backup: the template's text");
    let id = aws.newest();
    aws.run(&with(&["restore", &id, "--new-stack", "hub2"], &OWN))
        .ends(4)
        .says("too long for a request")
        .says("manifest = \"s3://bucket/prefix\"");
    // Once there is a bucket, it goes there.
    aws.set(&json!({ "bucket": "my-manifests" }));
    aws.file("stacksnap.toml", "[defaults]\nmanifest = \"s3://my-manifests/prod\"\n");
    aws.run(&restore(&id)).ends(0);
    assert!(aws.open_runs().is_empty());
}

#[test]
fn a_dry_run_shows_the_plan_and_changes_nothing() {
    let (aws, id) = Aws::hub_with_backup();
    aws.sandbox.clear_requests();
    for (mut args, last) in [
        (with(&["restore", &id, "--new-stack", "hub2"], &OWN), "nothing was changed"),
        (with(&["drill", &id], &OWN), "nothing was changed"),
        (with(&["replace", STACK, "--with", &id], &DRY_DRILL), "nothing was changed"),
    ] {
        args.push("--dry-run");
        let ran = aws.run(&args).ends(0).shows("would ").shows("RestoreDbSnapshotIdentifier");
        assert!(ran.err.trim_end().ends_with(last), "{args:?}\n{}", ran.err);
    }
    for request in aws.sandbox.requests() {
        let reads = ["Describe", "List", "Get", "Head"].iter().any(|verb| request.operation.starts_with(verb));
        assert!(reads, "{request:?}");
    }
    assert!(aws.stack("hub2").is_null());
}

const DRY_DRILL: [&str; 6] = super::support::DRILL_OWN;

#[test]
fn fm_38_a_creation_that_fails_says_what_failed_first_and_stays_for_inspection() {
    let (aws, id) = Aws::hub_with_backup();
    aws.fault("cloudformation:CreateStack=create-failed/AppDb*1");
    let ran = aws.run(&restore(&id)).ends(1);
    assert!(ran.err.contains("AppDb") && ran.err.contains("describe-stack-events"), "{}", ran.err);
    assert_eq!(aws.stack("hub2")["status"], "CREATE_FAILED");
    assert!(aws.open_runs().is_empty());
    // The name is taken by what is left.
    aws.run(&restore(&id)).ends(4).says("CREATE_FAILED").says("delete-stack");
    aws.fault("cloudformation:CreateStack=create-failed/AppDb*1");
    let args = with(&["restore", &id, "--new-stack", "hub3", "--on-failure", "rollback", "-o", "json"], &OWN);
    aws.run(&args).ends(1);
    assert_eq!(aws.stack("hub3")["status"], "ROLLBACK_COMPLETE");
}

#[test]
fn files_whose_restore_job_fails_are_not_proven() {
    let (aws, id) = Aws::hub_with_backup();
    aws.fault("backup:StartRestoreJob=restore-job-failed*1");
    let ran = aws.run(&restore(&id));
    assert!([1, 7].contains(&ran.code), "{}\n{}", ran.code, ran.err);
    assert_eq!(ran.json()["rebuilt"]["proven"], json!(false));
    assert!(ran.err.contains("StorageEFS") || ran.err.contains("restore job"), "{}", ran.err);
}

#[test]
fn a_lost_answer_to_create_stack_creates_one_stack() {
    for kind in ["lost-answer", "drop-before", "server-error", "throttle"] {
        let (aws, id) = Aws::hub_with_backup();
        aws.fault(&format!("cloudformation:CreateStack={kind}*4"));
        aws.run(&restore(&id)).ends(0);
        let named = aws.of_region("stacks").into_iter().filter(|stack| stack["name"] == "hub2").count();
        assert_eq!(named, 1, "{kind}");
    }
}

#[test]
fn ctrl_c_leaves_the_new_stack_to_resume() {
    let (aws, id) = Aws::hub_with_backup();
    let child = aws.start_until(&restore(&id), "CreateStack");
    super::support::signal(&child, "INT");
    super::support::Ran::of(child.wait_with_output().unwrap()).ends(130).says("stacksnap resume hub2");
    proven_by_resume(&aws);
}

#[test]
fn a_wait_that_is_over_leaves_the_new_stack_to_resume() {
    let (aws, id) = Aws::hub_with_backup();
    // Six seconds here.
    aws.sandbox.set_durations(Durations { cluster_restore: 9000.0, jitter: 0.0, ..Durations::default() });
    let ran = aws.run(&with(&restore(&id), &["--timeout", "1s"])).ends(5).says("AWS goes on creating the stack");
    ran.says("stacksnap resume hub2");
    proven_by_resume(&aws);
}

/// What was left goes on, and comes to the end that it would have come to.
#[track_caller]
fn proven_by_resume(aws: &Aws) {
    let run = aws.run(&["resume", "hub2", "-o", "json"]).ends(0).json();
    assert_eq!((text(&run, "/outcome"), &run["rebuilt"]["proven"]), ("complete".to_owned(), &json!(true)));
    assert_eq!(aws.stack("hub2")["status"], "CREATE_COMPLETE");
    assert!(aws.open_runs().is_empty(), "{:?}", aws.open_runs());
    assert_eq!(aws.times("CreateStack"), 1);
}

#[test]
fn a_restored_stack_can_be_backed_up_and_restored_again() {
    let (aws, id) = Aws::hub_with_backup();
    aws.run(&restore(&id)).ends(0);
    aws.run(&["backup", "hub2", "--quiet"]).ends(0);
    let second: Value = aws.run(&["list", "hub2", "-o", "json"]).ends(0).json();
    let second = text(&second, "/items/0/id");
    let own =
        ["--set", "DomainName=3.example.com", "--set", "InternalZone=3-internal.com", "--set", "ShortlinkZone=3.link"];
    aws.run(&with(&["restore", &second, "--new-stack", "hub3", "--set", OFFLINE], &own)).ends(0);
    let parameters = aws.stack("hub3")["parameters"].clone();
    assert_eq!(parameters["RestoreDbSnapshotIdentifier"], json!(second), "replaced, not carried over: {parameters}");
    assert_eq!(parameters["RestoreStackName"], "hub2");
    holds_what_was_saved(&aws, &second, "hub3");
}
