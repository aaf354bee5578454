//! Restore jobs: files come back into a directory of a file system.

use super::policy;
use super::start::check_role;
use super::state::{invalid, not_found};
use crate::agenda::Event;
use crate::clock::{later, seconds};
use crate::error::{Answer, AwsError};
use crate::faults::FaultKind;
use crate::input::{Input, Tags};
use crate::operation::Cx;
use crate::realm::{Beyond, Realm};
use jiff::Timestamp;
use serde_json::json;

const MISSING: &str = "MissingParameterValueException";

/// Something that happens to a restore job.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RestoreStep {
    /// `RUNNING`.
    Runs,
    /// Its end, by its fate.
    Ends,
}

/// How a restore job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RestoreFate {
    /// `COMPLETED`.
    Completes,
    /// `FAILED`.
    Fails,
    /// `ABORTED`.
    Aborts,
}

/// A restore job.
#[derive(Clone, Debug)]
pub(crate) struct RestoreJob {
    /// Its id.
    pub(crate) id: String,
    /// The recovery point's ARN.
    pub(crate) point: String,
    /// The vault's name.
    pub(crate) vault: String,
    /// What the recovery point is a backup of.
    pub(crate) source: String,
    /// The role's ARN.
    pub(crate) role: String,
    /// The file system's id, as soon as it is known.
    pub(crate) target: Option<String>,
    /// Whether the file system is made by the job.
    pub(crate) fresh: bool,
    /// `PENDING` …
    pub(crate) status: String,
    /// Why.
    pub(crate) message: Option<String>,
    /// When it was asked for.
    pub(crate) created: Timestamp,
    /// When it began to run, and when it will end.
    pub(crate) run: Option<(Timestamp, Timestamp)>,
    /// When it ended.
    pub(crate) ended: Option<Timestamp>,
    /// How many bytes it copies.
    pub(crate) bytes: u64,
    /// How it ends.
    pub(crate) fate: RestoreFate,
}

/// What a restore job is to do.
pub(crate) struct RestoreOrder {
    /// The vault's name; any vault when it is not known.
    pub(crate) vault: Option<String>,
    /// The recovery point's ARN.
    pub(crate) point: String,
    /// An existing file system; none makes a new one.
    pub(crate) target: Option<String>,
    /// The role's ARN.
    pub(crate) role: String,
}

/// `StartRestoreJob`: the same idempotency token again answers with the same job.
pub(crate) fn start(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let token = input.text("IdempotencyToken").map(|token| format!("restore {token}"));
    let known = token.as_ref().and_then(|token| cx.realm.backup.tokens.get(token));
    if let Some(id) = known {
        return Ok(json!({ "RestoreJobId": id }));
    }
    let order = ordered(cx, input)?;
    let mut beyond = Beyond { account: cx.account, faults: cx.faults };
    let id = begin(cx.realm, &mut beyond, &order, cx.now)?;
    if let Some(token) = token {
        cx.realm.backup.tokens.insert(token, id.clone());
    }
    Ok(json!({ "RestoreJobId": id }))
}

fn ordered(cx: &Cx<'_>, input: &Input) -> Result<RestoreOrder, AwsError> {
    let point = input.require("RecoveryPointArn", MISSING)?;
    let role = input.require("IamRoleArn", MISSING)?;
    if input.text("ResourceType").is_some_and(|kind| kind != "EFS") {
        return Err(AwsError::not_implemented("backup", "StartRestoreJob of anything but EFS"));
    }
    let metadata = input.map("Metadata");
    let given = |name: &str| metadata.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let source = given("file-system-id");
    let fresh = given("newFileSystem").is_some_and(|flag| flag.eq_ignore_ascii_case("true"));
    if fresh {
        for name in ["Encrypted", "PerformanceMode", "CreationToken"] {
            given(name).ok_or_else(|| invalid(format!("Invalid restore metadata: {name} is missing")))?;
        }
    }
    let target = if fresh { None } else { source.map(|id| id.rsplit('/').next().unwrap_or(id).to_owned()) };
    if target.is_none() && !fresh {
        return Err(invalid("Invalid restore metadata: file-system-id is missing"));
    }
    if target.as_ref().is_some_and(|id| !cx.realm.file_systems.contains_key(id)) {
        return Err(invalid("Invalid restore metadata: the file system does not exist"));
    }
    Ok(RestoreOrder { vault: None, point: point.to_owned(), target, role: role.to_owned() })
}

/// Checks an order and starts its job.
pub(crate) fn begin(
    realm: &mut Realm,
    beyond: &mut Beyond<'_>,
    order: &RestoreOrder,
    now: Timestamp,
) -> Result<String, AwsError> {
    check_role(&realm.account, beyond.account, &order.role)?;
    let point = usable(realm, order)?.clone();
    let ours = |kind: &FaultKind| matches!(kind, FaultKind::RestoreJobFailed | FaultKind::RestoreJobAborted);
    let fate = match beyond.faults.draw("backup:StartRestoreJob", ours, None) {
        Some(FaultKind::RestoreJobFailed) => RestoreFate::Fails,
        Some(_) => RestoreFate::Aborts,
        None => RestoreFate::Completes,
    };
    let id = realm.uuid().to_uppercase();
    let job = RestoreJob {
        id: id.clone(),
        point: point.arn,
        vault: point.vault,
        source: point.resource,
        role: order.role.clone(),
        target: order.target.clone(),
        fresh: order.target.is_none(),
        status: "PENDING".to_owned(),
        message: None,
        created: now,
        run: None,
        ended: None,
        bytes: point.bytes,
        fate,
    };
    realm.backup.restores.insert(id.clone(), job);
    let starts = realm.after(now, realm.pace.durations.job_start);
    realm.agenda.plan(starts, Event::Restore { id: id.clone(), step: RestoreStep::Runs });
    Ok(id)
}

fn usable<'a>(realm: &'a Realm, order: &RestoreOrder) -> Result<&'a super::state::Point, AwsError> {
    if let Some(vault) = &order.vault {
        realm.backup.vault(vault)?;
    }
    let arn = &order.point;
    let fits = |point: &&super::state::Point| order.vault.as_ref().is_none_or(|vault| *vault == point.vault);
    let found = realm.backup.points.get(arn).filter(fits);
    let point = found.ok_or_else(|| not_found(format!("Cannot find recovery point: {arn}")))?;
    let vault = realm.backup.vaults.get(&point.vault);
    if vault.is_some_and(|vault| policy::denies(vault, &realm.account, "backup:StartRestoreJob", arn)) {
        return Err(policy::denied());
    }
    if point.status != "COMPLETED" {
        let text = format!("Recovery point {arn} is in state {} and cannot be restored", point.status);
        return Err(AwsError::bad("InvalidResourceStateException", text));
    }
    Ok(point)
}

/// Performs a step of a restore job.
pub(crate) fn perform(realm: &mut Realm, id: &str, step: RestoreStep, at: Timestamp) {
    match step {
        RestoreStep::Runs => run(realm, id, at),
        RestoreStep::Ends => end(realm, id, at),
    }
}

fn run(realm: &mut Realm, id: &str, at: Timestamp) {
    let whole = realm.pace.varied(realm.pace.durations.restore_job, &mut realm.rng);
    let Some(job) = realm.backup.restores.get(id).cloned() else {
        return;
    };
    let share = if job.fate == RestoreFate::Completes { 1.0 } else { 0.4 };
    let until = later(at, seconds(whole.as_secs_f64() * share));
    let target = job.target.clone().unwrap_or_else(|| new_file_system(realm, &job, at));
    if let Some(job) = realm.backup.restores.get_mut(id) {
        job.status = "RUNNING".to_owned();
        job.run = Some((at, until));
        job.target = Some(target);
    }
    realm.agenda.plan(until, Event::Restore { id: id.to_owned(), step: RestoreStep::Ends });
}

fn new_file_system(realm: &mut Realm, job: &RestoreJob, at: Timestamp) -> String {
    let source = job.source.rsplit('/').next().unwrap_or_default();
    let key = realm.file_systems.get(source).and_then(|each| each.kms_key.clone());
    let id = crate::efs::create(realm, "", key, at);
    if let Some(made) = realm.file_systems.get_mut(&id) {
        made.tags = Tags::new();
    }
    realm.adopt_files(&id.clone(), &id);
    id
}

fn end(realm: &mut Realm, id: &str, at: Timestamp) {
    let Some(job) = realm.backup.restores.get(id).cloned() else {
        return;
    };
    let (status, message) = match job.fate {
        RestoreFate::Completes => ("COMPLETED", None),
        RestoreFate::Fails => {
            ("FAILED", Some("Restore job failed because the IAM role does not have sufficient permissions."))
        }
        RestoreFate::Aborts => ("ABORTED", Some("Restore job was aborted.")),
    };
    let target = job.target.clone().unwrap_or_default();
    let gone = !realm.file_systems.contains_key(&target);
    let (status, message) = match status {
        "COMPLETED" if gone => ("FAILED", Some("The file system does not exist any more.")),
        _ => (status, message),
    };
    let stem = if status == "COMPLETED" { "aws-backup-restore" } else { "aws-backup-failed-restore" };
    put_back(realm, &job, &target, &format!("{stem}_{}", at.strftime("%Y-%m-%dT%H-%M-%S-%3fZ")), status);
    if let Some(job) = realm.backup.restores.get_mut(id) {
        status.clone_into(&mut job.status);
        job.message = message.map(str::to_owned);
        job.ended = Some(at);
    }
}

/// The files lie in a directory of their own, and are the application's again.
fn put_back(realm: &mut Realm, job: &RestoreJob, target: &str, directory: &str, status: &str) {
    if let Some(file_system) = realm.file_systems.get_mut(target) {
        file_system.directories.push(directory.to_owned());
        file_system.bytes += if status == "COMPLETED" { job.bytes } else { 0 };
    }
    let copy = realm.backup.points.get(&job.point).and_then(|point| point.copy.clone());
    let contents = realm.contents.values_mut().find(|each| each.file_system == target);
    if let (Some(copy), Some(contents), "COMPLETED") = (copy, contents, status) {
        contents.restore_files(copy.versions);
    }
}
