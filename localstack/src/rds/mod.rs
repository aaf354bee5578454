//! RDS: DB clusters and their snapshots.

mod clusters;
mod names;
mod snapshots;
pub(crate) mod state;
mod tags;

use crate::operation::Operation;
use crate::realm::Realm;
use jiff::Timestamp;

const fn op(name: &'static str, target: &'static [&'static str], handler: crate::operation::Handler) -> Operation {
    Operation::new("rds", name, target, handler)
}

const CLUSTER: &[&str] = &["DBClusterIdentifier"];
const SNAPSHOT: &[&str] = &["DBClusterSnapshotIdentifier", "DBClusterIdentifier"];
const RESOURCE: &[&str] = &["ResourceName"];

/// RDS's operations.
pub(crate) const OPERATIONS: &[Operation] = &[
    op("DescribeDBClusters", CLUSTER, clusters::describe),
    op("DescribeDBInstances", &["DBInstanceIdentifier"], clusters::describe_instances),
    op("StopDBCluster", CLUSTER, clusters::stop),
    op("StartDBCluster", CLUSTER, clusters::start),
    op("DescribeAccountAttributes", &[], clusters::account_attributes),
    op("CreateDBClusterSnapshot", SNAPSHOT, snapshots::create),
    op("DescribeDBClusterSnapshots", SNAPSHOT, snapshots::describe),
    op("DeleteDBClusterSnapshot", SNAPSHOT, snapshots::delete),
    op("AddTagsToResource", RESOURCE, tags::add),
    op("RemoveTagsFromResource", RESOURCE, tags::remove),
    op("ListTagsForResource", RESOURCE, tags::list),
];

/// CloudFormation deletes a cluster: automated snapshots go with it, manual ones stay; with a
/// `stem` a last snapshot is made whose identifier begins so.
pub(crate) fn delete_cluster(realm: &mut Realm, name: &str, stem: Option<&str>, at: Timestamp) {
    let Some(cluster) = realm.databases.clusters.remove(name) else {
        return;
    };
    realm.databases.snapshots.retain(|_, each| each.cluster != name || each.kind != "automated");
    if let Some(stem) = stem {
        let id = format!("{stem}-{}", realm.hex(12)).to_ascii_lowercase();
        let done = realm.after(at, realm.pace.durations.snapshot);
        let snapshot = state::Snapshot::of(&cluster, &id, "manual", at, done);
        realm.databases.snapshots.insert(id, snapshot);
    }
}
