//! What outlives a stack, and what is in the way of the next one.

mod common;

use common::{Aws, Reply};
use serde_json::{Value, json};

fn create(aws: &Aws, name: &str, resources: &Value) -> String {
    let body = json!({ "Resources": resources }).to_string();
    let capability = ("Capabilities.member.1", "CAPABILITY_NAMED_IAM");
    let made = aws.cfn("CreateStack", &[("StackName", name), ("TemplateBody", &body), capability]).ok();
    made.text("StackId").to_owned()
}

fn status(aws: &Aws, id: &str) -> String {
    aws.cfn("DescribeStacks", &[("StackName", id)]).ok().text("StackStatus").to_owned()
}

fn reason(aws: &Aws, id: &str, status: &str) -> String {
    let events = aws.cfn("DescribeStackEvents", &[("StackName", id)]).ok();
    let mut rows = events.body.split("<member>").filter(|row| row.contains(&format!(">{status}<")));
    let row = rows.next().unwrap_or_default().to_owned();
    Reply { status: 200, body: row }.text("ResourceStatusReason").to_owned()
}

/// One resource of a type with a fixed name, retained.
fn retained(kind: &str, properties: &Value) -> Value {
    json!({ "Fixed": { "Type": kind, "DeletionPolicy": "Retain", "Properties": properties } })
}

#[test]
fn a_retained_resource_keeps_its_name_and_the_next_stack_of_it_rolls_back() {
    for (kind, properties, wanted) in [
        (
            "AWS::Backup::BackupVault",
            json!({ "BackupVaultName": "fixed" }),
            "Backup vault with the same name already exists",
        ),
        ("AWS::IAM::Role", json!({ "RoleName": "fixed" }), "Role with name fixed already exists."),
        (
            "AWS::SecretsManager::Secret",
            json!({ "Name": "fixed" }),
            "The operation failed because the secret fixed already exists.",
        ),
        (
            "AWS::SSM::Parameter",
            json!({ "Name": "/fixed", "Type": "String", "Value": "x" }),
            "The parameter already exists.",
        ),
        ("AWS::Logs::LogGroup", json!({ "LogGroupName": "/fixed" }), "already exists."),
        ("AWS::S3::Bucket", json!({ "BucketName": "fixed" }), "fixed already exists"),
        (
            "AWS::RDS::DBCluster",
            json!({ "DBClusterIdentifier": "fixed", "Engine": "aurora-postgresql" }),
            "DB Cluster already exists",
        ),
    ] {
        let aws = Aws::new();
        let first = create(&aws, "x", &retained(kind, &properties));
        aws.wait(200);
        assert_eq!(status(&aws, &first), "CREATE_COMPLETE", "{kind}");
        aws.cfn("DeleteStack", &[("StackName", &first)]).ok();
        aws.wait(200);
        assert_eq!(status(&aws, &first), "DELETE_COMPLETE", "{kind}");
        let second = create(&aws, "x", &retained(kind, &properties));
        aws.wait(60);
        assert!(reason(&aws, &second, "CREATE_FAILED").contains(wanted), "{}", reason(&aws, &second, "CREATE_FAILED"));
        assert_eq!(status(&aws, &second), "ROLLBACK_COMPLETE", "{kind}");
    }
}

#[test]
fn a_vault_with_recovery_points_and_a_bucket_with_objects_do_not_go() {
    let aws = Aws::new();
    let resources = json!({
        "Vault": { "Type": "AWS::Backup::BackupVault", "Properties": { "BackupVaultName": "mine" } },
        "Bucket": { "Type": "AWS::S3::Bucket", "Properties": { "BucketName": "mine" } },
    });
    let id = create(&aws, "x", &resources);
    aws.wait(60);
    aws.s3("PUT", "/mine/a", "x").ok();
    let mut order = aws.order("one");
    order["BackupVaultName"] = json!("mine");
    let job = aws.rest("backup", "PUT", "/backup-jobs", &order).ok();
    aws.wait(400);
    aws.cfn("DeleteStack", &[("StackName", &id)]).ok();
    aws.wait(60);
    assert_eq!(status(&aws, &id), "DELETE_FAILED");
    let events = aws.cfn("DescribeStackEvents", &[("StackName", &id)]).ok();
    assert!(events.body.contains("Backup vault cannot be deleted because it contains recovery points"));
    assert!(events.body.contains("The bucket you tried to delete is not empty"));
    assert!(aws.cfn("DescribeStacks", &[("StackName", "x")]).ok().text("StackStatusReason").contains("Bucket, Vault"));
    assert_eq!(aws.s3("DELETE", "/mine/a", "").status, 204);
    let path = format!("/backup-vaults/mine/recovery-points/{}", job.get("RecoveryPointArn"));
    aws.rest("backup", "DELETE", &path, &Value::Null).ok();
    aws.wait(30);
    aws.cfn("DeleteStack", &[("StackName", &id)]).ok();
    aws.wait(60);
    assert_eq!(status(&aws, &id), "DELETE_COMPLETE");
}

#[test]
fn a_snapshot_that_a_deletion_leaves_needs_room_in_the_quota() {
    let aws = Aws::new();
    aws.0.set(&json!({ "quota": 0 })).unwrap();
    aws.cfn("DeleteStack", &[("StackName", "my-hub")]).ok();
    aws.wait(400);
    assert_eq!(aws.status(), "DELETE_FAILED");
    aws.0.set(&json!({ "quota": 5 })).unwrap();
    aws.cfn("DeleteStack", &[("StackName", "my-hub")]).ok();
    aws.wait(400);
    let left = aws.rds("DescribeDBClusterSnapshots", &[("SnapshotType", "manual")]).ok();
    assert_eq!(left.texts("DBClusterSnapshotIdentifier").len(), 1);
}
