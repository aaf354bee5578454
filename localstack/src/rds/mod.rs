//! RDS: DB clusters and their snapshots.

pub(crate) mod births;
mod clusters;
pub(crate) mod deaths;
mod names;
mod sharing;
mod snapshots;
pub(crate) mod state;
mod tags;

pub(crate) use deaths::{forget_cluster, forget_snapshot};

use crate::operation::Operation;

const fn op(name: &'static str, target: &'static [&'static str], handler: crate::operation::Handler) -> Operation {
    Operation::new("rds", name, target, handler)
}

const CLUSTER: &[&str] = &["DBClusterIdentifier"];
const INSTANCE: &[&str] = &["DBInstanceIdentifier", "DBClusterIdentifier"];
const SNAPSHOT: &[&str] = &["DBClusterSnapshotIdentifier", "DBClusterIdentifier"];
const RESOURCE: &[&str] = &["ResourceName"];

/// RDS's operations.
pub(crate) const OPERATIONS: &[Operation] = &[
    op("DescribeDBClusters", CLUSTER, clusters::describe),
    op("DescribeDBInstances", INSTANCE, clusters::describe_instances),
    op("StopDBCluster", CLUSTER, clusters::stop),
    op("StartDBCluster", CLUSTER, clusters::start),
    op("RestoreDBClusterFromSnapshot", &["DBClusterIdentifier", "SnapshotIdentifier"], births::restore),
    op("DeleteDBCluster", CLUSTER, deaths::delete),
    op("CreateDBInstance", INSTANCE, births::create_instance),
    op("DeleteDBInstance", INSTANCE, deaths::delete_instance),
    op("DescribeAccountAttributes", &[], clusters::account_attributes),
    op("CreateDBClusterSnapshot", SNAPSHOT, snapshots::create),
    op("DescribeDBClusterSnapshots", SNAPSHOT, snapshots::describe),
    op("DescribeDBClusterSnapshotAttributes", SNAPSHOT, sharing::describe),
    op("ModifyDBClusterSnapshotAttribute", SNAPSHOT, sharing::modify),
    op("DeleteDBClusterSnapshot", SNAPSHOT, deaths::delete_snapshot),
    op("AddTagsToResource", RESOURCE, tags::add),
    op("RemoveTagsFromResource", RESOURCE, tags::remove),
    op("ListTagsForResource", RESOURCE, tags::list),
];
