//! Recovery points.

use super::state::{Point, Vault};
use super::views::{point_row, short_row, window};
use crate::error::{Answer, AwsError};
use crate::input::{Input, page};
use crate::operation::Cx;
use serde_json::{Value, json};

const MISSING: &str = "MissingParameterValueException";

/// The vault and the recovery point of a request.
pub(super) fn found<'a>(cx: &'a Cx<'_>, input: &Input) -> Result<(&'a Vault, &'a Point), AwsError> {
    let vault = cx.realm.backup.vault(input.require("backupVaultName", MISSING)?)?;
    let arn = input.require("recoveryPointArn", MISSING)?;
    Ok((vault, cx.realm.backup.point(&vault.name, arn)?))
}

/// `DescribeRecoveryPoint`; it shows no tags.
pub(crate) fn describe(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let (_, point) = found(cx, input)?;
    let mut row = point_row(cx.realm, point);
    if let Some(members) = row.as_object_mut() {
        members.insert("StorageClass".to_owned(), json!("WARM"));
    }
    Ok(row)
}

/// `ListRecoveryPointsByBackupVault`, newest first; it shows no tags.
pub(crate) fn list_by_vault(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let size = window(input)?;
    let vault = cx.realm.backup.vault(input.require("backupVaultName", MISSING)?)?;
    let fits = |point: &&Point| {
        point.vault == vault.name
            && input.text("resourceArn").is_none_or(|arn| arn == point.resource)
            && input.text("resourceType").is_none_or(|kind| kind == "EFS")
            && input.text("backupPlanId").is_none_or(|_| point.planned)
            && input.instant("createdAfter").is_none_or(|at| point.created > at)
            && input.instant("createdBefore").is_none_or(|at| point.created < at)
    };
    let mut points: Vec<&Point> = cx.realm.backup.points.values().filter(fits).collect();
    points.sort_by_key(|point| std::cmp::Reverse(point.created));
    let (points, next) = page(&points, input.text("nextToken"), size);
    let rows: Vec<Value> = points.into_iter().map(|point| point_row(cx.realm, point)).collect();
    Ok(json!({ "RecoveryPoints": rows, "NextToken": next }))
}

/// `ListRecoveryPointsByResource`.
pub(crate) fn list_by_resource(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let size = window(input)?;
    let arn = input.require("resourceArn", MISSING)?;
    let all = cx.realm.backup.points.values();
    let mut points: Vec<&Point> = all.filter(|point| point.resource == arn).collect();
    points.sort_by_key(|point| std::cmp::Reverse(point.created));
    let (points, next) = page(&points, input.text("nextToken"), size);
    let rows: Vec<Value> = points.into_iter().map(|point| short_row(cx.realm, point)).collect();
    Ok(json!({ "RecoveryPoints": rows, "NextToken": next }))
}

/// `GetRecoveryPointRestoreMetadata`.
pub(crate) fn restore_metadata(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let (vault, point) = found(cx, input)?;
    let id = point.resource.rsplit('/').next().unwrap_or_default();
    let file_system = cx.realm.file_systems.get(id);
    let key = file_system.and_then(|each| each.kms_key.clone());
    // Of a file system that is gone nothing else is known than that it was encrypted.
    let encrypted = key.is_some() || file_system.is_none();
    Ok(json!({
        "BackupVaultArn": vault.arn,
        "RecoveryPointArn": point.arn,
        "ResourceType": "EFS",
        "RestoreMetadata": {
            "file-system-id": id,
            "newFileSystem": "false",
            "Encrypted": encrypted.to_string(),
            "KmsKeyId": key,
            "PerformanceMode": "generalPurpose",
            "CreationToken": format!("restore-{id}"),
        },
    }))
}
