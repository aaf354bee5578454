//! The resources of the Hubs Cloud template, and the conditions they depend on.

use super::ResourceSeed;
use super::hubs::{ONLINE, cluster_of, secret_of};
use super::sample::{either, resource, trust, with};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn core(name: &str, file_system: &str, vault: &str, role: &str) -> Vec<ResourceSeed> {
    let mut resources = servers(name);
    resources.extend(data(name, file_system, vault, role));
    resources.extend(settings(name));
    resources
}

fn servers(name: &str) -> Vec<ResourceSeed> {
    let alb = format!(
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/{}-AppALB-1A2B3C4D5E6F7/50dc6c495c0c9188",
        name.chars().take(10).collect::<String>()
    );
    let group = "AWS::AutoScaling::AutoScalingGroup";
    let capacity = |count: &str| {
        let count = either("IsOnline", &json!({ "Ref": count }), &json!("0"));
        json!({ "MinSize": count, "MaxSize": count, "DesiredCapacity": count })
    };
    let records = either("IsOnline", &json!(["10.0.0.10"]), &json!(["10.0.0.1"]));
    vec![
        with(resource("AppASG", group, &format!("{name}-AppASG-1XAMPLE"), ""), capacity("AppInstanceCount")),
        with(resource("StreamASG", group, &format!("{name}-StreamASG-1XAMPLE"), ""), capacity("StreamInstanceCount")),
        ResourceSeed {
            condition: "HasALB".to_owned(),
            ..resource("AppALB", "AWS::ElasticLoadBalancingV2::LoadBalancer", &alb, "")
        },
        with(
            resource("AppDNS", "AWS::Route53::RecordSet", "hub.example.com", ""),
            json!({ "Name": { "Ref": "DomainName" }, "Type": "A", "ResourceRecords": records }),
        ),
        resource("OfflineAlarmTopic", "AWS::SNS::Topic", &format!("{name}-topic"), ""),
        resource("StackTopicHandler", "AWS::Lambda::Function", &format!("{name}-stack-topic"), ""),
        with(
            resource("StackTopicHandlerRole", "AWS::IAM::Role", &format!("{name}-stack-topic-handler"), ""),
            json!({
                "RoleName": { "Fn::Sub": "${AWS::StackName}-stack-topic-handler" },
                "AssumeRolePolicyDocument": trust("lambda.amazonaws.com"),
            }),
        ),
        resource("AppCloudFront", "AWS::CloudFront::Distribution", "E1EXAMPLE23456", ""),
    ]
}

fn data(name: &str, file_system: &str, vault: &str, role: &str) -> Vec<ResourceSeed> {
    let reference = |name: &str| json!({ "Ref": name });
    let nothing = reference("AWS::NoValue");
    let part = json!({ "Fn::Select": [0, { "Fn::Split": ["-", { "Fn::Select": [2, { "Fn::Split": ["/", { "Ref": "AWS::StackId" }] }] }] }] });
    let target = |place: &str| {
        let (logical, physical) =
            (format!("StorageMount{place}"), format!("fsmt-{}{place}", file_system.trim_start_matches("fs-")));
        with(
            resource(&logical, "AWS::EFS::MountTarget", &physical, ""),
            json!({ "FileSystemId": { "Ref": "StorageEFS" }, "SubnetId": format!("subnet-hubs-{place}") }),
        )
    };
    vec![
        with(
            resource("AppDb", "AWS::RDS::DBCluster", &cluster_of(name), "Snapshot"),
            json!({
                "DBClusterIdentifier": { "Fn::Sub": "${AWS::StackName}-app-db" },
                "Engine": "aurora-postgresql",
                "EngineMode": "serverless",
                "SnapshotIdentifier": either("IsRestore", &reference("RestoreDbSnapshotIdentifier"), &nothing),
                "MasterUserPassword": either("IsRestore", &nothing, &json!({ "Fn::Sub": "{{resolve:secretsmanager:${AppDbSecret}:SecretString:password}}" })),
                "ScalingConfiguration": {
                    "AutoPause": either("IsOnline", &either("AutoPauses", &json!(true), &json!(false)), &json!(true)),
                    "SecondsUntilAutoPause": either("IsOnline", &reference("DbSecondsUntilPause"), &json!("300")),
                    "MinCapacity": reference("DbMinCapacity"),
                    "MaxCapacity": reference("DbMaxCapacity"),
                },
                "StorageEncrypted": true,
            }),
        ),
        with(
            resource("StorageEFS", "Custom::EFS", file_system, "Retain"),
            json!({
                "Name": { "Fn::Sub": "${AWS::StackName} storage" },
                "Encrypted": true,
                "RestoreStackName": reference("RestoreStackName"),
                "BackupVaultName": reference("RestoreBackupVaultName"),
                "RecoveryPointArn": reference("RestoreRecoveryPointArn"),
                "RoleArn": { "Fn::GetAtt": ["DailyBackupRole", "Arn"] },
            }),
        ),
        target("0"),
        target("1"),
        with(
            resource("DailyBackupVault", "AWS::Backup::BackupVault", vault, "Retain"),
            json!({ "BackupVaultName": { "Fn::Join": ["-", [{ "Ref": "AWS::StackName" }, "daily-backup", part]] } }),
        ),
        with(
            resource("DailyBackupRole", "AWS::IAM::Role", role, ""),
            json!({ "Path": { "Fn::Sub": "/${AWS::StackName}/" }, "AssumeRolePolicyDocument": trust("backup.amazonaws.com") }),
        ),
        resource("DailyBackupPlan", "AWS::Backup::BackupPlan", "6c3f1d7e-0d3b-4c1c-9a51-7c2f5c8f4a10", ""),
        resource("DiskKmsKey", "AWS::KMS::Key", "alias/hubs-disk", "Retain"),
    ]
}

/// Secrets and configuration; those under `/keymaster` outlive the stack, those under `/ita` do not.
fn settings(name: &str) -> Vec<ResourceSeed> {
    let nothing = json!({ "Ref": "AWS::NoValue" });
    let copied = json!({ "Fn::Sub": "{{resolve:secretsmanager:${RestoreAppDbSecretArn}}}" });
    let fresh = json!({ "SecretStringTemplate": "{\"username\":\"postgres\"}", "GenerateStringKey": "password" });
    let secret = with(
        resource("AppDbSecret", "AWS::SecretsManager::Secret", &secret_of(name), "Retain"),
        json!({
            "Description": { "Fn::Sub": "${AWS::StackName} Database Secret" },
            "SecretString": either("IsRestore", &copied, &nothing),
            "GenerateSecretString": either("IsRestore", &nothing, &fresh),
        }),
    );
    let keymaster = |logical: &str, key: &str, copies: bool| {
        let source = json!({ "Fn::Sub": format!("/keymaster/${{RestoreStackName}}/{key}") });
        let source = if copies { either("IsRestore", &source, &nothing) } else { nothing.clone() };
        with(
            resource(logical, "Custom::KeymasterSecret", &format!("/keymaster/{name}/{key}"), "Retain"),
            json!({ "Name": { "Fn::Sub": format!("/keymaster/${{AWS::StackName}}/{key}") }, "CopyFrom": source }),
        )
    };
    let configuration = with(
        resource("ItaAdminEmail", "AWS::SSM::Parameter", &format!("/ita/{name}/reticulum/admin-email"), ""),
        json!({
            "Name": { "Fn::Sub": "/ita/${AWS::StackName}/reticulum/admin-email" },
            "Type": "String",
            "Value": { "Ref": "AdminEmailAddress" },
        }),
    );
    vec![
        secret,
        keymaster("PostgrestDbSecret", "postgrest-db-secret", true),
        keymaster("PhoenixKey", "phoenix-key", true),
        keymaster("GuardianKey", "guardian-key", false),
        configuration,
    ]
}

pub(super) fn conditions() -> BTreeMap<String, Value> {
    let equals = |key: &str, value: &str| json!({ "Fn::Equals": [{ "Ref": key }, value] });
    let unmanaged = json!({ "Fn::And": [
        { "Fn::Not": [{ "Condition": "IsOnline" }] },
        equals("IsDomainOnRoute53", "No"),
        equals("StackOfflineRedirectUrl", ""),
    ] });
    [
        ("AutoPauses", equals("DbAutoPause", "Yes - Pause database when not in use")),
        ("HasALB", json!({ "Fn::Not": [unmanaged] })),
        ("IsOnline", equals("StackOffline", ONLINE)),
        ("IsRestore", json!({ "Fn::Not": [equals("RestoreDbSnapshotIdentifier", "")] })),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Everything else the template declares: enough that a list has two pages.
pub(super) fn rest(name: &str) -> impl Iterator<Item = ResourceSeed> {
    const KINDS: [(&str, &str); 6] = [
        ("Policy", "AWS::IAM::Policy"),
        ("Alarm", "AWS::CloudWatch::Alarm"),
        ("Function", "AWS::Lambda::Function"),
        ("SecurityGroupRule", "AWS::EC2::SecurityGroupIngress"),
        ("Record", "AWS::Route53::RecordSet"),
        ("LogGroup", "AWS::Logs::LogGroup"),
    ];
    let name = name.to_owned();
    (0..159_usize).filter_map(move |number| {
        let (stem, kind) = KINDS.get(number % KINDS.len())?;
        let logical = format!("{stem}{:03}", number / KINDS.len());
        let physical = format!("{name}-{logical}-{:08X}", number.wrapping_mul(2_654_435_761) % 0xffff_ffff);
        Some(resource(&logical, kind, &physical, ""))
    })
}
