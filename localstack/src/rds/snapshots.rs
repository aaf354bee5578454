//! DB cluster snapshots.

use super::clusters::{bare, known_filters, not_found as no_cluster, page_size, passes, wrong_state};
use super::names;
use super::state::{Snapshot, SnapshotFate};
use crate::error::{Answer, AwsError};
use crate::faults::FaultKind;
use crate::input::Input;
use crate::operation::Cx;
use crate::realm::Realm;
use crate::wire::iso;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::ops::Bound;

/// `CreateDBClusterSnapshot`: only of a cluster that is `available`.
pub(crate) fn create(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let id = names::identifier(input.require("DBClusterSnapshotIdentifier", "MissingParameter")?)?;
    let cluster_id = bare(input.require("DBClusterIdentifier", "MissingParameter")?);
    let mut tags = input.tag_list("Tags");
    names::tags(&tags, 0)?;
    let databases = &cx.realm.databases;
    let cluster = databases.clusters.get(&cluster_id).ok_or_else(|| no_cluster(&cluster_id))?.clone();
    if databases.snapshots.contains_key(&id) {
        let text = format!("Cannot create the cluster snapshot because one with the identifier {id} already exists.");
        return Err(AwsError::bad("DBClusterSnapshotAlreadyExistsFault", text));
    }
    if cluster.status(cx.now) != "available" {
        return Err(wrong_state(&cluster_id, cluster.status(cx.now), "available"));
    }
    if databases.manual() >= databases.quota {
        let text = format!("Cannot create more than {} manual cluster snapshots", databases.quota);
        return Err(AwsError::bad("SnapshotQuotaExceeded", text));
    }
    if cx.fault(|kind| *kind == FaultKind::TagsLost, None).is_some() {
        tags.clear();
    }
    let seconds = cx.realm.pace.durations.snapshot;
    let done = cx.realm.after(cx.now, seconds);
    let mut snapshot = Snapshot::of(cx.realm, &cluster, &id, "manual", cx.now, done);
    snapshot.tags = tags;
    snapshot.fate = drawn_fate(cx);
    let answer = row(cx.realm, &snapshot, cx.now);
    cx.realm.databases.snapshots.insert(id, snapshot);
    Ok(json!({ "DBClusterSnapshot": answer }))
}

fn drawn_fate(cx: &mut Cx<'_>) -> SnapshotFate {
    let ours = |kind: &FaultKind| matches!(kind, FaultKind::SnapshotFailed | FaultKind::SnapshotStuck);
    match cx.fault(ours, None) {
        Some(FaultKind::SnapshotFailed) => SnapshotFate::Failed,
        Some(_) => SnapshotFate::Stuck,
        None => SnapshotFate::Available,
    }
}

/// A snapshot's ARN.
pub(super) fn arn(realm: &Realm, id: &str) -> String {
    realm.arn("rds", &format!("cluster-snapshot:{id}"))
}

/// A snapshot as `DescribeDBClusterSnapshots` shows it.
pub(super) fn row(realm: &Realm, snapshot: &Snapshot, now: Timestamp) -> Value {
    let cluster = &snapshot.source;
    let tags: Vec<Value> = snapshot.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    json!({
        "DBClusterSnapshotIdentifier": snapshot.id,
        "DBClusterSnapshotArn": arn(realm, &snapshot.id),
        "DBClusterIdentifier": snapshot.cluster,
        "DbClusterResourceId": cluster.resource_id,
        "SnapshotCreateTime": iso(snapshot.created),
        "ClusterCreateTime": iso(cluster.created),
        "SnapshotType": snapshot.kind,
        "Status": snapshot.status(now),
        "PercentProgress": snapshot.percent(now),
        "Engine": cluster.engine,
        "EngineVersion": cluster.engine_version,
        "EngineMode": cluster.engine_mode,
        "AllocatedStorage": 1,
        "Port": 0,
        "VpcId": "vpc-0a1b2c3d4e5f60718",
        "AvailabilityZones": [format!("{}a", realm.region)],
        "MasterUsername": "postgres",
        "LicenseModel": "postgresql-license",
        "StorageEncrypted": cluster.kms_key.is_some(),
        "KmsKeyId": cluster.kms_key,
        "IAMDatabaseAuthenticationEnabled": false,
        "TagList": tags,
    })
}

/// `DescribeDBClusterSnapshots`, in the order of the identifiers.
pub(crate) fn describe(cx: &mut Cx<'_>, input: &Input) -> Answer {
    known_filters(input, &["db-cluster-id", "db-cluster-snapshot-id", "snapshot-type", "engine"])?;
    let size = page_size(input)?;
    let snapshots = &cx.realm.databases.snapshots;
    if let Some(id) = input.text("DBClusterSnapshotIdentifier").map(bare) {
        let found = snapshots.get(&id).filter(|each| fits(input, each)).ok_or_else(|| missing(&id))?;
        return Ok(json!({ "DBClusterSnapshots": [row(cx.realm, found, cx.now)] }));
    }
    let after = input.text("Marker").map_or(Bound::Unbounded, Bound::Excluded);
    let range = snapshots.range::<str, _>((after, Bound::Unbounded));
    let mut rest = range.map(|(_, each)| each).filter(|each| fits(input, each));
    let found: Vec<&Snapshot> = rest.by_ref().take(size).collect();
    let next = rest.next().and(found.last()).map(|each| each.id.clone());
    let rows: Vec<Value> = found.iter().map(|each| row(cx.realm, each, cx.now)).collect();
    Ok(json!({ "DBClusterSnapshots": rows, "Marker": next }))
}

fn fits(input: &Input, snapshot: &Snapshot) -> bool {
    let cluster = input.text("DBClusterIdentifier").map(bare);
    cluster.is_none_or(|id| id == snapshot.cluster)
        && input.text("SnapshotType").is_none_or(|kind| kind == snapshot.kind)
        && passes(input, "db-cluster-id", &[&snapshot.cluster, &snapshot.source.arn])
        && passes(input, "db-cluster-snapshot-id", &[&snapshot.id])
        && passes(input, "snapshot-type", &[snapshot.kind])
        && passes(input, "engine", &[&snapshot.source.engine])
}

pub(super) fn missing(id: &str) -> AwsError {
    let text = format!("DBClusterSnapshot not found: {id}");
    AwsError::new(404, "DBClusterSnapshotNotFoundFault", text)
}
