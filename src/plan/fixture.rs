//! A hub in perfect order, for tests to spoil.

use jiff::Timestamp;

use crate::model::Seen;
use crate::model::half::{Cluster, FileSystem};
use crate::model::history::History;
use crate::model::profile::Profile;
use crate::model::rebuild::Aim;
use crate::model::run::{Kind, Options, Run, Target};
use crate::model::stack::{Declared, Output, Parameter, Resource, Stack};
use crate::model::survey::{Caller, Key, Quota, Role, Secret, Survey, Vault};

use super::discover::{Overrides, discover};
use super::profiles::built_in;

pub(crate) const STACK_ID: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/my-hub/0a1b";
const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:AppDbSecret-1a2b";

pub(crate) fn now() -> Timestamp {
    "2026-11-20T02:00:00Z".parse().unwrap()
}

pub(crate) fn hubs() -> Profile {
    built_in().remove(0)
}

pub(crate) fn stack() -> Stack {
    let parameter = |key: &str, value: &str| Parameter { key: key.to_owned(), value: value.to_owned(), resolved: None };
    Stack {
        id: STACK_ID.to_owned(),
        name: "my-hub".to_owned(),
        status: "UPDATE_COMPLETE".into(),
        status_reason: None,
        parameters: vec![
            parameter("StackOffline", "Online"),
            parameter("IsDomainOnRoute53", "Yes"),
            parameter("StackOfflineRedirectUrl", ""),
        ],
        capabilities: Vec::new(),
        outputs: vec![Output { key: "AddressForRootDomain".to_owned(), value: "lb-1.elb".to_owned() }],
        role_arn: None,
        parent_id: None,
        tags: Vec::new(),
        notification_arns: Vec::new(),
        termination_protection: false,
        created: None,
    }
}

fn resources() -> Vec<Resource> {
    [
        ("AppDb", "AWS::RDS::DBCluster", "my-hub-app-db"),
        ("StorageEFS", "Custom::EFS", "fs-0a1b"),
        ("DailyBackupVault", "AWS::Backup::BackupVault", "my-hub-daily"),
        ("DailyBackupRole", "AWS::IAM::Role", "my-hub-backup"),
        ("AppDbSecret", "AWS::SecretsManager::Secret", SECRET),
        ("AppALB", "AWS::ElasticLoadBalancingV2::LoadBalancer", "lb-1"),
    ]
    .into_iter()
    .map(|(logical_id, kind, physical)| Resource {
        path: Vec::new(),
        logical_id: logical_id.to_owned(),
        physical_id: Some(physical.to_owned()),
        resource_type: kind.to_owned(),
        status: "CREATE_COMPLETE".into(),
    })
    .collect()
}

fn declared() -> Vec<Declared> {
    let plain = |key: &str, allowed: &[&str]| Declared {
        key: key.to_owned(),
        kind: "String".to_owned(),
        allowed: allowed.iter().map(|&value| value.to_owned()).collect(),
        no_echo: false,
        default: None,
        limits: Default::default(),
    };
    vec![
        plain("StackOffline", &["Online", "Offline - Temporarily shut off servers"]),
        plain("IsDomainOnRoute53", &["Yes", "No"]),
        plain("StackOfflineRedirectUrl", &[]),
    ]
}

/// Everything as it should be.
pub(crate) fn survey() -> Survey {
    let (stack, declared, resources) = (stack(), declared(), resources());
    let topology = discover(&stack, &declared, &resources, &built_in(), &Overrides::default());
    Survey {
        at: now(),
        caller: Seen::Here(Caller {
            account: "123456789012".to_owned(),
            arn: "arn:aws:sts::123456789012:assumed-role/ops/me".to_owned(),
            region: "eu-west-1".to_owned(),
        }),
        stack: Seen::Here(stack),
        declared: Seen::Here(declared),
        resources: Seen::Here(resources),
        topology: Some(topology),
        history: Seen::Here(History { whole: true, ..History::default() }),
        change_sets: Seen::Here(Vec::new()),
        cluster: Seen::Here(cluster()),
        file_system: Seen::Here(file_system()),
        vault: Seen::Here(vault()),
        role: Seen::Here(Role {
            arn: "arn:aws:iam::123456789012:role/path/my-hub-backup".to_owned(),
            trust: r#"{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
                "Principal":{"Service":["backup.amazonaws.com"]}}]}"#
                .to_owned(),
        }),
        secret: Seen::Here(Secret {
            arn: SECRET.to_owned(),
            deleted: None,
            version: Some("v-1".to_owned()),
            kms_key: None,
        }),
        parameter_store: vec![("/keymaster/my-hub/phoenix-key".to_owned(), Seen::Here(true))],
        keys: vec![Key { of: "DB cluster", id: "key-1".to_owned(), state: Seen::Here("Enabled".to_owned()) }],
        jobs: Seen::Here(Vec::new()),
        quota: Seen::Here(Quota { used: 3, max: 100 }),
        efs_opt_in: Seen::Here(true),
        lock: Seen::Missing,
        runs: Seen::Here(Vec::new()),
        unreadable: Vec::new(),
    }
}

pub(crate) fn cluster() -> Cluster {
    Cluster {
        id: "my-hub-app-db".to_owned(),
        arn: "arn:aws:rds:eu-west-1:123456789012:cluster:my-hub-app-db".to_owned(),
        status: "available".into(),
        engine: "aurora-postgresql 16.4".to_owned(),
        kms_key: None,
    }
}

pub(crate) fn file_system() -> FileSystem {
    FileSystem {
        id: "fs-0a1b".to_owned(),
        arn: "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-0a1b".to_owned(),
        state: "available".to_owned(),
        bytes: None,
        kms_key: None,
    }
}

pub(crate) fn vault() -> Vault {
    Vault {
        name: "my-hub-daily".to_owned(),
        arn: "arn:aws:backup:eu-west-1:123456789012:backup-vault:my-hub-daily".to_owned(),
        locked: false,
        min_days: None,
        max_days: None,
        policy: Seen::Missing,
        kms_key: None,
    }
}

/// A backup run on the hub, at its beginning.
pub(crate) fn run(at: Timestamp) -> Run {
    let target = Target {
        stack: "my-hub".to_owned(),
        stack_id: STACK_ID.to_owned(),
        switch: None,
        cluster: "my-hub-app-db".to_owned(),
        file_system: file_system().arn,
        vault: "my-hub-daily".to_owned(),
        role: "arn:aws:iam::123456789012:role/path/my-hub-backup".to_owned(),
        secret: None,
        secret_version: None,
        protected: Vec::new(),
        aim: None,
    };
    Run::new(Kind::Backup { live: false, seed: false }, target, Options::default(), at)
}

/// What a drill of `source`'s backup is about.
pub(crate) fn aim(source: &str) -> Aim {
    Aim {
        backup: format!("{source}-20261120-020000"),
        point: "arn:aws:backup:eu-west-1:123456789012:recovery-point:P".into(),
        vault: "my-hub-vault".into(),
        source: format!("arn:aws:cloudformation:eu-west-1:123456789012:stack/{source}/1"),
        name: format!("{source}-drill-20261121"),
        plan: String::new(),
        cluster: None,
        file_system: None,
        probe: None,
        proof_age: None,
        undo: None,
        profile: None,
        backup_at: None,
    }
}
