//! DB clusters and their snapshots: the database's half.

use aws_sdk_rds::types as sdk;
use jiff::Timestamp;

use super::Aws;
use super::convert::at;
use super::pages::Pages;
use super::refusal::{incomplete, refused};
use super::snapshot_rows::SnapshotRows;
use crate::engine::Tag;
use crate::model::half::{Cluster, Snapshot};
use crate::model::survey::Quota;
use crate::model::{BackupId, Refusal, RefusalKind};

const SERVICE: &str = "rds";
/// The largest page RDS gives.
const PAGE: i32 = 100;

impl Aws {
    /// One DB cluster.
    pub(super) async fn cluster(&self, id: &str) -> Result<Cluster, Refusal> {
        let describe = self.rds().describe_db_clusters().db_cluster_identifier(id);
        let answer = describe.send().await.map_err(refused(SERVICE, "DescribeDBClusters"))?;
        let cluster = answer.db_clusters.unwrap_or_default().into_iter().next();
        cluster.map(into_cluster).ok_or_else(|| incomplete(SERVICE, "DescribeDBClusters", "DB cluster"))
    }

    /// Every DB cluster, handed out page by page.
    pub(super) async fn clusters(&self, each: &mut dyn FnMut(Cluster)) -> Result<(), Refusal> {
        let mut pages = Pages::of(SERVICE, "DescribeDBClusters");
        let mut marker = None;
        loop {
            let page = self.rds().describe_db_clusters().max_records(PAGE).set_marker(marker).send().await;
            let page = page.map_err(refused(SERVICE, "DescribeDBClusters"))?;
            page.db_clusters.unwrap_or_default().into_iter().map(into_cluster).for_each(&mut *each);
            marker = pages.next(page.marker)?;
            if marker.is_none() {
                return Ok(());
            }
        }
    }

    /// The DB cluster snapshots of these names, at most a hundred; one that is not there is left out.
    pub(super) async fn snapshots_of_ids(&self, ids: &[String]) -> Result<Vec<Snapshot>, Refusal> {
        let filter = sdk::Filter::builder().name("db-cluster-snapshot-id").set_values(Some(ids.to_vec())).build();
        let describe = self.rds().describe_db_cluster_snapshots().filters(filter).max_records(PAGE);
        let page = describe.send().await.map_err(refused(SERVICE, "DescribeDBClusterSnapshots"))?;
        Ok(page.db_cluster_snapshots.unwrap_or_default().into_iter().map(into_snapshot).collect())
    }

    /// One DB cluster snapshot.
    pub(super) async fn snapshot(&self, id: &str) -> Result<Snapshot, Refusal> {
        let describe = self.rds().describe_db_cluster_snapshots().db_cluster_snapshot_identifier(id);
        let answer = describe.send().await.map_err(refused(SERVICE, "DescribeDBClusterSnapshots"))?;
        let snapshot = answer.db_cluster_snapshots.unwrap_or_default().into_iter().next();
        snapshot.map(into_snapshot).ok_or_else(|| incomplete(SERVICE, "DescribeDBClusterSnapshots", "snapshot"))
    }

    /// Whether there is a DB cluster snapshot that bears a backup's id.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn snapshot_there(&self, id: &BackupId) -> Result<bool, Refusal> {
        match self.snapshot(id.as_str()).await {
            Ok(_) => Ok(true),
            Err(refusal) if refusal.kind == RefusalKind::NotFound => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }

    /// The accounts that may restore a snapshot; `all`: everybody.
    pub(super) async fn shared_with(&self, id: &str) -> Result<Vec<String>, Refusal> {
        let describe = self.rds().describe_db_cluster_snapshot_attributes().db_cluster_snapshot_identifier(id);
        let answer = describe.send().await.map_err(refused(SERVICE, "DescribeDBClusterSnapshotAttributes"))?;
        let attributes = answer.db_cluster_snapshot_attributes_result;
        let attributes = attributes.and_then(|result| result.db_cluster_snapshot_attributes).unwrap_or_default();
        let restore = attributes.into_iter().filter(|one| one.attribute_name.as_deref() == Some("restore"));
        Ok(restore.flat_map(|one| one.attribute_values.unwrap_or_default()).collect())
    }

    /// Every DB cluster snapshot of the account in the region, or only the manual ones, handed out
    /// page by page: nothing is kept here.
    ///
    /// # Errors
    /// AWS's refusal; what was handed out until then is not all there is.
    pub async fn snapshots(&self, manual_only: bool, each: &mut dyn FnMut(Snapshot)) -> Result<(), Refusal> {
        let kind = manual_only.then(|| "manual".to_owned());
        let mut pages = Pages::of(SERVICE, "DescribeDBClusterSnapshots");
        let mut marker = None;
        loop {
            let describe = self.rds().describe_db_cluster_snapshots().set_snapshot_type(kind.clone());
            let describe = describe.max_records(PAGE).set_marker(marker).customize();
            let page = describe.interceptor(SnapshotRows).send().await;
            let page = page.map_err(refused(SERVICE, "DescribeDBClusterSnapshots"))?;
            page.db_cluster_snapshots.unwrap_or_default().into_iter().map(into_snapshot).for_each(&mut *each);
            marker = pages.next(page.marker)?;
            if marker.is_none() {
                return Ok(());
            }
        }
    }

    /// The manual snapshots of one DB cluster, which may be gone.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn manual_snapshots_of(&self, cluster: &str) -> Result<Vec<Snapshot>, Refusal> {
        let mut all = Vec::new();
        let mut pages = Pages::of(SERVICE, "DescribeDBClusterSnapshots");
        let mut marker = None;
        loop {
            let describe = self.rds().describe_db_cluster_snapshots().snapshot_type("manual");
            let page = describe.db_cluster_identifier(cluster).max_records(PAGE).set_marker(marker).send().await;
            let page = page.map_err(refused(SERVICE, "DescribeDBClusterSnapshots"))?;
            all.extend(page.db_cluster_snapshots.unwrap_or_default().into_iter().map(into_snapshot));
            marker = pages.next(page.marker)?;
            if marker.is_none() {
                return Ok(all);
            }
        }
    }

    /// When a DB cluster was created, and whether it is being deleted.
    pub(super) async fn cluster_made(&self, id: &str) -> Result<(Option<Timestamp>, bool), Refusal> {
        let describe = self.rds().describe_db_clusters().db_cluster_identifier(id);
        let answer = describe.send().await.map_err(refused(SERVICE, "DescribeDBClusters"))?;
        let cluster = answer.db_clusters.unwrap_or_default().into_iter().next();
        let leaving = cluster.as_ref().is_none_or(|cluster| cluster.status.as_deref() == Some("deleting"));
        Ok((cluster.and_then(|cluster| at(cluster.cluster_create_time.as_ref())), leaving))
    }

    /// When a DB instance was created, and whether it is being deleted.
    pub(super) async fn instance_made(&self, id: &str) -> Result<(Option<Timestamp>, bool), Refusal> {
        let describe = self.rds().describe_db_instances().db_instance_identifier(id);
        let answer = describe.send().await.map_err(refused(SERVICE, "DescribeDBInstances"))?;
        let instance = answer.db_instances.unwrap_or_default().into_iter().next();
        let leaving =
            instance.as_ref().is_none_or(|instance| instance.db_instance_status.as_deref() == Some("deleting"));
        Ok((instance.and_then(|instance| at(instance.instance_create_time.as_ref())), leaving))
    }

    /// DeleteDBInstance, of a stack of our own making.
    pub(super) async fn delete_instance(&self, id: &str) -> Result<(), Refusal> {
        let delete = self.rds().delete_db_instance().db_instance_identifier(id).skip_final_snapshot(true);
        delete.send().await.map(drop).map_err(refused(SERVICE, "DeleteDBInstance"))
    }

    /// DeleteDBCluster, of a stack of our own making: no final snapshot of a restored copy.
    pub(super) async fn delete_cluster(&self, id: &str) -> Result<(), Refusal> {
        let delete = self.rds().delete_db_cluster().db_cluster_identifier(id).skip_final_snapshot(true);
        delete.send().await.map(drop).map_err(refused(SERVICE, "DeleteDBCluster"))
    }

    /// DeleteDBClusterSnapshot.
    pub(super) async fn delete_snapshot(&self, id: &str) -> Result<(), Refusal> {
        let delete = self.rds().delete_db_cluster_snapshot().db_cluster_snapshot_identifier(id);
        delete.send().await.map(drop).map_err(refused(SERVICE, "DeleteDBClusterSnapshot"))
    }

    /// Manual DB cluster snapshots of the account in the region: how many there are and may be; `None` where AWS
    /// does not say.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn snapshot_quota(&self) -> Result<Option<Quota>, Refusal> {
        self.account_quota("ManualClusterSnapshots").await
    }

    /// DB clusters of the account in the region: how many there are and may be; `None` where AWS does not say.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn cluster_quota(&self) -> Result<Option<Quota>, Refusal> {
        self.account_quota("DBClusters").await
    }

    async fn account_quota(&self, name: &str) -> Result<Option<Quota>, Refusal> {
        let describe = self.rds().describe_account_attributes();
        let answer = describe.send().await.map_err(refused(SERVICE, "DescribeAccountAttributes"))?;
        Ok(answer.account_quotas.unwrap_or_default().iter().find_map(|quota| named(quota, name)))
    }

    /// CreateDBClusterSnapshot.
    pub(super) async fn create_snapshot(&self, cluster: &str, id: &str, tags: &[Tag]) -> Result<(), Refusal> {
        let create = self
            .rds()
            .create_db_cluster_snapshot()
            .db_cluster_identifier(cluster)
            .db_cluster_snapshot_identifier(id)
            .set_tags(Some(tags.iter().map(into_tag).collect()));
        create.send().await.map(drop).map_err(refused(SERVICE, "CreateDBClusterSnapshot"))
    }

    /// AddTagsToResource.
    pub(super) async fn tag_snapshot(&self, arn: &str, tags: &[Tag]) -> Result<(), Refusal> {
        let add = self.rds().add_tags_to_resource().resource_name(arn);
        let add = add.set_tags(Some(tags.iter().map(into_tag).collect()));
        add.send().await.map(drop).map_err(refused(SERVICE, "AddTagsToResource"))
    }
}

fn into_tag((key, value): &Tag) -> sdk::Tag {
    sdk::Tag::builder().key(key).value(value).build()
}

fn into_cluster(cluster: sdk::DbCluster) -> Cluster {
    let engine = [cluster.engine, cluster.engine_version].into_iter().flatten().collect::<Vec<_>>();
    Cluster {
        id: cluster.db_cluster_identifier.unwrap_or_default(),
        arn: cluster.db_cluster_arn.unwrap_or_default(),
        status: cluster.status.unwrap_or_default().into(),
        engine: engine.join(" "),
        kms_key: cluster.kms_key_id,
    }
}

fn into_snapshot(snapshot: sdk::DbClusterSnapshot) -> Snapshot {
    let tags = snapshot.tag_list.unwrap_or_default();
    Snapshot {
        id: snapshot.db_cluster_snapshot_identifier.unwrap_or_default(),
        arn: snapshot.db_cluster_snapshot_arn.unwrap_or_default(),
        cluster: snapshot.db_cluster_identifier.unwrap_or_default(),
        status: snapshot.status.unwrap_or_default().into(),
        manual: snapshot.snapshot_type.as_deref() == Some("manual"),
        percent: snapshot.percent_progress.and_then(|done| u8::try_from(done.min(100)).ok()).unwrap_or_default(),
        created: at(snapshot.snapshot_create_time.as_ref()),
        kms_key: snapshot.kms_key_id,
        allocated_gib: snapshot.allocated_storage,
        tags: tags.into_iter().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect(),
    }
}

fn named(quota: &sdk::AccountQuota, name: &str) -> Option<Quota> {
    let count = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok());
    (quota.account_quota_name.as_deref() == Some(name))
        .then(|| Some(Quota { used: count(quota.used)?, max: count(quota.max)? }))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SnapshotStatus;

    #[test]
    fn a_snapshot_that_has_just_begun_has_no_instant_yet() {
        let snapshot = sdk::DbClusterSnapshot::builder()
            .db_cluster_snapshot_identifier("my-hub-20261120-020000")
            .status("creating")
            .snapshot_type("manual")
            .percent_progress(7)
            .tag_list(sdk::Tag::builder().key("stacksnap:id").value("my-hub-20261120-020000").build())
            .build();
        let snapshot = into_snapshot(snapshot);
        assert_eq!((snapshot.status, snapshot.percent, snapshot.created), (SnapshotStatus::Creating, 7, None));
        assert!(snapshot.manual && snapshot.tags.contains_key("stacksnap:id"));
    }

    #[test]
    fn only_the_manual_cluster_snapshots_quota_counts() {
        let quota = |name: &str| sdk::AccountQuota::builder().account_quota_name(name).used(97).max(100).build();
        let of = |name: &str| named(&quota(name), "ManualClusterSnapshots");
        assert_eq!(of("ManualClusterSnapshots"), Some(Quota { used: 97, max: 100 }));
        assert_eq!(of("ManualSnapshots"), None);
    }
}
