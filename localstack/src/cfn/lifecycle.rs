//! The beginning and the end of a stack.

use super::script::{Step, note, plan};
use super::{finish, parameters};
use crate::error::{Answer, AwsError};
use crate::input::Input;
use crate::operation::Cx;
use crate::realm::Realm;
use crate::seeds;
use jiff::Timestamp;
use serde_json::json;

/// `CreateStack` from a JSON template; restore and adoption are not simulated.
pub(crate) fn create_stack(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = input.require("StackName", "ValidationError")?;
    if cx.realm.cloud.names.contains_key(name) {
        let text = format!("Stack [{name}] already exists");
        return Err(AwsError::bad("AlreadyExistsException", text));
    }
    let body = input.require("TemplateBody", "ValidationError")?;
    if body.len() > 51_200 {
        let text = "1 validation error detected: Value at 'templateBody' failed to satisfy \
                    constraint: Member must have length less than or equal to 51200";
        return Err(AwsError::validation(text));
    }
    let mut seed = seeds::from_template(cx.realm, name, body)?;
    super::admission::capabilities(&seed.capabilities, input)?;
    let values = parameters::values(&seed.parameters, None, &input.list("Parameters"))?;
    for parameter in &mut seed.parameters {
        parameter.value = values.get(&parameter.key).cloned().unwrap_or_default();
    }
    seed.tags = input.tag_list("Tags");
    let id = seeds::plant(cx.realm, cx.account, &seed, cx.now);
    begin_creation(cx, &id, input.text("ClientRequestToken"));
    Ok(json!({ "StackId": id }))
}

fn begin_creation(cx: &mut Cx<'_>, id: &str, token: Option<&str>) {
    operate(cx.realm, id, "CREATE_STACK", token, Vec::new());
    finish::become_status(cx.realm, id, "CREATE_IN_PROGRESS", Some("User Initiated"), cx.now);
    for logical in logicals(cx.realm, id) {
        note(cx.realm, id, &logical, "CREATE_IN_PROGRESS", None, cx.now);
    }
    let seconds = cx.realm.pace.durations.create;
    let done = cx.realm.after(cx.now, seconds);
    plan(cx.realm, id, done, Step::Created);
}

fn operate(realm: &mut Realm, id: &str, kind: &'static str, token: Option<&str>, retain: Vec<String>) {
    let operation = realm.uuid();
    let Some(stack) = realm.cloud.stacks.get_mut(id) else {
        return;
    };
    stack.script += 1;
    stack.running = Some(super::state::Running {
        token: token.map(str::to_owned),
        id: operation,
        kind,
        old_parameters: stack.parameters.clone(),
        old_resources: stack.resources.clone(),
        changes: Vec::new(),
        busy: Vec::new(),
        touched: Vec::new(),
        disable_rollback: false,
        fate: super::state::Fate::Succeeds,
        change_set: None,
        complete_at: Timestamp::MAX,
        retain,
    });
}

fn logicals(realm: &Realm, id: &str) -> Vec<String> {
    let stack = realm.cloud.stacks.get(id);
    let resources = stack.into_iter().flat_map(|stack| &stack.resources);
    resources.map(|each| each.logical.clone()).collect()
}

/// `CREATE_COMPLETE`.
pub(crate) fn created(realm: &mut Realm, id: &str, at: Timestamp) {
    for logical in logicals(realm, id) {
        note(realm, id, &logical, "CREATE_COMPLETE", None, at);
    }
    finish::become_status(realm, id, "CREATE_COMPLETE", None, at);
}

/// `DeleteStack`: one that does not exist is no error.
pub(crate) fn delete_stack(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = input.require("StackName", "ValidationError")?;
    let Ok(stack) = cx.realm.cloud.stack(name) else {
        return Ok(serde_json::Value::Null);
    };
    if stack.deleted.is_some() || stack.status == "DELETE_IN_PROGRESS" {
        return Ok(serde_json::Value::Null);
    }
    if stack.seed.termination_protection {
        let text = format!("Stack [{}] cannot be deleted while TerminationProtection is enabled", stack.name);
        return Err(AwsError::validation(text));
    }
    let id = stack.id.clone();
    let retain = input.strings("RetainResources");
    operate(cx.realm, &id, "DELETE_STACK", input.text("ClientRequestToken"), retain);
    finish::become_status(cx.realm, &id, "DELETE_IN_PROGRESS", Some("User Initiated"), cx.now);
    if let Some(contents) = cx.realm.contents.get_mut(&id) {
        contents.stop(cx.now, cx.now);
    }
    let seconds = cx.realm.pace.durations.delete;
    let done = cx.realm.after(cx.now, seconds);
    plan(cx.realm, &id, done, Step::Deleted);
    Ok(serde_json::Value::Null)
}

/// `DELETE_COMPLETE`: the name is free; retained resources remain in their services.
pub(crate) fn deleted(realm: &mut Realm, id: &str, at: Timestamp) {
    let Some(stack) = realm.cloud.stacks.get(id).cloned() else {
        return;
    };
    let retain = stack.running.as_ref().map(|each| each.retain.clone()).unwrap_or_default();
    for resource in &stack.resources {
        if resource.deletion_policy == "Retain" || retain.contains(&resource.logical) {
            note(realm, id, &resource.logical, "DELETE_SKIPPED", None, at);
            continue;
        }
        if resource.kind == "AWS::CloudFormation::Stack" {
            deleted(realm, &resource.physical, at);
        }
        remove(realm, &stack.name, resource, at);
        note(realm, id, &resource.logical, "DELETE_COMPLETE", None, at);
    }
    finish::become_status(realm, id, "DELETE_COMPLETE", None, at);
    if let Some(stack) = realm.cloud.stacks.get_mut(id) {
        stack.deleted = Some(at);
        stack.change_sets.clear();
    }
    realm.cloud.names.retain(|_, each| each != id);
}

fn remove(realm: &mut Realm, stack: &str, resource: &super::state::Resource, at: Timestamp) {
    let physical = &resource.physical;
    match resource.kind.as_str() {
        "AWS::RDS::DBCluster" => {
            let keep = resource.deletion_policy == "Snapshot";
            let stem = keep.then(|| format!("{stack}-snapshot-{}", resource.logical));
            crate::rds::delete_cluster(realm, physical, stem.as_deref(), at);
        }
        "AWS::EFS::FileSystem" | "Custom::EFS" => {
            realm.file_systems.remove(physical);
        }
        "AWS::Backup::BackupVault" => {
            realm.backup.remove_empty_vault(physical);
        }
        "AWS::SecretsManager::Secret" => {
            realm.secrets.remove(physical);
        }
        _ => {}
    }
}
