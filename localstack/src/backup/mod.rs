//! AWS Backup: vaults, backup jobs and recovery points.

mod copies;
pub(crate) mod deletion;
pub(crate) mod holds;
pub(crate) mod jobs;
pub(crate) mod locks;
mod points;
pub(crate) mod policy;
mod restored;
pub(crate) mod restores;
mod start;
pub(crate) mod state;
mod tags;
mod vaults;
mod views;

use crate::operation::{Handler, Operation};

const fn op(
    name: &'static str,
    (method, path): (&'static str, &'static str),
    target: &'static [&'static str],
    handler: Handler,
) -> Operation {
    Operation::new("backup", name, target, handler).at(method, path)
}

const JOB: &[&str] = &["backupJobId"];
const VAULT: &[&str] = &["backupVaultName"];
const POINT: &[&str] = &["backupVaultName", "recoveryPointArn"];
const HOLD: &[&str] = &["legalHoldId"];
const RESOURCE: &[&str] = &["resourceArn"];

const A_POINT: &str = "/backup-vaults/{backupVaultName}/recovery-points/{recoveryPointArn}";
const VAULT_LOCK: &str = "/backup-vaults/{backupVaultName}/vault-lock";
const METADATA: &str = "/backup-vaults/{backupVaultName}/recovery-points/{recoveryPointArn}/restore-metadata";
const BY_RESOURCE: &str = "/resources/{resourceArn}/recovery-points";

/// AWS Backup's operations.
pub(crate) const OPERATIONS: &[Operation] = &[
    op("StartBackupJob", ("PUT", "/backup-jobs"), &["BackupVaultName", "ResourceArn"], start::start),
    op("DescribeBackupJob", ("GET", "/backup-jobs/{backupJobId}"), JOB, jobs::describe),
    op("ListBackupJobs", ("GET", "/backup-jobs"), RESOURCE, jobs::list),
    op("StopBackupJob", ("POST", "/backup-jobs/{backupJobId}"), JOB, jobs::stop),
    op("ListCopyJobs", ("GET", "/copy-jobs"), RESOURCE, copies::list),
    op("DescribeRecoveryPoint", ("GET", A_POINT), POINT, points::describe),
    op("DeleteRecoveryPoint", ("DELETE", A_POINT), POINT, deletion::delete),
    op("GetRecoveryPointRestoreMetadata", ("GET", METADATA), POINT, points::restore_metadata),
    op(
        "ListRecoveryPointsByBackupVault",
        ("GET", "/backup-vaults/{backupVaultName}/recovery-points"),
        &["backupVaultName", "resourceArn"],
        points::list_by_vault,
    ),
    op("ListRecoveryPointsByResource", ("GET", BY_RESOURCE), RESOURCE, points::list_by_resource),
    op("ListTags", ("GET", "/tags/{resourceArn}"), RESOURCE, tags::list),
    op("TagResource", ("POST", "/tags/{resourceArn}"), RESOURCE, tags::add),
    op("UntagResource", ("POST", "/untag/{resourceArn}"), RESOURCE, tags::remove),
    op("DescribeBackupVault", ("GET", "/backup-vaults/{backupVaultName}"), VAULT, vaults::describe),
    op("ListBackupVaults", ("GET", "/backup-vaults"), &[], vaults::list),
    op(
        "GetBackupVaultAccessPolicy",
        ("GET", "/backup-vaults/{backupVaultName}/access-policy"),
        VAULT,
        vaults::access_policy,
    ),
    op("DeleteBackupVault", ("DELETE", "/backup-vaults/{backupVaultName}"), VAULT, vaults::delete),
    op("StartRestoreJob", ("PUT", "/restore-jobs"), &["RecoveryPointArn"], restores::start),
    op("DescribeRestoreJob", ("GET", "/restore-jobs/{restoreJobId}"), &["restoreJobId"], restored::describe),
    op("ListRestoreJobs", ("GET", "/restore-jobs"), &[], restored::list),
    op(
        "ListRestoreJobsByProtectedResource",
        ("GET", "/resources/{resourceArn}/restore-jobs"),
        RESOURCE,
        restored::list_by_resource,
    ),
    op("PutBackupVaultLockConfiguration", ("PUT", VAULT_LOCK), VAULT, locks::put),
    op("DeleteBackupVaultLockConfiguration", ("DELETE", VAULT_LOCK), VAULT, locks::delete),
    op("CreateLegalHold", ("POST", "/legal-holds"), &["Title"], holds::create),
    op("GetLegalHold", ("GET", "/legal-holds/{legalHoldId}"), HOLD, holds::get),
    op("ListLegalHolds", ("GET", "/legal-holds"), &[], holds::list),
    op("CancelLegalHold", ("DELETE", "/legal-holds/{legalHoldId}"), HOLD, holds::cancel),
    op(
        "ListRecoveryPointsByLegalHold",
        ("GET", "/legal-holds/{legalHoldId}/recovery-points"),
        HOLD,
        holds::list_points,
    ),
    op("DescribeRegionSettings", ("GET", "/account-settings"), &[], vaults::region_settings),
];
