//! What a run that makes a new stack looks at and does: CreateStack, DeleteStack, the new stack's parts.

use aws_sdk_backup::types as backup;
use aws_sdk_cloudformation::types as sdk;
use futures_util::join;

use super::Aws;
use super::convert::stamp;
use super::pages::Pages;
use super::refusal::{incomplete, refused};
use crate::model::half::Tags;
use crate::model::history::{History, StackEvent};
use crate::model::new_stack::{NewStack, OnFailure, TemplateSource};
use crate::model::rebuild::{Aim, Marks, Parts, RestoreJob};
use crate::model::run::Run;
use crate::model::stack::{Resource, Stack};
use crate::model::{Refusal, RefusalKind, Seen, tags};

const SERVICE: &str = "cloudformation";
/// The largest page AWS Backup gives.
const PAGE: i32 = 1_000;

impl Aws {
    /// CreateStack; the new stack's ARN.
    pub(super) async fn create_stack(&self, new: &NewStack, token: &str) -> Result<String, Refusal> {
        let parameter = |p: &crate::model::new_stack::NewParameter| {
            sdk::Parameter::builder().parameter_key(&p.key).parameter_value(&p.value).build()
        };
        let tag = |t: &crate::model::new_stack::StackTag| sdk::Tag::builder().key(&t.key).value(&t.value).build();
        let create = self
            .cloudformation()
            .create_stack()
            .stack_name(&new.name)
            .client_request_token(token)
            .set_parameters(Some(new.parameters.iter().map(parameter).collect()))
            .set_capabilities(Some(new.capabilities.iter().map(|name| sdk::Capability::from(name.as_str())).collect()))
            .set_tags(Some(new.tags.iter().map(tag).collect()))
            .set_role_arn(new.role_arn.clone())
            .set_notification_arns(Some(new.notification_arns.clone()).filter(|arns| !arns.is_empty()))
            .enable_termination_protection(new.termination_protection)
            .on_failure(match new.on_failure {
                OnFailure::Keep => sdk::OnFailure::DoNothing,
                OnFailure::Rollback => sdk::OnFailure::Rollback,
            });
        let create = match &new.template {
            TemplateSource::Url(url) => create.template_url(url),
            TemplateSource::Body(body) => create.template_body(body),
        };
        let answer = create.send().await.map_err(refused(SERVICE, "CreateStack"))?;
        answer.stack_id.ok_or_else(|| incomplete(SERVICE, "CreateStack", "stack id"))
    }

    /// DeleteStack, by ARN.
    pub(super) async fn delete_stack(&self, stack_id: &str, token: &str) -> Result<(), Refusal> {
        let delete = self.cloudformation().delete_stack().stack_name(stack_id).client_request_token(token);
        delete.send().await.map(drop).map_err(refused(SERVICE, "DeleteStack"))
    }

    /// UpdateTerminationProtection.
    pub(super) async fn protect_stack(&self, stack_id: &str, on: bool) -> Result<(), Refusal> {
        let update = self.cloudformation().update_termination_protection();
        let update = update.stack_name(stack_id).enable_termination_protection(on);
        update.send().await.map(drop).map_err(refused(SERVICE, "UpdateTerminationProtection"))
    }

    /// The new stack, by its ARN or, until that is known, by its name; and its events.
    pub(super) async fn fresh(&self, run: &Run) -> (Seen<Stack>, Seen<History>, Vec<StackEvent>) {
        let Some(aim) = &run.target.aim else { return (Seen::Missing, Seen::Missing, Vec::new()) };
        let name = run.made().id.as_deref().unwrap_or(&aim.name);
        let stack: Seen<Stack> = self.stack(name).await.into();
        let Some(id) = stack.here().map(|stack| stack.id.clone()) else {
            return (stack, Seen::Here(History::default()), Vec::new());
        };
        let (history, new) = match self.fresh_events(&id).await {
            Ok((history, new)) => (Seen::Here(history), new),
            Err(refusal) => (Err(refusal).into(), Vec::new()),
        };
        (stack, history, new)
    }

    /// The new stack's DB cluster, file system and restore jobs.
    pub(super) async fn parts(&self, run: &Run) -> Result<Parts, Refusal> {
        let Some((aim, id)) = run.target.aim.as_ref().zip(run.made().id.as_deref()) else {
            return Ok(Parts::default());
        };
        let (resources, jobs) = join!(self.resources(id), self.restore_jobs(run));
        let resources = resources?;
        let physical = |place: &Option<String>| {
            let place = place.as_ref()?;
            resources.iter().find(|row| row.place() == *place)?.physical_id.clone()
        };
        let cluster = async {
            match physical(&aim.cluster) {
                Some(id) => there(self.cluster(&id).await),
                None => Ok(None),
            }
        };
        let file_system = async {
            match physical(&aim.file_system) {
                Some(id) => there(self.file_system(&id).await),
                None => Ok(None),
            }
        };
        let (cluster, file_system) = join!(cluster, file_system);
        Ok(Parts { cluster: cluster?, file_system: file_system?, jobs: jobs? })
    }

    /// Restore jobs of the recovery point that were begun since the run was.
    async fn restore_jobs(&self, run: &Run) -> Result<Vec<RestoreJob>, Refusal> {
        let mut jobs = Vec::new();
        let mut pages = Pages::of("backup", "ListRestoreJobs");
        let mut token = None;
        loop {
            let list = self.backup().list_restore_jobs().by_created_after(stamp(run.started));
            let page = list.max_results(PAGE).set_next_token(token).send().await;
            let page = page.map_err(refused("backup", "ListRestoreJobs"))?;
            let point = run.restoring();
            let ours =
                |job: &backup::RestoreJobsListMember| point.is_some() && job.recovery_point_arn.as_deref() == point;
            jobs.extend(page.restore_jobs.unwrap_or_default().into_iter().filter(ours).map(into_job));
            token = pages.next(page.next_token)?;
            if token.is_none() {
                return Ok(jobs);
            }
        }
    }

    /// The marks of the backup that is restored, on both halves.
    pub(super) async fn marks(&self, aim: &Aim) -> Result<Marks, Refusal> {
        let (snapshot, point) = join!(self.snapshot(&aim.backup), self.point(&aim.vault, &aim.point));
        let (snapshot, point) = (snapshot?, point?);
        let on_point = point.tags.unwrap_or_default();
        let marked = |there: &Tags| tags::says(there, tags::ID, &aim.backup) && tags::marked(there);
        let drilled = |there: &Tags| there.get(tags::DRILLED).and_then(|at| at.parse().ok());
        let (drilled_snapshot, drilled_point) = (drilled(&snapshot.tags), drilled(&on_point));
        Ok(Marks {
            snapshot: snapshot.status == crate::model::SnapshotStatus::Available && marked(&snapshot.tags),
            point: point.status.complete() && marked(&on_point),
            snapshot_arn: snapshot.arn,
            // Only what both say.
            drilled: drilled_snapshot.zip(drilled_point).map(|(a, b)| std::cmp::min(a, b)),
            drilled_snapshot,
            drilled_point,
        })
    }

    /// Rows of a stack that may be gone; a stack that nobody remembers has none.
    pub(super) async fn rows(&self, stack: &str) -> Result<Vec<Resource>, Refusal> {
        match self.resources(stack).await {
            Err(refusal) if refusal.kind == RefusalKind::NotFound => Ok(Vec::new()),
            answer => answer,
        }
    }
}

/// What is not there is none.
pub(super) fn there<T>(answer: Result<T, Refusal>) -> Result<Option<T>, Refusal> {
    match answer {
        Ok(thing) => Ok(Some(thing)),
        Err(refusal) if refusal.kind == RefusalKind::NotFound => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

fn into_job(job: backup::RestoreJobsListMember) -> RestoreJob {
    RestoreJob {
        id: job.restore_job_id.unwrap_or_default(),
        status: job.status.as_ref().map_or("", backup::RestoreJobStatus::as_str).to_owned(),
        message: job.status_message,
        created: job.created_resource_arn,
        percent: job.percent_done,
    }
}
