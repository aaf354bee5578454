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
use crate::world;

/// Deletions at the same time. AWS Backup takes ten a second of the whole account.
const ABREAST: usize = 8;

/// Goes through them; the first failure. The first deletion goes alone: the right that it lacks, all lack, and half of each
/// would be lost. Ctrl-C leaves at once: whatever is half done is finished, or given back, by the next prune.
pub(super) async fn perform(cx: &Context, aws: &Aws, report: &mut PruneReport, jobs: Vec<Job>) -> Option<Failure> {
    let mut signals = Signals::listen();
    let pace = Pace::whole(&cx.globals);
    let mut failures = Failures { cx, first: None, count: 0 };
    let (mut jobs, mut abreast) = (jobs, 1);
    while !jobs.is_empty() {
        let rest = jobs.split_off(abreast.min(jobs.len()));
        let mut going = stream::iter(jobs).map(|job| one(aws, job, pace)).buffer_unordered(ABREAST);
        let mut denied = false;
        loop {
            let (doomed, outcome) = tokio::select! {
                biased;
                _ = signals.next() => {
                    report.interrupted();
                    return Some(interrupted(cx, aws, report));
                }
                done = going.next() => match done {
                    Some(done) => done,
                    None => break,
                },
            };
            denied |= matches!(outcome, Outcome::Failed { denied: true, .. });
            failures.told(&doomed, &outcome);
            report.became(&doomed, &outcome);
        }
        if denied && !rest.is_empty() {
            cx.warn(&format!("{} more were not begun", rest.len()));
            break;
        }
        (jobs, abreast) = (rest, usize::MAX);
    }
    failures.first
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

struct Failures<'a> {
    cx: &'a Context,
    first: Option<Failure>,
    count: usize,
}

impl Failures<'_> {
    fn told(&mut self, doomed: &Doomed, outcome: &Outcome) {
        let id = &doomed.id;
        match outcome {
            Outcome::Deleted => self.cx.tell(&format!("deleted {id}")),
            Outcome::Kept(why) => self.cx.tell(&format!("kept {id}: {why}")),
            Outcome::Failed { why, hint, .. } => {
                self.count += 1;
                self.cx.warn(&format!("{id} was not deleted: {why}"));
                let failure = self.first.take().unwrap_or_else(|| {
                    Failure::new(Exit::Failed, "not-deleted", String::new())
                        .why(format!("{id}: {why}"))
                        .hint(hint.clone())
                });
                let what = if self.count == 1 {
                    format!("{id} was not deleted")
                } else {
                    format!("{} backups were not deleted", self.count)
                };
                self.first = Some(Failure { what, ..failure });
            }
        }
    }
}

fn interrupted(cx: &Context, aws: &Aws, report: &PruneReport) -> Failure {
    let stack = match report.items.as_slice() {
        [one] => one.stack.as_str(),
        _ => "STACK",
    };
    let again = cx.command(&["prune", stack], Some(aws.region()));
    Failure::new(Exit::Interrupted, "interrupted", "interrupted: what was begun is listed as incomplete")
        .hint(format!("the next prune goes on, by the rules that it is given: `{again}`"))
        .hint("what is still whole can be given back: `stacksnap keep ID`")
}
