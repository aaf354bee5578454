//! Tags of clusters and cluster snapshots.

use super::names;
use crate::error::{Answer, AwsError};
use crate::faults::FaultKind;
use crate::input::{Input, Tags};
use crate::operation::Cx;
use serde_json::{Value, json};

fn tags_of<'a>(cx: &'a mut Cx<'_>, arn: &str) -> Result<&'a mut Tags, AwsError> {
    let mut parts = arn.splitn(7, ':');
    let kind = parts.nth(5).unwrap_or("");
    let id = parts.next().unwrap_or("");
    let databases = &mut cx.realm.databases;
    match kind {
        "cluster" => {
            let found = databases.clusters.get_mut(id).map(|each| &mut each.tags);
            found.ok_or_else(|| super::clusters::not_found(id))
        }
        "cluster-snapshot" => {
            let found = databases.snapshots.get_mut(id).map(|each| &mut each.tags);
            let text = format!("DBClusterSnapshot not found: {id}");
            found.ok_or_else(|| AwsError::new(404, "DBClusterSnapshotNotFoundFault", text))
        }
        _ => Err(names::invalid(format!("Invalid resource name: {arn}"))),
    }
}

/// `AddTagsToResource`.
pub(crate) fn add(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let arn = input.require("ResourceName", "MissingParameter")?;
    let lost = cx.fault(|kind| *kind == FaultKind::TagsLost, None).is_some();
    let tags = input.tag_list("Tags");
    let known = tags_of(cx, arn)?;
    let others = known.keys().filter(|key| !tags.contains_key(*key)).count();
    names::tags(&tags, others)?;
    if !lost {
        known.extend(tags);
    }
    Ok(Value::Null)
}

/// `RemoveTagsFromResource`.
pub(crate) fn remove(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let arn = input.require("ResourceName", "MissingParameter")?;
    let keys = input.strings("TagKeys");
    tags_of(cx, arn)?.retain(|key, _| !keys.contains(key));
    Ok(Value::Null)
}

/// `ListTagsForResource`.
pub(crate) fn list(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let arn = input.require("ResourceName", "MissingParameter")?;
    let tags = tags_of(cx, arn)?;
    let rows = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value}));
    Ok(json!({ "TagList": rows.collect::<Vec<Value>>() }))
}
