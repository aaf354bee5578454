//! Changes behind AWS's back: what an operator, or another region of life, has done.

mod limits;

use crate::backup::{holds, locks};
use crate::clock::{later, seconds};
use crate::realm::{Account, Realm};
use crate::s3::Bucket;
use crate::sandbox::{Sandbox, place};
use crate::seeds::EffectSeed;
use crate::state::Place;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What `POST /_sandbox/set` understands; one subject per change.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Change {
    account: String,
    region: String,
    /// A DB cluster, with its `status`.
    cluster: Option<String>,
    status: Option<String>,
    /// A file system, with its `state`.
    file_system: Option<String>,
    /// A secret by name or ARN, with `deleted`.
    secret: Option<String>,
    deleted: Option<bool>,
    /// The secret gets another current version.
    rotate: Option<bool>,
    /// An S3 bucket, made if need be; `denied` by its policy, or of another `owner`.
    bucket: Option<String>,
    denied: Option<bool>,
    owner: Option<String>,
    /// A recovery point by ARN, with its `state`, or `deleted`, or `copying`.
    recovery_point: Option<String>,
    copying: Option<bool>,
    /// A legal hold, or its end.
    #[serde(alias = "legalHold")]
    legal_hold: Option<Hold>,
    /// A snapshot by identifier, which is `deleted`.
    snapshot: Option<String>,
    /// A Parameter Store parameter by name, which is `deleted`.
    parameter: Option<String>,
    /// A KMS key by id, ARN or alias, with its `state`.
    kms: Option<String>,
    state: Option<String>,
    /// Whether EFS is opted in to AWS Backup.
    efs_optin: Option<bool>,
    /// A vault, with its `lock` and its `policy`.
    vault: Option<String>,
    lock: Option<Lock>,
    /// Of a vault its access policy; of no vault what callers may do, or null.
    #[serde(deserialize_with = "given")]
    policy: Option<Value>,
    /// The only caller whom the policy limits.
    access_key: Option<String>,
    /// How many calls are taken, by `service:Operation`, or "published".
    #[serde(deserialize_with = "given")]
    rates: Option<Value>,
    /// An SNS topic by name, made, or `deleted`.
    topic: Option<String>,
    /// An event bus by name, made, or `deleted`.
    event_bus: Option<String>,
    /// The quota of manual cluster snapshots.
    quota: Option<usize>,
    /// A stack, with the `effects` its switch has from now on, or its `stack_status`.
    stack: Option<String>,
    effects: Option<Vec<EffectSeed>>,
    stack_status: Option<String>,
}

/// What is there, were it only null.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Lock {
    min: Option<i64>,
    max: Option<i64>,
    /// From then on the lock cannot be changed: compliance mode.
    #[serde(alias = "lockDate")]
    date: Option<jiff::Timestamp>,
    /// Nothing goes before the end of its lifecycle, and nothing at all that has none.
    strict: bool,
}

impl Lock {
    fn into_lock(self) -> Option<locks::Lock> {
        let lock = locks::Lock { least: self.min, most: self.max, date: self.date, strict: self.strict };
        Some(lock).filter(|lock| *lock != locks::Lock::default())
    }
}

/// A legal hold on `points`; with `released`, all holds of that title are cancelled.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Hold {
    title: String,
    points: Vec<String>,
    released: bool,
}

/// Makes one change.
pub(crate) fn set(sandbox: &Sandbox, change: &Value) -> Result<(), String> {
    let change = Change::deserialize(change).map_err(|error| error.to_string())?;
    let mut state = sandbox.state();
    let now = state.clock.now();
    let place = place(&change.account, &change.region);
    limits::set(&mut state, &place, &change)?;
    let realm = state.realm(&place);
    database(realm, &change)?;
    backup(realm, &change)?;
    secret(realm, now, &change)?;
    key(realm, &change)?;
    stack(realm, &change)?;
    hold(realm, now, &change)?;
    outside(realm, &change)?;
    limits::name(&mut realm.topics, change.topic.as_ref(), change.deleted);
    limits::name(&mut realm.buses, change.event_bus.as_ref(), change.deleted);
    bucket(state.accounts.entry(place.0.clone()).or_default(), &place, &change);
    state.remember(&place);
    Ok(())
}

/// Things that went away by themselves.
fn outside(realm: &mut Realm, change: &Change) -> Result<(), String> {
    if let Some(arn) = &change.recovery_point {
        let point = realm.backup.points.get_mut(arn).ok_or_else(|| missing("recovery point", arn))?;
        point.copying = change.copying.unwrap_or(point.copying);
        match (&change.state, change.deleted) {
            (_, Some(true)) => drop(realm.backup.points.remove(arn)),
            (None, _) if change.copying.is_some() => {}
            (state, _) => point.status = state.clone().unwrap_or_else(|| "COMPLETED".to_owned()),
        }
    }
    if let Some(id) = &change.snapshot {
        realm.databases.snapshots.remove(id).ok_or_else(|| missing("snapshot", id))?;
    }
    if let Some(name) = &change.parameter {
        realm.parameters.remove(name).ok_or_else(|| missing("parameter", name))?;
    }
    Ok(())
}

fn bucket(account: &mut Account, place: &Place, change: &Change) {
    let Some(name) = &change.bucket else {
        return;
    };
    let bucket = account.buckets.entry(name.clone()).or_insert_with(|| Bucket::new(&place.0, &place.1));
    if let Some(denied) = change.denied {
        bucket.denied = denied;
    }
    if let Some(owner) = &change.owner {
        bucket.owner.clone_from(owner);
    }
}

fn missing(what: &str, name: &str) -> String {
    format!("there is no {what} {name}")
}

fn database(realm: &mut Realm, change: &Change) -> Result<(), String> {
    if let Some(quota) = change.quota {
        realm.databases.quota = quota;
    }
    let Some(name) = &change.cluster else {
        return Ok(());
    };
    let found = realm.databases.clusters.get_mut(name);
    let cluster = found.ok_or_else(|| missing("cluster", name))?;
    cluster.status = change.status.clone().unwrap_or_else(|| "available".to_owned());
    cluster.then = None;
    Ok(())
}

fn backup(realm: &mut Realm, change: &Change) -> Result<(), String> {
    if let Some(on) = change.efs_optin {
        realm.backup.opt_in.insert("EFS".to_owned(), on);
    }
    if let Some(id) = &change.file_system {
        let found = realm.file_systems.get_mut(id).ok_or_else(|| missing("file system", id))?;
        found.state = change.state.clone().unwrap_or_else(|| "available".to_owned());
    }
    let Some(name) = &change.vault else {
        return Ok(());
    };
    let vault = realm.backup.vaults.get_mut(name).ok_or_else(|| missing("vault", name))?;
    if let Some(lock) = change.lock {
        vault.lock = lock.into_lock();
    }
    match &change.policy {
        None | Some(Value::Null) => {}
        Some(Value::String(policy)) => vault.policy = Some(policy.clone()).filter(|text| !text.is_empty()),
        Some(_) => return Err("the policy of a vault is a text".to_owned()),
    }
    Ok(())
}

fn hold(realm: &mut Realm, now: jiff::Timestamp, change: &Change) -> Result<(), String> {
    let Some(hold) = &change.legal_hold else {
        return Ok(());
    };
    if let Some(arn) = hold.points.iter().find(|arn| !realm.backup.points.contains_key(*arn)) {
        return Err(missing("recovery point", arn));
    }
    if !hold.released {
        holds::place(realm, &hold.title, hold.points.clone(), now);
        return Ok(());
    }
    for each in realm.backup.holds.values_mut().filter(|each| each.title == hold.title && each.cancelled.is_none()) {
        each.cancelled = Some((now, now, "released by the sandbox".to_owned()));
    }
    Ok(())
}

fn secret(realm: &mut Realm, now: jiff::Timestamp, change: &Change) -> Result<(), String> {
    let Some(name) = &change.secret else {
        return Ok(());
    };
    let version = realm.uuid();
    let mut secrets = realm.secrets.values_mut();
    let found = secrets.find(|each| each.name == *name || each.arn == *name);
    let secret = found.ok_or_else(|| missing("secret", name))?;
    if change.rotate == Some(true) {
        secret.rotate(version, now);
        return Ok(());
    }
    let gone = later(now, seconds(400.0 * 86_400.0));
    secret.deleted = change.deleted.unwrap_or(true).then_some((now, gone));
    Ok(())
}

fn key(realm: &mut Realm, change: &Change) -> Result<(), String> {
    let Some(name) = &change.kms else {
        return Ok(());
    };
    let same =
        |key: &&mut crate::identity::Key| key.id == *name || key.arn == *name || key.alias.as_deref() == Some(name);
    let key = realm.keys.values_mut().find(same).ok_or_else(|| missing("key", name))?;
    key.state = change.state.clone().unwrap_or_else(|| "Enabled".to_owned());
    let pending = key.state == "PendingDeletion";
    key.deletion = pending.then(|| later(key.created, seconds(400.0 * 86_400.0)));
    Ok(())
}

fn stack(realm: &mut Realm, change: &Change) -> Result<(), String> {
    let Some(name) = &change.stack else {
        return Ok(());
    };
    let id = realm.cloud.id_of(name).map(str::to_owned);
    let found = id.and_then(|id| realm.cloud.stacks.get_mut(&id));
    let stack = found.ok_or_else(|| missing("stack", name))?;
    if let Some(status) = &change.stack_status {
        stack.status.clone_from(status);
    }
    if let (Some(effects), Some(switch)) = (&change.effects, stack.seed.switch.as_mut()) {
        switch.effects.clone_from(effects);
    }
    Ok(())
}
