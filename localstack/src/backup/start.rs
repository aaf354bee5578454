//! `StartBackupJob`: everything that is checked before a job exists.

use super::jobs;
use super::state::{Job, JobFate, Lifecycle, Point, Vault, invalid, not_found};
use crate::error::{Answer, AwsError};
use crate::faults::FaultKind;
use crate::input::{Input, Tags};
use crate::operation::Cx;
use crate::realm::Account;
use crate::wire::epoch;
use serde_json::json;

/// `StartBackupJob`: the same idempotency token again answers with the same job.
pub(crate) fn start(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let token = input.text("IdempotencyToken");
    let known = token.and_then(|token| cx.realm.backup.tokens.get(token));
    if let Some(job) = known.and_then(|id| cx.realm.backup.jobs.get(id)) {
        return Ok(answer(job));
    }
    let order = checked(cx, input)?;
    let job = place(cx, order);
    if let Some(token) = token {
        cx.realm.backup.tokens.insert(token.to_owned(), job.id.clone());
    }
    Ok(answer(&job))
}

fn answer(job: &Job) -> serde_json::Value {
    json!({
        "BackupJobId": job.id,
        "RecoveryPointArn": job.point,
        "CreationDate": epoch(job.created),
    })
}

struct Order {
    vault: String,
    resource: String,
    role: String,
    tags: Tags,
    lifecycle: Lifecycle,
    window_minutes: i64,
    bytes: u64,
}

fn checked(cx: &Cx<'_>, input: &Input) -> Result<Order, AwsError> {
    const MISSING: &str = "MissingParameterValueException";
    let name = input.require("BackupVaultName", MISSING)?;
    let resource = input.require("ResourceArn", MISSING)?;
    let role = input.require("IamRoleArn", MISSING)?;
    check_vault_name(name)?;
    let vault = cx.realm.backup.vault(name)?;
    let bytes = check_resource(cx, resource)?;
    check_role(&cx.realm.account, cx.account, role)?;
    let tags = input.map("RecoveryPointTags");
    check_tags(&tags)?;
    let lifecycle = check_lifecycle(&Input(input.0.get("Lifecycle").cloned().unwrap_or_default()))?;
    check_lock(vault, lifecycle)?;
    Ok(Order {
        vault: name.to_owned(),
        resource: resource.to_owned(),
        role: role.to_owned(),
        tags,
        lifecycle,
        window_minutes: check_windows(input)?,
        bytes,
    })
}

fn check_vault_name(name: &str) -> Result<(), AwsError> {
    let plain = |each: char| each.is_ascii_alphanumeric() || each == '-' || each == '_';
    if (2..=50).contains(&name.len()) && name.chars().all(plain) {
        return Ok(());
    }
    Err(invalid("Backup vault name must match ^[a-zA-Z0-9\\-\\_]{2,50}$"))
}

/// Only EFS is backed up here: RDS has its own snapshots.
fn check_resource(cx: &Cx<'_>, arn: &str) -> Result<u64, AwsError> {
    let Some((_, id)) = arn.split_once(":file-system/") else {
        return Err(invalid(format!("Unsupported resource type for on-demand backup: {arn}")));
    };
    if cx.realm.backup.opt_in.get("EFS") != Some(&true) {
        let text = "The EFS resource type is not enabled in this account and region. Enable it \
                    in the AWS Backup settings (service opt-in).";
        return Err(AwsError::bad("InvalidRequestException", text));
    }
    let found = cx.realm.file_systems.get(id).filter(|each| each.arn == arn);
    let text = format!("EFS file system {arn} does not exist");
    found.map(|each| each.bytes).ok_or_else(|| not_found(text))
}

/// The ARN, path included, must be that of a role that AWS Backup may assume.
pub(super) fn check_role(account: &str, roles: &Account, arn: &str) -> Result<(), AwsError> {
    let prefix = format!("arn:aws:iam::{account}:role/");
    if !arn.starts_with(&prefix) {
        return Err(invalid(format!("Invalid role ARN provided in request: {arn}")));
    }
    let role = roles.roles.values().find(|each| each.arn == arn);
    if role.is_some_and(|role| role.trust.contains("backup.amazonaws.com")) {
        return Ok(());
    }
    Err(invalid(format!("IAM Role {arn} does not have sufficient permissions or cannot be assumed by AWS Backup")))
}

/// At most fifty, of AWS Backup's lengths, none of AWS's own.
pub(crate) fn check_tags(tags: &Tags) -> Result<(), AwsError> {
    if tags.len() > 50 {
        return Err(invalid("A recovery point may have at most 50 tags"));
    }
    let bad = |(key, value): (&String, &String)| {
        key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 || key.starts_with("aws:")
    };
    match tags.iter().find(|tag| bad(*tag)) {
        Some((key, _)) => Err(invalid(format!("Invalid tag: {key}"))),
        None => Ok(()),
    }
}

fn check_lifecycle(input: &Input) -> Result<Lifecycle, AwsError> {
    let (cold, delete) = (input.number("MoveToColdStorageAfterDays"), input.number("DeleteAfterDays"));
    if let (Some(cold), Some(delete)) = (cold, delete)
        && delete < cold.saturating_add(90)
    {
        return Err(invalid("DeleteAfterDays must be at least 90 days after MoveToColdStorageAfterDays"));
    }
    if delete.is_some_and(|days| days < 1) {
        return Err(invalid("DeleteAfterDays must be at least 1"));
    }
    Ok(Lifecycle { cold, delete })
}

fn check_lock(vault: &Vault, lifecycle: Lifecycle) -> Result<(), AwsError> {
    if vault.lock.is_none_or(|lock| lock.admits(lifecycle.delete)) {
        return Ok(());
    }
    let text = format!("The retention period is not within the limits of the vault lock of {}", vault.name);
    Err(invalid(text))
}

fn check_windows(input: &Input) -> Result<i64, AwsError> {
    let start = input.number("StartWindowMinutes").unwrap_or(480);
    if start < 60 {
        return Err(invalid("StartWindowMinutes must be at least 60"));
    }
    let complete = input.number("CompleteWindowMinutes");
    if complete.is_some_and(|minutes| minutes < start.saturating_add(60)) {
        return Err(invalid("CompleteWindowMinutes must be at least 60 minutes greater than StartWindowMinutes"));
    }
    Ok(start)
}

fn place(cx: &mut Cx<'_>, order: Order) -> Job {
    let fate = drawn_fate(cx);
    let lost = cx.fault(|kind| *kind == FaultKind::TagsLost, None).is_some();
    let realm = &mut *cx.realm;
    let id = realm.uuid().to_uppercase();
    let point = realm.uuid().to_uppercase();
    let point = realm.arn("backup", &format!("recovery-point:{point}"));
    #[expect(clippy::cast_precision_loss, reason = "minutes of a window")]
    let start_by = realm.exactly_after(cx.now, order.window_minutes as f64 * 60.0);
    let job = Job {
        id: id.clone(),
        vault: order.vault.clone(),
        resource: order.resource.clone(),
        role: order.role.clone(),
        point: point.clone(),
        state: "CREATED".to_owned(),
        message: None,
        category: None,
        created: cx.now,
        start_by,
        run: None,
        ended: None,
        bytes: order.bytes,
        fate,
        planned: false,
    };
    let record = Point {
        arn: point.clone(),
        vault: order.vault,
        resource: order.resource,
        role: order.role,
        status: "CREATING".to_owned(),
        created: cx.now,
        run: None,
        completed: None,
        bytes: 0,
        lifecycle: order.lifecycle,
        tags: if lost { Tags::new() } else { order.tags },
        copy: None,
        planned: false,
        copying: false,
    };
    realm.backup.points.insert(point, record);
    realm.backup.jobs.insert(id.clone(), job.clone());
    jobs::enqueue(realm, &id, cx.now);
    job
}

fn drawn_fate(cx: &mut Cx<'_>) -> JobFate {
    let fate_of = |kind: &FaultKind| match kind {
        FaultKind::JobFailed => Some(JobFate::Fails),
        FaultKind::JobAborted => Some(JobFate::Aborts),
        FaultKind::JobExpired => Some(JobFate::Expires),
        FaultKind::JobIssues => Some(JobFate::HasIssues),
        FaultKind::JobNeverStarts => Some(JobFate::NeverStarts),
        FaultKind::PointStuck => Some(JobFate::PointStuck),
        _ => None,
    };
    let fault = cx.fault(|kind| fate_of(kind).is_some(), None);
    fault.as_ref().and_then(fate_of).unwrap_or(JobFate::Completes)
}
