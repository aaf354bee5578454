//! DB clusters, DB instances and quotas.

use super::names::invalid;
use super::state::{Cluster, Instance};
use crate::error::{Answer, AwsError};
use crate::input::Input;
use crate::operation::Cx;
use crate::wire::iso;
use jiff::Timestamp;
use serde_json::{Value, json};

/// RDS's page size, 20 to 100.
pub(crate) fn page_size(input: &Input) -> Result<usize, AwsError> {
    let size = input.number("MaxRecords").unwrap_or(100);
    let fits = usize::try_from(size).ok().filter(|size| (20..=100).contains(size));
    fits.ok_or_else(|| invalid(format!("Invalid value {size} for MaxRecords. Must be between 20 and 100")))
}

/// Whether a value passes the named filter, if it is given.
pub(crate) fn passes(input: &Input, name: &str, values: &[&str]) -> bool {
    let given = input.list("Filters");
    let mut mine = given.iter().filter(|each| each.text("Name") == Some(name));
    mine.all(|each| each.strings("Values").iter().any(|wanted| values.contains(&wanted.as_str())))
}

/// Refuses filters which RDS does not have for an operation.
pub(crate) fn known_filters(input: &Input, known: &[&str]) -> Result<(), AwsError> {
    let given = input.list("Filters");
    let mut names = given.iter().filter_map(|each| each.text("Name"));
    match names.find(|name| !known.contains(name)) {
        Some(name) => Err(invalid(format!("Unrecognized filter name: {name}"))),
        None => Ok(()),
    }
}

/// The identifier in an identifier or an ARN.
pub(crate) fn bare(text: &str) -> String {
    let last = if text.starts_with("arn:") { text.splitn(7, ':').last() } else { None };
    last.unwrap_or(text).to_ascii_lowercase()
}

/// `DescribeDBClusters`.
pub(crate) fn describe(cx: &mut Cx<'_>, input: &Input) -> Answer {
    known_filters(input, &["db-cluster-id", "engine", "db-cluster-resource-id"])?;
    let (size, now) = (page_size(input)?, cx.now);
    let wanted = input.text("DBClusterIdentifier").map(bare);
    if let Some(id) = wanted.as_ref().filter(|id| !cx.realm.databases.clusters.contains_key(*id)) {
        return Err(not_found(id));
    }
    let marker = input.text("Marker").unwrap_or("");
    let fits = |each: &&Cluster| {
        wanted.as_ref().is_none_or(|id| *id == each.id)
            && each.id.as_str() > marker
            && passes(input, "db-cluster-id", &[&each.id, &each.arn])
            && passes(input, "engine", &[&each.engine])
            && passes(input, "db-cluster-resource-id", &[&each.resource_id])
    };
    let mut rest = cx.realm.databases.clusters.values().filter(fits);
    let found: Vec<&Cluster> = rest.by_ref().take(size).collect();
    let next = rest.next().and(found.last()).map(|each| each.id.clone());
    let rows: Vec<Value> = found.iter().map(|each| row(each, now)).collect();
    Ok(json!({ "DBClusters": rows, "Marker": next }))
}

/// RDS's answer for a cluster that is not there.
pub(crate) fn not_found(id: &str) -> AwsError {
    AwsError::new(404, "DBClusterNotFoundFault", format!("DBCluster {id} not found."))
}

/// A cluster as `DescribeDBClusters` shows it.
pub(super) fn row(cluster: &Cluster, now: Timestamp) -> Value {
    let tags: Vec<Value> = cluster.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    let members: Vec<Value> = cluster
        .instances
        .iter()
        .enumerate()
        .map(|(place, each)| {
            json!({"DBInstanceIdentifier": each.id, "IsClusterWriter": place == 0,
               "DBClusterParameterGroupStatus": "in-sync", "PromotionTier": 1})
        })
        .collect();
    json!({
        "DBClusterIdentifier": cluster.id,
        "DBClusterArn": cluster.arn,
        "DbClusterResourceId": cluster.resource_id,
        "Status": cluster.status(now),
        "Engine": cluster.engine,
        "EngineVersion": cluster.engine_version,
        "EngineMode": cluster.engine_mode,
        "AllocatedStorage": 1,
        "BackupRetentionPeriod": 1,
        "MasterUsername": "postgres",
        "DatabaseName": "app",
        "Port": 5432,
        "Endpoint": format!("{}.cluster-c0ffee.{}.rds.amazonaws.com", cluster.id, region(&cluster.arn)),
        "MultiAZ": false,
        "AvailabilityZones": [format!("{}a", region(&cluster.arn))],
        "DBClusterMembers": members,
        "StorageEncrypted": cluster.kms_key.is_some(),
        "KmsKeyId": cluster.kms_key,
        "ClusterCreateTime": iso(cluster.created),
        "EarliestRestorableTime": iso(cluster.created),
        "LatestRestorableTime": iso(now),
        "DeletionProtection": cluster.protected,
        "HttpEndpointEnabled": false,
        "CopyTagsToSnapshot": false,
        "TagList": tags,
    })
}

fn region(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap_or("us-east-1")
}

/// `DescribeDBInstances`.
pub(crate) fn describe_instances(cx: &mut Cx<'_>, input: &Input) -> Answer {
    known_filters(input, &["db-cluster-id", "db-instance-id", "engine"])?;
    page_size(input)?;
    let wanted = input.text("DBInstanceIdentifier").map(bare);
    let now = cx.now;
    let clusters = cx.realm.databases.clusters.values();
    let clusters = clusters.filter(|each| passes(input, "db-cluster-id", &[&each.id, &each.arn]));
    let rows: Vec<Value> = clusters
        .flat_map(|cluster| cluster.instances.iter().map(move |each| (cluster, each)))
        .filter(|(_, each)| wanted.as_ref().is_none_or(|wanted| *wanted == each.id))
        .map(|(cluster, each)| instance_row(cluster, each, now))
        .collect();
    match wanted.filter(|_| rows.is_empty()) {
        Some(id) => Err(AwsError::new(404, "DBInstanceNotFound", format!("DBInstance {id} not found."))),
        None => Ok(json!({ "DBInstances": rows })),
    }
}

/// An instance as `DescribeDBInstances` shows it.
pub(super) fn instance_row(cluster: &Cluster, each: &Instance, now: Timestamp) -> Value {
    json!({
        "DBInstanceIdentifier": each.id,
        "DBInstanceClass": each.class,
        "DBInstanceStatus": each.status(cluster.status(now), now),
        "DBClusterIdentifier": cluster.id,
        "Engine": cluster.engine,
        "EngineVersion": cluster.engine_version,
        "StorageEncrypted": cluster.kms_key.is_some(),
        "KmsKeyId": cluster.kms_key,
        "InstanceCreateTime": iso(each.created),
        "DBInstanceArn": cluster.arn.replace(":cluster:", ":db:").replace(&cluster.id, &each.id),
    })
}

/// `StopDBCluster`: `stopping`, then `stopped`.
pub(crate) fn stop(cx: &mut Cx<'_>, input: &Input) -> Answer {
    turn(cx, input, ["available", "stopping", "stopped"])
}

/// `StartDBCluster`: `starting`, then `available`.
pub(crate) fn start(cx: &mut Cx<'_>, input: &Input) -> Answer {
    turn(cx, input, ["stopped", "starting", "available"])
}

fn turn(cx: &mut Cx<'_>, input: &Input, [from, through, to]: [&str; 3]) -> Answer {
    let id = bare(input.require("DBClusterIdentifier", "MissingParameter")?);
    let (now, until) = (cx.now, cx.realm.exactly_after(cx.now, 60.0));
    let cluster = cx.realm.databases.clusters.get_mut(&id).ok_or_else(|| not_found(&id))?;
    if cluster.status(now) != from {
        return Err(wrong_state(&id, cluster.status(now), from));
    }
    through.clone_into(&mut cluster.status);
    cluster.then = Some((until, to.to_owned()));
    Ok(json!({ "DBCluster": row(cluster, now) }))
}

/// RDS's refusal of a cluster in the wrong state.
pub(crate) fn wrong_state(id: &str, status: &str, needed: &str) -> AwsError {
    let text = format!("DbCluster {id} is in {status} state but expected it to be one of {needed}.");
    AwsError::bad("InvalidDBClusterStateFault", text)
}

/// `DescribeAccountAttributes`: the quotas that matter for clusters.
pub(crate) fn account_attributes(cx: &mut Cx<'_>, _input: &Input) -> Answer {
    let databases = &cx.realm.databases;
    let quota = |name: &str, used: usize, max: usize| json!({"AccountQuotaName": name, "Used": used, "Max": max});
    Ok(json!({ "AccountQuotas": [
        quota("DBClusters", databases.clusters.len(), 40),
        quota("ManualClusterSnapshots", databases.manual(), databases.quota),
        quota("ManualSnapshots", 0, 100),
    ] }))
}
