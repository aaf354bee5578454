//! A summary of everything.

use crate::realm::Realm;
use crate::sandbox::Sandbox;
use jiff::Timestamp;
use serde_json::{Value, json};

/// All realms as they are at this moment.
pub(crate) fn summary(sandbox: &Sandbox) -> Value {
    let mut state = sandbox.state();
    let now = state.clock.now();
    let mut realms = Vec::new();
    let places: Vec<crate::state::Place> = state.realms.keys().cloned().collect();
    for place in places {
        realms.push(of(state.realm(&place), now));
    }
    json!({ "now": now, "realms": realms })
}

fn of(realm: &Realm, now: Timestamp) -> Value {
    let secrets = realm
        .secrets
        .values()
        .map(|each| json!({ "arn": each.arn, "name": each.name, "deleted": each.deleted.is_some() }));
    let parameters = realm
        .parameters
        .values()
        .map(|each| json!({ "name": each.name, "type": each.kind, "version": each.version, "value": each.value }));
    let clusters = realm.databases.clusters.values().map(|each| json!({ "id": each.id, "status": each.status(now) }));
    json!({
        "account": realm.account,
        "region": realm.region,
        "stacks": stacks(realm),
        "clusters": clusters.collect::<Vec<_>>(),
        "snapshots": snapshots(realm, now),
        "recovery_points": points(realm),
        "jobs": jobs(realm, now),
        "restore_jobs": restores(realm),
        "file_systems": file_systems(realm),
        "legal_holds": holds(realm, now),
        "vaults": realm.backup.vaults.keys().collect::<Vec<_>>(),
        "log_groups": realm.log_groups.keys().collect::<Vec<_>>(),
        "topics": realm.topics.iter().map(|name| realm.arn("sns", name)).collect::<Vec<_>>(),
        "event_buses": realm.buses,
        "keys": realm.keys.values().map(|key| json!({ "id": key.id, "state": key.state })).collect::<Vec<_>>(),
        "ssm": parameters.collect::<Vec<_>>(),
        "secrets": secrets.collect::<Vec<_>>(),
    })
}

fn stacks(realm: &Realm) -> Vec<Value> {
    let row = |stack: &crate::cfn::state::Stack| {
        let sets = stack
            .change_sets
            .iter()
            .map(|set| json!({ "id": set.id, "name": set.name, "status": set.status, "execution": set.execution }));
        json!({
            "id": stack.id,
            "name": stack.name,
            "status": stack.status,
            "mode": stack.mode_of(&stack.parameters),
            "parameters": stack.parameters,
            "change_sets": sets.collect::<Vec<_>>(),
            "events": stack.events.len(),
        })
    };
    realm.cloud.stacks.values().map(row).collect()
}

fn snapshots(realm: &Realm, now: Timestamp) -> Vec<Value> {
    let row = |each: &crate::rds::state::Snapshot| {
        json!({
            "id": each.id,
            "cluster": each.cluster,
            "type": each.kind,
            "status": each.status(now),
            "created": each.created,
            "tags": each.tags,
        })
    };
    realm.databases.snapshots.values().map(row).collect()
}

fn points(realm: &Realm) -> Vec<Value> {
    let row = |each: &crate::backup::state::Point| {
        json!({
            "arn": each.arn,
            "vault": each.vault,
            "resource": each.resource,
            "status": each.status,
            "created": each.created,
            "planned": each.planned,
            "tags": each.tags,
        })
    };
    realm.backup.points.values().map(row).collect()
}

fn holds(realm: &Realm, now: Timestamp) -> Vec<Value> {
    let row = |each: &crate::backup::holds::LegalHold| json!({ "id": each.id, "title": each.title, "status": each.status(now), "points": each.points });
    realm.backup.holds.values().map(row).collect()
}

fn restores(realm: &Realm) -> Vec<Value> {
    let row = |each: &crate::backup::restores::RestoreJob| json!({ "id": each.id, "recovery_point": each.point, "file_system": each.target, "status": each.status, "new": each.fresh });
    realm.backup.restores.values().map(row).collect()
}

fn file_systems(realm: &Realm) -> Vec<Value> {
    let row = |each: &crate::efs::FileSystem| json!({ "id": each.id, "state": each.state, "directories": each.directories, "mount_targets": each.mount_targets.len() });
    realm.file_systems.values().map(row).collect()
}

fn jobs(realm: &Realm, now: Timestamp) -> Vec<Value> {
    let row = |each: &crate::backup::state::Job| {
        json!({
            "id": each.id,
            "resource": each.resource,
            "state": each.state,
            "share": each.share(now),
            "recovery_point": each.point,
        })
    };
    realm.backup.jobs.values().map(row).collect()
}
