//! Backup jobs, and the copy jobs that stand in their way.

use aws_sdk_backup::operation::describe_backup_job::DescribeBackupJobOutput;
use aws_sdk_backup::types as sdk;
use aws_smithy_types::DateTime;
use jiff::{SignedDuration, Timestamp};

use super::Aws;
use super::convert::{at, bytes, percent};
use super::pages::Pages;
use super::refusal::{incomplete, refused};
use crate::engine::NewJob;
use crate::model::half::Job;
use crate::model::run::StartedJob;
use crate::model::survey::ActiveJob;
use crate::model::{BackupId, Refusal, RefusalKind, tags};

const SERVICE: &str = "backup";
/// The largest page AWS Backup gives.
const PAGE: i32 = 1_000;
/// How many of the newest jobs are asked whose they are, where a job's id was lost.
const CANDIDATES: usize = 10;
/// No job lasts longer: seven days for a backup of a file system, and the hours in which it may begin. Source: AWS Backup's
/// Developer Guide, "Creating a backup plan", and Amazon EFS's, "Backing up EFS file systems".
const LONGEST: SignedDuration = SignedDuration::from_hours(8 * 24);

/// Which jobs are listed; without either, AWS Backup shows those of the last 30 days.
#[derive(Clone, Copy)]
enum Which<'a> {
    /// Those of one resource.
    Of(&'a str),
    /// Those that were created since.
    Since(DateTime),
}

impl Which<'_> {
    fn resource(self) -> Option<String> {
        if let Self::Of(arn) = self { Some(arn.to_owned()) } else { None }
    }

    fn since(self) -> Option<DateTime> {
        if let Self::Since(at) = self { Some(at) } else { None }
    }
}

impl Aws {
    /// One backup job.
    pub(super) async fn job(&self, id: &str) -> Result<Job, Refusal> {
        let describe = self.backup().describe_backup_job().backup_job_id(id);
        describe.send().await.map(Job::from).map_err(refused(SERVICE, "DescribeBackupJob"))
    }

    /// The job that was started for `run`, found by the tag on its recovery point: for a driver that
    /// died before it could write the id down.
    pub(super) async fn job_of(&self, run: &BackupId, file_system: &str) -> Result<Option<Job>, Refusal> {
        let mut jobs: Vec<Job> = self.jobs_of(file_system).await?.into_iter().map(Job::from).collect();
        jobs.sort_by_key(|job| std::cmp::Reverse(job.created));
        for job in jobs.into_iter().filter(|job| job.recovery_point.is_some()).take(CANDIDATES) {
            if self.is_of(&job, run).await? {
                return Ok(Some(job));
            }
        }
        Ok(None)
    }

    async fn is_of(&self, job: &Job, run: &BackupId) -> Result<bool, Refusal> {
        let Some(point) = &job.recovery_point else { return Ok(false) };
        match self.tags_of(point).await {
            Ok(tags) => Ok(tags.get(tags::ID).is_some_and(|id| id == run.as_str())),
            Err(refusal) if refusal.kind == RefusalKind::NotFound => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }

    /// Jobs on the file system that are under way: AWS Backup works on one at a time.
    pub(super) async fn active_jobs(&self, file_system: &str) -> Result<Vec<ActiveJob>, Refusal> {
        let of = Which::Of(file_system);
        Ok(self.active(of).await?.into_iter().map(|(_, job)| job).collect())
    }

    /// Jobs of every resource that are under way, each with the resource's ARN.
    pub(super) async fn active_jobs_of_all(&self) -> Result<Vec<(String, ActiveJob)>, Refusal> {
        let since = Timestamp::now().saturating_sub(LONGEST).unwrap_or(Timestamp::MIN);
        self.active(Which::Since(DateTime::from_secs(since.as_second()))).await
    }

    async fn active(&self, which: Which<'_>) -> Result<Vec<(String, ActiveJob)>, Refusal> {
        let (backups, copies) = futures_util::join!(self.listed_jobs(which), self.listed_copies(which));
        let backups = backups?.into_iter().filter_map(active_backup);
        Ok(backups.chain(copies?.into_iter().filter_map(active_copy)).collect())
    }

    async fn jobs_of(&self, file_system: &str) -> Result<Vec<sdk::BackupJob>, Refusal> {
        self.listed_jobs(Which::Of(file_system)).await
    }

    /// Every backup job that was created since.
    pub(super) async fn jobs_created_since(&self, since: Timestamp) -> Result<Vec<Job>, Refusal> {
        let rows = self.listed_jobs(Which::Since(DateTime::from_secs(since.as_second()))).await?;
        Ok(rows.into_iter().map(Job::from).collect())
    }

    async fn listed_jobs(&self, which: Which<'_>) -> Result<Vec<sdk::BackupJob>, Refusal> {
        let mut jobs = Vec::new();
        let mut pages = Pages::of(SERVICE, "ListBackupJobs");
        let mut token = None;
        loop {
            let list = self.backup().list_backup_jobs().set_by_resource_arn(which.resource());
            let list = list.set_by_created_after(which.since()).max_results(PAGE);
            let page = list.set_next_token(token).send().await.map_err(refused(SERVICE, "ListBackupJobs"))?;
            jobs.extend(page.backup_jobs.unwrap_or_default());
            token = pages.next(page.next_token)?;
            if token.is_none() {
                return Ok(jobs);
            }
        }
    }

    async fn listed_copies(&self, which: Which<'_>) -> Result<Vec<sdk::CopyJob>, Refusal> {
        let mut jobs = Vec::new();
        let mut pages = Pages::of(SERVICE, "ListCopyJobs");
        let mut token = None;
        loop {
            let list = self.backup().list_copy_jobs().set_by_resource_arn(which.resource());
            let list = list.set_by_created_after(which.since()).max_results(PAGE);
            let page = list.set_next_token(token).send().await.map_err(refused(SERVICE, "ListCopyJobs"))?;
            jobs.extend(page.copy_jobs.unwrap_or_default());
            token = pages.next(page.next_token)?;
            if token.is_none() {
                return Ok(jobs);
            }
        }
    }

    /// StartBackupJob. The same token again gives the same job.
    pub(super) async fn start_job(&self, new: &NewJob) -> Result<StartedJob, Refusal> {
        let start = self
            .backup()
            .start_backup_job()
            .backup_vault_name(&new.vault)
            .resource_arn(&new.file_system)
            .iam_role_arn(&new.role)
            .idempotency_token(&new.token)
            .set_recovery_point_tags(Some(new.tags.iter().cloned().collect()));
        let answer = start.send().await.map_err(refused(SERVICE, "StartBackupJob"))?;
        let id = answer.backup_job_id.ok_or_else(|| incomplete(SERVICE, "StartBackupJob", "backup job id"))?;
        Ok(StartedJob { id, point: answer.recovery_point_arn })
    }

    /// StopBackupJob.
    pub(super) async fn stop_job(&self, id: &str) -> Result<(), Refusal> {
        let stop = self.backup().stop_backup_job().backup_job_id(id);
        stop.send().await.map(drop).map_err(refused(SERVICE, "StopBackupJob"))
    }

    /// EFS is opted in for AWS Backup in this region; `None` where AWS does not say.
    pub(super) async fn efs_opt_in(&self) -> Result<Option<bool>, Refusal> {
        let describe = self.backup().describe_region_settings();
        let answer = describe.send().await.map_err(refused(SERVICE, "DescribeRegionSettings"))?;
        Ok(answer.resource_type_opt_in_preference.unwrap_or_default().get("EFS").copied())
    }
}

macro_rules! jobs {
    ($($shape:ty),+) => {
        $(impl From<$shape> for Job {
            fn from(job: $shape) -> Self {
                Self {
                    id: job.backup_job_id.unwrap_or_default(),
                    recovery_point: job.recovery_point_arn,
                    state: job.state.as_ref().map_or("", sdk::BackupJobState::as_str).into(),
                    message: job.status_message,
                    category: job.message_category,
                    percent: job.percent_done.as_deref().and_then(percent),
                    bytes: bytes(job.bytes_transferred),
                    created: at(job.creation_date.as_ref()),
                    completed: at(job.completion_date.as_ref()),
                }
            }
        })+
    };
}

// The description and the list's row say the same in types of their own.
jobs!(DescribeBackupJobOutput, sdk::BackupJob);

fn active_backup(row: sdk::BackupJob) -> Option<(String, ActiveJob)> {
    let resource = row.resource_arn.clone().unwrap_or_default();
    let job = Job::from(row);
    let active = job.state.active();
    active.then(|| (resource, ActiveJob { what: "backup", id: job.id, state: job.state.as_str().to_owned() }))
}

fn active_copy(job: sdk::CopyJob) -> Option<(String, ActiveJob)> {
    let state = job.state.as_ref().map_or("", sdk::CopyJobState::as_str).to_owned();
    let active = !matches!(state.as_str(), "COMPLETED" | "FAILED" | "PARTIAL");
    let resource = job.resource_arn.unwrap_or_default();
    active.then(|| (resource, ActiveJob { what: "copy", state, id: job.copy_job_id.unwrap_or_default() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::JobState;

    #[test]
    fn a_jobs_progress_is_read_from_text() {
        let output = DescribeBackupJobOutput::builder()
            .backup_job_id("j")
            .state("RUNNING".into())
            .percent_done("42.7")
            .bytes_transferred(1_024)
            .build();
        let job = Job::from(output);
        assert_eq!((job.state, job.percent, job.bytes), (JobState::Running, Some(42), Some(1_024)));
    }

    #[test]
    fn a_copy_job_in_a_state_of_tomorrow_still_holds_the_file_system() {
        let copy = |state: &str| active_copy(sdk::CopyJob::builder().copy_job_id("c").state(state.into()).build());
        assert!(copy("CREATED").is_some() && copy("RUNNING").is_some() && copy("PONDERING").is_some());
        assert!(copy("COMPLETED").is_none() && copy("FAILED").is_none() && copy("PARTIAL").is_none());
    }
}
