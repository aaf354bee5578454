//! Backup vaults and the region's settings.

use super::state::{Vault, not_found};
use super::views::window;
use crate::error::Answer;
use crate::input::{Input, page};
use crate::operation::Cx;
use crate::realm::Realm;
use crate::wire::epoch;
use serde_json::{Value, json};

const MISSING: &str = "MissingParameterValueException";

fn row(realm: &Realm, vault: &Vault) -> Value {
    let points = realm.backup.points.values();
    let count = points.filter(|point| point.vault == vault.name).count();
    json!({
        "BackupVaultName": vault.name,
        "BackupVaultArn": vault.arn,
        "VaultType": "BACKUP_VAULT",
        "EncryptionKeyArn": vault.kms_key,
        "CreationDate": epoch(vault.created),
        "NumberOfRecoveryPoints": count,
        "Locked": vault.lock.is_some(),
        "MinRetentionDays": vault.lock.and_then(|lock| lock.least),
        "MaxRetentionDays": vault.lock.and_then(|lock| lock.most),
        "LockDate": vault.lock.and_then(|lock| lock.date).map(epoch),
    })
}

/// `DescribeBackupVault`.
pub(crate) fn describe(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let vault = cx.realm.backup.vault(input.require("backupVaultName", MISSING)?)?;
    Ok(row(cx.realm, vault))
}

/// `DeleteBackupVault`: only an empty one.
pub(crate) fn delete(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = input.require("backupVaultName", MISSING)?;
    cx.realm.backup.remove_vault(name)?;
    Ok(Value::Null)
}

/// `ListBackupVaults`.
pub(crate) fn list(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let size = window(input)?;
    let all: Vec<&Vault> = cx.realm.backup.vaults.values().collect();
    let (vaults, next) = page(&all, input.text("nextToken"), size);
    let rows: Vec<Value> = vaults.into_iter().map(|vault| row(cx.realm, vault)).collect();
    Ok(json!({ "BackupVaultList": rows, "NextToken": next }))
}

/// `GetBackupVaultAccessPolicy`: an error when there is none.
pub(crate) fn access_policy(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let vault = cx.realm.backup.vault(input.require("backupVaultName", MISSING)?)?;
    let text = format!("Backup vault policy for {} does not exist", vault.name);
    let policy = vault.policy.as_ref().ok_or_else(|| not_found(text))?;
    Ok(json!({
        "BackupVaultName": vault.name,
        "BackupVaultArn": vault.arn,
        "Policy": policy,
    }))
}

/// `DescribeRegionSettings`: which resource types are opted in.
pub(crate) fn region_settings(cx: &mut Cx<'_>, _input: &Input) -> Answer {
    Ok(json!({
        "ResourceTypeOptInPreference": cx.realm.backup.opt_in,
        "ResourceTypeManagementPreference": { "DynamoDB": true, "EFS": true },
    }))
}
