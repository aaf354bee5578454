//! Turning a seed into services' state.

use super::things::things;
use super::{ResourceSeed, StackSeed, to_template};
use crate::backup::state::{Lifecycle, Point};
use crate::cfn::live::Live;
use crate::cfn::state::{OnFailure, Resource, Stack};
use crate::cfn::template::{Scope, Template};
use crate::clock::{later, seconds};
use crate::contents::Contents;
use crate::input::Tags;
use crate::rds::state::Snapshot;
use crate::realm::{Account, Realm};
use crate::secrets::Secret;
use jiff::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

const DAY: f64 = 86_400.0;
const NESTED: &str = "AWS::CloudFormation::Stack";

/// Plants a stack that has existed for a month, with its history.
pub(crate) fn plant_deep(realm: &mut Realm, account: &mut Account, seed: &StackSeed, now: Timestamp) -> String {
    let created = later(now, seconds(-30.0 * DAY));
    let id = plant(realm, account, seed, created);
    past(realm, &id, created);
    nightly(realm, account, seed, now);
    automated(realm, seed, now);
    id
}

/// Plants a stack and its resources as of `at`; returns its id. It has no history yet.
pub(crate) fn plant(realm: &mut Realm, account: &mut Account, seed: &StackSeed, at: Timestamp) -> String {
    let unique = realm.uuid();
    let id = realm.arn("cloudformation", &format!("stack/{}/{unique}", seed.name));
    things(realm, account, seed, at);
    let template = Arc::new(to_template(seed));
    let parameters: BTreeMap<String, String> =
        seed.parameters.iter().map(|each| (each.key.clone(), each.value.clone())).collect();
    let absent = absent(realm, seed, &template, &parameters);
    let there = seed.resources.iter().filter(|each| !absent.contains(&each.logical));
    let mut resources: Vec<Resource> = there.map(|each| resource(realm, each, at)).collect();
    for child in &seed.nested {
        resources.push(nest(realm, account, (&id, &seed.name), child, at));
    }
    let stack = Stack {
        id: id.clone(),
        name: seed.name.clone(),
        parameters,
        resources,
        seed: seed.clone(),
        template,
        native: false,
        on_failure: OnFailure::default(),
        topics: Vec::new(),
        events: VecDeque::new(),
        change_sets: Vec::new(),
        status: "CREATE_COMPLETE".to_owned(),
        reason: None,
        created: at,
        updated: None,
        deleted: None,
        running: None,
        script: 0,
        tokens: BTreeMap::new(),
        executed: None,
        parent: None,
        root: None,
    };
    contents(realm, seed, &stack, at);
    realm.cloud.names.insert(seed.name.clone(), id.clone());
    realm.cloud.stacks.insert(id.clone(), stack);
    id
}

/// The resources whose condition does not hold; a condition that cannot be read holds.
fn absent(realm: &Realm, seed: &StackSeed, template: &Template, parameters: &BTreeMap<String, String>) -> Vec<String> {
    let nobody = Live::nobody(realm);
    let scope = Scope::new(realm, template, parameters, ("", &seed.name), &nobody);
    let conditional = seed.resources.iter().filter(|each| !each.condition.is_empty());
    let fails = |each: &&ResourceSeed| scope.condition(&each.condition).is_ok_and(|holds| !holds);
    conditional.filter(fails).map(|each| each.logical.clone()).collect()
}

/// A child's seed has its logical id for a name; its stack's name is made of both.
fn nest(
    realm: &mut Realm,
    account: &mut Account,
    (parent, parent_name): (&str, &str),
    child: &StackSeed,
    at: Timestamp,
) -> Resource {
    let mut seed = child.clone();
    seed.name = format!("{parent_name}-{}-{}", child.name, realm.hex(12).to_uppercase());
    let id = plant(realm, account, &seed, at);
    if let Some(stack) = realm.cloud.stacks.get_mut(&id) {
        stack.parent = Some(parent.to_owned());
        stack.root = Some(parent.to_owned());
    }
    Resource {
        logical: child.name.clone(),
        physical: id,
        kind: NESTED.to_owned(),
        status: "CREATE_COMPLETE".to_owned(),
        updated: at,
        deletion_policy: "Delete".to_owned(),
        reason: None,
        attributes: BTreeMap::new(),
    }
}

fn resource(realm: &Realm, seed: &ResourceSeed, at: Timestamp) -> Resource {
    let named = |secret: &&Secret| secret.name == seed.physical;
    let secret = realm.secrets.values().find(named).map(|secret| secret.arn.clone());
    let is_secret = seed.kind == "AWS::SecretsManager::Secret";
    let policy = if seed.deletion_policy.is_empty() { "Delete" } else { &seed.deletion_policy };
    Resource {
        logical: seed.logical.clone(),
        physical: secret.filter(|_| is_secret).unwrap_or_else(|| seed.physical.clone()),
        kind: seed.kind.clone(),
        status: "CREATE_COMPLETE".to_owned(),
        updated: at,
        deletion_policy: policy.to_owned(),
        reason: None,
        attributes: BTreeMap::new(),
    }
}

fn contents(realm: &mut Realm, seed: &StackSeed, stack: &Stack, at: Timestamp) {
    let (Some(cluster), Some(file_system)) = (&seed.cluster, &seed.file_system) else {
        return;
    };
    let period = realm.pace.exact(realm.pace.durations.write_period);
    let mut contents = Contents::new(&cluster.id, &file_system.id, period);
    contents.resume(at);
    if stack.mode_of(&stack.parameters) == "offline" {
        let until = later(at, seconds(DAY));
        contents.stop(until, until);
    }
    realm.contents.insert(stack.id.clone(), contents);
}

fn past(realm: &mut Realm, id: &str, created: Timestamp) {
    let Some(stack) = realm.cloud.stacks.get(id) else {
        return;
    };
    let rows: Vec<(String, String)> =
        stack.resources.iter().map(|each| (each.logical.clone(), each.physical.clone())).collect();
    let end = later(created, seconds(300.0));
    crate::cfn::finish_seeding(realm, id, &rows, created, end);
    for (_, physical) in rows.iter().filter(|(_, physical)| physical.contains(":stack/")) {
        past(realm, physical, created);
    }
}

fn nightly(realm: &mut Realm, account: &Account, seed: &StackSeed, now: Timestamp) {
    let (Some(file_system), Some(vault)) = (&seed.file_system, &seed.vault) else {
        return;
    };
    let role = seed.role.as_ref().and_then(|role| account.roles.get(&role.name));
    let role = role.map(|role| role.arn.clone()).unwrap_or_default();
    for night in 1..=seed.nightly {
        let begun = later(now, seconds(-DAY * f64::from(night) - 3600.0));
        let ended = later(begun, seconds(600.0));
        let unique = realm.uuid().to_uppercase();
        let arn = realm.arn("backup", &format!("recovery-point:{unique}"));
        let point = Point {
            copy: realm.files_of(&file_system.id, begun, ended),
            arn: arn.clone(),
            vault: vault.name.clone(),
            resource: realm.arn("elasticfilesystem", &format!("file-system/{}", file_system.id)),
            role: role.clone(),
            status: "COMPLETED".to_owned(),
            created: begun,
            run: Some((begun, ended)),
            completed: Some(ended),
            bytes: file_system.bytes / 50,
            lifecycle: Lifecycle::default(),
            tags: Tags::from([("backup".to_owned(), "daily".to_owned())]),
            planned: true,
            copying: false,
        };
        realm.backup.points.insert(arn, point);
    }
}

fn automated(realm: &mut Realm, seed: &StackSeed, now: Timestamp) {
    let Some(cluster) = seed.cluster.as_ref().and_then(|each| realm.databases.clusters.get(&each.id)).cloned() else {
        return;
    };
    for night in 1..=seed.automated {
        let at = later(now, seconds(-DAY * f64::from(night)));
        let id = format!("rds:{}-{}", cluster.id, at.strftime("%Y-%m-%d-%H-%M"));
        let done = later(at, seconds(120.0));
        let snapshot = Snapshot::of(realm, &cluster, &id, "automated", at, done);
        realm.databases.snapshots.insert(id, snapshot);
    }
}
