//! Reading restore jobs.

use super::restores::RestoreJob;
use super::state::not_found;
use super::views::window;
use crate::clock::{later, seconds};
use crate::error::Answer;
use crate::input::{Input, page};
use crate::operation::Cx;
use crate::realm::Realm;
use crate::wire::epoch;
use jiff::Timestamp;
use serde_json::{Value, json};

const MISSING: &str = "MissingParameterValueException";

fn row(realm: &Realm, job: &RestoreJob, now: Timestamp) -> Value {
    let share = match job.run {
        _ if job.status == "COMPLETED" => 1.0,
        Some((from, until)) => {
            let whole = until.duration_since(from).as_secs_f64().max(0.001);
            (job.ended.unwrap_or(now).duration_since(from).as_secs_f64() / whole).clamp(0.0, 0.999)
        }
        None => 0.0,
    };
    let created = job.target.as_ref().map(|id| realm.arn("elasticfilesystem", &format!("file-system/{id}")));
    json!({
        "AccountId": realm.account,
        "RestoreJobId": job.id,
        "RecoveryPointArn": job.point,
        "SourceResourceArn": job.source,
        "BackupVaultArn": realm.arn("backup", &format!("backup-vault:{}", job.vault)),
        "CreationDate": epoch(job.created),
        "CompletionDate": job.ended.map(epoch),
        "Status": job.status,
        "StatusMessage": job.message,
        "PercentDone": format!("{:.2}%", share * 100.0),
        "BackupSizeInBytes": job.bytes,
        "IamRoleArn": job.role,
        "ExpectedCompletionTimeMinutes": 0,
        "CreatedResourceArn": created,
        "ResourceType": "EFS",
        "RecoveryPointCreationDate": realm.backup.points.get(&job.point).map(|point| epoch(point.created)),
        "IsParent": false,
    })
}

/// `DescribeRestoreJob`.
pub(crate) fn describe(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let id = input.require("restoreJobId", MISSING)?;
    let text = format!("Restore job {id} does not exist");
    let job = cx.realm.backup.restores.get(id).ok_or_else(|| not_found(text))?;
    Ok(row(cx.realm, job, cx.now))
}

fn found<'a>(cx: &'a Cx<'_>, input: &Input, fits: impl Fn(&RestoreJob) -> bool) -> Vec<&'a RestoreJob> {
    let month = later(cx.now, -seconds(30.0 * 86400.0));
    let same = |member: &str, value: &str| input.text(member).is_none_or(|given| given == value);
    let passes = |job: &&RestoreJob| {
        job.created >= month
            && fits(job)
            && same("status", &job.status)
            && same("accountId", &cx.realm.account)
            && same("resourceType", "EFS")
            && input.instant("createdAfter").is_none_or(|at| job.created > at)
            && input.instant("createdBefore").is_none_or(|at| job.created < at)
            && input.instant("completeAfter").is_none_or(|at| job.ended.is_some_and(|end| end > at))
            && input.instant("completeBefore").is_none_or(|at| job.ended.is_some_and(|end| end < at))
    };
    let mut jobs: Vec<&RestoreJob> = cx.realm.backup.restores.values().filter(passes).collect();
    jobs.sort_by_key(|job| std::cmp::Reverse(job.created));
    jobs
}

/// `ListRestoreJobs`: the last thirty days, newest first.
pub(crate) fn list(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let size = window(input)?;
    let jobs = found(cx, input, |_| true);
    let (jobs, next) = page(&jobs, input.text("nextToken"), size);
    let rows: Vec<Value> = jobs.into_iter().map(|job| row(cx.realm, job, cx.now)).collect();
    Ok(json!({ "RestoreJobs": rows, "NextToken": next }))
}

/// `ListRestoreJobsByProtectedResource`: those whose recovery point is of a resource.
pub(crate) fn list_by_resource(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let size = window(input)?;
    let arn = input.require("resourceArn", MISSING)?;
    let jobs = found(cx, input, |job| job.source == arn);
    let (jobs, next) = page(&jobs, input.text("nextToken"), size);
    let rows: Vec<Value> = jobs.into_iter().map(|job| row(cx.realm, job, cx.now)).collect();
    Ok(json!({ "RestoreJobs": rows, "NextToken": next }))
}
