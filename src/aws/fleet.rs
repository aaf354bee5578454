//! Looking at what many runs need at once: pages in place of a call for each.
//!
//! The order of one look holds for all of them: each run's change sets and history are read before its stack (rule 1). One page of
//! stacks, read after all the other pages, tells whose history and change sets have to be asked for at all (`known`): those of a stack
//! on which nothing has happened since are as they were, and the page is what was read last. Only stacks of which something had to
//! be asked are read once more.

use std::collections::{HashMap, HashSet};

use aws_sdk_cloudformation::types as sdk;
use futures_util::future::{join_all, ready};
use futures_util::join;
use jiff::{SignedDuration, Timestamp};

use super::Aws;
use super::cloudformation::into_stack;
use super::known::Print;
use super::observe::others;
use super::parameter_store::record_name;
use super::values::Values;
use crate::engine::{Look, Observation};
use crate::model::change_set::ChangeSet;
use crate::model::half::{Cluster, FileSystem, Job, Snapshot};
use crate::model::history::{History, StackEvent};
use crate::model::run::{Kind, Run};
use crate::model::stack::Stack;
use crate::model::survey::ActiveJob;
use crate::model::{BackupId, Refusal, Seen};
use crate::world::World;

/// From this many runs on a page is cheaper than a call for each.
const WORTH: usize = 4;
/// The most values one of RDS's filters takes.
const FILTER: usize = 100;

/// What was done to a stack, and whether AWS was asked for it after its print was read.
struct Doings {
    sets: Seen<Vec<ChangeSet>>,
    history: Seen<History>,
    /// Events that this process had not seen before.
    news: Vec<StackEvent>,
    asked: bool,
}

impl Doings {
    fn unknown(wanted: Look, refusal: &Refusal) -> Self {
        let sets = if wanted.change_sets { Seen::Unknown(refusal.clone()) } else { Seen::NotLooked };
        let history = if wanted.history { Seen::Unknown(refusal.clone()) } else { Seen::NotLooked };
        Self { sets, history, news: Vec::new(), asked: false }
    }
}

/// Stacks with their prints, by their ARNs.
type Printed = HashMap<String, Result<(Stack, Print), Refusal>>;

/// What was read for all of them; a part that nobody asked for, or that was not worth it, is empty.
#[derive(Default)]
struct Pool {
    values: Values,
    clusters: Option<Read<Cluster>>,
    file_systems: Option<Read<FileSystem>>,
    snapshots: Option<Read<Snapshot>>,
    jobs: Option<Read<Job>>,
    /// Jobs under way, by the resource's ARN.
    others: Option<Read<Vec<ActiveJob>>>,
}

impl Aws {
    /// One look for each of `wanted`, in their order.
    pub(super) async fn look_at_all(&self, wanted: &[(Run, Look)]) -> Vec<Observation> {
        let simple =
            |run: &Run| matches!(run.kind, Kind::Backup { .. } | Kind::Offline | Kind::Online | Kind::Home { .. });
        if !wanted.iter().all(|(run, _)| simple(run)) {
            return join_all(wanted.iter().map(|(run, look)| self.observe(run, *look))).await;
        }
        let pool = self.pool(wanted).await;
        let parts = join_all(wanted.iter().map(|(run, look)| self.observe(run, pool.rest(run, *look)))).await;
        // After the parts: an operation that is older than what they show is in the history that this print vouches for.
        let asking = wanted.iter().filter(|(_, look)| look.stack || look.history || look.change_sets);
        let page = self.printed(&asking.map(|(run, _)| run.target.stack_id.as_str()).collect::<Vec<_>>()).await;
        let own = join_all(wanted.iter().map(|(run, look)| self.doings(run, *look, &page))).await;
        // The stacks last: whatever a look makes one believe about a mode was true after the change sets were read. Where
        // nothing had to be asked after that page, it was read last.
        let again = wanted.iter().zip(&own).filter(|((_, look), doings)| look.stack && doings.asked);
        let again: Vec<&str> = again.map(|((run, _), _)| run.target.stack_id.as_str()).collect();
        let last = self.printed(&again).await;
        let each = wanted.iter().zip(parts).zip(own).map(|(((run, look), seen), doings)| {
            let mut seen = pool.fill(run, *look, seen);
            if look.stack {
                let from = if doings.asked { &last } else { &page };
                let stack = from.get(&run.target.stack_id).cloned().map(|found| found.map(|(stack, _)| stack));
                seen.stack = stack.map_or(Seen::Missing, Seen::from);
            }
            let Doings { sets: change_sets, history, news: new_events, .. } = doings;
            Observation { look: *look, change_sets, history, new_events, ..seen }
        });
        each.collect()
    }

    /// What is done to the stack: with its print, read before, its change sets and its history are only asked for where something
    /// has happened; in the order of a look, the change sets first.
    async fn doings(&self, run: &Run, look: Look, page: &Printed) -> Doings {
        let id = &run.target.stack_id;
        let wanted = Look { change_sets: look.change_sets, history: look.history, ..Look::NONE };
        let print = match page.get(id) {
            // AWS has no time, and would have none for more calls.
            Some(Err(refusal)) if refusal.kind.passes() => return Doings::unknown(wanted, refusal),
            Some(Ok((_, print))) => Some(print),
            _ => None,
        };
        // Whoever gives up may cancel an update, and cleans up after other processes: that is decided on what AWS says now.
        let Some(print) = print.filter(|_| !(run.failing() || run.abort)) else {
            let Observation { change_sets: sets, history, new_events: news, .. } = self.observe(run, wanted).await;
            return Doings { sets, history, news, asked: true };
        };
        let mut asked = false;
        let sets = if look.change_sets { self.sets_since(id, print, &mut asked).await.into() } else { Seen::NotLooked };
        if !look.history {
            return Doings { sets, history: Seen::NotLooked, news: Vec::new(), asked };
        }
        let base = run.base.as_deref();
        if let Some(history) = self.known_history(id, base, print) {
            return Doings { sets, history: Seen::Here(history), news: Vec::new(), asked };
        }
        let Observation { history, new_events: news, .. } = self.observe(run, Look::EVENTS).await;
        history.here().into_iter().for_each(|history| self.history_read(id, base, print, history));
        Doings { sets, history, news, asked: true }
    }

    /// The stacks with their prints: from a page, where enough are asked for; what it does not show is asked for by itself.
    async fn printed(&self, ids: &[&str]) -> Printed {
        let mut found = Printed::new();
        if ids.len() >= WORTH {
            match self.printed_stacks().await {
                Ok(all) => found.extend(all.into_iter().map(|(stack, print)| (stack.id.clone(), Ok((stack, print))))),
                // AWS has no time, and would have none for a call of each.
                Err(refusal) if refusal.kind.passes() => {
                    found.extend(ids.iter().map(|id| ((*id).to_owned(), Err(refusal.clone()))));
                }
                Err(_) => {}
            }
        }
        let left: Vec<&str> = ids.iter().filter(|id| !found.contains_key(**id)).copied().collect();
        let each = join_all(left.iter().map(|id| self.printed_stack(id))).await;
        found.extend(left.iter().map(|id| (*id).to_owned()).zip(each));
        found
    }

    async fn printed_stack(&self, id: &str) -> Result<(Stack, Print), Refusal> {
        self.described_stack(id).await.map(with_print)
    }

    /// Every stack that is there, each with its print.
    pub(super) async fn printed_stacks(&self) -> Result<Vec<(Stack, Print)>, Refusal> {
        Ok(self.described_stacks(None).await?.into_iter().map(with_print).collect())
    }

    async fn pool(&self, wanted: &[(Run, Look)]) -> Pool {
        let count = |of: fn(&Look) -> bool| wanted.iter().filter(|(_, look)| of(look)).count() >= WORTH;
        let snapshots: Vec<String> =
            wanted.iter().filter(|(_, look)| look.snapshot).map(|(run, _)| run.id.to_string()).collect();
        let since = wanted.iter().map(|(run, _)| run.started).min().unwrap_or_else(Timestamp::now);
        let (values, clusters, file_systems, snapshots, jobs, others) = join!(
            self.values_of(wanted),
            self.worth(count(|look| look.cluster), self.all_clusters()),
            self.worth(count(|look| look.file_system), self.all_file_systems()),
            self.worth(snapshots.len() >= WORTH, self.snapshots_named(&snapshots)),
            self.worth(count(|look| look.job), self.jobs_since(since)),
            self.worth(count(|look| look.others), self.all_active_jobs()),
        );
        Pool { values, clusters, file_systems, snapshots, jobs, others }
    }

    async fn worth<T>(&self, is: bool, read: impl Future<Output = Result<T, Refusal>>) -> Option<Result<T, Refusal>> {
        if is { Some(read.await) } else { ready(None).await }
    }

    /// Those of the backups that have a DB cluster snapshot.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn snapshots_there(&self, ids: &[&BackupId]) -> Result<HashSet<String>, Refusal> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        Ok(self.snapshots_named(&ids).await?.into_keys().collect())
    }

    pub(super) async fn all_clusters(&self) -> Read<Cluster> {
        let mut all = HashMap::new();
        self.clusters(&mut |cluster| drop(all.insert(cluster.id.clone(), cluster))).await?;
        Ok(all)
    }

    pub(super) async fn all_file_systems(&self) -> Read<FileSystem> {
        let mut all = HashMap::new();
        self.file_systems(&mut |found| drop(all.insert(found.arn.clone(), found))).await?;
        Ok(all)
    }

    async fn snapshots_named(&self, ids: &[String]) -> Read<Snapshot> {
        let read = join_all(ids.chunks(FILTER).map(|ids| self.snapshots_of_ids(ids))).await;
        let all: Vec<Vec<Snapshot>> = read.into_iter().collect::<Result<_, _>>()?;
        Ok(all.into_iter().flatten().map(|snapshot| (snapshot.id.clone(), snapshot)).collect())
    }

    /// Every backup job that was created since shortly before `since`.
    async fn jobs_since(&self, since: Timestamp) -> Read<Job> {
        // AWS's clock may be behind ours.
        let since = since.saturating_sub(SignedDuration::from_mins(10)).unwrap_or(since);
        let rows = self.jobs_created_since(since).await?.into_iter();
        Ok(rows.map(|job| (job.id.clone(), job)).collect())
    }
}

impl Pool {
    /// What a run still has to read for itself: also what no page shows, for a list may be behind.
    fn rest(&self, run: &Run, look: Look) -> Look {
        let job = run.files.as_ref().map(|job| job.id.as_str());
        Look {
            stack: false,
            history: false,
            change_sets: false,
            record: false,
            manifest: look.manifest && !self.values.tell_manifest(run),
            cluster: look.cluster && !tells(self.clusters.as_ref(), Some(&run.target.cluster)),
            file_system: look.file_system && !tells(self.file_systems.as_ref(), Some(&run.target.file_system)),
            snapshot: look.snapshot && !tells(self.snapshots.as_ref(), Some(run.id.as_str())),
            job: look.job && !tells(self.jobs.as_ref(), job),
            others: look.others && !matches!(self.others, Some(Ok(_))),
            ..look
        }
    }

    fn fill(&self, run: &Run, look: Look, mut seen: Observation) -> Observation {
        if look.record {
            let name = record_name(&run.target.stack, &run.id);
            seen.record = self.values.record(&name);
            seen.remembered = self.values.remembers(&name);
        }
        if look.manifest && self.values.tell_manifest(run) {
            seen.manifest = self.values.manifest(run);
        }
        let job = run.files.as_ref().map(|job| job.id.as_str());
        take(&mut seen.cluster, look.cluster, self.clusters.as_ref(), Some(&run.target.cluster));
        take(&mut seen.file_system, look.file_system, self.file_systems.as_ref(), Some(&run.target.file_system));
        take(&mut seen.snapshot, look.snapshot, self.snapshots.as_ref(), Some(run.id.as_str()));
        take(&mut seen.job, look.job, self.jobs.as_ref(), job);
        if let (true, Some(Ok(all))) = (look.others, &self.others) {
            let jobs = all.get(&run.target.file_system).cloned().unwrap_or_default();
            seen.others = Seen::Here(others(run, jobs));
        }
        seen
    }
}

fn with_print(stack: sdk::Stack) -> (Stack, Print) {
    let print = Print::of(&stack);
    (into_stack(stack), print)
}

type Read<T> = Result<HashMap<String, T>, Refusal>;

/// The page was read, and shows it; or AWS had no time, and would have none for a call. Whoever may not list may still
/// look at one.
fn tells<T>(read: Option<&Read<T>>, name: Option<&str>) -> bool {
    match (read, name) {
        (Some(Ok(all)), Some(name)) => all.contains_key(name),
        (Some(Err(refusal)), Some(_)) => refusal.kind.passes(),
        _ => false,
    }
}

/// What a page shows of one thing; where it shows none, what the run read for itself stays.
fn take<T: Clone>(seen: &mut Seen<T>, asked: bool, read: Option<&Read<T>>, name: Option<&str>) {
    let (true, Some(read), Some(name)) = (asked, read, name) else { return };
    match read {
        Ok(all) => all.get(name).cloned().into_iter().for_each(|thing| *seen = Seen::Here(thing)),
        Err(refusal) if refusal.kind.passes() => *seen = Seen::Unknown(refusal.clone()),
        Err(_) => {}
    }
}
