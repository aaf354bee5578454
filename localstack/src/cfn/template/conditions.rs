//! What holds, and what does not.

use super::eval::Scope;
use super::functions::{argument, arguments};
use super::plain;
use crate::error::AwsError;
use serde_json::Value;

/// Whether a condition's expression holds.
pub(super) fn holds(scope: &Scope<'_>, tree: &Value, depth: usize) -> Result<bool, AwsError> {
    let call = tree.as_object().and_then(|members| members.iter().next());
    match call.map(|(name, argument)| (name.as_str(), argument)) {
        Some(("Condition", name)) => scope.condition_at(&plain(name), depth),
        Some(("Fn::Equals", list)) => {
            let items = arguments("Fn::Equals", list, 2)?;
            let (left, right) = (scope.at(argument(items, 0), depth)?, scope.at(argument(items, 1), depth)?);
            Ok(left.map(|value| plain(&value)) == right.map(|value| plain(&value)))
        }
        Some(("Fn::Not", list)) => Ok(!holds(scope, argument(arguments("Fn::Not", list, 1)?, 0), depth + 1)?),
        Some(("Fn::And", list)) => all(scope, arguments("Fn::And", list, 2)?, depth, true),
        Some(("Fn::Or", list)) => Ok(!all(scope, arguments("Fn::Or", list, 2)?, depth, false)?),
        Some((name, _)) => Err(AwsError::not_implemented("cloudformation", name)),
        None => Ok(plain(tree) == "true"),
    }
}

/// Whether all conditions are `wanted`.
fn all(scope: &Scope<'_>, items: &[Value], depth: usize, wanted: bool) -> Result<bool, AwsError> {
    for item in items {
        if holds(scope, item, depth + 1)? != wanted {
            return Ok(false);
        }
    }
    Ok(true)
}
