//! Reading stacks, their resources and their events.

use super::state::{OnFailure, Resource, Stack, StackEvent};
use crate::error::{Answer, AwsError};
use crate::input::{Input, page};
use crate::operation::Cx;
use crate::realm::Realm;
use crate::wire::iso;
use serde_json::{Value, json};

const PAGE: usize = 100;

/// `DescribeStacks`: by name, or by id if it was deleted.
pub(crate) fn describe_stacks(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let cloud = &cx.realm.cloud;
    if let Some(name) = input.text("StackName") {
        let missing = |_| AwsError::validation(format!("Stack with id {name} does not exist"));
        let stack = cloud.stack(name).map_err(missing)?;
        return Ok(json!({ "Stacks": [describe(cx.realm, stack)] }));
    }
    let all: Vec<&Stack> = cloud.names.values().filter_map(|id| cloud.stacks.get(id)).collect();
    let (stacks, next) = page(&all, input.text("NextToken"), PAGE);
    let stacks: Vec<Value> = stacks.into_iter().map(|stack| describe(cx.realm, stack)).collect();
    Ok(json!({ "Stacks": stacks, "NextToken": next }))
}

fn describe(realm: &Realm, stack: &Stack) -> Value {
    let tags = stack.seed.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value}));
    json!({
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": stack.executed,
        "Description": stack.seed.description,
        "Parameters": parameters(stack),
        "CreationTime": iso(stack.created),
        "LastUpdatedTime": stack.updated.map(iso),
        "DeletionTime": stack.deleted.map(iso),
        "RollbackConfiguration": {},
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason,
        "DisableRollback": stack.on_failure == OnFailure::DoNothing,
        "NotificationARNs": stack.topics,
        "Capabilities": stack.seed.capabilities,
        "Outputs": outputs(realm, stack),
        "RoleARN": stack.seed.stack_role_arn,
        "Tags": tags.collect::<Vec<_>>(),
        "EnableTerminationProtection": stack.seed.termination_protection,
        "ParentId": stack.parent,
        "RootId": stack.root,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        "LastOperations": last_operations(stack),
    })
}

fn last_operations(stack: &Stack) -> Value {
    let running = stack.running.as_ref();
    running.map_or(json!([]), |each| json!([{"OperationType": each.kind, "OperationId": each.id}]))
}

fn parameters(stack: &Stack) -> Vec<Value> {
    let row = |seed: &crate::seeds::ParameterSeed| {
        let value = stack.parameters.get(&seed.key)?;
        let shown = if seed.no_echo { "****" } else { value };
        Some(json!({
            "ParameterKey": seed.key,
            "ParameterValue": shown,
            "ResolvedValue": seed.resolved,
        }))
    };
    stack.seed.parameters.iter().filter_map(row).collect()
}

fn outputs(realm: &Realm, stack: &Stack) -> Vec<Value> {
    let row = |(key, value, description, export): (String, String, String, Option<String>)| {
        let text = (!description.is_empty()).then_some(description);
        json!({"OutputKey": key, "OutputValue": value, "Description": text, "ExportName": export})
    };
    super::live::outputs(realm, stack).into_iter().map(row).collect()
}

/// `ListStacks`: deleted ones too.
pub(crate) fn list_stacks(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let wanted = input.strings("StackStatusFilter");
    let fits = |stack: &&Stack| wanted.is_empty() || wanted.contains(&stack.status);
    let mut all: Vec<&Stack> = cx.realm.cloud.stacks.values().filter(fits).collect();
    all.sort_by_key(|stack| std::cmp::Reverse(stack.created));
    let (stacks, next) = page(&all, input.text("NextToken"), PAGE);
    let row = |stack: &Stack| {
        json!({
            "StackId": stack.id,
            "StackName": stack.name,
            "TemplateDescription": stack.seed.description,
            "CreationTime": iso(stack.created),
            "LastUpdatedTime": stack.updated.map(iso),
            "DeletionTime": stack.deleted.map(iso),
            "StackStatus": stack.status,
            "StackStatusReason": stack.reason,
            "ParentId": stack.parent,
            "RootId": stack.root,
            "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        })
    };
    let rows: Vec<Value> = stacks.into_iter().map(row).collect();
    Ok(json!({ "StackSummaries": rows, "NextToken": next }))
}

/// `ListStackResources`, a hundred a page.
pub(crate) fn list_stack_resources(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = input.require("StackName", "ValidationError")?;
    let missing = |_| AwsError::validation(format!("Stack with id {name} does not exist"));
    let stack = cx.realm.cloud.stack(name).map_err(missing)?;
    let (resources, next) = page(&stack.resources, input.text("NextToken"), PAGE);
    let row = |each: Resource| {
        json!({
            "LogicalResourceId": each.logical,
            "PhysicalResourceId": physical(&each.physical),
            "ResourceType": each.kind,
            "LastUpdatedTimestamp": iso(each.updated),
            "ResourceStatus": each.status,
            "ResourceStatusReason": each.reason,
            "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
        })
    };
    let rows: Vec<Value> = resources.into_iter().map(row).collect();
    Ok(json!({ "StackResourceSummaries": rows, "NextToken": next }))
}

/// Nothing while the resource has none yet.
fn physical(id: &str) -> Option<&str> {
    Some(id).filter(|id| !id.is_empty())
}

/// `DescribeStackResources`: the first hundred, or one.
pub(crate) fn describe_stack_resources(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let stack = match (input.text("StackName"), input.text("PhysicalResourceId")) {
        (Some(name), _) => {
            let missing = |_| AwsError::validation(format!("Stack with id {name} does not exist"));
            cx.realm.cloud.stack(name).map_err(missing)?
        }
        (None, Some(physical)) => owner_of(cx, physical)?,
        (None, None) => {
            return Err(AwsError::validation("Either StackName or PhysicalResourceId must be specified"));
        }
    };
    let wanted = input.text("LogicalResourceId");
    let fits = |each: &&Resource| wanted.is_none_or(|logical| logical == each.logical);
    let row = |each: &Resource| {
        json!({
            "StackName": stack.name,
            "StackId": stack.id,
            "LogicalResourceId": each.logical,
            "PhysicalResourceId": physical(&each.physical),
            "ResourceType": each.kind,
            "Timestamp": iso(each.updated),
            "ResourceStatus": each.status,
            "ResourceStatusReason": each.reason,
            "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
        })
    };
    let rows: Vec<Value> = stack.resources.iter().filter(fits).take(PAGE).map(row).collect();
    Ok(json!({ "StackResources": rows }))
}

fn owner_of<'a>(cx: &'a Cx<'_>, physical: &str) -> Result<&'a Stack, AwsError> {
    let owns = |stack: &&Stack| stack.deleted.is_none() && stack.resources.iter().any(|each| each.physical == physical);
    let missing = || AwsError::validation(format!("Stack for {physical} does not exist"));
    cx.realm.cloud.stacks.values().find(owns).ok_or_else(missing)
}

/// `DescribeStackEvents`, newest first, a hundred a page.
pub(crate) fn describe_stack_events(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = input.require("StackName", "ValidationError")?;
    let missing = |_| AwsError::validation(format!("Stack [{name}] does not exist"));
    let stack = cx.realm.cloud.stack(name).map_err(missing)?;
    // A token names the last event of the page before: new events do not shift pages.
    let from = match input.text("NextToken") {
        None => 0,
        Some(token) => {
            let place = stack.events.iter().position(|event| event.id == token);
            place.ok_or_else(|| AwsError::validation("Invalid NextToken"))? + 1
        }
    };
    let events: Vec<&StackEvent> = stack.events.iter().skip(from).take(PAGE).collect();
    let more = from + events.len() < stack.events.len();
    let next = events.last().filter(|_| more).map(|event| event.id.clone());
    let rows: Vec<Value> = events.into_iter().map(|event| event_row(stack, event)).collect();
    Ok(json!({ "StackEvents": rows, "NextToken": next }))
}

fn event_row(stack: &Stack, event: &StackEvent) -> Value {
    json!({
        "StackId": stack.id,
        "EventId": event.id,
        "StackName": stack.name,
        "OperationId": Some(&event.operation).filter(|id| !id.is_empty()),
        "LogicalResourceId": event.logical,
        "PhysicalResourceId": event.physical,
        "ResourceType": event.kind,
        "Timestamp": iso(event.at),
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason,
        "ClientRequestToken": event.token,
    })
}
