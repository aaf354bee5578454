//! What can go wrong on demand.

mod common;

use common::Aws;
use serde_json::{Value, json};
use stacksnap_sandbox::{Fault, FaultKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

fn once(aws: &Aws, operation: &str, kind: FaultKind) {
    aws.0.add_fault(Fault::times(operation, kind, 1));
}

#[test]
fn a_dropped_request_has_no_effect_and_a_lost_answer_has() {
    let aws = Aws::new();
    once(&aws, "rds:CreateDBClusterSnapshot", FaultKind::DropBefore);
    assert_eq!(aws.snapshot("one").status, 0);
    once(&aws, "rds:CreateDBClusterSnapshot", FaultKind::LostAnswer);
    assert_eq!(aws.snapshot("one").status, 0);
    assert_eq!(aws.snapshot("one").text("Code"), "DBClusterSnapshotAlreadyExistsFault");
    let rows: Vec<_> = aws.0.requests().into_iter().filter_map(|row| row.error).collect();
    assert_eq!(rows, ["dropped", "answer lost", "DBClusterSnapshotAlreadyExistsFault"]);
}

#[test]
fn each_protocol_has_its_words_for_too_many_requests() {
    let aws = Aws::new();
    aws.0.add_fault(Fault::times("*:*", FaultKind::Throttle, 3));
    let cfn = aws.cfn("ListStacks", &[]);
    assert_eq!((cfn.status, cfn.text("Code"), cfn.text("Message")), (400, "Throttling", "Rate exceeded"));
    let ssm = aws.target("ssm", "DescribeParameters", &json!({}));
    assert_eq!((ssm.status, ssm.get("__type")), (400, "ThrottlingException".to_owned()));
    let backup = aws.rest("backup", "GET", "/backup-vaults/", &Value::Null);
    assert_eq!((backup.status, backup.get("Code")), (429, "ThrottlingException".to_owned()));
    aws.rest("backup", "GET", "/backup-vaults/", &Value::Null).ok();
}

#[test]
fn access_is_denied_in_a_sentence_that_names_the_action() {
    let aws = Aws::new();
    once(&aws, "efs:DescribeFileSystems", FaultKind::AccessDenied);
    let denied = aws.rest("elasticfilesystem", "GET", "/2015-02-01/file-systems", &Value::Null);
    assert_eq!(denied.status, 403);
    assert!(denied.get("Message").contains("is not authorized to perform: elasticfilesystem:DescribeFileSystems"));
}

#[test]
fn a_stale_read_shows_the_world_of_a_while_ago() {
    let aws = Aws::new();
    aws.0.add_fault(Fault::times("rds:DescribeDBClusterSnapshots", FaultKind::Stale { seconds: 5.0 }, 2));
    aws.snapshot("one").ok();
    let members = [("DBClusterSnapshotIdentifier", "one")];
    assert_eq!(aws.rds("DescribeDBClusterSnapshots", &members).status, 404);
    aws.wait(181);
    let seen = aws.rds("DescribeDBClusterSnapshots", &members).ok();
    assert_eq!(seen.text("Status"), "creating");
    assert_eq!(aws.snapshot_status("one"), "available");
}

#[test]
fn jobs_end_as_they_are_told() {
    for (kind, state, category) in [
        (FaultKind::JobFailed, "FAILED", "AccessDenied"),
        (FaultKind::JobAborted, "ABORTED", "ABORTED"),
        (FaultKind::JobIssues, "COMPLETED", "AccessDenied"),
        (FaultKind::JobExpired, "EXPIRED", "EXPIRED"),
    ] {
        let aws = Aws::new();
        once(&aws, "backup:StartBackupJob", kind);
        let id = aws.start_job("one").ok().get("BackupJobId");
        aws.wait(9 * 3600);
        let job = aws.job(&id);
        assert_eq!((&job["State"], &job["MessageCategory"]), (&json!(state), &json!(category)));
    }
}

#[test]
fn a_job_may_never_start_and_a_point_may_be_stuck() {
    let aws = Aws::new();
    once(&aws, "backup:StartBackupJob", FaultKind::PointStuck);
    let job = aws.start_job("one").ok();
    aws.wait(400);
    assert_eq!(aws.job(&job.get("BackupJobId"))["State"], "COMPLETED");
    let path = format!("/backup-vaults/{}/recovery-points/{}", aws.vault(), job.get("RecoveryPointArn"));
    assert_eq!(aws.rest("backup", "GET", &path, &Value::Null).get("Status"), "CREATING");
    once(&aws, "backup:StartBackupJob", FaultKind::JobNeverStarts);
    let id = aws.start_job("two").ok().get("BackupJobId");
    aws.wait(20 * 3600);
    assert_eq!(aws.job(&id)["State"], "CREATED");
}

#[test]
fn snapshots_fail_and_tags_do_not_stick() {
    let aws = Aws::new();
    once(&aws, "rds:CreateDBClusterSnapshot", FaultKind::SnapshotFailed);
    once(&aws, "rds:CreateDBClusterSnapshot", FaultKind::TagsLost);
    aws.snapshot("one").ok();
    aws.wait(200);
    let seen = aws.rds("DescribeDBClusterSnapshots", &[("DBClusterSnapshotIdentifier", "one")]);
    assert_eq!((seen.text("Status"), seen.texts("Key").len()), ("failed", 0));
}

#[test]
fn a_fault_is_written_in_one_line() {
    let fault = Fault::parse("rds:CreateDBClusterSnapshot=slow:2.5@0.5*3").unwrap();
    assert_eq!(fault.kind, FaultKind::Slow { seconds: 2.5 });
    assert_eq!((fault.probability, fault.count), (Some(0.5), Some(3)));
    let fault = Fault::parse("cloudformation:ExecuteChangeSet=rollback/online*1").unwrap();
    assert_eq!(fault.mode.as_deref(), Some("online"));
    assert!(Fault::parse("nonsense").is_err() && Fault::parse("a:b=nonsense").is_err());
}

#[test]
fn a_hook_sees_each_request_after_its_effect() {
    let aws = Aws::new();
    let seen = Arc::new(AtomicU64::new(0));
    let (inside, sandbox) = (seen.clone(), aws.0.clone());
    aws.0.on_request(move |count, row| {
        assert_eq!(row.service, "rds");
        assert_eq!(sandbox.requests().len() as u64, count);
        inside.store(count, Ordering::SeqCst);
    });
    aws.snapshot("one").ok();
    aws.rds("DescribeDBClusters", &[]).ok();
    assert_eq!(seen.load(Ordering::SeqCst), 2);
}
