//! From a backup to a stack: new stacks of real templates, and their end.

mod common;

use common::{Aws, OFF, ON, Reply};
use serde_json::Value;
use stacksnap_sandbox::{Consistency, Fault, FaultKind, seeds};

const SAMPLE: &str = include_str!("../../templates/sample-app.yaml");
const CAPABILITIES: [&str; 3] = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"];

/// Both halves of an offline backup: the snapshot, the recovery point.
fn backed_up(aws: &Aws) -> (String, String) {
    aws.switch("ss-off", OFF);
    aws.wait(60);
    aws.snapshot("one").ok();
    let job = aws.start_job("one").ok();
    aws.wait(1000);
    aws.switch("ss-on", ON);
    ("one".to_owned(), job.get("RecoveryPointArn"))
}

fn create(aws: &Aws, name: &str, template: &str, values: &[(String, String)], more: &[(&str, &str)]) -> Reply {
    let mut members: Vec<(String, String)> =
        vec![("StackName".into(), name.into()), ("TemplateBody".into(), template.into())];
    for (place, (key, value)) in values.iter().enumerate() {
        members.push((format!("Parameters.member.{}.ParameterKey", place + 1), key.clone()));
        members.push((format!("Parameters.member.{}.ParameterValue", place + 1), value.clone()));
    }
    for (place, each) in CAPABILITIES.iter().enumerate() {
        members.push((format!("Capabilities.member.{}", place + 1), (*each).to_owned()));
    }
    let mut all: Vec<(&str, &str)> = members.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    all.extend(more);
    aws.cfn("CreateStack", &all)
}

fn status(aws: &Aws, name: &str) -> String {
    aws.cfn("DescribeStacks", &[("StackName", name)]).ok().text("StackStatus").to_owned()
}

/// All parameters of `my-hub`, with the five restore values.
fn restoring(aws: &Aws, snapshot: &str, point: &str) -> Vec<(String, String)> {
    let stack = aws.cfn("DescribeStacks", &[("StackName", "my-hub")]).ok();
    let secret = physical(aws, "my-hub", "AppDbSecret");
    let vault = aws.vault();
    let value = |key: &str, old: &str| match key {
        "RestoreStackName" => "my-hub".to_owned(),
        "RestoreDbSnapshotIdentifier" => snapshot.to_owned(),
        "RestoreAppDbSecretArn" => secret.clone(),
        "RestoreBackupVaultName" => vault.clone(),
        "RestoreRecoveryPointArn" => point.to_owned(),
        _ => old.to_owned(),
    };
    let pairs = stack.texts("ParameterKey").into_iter().zip(stack.texts("ParameterValue"));
    pairs.map(|(key, old)| (key.to_owned(), value(key, old))).collect()
}

fn physical(aws: &Aws, stack: &str, logical: &str) -> String {
    let members = [("StackName", stack), ("LogicalResourceId", logical)];
    aws.cfn("DescribeStackResources", &members).ok().text("PhysicalResourceId").to_owned()
}

fn template(aws: &Aws, stack: &str) -> String {
    let reply = aws.cfn("GetTemplate", &[("StackName", stack)]).ok();
    unescaped(reply.text("TemplateBody"))
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&#13;", "\r").replace("&amp;", "&")
}

#[test]
fn what_was_backed_up_offline_comes_back_whole() {
    let aws = Aws::new();
    let (snapshot, point) = backed_up(&aws);
    let saved = aws.0.contents_saved(&snapshot, &point).unwrap();
    let values = restoring(&aws, &snapshot, &point);
    create(&aws, "my-copy", &template(&aws, "my-hub"), &values, &[]).ok();
    aws.wait(600);
    assert_eq!(status(&aws, "my-copy"), "CREATE_IN_PROGRESS");
    aws.wait(200);
    let events = aws.cfn("DescribeStackEvents", &[("StackName", "my-copy")]).ok();
    assert_eq!(status(&aws, "my-copy"), "CREATE_COMPLETE", "{}", events.body);
    assert_eq!(physical(&aws, "my-copy", "AppDb"), "my-copy-app-db");
    assert_eq!(aws.0.live_consistency("my-copy").map(|found| found.rows), Some(40));
    let jobs = aws.rest("backup", "GET", "/restore-jobs", &Value::Null).ok().json();
    assert_eq!(jobs["RestoreJobs"][0]["Status"], "COMPLETED");
    assert_eq!(jobs["RestoreJobs"][0]["RecoveryPointArn"], point.as_str());
    // The application goes on from there; offline again, nothing is lost.
    let quiet = create(&aws, "my-third", &template(&aws, "my-copy"), &offline(values), &[]).ok();
    aws.wait(900);
    assert_eq!(status(&aws, quiet.text("StackId")), "CREATE_COMPLETE");
    assert_eq!(aws.0.contents_of("my-third").unwrap(), saved);
    assert_eq!(aws.0.live_consistency("my-third"), Some(Consistency { rows: 40, files: 40, broken: 0 }));
}

fn offline(values: Vec<(String, String)>) -> Vec<(String, String)> {
    let value = |(key, old): (String, String)| if key == "StackOffline" { (key, OFF.to_owned()) } else { (key, old) };
    values.into_iter().map(value).collect()
}

fn all_events(aws: &Aws, stack: &str) -> String {
    let (mut body, mut token) = (String::new(), String::new());
    loop {
        let page = match token.as_str() {
            "" => aws.cfn("DescribeStackEvents", &[("StackName", stack)]).ok(),
            token => aws.cfn("DescribeStackEvents", &[("StackName", stack), ("NextToken", token)]).ok(),
        };
        body.push_str(&page.body);
        token = page.text("NextToken").to_owned();
        if token.is_empty() {
            return body;
        }
    }
}

fn failed(aws: &Aws, stack: &str) -> String {
    let body = all_events(aws, stack);
    let rows = body.split("<member>").filter(|row| row.contains(">CREATE_FAILED<"));
    let row = rows.last().unwrap_or_default().to_owned();
    let reply = Reply { status: 200, body: row };
    format!("{}: {}", reply.text("LogicalResourceId"), unescaped(reply.text("ResourceStatusReason")))
}

#[test]
fn a_restore_of_what_is_not_there_rolls_back() {
    let aws = Aws::new();
    let (snapshot, point) = backed_up(&aws);
    let body = template(&aws, "my-hub");
    let bad_point = point.replace("recovery-point:", "recovery-point:0");
    for (name, values, wanted) in [
        (
            "a",
            restoring(&aws, "nobody", &point),
            "AppDb: Resource handler returned message: \"DBClusterSnapshot not found: nobody",
        ),
        (
            "b",
            restoring(&aws, &snapshot, &bad_point),
            "StorageEFS: Received response status [FAILED] from custom resource. Message returned: Cannot find recovery point",
        ),
    ] {
        create(&aws, name, &body, &values, &[]).ok();
        aws.wait(60);
        assert!(failed(&aws, name).starts_with(wanted), "{}", failed(&aws, name));
        assert!(all_events(&aws, name).contains(">ROLLBACK_IN_PROGRESS<"));
        aws.wait(400);
        assert_eq!(status(&aws, name), "ROLLBACK_COMPLETE");
        let again = create(&aws, name, &body, &values, &[]);
        assert_eq!(again.text("Code"), "AlreadyExistsException");
    }
}

#[test]
fn a_restore_without_the_secret_or_the_copied_parameters_fails() {
    let aws = Aws::new();
    let (snapshot, point) = backed_up(&aws);
    let body = template(&aws, "my-hub");
    let values = restoring(&aws, &snapshot, &point);
    aws.0.set(&serde_json::json!({ "secret": "my-hub-app-db-secret", "deleted": true })).unwrap();
    create(&aws, "a", &body, &values, &[("OnFailure", "DO_NOTHING")]).ok();
    aws.wait(60);
    assert!(failed(&aws, "a").contains("marked for deletion"), "{}", failed(&aws, "a"));
    assert_eq!(status(&aws, "a"), "CREATE_FAILED");
    aws.0.set(&serde_json::json!({ "secret": "my-hub-app-db-secret", "deleted": false })).unwrap();
    aws.0.set(&serde_json::json!({ "parameter": "/keymaster/my-hub/phoenix-key" })).unwrap();
    let made = create(&aws, "b", &body, &values, &[("OnFailure", "DELETE")]).ok();
    aws.wait(60);
    assert!(failed(&aws, made.text("StackId")).starts_with("PhoenixKey: "), "{}", failed(&aws, "b"));
    aws.wait(400);
    assert_eq!(status(&aws, made.text("StackId")), "DELETE_COMPLETE");
}

#[test]
fn the_sample_template_makes_a_stack_that_can_be_switched_and_deleted() {
    let aws = Aws::new();
    let value = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let values = [value("VpcId", "vpc-1"), value("SubnetA", "subnet-a"), value("SubnetB", "subnet-b")];
    let missing = create(&aws, "app", SAMPLE, &values[..2], &[]);
    assert_eq!(missing.text("Message"), "Parameters: [SubnetB] must have values");
    let unknown = [values.to_vec(), vec![value("Nothing", "x")]].concat();
    assert_eq!(
        create(&aws, "app", SAMPLE, &unknown, &[]).text("Message"),
        "Parameters: [Nothing] do not exist in the template"
    );
    let partly = [values.to_vec(), vec![value("RestoreDbSnapshotIdentifier", "x")]].concat();
    assert!(create(&aws, "app", SAMPLE, &partly, &[]).text("Message").contains("A restore needs all five"));
    let id = create(&aws, "app", SAMPLE, &values, &[("ClientRequestToken", "t")]).ok().text("StackId").to_owned();
    assert_eq!(create(&aws, "app", SAMPLE, &values, &[("ClientRequestToken", "t")]).ok().text("StackId"), id);
    aws.wait(500);
    assert_eq!(status(&aws, "app"), "CREATE_COMPLETE");
    aws.wait(300);
    let found = aws.0.live_consistency("app").unwrap();
    assert_eq!((found.rows, found.files), (40, 40));
    let stack = aws.cfn("DescribeStacks", &[("StackName", "app")]).ok();
    assert!(stack.body.contains("<OutputKey>DatabaseEndpoint</OutputKey>"), "{}", stack.body);
    let events = aws.cfn("DescribeStackEvents", &[("StackName", "app")]).ok();
    assert!(events.texts("ClientRequestToken").iter().all(|token| *token == "t"));
    deletion(&aws, &id);
}

fn deletion(aws: &Aws, id: &str) {
    let (cluster, files) = (physical(aws, "app", "Database"), physical(aws, "app", "Files"));
    aws.cfn("UpdateTerminationProtection", &[("StackName", "app"), ("EnableTerminationProtection", "true")]).ok();
    let refused = aws.cfn("DeleteStack", &[("StackName", id)]);
    assert_eq!(refused.text("Message"), "Stack [app] cannot be deleted while TerminationProtection is enabled");
    aws.cfn("UpdateTerminationProtection", &[("StackName", "app"), ("EnableTerminationProtection", "false")]).ok();
    aws.cfn("DeleteStack", &[("StackName", id), ("ClientRequestToken", "d")]).ok();
    aws.wait(20);
    assert_eq!(status(aws, "app"), "DELETE_IN_PROGRESS");
    let taken = create(aws, "app", SAMPLE, &[], &[]);
    assert_eq!(taken.text("Code"), "AlreadyExistsException");
    aws.wait(400);
    assert_eq!(status(aws, id), "DELETE_COMPLETE", "{}", aws.cfn("DescribeStackEvents", &[("StackName", id)]).body);
    assert_eq!(aws.rds("DescribeDBClusters", &[("DBClusterIdentifier", &cluster)]).status, 404);
    let left = aws.rds("DescribeDBClusterSnapshots", &[("SnapshotType", "manual")]).ok();
    assert!(left.text("DBClusterSnapshotIdentifier").starts_with("app-snapshot-database-"));
    let path = format!("/2015-02-01/file-systems?FileSystemId={files}");
    aws.rest("elasticfilesystem", "GET", &path, &Value::Null).ok();
    let events = aws.cfn("DescribeStackEvents", &[("StackName", id)]).ok();
    assert!(events.body.contains("DELETE_SKIPPED"));
}

#[test]
fn an_old_id_does_not_touch_the_stack_that_has_its_name_now() {
    let aws = Aws::new();
    let (snapshot, point) = backed_up(&aws);
    let (body, values) = (template(&aws, "my-hub"), restoring(&aws, &snapshot, &point));
    let old = aws.cfn("DescribeStacks", &[("StackName", "my-hub")]).ok().text("StackId").to_owned();
    aws.cfn("DeleteStack", &[("StackName", &old)]).ok();
    aws.wait(600);
    assert_eq!(status(&aws, &old), "DELETE_COMPLETE");
    let new = create(&aws, "my-hub", &body, &values, &[]).ok().text("StackId").to_owned();
    assert_ne!(new, old);
    aws.wait(900);
    assert_eq!(status(&aws, &new), "CREATE_COMPLETE", "{}", failed(&aws, &new));
    aws.cfn("DeleteStack", &[("StackName", &old)]).ok();
    aws.wait(10);
    assert_eq!(status(&aws, "my-hub"), "CREATE_COMPLETE");
}

#[test]
fn faults_fail_a_resource_of_a_creation_and_of_a_deletion() {
    let aws = Aws::new();
    let (snapshot, point) = backed_up(&aws);
    let (body, values) = (template(&aws, "my-hub"), restoring(&aws, &snapshot, &point));
    let told = FaultKind::CreateFailed { reason: "no capacity".to_owned() };
    let fault = Fault { mode: Some("AppASG".to_owned()), ..Fault::times("cloudformation:CreateStack", told, 1) };
    aws.0.add_fault(fault);
    create(&aws, "a", &body, &values, &[]).ok();
    aws.wait(30);
    assert_eq!(failed(&aws, "a"), "AppASG: no capacity");
    aws.wait(500);
    assert_eq!(status(&aws, "a"), "ROLLBACK_COMPLETE");
    aws.0.add_fault(Fault::parse("cloudformation:DeleteStack=delete-failed/AppDNS*1").unwrap());
    aws.cfn("DeleteStack", &[("StackName", "my-hub")]).ok();
    aws.wait(600);
    assert_eq!(status(&aws, "my-hub"), "DELETE_FAILED");
    let retain = [("StackName", "my-hub"), ("RetainResources.member.1", "AppDNS")];
    aws.cfn("DeleteStack", &retain).ok();
    aws.wait(600);
    assert_eq!(aws.cfn("DescribeStacks", &[("StackName", "my-hub")]).status, 400);
}

#[test]
fn a_restore_job_that_fails_fails_its_stack() {
    let aws = Aws::new();
    let (snapshot, point) = backed_up(&aws);
    let (body, values) = (template(&aws, "my-hub"), restoring(&aws, &snapshot, &point));
    aws.0.add_fault(Fault::times("backup:StartRestoreJob", FaultKind::RestoreJobFailed, 1));
    create(&aws, "a", &body, &values, &[]).ok();
    aws.wait(400);
    assert!(failed(&aws, "a").starts_with("StorageEFS: Received response status [FAILED]"), "{}", failed(&aws, "a"));
    // The Hubs function does not know that ABORTED is an end.
    aws.0.add_fault(Fault::times("backup:StartRestoreJob", FaultKind::RestoreJobAborted, 1));
    create(&aws, "b", &body, &values, &[]).ok();
    aws.wait(3500);
    assert_eq!(status(&aws, "b"), "CREATE_IN_PROGRESS");
    aws.wait(120);
    assert_eq!(status(&aws, "b"), "ROLLBACK_IN_PROGRESS");
}

#[test]
fn a_change_set_makes_a_stack_and_tells_what_another_template_replaces() {
    let aws = Aws::new();
    let members = [
        ("StackName", "app"),
        ("ChangeSetName", "first"),
        ("ChangeSetType", "CREATE"),
        ("TemplateBody", SAMPLE),
        ("Capabilities.member.1", "CAPABILITY_IAM"),
        ("Parameters.member.1.ParameterKey", "VpcId"),
        ("Parameters.member.1.ParameterValue", "vpc-1"),
        ("Parameters.member.2.ParameterKey", "SubnetA"),
        ("Parameters.member.2.ParameterValue", "subnet-a"),
        ("Parameters.member.3.ParameterKey", "SubnetB"),
        ("Parameters.member.3.ParameterValue", "subnet-b"),
    ];
    let set = aws.cfn("CreateChangeSet", &members).ok().text("Id").to_owned();
    assert_eq!(status(&aws, "app"), "REVIEW_IN_PROGRESS");
    aws.wait(10);
    let seen = aws.cfn("DescribeChangeSet", &[("ChangeSetName", &set)]).ok();
    assert_eq!(seen.text("Status"), "CREATE_COMPLETE");
    assert!(seen.texts("Action").iter().all(|action| *action == "Add"));
    aws.execute(&set, "t").ok();
    aws.wait(600);
    assert_eq!(status(&aws, "app"), "CREATE_COMPLETE");
    let encrypted =
        SAMPLE.replace("      Encrypted: true\n      ThroughputMode", "      Encrypted: false\n      ThroughputMode");
    let mut members: Vec<(&str, &str)> =
        vec![("StackName", "app"), ("ChangeSetName", "second"), ("TemplateBody", &encrypted), members[4]];
    let keys: Vec<String> = (1..=3).map(|place| format!("Parameters.member.{place}.ParameterKey")).collect();
    let flags: Vec<String> = (1..=3).map(|place| format!("Parameters.member.{place}.UsePreviousValue")).collect();
    for (place, key) in ["VpcId", "SubnetA", "SubnetB"].into_iter().enumerate() {
        members.push((&keys[place], key));
        members.push((&flags[place], "true"));
    }
    let set = aws.cfn("CreateChangeSet", &members).ok().text("Id").to_owned();
    aws.wait(10);
    let seen = aws.cfn("DescribeChangeSet", &[("ChangeSetName", &set)]).ok();
    let row = |logical: &str| {
        let rows =
            seen.body.split("<ResourceChange>").filter(|row| row.contains(&format!("<LogicalResourceId>{logical}<")));
        let body = rows.last().unwrap_or_default().to_owned();
        Reply { status: 200, body }.text("Replacement").to_owned()
    };
    assert_eq!(row("Files"), "True", "{}", seen.body);
    assert_eq!(row("FilesTargetA"), "Conditional");
    assert_eq!(row("Database"), "");
}

#[test]
fn templates_come_from_this_sandboxs_own_s3() {
    let aws = Aws::seeded(&seeds::StackSeed { padding: 60_000, ..seeds::hubs("my-hub") });
    let body = template(&aws, "my-hub");
    assert!(body.len() > 60_000);
    let refused = create(&aws, "a", &body, &[], &[]);
    assert!(refused.text("Message").ends_with("Member must have length less than or equal to 51200"));
    let url = "https://my-bucket.s3.us-east-1.amazonaws.com/t/hub.template";
    let by_url = |url: &str| aws.cfn("GetTemplateSummary", &[("TemplateURL", url)]);
    assert!(by_url(url).text("Message").starts_with("S3 error: The specified bucket does not exist"));
    aws.0.set(&serde_json::json!({ "bucket": "my-bucket" })).unwrap();
    assert!(by_url(url).text("Message").starts_with("S3 error: The specified key does not exist."));
    aws.s3("PUT", "/my-bucket/t/hub.template", &body).ok();
    assert_eq!(by_url(url).ok().texts("ParameterKey").len(), 36);
    assert_eq!(aws.s3("GET", "/my-bucket/t/hub.template", "").ok().body, body);
    assert_eq!(by_url("https://example.com/x").text("Message"), "TemplateURL must be a supported URL.");
    aws.0.set(&serde_json::json!({ "bucket": "my-bucket", "denied": true })).unwrap();
    assert!(by_url(url).text("Message").starts_with("S3 error: Access Denied"));
}

#[test]
fn a_stack_that_was_taken_back_is_switched_and_backed_up_like_the_first_one() {
    let aws = Aws::new();
    let (snapshot, point) = backed_up(&aws);
    let (body, values) = (template(&aws, "my-hub"), restoring(&aws, &snapshot, &point));
    aws.cfn("DeleteStack", &[("StackName", "my-hub")]).ok();
    aws.wait(600);
    create(&aws, "my-hub", &body, &values, &[]).ok();
    aws.wait(900);
    assert_eq!(aws.status(), "CREATE_COMPLETE", "{}", failed(&aws, "my-hub"));
    let set = aws.set("off", "StackOffline", OFF);
    let seen = aws.cfn("DescribeChangeSet", &[("ChangeSetName", &set)]).ok();
    for logical in ["AppASG", "AppDb", "AppDNS"] {
        assert!(seen.texts("LogicalResourceId").contains(&logical), "{logical}");
    }
    assert!(seen.texts("Replacement").iter().all(|each| *each == "False"), "{:?}", seen.texts("Replacement"));
    aws.execute(&set, "off").ok();
    aws.wait(245);
    assert_eq!(aws.cluster(), "modifying");
    aws.wait(60);
    aws.snapshot("two").ok();
    let job = aws.start_job("two").ok();
    aws.wait(1000);
    let found = aws.0.consistency("two", &job.get("RecoveryPointArn"));
    assert_eq!(found, Some(Consistency { rows: 40, files: 40, broken: 0 }));
    let lost = aws.set("lost", "RestoreDbSnapshotIdentifier", "");
    let seen = aws.cfn("DescribeChangeSet", &[("ChangeSetName", &lost)]).ok();
    assert!(seen.body.contains("<Replacement>True</Replacement>"));
    assert!(seen.body.contains("<PolicyAction>ReplaceAndSnapshot</PolicyAction>"));
    assert!(seen.body.contains("<CausingEntity>RestoreDbSnapshotIdentifier</CausingEntity>"));
}
