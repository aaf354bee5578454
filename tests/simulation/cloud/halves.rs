//! AWS Backup: jobs and recovery points; and what both halves have in common.

use stacksnap::engine::Done;
use stacksnap::model::half::{FileSystem, Job, RecoveryPoint, Tags};
use stacksnap::model::run::{Run, StartedJob};
use stacksnap::model::{JobState, PointStatus, Refusal, RefusalKind, Seen};

use super::fates::{JobFate, take};
use super::{Cloud, FILES, Millis, at, refusal};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Half {
    pub id: String,
    pub tags: Tags,
    pub created: Millis,
    pub done: Millis,
    pub stopped: Option<Millis>,
    pub fate: JobFate,
    pub token: String,
}

impl Cloud {
    pub(super) fn job(&self, started: Option<&StartedJob>, id: &str) -> Seen<Job> {
        let by_tag = |half: &&Half| half.tags.get("stacksnap:id").is_some_and(|tag| tag == id);
        let half = match started {
            Some(job) => self.jobs.iter().find(|half| half.id == job.id),
            None => self.jobs.iter().find(by_tag),
        };
        half.map_or(Seen::Missing, |half| Seen::Here(self.show_job(half)))
    }

    pub(super) fn show_job(&self, half: &Half) -> Job {
        let done = self.now >= half.done;
        let state = match (half.stopped.is_some(), half.fate, done) {
            (true, ..) => JobState::Aborted,
            // AWS Backup gives a job that cannot start eight hours, by default.
            (_, JobFate::NeverStarts, _) if self.now > half.created + 8 * 3_600_000 => JobState::Expired,
            (_, JobFate::NeverStarts, _) => JobState::Created,
            (.., false) => JobState::Running,
            (_, JobFate::Fails, true) => JobState::Failed,
            (_, JobFate::HasIssues | JobFate::Completes, true) => JobState::Completed,
        };
        let issues = half.fate == JobFate::HasIssues && done;
        let completed = (state == JobState::Completed).then(|| at(half.done));
        Job {
            id: half.id.clone(),
            recovery_point: Some(format!("arn:point/{}", half.id)),
            message: issues.then(|| "some files were skipped".to_owned()),
            category: (state == JobState::Completed).then(|| if issues { "FAILURE" } else { "SUCCESS" }.to_owned()),
            percent: Some(percent(half, self.now)),
            bytes: None,
            created: Some(at(half.created)),
            completed,
            state,
        }
    }

    pub(super) fn point(&self, run: &Run) -> Seen<RecoveryPoint> {
        let Some(half) = run.files.as_ref().and_then(|files| self.jobs.iter().find(|half| half.id == files.id)) else {
            return Seen::Missing;
        };
        let status = if self.now >= half.done + self.fates.point_is_late {
            PointStatus::Completed
        } else {
            PointStatus::Creating
        };
        Seen::Here(RecoveryPoint {
            arn: format!("arn:point/{}", half.id),
            vault: "vault".into(),
            resource: FILES.into(),
            status: if half.stopped.is_some() { PointStatus::Expired } else { status },
            created: Some(at(half.created)),
            completed: None,
            bytes: None,
            by_plan: false,
            tags: Some(half.tags.clone()),
        })
    }

    pub(super) fn others(&self, run: &Run) -> Vec<String> {
        let ours = |half: &Half| half.tags.values().any(|tag| tag == run.id.as_str());
        let active = |half: &&Half| self.show_job(half).state.active();
        self.jobs.iter().filter(active).filter(|half| !ours(half)).map(|half| half.id.clone()).collect()
    }

    pub(super) fn start_job(&mut self, token: &str, tags: &[(String, String)]) -> StartedJob {
        if let Some(half) = self.jobs.iter().find(|half| half.token == token) {
            return StartedJob { id: half.id.clone(), point: Some(format!("arn:point/{}", half.id)) };
        }
        let fate = std::mem::take(&mut self.fates.job);
        let id = format!("job-{}", self.jobs.len());
        let half = self.half(id.clone(), tags, self.took.job, fate, token.to_owned());
        self.jobs.push(half);
        StartedJob { point: Some(format!("arn:point/{id}")), id }
    }

    pub(super) fn half(
        &mut self,
        id: String,
        tags: &[(String, String)],
        long: Millis,
        fate: JobFate,
        token: String,
    ) -> Half {
        self.effects += 1;
        let sticks = !take(&mut self.fates.tags_do_not_stick);
        let kept = |key: &str| sticks || key == "stacksnap:id" || key == "stacksnap:stack-id";
        let tags = tags.iter().filter(|(key, _)| kept(key)).cloned().collect();
        Half { id, tags, created: self.now, done: self.now + long, stopped: None, fate, token }
    }

    pub(super) fn stop_job(&mut self, id: &str) -> Result<Done, Refusal> {
        let now = self.now;
        let state = self.jobs.iter().find(|half| half.id == id).map(|half| self.show_job(half).state);
        if !state.is_some_and(|state| state.active()) {
            return Err(refusal(RefusalKind::WrongState, "StopBackupJob"));
        }
        self.effects += 1;
        if let Some(half) = self.jobs.iter_mut().find(|half| half.id == id) {
            half.stopped = Some(now);
        }
        Ok(Done::Ok)
    }

    pub(super) fn tag(&mut self, arn: &str, tags: &[(String, String)], snapshot: bool) -> Result<Done, Refusal> {
        if let Some(done) = self.mark(arn, tags) {
            return done;
        }
        let halves = if snapshot { &mut self.snapshots } else { &mut self.jobs };
        let half = halves.iter_mut().find(|half| arn.ends_with(&format!("/{}", half.id)));
        let Some(half) = half else { return Err(refusal(RefusalKind::NotFound, "Tag")) };
        half.tags.extend(tags.iter().cloned());
        self.effects += 1;
        Ok(Done::Ok)
    }
}

pub(super) fn percent(half: &Half, now: Millis) -> u8 {
    let share = (now - half.created) * 100 / (half.done - half.created).max(1);
    u8::try_from(share.clamp(0, 100)).unwrap()
}

pub(super) fn file_system() -> FileSystem {
    FileSystem { id: "fs-1".into(), arn: FILES.into(), state: "available".into(), bytes: None, kms_key: None }
}
