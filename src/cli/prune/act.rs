//! Deleting: several backups side by side, since each of them waits most of the time.

use futures_util::StreamExt;
use futures_util::stream;

use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::pace::Pace;
use super::super::signals::Signals;
use super::report::PruneReport;
use crate::aws::Aws;
use crate::engine::prune::{Doomed, Job, Outcome};
use crate::model::retention::TagRule;
use crate::world;

/// Deletions at the same time. AWS Backup takes ten a second of the whole account.
const ABREAST: usize = 8;

/// One deletion, or one that is undone.
pub(super) struct Task {
    job: Job,
    deletes: bool,
}

impl Task {
    pub(super) fn delete(doomed: Doomed, keep: &[TagRule]) -> Self {
        Self { job: Job::new(doomed, keep.to_vec()), deletes: true }
    }

    /// What an earlier prune has begun is undone.
    pub(super) fn spare(doomed: Doomed, why: String) -> Self {
        let mut job = Job::new(doomed, Vec::new());
        job.spare = Some(why);
        Self { job, deletes: false }
    }

    pub(super) fn deletes(&self) -> bool {
        self.deletes
    }
}

/// Goes through them; the first failure. Ctrl-C leaves at once: whatever is half done is finished by the next prune.
pub(super) async fn perform(cx: &Context, aws: &Aws, report: &mut PruneReport, tasks: Vec<Task>) -> Option<Failure> {
    let mut signals = Signals::listen();
    let pace = Pace::new(cx.globals.poll_interval);
    let mut failures = Vec::new();
    let mut going = stream::iter(tasks).map(|task| one(aws, task.job, pace)).buffer_unordered(ABREAST);
    loop {
        let (doomed, outcome) = tokio::select! {
            biased;
            _ = signals.next() => return Some(interrupted(cx, aws)),
            done = going.next() => match done {
                Some(done) => done,
                None => break,
            },
        };
        failures.extend(told(cx, &doomed, &outcome));
        report.became(&doomed, &outcome);
    }
    failures.into_iter().next()
}

/// Drives one to its end.
async fn one(aws: &Aws, job: Job, pace: Pace) -> (Doomed, Outcome) {
    let mut job = job;
    loop {
        let (next, done) = world::prune(aws, job).await;
        job = next;
        match done {
            Ok(outcome) => return (job.doomed, outcome),
            Err(wait) => tokio::time::sleep(pace.sleep(wait)).await,
        }
    }
}

fn told(cx: &Context, doomed: &Doomed, outcome: &Outcome) -> Option<Failure> {
    let id = &doomed.id;
    match outcome {
        Outcome::Deleted => cx.tell(&format!("deleted {id}")),
        Outcome::Kept(why) => cx.tell(&format!("kept {id}: {why}")),
        Outcome::Failed { why, hint } => {
            let what = format!("{id} was not deleted");
            cx.warn(&format!("{what}: {why}"));
            let failure = Failure::new(Exit::Failed, "not-deleted", what).why(why.clone());
            return Some(failure.hint(hint.clone()));
        }
    }
    None
}

fn interrupted(cx: &Context, aws: &Aws) -> Failure {
    Failure::new(Exit::Interrupted, "interrupted", "interrupted: what is half deleted is listed as incomplete")
        .hint(format!("`{}` goes on", cx.command(&["prune"], Some(aws.region()))))
}
