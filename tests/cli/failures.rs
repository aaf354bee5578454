//! The stack and its parts are not as a backup needs them: refused before anything is touched, or
//! brought home, with words that say what to do.

use serde_json::{Value, json};
use stacksnap_sandbox::seeds::{self, ParameterSeed, ResourceSeed, StackSeed};

use super::support::{Aws, Ran, STACK};

const BACKUP: [&str; 4] = ["backup", STACK, "--settle", "0s"];

/// `check` and `backup` refuse with this id, and nothing is touched.
#[track_caller]
fn refused(aws: &Aws, id: &str, why: &str) {
    aws.run(&["check", STACK]).ends(4).shows(id).shows(why);
    aws.run(&BACKUP).ends(4).shows(id).says("nothing was touched");
    assert!(!aws.asked("PutParameter") && !aws.asked("CreateChangeSet"));
}

/// The findings' ids and severities.
fn findings(ran: &Ran) -> Vec<(String, String)> {
    let report = ran.json();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let all = report["findings"].as_array().cloned().unwrap_or_default();
    all.iter().map(|finding| (text(finding, "id"), text(finding, "severity"))).collect()
}

fn spoilt(spoil: impl FnOnce(&mut StackSeed)) -> Aws {
    let mut seed = seeds::hubs(STACK);
    spoil(&mut seed);
    Aws::with(&seed)
}

fn parameter<'a>(seed: &'a mut StackSeed, key: &str) -> &'a mut ParameterSeed {
    seed.parameters.iter_mut().find(|parameter| parameter.key == key).unwrap()
}

#[test]
fn fm_19_an_update_that_is_under_way_is_waited_for_by_the_user() {
    let aws = Aws::with_hub();
    for status in ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"] {
        aws.set(&json!({ "stack": STACK, "stack_status": status }));
        refused(&aws, "SS003", status);
    }
}

#[test]
fn fm_20_an_off_that_rolls_back_shows_the_first_failure_and_leaves_the_stack_online() {
    let aws = Aws::with_hub();
    aws.fault("cloudformation:ExecuteChangeSet=rollback*1");
    aws.run(&BACKUP).ends(1).says("failed first:");
    assert_eq!(aws.mode(), "online");
    assert!(!aws.asked("StartBackupJob"));
}

#[test]
fn fm_21_a_rollback_that_fails_is_exit_three_with_the_command_that_repairs() {
    let aws = Aws::with_hub();
    aws.fault("cloudformation:ExecuteChangeSet=rollback-failed*1");
    let ran = aws.run(&BACKUP).ends(3).says("UPDATE_ROLLBACK_FAILED");
    ran.says("aws cloudformation continue-update-rollback --stack-name my-hub");
    assert!(!aws.asked("ContinueUpdateRollback"), "never by itself");
    // A monitor reads JSON.
    let status = aws.run(&["status", STACK, "-o", "json"]).ends(0).json();
    assert_eq!(status["items"][0]["leftOffline"], true, "{status}");
}

#[test]
fn fm_27_a_stack_that_cannot_be_updated_is_refused_by_its_status() {
    let aws = Aws::with_hub();
    for status in [
        "DELETE_IN_PROGRESS",
        "DELETE_FAILED",
        "REVIEW_IN_PROGRESS",
        "CREATE_FAILED",
        "ROLLBACK_COMPLETE",
        "UPDATE_ROLLBACK_FAILED",
        "FROBNICATED",
    ] {
        aws.set(&json!({ "stack": STACK, "stack_status": status }));
        aws.run(&["check", STACK]).ends(4).shows(status);
    }
    aws.run(&BACKUP).ends(4).says("nothing was touched");
    assert!(!aws.asked("PutParameter"));
}

#[test]
fn fm_27_a_nested_stack_is_refused_with_its_parent() {
    let mut seed = seeds::hubs(STACK);
    seed.nested.push(StackSeed { name: "Child".to_owned(), ..StackSeed::default() });
    let aws = Aws::with(&seed);
    // Its resources are looked at, too: that is how its name is known here.
    aws.run(&["inspect", STACK]).ends(0);
    let asked = aws.sandbox.requests();
    let child =
        asked.iter().find_map(|request| request.target.split('/').find(|part| part.starts_with("my-hub-Child-")));
    aws.run(&["check", child.unwrap()]).ends(4).shows("SS006").shows("Back up the root stack");
}

#[test]
fn fm_29_an_offline_parameter_with_other_values_is_refused_and_shown() {
    let aws = spoilt(|seed| {
        let mode = parameter(seed, "StackOffline");
        (mode.value, mode.allowed) = ("Perhaps".to_owned(), Vec::new());
    });
    refused(&aws, "SS021", "Perhaps");
    aws.run(&["inspect", STACK]).shows("StackOffline");
    aws.run(&["offline", STACK, "--yes"]).ends(4);
}

#[test]
fn fm_29_a_stack_without_an_offline_parameter_can_only_be_backed_up_live() {
    let aws = spoilt(|seed| {
        seed.parameters.retain(|parameter| parameter.key != "StackOffline");
        seed.switch = None;
    });
    refused(&aws, "SS020", "--live");
    aws.run(&["backup", STACK, "--live", "-o", "json"]).ends(0);
    assert_eq!(aws.states(), ["complete"]);
}

#[test]
fn fm_29_a_flag_names_another_offline_parameter() {
    let aws = Aws::with_hub();
    aws.run(&["check", STACK, "--offline-parameter", "NoneSuch"]).ends(4).shows("NoneSuch");
}

#[test]
fn fm_31_a_parameter_that_is_read_from_parameter_store_is_a_warning() {
    let aws = spoilt(|seed| {
        let mut ami = parameter(seed, "StackOffline").clone();
        ami.key = "ImageId".to_owned();
        ami.kind = "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>".to_owned();
        (ami.value, ami.resolved, ami.allowed) = ("/aws/ami".to_owned(), Some("ami-1".to_owned()), Vec::new());
        seed.parameters.push(ami);
    });
    let ran = aws.run(&["check", STACK, "-o", "json"]).ends(0);
    assert!(findings(&ran).contains(&("SS025".to_owned(), "warning".to_owned())), "{}", ran.out);
}

fn replaces_the_database() -> Value {
    json!({ "stack": STACK, "effects": [{ "logical": "AppDb", "action": "Replace", "property": "MasterUsername" }] })
}

#[test]
fn fm_32_an_update_that_would_replace_the_database_is_not_executed() {
    let aws = Aws::with_hub();
    aws.set(&replaces_the_database());
    aws.run(&BACKUP).ends(4).says("AppDb would be replaced");
    assert_eq!(aws.mode(), "online");
    assert!(!aws.asked("ExecuteChangeSet"));
}

#[test]
fn fm_32_an_on_that_would_replace_the_database_is_not_executed_either() {
    let aws = Aws::with_hub();
    let sandbox = aws.sandbox.clone();
    aws.sandbox.on_request(move |_, request| {
        if request.operation == "CreateDBClusterSnapshot" {
            sandbox.set(&replaces_the_database()).unwrap_or_default();
        }
    });
    let ran = aws.run(&BACKUP).ends(3).says("IS STILL OFFLINE").says("AppDb would be replaced");
    ran.says("stacksnap online my-hub");
    assert_eq!(aws.mode(), "offline");
}

#[test]
fn fm_33_a_template_that_needs_capabilities_is_updated_with_them() {
    let seed = seeds::hubs(STACK);
    assert!(!seed.capabilities.is_empty(), "the sandbox refuses an update without them");
    let aws = Aws::with(&seed);
    aws.run(&BACKUP).ends(0);
}

#[test]
fn fm_35_termination_protection_does_not_matter_and_a_denied_update_names_the_action() {
    let aws = spoilt(|seed| seed.termination_protection = true);
    aws.run(&BACKUP).ends(0);
    let aws = Aws::with_hub();
    aws.fault("cloudformation:ExecuteChangeSet=access-denied");
    aws.run(&BACKUP).ends(1).says("cloudformation ExecuteChangeSet").says("hint:");
    assert_eq!(aws.mode(), "online");
    assert!(!aws.asked("CreateDBClusterSnapshot"));
}

#[test]
fn fm_36_two_hundred_parameters_with_the_longest_values_are_kept_as_they_are() {
    let aws = spoilt(|seed| {
        let domain = parameter(seed, "DomainName").clone();
        let plain = ParameterSeed { pattern: None, constraint: None, ..domain };
        for number in seed.parameters.len()..200 {
            let (key, value) = (format!("Parameter{number}"), "ü".repeat(2_048));
            seed.parameters.push(ParameterSeed { key, value, ..plain.clone() });
        }
    });
    aws.run(&BACKUP).ends(0);
    let shown = aws.run(&["inspect", STACK, "-o", "json"]).ends(0).json();
    let values = shown["parameters"].as_array().unwrap();
    assert_eq!(values.len(), 200);
    let kept = values.iter().filter(|value| value["value"].as_str().is_some_and(|value| value.len() == 4_096));
    assert!(kept.count() > 100);
}

#[test]
fn fm_42_a_cluster_that_does_not_pass_by_itself_is_refused_and_a_busy_one_is_told() {
    let aws = Aws::with_hub();
    let hopeless = ["stopped", "stopping", "deleting"];
    let busy = ["maintenance", "upgrading", "failing-over", "frobnicating"];
    for status in hopeless.into_iter().chain(busy) {
        aws.set(&json!({ "cluster": "my-hub-app-db", "status": status }));
        let code = if hopeless.contains(&status) { 4 } else { 0 };
        let id = if code == 4 { "SS032" } else { "SS031" };
        aws.run(&["check", STACK]).ends(code).shows(id).shows(status);
    }
    aws.set(&json!({ "cluster": "my-hub-app-db", "status": "available" }));
    let ran = aws.run(&["check", STACK]).ends(0);
    assert!(!ran.out.contains("SS031") && !ran.out.contains("SS032"), "{}", ran.out);
}

#[test]
fn fm_44_a_paused_cluster_is_not_woken_by_a_query() {
    let aws = Aws::with_hub();
    aws.run(&BACKUP).ends(0);
    for request in aws.sandbox.requests() {
        let known =
            ["cloudformation", "rds", "backup", "elasticfilesystem", "ssm", "secretsmanager", "iam", "kms", "sts"];
        assert!(known.contains(&request.service.as_str()), "{request:?}");
    }
}

#[test]
fn fm_45_a_quota_that_is_used_up_is_refused_before_the_stack_goes_offline() {
    let aws = Aws::with_hub();
    aws.set(&json!({ "quota": 0 }));
    refused(&aws, "SS033", "manual");
}

#[test]
fn fm_46_a_snapshot_that_fails_is_a_failed_backup_and_the_stack_is_back() {
    let aws = Aws::with_hub();
    aws.fault("rds:CreateDBClusterSnapshot=snapshot-failed");
    aws.run(&BACKUP).ends(1).says("failed");
    assert_eq!(aws.mode(), "online");
    assert!(!aws.states().contains(&"complete".to_owned()));
}

#[test]
fn fm_49_a_name_of_128_characters_with_capitals_is_backed_up_and_found_again() {
    let name = format!("My-{}", "LongStackName".repeat(10).get(..125).unwrap());
    assert_eq!(name.len(), 128);
    let aws = Aws::with(&seeds::hubs(&name));
    let run = aws.run(&["backup", &name, "--settle", "0s", "-o", "json"]).ends(0).json();
    let id = run["id"].as_str().unwrap();
    assert!(id.len() <= 63 && !id.contains("--") && id.starts_with("my-"), "{id}");
    let list = aws.run(&["list", &name, "-o", "json"]).ends(0).json();
    assert_eq!((&list["items"][0]["stack"], &list["items"][0]["id"]), (&name.as_str().into(), &id.into()));
    let latest = aws.run(&["show", &format!("{name}@latest"), "--query", "id"]).ends(0).out;
    assert_eq!(latest.trim(), id);
}

#[test]
fn fm_50_a_key_that_is_not_enabled_is_refused() {
    let aws = Aws::with_hub();
    aws.set(&json!({ "kms": "alias/aws/rds", "state": "Disabled" }));
    refused(&aws, "SS081", "Disabled");
    let aws = Aws::with_hub();
    aws.set(&json!({ "cluster": "my-hub-app-db", "status": "inaccessible-encryption-credentials" }));
    refused(&aws, "SS032", "inaccessible-encryption-credentials");
}

fn extra(kind: &str, logical: &str, physical: &str) -> ResourceSeed {
    ResourceSeed {
        logical: logical.to_owned(),
        physical: physical.to_owned(),
        kind: kind.to_owned(),
        ..ResourceSeed::default()
    }
}

fn sample(change: impl FnOnce(&mut Vec<ResourceSeed>)) -> Aws {
    let mut seed = seeds::sample(STACK);
    change(&mut seed.resources);
    Aws::with(&seed)
}

#[test]
fn fm_51_two_clusters_are_both_named_with_the_flag_that_chooses() {
    let aws = sample(|resources| resources.push(extra("AWS::RDS::DBCluster", "OtherDb", "other-db")));
    let ran = aws.run(&["inspect", STACK]).ends(4);
    ran.shows("OtherDb").shows("Database").shows("--cluster");
    refused(&aws, "SS007", "--cluster");
    let found = aws.run(&["inspect", STACK, "--cluster", "my-hub-db", "-o", "json"]).ends(0).json();
    assert_eq!(found["parts"][0]["value"], "my-hub-db");
}

#[test]
fn fm_51_a_stack_without_a_cluster_says_what_was_looked_for() {
    let aws = sample(|resources| resources.retain(|resource| resource.kind != "AWS::RDS::DBCluster"));
    aws.run(&["inspect", STACK]).ends(4).shows("cluster").shows("--cluster");
}

#[test]
fn fm_51_a_db_instance_is_recognised_and_refused_for_now() {
    let aws = sample(|resources| {
        resources.retain(|resource| resource.kind != "AWS::RDS::DBCluster");
        resources.push(extra("AWS::RDS::DBInstance", "Db", "my-hub-db-instance"));
    });
    aws.run(&["inspect", STACK]).ends(4).shows("DB instance");
}

#[test]
fn fm_63_two_file_systems_are_both_named_and_none_is_refused() {
    let aws = sample(|resources| resources.push(extra("AWS::EFS::FileSystem", "MoreFiles", "fs-0123456789abcdef0")));
    aws.run(&["inspect", STACK]).ends(4).shows("MoreFiles").shows("--file-system");
    let aws = sample(|resources| resources.retain(|resource| resource.kind != "AWS::EFS::FileSystem"));
    aws.run(&["inspect", STACK]).ends(4).shows("--file-system");
}

#[test]
fn fm_58_a_role_that_aws_backup_cannot_assume_is_refused() {
    let aws = spoilt(|seed| {
        if let Some(role) = &mut seed.role {
            role.trusts = "ec2.amazonaws.com".to_owned();
        }
    });
    refused(&aws, "SS061", "backup.amazonaws.com");
}

#[test]
fn fm_59_a_vault_whose_lock_or_policy_refuses_is_seen_before() {
    let vault = seeds::hubs(STACK).vault.unwrap().name;
    let aws = Aws::with_hub();
    aws.set(&json!({ "vault": vault, "lock": { "max": 30 } }));
    refused(&aws, "SS051", "30");
    let aws = Aws::with_hub();
    let deny = r#"{"Statement":[{"Effect":"Deny","Principal":"*","Action":"backup:StartBackupJob","Resource":"*"}]}"#;
    aws.set(&json!({ "vault": vault, "policy": deny }));
    refused(&aws, "SS053", "policy");
}

#[test]
fn fm_62_an_offline_backup_holds_no_row_without_its_file() {
    let aws = Aws::with_hub();
    let run = aws.run(&["backup", STACK, "--settle", "1s", "-o", "json"]).ends(0).json();
    let text = |pointer: &str| run.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let found = aws.sandbox.consistency(&text("/database/snapshot"), &text("/files/recoveryPoint")).unwrap();
    assert!(found.rows > 0 && found.rows == found.files, "{found:?}");
    assert_eq!(found.broken, 0, "{found:?}");
}

#[test]
fn fm_68_a_secret_that_is_scheduled_for_deletion_is_told_with_the_way_to_keep_it() {
    let aws = Aws::with_hub();
    let secret = seeds::hubs(STACK).secrets[0].name.clone();
    aws.set(&json!({ "secret": secret, "deleted": true }));
    aws.run(&["check", STACK]).shows("SS072").shows("restore-secret");
}

#[test]
fn fm_70_a_secret_in_another_region_is_refused() {
    let aws = Aws::with_hub();
    let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-1a2b";
    aws.run(&["check", STACK, "--secret", secret]).ends(4).shows("SS027").shows("eu-west-1");
}

#[test]
fn fm_71_a_missing_parameter_store_secret_is_named_and_no_value_is_read() {
    let aws = Aws::with_hub();
    aws.lose(&format!("/keymaster/{STACK}/phoenix-key"));
    aws.run(&["check", STACK]).shows("SS074").shows("/keymaster/my-hub/phoenix-key");
    let read = |operation: &str| {
        aws.sandbox.requests().iter().any(|r| r.operation == operation && r.target.contains("keymaster"))
    };
    assert!(read("GetParametersByPath") && !read("GetParameter") && !read("GetParameters"));
}

#[test]
fn fm_72_a_role_of_another_account_is_refused() {
    let aws = Aws::with_hub();
    let role = "arn:aws:iam::999999999999:role/backup";
    aws.run(&["check", STACK, "--role", role]).ends(4).shows("SS028").shows("999999999999");
}

#[test]
fn fm_82_a_region_where_efs_is_not_opted_in_is_refused() {
    let aws = Aws::with_hub();
    aws.set(&json!({ "efs_optin": false }));
    refused(&aws, "SS043", "opted in");
}
