//! A small, ordinary stack.

use super::{
    ClusterSeed, EffectSeed, FileSystemSeed, OutputSeed, ParameterSeed, ResourceSeed, RoleSeed, SecretSeed, StackSeed,
    SwitchSeed, VaultSeed,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An effect of the switch.
pub(super) fn effect(logical: &str, action: &str, property: &str) -> EffectSeed {
    EffectSeed {
        logical: logical.to_owned(),
        action: action.to_owned(),
        property: property.to_owned(),
        ..EffectSeed::default()
    }
}

/// A resource with a deletion policy.
pub(super) fn resource(logical: &str, kind: &str, physical: &str, policy: &str) -> ResourceSeed {
    ResourceSeed {
        logical: logical.to_owned(),
        physical: physical.to_owned(),
        kind: kind.to_owned(),
        deletion_policy: policy.to_owned(),
        ..ResourceSeed::default()
    }
}

/// The same with properties.
pub(super) fn with(resource: ResourceSeed, properties: Value) -> ResourceSeed {
    ResourceSeed { properties, ..resource }
}

/// A role that a service may assume.
pub(super) fn trust(service: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": service } }],
    })
}

/// `Fn::If`.
pub(super) fn either(condition: &str, then: &Value, otherwise: &Value) -> Value {
    json!({ "Fn::If": [condition, then, otherwise] })
}

/// A blank parameter that replaces or adds what was restored when it changes.
fn restore(key: &str, touched: &str) -> ParameterSeed {
    ParameterSeed { affects: vec![effect(touched, "Replace", key)], ..parameter(key, "", Some("")) }
}

fn resources(name: &str, cluster: &str, file_system: &str) -> Vec<ResourceSeed> {
    let nothing = json!({ "Ref": "AWS::NoValue" });
    let count = either("IsOnline", &json!("1"), &json!("0"));
    let reference = |name: &str| json!({ "Ref": name });
    let restore_role = json!({ "AssumeRolePolicyDocument": trust("backup.amazonaws.com") });
    let part = json!({ "Fn::Select": [2, { "Fn::Split": ["/", { "Ref": "AWS::StackId" }] }] });
    let only = |resource: ResourceSeed, condition: &str| ResourceSeed { condition: condition.to_owned(), ..resource };
    vec![
        with(
            resource("Servers", "AWS::AutoScaling::AutoScalingGroup", &format!("{name}-Servers-1ABCDEF"), ""),
            json!({ "MinSize": count, "MaxSize": count, "DesiredCapacity": count }),
        ),
        with(
            resource("Database", "AWS::RDS::DBCluster", cluster, "Snapshot"),
            json!({
                "Engine": "aurora-postgresql",
                "EngineVersion": "15.4",
                "SnapshotIdentifier": either("IsRestore", &reference("RestoreDbSnapshotIdentifier"), &nothing),
                "ServerlessV2ScalingConfiguration": { "MinCapacity": either("IsOnline", &json!(0.5), &json!(0)) },
                "StorageEncrypted": true,
            }),
        ),
        with(resource("Files", "AWS::EFS::FileSystem", file_system, "Retain"), json!({ "Encrypted": true })),
        with(
            resource("BackupVault", "AWS::Backup::BackupVault", &format!("{name}-vault"), "Retain"),
            json!({ "BackupVaultName": { "Fn::Join": ["-", ["backup", part]] } }),
        ),
        with(resource("BackupRole", "AWS::IAM::Role", &format!("{name}-backup-role"), ""), restore_role.clone()),
        only(
            with(
                resource("DbSecret", "AWS::SecretsManager::Secret", &format!("{name}/db"), "Retain"),
                json!({ "Description": { "Fn::Sub": "${AWS::StackName} database" }, "GenerateSecretString": {} }),
            ),
            "IsNew",
        ),
        only(with(resource("RestoreRole", "AWS::IAM::Role", "", ""), restore_role), "IsRestore"),
        only(
            with(
                resource("RestoredFiles", "Custom::RestoredFiles", "", ""),
                json!({
                    "RecoveryPointArn": reference("RestoreRecoveryPointArn"),
                    "BackupVaultName": reference("RestoreBackupVaultName"),
                    "FileSystemId": reference("Files"),
                    "RoleArn": { "Fn::GetAtt": ["RestoreRole", "Arn"] },
                }),
            ),
            "IsRestore",
        ),
    ]
}

/// A parameter with a value and a default.
pub(super) fn parameter(key: &str, value: &str, default: Option<&str>) -> ParameterSeed {
    ParameterSeed {
        key: key.to_owned(),
        value: value.to_owned(),
        default: default.map(str::to_owned),
        ..ParameterSeed::default()
    }
}

/// Seventeen hexadecimal digits that depend on the name alone.
pub(super) fn digits(name: &str) -> String {
    let fold = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let sum = name.bytes().fold(0xcbf2_9ce4_8422_2325, fold);
    format!("0{sum:016x}")
}

fn conditions() -> BTreeMap<String, Value> {
    let blank = json!({ "Fn::Equals": [{ "Ref": "RestoreDbSnapshotIdentifier" }, ""] });
    let online = json!({ "Fn::Equals": [{ "Ref": "OfflineMode" }, "online"] });
    let restore = json!({ "Fn::Not": [blank] });
    [("IsNew", blank), ("IsOnline", online), ("IsRestore", restore)]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
}

/// Resources of ordinary types; the parameter `OfflineMode` is `online` or `offline`.
#[must_use]
pub fn sample(name: &str) -> StackSeed {
    let lower = name.to_ascii_lowercase();
    let file_system = format!("fs-{}", digits(name));
    let (cluster, vault) = (format!("{lower}-db"), format!("{name}-vault"));
    let (role, secret) = (format!("{name}-backup-role"), format!("{name}/db"));
    let mode = ParameterSeed {
        allowed: vec!["online".to_owned(), "offline".to_owned()],
        ..parameter("OfflineMode", "online", Some("online"))
    };
    StackSeed {
        name: name.to_owned(),
        description: "A small web application".to_owned(),
        parameters: vec![
            parameter("InstanceType", "t3.small", Some("t3.small")),
            parameter("DomainName", "app.example.org", None),
            ParameterSeed { no_echo: true, ..parameter("ApiKey", "canary-no-echo", None) },
            mode,
            restore("RestoreStackName", "RestoredFiles"),
            restore("RestoreDbSnapshotIdentifier", "Database"),
            restore("RestoreDbSecretArn", "DbSecret"),
            restore("RestoreBackupVaultName", "RestoredFiles"),
            restore("RestoreRecoveryPointArn", "RestoredFiles"),
        ],
        conditions: conditions(),
        resources: resources(name, &cluster, &file_system),
        outputs: vec![
            OutputSeed {
                key: "DatabaseEndpoint".to_owned(),
                value: "${Database.Endpoint}".to_owned(),
                description: String::new(),
            },
            OutputSeed { key: "FileSystemId".to_owned(), value: "${Files}".to_owned(), description: String::new() },
        ],
        capabilities: vec!["CAPABILITY_IAM".to_owned()],
        switch: Some(SwitchSeed {
            parameter: "OfflineMode".to_owned(),
            online: "online".to_owned(),
            offline: "offline".to_owned(),
            effects: vec![
                effect("Servers", "Modify", "DesiredCapacity"),
                effect("Database", "Modify", "ServerlessV2ScalingConfiguration"),
            ],
        }),
        cluster: Some(ClusterSeed {
            id: cluster,
            engine: "aurora-postgresql".to_owned(),
            engine_version: "15.4".to_owned(),
            engine_mode: "provisioned".to_owned(),
            kms_key: "alias/app".to_owned(),
            instances: vec![format!("{lower}-db-1")],
        }),
        file_system: Some(FileSystemSeed {
            id: file_system,
            name: format!("{name}-files"),
            bytes: 12_000_000_000,
            kms_key: "alias/aws/elasticfilesystem".to_owned(),
            mount_targets: 2,
        }),
        vault: Some(VaultSeed { name: vault, ..VaultSeed::default() }),
        role: Some(RoleSeed { name: role, path: "/".to_owned(), trusts: "backup.amazonaws.com".to_owned() }),
        secrets: vec![SecretSeed { name: secret, description: format!("{name} database") }],
        automated: 1,
        ..StackSeed::default()
    }
}
