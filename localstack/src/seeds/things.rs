//! The services' things that belong to a stack.

use super::StackSeed;
use crate::backup::state::Vault;
use crate::efs::{FileSystem, MountTarget};
use crate::identity::{Key, Role};
use crate::input::Tags;
use crate::rds::state::{Cluster, Instance};
use crate::realm::{Account, Realm};
use crate::secrets::Secret;
use crate::ssm::Parameter;
use jiff::Timestamp;

/// Everything of a stack that is not CloudFormation's.
pub(super) fn things(realm: &mut Realm, account: &mut Account, seed: &StackSeed, at: Timestamp) {
    cluster(realm, seed, at);
    file_system(realm, seed, at);
    vault(realm, seed, at);
    role(realm, account, seed, at);
    secrets(realm, seed, at);
    parameters(realm, seed, at);
}

fn role(realm: &Realm, account: &mut Account, seed: &StackSeed, at: Timestamp) {
    if let Some(role) = &seed.role {
        let arn = format!("arn:aws:iam::{}:role{}{}", realm.account, role.path, role.name);
        let trust = serde_json::json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": role.trusts },
                "Action": "sts:AssumeRole",
            }],
        });
        let (name, path) = (role.name.clone(), role.path.clone());
        let role = Role { name, path, arn, trust: trust.to_string(), created: at };
        account.roles.insert(role.name.clone(), role);
    }
}

fn secrets(realm: &mut Realm, seed: &StackSeed, at: Timestamp) {
    for each in &seed.secrets {
        let version = realm.uuid();
        let arn = realm.arn("secretsmanager", &format!("secret:{}-{}", each.name, realm.rng.clone().alphabetic()));
        let arn = format!("{arn}{}", realm.hex(5));
        let secret = Secret {
            arn: arn.clone(),
            name: each.name.clone(),
            description: each.description.clone(),
            created: at,
            changed: at,
            rotated: None,
            deleted: None,
            versions: vec![(version, format!("canary-secret-value-of-{}", each.name))],
        };
        realm.secrets.insert(arn, secret);
    }
}

fn parameters(realm: &mut Realm, seed: &StackSeed, at: Timestamp) {
    for each in &seed.ssm {
        let parameter = Parameter {
            name: each.name.clone(),
            kind: each.kind.clone(),
            value: each.value.clone(),
            version: 1,
            modified: at,
            tier: "Standard".to_owned(),
            description: None,
        };
        realm.parameters.insert(each.name.clone(), parameter);
    }
}

/// The ARN of a key by id or `alias/…`, made if need be; no name, no key.
pub(crate) fn key(realm: &mut Realm, name: &str, at: Timestamp) -> Option<String> {
    if name.is_empty() {
        return None;
    }
    let same = |key: &&Key| key.id == name || key.alias.as_deref() == Some(name);
    if let Some(known) = realm.keys.values().find(same) {
        return Some(known.arn.clone());
    }
    let aliased = name.starts_with("alias/");
    let id = if aliased { realm.uuid() } else { name.to_owned() };
    let arn = realm.arn("kms", &format!("key/{id}"));
    let fresh = Key {
        id: id.clone(),
        arn: arn.clone(),
        alias: aliased.then(|| name.to_owned()),
        state: "Enabled".to_owned(),
        created: at,
        managed: name.starts_with("alias/aws/"),
        deletion: None,
    };
    realm.keys.insert(id, fresh);
    Some(arn)
}

fn cluster(realm: &mut Realm, seed: &StackSeed, at: Timestamp) {
    let Some(each) = &seed.cluster else {
        return;
    };
    let kms_key = key(realm, &each.kms_key, at);
    let resource_id = format!("cluster-{}", realm.hex(26).to_uppercase());
    let cluster = Cluster {
        id: each.id.clone(),
        arn: realm.arn("rds", &format!("cluster:{}", each.id)),
        engine: each.engine.clone(),
        engine_version: each.engine_version.clone(),
        engine_mode: each.engine_mode.clone(),
        kms_key,
        created: at,
        status: "available".to_owned(),
        then: None,
        tags: Tags::new(),
        instances: each.instances.iter().map(|id| Instance::old(id, at)).collect(),
        protected: false,
        resource_id,
    };
    realm.databases.clusters.insert(each.id.clone(), cluster);
}

fn file_system(realm: &mut Realm, seed: &StackSeed, at: Timestamp) {
    let Some(each) = &seed.file_system else {
        return;
    };
    let kms_key = key(realm, &each.kms_key, at);
    let file_system = FileSystem {
        id: each.id.clone(),
        arn: realm.arn("elasticfilesystem", &format!("file-system/{}", each.id)),
        name: each.name.clone(),
        bytes: each.bytes,
        kms_key,
        created: at,
        state: "available".to_owned(),
        mount_targets: MountTarget::seeded(&each.id, each.mount_targets),
        directories: Vec::new(),
        tags: Tags::from([("Name".to_owned(), each.name.clone())]),
    };
    realm.file_systems.insert(each.id.clone(), file_system);
}

fn vault(realm: &mut Realm, seed: &StackSeed, at: Timestamp) {
    let Some(each) = &seed.vault else {
        return;
    };
    let name = if each.kms_key.is_empty() { "alias/aws/backup" } else { &each.kms_key };
    let kms_key = key(realm, name, at).unwrap_or_default();
    let vault = Vault {
        name: each.name.clone(),
        arn: realm.arn("backup", &format!("backup-vault:{}", each.name)),
        kms_key,
        created: at,
        policy: each.policy.clone(),
        lock: None,
        tags: Tags::new(),
    };
    realm.backup.vaults.insert(each.name.clone(), vault);
}
