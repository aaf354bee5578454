//! Which capabilities a template needs, and why.

use super::{members, text};
use serde_json::Value;

const NAMES: [(&str, &str); 10] = [
    ("AWS::IAM::AccessKey", ""),
    ("AWS::IAM::Group", "GroupName"),
    ("AWS::IAM::GroupPolicy", ""),
    ("AWS::IAM::InstanceProfile", "InstanceProfileName"),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"),
    ("AWS::IAM::Policy", ""),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::IAM::RolePolicy", ""),
    ("AWS::IAM::User", "UserName"),
    ("AWS::IAM::UserToGroupAddition", ""),
];

/// The capabilities, and the resource types that need them.
pub(super) fn of(body: &Value) -> (Vec<String>, Vec<String>) {
    let (mut capabilities, mut reasons) = (Vec::new(), Vec::new());
    let mut named = false;
    for (_, resource) in members(body, "Resources") {
        let kind = text(resource, "Type");
        let Some((_, property)) = NAMES.iter().find(|(known, _)| *known == kind) else {
            continue;
        };
        named |= resource.get("Properties").is_some_and(|properties| properties.get(property).is_some());
        if !reasons.contains(&kind) {
            reasons.push(kind);
        }
    }
    if !reasons.is_empty() {
        let one = if named { "CAPABILITY_NAMED_IAM" } else { "CAPABILITY_IAM" };
        capabilities.push(one.to_owned());
    }
    if body.get("Transform").is_some_and(|transform| !transform.is_null()) {
        capabilities.push("CAPABILITY_AUTO_EXPAND".to_owned());
    }
    (capabilities, reasons)
}
