//! How jobs and recovery points are described.

use super::state::{Job, Point, invalid};
use crate::clock::{later, seconds};
use crate::error::AwsError;
use crate::input::Input;
use crate::realm::Realm;
use crate::wire::epoch;
use jiff::Timestamp;
use serde_json::{Value, json};

/// AWS Backup's page size, 1 to 1000.
pub(crate) fn window(input: &Input) -> Result<usize, AwsError> {
    let size = input.number("maxResults").unwrap_or(1000);
    let fits = usize::try_from(size).ok().filter(|size| (1..=1000).contains(size));
    fits.ok_or_else(|| invalid(format!("Invalid value for MaxResults: {size}")))
}

fn vault_arn(realm: &Realm, name: &str) -> String {
    realm.arn("backup", &format!("backup-vault:{name}"))
}

fn key_of(realm: &Realm, vault: &str) -> Option<String> {
    realm.backup.vaults.get(vault).map(|vault| vault.kms_key.clone())
}

fn name_of(realm: &Realm, resource: &str) -> Option<String> {
    let (_, id) = resource.split_once(":file-system/")?;
    realm.file_systems.get(id).map(|each| each.name.clone())
}

fn created_by(realm: &Realm) -> Value {
    let plan = "6c3f1d7e-0d3b-4c1c-9a51-7c2f5c8f4a10";
    json!({
        "BackupPlanId": plan,
        "BackupPlanArn": realm.arn("backup", &format!("backup-plan:{plan}")),
        "BackupPlanVersion": "MTY0NjQ2NDY0Ni0w",
        "BackupRuleId": "0f8f1f0e-6a0c-4b8e-8a53-1a2b3c4d5e6f",
    })
}

/// A job as `DescribeBackupJob` and `ListBackupJobs` show it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a size"
)]
pub(crate) fn job_row(realm: &Realm, job: &Job, now: Timestamp) -> Value {
    let share = job.share(now);
    let begun = job.run.is_some();
    let done = job.state == "COMPLETED";
    json!({
        "AccountId": realm.account,
        "BackupJobId": job.id,
        "BackupVaultName": job.vault,
        "BackupVaultArn": vault_arn(realm, &job.vault),
        "VaultType": "BACKUP_VAULT",
        "RecoveryPointArn": job.point,
        "EncryptionKeyArn": key_of(realm, &job.vault),
        "IsEncrypted": true,
        "ResourceArn": job.resource,
        "ResourceType": "EFS",
        "ResourceName": name_of(realm, &job.resource),
        "CreationDate": epoch(job.created),
        "InitiationDate": epoch(job.created),
        "StartBy": epoch(job.start_by),
        "CompletionDate": job.ended.map(epoch),
        "ExpectedCompletionDate": job.run.filter(|_| !done).map(|(_, until)| epoch(until)),
        "State": job.state,
        "StatusMessage": job.message,
        "MessageCategory": job.category,
        "PercentDone": format!("{:.1}", share * 100.0),
        "BackupSizeInBytes": if done { Some(job.bytes) } else { None },
        "BytesTransferred": begun.then_some((share * job.bytes as f64) as u64),
        "IamRoleArn": job.role,
        "IsParent": false,
        "CreatedBy": job.planned.then(|| created_by(realm)),
    })
}

fn calculated(point: &Point) -> Value {
    let days = |count: Option<i64>| {
        #[expect(clippy::cast_precision_loss, reason = "days")]
        count.map(|count| epoch(later(point.created, seconds(count as f64 * 86400.0))))
    };
    json!({
        "MoveToColdStorageAt": days(point.lifecycle.cold),
        "DeleteAt": days(point.lifecycle.delete),
    })
}

/// A recovery point as `ListRecoveryPointsByBackupVault` shows it.
pub(crate) fn point_row(realm: &Realm, point: &Point) -> Value {
    let lifecycle = json!({
        "MoveToColdStorageAfterDays": point.lifecycle.cold,
        "DeleteAfterDays": point.lifecycle.delete,
    });
    let limited = point.lifecycle.delete.is_some() || point.lifecycle.cold.is_some();
    json!({
        "RecoveryPointArn": point.arn,
        "BackupVaultName": point.vault,
        "BackupVaultArn": vault_arn(realm, &point.vault),
        "VaultType": "BACKUP_VAULT",
        "ResourceArn": point.resource,
        "ResourceType": "EFS",
        "ResourceName": name_of(realm, &point.resource),
        "CreatedBy": point.planned.then(|| created_by(realm)),
        "IamRoleArn": point.role,
        "Status": point.status,
        "CreationDate": epoch(point.created),
        "InitiationDate": epoch(point.created),
        "CompletionDate": point.completed.map(epoch),
        "BackupSizeInBytes": point.completed.map(|_| point.bytes),
        "Lifecycle": limited.then_some(lifecycle),
        "CalculatedLifecycle": limited.then(|| calculated(point)),
        "EncryptionKeyArn": key_of(realm, &point.vault),
        "IsEncrypted": true,
        "IsParent": false,
    })
}

/// The shorter row of `ListRecoveryPointsByResource`.
pub(crate) fn short_row(realm: &Realm, point: &Point) -> Value {
    json!({
        "RecoveryPointArn": point.arn,
        "CreationDate": epoch(point.created),
        "Status": point.status,
        "EncryptionKeyArn": key_of(realm, &point.vault),
        "BackupSizeBytes": point.bytes,
        "BackupVaultName": point.vault,
        "IsParent": false,
        "ResourceName": name_of(realm, &point.resource),
        "VaultType": "BACKUP_VAULT",
    })
}
