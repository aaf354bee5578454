//! Looking at what many runs need at once: pages in place of a call for each.
//!
//! The order of one look holds for all of them: each run's change sets and history are read before the stacks, which are one
//! page, read last (rule 1). A page of stacks read before all that tells whose history and change sets have to be asked for at all
//! (`known`): those of a stack on which nothing has happened since are as they were.

use std::collections::{HashMap, HashSet};

use futures_util::future::{join_all, ready};
use futures_util::join;
use jiff::{SignedDuration, Timestamp};

use super::Aws;
use super::cloudformation::into_stack;
use super::known::Print;
use super::observe::others;
use super::parameter_store::record_name;
use super::record;
use super::refusal::refused;
use crate::engine::{Look, Observation};
use crate::model::half::{Cluster, FileSystem, Job, Snapshot};
use crate::model::run::{Kind, Run};
use crate::model::stack::Stack;
use crate::model::survey::ActiveJob;
use crate::model::{BackupId, Refusal, Seen};
use crate::world::World;

/// From this many runs on a page is cheaper than a call for each.
const WORTH: usize = 4;
/// The most values one of RDS's filters takes, and names that GetParameters does.
const FILTER: usize = 100;
const NAMES: usize = 10;

/// What was read for all of them; a part that nobody asked for, or that was not worth it, is empty.
#[derive(Default)]
struct Pool {
    records: HashMap<String, Seen<Run>>,
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
        if wanted.len() < WORTH || !wanted.iter().all(|(run, _)| simple(run)) {
            return join_all(wanted.iter().map(|(run, look)| self.observe(run, *look))).await;
        }
        let early = self.early(wanted).await;
        let pool = self.pool(wanted).await;
        let own = wanted.iter().map(|(run, look)| {
            let print = early.as_ref().and_then(|prints| prints.get(&run.target.stack_id));
            self.own(run, *look, pool.rest(run, *look), print)
        });
        let own = join_all(own).await;
        // The stacks last: whatever a look makes one believe about a mode was true after the change sets were read.
        let stacks = if wanted.iter().any(|(_, look)| look.stack) { Some(self.by_id().await) } else { None };
        let each = wanted.iter().zip(own).map(|((run, look), seen)| {
            let seen = Observation { look: *look, ..pool.fill(run, *look, seen) };
            self.with_stack(run, *look, seen, stacks.as_ref())
        });
        join_all(each).await
    }

    /// What no page tells. With the stack's print, read before, its change sets and its history are only asked for where
    /// something has happened; in the order of a look, the change sets first.
    async fn own(&self, run: &Run, look: Look, rest: Look, print: Option<&Print>) -> Observation {
        let Some(print) = print else { return self.observe(run, rest).await };
        let id = &run.target.stack_id;
        let sets = if look.change_sets { self.sets_since(id, print).await.into() } else { Seen::NotLooked };
        let known = self.same_history(id, run.base.as_deref(), print).filter(|_| look.history);
        let rest = Look { change_sets: false, history: look.history && known.is_none(), ..rest };
        let mut seen = self.observe(run, rest).await;
        seen.change_sets = sets;
        match known {
            Some(history) => seen.history = Seen::Here(history),
            None if seen.history.here().is_some() => self.history_read(id, print),
            None => {}
        }
        seen
    }

    async fn with_stack(
        &self,
        run: &Run,
        look: Look,
        mut seen: Observation,
        stacks: Option<&Read<Stack>>,
    ) -> Observation {
        let id = Some(run.target.stack_id.as_str());
        if look.stack && !tells(stacks, id) {
            seen.stack = self.stack(&run.target.stack_id).await.into();
        }
        take(&mut seen.stack, look.stack, stacks, id);
        seen
    }

    /// The stacks before anything else is read, where enough runs ask for what they tell.
    async fn early(&self, wanted: &[(Run, Look)]) -> Option<HashMap<String, Print>> {
        let asking = wanted.iter().filter(|(_, look)| look.history || look.change_sets).count();
        if asking < WORTH {
            return None;
        }
        let stacks = self.printed_stacks().await.ok()?.into_iter();
        Some(stacks.map(|(stack, print)| (stack.id, print)).collect())
    }

    async fn by_id(&self) -> Read<Stack> {
        Ok(self.stacks().await?.into_iter().map(|stack| (stack.id.clone(), stack)).collect())
    }

    /// Every stack that is there, each with its print.
    pub(super) async fn printed_stacks(&self) -> Result<Vec<(Stack, Print)>, Refusal> {
        let stacks = self.described_stacks(None).await?.into_iter();
        Ok(stacks
            .map(|stack| {
                let print = Print::of(&stack);
                (into_stack(stack), print)
            })
            .collect())
    }

    async fn pool(&self, wanted: &[(Run, Look)]) -> Pool {
        let count = |of: fn(&Look) -> bool| wanted.iter().filter(|(_, look)| of(look)).count() >= WORTH;
        let snapshots: Vec<String> =
            wanted.iter().filter(|(_, look)| look.snapshot).map(|(run, _)| run.id.to_string()).collect();
        let since = wanted.iter().map(|(run, _)| run.started).min().unwrap_or_else(Timestamp::now);
        let (records, clusters, file_systems, snapshots, jobs, others) = join!(
            self.records_of(wanted),
            self.worth(count(|look| look.cluster), self.all_clusters()),
            self.worth(count(|look| look.file_system), self.all_file_systems()),
            self.worth(snapshots.len() >= WORTH, self.snapshots_named(&snapshots)),
            self.worth(count(|look| look.job), self.jobs_since(since)),
            self.worth(count(|look| look.others), self.all_active_jobs()),
        );
        Pool { records, clusters, file_systems, snapshots, jobs, others }
    }

    async fn worth<T>(&self, is: bool, read: impl Future<Output = Result<T, Refusal>>) -> Option<Result<T, Refusal>> {
        if is { Some(read.await) } else { ready(None).await }
    }

    /// The records of runs, by their ids: ten to a call.
    pub async fn recorded(&self, runs: &[(&str, &BackupId)]) -> HashMap<String, Seen<Run>> {
        let names: Vec<String> = runs.iter().map(|(stack, run)| record_name(stack, run)).collect();
        let found = self.records_named(&names).await;
        let id = |name: String| name.rsplit('/').next().unwrap_or_default().to_owned();
        found.into_iter().map(|(name, seen)| (id(name), seen)).collect()
    }

    /// The records of runs that may not have begun, by their ids: those that are not there are not asked for again.
    ///
    /// # Errors
    /// AWS's refusal, or a record that cannot be read.
    pub async fn recorded_now(&self, runs: &[(&str, &BackupId)]) -> Result<HashMap<String, Run>, Refusal> {
        let names: Vec<String> = runs.iter().map(|(stack, run)| record_name(stack, run)).collect();
        let mut found = HashMap::new();
        for (_, answer) in join_all(names.chunks(NAMES).map(|names| self.some_records(names))).await {
            for record in answer?.into_values() {
                let run = record?;
                found.insert(run.id.to_string(), run);
            }
        }
        Ok(found)
    }

    /// Those of the backups that have a DB cluster snapshot.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn snapshots_there(&self, ids: &[&BackupId]) -> Result<HashSet<String>, Refusal> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        Ok(self.snapshots_named(&ids).await?.into_keys().collect())
    }

    async fn records_of(&self, wanted: &[(Run, Look)]) -> HashMap<String, Seen<Run>> {
        let names = wanted.iter().filter(|(_, look)| look.record);
        let names: Vec<String> = names.map(|(run, _)| record_name(&run.target.stack, &run.id)).collect();
        self.records_named(&names).await
    }

    async fn records_named(&self, names: &[String]) -> HashMap<String, Seen<Run>> {
        let mut found = HashMap::new();
        let mut absent = Vec::new();
        for (names, answer) in join_all(names.chunks(NAMES).map(|names| self.some_records(names))).await {
            match answer {
                Ok(mut read) => {
                    for name in names {
                        match read.remove(name) {
                            Some(record) => drop(found.insert(name.clone(), Seen::from(record))),
                            None => absent.push(name.clone()),
                        }
                    }
                }
                Err(refusal) => found.extend(names.iter().map(|name| (name.clone(), Seen::Unknown(refusal.clone())))),
            }
        }
        // A record that is gone ends its run: so that is asked once more, by name.
        let asked = join_all(absent.iter().map(|name| self.record_named(name))).await;
        found.extend(absent.into_iter().zip(asked));
        found
    }

    async fn record_named(&self, name: &str) -> Seen<Run> {
        self.parameter(name).await.and_then(|value| record::read(name, &value)).into()
    }

    async fn some_records<'a>(
        &self,
        names: &'a [String],
    ) -> (&'a [String], Result<HashMap<String, Result<Run, Refusal>>, Refusal>) {
        let get = self.ssm().get_parameters().set_names(Some(names.to_vec())).with_decryption(false);
        let answer = get.send().await.map_err(refused("ssm", "GetParameters"));
        let rows = answer.map(|answer| answer.parameters.unwrap_or_default());
        let read = rows.map(|rows| {
            let each = rows.into_iter().filter_map(|row| Some((row.name?, row.value.unwrap_or_default())));
            each.map(|(name, value)| (name.clone(), record::read(&name, &value))).collect()
        });
        (names, read)
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
            record: false,
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
            seen.record = self.records.get(&name).cloned().unwrap_or(Seen::Missing);
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
