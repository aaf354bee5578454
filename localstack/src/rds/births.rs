//! New DB clusters and DB instances, empty or from a snapshot.

use super::clusters::{bare, not_found, row, wrong_state};
use super::names;
use super::state::{Cluster, Instance, Snapshot};
use crate::contents::Copy;
use crate::error::{Answer, AwsError};
use crate::input::{Input, Tags};
use crate::operation::Cx;
use crate::realm::Realm;
use jiff::Timestamp;
use serde_json::json;

/// What a new cluster is to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    /// The identifier.
    pub(crate) id: String,
    /// The engine, when it is not a snapshot's.
    pub(crate) engine: String,
    /// The engine's version; empty is the snapshot's, or a usual one.
    pub(crate) version: String,
    /// `serverless` or `provisioned`; empty is the snapshot's.
    pub(crate) mode: String,
    /// The snapshot's identifier or ARN.
    pub(crate) snapshot: Option<String>,
    /// The KMS key's ARN; none is the snapshot's.
    pub(crate) kms_key: Option<String>,
    /// Whether deletion protection is on.
    pub(crate) protected: bool,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// Makes a cluster that is `creating` for a while; answers until when, and what it holds.
pub(crate) fn create(realm: &mut Realm, order: &Order, now: Timestamp) -> Result<(Timestamp, Option<Copy>), AwsError> {
    let id = names::cluster(&order.id)?;
    if realm.databases.clusters.contains_key(&id) {
        return Err(AwsError::bad("DBClusterAlreadyExistsFault", "DB Cluster already exists"));
    }
    if realm.databases.clusters.len() >= 40 {
        let text = "Cannot create more than 40 clusters";
        return Err(AwsError::new(403, "DBClusterQuotaExceededFault", text));
    }
    let source = order.snapshot.as_deref().map(|name| usable(realm, name, now)).transpose()?;
    let durations = &realm.pace.durations;
    let seconds = if source.is_some() { durations.cluster_restore } else { durations.create * 0.4 };
    let ready = realm.after(now, seconds);
    let cluster = assemble(realm, order, &id, source.as_ref(), (now, ready));
    realm.databases.clusters.insert(id, cluster);
    Ok((ready, source.and_then(|each| each.copy)))
}

/// A snapshot that a cluster can be made of.
fn usable(realm: &Realm, name: &str, now: Timestamp) -> Result<Snapshot, AwsError> {
    let id = bare(name);
    let foreign = name.starts_with("arn:") && name != super::snapshots::arn(realm, &id);
    let found = realm.databases.snapshots.get(&id).filter(|_| !foreign);
    let text = format!("DBClusterSnapshot not found: {name}");
    let found = found.ok_or_else(|| AwsError::new(404, "DBClusterSnapshotNotFoundFault", text))?;
    if found.status(now) != "available" {
        let text =
            format!("The DB cluster snapshot {id} is in {} state and cannot be restored from.", found.status(now));
        return Err(AwsError::bad("InvalidDBClusterSnapshotStateFault", text));
    }
    let key = found.source.kms_key.as_deref();
    let unusable = realm.keys.values().find(|each| Some(each.arn.as_str()) == key && each.state != "Enabled");
    match unusable {
        Some(key) => {
            let text = format!("KMS key {} is not accessible: its state is {}.", key.arn, key.state);
            Err(AwsError::bad("KMSKeyNotAccessibleFault", text))
        }
        None => Ok(found.clone()),
    }
}

fn assemble(
    realm: &mut Realm,
    order: &Order,
    id: &str,
    source: Option<&Snapshot>,
    (now, ready): (Timestamp, Timestamp),
) -> Cluster {
    let or = |given: &str, old: fn(&Cluster) -> &String, usual: &str| {
        let old = source.map(|each| old(&each.source).clone());
        if given.is_empty() { old.unwrap_or_else(|| usual.to_owned()) } else { given.to_owned() }
    };
    let same_mode = or(&order.mode, |each| &each.engine_mode, "provisioned");
    Cluster {
        id: id.to_owned(),
        arn: realm.arn("rds", &format!("cluster:{id}")),
        engine: or(&order.engine, |each| &each.engine, "aurora-postgresql"),
        engine_version: or(&order.version, |each| &each.engine_version, "16.8"),
        engine_mode: same_mode,
        kms_key: order.kms_key.clone().or_else(|| source.and_then(|each| each.source.kms_key.clone())),
        created: now,
        status: "creating".to_owned(),
        then: Some((ready, "available".to_owned())),
        tags: order.tags.clone(),
        instances: Vec::new(),
        protected: order.protected,
        resource_id: format!("cluster-{}", realm.hex(26).to_uppercase()),
    }
}

/// Adds an instance to a cluster; answers until when it is `creating`.
pub(crate) fn add_instance(
    realm: &mut Realm,
    cluster: &str,
    (id, class): (&str, &str),
    now: Timestamp,
) -> Result<Timestamp, AwsError> {
    let taken = realm.databases.clusters.values().any(|each| each.instances.iter().any(|it| it.id == id));
    if taken {
        return Err(AwsError::bad("DBInstanceAlreadyExists", "DB instance already exists"));
    }
    let ready = realm.after(now, realm.pace.durations.create * 0.5);
    let name = bare(cluster);
    let found = realm.databases.clusters.get_mut(&name).ok_or_else(|| not_found(&name))?;
    let (id, class) = (id.to_owned(), class.to_owned());
    found.instances.push(Instance { id, class, created: now, ready, deleting: false });
    Ok(ready)
}

/// `RestoreDBClusterFromSnapshot`: the cluster alone, without instances.
pub(crate) fn restore(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let snapshot = input.require("SnapshotIdentifier", "MissingParameter")?;
    let tags = input.tag_list("Tags");
    names::tags(&tags, 0)?;
    let order = Order {
        id: input.require("DBClusterIdentifier", "MissingParameter")?.to_owned(),
        engine: input.require("Engine", "MissingParameter")?.to_owned(),
        version: input.text("EngineVersion").unwrap_or_default().to_owned(),
        mode: input.text("EngineMode").unwrap_or_default().to_owned(),
        snapshot: Some(snapshot.to_owned()),
        kms_key: input.text("KmsKeyId").map(str::to_owned),
        protected: input.flag("DeletionProtection"),
        tags,
    };
    let (_, copy) = create(cx.realm, &order, cx.now)?;
    let id = order.id.to_ascii_lowercase();
    let cluster = cx.realm.databases.clusters.get(&id).ok_or_else(|| not_found(&id))?.clone();
    cx.realm.adopt_rows(&cluster.arn, &id, copy.as_ref(), cx.now);
    Ok(json!({ "DBCluster": row(&cluster, cx.now) }))
}

/// `CreateDBInstance`: only instances of a DB cluster.
pub(crate) fn create_instance(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let id = input.require("DBInstanceIdentifier", "MissingParameter")?.to_ascii_lowercase();
    let class = input.require("DBInstanceClass", "MissingParameter")?;
    let Some(cluster) = input.text("DBClusterIdentifier").map(bare) else {
        return Err(AwsError::not_implemented("rds", "CreateDBInstance without a DB cluster"));
    };
    let found = cx.realm.databases.clusters.get(&cluster).ok_or_else(|| not_found(&cluster))?;
    if found.status(cx.now) != "available" {
        return Err(wrong_state(&cluster, found.status(cx.now), "available"));
    }
    add_instance(cx.realm, &cluster, (&id, class), cx.now)?;
    let found = cx.realm.databases.clusters.get(&cluster).ok_or_else(|| not_found(&cluster))?;
    let made = found.instances.iter().find(|each| each.id == id);
    Ok(json!({ "DBInstance": made.map(|each| super::clusters::instance_row(found, each, cx.now)) }))
}
