//! Who may restore a DB cluster snapshot.

use serde_json::{Value, json};

use crate::error::{Answer, AwsError};
use crate::input::Input;
use crate::operation::Cx;

use super::clusters::bare;
use super::snapshots::missing;
use super::state::Snapshot;

/// `DescribeDBClusterSnapshotAttributes`
pub(crate) fn describe(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let id = bare(input.require("DBClusterSnapshotIdentifier", "MissingParameter")?);
    let snapshot = cx.realm.databases.snapshots.get(&id).ok_or_else(|| missing(&id))?;
    Ok(attributes(snapshot))
}

/// `ModifyDBClusterSnapshotAttribute`: the attribute `restore`.
pub(crate) fn modify(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let id = bare(input.require("DBClusterSnapshotIdentifier", "MissingParameter")?);
    if input.require("AttributeName", "MissingParameter")? != "restore" {
        return Err(AwsError::bad("InvalidParameterValue", "Only the attribute restore can be modified."));
    }
    let (add, remove) = (input.strings("ValuesToAdd"), input.strings("ValuesToRemove"));
    let snapshot = cx.realm.databases.snapshots.get_mut(&id).ok_or_else(|| missing(&id))?;
    snapshot.shared.retain(|account| !remove.contains(account) && !add.contains(account));
    snapshot.shared.extend(add);
    Ok(attributes(snapshot))
}

fn attributes(snapshot: &Snapshot) -> Value {
    json!({ "DBClusterSnapshotAttributesResult": {
        "DBClusterSnapshotIdentifier": snapshot.id,
        "DBClusterSnapshotAttributes": [{ "AttributeName": "restore", "AttributeValues": snapshot.shared }],
    } })
}
