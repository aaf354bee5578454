//! CloudWatch Logs: log groups, as far as they outlive a stack.

use crate::error::{Answer, AwsError};
use crate::input::{Input, page};
use crate::operation::{Cx, Operation};
use jiff::Timestamp;
use serde_json::{Value, json};

/// CloudWatch Logs' operations.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new("logs", "DescribeLogGroups", &["logGroupNamePrefix"], describe),
    Operation::new("logs", "DeleteLogGroup", &["logGroupName"], delete),
];

fn describe(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let prefix = input.text("logGroupNamePrefix").unwrap_or_default();
    let all = cx.realm.log_groups.iter().filter(|(name, _)| name.starts_with(prefix));
    let all: Vec<(&String, &Timestamp)> = all.collect();
    let size = input.number("limit").and_then(|size| usize::try_from(size).ok()).unwrap_or(50).clamp(1, 50);
    let (found, next) = page(&all, input.text("nextToken"), size);
    let row = |(name, created): (&String, &Timestamp)| {
        json!({
            "logGroupName": name,
            "creationTime": created.as_millisecond(),
            "arn": cx.realm.arn("logs", &format!("log-group:{name}:*")),
            "storedBytes": 0,
        })
    };
    let rows: Vec<Value> = found.into_iter().map(row).collect();
    Ok(json!({ "logGroups": rows, "nextToken": next }))
}

fn delete(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = input.require("logGroupName", "InvalidParameterException")?;
    let missing = || AwsError::bad("ResourceNotFoundException", "The specified log group does not exist.");
    cx.realm.log_groups.remove(name).ok_or_else(missing)?;
    Ok(Value::Null)
}
