//! Answers about the whole account, asked for once for many stacks that are looked at one after the other or side by side.
//!
//! They are for `survey` alone, which only says whether a run may begin: the run itself looks again at everything, after its lock.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::OnceCell;

use super::Aws;
use super::known::Print;
use crate::model::half::{Cluster, FileSystem};
use crate::model::stack::{Declared, Stack};
use crate::model::survey::{ActiveJob, Caller, Quota, Vault};
use crate::model::watch::Sentinel;
use crate::model::{Refusal, Seen};
use crate::plan::manifest::sha256;

type Cell<T> = OnceCell<T>;
type Table<T> = Cell<HashMap<String, T>>;
type Keyed<T> = Mutex<HashMap<String, Arc<Cell<T>>>>;

/// What many surveys share; for a single one, nothing.
#[derive(Default)]
pub struct Shared {
    /// Since when; `None`: nothing is shared.
    since: Option<Timestamp>,
    stacks: Table<(Stack, Print)>,
    caller: Cell<Caller>,
    quota: Cell<Option<Quota>>,
    efs_opt_in: Cell<Option<bool>>,
    clusters: Table<Cluster>,
    file_systems: Table<FileSystem>,
    vaults: Table<Vault>,
    jobs: Table<Vec<ActiveJob>>,
    marks: Cell<Vec<Sentinel>>,
    keys: Keyed<Option<String>>,
    templates: Keyed<String>,
    /// What templates declare, by their checksums.
    declared: Keyed<Vec<Declared>>,
    /// Stacks whose lock was not there.
    free: Mutex<BTreeSet<String>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("since", &self.since).finish_non_exhaustive()
    }
}

impl Shared {
    /// So old an answer is not given any more.
    pub const FRESH: SignedDuration = SignedDuration::from_secs(60);

    /// For many stacks.
    pub fn many(now: Timestamp) -> Self {
        Self { since: Some(now), ..Self::default() }
    }

    /// Its answers are older than `fresh`.
    pub fn older(&self, fresh: SignedDuration, now: Timestamp) -> bool {
        self.since.is_none_or(|since| now.duration_since(since).abs() > fresh)
    }

    fn sharing(&self) -> bool {
        self.since.is_some()
    }

    /// Looks for the locks of `stacks`, which are about to be surveyed. Where that is refused, each is looked for by itself.
    pub async fn look_for_locks(&self, aws: &Aws, stacks: &[String]) {
        if let Ok(held) = aws.held(stacks).await {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            free.extend(stacks.iter().filter(|stack| !held.contains(*stack)).cloned());
        }
    }

    /// Asks once; a refusal is the asker's alone, and the next one asks again.
    async fn once<T: Clone>(
        &self,
        cell: &Cell<T>,
        ask: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        if self.sharing() { cell.get_or_try_init(|| ask).await.cloned() } else { ask.await }
    }

    /// One row of a table; `None`: it is asked for by itself, since a list may be behind, or forbidden.
    async fn row<T: Clone>(
        &self,
        table: &Table<T>,
        name: &str,
        ask: impl Future<Output = Result<HashMap<String, T>, Refusal>>,
    ) -> Option<T> {
        if !self.sharing() {
            return None;
        }
        table.get_or_try_init(|| ask).await.ok()?.get(name).cloned()
    }

    async fn keyed<T: Clone>(
        &self,
        cells: &Keyed<T>,
        key: &str,
        ask: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        let cell = Arc::clone(cells.lock().unwrap_or_else(PoisonError::into_inner).entry(key.to_owned()).or_default());
        self.once(&cell, ask).await
    }

    pub(super) async fn caller(&self, aws: &Aws) -> Result<Caller, Refusal> {
        self.once(&self.caller, aws.caller()).await
    }

    pub(super) async fn quota(&self, aws: &Aws) -> Result<Option<Quota>, Refusal> {
        self.once(&self.quota, aws.snapshot_quota()).await
    }

    /// How many more manual DB cluster snapshots the account has room for; `None`: AWS does not say.
    pub async fn snapshots_left(&self, aws: &Aws) -> Option<usize> {
        let quota = self.quota(aws).await.ok().flatten()?;
        usize::try_from(quota.left()).ok()
    }

    pub(super) async fn efs_opt_in(&self, aws: &Aws) -> Result<Option<bool>, Refusal> {
        self.once(&self.efs_opt_in, aws.efs_opt_in()).await
    }

    /// The marks of all sentinels.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn sentinels(&self, aws: &Aws) -> Result<Vec<Sentinel>, Refusal> {
        self.once(&self.marks, aws.sentinels()).await
    }

    pub(super) async fn key_state(&self, aws: &Aws, id: &str) -> Result<Option<String>, Refusal> {
        self.keyed(&self.keys, id, aws.key_state(id)).await
    }

    /// A stack by its name.
    ///
    /// # Errors
    /// AWS's refusal; `NotFound` where there is none.
    pub async fn stack(&self, aws: &Aws, name: &str) -> Result<Stack, Refusal> {
        match self.printed(aws, name).await {
            Some((stack, _)) => Ok(stack),
            None => aws.stack(name).await,
        }
    }

    /// With its print, where a page tells of it.
    pub(super) async fn printed(&self, aws: &Aws, name: &str) -> Option<(Stack, Print)> {
        let stacks = async {
            let all = aws.printed_stacks().await?.into_iter();
            Ok(all.map(|printed| (printed.0.name.clone(), printed)).collect())
        };
        self.row(&self.stacks, name, stacks).await
    }

    pub(super) async fn cluster(&self, aws: &Aws, id: &str) -> Result<Cluster, Refusal> {
        match self.row(&self.clusters, id, aws.all_clusters()).await {
            Some(cluster) => Ok(cluster),
            None => aws.cluster(id).await,
        }
    }

    /// By its ARN.
    pub(super) async fn file_system(&self, aws: &Aws, arn: &str) -> Result<FileSystem, Refusal> {
        match self.row(&self.file_systems, arn, aws.all_file_systems()).await {
            Some(found) => Ok(found),
            None => aws.file_system(arn).await,
        }
    }

    pub(super) async fn vault(&self, aws: &Aws, name: &str) -> Result<Vault, Refusal> {
        match self.row(&self.vaults, name, aws.all_vaults()).await {
            Some(vault) => Ok(Vault { policy: aws.vault_policy(name).await, ..vault }),
            None => aws.vault(name).await,
        }
    }

    pub(super) async fn active_jobs(&self, aws: &Aws, file_system: &str) -> Result<Vec<ActiveJob>, Refusal> {
        if !self.sharing() {
            return aws.active_jobs(file_system).await;
        }
        let jobs = self.once(&self.jobs, aws.all_active_jobs()).await?;
        Ok(jobs.get(file_system).cloned().unwrap_or_default())
    }

    async fn template(&self, aws: &Aws, stack: &str) -> Result<String, Refusal> {
        self.keyed(&self.templates, stack, aws.template(stack)).await
    }

    /// The template's text, as the survey read it; it is not kept any longer.
    pub(super) async fn template_of(&self, aws: &Aws, stack: &Stack) -> Result<String, Refusal> {
        let known = self.templates.lock().unwrap_or_else(PoisonError::into_inner).remove(&stack.name);
        match known.as_ref().and_then(|cell| cell.get()) {
            Some(text) => Ok(text.clone()),
            None => aws.template(&stack.id).await,
        }
    }

    /// What the stack's template declares: stacks of one template declare the same, unless something is done to it before.
    pub(super) async fn declared(&self, aws: &Aws, stack: &str) -> Result<Vec<Declared>, Refusal> {
        if !self.sharing() {
            return aws.declared(stack).await;
        }
        match self.template(aws, stack).await {
            Ok(text) if !text.contains("Transform") => {
                self.keyed(&self.declared, &sha256(text.as_bytes()), aws.declared(stack)).await
            }
            _ => aws.declared(stack).await,
        }
    }

    /// Whether the stack's lock is known not to be there.
    pub(super) fn free(&self, stack: &str) -> bool {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).contains(stack)
    }
}

impl Aws {
    /// The lock, unless it is known not to be there.
    pub(super) async fn lock_of(&self, stack: &str, shared: &Shared) -> Seen<crate::model::run::Lock> {
        if shared.free(stack) { Seen::Missing } else { self.read_lock(stack).await.into() }
    }

    async fn all_vaults(&self) -> Result<HashMap<String, Vault>, Refusal> {
        Ok(self.vaults().await?.into_iter().map(|vault| (vault.name.clone(), vault)).collect())
    }

    /// Every job under way in the region, by the resource's ARN.
    pub(super) async fn all_active_jobs(&self) -> Result<HashMap<String, Vec<ActiveJob>>, Refusal> {
        let mut jobs: HashMap<String, Vec<ActiveJob>> = HashMap::new();
        for (resource, job) in self.active_jobs_of_all().await? {
            jobs.entry(resource).or_default().push(job);
        }
        Ok(jobs)
    }
}
