//! One backup, as a patient client makes it; and as an impatient one does.

mod common;

use common::{Aws, OFF, ON};
use serde_json::Value;
use stacksnap_sandbox::{Consistency, Durations, seeds};

/// Takes both halves and waits for them.
fn both_halves(aws: &Aws) -> Option<Consistency> {
    aws.snapshot("one").ok();
    let job = aws.start_job("one").ok();
    assert_eq!(aws.snapshot_status("one"), "creating");
    aws.wait(1000);
    assert_eq!(aws.snapshot_status("one"), "available");
    assert_eq!(aws.job(&job.get("BackupJobId"))["State"], "COMPLETED");
    aws.0.consistency("one", &job.get("RecoveryPointArn"))
}

#[test]
fn an_offline_backup_is_consistent() {
    let aws = Aws::new();
    aws.switch("ss-off", OFF);
    aws.wait(60);
    assert_eq!(both_halves(&aws), Some(Consistency { rows: 40, files: 40, broken: 0 }));
    aws.switch("ss-on", ON);
}

#[test]
fn a_live_backup_is_not() {
    let found = both_halves(&Aws::new()).unwrap();
    assert_eq!((found.rows, found.files), (40, 40));
    assert!(found.broken > 10, "{found:?}");
}

#[test]
fn an_offline_backup_that_does_not_let_the_last_writes_settle_is_not_either() {
    let aws = Aws::new();
    let at_once = Durations { job_start: 0.0, cluster_settles: 0.0, jitter: 0.0, ..Durations::default() };
    aws.0.set_durations(at_once);
    aws.switch("ss-off", OFF);
    let found = both_halves(&aws).unwrap();
    assert!((1..5).contains(&found.broken), "{found:?}");
}

#[test]
fn a_cluster_is_modifying_for_ten_seconds_after_the_update() {
    let aws = Aws::new();
    aws.switch("ss-off", OFF);
    assert_eq!(aws.cluster(), "modifying");
    let refused = aws.snapshot("one");
    assert_eq!((refused.status, refused.text("Code")), (400, "InvalidDBClusterStateFault"));
    aws.wait(11);
    assert_eq!(aws.cluster(), "available");
    aws.snapshot("one").ok();
}

#[test]
fn an_update_rolls_back_while_its_cluster_is_being_snapshotted() {
    let aws = Aws::new();
    let arn = aws.set("ss-off", "StackOffline", OFF);
    aws.snapshot("one").ok();
    aws.execute(&arn, "ss-off").ok();
    aws.wait(130);
    assert_eq!(aws.status(), "UPDATE_ROLLBACK_IN_PROGRESS");
    aws.wait(300);
    assert_eq!(aws.status(), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(aws.parameter("StackOffline"), ON);
    let events = aws.cfn("DescribeStackEvents", &[("StackName", "my-hub")]);
    assert!(events.body.contains("InvalidDBClusterStateFault"));
}

#[test]
fn jobs_of_one_file_system_queue() {
    let aws = Aws::new();
    let (first, second) = (aws.start_job("a").ok(), aws.start_job("b").ok());
    assert_eq!(aws.start_job("a").ok().get("BackupJobId"), first.get("BackupJobId"));
    aws.wait(100);
    assert_eq!(aws.job(&first.get("BackupJobId"))["State"], "RUNNING");
    assert_eq!(aws.job(&second.get("BackupJobId"))["State"], "CREATED");
    aws.wait(160);
    assert_eq!(aws.job(&first.get("BackupJobId"))["MessageCategory"], "SUCCESS");
    aws.wait(20);
    assert_eq!(aws.job(&second.get("BackupJobId"))["State"], "RUNNING");
}

#[test]
fn the_first_backup_of_a_file_system_takes_longer_than_the_next() {
    let aws = Aws::seeded(&seeds::StackSeed { nightly: 0, ..seeds::hubs("my-hub") });
    let job = aws.start_job("one").ok();
    aws.wait(900);
    assert_eq!(aws.job(&job.get("BackupJobId"))["State"], "RUNNING");
    aws.wait(20);
    assert_eq!(aws.job(&job.get("BackupJobId"))["State"], "COMPLETED");
    let job = aws.start_job("two").ok();
    aws.wait(260);
    assert_eq!(aws.job(&job.get("BackupJobId"))["State"], "COMPLETED");
}

#[test]
fn stopping_a_job_takes_a_moment_and_leaves_no_recovery_point() {
    let aws = Aws::new();
    let job = aws.start_job("one").ok();
    let (id, point) = (job.get("BackupJobId"), job.get("RecoveryPointArn"));
    aws.wait(60);
    aws.rest("backup", "POST", &format!("/backup-jobs/{id}"), &Value::Null).ok();
    assert_eq!(aws.job(&id)["State"], "ABORTING");
    aws.wait(6);
    assert_eq!(aws.job(&id)["State"], "ABORTED");
    let path = format!("/backup-vaults/{}/recovery-points/{point}", aws.vault());
    let gone = aws.rest("backup", "GET", &path, &Value::Null);
    assert_eq!((gone.status, gone.get("Code")), (400, "ResourceNotFoundException".to_owned()));
}

#[test]
fn a_recovery_point_goes_when_its_lifecycle_is_over() {
    let aws = Aws::new();
    let mut order = aws.order("one");
    order["Lifecycle"] = serde_json::json!({ "DeleteAfterDays": 2 });
    let job = aws.rest("backup", "PUT", "/backup-jobs", &order).ok();
    let path = format!("/backup-vaults/{}/recovery-points/{}", aws.vault(), job.get("RecoveryPointArn"));
    aws.wait(86_400);
    assert_eq!(aws.rest("backup", "GET", &path, &Value::Null).get("Status"), "COMPLETED");
    aws.wait(86_400);
    assert_eq!(aws.rest("backup", "GET", &path, &Value::Null).status, 400);
}
