//! The life of a backup job, one at a time per resource.

use super::state::{Job, JobFate, not_found};
use super::views::{job_row, window};
use crate::agenda::Event;
use crate::clock::{later, seconds};
use crate::error::{Answer, AwsError};
use crate::input::{Input, page};
use crate::operation::Cx;
use crate::realm::Realm;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Something that happens to a job.
#[derive(Clone, Debug)]
pub(crate) enum JobStep {
    /// `PENDING`.
    Waits,
    /// `RUNNING`.
    Runs,
    /// Its end, by its fate.
    Ends,
    /// `ABORTED`, after `ABORTING`.
    Aborted,
    /// `EXPIRED`, unless it has begun.
    Expires,
    /// The lifecycle of its recovery point is over.
    PointGoes,
}

fn plan(realm: &mut Realm, id: &str, at: Timestamp, step: JobStep) {
    let id = id.to_owned();
    realm.agenda.plan(at, Event::Job { id, step });
}

/// Puts a new job behind the others of its resource.
pub(crate) fn enqueue(realm: &mut Realm, id: &str, now: Timestamp) {
    let Some(job) = realm.backup.jobs.get(id) else {
        return;
    };
    let (resource, start_by) = (job.resource.clone(), job.start_by);
    let queue = realm.backup.queues.entry(resource).or_default();
    queue.push_back(id.to_owned());
    let first = queue.len() == 1;
    plan(realm, id, start_by, JobStep::Expires);
    if first {
        begin(realm, id, now);
    }
}

fn begin(realm: &mut Realm, id: &str, now: Timestamp) {
    let fate = realm.backup.jobs.get(id).map(|job| job.fate);
    if matches!(fate, None | Some(JobFate::NeverStarts | JobFate::Expires)) {
        return;
    }
    let delay = realm.pace.varied(realm.pace.durations.job_start, &mut realm.rng);
    plan(realm, id, later(now, delay / 3), JobStep::Waits);
    plan(realm, id, later(now, delay), JobStep::Runs);
}

/// Performs a step of a job.
pub(crate) fn perform(realm: &mut Realm, id: &str, step: JobStep, at: Timestamp) {
    let Some(state) = realm.backup.jobs.get(id).map(|job| job.state.clone()) else {
        return;
    };
    match (step, state.as_str()) {
        (JobStep::Waits, "CREATED") => set_state(realm, id, "PENDING"),
        (JobStep::Runs, "CREATED" | "PENDING") => run(realm, id, at),
        (JobStep::PointGoes, _) => forget_point(realm, id, at),
        (JobStep::Ends, "RUNNING") => end(realm, id, at),
        (JobStep::Aborted, "ABORTING") => {
            finish(realm, id, "ABORTED", Some("Backup job was stopped by user."), Some("ABORTED"), at);
        }
        (JobStep::Expires, "CREATED" | "PENDING") if may_expire(realm, id) => {
            let text = "Backup job expired because it could not start within its start window.";
            finish(realm, id, "EXPIRED", Some(text), Some("EXPIRED"), at);
        }
        _ => {}
    }
}

fn may_expire(realm: &Realm, id: &str) -> bool {
    realm.backup.jobs.get(id).is_some_and(|job| job.fate != JobFate::NeverStarts)
}

fn set_state(realm: &mut Realm, id: &str, state: &str) {
    if let Some(job) = realm.backup.jobs.get_mut(id) {
        state.clone_into(&mut job.state);
    }
}

/// A file system with a complete recovery point is backed up incrementally.
fn run(realm: &mut Realm, id: &str, at: Timestamp) {
    let Some(job) = realm.backup.jobs.get(id).cloned() else {
        return;
    };
    let mut points = realm.backup.points.values();
    let incremental = points.any(|each| each.resource == job.resource && each.status == "COMPLETED");
    let durations = &realm.pace.durations;
    let usual = if incremental { durations.incremental_job } else { durations.job };
    let whole = realm.pace.varied(usual, &mut realm.rng);
    let cut = if matches!(job.fate, JobFate::Fails | JobFate::Aborts) { 0.4 } else { 1.0 };
    let until = later(at, seconds(whole.as_secs_f64() * cut));
    if let Some(job) = realm.backup.jobs.get_mut(id) {
        job.state = "RUNNING".to_owned();
        job.run = Some((at, until));
        job.bytes = if incremental { job.bytes / 50 } else { job.bytes };
    }
    plan(realm, id, until, JobStep::Ends);
}

fn end(realm: &mut Realm, id: &str, at: Timestamp) {
    let Some(job) = realm.backup.jobs.get(id).cloned() else {
        return;
    };
    match job.fate {
        JobFate::Fails => {
            let text = "Backup job failed because the IAM role does not have sufficient permissions.";
            finish(realm, id, "FAILED", Some(text), Some("AccessDenied"), at);
        }
        JobFate::Aborts => {
            finish(realm, id, "ABORTED", Some("Backup job was aborted."), Some("ABORTED"), at);
        }
        JobFate::HasIssues => {
            let text = "Some files could not be backed up.";
            complete_point(realm, &job, "COMPLETED", at);
            finish(realm, id, "COMPLETED", Some(text), Some("AccessDenied"), at);
        }
        JobFate::PointStuck => {
            complete_point(realm, &job, "CREATING", at);
            finish(realm, id, "COMPLETED", None, Some("SUCCESS"), at);
        }
        _ => {
            complete_point(realm, &job, "COMPLETED", at);
            finish(realm, id, "COMPLETED", None, Some("SUCCESS"), at);
        }
    }
}

fn complete_point(realm: &mut Realm, job: &Job, status: &str, at: Timestamp) {
    let id = job.resource.rsplit('/').next().unwrap_or_default();
    let copy = job.run.and_then(|(from, until)| realm.files_of(id, from, until));
    if let Some(point) = realm.backup.points.get_mut(&job.point) {
        point.copy = copy;
        status.clone_into(&mut point.status);
        point.run = job.run;
        point.completed = (status == "COMPLETED").then_some(at);
        point.bytes = job.bytes;
        if let Some(days) = point.lifecycle.delete {
            #[expect(clippy::cast_precision_loss, reason = "days")]
            let gone = later(point.created, seconds(days as f64 * 86_400.0));
            plan(realm, &job.id, gone, JobStep::PointGoes);
        }
    }
}

/// A legal hold keeps a recovery point beyond its lifecycle.
fn forget_point(realm: &mut Realm, id: &str, at: Timestamp) {
    let Some(point) = realm.backup.jobs.get(id).map(|job| job.point.clone()) else {
        return;
    };
    if realm.backup.is_held(&point, at) {
        plan(realm, id, later(at, seconds(86_400.0)), JobStep::PointGoes);
    } else {
        realm.backup.points.remove(&point);
    }
}

/// Ends a job; without a complete copy there is no recovery point; the next one begins.
fn finish(realm: &mut Realm, id: &str, state: &str, message: Option<&str>, category: Option<&str>, at: Timestamp) {
    let Some(job) = realm.backup.jobs.get_mut(id) else {
        return;
    };
    state.clone_into(&mut job.state);
    job.message = message.map(str::to_owned);
    job.category = category.map(str::to_owned);
    job.ended = Some(at);
    let (resource, point) = (job.resource.clone(), job.point.clone());
    if state != "COMPLETED" {
        realm.backup.points.remove(&point);
    }
    let queue = realm.backup.queues.entry(resource).or_default();
    let was_first = queue.front().is_some_and(|first| first == id);
    queue.retain(|each| each != id);
    let next = queue.front().cloned().filter(|_| was_first);
    if let Some(next) = next {
        begin(realm, &next, at);
    }
}

fn found<'a>(cx: &'a Cx<'_>, input: &Input) -> Result<&'a Job, AwsError> {
    let id = input.require("backupJobId", "MissingParameterValueException")?;
    let text = format!("Backup job {id} does not exist");
    cx.realm.backup.jobs.get(id).ok_or_else(|| not_found(text))
}

/// `DescribeBackupJob`.
pub(crate) fn describe(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let job = found(cx, input)?;
    Ok(job_row(cx.realm, job, cx.now))
}

/// `ListBackupJobs`: the last thirty days, newest first.
pub(crate) fn list(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let size = window(input)?;
    let month = later(cx.now, -seconds(30.0 * 86400.0));
    let same = |member: &str, value: &str| input.text(member).is_none_or(|given| given == value);
    let fits = |job: &&Job| {
        job.created >= month
            && same("resourceArn", &job.resource)
            && same("state", &job.state)
            && same("backupVaultName", &job.vault)
            && same("resourceType", "EFS")
            && same("accountId", &cx.realm.account)
            && same("messageCategory", job.category.as_deref().unwrap_or(""))
            && input.instant("createdAfter").is_none_or(|at| job.created > at)
            && input.instant("createdBefore").is_none_or(|at| job.created < at)
            && input.instant("completeAfter").is_none_or(|at| job.ended.is_some_and(|end| end > at))
            && input.instant("completeBefore").is_none_or(|at| job.ended.is_some_and(|end| end < at))
    };
    let mut jobs: Vec<&Job> = cx.realm.backup.jobs.values().filter(fits).collect();
    jobs.sort_by_key(|job| std::cmp::Reverse(job.created));
    let (jobs, next) = page(&jobs, input.text("nextToken"), size);
    let rows: Vec<Value> = jobs.into_iter().map(|job| job_row(cx.realm, job, cx.now)).collect();
    Ok(json!({ "BackupJobs": rows, "NextToken": next }))
}

/// `StopBackupJob`: `ABORTING`, then `ABORTED`.
pub(crate) fn stop(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let job = found(cx, input)?;
    if job.is_over() || job.state == "ABORTING" {
        let text = format!("Backup job {} is in state {} and cannot be stopped", job.id, job.state);
        return Err(AwsError::bad("InvalidRequestException", text));
    }
    let id = job.id.clone();
    set_state(cx.realm, &id, "ABORTING");
    let at = cx.realm.exactly_after(cx.now, cx.realm.pace.durations.abort);
    plan(cx.realm, &id, at, JobStep::Aborted);
    Ok(Value::Null)
}
