//! Tags of recovery points and vaults.

use super::start::check_tags;
use super::state::not_found;
use super::views::window;
use crate::error::{Answer, AwsError};
use crate::faults::FaultKind;
use crate::input::{Input, Tags};
use crate::operation::Cx;
use serde_json::{Value, json};

fn tags_of<'a>(cx: &'a mut Cx<'_>, input: &Input) -> Result<&'a mut Tags, AwsError> {
    let arn = input.require("resourceArn", "MissingParameterValueException")?;
    let backup = &mut cx.realm.backup;
    if let Some(point) = backup.points.get_mut(arn) {
        return Ok(&mut point.tags);
    }
    let vault = backup.vaults.values_mut().find(|vault| vault.arn == arn);
    vault.map(|vault| &mut vault.tags).ok_or_else(|| not_found(format!("{arn} does not exist")))
}

/// `ListTags`.
pub(crate) fn list(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let size = window(input)?;
    let tags: Vec<(String, String)> = tags_of(cx, input)?.clone().into_iter().collect();
    let (tags, next) = crate::input::page(&tags, input.text("nextToken"), size);
    let tags: Tags = tags.into_iter().collect();
    Ok(json!({ "Tags": tags, "NextToken": next }))
}

/// `TagResource`.
pub(crate) fn add(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let lost = cx.fault(|kind| *kind == FaultKind::TagsLost, None).is_some();
    let fresh = input.map("Tags");
    let known = tags_of(cx, input)?;
    let mut all = known.clone();
    all.extend(fresh);
    check_tags(&all)?;
    if !lost {
        *known = all;
    }
    Ok(Value::Null)
}

/// `UntagResource`.
pub(crate) fn remove(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let keys = input.strings("TagKeyList");
    tags_of(cx, input)?.retain(|key, _| !keys.contains(key));
    Ok(Value::Null)
}
