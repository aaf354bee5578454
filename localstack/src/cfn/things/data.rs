//! Resources that hold data: clusters, file systems, buckets.

use super::super::state::Resource;
use super::{Made, Order, Until};
use crate::efs;
use crate::error::AwsError;
use crate::input::Tags;
use crate::rds;
use crate::realm::{Beyond, Realm};
use crate::s3::Bucket;
use jiff::Timestamp;
use serde_json::Value;

type Outcome = Result<Made, AwsError>;

fn tags(order: &Order<'_>, member: &str) -> Tags {
    let items = order.properties.get(member).and_then(Value::as_array);
    let pair = |tag: &Value| (super::super::template::text(tag, "Key"), super::super::template::text(tag, "Value"));
    items.into_iter().flatten().map(pair).collect()
}

/// The key's ARN for a property, or the service's own key when the thing is encrypted.
fn key(realm: &mut Realm, order: &Order<'_>, flag: &str, usual: &str) -> Option<String> {
    match order.text("KmsKeyId") {
        Some(arn) if arn.starts_with("arn:") => Some(arn),
        Some(name) => crate::seeds::key(realm, &name, order.at),
        None if order.flag(flag) => crate::seeds::key(realm, usual, order.at),
        None => None,
    }
}

/// A DB cluster: empty, or with the rows of a snapshot.
pub(super) fn cluster(realm: &mut Realm, order: &Order<'_>) -> Outcome {
    let id = match order.text("DBClusterIdentifier") {
        Some(id) => id.to_ascii_lowercase(),
        None => order.generated(realm, 63).to_ascii_lowercase(),
    };
    let snapshot = order.text("SnapshotIdentifier");
    let own_key = if snapshot.is_some() {
        order.text("KmsKeyId")
    } else {
        key(realm, order, "StorageEncrypted", "alias/aws/rds")
    };
    let wanted = rds::births::Order {
        id: id.clone(),
        engine: order.text("Engine").unwrap_or_default(),
        version: order.text("EngineVersion").unwrap_or_default(),
        mode: order.text("EngineMode").unwrap_or_default(),
        snapshot,
        kms_key: own_key,
        protected: order.flag("DeletionProtection"),
        tags: tags(order, "Tags"),
    };
    let (ready, copy) = rds::births::create(realm, &wanted, order.at)?;
    let first = realm.contents.get(order.stack_id).is_none_or(|each| each.cluster.is_empty());
    let arn = realm.arn("rds", &format!("cluster:{id}"));
    realm.adopt_rows(if first { order.stack_id } else { &arn }, &id, copy.as_ref(), order.at);
    let made = Made { until: Until::At(ready), ..order.small(realm, id) };
    Ok(made.with("DBClusterArn", arn))
}

/// A DB instance of a cluster; one without a cluster is a mere name.
pub(super) fn instance(realm: &mut Realm, order: &Order<'_>) -> Outcome {
    let id = match order.text("DBInstanceIdentifier") {
        Some(id) => id.to_ascii_lowercase(),
        None => order.generated(realm, 63).to_ascii_lowercase(),
    };
    let Some(cluster) = order.text("DBClusterIdentifier") else {
        return Ok(order.small(realm, id));
    };
    let class = order.text("DBInstanceClass").unwrap_or_else(|| "db.serverless".to_owned());
    let ready = rds::births::add_instance(realm, &cluster, (&id, &class), order.at)?;
    Ok(Made { until: Until::At(ready), ..order.small(realm, id) })
}

/// An empty file system.
pub(super) fn file_system(realm: &mut Realm, order: &Order<'_>) -> Outcome {
    let id = new_file_system(realm, order);
    let made = order.small(realm, id.clone());
    let arn = realm.arn("elasticfilesystem", &format!("file-system/{id}"));
    Ok(made.with("FileSystemId", id).with("Arn", arn))
}

/// Makes the file system, and lets the stack's application write to it.
pub(super) fn new_file_system(realm: &mut Realm, order: &Order<'_>) -> String {
    let key = key(realm, order, "Encrypted", "alias/aws/elasticfilesystem");
    let mut tags = tags(order, "FileSystemTags");
    let name = tags.get("Name").cloned().or_else(|| order.text("Name")).unwrap_or_default();
    let id = efs::create(realm, &name, key, order.at);
    let first = realm.contents.get(order.stack_id).is_none_or(|each| each.file_system.is_empty());
    realm.adopt_files(if first { order.stack_id } else { &id }, &id);
    if let Some(made) = realm.file_systems.get_mut(&id) {
        made.tags.append(&mut tags);
    }
    id
}

/// A mount target of a file system that is known.
pub(super) fn mount_target(realm: &mut Realm, order: &Order<'_>) -> Outcome {
    let file_system = order.text("FileSystemId").unwrap_or_default();
    let subnet = order.text("SubnetId").unwrap_or_default();
    let id = efs::mount(realm, &file_system, &subnet)?;
    Ok(order.small(realm, id))
}

/// A bucket: its name is the only one in the world.
pub(super) fn bucket(realm: &mut Realm, beyond: &mut Beyond<'_>, order: &Order<'_>) -> Outcome {
    let name = match order.text("BucketName") {
        Some(name) => name,
        None => order.generated(realm, 63).to_ascii_lowercase(),
    };
    if beyond.account.buckets.contains_key(&name) {
        return Err(AwsError::new(409, "BucketAlreadyExists", format!("{name} already exists")));
    }
    beyond.account.buckets.insert(name.clone(), Bucket::new(&realm.account, &realm.region));
    let arn = format!("arn:aws:s3:::{name}");
    Ok(order.small(realm, name).with("Arn", arn))
}

/// A cluster goes, with a last snapshot by its policy; instances that are nobody's go first.
pub(super) fn delete_cluster(
    realm: &mut Realm,
    (stack_id, stack_name): (&str, &str),
    resource: &Resource,
    at: Timestamp,
) -> Result<Timestamp, AwsError> {
    let id = resource.physical.as_str();
    let stack = realm.cloud.stacks.get(stack_id);
    let own: Vec<String> =
        stack.into_iter().flat_map(|each| &each.resources).map(|each| each.physical.clone()).collect();
    let Some(cluster) = realm.databases.clusters.get_mut(id) else {
        return Ok(at);
    };
    cluster.instances.retain(|each| own.contains(&each.id));
    let last = (resource.deletion_policy == "Snapshot").then(|| {
        let unique = realm.hex(12);
        let stem: String = format!("{stack_name}-snapshot-{}", resource.logical).chars().take(50).collect();
        format!("{}-{unique}", stem.trim_end_matches('-')).to_ascii_lowercase()
    });
    rds::deaths::begin(realm, id, last.as_deref(), at)
}

/// An instance goes; one that is gone already is no error.
pub(super) fn delete_instance(realm: &mut Realm, id: &str, at: Timestamp) -> Result<Timestamp, AwsError> {
    gone_is_fine(rds::deaths::begin_instance(realm, id, at), at)
}

/// A file system goes, with those mount targets that are no resources of the stack.
pub(super) fn delete_file_system(
    realm: &mut Realm,
    (stack_id, id): (&str, &str),
    at: Timestamp,
) -> Result<Timestamp, AwsError> {
    let stack = realm.cloud.stacks.get(stack_id);
    let own: Vec<String> =
        stack.into_iter().flat_map(|each| &each.resources).map(|each| each.physical.clone()).collect();
    if let Some(found) = realm.file_systems.get_mut(id) {
        found.mount_targets.retain(|each| own.contains(&each.id));
    }
    gone_is_fine(efs::begin_delete(realm, id, at), at)
}

/// A mount target goes.
pub(super) fn delete_mount_target(realm: &mut Realm, id: &str, at: Timestamp) -> Result<Timestamp, AwsError> {
    gone_is_fine(efs::begin_unmount(realm, id, at), at)
}

fn gone_is_fine(outcome: Result<Timestamp, AwsError>, at: Timestamp) -> Result<Timestamp, AwsError> {
    match outcome {
        Err(error) if error.status == 404 => Ok(at),
        other => other,
    }
}

/// A bucket goes if it is empty.
pub(super) fn delete_bucket(beyond: &mut Beyond<'_>, name: &str) -> Result<(), AwsError> {
    if beyond.account.buckets.get(name).is_some_and(|bucket| !bucket.objects.is_empty()) {
        return Err(AwsError::new(409, "BucketNotEmpty", "The bucket you tried to delete is not empty"));
    }
    beyond.account.buckets.remove(name);
    Ok(())
}
