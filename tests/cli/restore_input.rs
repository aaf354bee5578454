//! What must not be restored, and where it must not be restored to: refused with the right exit code, and
//! nothing lost. And: a secret that the user gives goes to CloudFormation and nowhere else.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use stacksnap::plan::kept;
use stacksnap_sandbox::seeds;

use super::support::{Aws, OWN, Ran, STACK, text, with};

fn restore(id: &str) -> Vec<&str> {
    with(&["restore", id, "--new-stack", "hub2", "-o", "json"], &OWN)
}

/// `restore`, `drill` and `replace` refuse with this code and these words, and nothing is made.
#[track_caller]
fn refused(aws: &Aws, id: &str, code: i32, says: &str) {
    let before = aws.inventory();
    let replace = with(&["replace", STACK, "--with", id, "--yes-destroy", STACK], &super::support::DRILL_OWN);
    for args in [restore(id), with(&["drill", id], &OWN), replace] {
        aws.run(&args).ends(code).says(says);
    }
    aws.is_as(&before, says);
    assert!(!aws.asked("CreateStack") && !aws.asked("DeleteStack") && aws.open_runs().is_empty());
}

#[test]
fn fm_37_a_name_that_is_taken_is_refused_whatever_its_status() {
    let (aws, id) = Aws::hub_with_backup();
    aws.sandbox.seed_stack(&seeds::hubs("hub2"));
    for (status, hint) in [
        ("CREATE_COMPLETE", "stacksnap replace hub2"),
        ("UPDATE_COMPLETE", "stacksnap replace hub2"),
        ("ROLLBACK_COMPLETE", "aws cloudformation delete-stack --stack-name hub2"),
        ("ROLLBACK_FAILED", "aws cloudformation delete-stack --stack-name hub2"),
        ("CREATE_FAILED", "aws cloudformation delete-stack --stack-name hub2"),
        ("DELETE_FAILED", "aws cloudformation delete-stack --stack-name hub2"),
        ("REVIEW_IN_PROGRESS", "aws cloudformation delete-stack --stack-name hub2"),
        ("DELETE_IN_PROGRESS", "wait until it is deleted"),
        ("UPDATE_ROLLBACK_FAILED", "choose another --new-stack"),
        ("FROBNICATED", "choose another --new-stack"),
    ] {
        aws.set(&json!({ "stack": "hub2", "stack_status": status }));
        let before = aws.stack("hub2");
        let ran = aws.run(&restore(&id)).ends(4).says(status);
        let error = ran.error();
        assert_eq!(error["code"], "stack-exists", "{error}");
        assert!(error["next"].to_string().contains(hint), "{status}: {error}");
        aws.run(&with(&["drill", &id, "--drill-stack", "hub2"], &OWN)).ends(4).says(status);
        assert_eq!(aws.stack("hub2"), before);
    }
    assert!(!aws.asked("CreateStack") && aws.open_runs().is_empty());
}

#[test]
fn a_name_that_is_taken_between_the_look_and_the_creation_is_left_alone() {
    let (aws, id) = Aws::hub_with_backup();
    let sandbox = aws.sandbox.clone();
    let once = std::sync::Once::new();
    aws.sandbox.on_request(move |_, request| {
        if request.operation == "CreateStack" {
            once.call_once(|| drop(sandbox.seed_stack(&seeds::hubs("hub2"))));
        }
    });
    aws.fault("cloudformation:CreateStack=drop-before*1");
    aws.run(&restore(&id)).ends(1).says("hub2");
    assert_eq!(aws.stack("hub2")["parameters"]["DomainName"], "hub.example.com");
    assert!(aws.open_runs().is_empty());
}

#[test]
fn a_backup_of_another_region_is_not_found_there_and_the_region_is_said() {
    let (aws, id) = Aws::hub_with_backup();
    let args = restore(&id);
    let mut command = aws.command(&args);
    let ran = Ran::of(command.env("AWS_REGION", "eu-west-1").output().unwrap()).ends(8);
    ran.says("in eu-west-1");
    assert!(!aws.asked("CreateStack"));
}

#[test]
fn fm_68_a_deleted_secret_is_refused() {
    let (aws, id) = Aws::hub_with_backup();
    let secret = aws.run(&["show", &id, "-o", "json"]).ends(0).json()["secretArn"].clone();
    aws.set(&json!({ "secret": secret, "deleted": true }));
    refused(&aws, &id, 7, "SS332");
}

#[test]
fn fm_71_a_parameter_store_secret_that_is_gone_is_refused() {
    let (aws, id) = Aws::hub_with_backup();
    aws.lose(&format!("/keymaster/{STACK}/phoenix-key"));
    refused(&aws, &id, 7, "SS336");
}

#[test]
fn fm_50_a_key_that_is_pending_deletion_is_refused() {
    let (aws, id) = Aws::hub_with_backup();
    aws.set(&json!({ "kms": "alias/aws/rds", "state": "PendingDeletion" }));
    refused(&aws, &id, 7, "SS341");
}

#[test]
fn fm_61_a_recovery_point_that_is_gone_or_expired_is_refused() {
    let (aws, id) = Aws::hub_with_backup();
    let (_, point) = aws.halves(&id);
    aws.set(&json!({ "recovery_point": point, "state": "EXPIRED" }));
    refused(&aws, &id, 7, "SS309");
    aws.set(&json!({ "recovery_point": point, "deleted": true }));
    refused(&aws, &id, 7, "SS303");
}

#[test]
fn values_and_templates_that_do_not_fit_are_refused_before_anything_is_made() {
    let (aws, id) = Aws::hub_with_backup();
    let long = format!("KeyPair={}", "x".repeat(4_097));
    let template = "Parameters:\n  DomainName: {Type: String}\n  Brand: {Type: String}\nResources:\n  A: {Type: AWS::SNS::Topic}\n";
    aws.file("other.yaml", template);
    aws.file("no.yaml", "hello");
    aws.file("huge.yaml", &"# x\n".repeat(300_000));
    for (more, code, says) in [
        (vec!["--set", long.as_str()], 4, "has 4097 bytes"),
        (vec!["--set", "AppInstanceType=m9.huge"], 4, "AppInstanceType"),
        (vec!["--set", "Domain=x.org"], 4, "Domain"),
        (vec!["--unset", "AdminEmailAddress"], 4, "AdminEmailAddress"),
        (vec!["--set", "DomainName=UPPER CASE"], 4, "DomainName"),
        (vec!["--template-file", "other.yaml", "--set", "Brand=x"], 4, "does not declare the restore parameter"),
        (vec!["--template-file", "no.yaml"], 4, "template"),
        (vec!["--template-file", "huge.yaml"], 2, "1 MB"),
        (vec!["--template-file", "missing.yaml"], 2, "missing.yaml"),
        (vec!["--template-url", "http://insecure/t"], 2, "https"),
        (vec!["--stack-profile", "no-such"], 2, "no-such"),
        (vec!["--set", "novalue"], 2, "KEY=VALUE"),
    ] {
        let ran = aws.run(&with(&restore(&id), &more)).ends(code);
        assert!(ran.out.is_empty() && ran.err.contains(says), "{says} is not in\n{}", ran.err);
    }
    aws.run(&["restore", &id]).ends(2).says("--new-stack");
    aws.run(&["restore", &id, "--new-stack", "1hub"]).ends(2);
    aws.run(&["restore", "my-hub-20200101-000000", "--new-stack", "hub2"]).ends(8);
    aws.run(&["restore", "other@latest", "--new-stack", "hub2"]).ends(8);
    assert!(!aws.asked("CreateStack") && aws.open_runs().is_empty());
}

#[test]
fn a_manifest_that_was_tampered_with_or_is_a_newer_versions_is_refused() {
    let (aws, id) = Aws::hub_with_backup();
    let name = format!("/stacksnap/{STACK}/manifests/{id}");
    aws.put(&name, &json!({ "format": 9, "tool": "9.1.0" }));
    refused(&aws, &id, 7, "9.1.0");
    aws.put(&name, &json!("hello"));
    refused(&aws, &id, 7, "SS354");
}

#[test]
fn a_manifest_in_a_bucket_that_is_denied_is_refused() {
    let aws = Aws::fast();
    aws.set(&json!({ "bucket": "my-manifests" }));
    let id = aws.backed_up("s3://my-manifests/prod");
    aws.set(&json!({ "bucket": "my-manifests", "denied": true }));
    refused(&aws, &id, 7, "SS390");
}

#[test]
fn a_half_without_its_mark_is_no_backup() {
    let aws = Aws::fast();
    aws.fault("backup:StartBackupJob=job-failed*1");
    aws.run(&["backup", STACK, "--live", "--quiet"]).ends(1);
    let id = text(&aws.run(&["list", STACK, "-o", "json"]).ends(0).json(), "/items/0/id");
    let ran = aws.run(&restore(&id)).ends(7);
    assert!(!ran.err.is_empty() && !aws.asked("CreateStack"));
}

#[test]
fn what_aws_denies_is_said_with_its_operation_and_leaves_nothing_held() {
    let (aws, id) = Aws::hub_with_backup();
    for operation in ["cloudformation:CreateStack", "ssm:PutParameter"] {
        aws.fault(&format!("{operation}=access-denied"));
        let ran = aws.run(&restore(&id)).ends(1);
        let name = operation.split(':').nth(1).unwrap();
        assert!(ran.err.contains(name), "{operation}\n{}", ran.err);
        aws.sandbox.clear_faults();
        assert!(aws.open_runs().is_empty(), "{operation}: {:?}", aws.open_runs());
    }
    aws.run(&restore(&id)).ends(0);
}

/// What the user gives, and AWS never shows again.
const CANARY: &str = "canary-8f2k-given-by-the-user";

/// All that Parameter Store has held at any time, by name.
fn listens(aws: &Aws) -> Arc<Mutex<Vec<(String, String)>>> {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let (sink, sandbox) = (Arc::clone(&kept), aws.sandbox.clone());
    aws.sandbox.on_request(move |_, request| {
        if ["DeleteParameter", "CreateStack"].contains(&request.operation.as_str()) {
            let summary = sandbox.summary();
            let rows =
                summary["realms"].as_array().unwrap().iter().flat_map(|realm| realm["ssm"].as_array().unwrap().clone());
            sink.lock().unwrap().extend(rows.map(|row| (text(&row, "/name"), text(&row, "/value"))));
        }
    });
    kept
}

/// Every plan that was kept, unpacked.
fn plans(kept: &[(String, String)]) -> Vec<String> {
    let records = kept.iter().filter(|(name, _)| name.contains("/runs/"));
    let digests = records.filter_map(|(name, value)| {
        let record: Value = serde_json::from_str(value).ok()?;
        Some((name.replace("/runs/", "/plans/"), text(&record, "/target/aim/plan")))
    });
    let found = digests.filter_map(|(name, digest)| {
        let part = |number: usize| kept.iter().find(|(own, _)| *own == format!("{name}/{number}"));
        let parts: Vec<String> = (0..kept::PARTS).map_while(part).map(|(_, value)| value.clone()).collect();
        (!parts.is_empty()).then(|| format!("{:?}", kept::unpack(&parts, &digest).unwrap()))
    });
    found.collect()
}

#[test]
fn a_secret_value_goes_to_cloudformation_and_nowhere_else() {
    let aws = Aws::fast_with(&seeds::sample("shop"));
    aws.set(&json!({ "bucket": "my-manifests" }));
    aws.file("stacksnap.toml", "[defaults]\nsettle = \"0s\"\nmanifest = \"s3://my-manifests/prod\"\n");
    aws.file("key", CANARY);
    let kept = listens(&aws);
    let given = ["--set-file", "ApiKey=key", "-vv"];
    aws.run(&["backup", "shop", "--quiet"]).ends(0);
    let id = text(&aws.run(&["list", "shop", "-o", "json"]).ends(0).json(), "/items/0/id");
    let mut said = String::new();
    let mut run = |args: &[&str], code: i32| {
        let ran = aws.run(args).ends(code);
        assert!(!ran.out.contains("canary"), "{args:?} shows a secret:\n{}", ran.out);
        assert!(!ran.err.contains("canary"), "{args:?} tells a secret:\n{}", ran.err);
        said.push_str(&ran.err);
    };
    run(&["verify", &id, "-vv"], 0);
    run(&with(&["restore", &id, "--new-stack", "shop2", "--dry-run"], &given), 0);
    run(&with(&["restore", &id, "--new-stack", "shop2"], &given), 0);
    run(&with(&["drill", &id, "--drill-stack", "shopd"], &given), 0);
    run(&with(&["replace", "shop", "--with", &id, "--yes-destroy", "shop"], &given), 0);
    aws.fault("cloudformation:CreateStack=create-failed/Database*1");
    run(&with(&["restore", &id, "--new-stack", "shop3"], &given), 1);
    run(&["list", "--all", "-vv"], 0);
    run(&["status", "-vv"], 0);
    assert!(said.contains("creating the new stack"), "{said}");
    assert!(said.contains("call=\"DescribeStacks\"") && said.contains("status=200"), "{said}");
    let kept = kept.lock().unwrap().clone();
    let plans = plans(&kept);
    assert!(plans.len() >= 3 && plans.iter().all(|plan| plan.contains("ApiKey")), "{}", plans.len());
    assert!(!plans.iter().any(|plan| plan.contains("canary")), "a plan keeps a secret");
    let ours = kept.iter().filter(|(name, _)| name.starts_with("/stacksnap/"));
    assert!(!ours.clone().any(|(_, value)| value.contains("canary")) && ours.count() > 0);
    let mut state = aws.sandbox.summary();
    for realm in state["realms"].as_array_mut().unwrap() {
        for stack in realm["stacks"].as_array_mut().unwrap() {
            // What CloudFormation was given, it has.
            stack["parameters"] = Value::Null;
        }
    }
    assert!(!state.to_string().contains(CANARY), "it is kept somewhere");
    assert!(aws.sandbox.requests().iter().all(|request| !format!("{request:?}").contains("canary")));
}

#[test]
fn a_secret_that_was_kept_nowhere_is_asked_for_again_by_resume() {
    let aws = Aws::fast_with(&seeds::sample("shop"));
    aws.file("stacksnap.toml", "[defaults]\nsettle = \"0s\"\n");
    aws.file("key", CANARY);
    let id = text(&aws.run(&["backup", "shop", "--quiet", "-o", "json"]).ends(0).json(), "/id");
    aws.fault("cloudformation:CreateStack=drop-before");
    let args = ["restore", &id, "--new-stack", "shop2", "--set-file", "ApiKey=key"];
    let mut child = aws.start(&args);
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !aws.sandbox.requests().iter().any(|request| request.operation == "CreateStack") {
        assert!(std::time::Instant::now() < patience, "CreateStack was never called");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    aws.sandbox.clear_faults();
    let ran = aws.run(&["resume", "shop2"]);
    assert!(ran.code != 0 && ran.err.contains("stacksnap resume shop2 --set ApiKey="), "{} {}", ran.code, ran.err);
    let again = aws.run(&["resume", "shop2", "--set-file", "ApiKey=key"]);
    // The run may have ended for want of it; then it is begun again.
    if again.code != 0 || aws.stack("shop2").is_null() {
        aws.run(&args).ends(0);
    }
    assert_eq!(aws.stack("shop2")["status"], "CREATE_COMPLETE");
    assert!(aws.open_runs().is_empty());
}
