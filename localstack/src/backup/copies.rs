//! Copy jobs: nobody starts any here, but a recovery point may be under way to another vault.

use super::state::Point;
use super::views::window;
use crate::error::Answer;
use crate::input::{Input, page};
use crate::operation::Cx;
use crate::realm::Realm;
use crate::wire::epoch;
use serde_json::{Value, json};

fn row(realm: &Realm, point: &Point) -> Value {
    let vault = |name: &str| realm.arn("backup", &format!("backup-vault:{name}"));
    let id = point.arn.rsplit(':').next().unwrap_or_default();
    json!({
        "AccountId": realm.account,
        "CopyJobId": id.to_ascii_lowercase(),
        "SourceBackupVaultArn": vault(&point.vault),
        "SourceRecoveryPointArn": point.arn,
        "DestinationBackupVaultArn": vault("elsewhere"),
        "ResourceArn": point.resource,
        "CreationDate": epoch(point.created),
        "State": "RUNNING",
        "IamRoleArn": point.role,
        "ResourceType": "EFS",
        "IsParent": false,
    })
}

/// `ListCopyJobs`: one for each recovery point that is being copied.
pub(crate) fn list(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let size = window(input)?;
    let same = |member: &str, value: &str| input.text(member).is_none_or(|given| given == value);
    let fits = |point: &&Point| {
        point.copying
            && same("resourceArn", &point.resource)
            && same("sourceRecoveryPointArn", &point.arn)
            && same("state", "RUNNING")
            && same("resourceType", "EFS")
    };
    let all: Vec<&Point> = cx.realm.backup.points.values().filter(fits).collect();
    let (points, next) = page(&all, input.text("nextToken"), size);
    let rows: Vec<Value> = points.into_iter().map(|point| row(cx.realm, point)).collect();
    Ok(json!({ "CopyJobs": rows, "NextToken": next }))
}
