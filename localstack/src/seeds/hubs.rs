//! A Hubs Cloud stack, as its public template looks from outside.

use super::hubs_resources::{conditions, core, rest};
use super::sample::{digits, effect, parameter};
use super::{
    ClusterSeed, EffectSeed, FileSystemSeed, OutputSeed, ParameterSeed, RoleSeed, SecretSeed, SsmSeed, StackSeed,
    SwitchSeed, VaultSeed,
};

/// `StackOffline` while the application runs.
pub(super) const ONLINE: &str = "Online";
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

/// The DB cluster's identifier.
pub(super) fn cluster_of(name: &str) -> String {
    format!("{}-app-db", name.to_ascii_lowercase())
}

/// The database secret's name.
pub(super) fn secret_of(name: &str) -> String {
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
