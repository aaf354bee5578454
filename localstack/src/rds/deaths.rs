//! The end of DB clusters, DB instances and DB cluster snapshots.

use super::clusters::{bare, instance_row, not_found, row, wrong_state};
use super::names;
use super::snapshots::{missing, row as snapshot_row};
use super::state::Snapshot;
use crate::agenda::{Event, Thing};
use crate::error::{Answer, AwsError};
use crate::input::Input;
use crate::operation::Cx;
use crate::realm::Realm;
use jiff::Timestamp;
use serde_json::json;

/// `DeleteDBCluster`: only one without instances, with or without a final snapshot.
pub(crate) fn delete(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let id = bare(input.require("DBClusterIdentifier", "MissingParameter")?);
    let last = input.text("FinalDBSnapshotIdentifier");
    let skip = input.flag("SkipFinalSnapshot");
    let invalid = |text: &str| Err(AwsError::bad("InvalidParameterCombination", text));
    match (skip, last) {
        (true, Some(_)) => {
            return invalid(
                "FinalDBSnapshotIdentifier can not be specified when deleting a cluster without a final snapshot",
            );
        }
        (false, None) => {
            return invalid("FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.");
        }
        _ => {}
    }
    let name = last.map(names::identifier).transpose()?;
    let cluster = cx.realm.databases.clusters.get(&id).ok_or_else(|| not_found(&id))?.clone();
    begin(cx.realm, &id, name.as_deref(), cx.now)?;
    let mut answer = row(&cluster, cx.now);
    if let Some(status) = answer.get_mut("Status") {
        *status = json!("deleting");
    }
    Ok(json!({ "DBCluster": answer }))
}

/// Begins to delete a cluster; answers when it is gone.
pub(crate) fn begin(realm: &mut Realm, id: &str, last: Option<&str>, now: Timestamp) -> Result<Timestamp, AwsError> {
    let cluster = realm.databases.clusters.get(id).ok_or_else(|| not_found(id))?.clone();
    if cluster.protected {
        let text = "Cannot delete protected Cluster, please disable deletion protection and try again.";
        return Err(AwsError::bad("InvalidParameterCombination", text));
    }
    if cluster.instances.iter().any(|each| !each.deleting) {
        let text = "Cluster cannot be deleted, it still contains DB instances in non-deleting state.";
        return Err(AwsError::bad("InvalidDBClusterStateFault", text));
    }
    let status = cluster.status(now);
    if matches!(status, "deleting" | "stopped" | "stopping") {
        return Err(wrong_state(id, status, "available"));
    }
    let durations = realm.pace.durations.clone();
    let mut gone = realm.exactly_after(now, durations.delete * 0.5);
    if let Some(name) = last {
        gone = gone.max(final_snapshot(realm, id, name, now)?);
    }
    if let Some(cluster) = realm.databases.clusters.get_mut(id) {
        (cluster.status, cluster.then) = ("deleting".to_owned(), None);
    }
    realm.agenda.plan(gone, Event::Gone(Thing::Cluster(id.to_owned())));
    Ok(gone)
}

/// The last snapshot of a cluster; answers when it is `available`.
fn final_snapshot(realm: &mut Realm, id: &str, name: &str, now: Timestamp) -> Result<Timestamp, AwsError> {
    let cluster = realm.databases.clusters.get(id).ok_or_else(|| not_found(id))?.clone();
    if realm.databases.snapshots.contains_key(name) {
        let text = format!("Cannot create the cluster snapshot because one with the identifier {name} already exists.");
        return Err(AwsError::bad("DBClusterSnapshotAlreadyExistsFault", text));
    }
    if realm.databases.manual() >= realm.databases.quota {
        let text = format!("Cannot create more than {} manual cluster snapshots", realm.databases.quota);
        return Err(AwsError::bad("SnapshotQuotaExceeded", text));
    }
    let seconds = realm.pace.durations.snapshot;
    let done = realm.exactly_after(now, seconds);
    let snapshot = Snapshot::of(realm, &cluster, name, "manual", now, done);
    realm.databases.snapshots.insert(name.to_owned(), snapshot);
    Ok(done)
}

/// The cluster is gone: automated snapshots go with it, manual ones stay.
pub(crate) fn forget_cluster(realm: &mut Realm, id: &str) {
    realm.databases.clusters.remove(id);
    realm.databases.snapshots.retain(|_, each| each.cluster != id || each.kind != "automated");
    for contents in realm.contents.values_mut().filter(|each| each.cluster == id) {
        contents.lose_rows();
    }
}

/// `DeleteDBInstance`: an Aurora instance has no snapshot of its own.
pub(crate) fn delete_instance(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let id = bare(input.require("DBInstanceIdentifier", "MissingParameter")?);
    if !input.flag("SkipFinalSnapshot") && input.text("FinalDBSnapshotIdentifier").is_some() {
        let text = "FinalDBSnapshotIdentifier can not be specified when deleting a cluster instance";
        return Err(AwsError::bad("InvalidParameterCombination", text));
    }
    begin_instance(cx.realm, &id, cx.now)?;
    let has = |cluster: &&super::state::Cluster| cluster.instances.iter().any(|each| each.id == id);
    let cluster = cx.realm.databases.clusters.values().find(has);
    let row = cluster.and_then(|cluster| {
        let each = cluster.instances.iter().find(|each| each.id == id)?;
        Some(instance_row(cluster, each, cx.now))
    });
    Ok(json!({ "DBInstance": row }))
}

/// Begins to delete an instance; answers when it is gone.
pub(crate) fn begin_instance(realm: &mut Realm, id: &str, now: Timestamp) -> Result<Timestamp, AwsError> {
    let mut all = realm.databases.clusters.values_mut().flat_map(|cluster| cluster.instances.iter_mut());
    let missing = || AwsError::new(404, "DBInstanceNotFound", format!("DBInstance {id} not found."));
    let found = all.find(|each| each.id == id).ok_or_else(missing)?;
    if found.deleting {
        let text = format!("Instance {id} is already being deleted.");
        return Err(AwsError::bad("InvalidDBInstanceState", text));
    }
    found.deleting = true;
    let seconds = realm.pace.durations.delete * 0.25;
    let gone = realm.exactly_after(now, seconds);
    realm.agenda.plan(gone, Event::Gone(Thing::Instance(id.to_owned())));
    Ok(gone)
}

/// `DeleteDBClusterSnapshot`: only a manual one that is `available` (or failed); it takes a moment.
pub(crate) fn delete_snapshot(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let id = bare(input.require("DBClusterSnapshotIdentifier", "MissingParameter")?);
    let found = cx.realm.databases.snapshots.get(&id).ok_or_else(|| missing(&id))?;
    let refusal = |text: String| Err(AwsError::bad("InvalidDBClusterSnapshotStateFault", text));
    if found.kind != "manual" {
        return refusal("Only manual snapshots may be deleted.".to_owned());
    }
    let status = found.status(cx.now);
    if !matches!(status, "available" | "failed") {
        return refusal(format!("DB cluster snapshot {id} is in {status} state and cannot be deleted."));
    }
    let answer = snapshot_row(cx.realm, found, cx.now);
    if let Some(snapshot) = cx.realm.databases.snapshots.get_mut(&id) {
        snapshot.deleting = true;
    }
    let gone = cx.realm.exactly_after(cx.now, cx.realm.pace.durations.snapshot_delete);
    cx.realm.agenda.plan(gone, Event::Gone(Thing::Snapshot(id)));
    Ok(json!({ "DBClusterSnapshot": answer }))
}

/// A snapshot whose deletion has taken its time.
pub(crate) fn forget_snapshot(realm: &mut Realm, id: &str) {
    if realm.databases.snapshots.get(id).is_some_and(|each| each.deleting) {
        realm.databases.snapshots.remove(id);
    }
}
