//! The end of backups: what goes, what takes its time, and what AWS keeps.
#![expect(clippy::unwrap_used, reason = "in tests a surprise is a failure")]

mod common;

use common::Aws;
use serde_json::{Value, json};
use stacksnap_sandbox::seeds::{BackupSeed, PlantedBackup, PointHalf, SnapshotHalf, StackSeed};
use stacksnap_sandbox::{Consistency, Fault, FaultKind};

const DAY: i64 = 86_400;

fn planted(aws: &Aws, count: u32) -> Vec<PlantedBackup> {
    let tags = |other: &str| [("stacksnap:id".to_owned(), "b{n}".to_owned()), ("other".to_owned(), other.to_owned())];
    let seed = BackupSeed {
        stack: "my-hub".to_owned(),
        count,
        snapshot: Some(SnapshotHalf { tags: tags("{recovery_point}").into(), ..SnapshotHalf::default() }),
        recovery_point: Some(PointHalf { tags: tags("{snapshot}").into(), ..PointHalf::default() }),
        ..BackupSeed::default()
    };
    aws.0.seed_backups(&seed).unwrap()
}

fn point_of(backup: &PlantedBackup) -> String {
    backup.recovery_point.clone().unwrap()
}

fn path(aws: &Aws, arn: &str) -> String {
    format!("/backup-vaults/{}/recovery-points/{arn}", aws.vault())
}

fn delete(aws: &Aws, arn: &str) -> common::Reply {
    aws.rest("backup", "DELETE", &path(aws, arn), &Value::Null)
}

fn state(aws: &Aws, arn: &str) -> String {
    let seen = aws.rest("backup", "GET", &path(aws, arn), &Value::Null);
    if seen.status == 200 { seen.get("Status") } else { seen.get("Code") }
}

fn refused(aws: &Aws, arn: &str, code: &str, text: &str) {
    let reply = delete(aws, arn);
    assert_eq!((reply.status, reply.get("Code")), (400, code.to_owned()), "{}", reply.body);
    assert!(reply.get("Message").contains(text), "{}", reply.body);
}

fn set(aws: &Aws, change: &Value) {
    aws.0.set(change).unwrap();
}

#[test]
fn past_backups_are_planted_whole_and_name_their_halves() {
    let aws = Aws::new();
    let all = planted(&aws, 30);
    assert_eq!(all.len(), 30);
    for (number, backup) in all.iter().enumerate() {
        let (snapshot, point) = (backup.snapshot.clone().unwrap(), point_of(backup));
        let whole = Some(Consistency { rows: 40, files: 40, broken: 0 });
        assert!(number < 2 || aws.0.consistency(&snapshot, &point) == whole, "{number}");
    }
    let last = all.last().unwrap();
    assert_eq!(last.created.to_string(), "2025-12-31T00:00:00Z");
    let members = [("DBClusterSnapshotIdentifier", "my-hub-20251231-000000")];
    let seen = aws.rds("DescribeDBClusterSnapshots", &members).ok();
    assert_eq!((seen.text("Status"), seen.text("SnapshotCreateTime")), ("available", "2025-12-31T00:00:00.000Z"));
    assert_eq!(seen.texts("Value"), [point_of(last).as_str(), "b29"]);
    let tags = aws.rest("backup", "GET", &format!("/tags/{}", point_of(last)), &Value::Null).ok().json();
    assert_eq!(tags["Tags"], json!({ "stacksnap:id": "b29", "other": "my-hub-20251231-000000" }));
}

#[test]
fn single_halves_are_planted_by_request() {
    let aws = Aws::new();
    let body = json!([
        { "stack": "my-hub", "at": "2025-06-01T00:00:00Z", "snapshot": { "id": "orphan", "status": "failed" } },
        { "stack": "my-hub", "at": "2025-06-02T00:00:00Z",
          "recovery_point": { "id": "SEED", "tags": { "stacksnap:seed": "{stack}" }, "delete_after_days": 7 } },
    ]);
    let reply = aws.admin("backups", &body).ok().json();
    assert_eq!(reply["backups"][0]["snapshot"], "orphan");
    assert_eq!(reply["backups"][0]["recovery_point"], Value::Null);
    assert_eq!(aws.snapshot_status("orphan"), "failed");
    let arn = reply["backups"][1]["recovery_point"].as_str().unwrap();
    assert_eq!(arn, "arn:aws:backup:us-east-1:123456789012:recovery-point:SEED");
    let seen = aws.rest("backup", "GET", &path(&aws, arn), &Value::Null).ok().json();
    assert_eq!(seen["Lifecycle"]["DeleteAfterDays"], 7);
    assert_eq!(aws.admin("backups", &json!({ "stack": "nobody" })).status, 404);
}

#[test]
fn a_snapshot_is_deleting_for_a_moment_and_only_manual_ones_go() {
    let aws = Aws::new();
    let drop = |id: &str| aws.rds("DeleteDBClusterSnapshot", &[("DBClusterSnapshotIdentifier", id)]);
    let id = planted(&aws, 1)[0].snapshot.clone().unwrap();
    assert_eq!(drop(&id).ok().text("Status"), "available");
    assert_eq!(aws.snapshot_status(&id), "deleting");
    assert_eq!(drop(&id).text("Code"), "InvalidDBClusterSnapshotStateFault");
    aws.wait(6);
    assert_eq!((drop(&id).status, drop(&id).text("Code")), (404, "DBClusterSnapshotNotFoundFault"));
    aws.snapshot("new").ok();
    assert_eq!(drop("new").text("Code"), "InvalidDBClusterSnapshotStateFault");
    let all = aws.rds("DescribeDBClusterSnapshots", &[("SnapshotType", "automated")]).ok();
    let automated = drop(all.text("DBClusterSnapshotIdentifier"));
    assert_eq!(automated.text("Code"), "InvalidDBClusterSnapshotStateFault");
    assert_eq!(automated.text("Message"), "Only manual snapshots may be deleted.");
}

#[test]
fn a_recovery_point_is_deleting_for_a_while() {
    let aws = Aws::new();
    let arn = point_of(&planted(&aws, 1)[0]);
    delete(&aws, &arn).ok();
    assert_eq!(state(&aws, &arn), "DELETING");
    refused(&aws, &arn, "InvalidResourceStateException", "DELETING");
    aws.wait(21);
    assert_eq!(state(&aws, &arn), "ResourceNotFoundException");
    refused(&aws, &arn, "ResourceNotFoundException", "");
}

#[test]
fn a_lie_leaves_an_expired_point_that_can_be_deleted_later() {
    let aws = Aws::new();
    let arn = point_of(&planted(&aws, 1)[0]);
    aws.0.add_fault(Fault::times("backup:DeleteRecoveryPoint", FaultKind::DeleteLies, 1));
    delete(&aws, &arn).ok();
    aws.wait(100);
    assert_eq!(state(&aws, &arn), "EXPIRED");
    delete(&aws, &arn).ok();
    aws.wait(21);
    assert_eq!(state(&aws, &arn), "ResourceNotFoundException");
}

#[test]
fn a_point_that_is_at_work_is_not_deleted() {
    let aws = Aws::new();
    let arn = point_of(&planted(&aws, 1)[0]);
    let job = aws.start_job("one").ok();
    refused(&aws, &job.get("RecoveryPointArn"), "InvalidResourceStateException", "CREATING");
    set(&aws, &json!({ "recovery_point": arn, "copying": true }));
    refused(&aws, &arn, "InvalidResourceStateException", "copied");
    let copies = aws.rest("backup", "GET", "/copy-jobs/?state=RUNNING", &Value::Null).ok().json();
    assert_eq!(copies["CopyJobs"][0]["SourceRecoveryPointArn"], arn.as_str());
    set(&aws, &json!({ "recovery_point": arn, "copying": false }));
    let order = json!({
        "RecoveryPointArn": arn,
        "IamRoleArn": aws.order("x")["IamRoleArn"],
        "Metadata": { "newFileSystem": "true", "Encrypted": "true", "PerformanceMode": "generalPurpose", "CreationToken": "t" },
    });
    aws.rest("backup", "PUT", "/restore-jobs", &order).ok();
    refused(&aws, &arn, "InvalidResourceStateException", "restored");
    aws.wait(2000);
    delete(&aws, &arn).ok();
}

#[test]
fn a_locked_vault_keeps_its_points_for_as_long_as_it_says() {
    let aws = Aws::new();
    let all = planted(&aws, 10);
    let (old, new) = (point_of(&all[0]), point_of(&all[9]));
    set(&aws, &json!({ "vault": aws.vault(), "lock": { "min": 7 } }));
    refused(&aws, &new, "InvalidRequestException", "Backup vault configured with Lock");
    delete(&aws, &old).ok();
    aws.wait(6 * DAY + 1);
    delete(&aws, &new).ok();
    set(&aws, &json!({ "vault": aws.vault(), "lock": { "min": 7, "strict": true } }));
    refused(&aws, &point_of(&all[1]), "InvalidRequestException", "Lock");
}

#[test]
fn a_lock_in_compliance_mode_cannot_be_taken_off_after_its_date() {
    let aws = Aws::new();
    let lock = format!("/backup-vaults/{}/vault-lock", aws.vault());
    let vault = || aws.rest("backup", "GET", &format!("/backup-vaults/{}", aws.vault()), &Value::Null).ok().json();
    let put = |body: &Value| aws.rest("backup", "PUT", &lock, body);
    for wrong in [
        json!({ "ChangeableForDays": 2 }),
        json!({ "MinRetentionDays": 0 }),
        json!({ "MinRetentionDays": 9, "MaxRetentionDays": 8 }),
    ] {
        assert_eq!(put(&wrong).get("Code"), "InvalidParameterValueException");
    }
    put(&json!({ "MinRetentionDays": 7, "MaxRetentionDays": 30 })).ok();
    assert_eq!((&vault()["Locked"], &vault()["LockDate"]), (&json!(true), &Value::Null));
    aws.rest("backup", "DELETE", &lock, &Value::Null).ok();
    assert_eq!(vault()["Locked"], false);
    put(&json!({ "MinRetentionDays": 7, "ChangeableForDays": 3 })).ok();
    assert_eq!(vault()["LockDate"], 1_767_484_800.0);
    put(&json!({ "MinRetentionDays": 8, "ChangeableForDays": 3 })).ok();
    aws.wait(3 * DAY);
    for method in ["PUT", "DELETE"] {
        assert_eq!(aws.rest("backup", method, &lock, &json!({})).get("Code"), "InvalidRequestException");
    }
}

#[test]
fn a_legal_hold_keeps_what_it_has_chosen_until_it_is_cancelled() {
    let aws = Aws::new();
    let all = planted(&aws, 3);
    let (arn, other) = (point_of(&all[0]), point_of(&all[1]));
    let range = json!({ "FromDate": 1_766_966_400, "ToDate": 1_766_966_400 });
    let order = json!({
        "Title": "trial", "Description": "a trial", "IdempotencyToken": "t",
        "RecoveryPointSelection": { "VaultNames": [aws.vault()], "DateRange": range },
    });
    let made = aws.rest("backup", "POST", "/legal-holds/", &order).ok().json();
    let id = made["LegalHoldId"].as_str().unwrap();
    assert_eq!(made["Status"], "CREATING");
    assert_eq!(aws.rest("backup", "POST", "/legal-holds/", &order).ok().get("LegalHoldId"), id);
    refused(&aws, &arn, "InvalidRequestException", "has active legal hold(s)");
    delete(&aws, &other).ok();
    let held = aws.rest("backup", "GET", &format!("/legal-holds/{id}/recovery-points"), &Value::Null).ok().json();
    assert_eq!(held["RecoveryPoints"].as_array().map(Vec::len), Some(1));
    aws.wait(6);
    let cancel = format!("/legal-holds/{id}?cancelDescription=over&retainRecordInDays=1");
    assert_eq!(aws.rest("backup", "DELETE", &cancel, &Value::Null).status, 201);
    assert_eq!(aws.rest("backup", "DELETE", &cancel, &Value::Null).get("Code"), "InvalidResourceStateException");
    refused(&aws, &arn, "InvalidRequestException", "legal hold");
    aws.wait(6);
    let seen = aws.rest("backup", "GET", &format!("/legal-holds/{id}/"), &Value::Null).ok().json();
    assert_eq!((&seen["Status"], &seen["CancelDescription"]), (&json!("CANCELED"), &json!("over")));
    delete(&aws, &arn).ok();
    aws.wait(DAY);
    assert_eq!(aws.rest("backup", "GET", "/legal-holds/", &Value::Null).ok().json()["LegalHolds"], json!([]));
}

#[test]
fn a_hold_can_be_set_and_taken_off_behind_the_back() {
    let aws = Aws::new();
    let arn = point_of(&planted(&aws, 1)[0]);
    set(&aws, &json!({ "legal_hold": { "title": "t", "points": [arn] } }));
    refused(&aws, &arn, "InvalidRequestException", "legal hold");
    set(&aws, &json!({ "legalHold": { "title": "t", "released": true } }));
    delete(&aws, &arn).ok();
    assert!(aws.0.set(&json!({ "legal_hold": { "title": "t", "points": ["nobody"] } })).is_err());
}

#[test]
fn a_vault_policy_denies_what_it_says_to_everybody_or_to_the_account() {
    let aws = Aws::new();
    let arn = point_of(&planted(&aws, 1)[0]);
    let policy = |statement: Value| {
        let text = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
        set(&aws, &json!({ "vault": aws.vault(), "policy": text }));
    };
    let efs =
        ["backup:DeleteBackupVault", "backup:DeleteRecoveryPoint", "backup:StartCopyJob", "backup:StartRestoreJob"];
    for statement in [
        json!([{ "Effect": "Deny", "Principal": { "AWS": "*" }, "Action": efs, "Resource": "*" }]),
        json!({ "Effect": "Deny", "Principal": "*", "Action": "backup:Delete*", "Resource": "*" }),
        json!({ "Effect": "Deny", "Principal": { "AWS": ["123456789012"] }, "NotAction": "backup:Describe*", "Resource": "*" }),
        json!({ "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": arn }),
    ] {
        policy(statement);
        let reply = delete(&aws, &arn);
        assert_eq!((reply.status, reply.get("Code")), (403, "AccessDeniedException".to_owned()), "{}", reply.body);
    }
    for statement in [
        json!({ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" }),
        json!({ "Effect": "Deny", "Principal": { "AWS": "999999999999" }, "Action": "*", "Resource": "*" }),
        json!({ "Effect": "Deny", "Principal": "*", "Action": "backup:DeleteBackupVault", "Resource": "*" }),
    ] {
        policy(statement);
        assert_eq!(state(&aws, &arn), "COMPLETED");
    }
    delete(&aws, &arn).ok();
}

#[test]
fn all_stacks_that_are_not_deleted_are_described_page_by_page() {
    let aws = Aws::new();
    let named = |name: &str| StackSeed { name: name.to_owned(), ..StackSeed::default() };
    for number in 0..120 {
        aws.0.seed_stack(&named(&format!("small-{number:03}")));
    }
    aws.0.seed_stack(&StackSeed { nested: vec![named("Child")], ..named("parent") });
    aws.cfn("DeleteStack", &[("StackName", "small-007")]).ok();
    let mut names: Vec<String> = Vec::new();
    let mut token = String::new();
    aws.wait(400);
    let last = loop {
        let page = aws.cfn("DescribeStacks", &[("NextToken", &token)]).ok();
        names.extend(page.texts("StackName").iter().map(|name| (*name).to_owned()));
        token = page.text("NextToken").to_owned();
        if token.is_empty() {
            break page.texts("StackId").len();
        }
    };
    assert!(last < 100, "{last}");
    assert_eq!(names.iter().filter(|name| name.starts_with("small-")).count(), 119);
    assert!(names.contains(&"my-hub".to_owned()) && names.iter().any(|name| name.starts_with("parent-Child-")));
}
