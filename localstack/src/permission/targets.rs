//! What an operation is done to, by the ARNs that IAM compares.

use super::cloud;
use crate::input::Input;
use crate::operation::{Cx, Operation};

/// Each inner list is one thing that must be allowed, by any of its ARNs; an empty one is not known.
pub(super) type Targets = Vec<Vec<String>>;

/// What an operation is done to; `*` where AWS has no resource for it.
pub(super) fn of(cx: &Cx<'_>, operation: &Operation, input: &Input) -> Targets {
    match operation.service {
        "cloudformation" => cloud::targets(cx, operation.name, input),
        "rds" => databases(cx, operation.name, input),
        "backup" => vec![vec![backup(cx, operation.name, input)]],
        "elasticfilesystem" => vec![files(cx, input)],
        "secretsmanager" => vec![vec![secret(cx, input)]],
        "ssm" => parameters(cx, operation.name, input),
        "kms" => vec![vec![key(cx, input)]],
        "iam" => vec![vec![role(cx, input)]],
        "s3" => vec![vec![object(operation.name, input)]],
        "logs" => vec![logs(cx, input)],
        "sns" => vec![input.text("TopicArn").or(input.text("TargetArn")).map(str::to_owned).into_iter().collect()],
        "events" => buses(cx, input),
        _ => vec![vec!["*".to_owned()]],
    }
}

/// An RDS identifier, or an ARN, as an ARN; RDS keeps identifiers in small letters.
pub(super) fn rds(cx: &Cx<'_>, kind: &str, id: &str) -> String {
    if id.starts_with("arn:") {
        return id.to_owned();
    }
    cx.realm.arn("rds", &format!("{kind}:{}", id.to_ascii_lowercase()))
}

fn databases(cx: &Cx<'_>, name: &str, input: &Input) -> Targets {
    let arn = |kind: &str, member: &str| input.text(member).map(|id| rds(cx, kind, id));
    let all = |kind: &str| rds(cx, kind, "*");
    let cluster = arn("cluster", "DBClusterIdentifier");
    let snapshot = arn("cluster-snapshot", "DBClusterSnapshotIdentifier");
    let instance = arn("db", "DBInstanceIdentifier");
    let one = |arn: Option<String>| vec![arn.into_iter().collect::<Vec<String>>()];
    let each = |arns: [Option<String>; 2]| arns.into_iter().flatten().map(|arn| vec![arn]).collect();
    match name {
        "DescribeAccountAttributes" => one(Some("*".to_owned())),
        "DescribeDBClusters" => one(cluster.or_else(|| Some(all("cluster")))),
        "DescribeDBInstances" => one(instance.or_else(|| Some(all("db")))),
        // Of a cluster's snapshots either is the resource.
        "DescribeDBClusterSnapshots" => {
            vec![snapshot.or_else(|| Some(all("cluster-snapshot"))).into_iter().chain(cluster).collect()]
        }
        "CreateDBClusterSnapshot" => each([snapshot, cluster]),
        "RestoreDBClusterFromSnapshot" => each([cluster, arn("cluster-snapshot", "SnapshotIdentifier")]),
        "DeleteDBCluster" => each([cluster, arn("cluster-snapshot", "FinalDBSnapshotIdentifier")]),
        "CreateDBInstance" => each([instance, cluster]),
        "AddTagsToResource" | "RemoveTagsFromResource" | "ListTagsForResource" => {
            one(input.text("ResourceName").map(str::to_owned))
        }
        _ => one(instance.or(snapshot).or(cluster)),
    }
}

fn backup(cx: &Cx<'_>, name: &str, input: &Input) -> String {
    let text = |member: &str| input.text(member).unwrap_or("*").to_owned();
    let vault = |member: &str| cx.realm.arn("backup", &format!("backup-vault:{}", text(member)));
    match name {
        "StartBackupJob" => vault("BackupVaultName"),
        "StartRestoreJob" => text("RecoveryPointArn"),
        "DescribeRecoveryPoint" | "DeleteRecoveryPoint" | "GetRecoveryPointRestoreMetadata" => text("recoveryPointArn"),
        "ListTags" | "TagResource" | "UntagResource" => text("resourceArn"),
        "GetLegalHold" | "CancelLegalHold" => cx.realm.arn("backup", &format!("legal-hold:{}", text("legalHoldId"))),
        "ListBackupVaults" => "*".to_owned(),
        name if name.contains("BackupVault") => vault("backupVaultName"),
        // Jobs, settings and lists are no resources.
        _ => "*".to_owned(),
    }
}

/// A mount target is its file system's.
fn files(cx: &Cx<'_>, input: &Input) -> Vec<String> {
    let arn = |id: &str| cx.realm.arn("elasticfilesystem", &format!("file-system/{id}"));
    if let Some(target) = input.text("MountTargetId") {
        let mut all = cx.realm.file_systems.values();
        let owner = all.find(|each| each.mount_targets.iter().any(|mount| mount.id == target));
        return owner.map(|each| each.arn.clone()).into_iter().collect();
    }
    let id = input.text("FileSystemId").map(|text| text.rsplit('/').next().unwrap_or(text));
    vec![arn(id.unwrap_or("*"))]
}

fn secret(cx: &Cx<'_>, input: &Input) -> String {
    let Some(id) = input.text("SecretId") else {
        return "*".to_owned();
    };
    let named = cx.realm.secrets.values().find(|each| each.name == id || each.arn == id);
    let partial =
        || cx.realm.secrets.values().find(|each| each.arn.rsplit_once('-').is_some_and(|(stem, _)| stem == id));
    match named.or_else(partial) {
        Some(secret) => secret.arn.clone(),
        None if id.starts_with("arn:") => id.to_owned(),
        None => cx.realm.arn("secretsmanager", &format!("secret:{id}")),
    }
}

fn parameters(cx: &Cx<'_>, name: &str, input: &Input) -> Targets {
    if name == "DescribeParameters" {
        return vec![vec!["*".to_owned()]];
    }
    let names = input.text("Name").or(input.text("Path")).map(str::to_owned).into_iter().chain(input.strings("Names"));
    let targets: Targets = names.map(|name| vec![crate::ssm::arn(cx.realm, &name)]).collect();
    if targets.is_empty() { vec![Vec::new()] } else { targets }
}

fn key(cx: &Cx<'_>, input: &Input) -> String {
    let id = input.text("KeyId").unwrap_or("*");
    let alias = id.rsplit_once(":alias/").map(|(_, name)| format!("alias/{name}"));
    let is = |key: &&crate::identity::Key| {
        key.id == id
            || key.arn == id
            || key.alias.as_deref().is_some_and(|name| name == id || Some(name) == alias.as_deref())
    };
    match cx.realm.keys.values().find(is) {
        Some(key) => key.arn.clone(),
        None if id.starts_with("arn:") => id.to_owned(),
        None => cx.realm.arn("kms", &format!("key/{id}")),
    }
}

/// A role's ARN has its path.
fn role(cx: &Cx<'_>, input: &Input) -> String {
    let name = input.text("RoleName").unwrap_or("*");
    let known = cx.account.roles.get(name).map(|role| role.arn.clone());
    known.unwrap_or_else(|| format!("arn:aws:iam::{}:role/{name}", cx.realm.account))
}

fn object(name: &str, input: &Input) -> String {
    let bucket = input.text("Bucket").unwrap_or("*");
    match (name, input.text("Key")) {
        ("PutObject" | "GetObject" | "HeadObject" | "DeleteObject", Some(key)) => {
            format!("arn:aws:s3:::{bucket}/{key}")
        }
        _ => format!("arn:aws:s3:::{bucket}"),
    }
}

/// AWS writes a log group's ARN with `:*` at its end, or without.
fn logs(cx: &Cx<'_>, input: &Input) -> Vec<String> {
    let arn = cx.realm.arn("logs", &format!("log-group:{}", input.text("logGroupName").unwrap_or("*")));
    vec![arn.clone(), format!("{arn}:*")]
}

fn buses(cx: &Cx<'_>, input: &Input) -> Targets {
    let bus = |entry: &Input| cx.realm.arn("events", &format!("event-bus/{}", crate::events::bus_of(entry)));
    let mut arns: Vec<String> = input.list("Entries").iter().map(bus).collect();
    arns.sort();
    arns.dedup();
    arns.into_iter().map(|arn| vec![arn]).collect()
}
