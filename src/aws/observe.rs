//! One look at what a run is about: [`World`] on AWS.

use std::future::Future;
use std::sync::Arc;

use futures_util::join;
use jiff::Timestamp;

use super::Aws;
use super::convert::seen;
use super::events::Events;
use super::parameter_store::record_name;
use crate::engine::{Action, Look, Observation, Seed};
use crate::model::half::{Job, RecoveryPoint, Tags};
use crate::model::history::{History, StackEvent};
use crate::model::run::{Lock, Run};
use crate::model::survey::ActiveJob;
use crate::model::{BackupId, Refusal, Seen, tags};
use crate::world::{Answer, Locked, World};

impl World for Aws {
    /// Everything at once, then the history, and the stack last: whatever an observation makes one
    /// believe about the stack's mode was true *after* the change set's ARN in it was read (rule 1).
    async fn observe(&self, run: &Run, look: Look) -> Observation {
        let target = &run.target;
        let parts = async {
            join!(
                when(look.record, self.record(&target.stack, &run.id)),
                when(look.change_sets, of(self.change_sets(&target.stack_id))),
                when(look.cluster, of(self.cluster(&target.cluster))),
                when(look.file_system, of(self.file_system(&target.file_system))),
                when(look.snapshot, of(self.snapshot(run.id.as_str()))),
                Box::pin(self.files(run, look)),
                when(look.seed, self.seed(run)),
                when(look.secret, self.secret_version(run)),
                when(look.others, of(self.others(run))),
                when(look.point_tags, self.point_tags(run)),
            )
        };
        let (record, change_sets, cluster, file_system, snapshot, (job, point), seed, secret, others, point_tags) =
            parts.await;
        let rebuild = Box::pin(self.rebuild(run, look)).await;
        let (history, mut new_events) = Box::pin(self.history(run, look)).await;
        new_events.extend(rebuild.new_events);
        let stack = when(look.stack, of(self.stack(&target.stack_id))).await;
        Observation {
            look,
            record,
            stack,
            history,
            new_events,
            change_sets,
            cluster,
            file_system,
            snapshot,
            job,
            point,
            point_tags,
            seed,
            secret,
            others,
            ..rebuild
        }
    }

    async fn observe_all(&self, wanted: &[(Run, Look)]) -> Vec<Observation> {
        self.look_at_all(wanted).await
    }

    async fn save(&self, run: &Run) -> Result<(), Refusal> {
        self.put_record(run).await
    }

    async fn perform(&self, action: &Action) -> Answer {
        self.act(action).await
    }

    async fn lock(&self, stack: &str, lock: &Lock) -> Result<Locked, Refusal> {
        self.take_lock(stack, lock).await
    }

    async fn holder(&self, stack: &str) -> Seen<Lock> {
        self.read_lock(stack).await.into()
    }

    async fn record(&self, stack: &str, run: &BackupId) -> Seen<Run> {
        let read: Seen<Run> = self.get_record(stack, run).await.into();
        if matches!(read, Seen::Missing) {
            self.forget_record(&record_name(stack, run));
        }
        read
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Boxed: ten calls side by side would not fit on a thread's stack.
fn when<T>(asked: bool, look: impl Future<Output = Seen<T>>) -> impl Future<Output = Seen<T>> {
    let look = asked.then(|| Box::pin(look));
    async move {
        match look {
            Some(look) => look.await,
            None => Seen::NotLooked,
        }
    }
}

async fn of<T>(call: impl Future<Output = Result<T, Refusal>>) -> Seen<T> {
    call.await.into()
}

impl Aws {
    /// What concerns the manifest and a new stack; the new stack before its parts, which are told by it.
    async fn rebuild(&self, run: &Run, look: Look) -> Observation {
        let aim = run.target.aim.as_ref();
        let kept = async {
            join!(
                when(look.manifest, self.manifest_digest(run)),
                when(look.plan, async { of(self.plan(run)).await.map(Arc::new) }),
                when(look.marks, async {
                    match aim {
                        Some(aim) => of(self.marks(aim)).await,
                        None => Seen::Missing,
                    }
                }),
                when(look.probe, self.probe(run)),
            )
        };
        let (manifest, plan, marks, probe) = kept.await;
        let (fresh, fresh_history, new_events) =
            if look.fresh { Box::pin(self.fresh(run)).await } else { (Seen::NotLooked, Seen::NotLooked, Vec::new()) };
        let parts = when(look.parts, of(self.parts(run))).await;
        let remains = when(look.remains, of(self.remains(run))).await;
        Observation {
            manifest,
            plan,
            marks,
            probe,
            fresh,
            fresh_history,
            new_events,
            parts,
            remains,
            ..Observation::default()
        }
    }

    /// The digest of the manifest as it is kept, where the run says.
    async fn manifest_digest(&self, run: &Run) -> Seen<String> {
        let Some((_, place)) = run.manifest.as_deref().and_then(tags::read_manifest) else { return Seen::Missing };
        of(self.kept_manifest(&place, &run.target.stack, run.id.as_str())).await.map(|kept| kept.digest)
    }

    async fn history(&self, run: &Run, look: Look) -> (Seen<History>, Vec<StackEvent>) {
        if !look.history {
            return (Seen::NotLooked, Vec::new());
        }
        match self.events(&run.target.stack_id, run.base.as_deref()).await {
            Ok(Events { history, new }) => (Seen::Here(history), new),
            Err(refusal) => (Err(refusal).into(), Vec::new()),
        }
    }

    /// The files' half: its job, and its recovery point, whose ARN the job tells where the run's
    /// record does not.
    async fn files(&self, run: &Run, look: Look) -> (Seen<Job>, Seen<RecoveryPoint>) {
        match run.files.as_ref().and_then(|files| files.point.clone()) {
            Some(arn) => {
                let point = when(look.point, of(self.point(&run.target.vault, &arn)));
                join!(when(look.job, self.files_job(run)), point)
            }
            None => Box::pin(self.files_in_turn(run, look)).await,
        }
    }

    async fn files_in_turn(&self, run: &Run, look: Look) -> (Seen<Job>, Seen<RecoveryPoint>) {
        let job = when(look.job || look.point, self.files_job(run)).await;
        let point = match (look.point, &job) {
            (false, _) | (_, Seen::NotLooked) => Seen::NotLooked,
            (true, Seen::Unknown(refusal)) => Seen::Unknown(refusal.clone()),
            (true, Seen::Missing) => Seen::Missing,
            (true, Seen::Here(job)) => match &job.recovery_point {
                Some(arn) => Box::pin(of(self.point(&run.target.vault, arn))).await,
                None => Seen::Missing,
            },
        };
        (if look.job { job } else { Seen::NotLooked }, point)
    }

    /// By its id; where that was lost, by its tag; where nothing was asked for, there is none.
    async fn files_job(&self, run: &Run) -> Seen<Job> {
        match &run.files {
            Some(files) => of(self.job(&files.id)).await,
            None if run.asked.is_some() => seen(self.job_of(&run.id, &run.target.file_system).await),
            None => Seen::Missing,
        }
    }

    /// Where its ARN is not known any more, a full look finds it.
    async fn point_tags(&self, run: &Run) -> Seen<Tags> {
        match run.files.as_ref().and_then(|files| files.point.as_ref()) {
            Some(arn) => of(self.tags_of(arn)).await,
            None => Seen::NotLooked,
        }
    }

    async fn seed(&self, run: &Run) -> Seen<Seed> {
        match &run.seed {
            Some(seed) => of(self.job(&seed.id)).await.map(Seed::Job),
            None => of(self.newest_point(&run.target.vault, &run.target.file_system)).await.map(Seed::Newest),
        }
    }

    async fn secret_version(&self, run: &Run) -> Seen<Option<String>> {
        match &run.target.secret {
            Some(arn) => of(self.secret(arn)).await.map(|secret| secret.version),
            None => Seen::Here(None),
        }
    }

    /// Others' active jobs on the file system: this run's own are not in its way.
    async fn others(&self, run: &Run) -> Result<Vec<String>, Refusal> {
        Ok(others(run, self.active_jobs(&run.target.file_system).await?))
    }
}

/// The ids of those jobs that are not the run's own.
pub(super) fn others(run: &Run, jobs: Vec<ActiveJob>) -> Vec<String> {
    let own = |id: &String| [&run.files, &run.seed].into_iter().flatten().any(|job| job.id == *id);
    jobs.into_iter().map(|job| job.id).filter(|id| !own(id)).collect()
}
