//! A value tree as XML elements.

use serde_json::Value;

/// Appends `value` as the contents of an element.
pub(crate) fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::Object(members) => {
            for (name, member) in members.iter().filter(|(_, member)| !member.is_null()) {
                element(out, name, member);
            }
        }
        Value::String(text) => escape(out, text),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::Array(_) => {}
    }
}

fn element(out: &mut String, name: &str, value: &Value) {
    open(out, name);
    match value {
        Value::Array(items) => {
            let item = item_name(name);
            for each in items {
                open(out, item);
                write(out, each);
                close(out, item);
            }
        }
        other => write(out, other),
    }
    close(out, name);
}

fn open(out: &mut String, name: &str) {
    out.push('<');
    out.push_str(name);
    out.push('>');
}

fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// RDS names the items of each list; CloudFormation and IAM say `member`.
fn item_name(list: &str) -> &'static str {
    match list {
        "DBClusters" => "DBCluster",
        "DBInstances" => "DBInstance",
        "DBClusterSnapshots" => "DBClusterSnapshot",
        "DBClusterMembers" => "DBClusterMember",
        "TagList" => "Tag",
        "AvailabilityZones" => "AvailabilityZone",
        "VpcSecurityGroups" => "VpcSecurityGroupMembership",
        "AccountQuotas" => "AccountQuota",
        "DBClusterSnapshotAttributes" => "DBClusterSnapshotAttribute",
        "AttributeValues" => "AttributeValue",
        _ => "member",
    }
}

/// Appends text with markup escaped; characters XML 1.0 forbids are dropped.
pub(crate) fn escape(out: &mut String, text: &str) {
    for each in text.chars() {
        match each {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\n' | '\t' => out.push(each),
            control if control < ' ' => {}
            other => out.push(other),
        }
    }
}
