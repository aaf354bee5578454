//! A Hubs Cloud stack, as its public template looks from outside.

use super::sample::{digits, effect, either, parameter, resource, trust, with};
use super::{
    ClusterSeed, EffectSeed, FileSystemSeed, OutputSeed, ParameterSeed, ResourceSeed, RoleSeed, SecretSeed, SsmSeed,
    StackSeed, SwitchSeed, VaultSeed,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ONLINE: &str = "Online";
const OFFLINE: &str = "Offline - Temporarily shut off servers";
const CAPABILITIES: [&str; 3] = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"];

fn choice(key: &str, value: &str, allowed: &[&str]) -> ParameterSeed {
    ParameterSeed {
        allowed: allowed.iter().map(|each| (*each).to_owned()).collect(),
        ..parameter(key, value, allowed.first().copied())
    }
}

fn matching(key: &str, value: &str, pattern: &str, constraint: &str) -> ParameterSeed {
    ParameterSeed {
        pattern: Some(pattern.to_owned()),
        constraint: Some(constraint.to_owned()),
        ..parameter(key, value, None)
    }
}

/// Blank is no restore; a change replaces what was restored.
fn restore(key: &str, replaces: &str) -> ParameterSeed {
    ParameterSeed { affects: vec![effect(replaces, "Replace", "SnapshotIdentifier")], ..parameter(key, "", None) }
}

fn parameters(name: &str) -> Vec<ParameterSeed> {
    let zone = |key: &str, value: &str| ParameterSeed {
        kind: "AWS::Route53::HostedZone::Id".to_owned(),
        ..parameter(key, value, None)
    };
    vec![
        matching("AdminEmailAddress", "admin@example.com", ".+@.+", "must be an email address"),
        choice("StackOffline", ONLINE, &[ONLINE, OFFLINE]),
        parameter("StackOfflineRedirectUrl", "", Some("")),
        matching("DomainName", "hub.example.com", "[a-z0-9.-]+", "must be a domain name"),
        matching("InternalZone", "hub-internal.com", "[a-z0-9.-]+", "must be a domain name"),
        matching("ShortlinkZone", "hub.link", "[a-z0-9.-]+", "must be a domain name"),
        zone("DomainZoneId", "Z0123456789ABCDEFGHIJ"),
        zone("InternalZoneId", "Z1123456789ABCDEFGHIJ"),
        choice("IsDomainOnRoute53", "Yes", &["Yes", "No"]),
        parameter("DomainCertArn", "", Some("")),
        parameter("OutgoingEmailSubdomain", "mail", Some("")),
        ParameterSeed {
            kind: "AWS::EC2::KeyPair::KeyName".to_owned(),
            ..parameter("KeyPair", &format!("{name}-key"), None)
        },
        choice("AppInstanceType", "t3.medium", &["t3.micro", "t3.medium", "c5.large"]),
        parameter("AppInstanceCount", "1", Some("1")),
        choice("StreamInstanceType", "t3.medium", &["t3.micro", "t3.medium", "c5.large"]),
        parameter("StreamInstanceCount", "0", Some("0")),
        choice("AppPlacementGroupStrategy", "None", &["None", "Cluster", "Spread"]),
        choice("LoadBalancingMethod", "DNS Round Robin", &["DNS Round Robin", "Application Load Balancer - $20/month"]),
        choice(
            "EFSStorageClass",
            "Move unused files to infrequent access after 30 days",
            &["Never move files", "Move unused files to infrequent access after 30 days"],
        ),
        choice(
            "DbAutoPause",
            "Yes - Pause database when not in use",
            &["Yes - Pause database when not in use", "No - Keep database running at all times"],
        ),
        parameter("DbMinCapacity", "2", Some("2")),
        parameter("DbMaxCapacity", "4", Some("4")),
        parameter("DbSecondsUntilPause", "600", Some("600")),
        choice("ClassicBackups", "Daily", &["Daily", "None"]),
        parameter("MonthlyBudget", "100", Some("0")),
        choice("BudgetAction", "Turn the stack offline", &["Nothing", "Turn the stack offline"]),
        choice("AutoPauseDb", "Yes", &["Yes", "No"]),
        parameter("AdditionalSecurityGroup", "", Some("")),
        parameter("CdnDomain", "", Some("")),
        choice("ServerUpdateMode", "Automatic", &["Automatic", "Manual"]),
        choice("UnmanagedDomainMode", "Classic", &["Classic", "Modern"]),
        restore("RestoreStackName", "StorageEFS"),
        restore("RestoreDbSnapshotIdentifier", "AppDb"),
        restore("RestoreAppDbSecretArn", "AppDbSecret"),
        restore("RestoreBackupVaultName", "StorageEFS"),
        restore("RestoreRecoveryPointArn", "StorageEFS"),
    ]
}

fn core(name: &str, file_system: &str, vault: &str, role: &str) -> Vec<ResourceSeed> {
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

fn conditions() -> BTreeMap<String, Value> {
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
fn rest(name: &str) -> impl Iterator<Item = ResourceSeed> {
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

fn cluster_of(name: &str) -> String {
    format!("{}-app-db", name.to_ascii_lowercase())
}

fn secret_of(name: &str) -> String {
    format!("{name}-app-db-secret")
}

fn output(key: &str, value: &str) -> OutputSeed {
    let (key, value) = (key.to_owned(), value.to_owned());
    OutputSeed { key, value, description: String::new() }
}

fn switch() -> SwitchSeed {
    let balancer = EffectSeed {
        unless_set: "StackOfflineRedirectUrl".to_owned(),
        when: [("IsDomainOnRoute53".to_owned(), "No".to_owned())].into(),
        ..effect("AppALB", "OnlyOnline", "")
    };
    SwitchSeed {
        parameter: "StackOffline".to_owned(),
        online: ONLINE.to_owned(),
        offline: OFFLINE.to_owned(),
        effects: vec![
            effect("AppASG", "Modify", "DesiredCapacity"),
            effect("StreamASG", "Modify", "DesiredCapacity"),
            effect("AppDb", "Modify", "ScalingConfiguration"),
            effect("AppDNS", "Modify", "ResourceRecords"),
            balancer,
        ],
    }
}

fn secure(name: &str, value: &str) -> SsmSeed {
    SsmSeed { name: name.to_owned(), kind: "SecureString".to_owned(), value: value.to_owned() }
}

fn file_system_of(name: &str, id: &str) -> FileSystemSeed {
    FileSystemSeed {
        id: id.to_owned(),
        name: format!("{name} storage"),
        bytes: 48_000_000_000,
        kms_key: "alias/aws/elasticfilesystem".to_owned(),
        mount_targets: 2,
    }
}

/// The Hubs Cloud template's resources, parameters and traps.
#[must_use]
pub fn hubs(name: &str) -> StackSeed {
    let file_system = format!("fs-{}", digits(name));
    let part: String = digits(name).chars().take(8).collect();
    let stem: String = name.chars().take(28).collect();
    let vault = format!("{stem}-daily-backup-{part}");
    let role = format!("{stem}-DailyBackupRole-1EXAMPLE");
    let mut resources = core(name, &file_system, &vault, &role);
    resources.extend(rest(name));
    StackSeed {
        name: name.to_owned(),
        description: "Hubs Cloud".to_owned(),
        transforms: vec!["AWS::Serverless-2016-10-31".to_owned()],
        parameters: parameters(name),
        conditions: conditions(),
        resources,
        outputs: vec![
            output("AppDbHostname", "${AppDb.Endpoint}"),
            output("StorageEFSId", "${StorageEFS}"),
            output("AppDbSecret", "${AppDbSecret}"),
            output("AddressForRootDomain", "${AppALB.DNSName}"),
        ],
        capabilities: CAPABILITIES.map(str::to_owned).to_vec(),
        switch: Some(switch()),
        cluster: Some(ClusterSeed {
            id: cluster_of(name),
            engine: "aurora-postgresql".to_owned(),
            engine_version: "11.13".to_owned(),
            engine_mode: "serverless".to_owned(),
            kms_key: "alias/aws/rds".to_owned(),
            instances: Vec::new(),
        }),
        file_system: Some(file_system_of(name, &file_system)),
        vault: Some(VaultSeed { name: vault, ..VaultSeed::default() }),
        role: Some(RoleSeed { name: role, path: format!("/{name}/"), trusts: "backup.amazonaws.com".to_owned() }),
        secrets: vec![SecretSeed { name: secret_of(name), description: format!("{name} Database Secret") }],
        ssm: vec![
            secure(&format!("/keymaster/{name}/postgrest-db-secret"), "canary-postgrest"),
            secure(&format!("/keymaster/{name}/phoenix-key"), "canary-phoenix"),
            secure(&format!("/keymaster/{name}/guardian-key"), "canary-guardian"),
            SsmSeed {
                name: format!("/ita/{name}/reticulum/admin-email"),
                kind: "String".to_owned(),
                value: "admin@example.com".to_owned(),
            },
        ],
        nightly: 3,
        automated: 2,
        ..StackSeed::default()
    }
}
