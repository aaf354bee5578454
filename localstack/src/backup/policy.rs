//! What the access policy of a vault denies.

use super::state::Vault;
use crate::error::AwsError;
use crate::input::Input;
use crate::operation::Cx;
use crate::pattern::{fits, fits_any_case};
use serde_json::Value;

/// Refuses a request which the access policy of its vault denies.
///
/// # Errors
/// `AccessDeniedException`.
pub(crate) fn admit(cx: &Cx<'_>, input: &Input) -> Result<(), AwsError> {
    if !cx.action.starts_with("backup:") {
        return Ok(());
    }
    let name = input.text("backupVaultName").or_else(|| input.text("BackupVaultName"));
    let vault = name.and_then(|name| cx.realm.backup.vaults.get(name));
    let point = input.text("recoveryPointArn").unwrap_or_default();
    match vault.filter(|vault| denies(vault, &cx.realm.account, &cx.action, point)) {
        Some(_) => Err(denied()),
        None => Ok(()),
    }
}

/// AWS Backup's words for a policy that denies.
pub(super) fn denied() -> AwsError {
    AwsError::new(403, "AccessDeniedException", "Insufficient privileges to perform this action.")
}

/// Whether a statement denies the account an action; one with a condition is not understood.
pub(super) fn denies(vault: &Vault, account: &str, action: &str, point: &str) -> bool {
    let policy = vault.policy.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let statements = policy.and_then(|policy| policy.get("Statement").cloned()).unwrap_or_default();
    let statements = if statements.is_array() { statements } else { Value::Array(vec![statements]) };
    let mut all = statements.as_array().into_iter().flatten();
    all.any(|each| {
        each.get("Effect").and_then(Value::as_str) == Some("Deny")
            && each.get("Condition").is_none()
            && concerns(each.get("Principal"), account)
            && acts(each, action)
            && lies(each.get("Resource"), &[point, &vault.arn])
    })
}

fn concerns(principal: Option<&Value>, account: &str) -> bool {
    let named = match principal {
        Some(Value::Object(kinds)) => texts(kinds.get("AWS")),
        other => texts(other),
    };
    let root = format!("arn:aws:iam::{account}:root");
    named.iter().any(|each| each == "*" || each == account || *each == root)
}

fn acts(statement: &Value, action: &str) -> bool {
    let named = |patterns: &[String]| patterns.iter().any(|each| fits_any_case(each, action));
    match (statement.get("Action"), statement.get("NotAction")) {
        (Some(some), _) => named(&texts(Some(some))),
        (None, Some(others)) => !named(&texts(Some(others))),
        (None, None) => false,
    }
}

fn lies(resource: Option<&Value>, arns: &[&str]) -> bool {
    let patterns = texts(resource);
    patterns.is_empty() || patterns.iter().any(|each| arns.iter().any(|arn| fits(each, arn)))
}

/// A text, or a list of them.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
