//! Reading change sets.

use super::change_sets::locate;
use super::state::{Change, ChangeSet, Stack};
use crate::error::Answer;
use crate::input::{Input, page};
use crate::operation::Cx;
use crate::wire::iso;
use serde_json::{Value, json};

const PAGE: usize = 50;

/// `DescribeChangeSet`, its changes fifty a page.
pub(crate) fn describe_change_set(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let (stack_id, set) = locate(cx.realm, input)?;
    let stack = cx.realm.cloud.stack(&stack_id)?;
    let known = matches!(set.status.as_str(), "CREATE_COMPLETE");
    let all: &[Change] = if known { &set.changes } else { &[] };
    let (changes, next) = page(all, input.text("NextToken"), PAGE);
    let changes: Vec<Value> = changes.iter().map(change_row).collect();
    let tags = set.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value}));
    Ok(json!({
        "ChangeSetName": set.name,
        "ChangeSetId": set.id,
        "StackId": stack.id,
        "StackName": stack.name,
        "Description": set.description,
        "Parameters": parameters(stack, &set),
        "CreationTime": iso(set.created),
        "ExecutionStatus": set.execution,
        "Status": set.status,
        "StatusReason": set.reason,
        "NotificationARNs": [],
        "RollbackConfiguration": {},
        "Capabilities": set.capabilities,
        "Tags": tags.collect::<Vec<_>>(),
        "Changes": changes,
        "NextToken": next,
        "IncludeNestedStacks": set.nested,
        "ParentChangeSetId": set.parent,
        "RootChangeSetId": set.parent,
    }))
}

fn parameters(stack: &Stack, set: &ChangeSet) -> Vec<Value> {
    let row = |seed: &crate::seeds::ParameterSeed| {
        let value = set.parameters.get(&seed.key)?;
        let shown = if seed.no_echo { "****" } else { value };
        Some(json!({
            "ParameterKey": seed.key,
            "ParameterValue": shown,
            "ResolvedValue": set.resolved.get(&seed.key),
        }))
    };
    let declared = set.template.as_ref().map_or(&stack.seed.parameters, |template| &template.parameters);
    declared.iter().filter_map(row).collect()
}

fn change_row(change: &Change) -> Value {
    let modifies = change.action == "Modify";
    let details = json!([{
        "Target": {
            "Attribute": "Properties",
            "Name": Some(&change.property).filter(|text| !text.is_empty()),
            "RequiresRecreation": recreation(change.replacement.as_deref()),
        },
        "Evaluation": if change.replacement.as_deref() == Some("Conditional") { "Dynamic" } else { "Static" },
        "ChangeSource": change.source,
        "CausingEntity": Some(&change.cause).filter(|text| !text.is_empty()),
    }]);
    json!({
        "Type": "Resource",
        "ResourceChange": {
            "Action": change.action,
            "LogicalResourceId": change.logical,
            "PhysicalResourceId": change.physical,
            "ResourceType": change.kind,
            "Replacement": change.replacement,
            "PolicyAction": policy_action(change),
            "Scope": if modifies { json!(["Properties"]) } else { json!([]) },
            "Details": if modifies { details } else { json!([]) },
            "ChangeSetId": change.change_set,
        },
    })
}

/// What becomes of the old resource.
fn policy_action(change: &Change) -> Option<String> {
    match (change.action.as_str(), change.replacement.as_deref()) {
        ("Remove", _) => Some(change.policy.clone()),
        ("Modify", Some("True")) => Some(format!("ReplaceAnd{}", change.policy)),
        _ => None,
    }
}

fn recreation(replacement: Option<&str>) -> &'static str {
    match replacement {
        Some("True") => "Always",
        Some("Conditional") => "Conditionally",
        _ => "Never",
    }
}

/// `ListChangeSets`.
pub(crate) fn list_change_sets(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = input.require("StackName", "ValidationError")?;
    let stack = cx.realm.cloud.stack(name)?;
    let (sets, next) = page(&stack.change_sets, input.text("NextToken"), 100);
    let row = |set: ChangeSet| {
        json!({
            "StackId": stack.id,
            "StackName": stack.name,
            "ChangeSetId": set.id,
            "ChangeSetName": set.name,
            "ExecutionStatus": set.execution,
            "Status": set.status,
            "StatusReason": set.reason,
            "CreationTime": iso(set.created),
            "Description": set.description,
            "IncludeNestedStacks": set.nested,
            "ParentChangeSetId": set.parent,
            "RootChangeSetId": set.parent,
        })
    };
    let rows: Vec<Value> = sets.into_iter().map(row).collect();
    Ok(json!({ "Summaries": rows, "NextToken": next }))
}
