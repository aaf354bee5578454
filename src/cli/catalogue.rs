//! Gathers the catalogue from AWS: pages of snapshots and of recovery points, concurrently.

use std::cell::RefCell;
use std::collections::BTreeSet;

use futures_util::future::join;
use futures_util::stream::{self, StreamExt};

use super::context::Context;
use super::failure::Failure;
use super::holder;
use super::selector::{self, Selector};
use crate::aws::Aws;
use crate::model::backup::Backup;
use crate::model::retention::TagRule;
use crate::model::run::Run;
use crate::model::{Refusal, RefusalKind};
use crate::plan::catalogue::{Catalogue, Gather};
use crate::world::World;

/// Vaults that are read at the same time.
const VAULTS: usize = 4;
/// Tags that are read at the same time: they are a call each.
const TAGS: usize = 8;
/// Recovery points that nobody claims are looked at one by one, but not without end.
const UNCLAIMED: usize = 500;

/// The catalogue, and the runs on record.
pub(crate) struct Gathered {
    /// What there is.
    pub(crate) catalogue: Catalogue,
    /// The runs on record, the newest last.
    pub(crate) runs: Vec<Run>,
    /// Why some of them could not be read; it was told.
    pub(crate) unreadable: Vec<Refusal>,
}

/// What to gather.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct What<'a> {
    /// Of one stack only.
    pub(crate) stack: Option<&'a str>,
    /// What others made, too: automated snapshots, plans' recovery points. There is no end to it.
    pub(crate) foreign: bool,
    /// Tags to look out for.
    pub(crate) tags: &'a [TagRule],
    /// The runs of all stacks, whichever the backups are of.
    pub(crate) every_run: bool,
}

/// Everything there is of a stack, or of all.
///
/// # Errors
/// The snapshots or the recovery points cannot be read. What is only missing at the edge (one
/// vault, one record) is a warning.
pub(crate) async fn gather(cx: &Context, aws: &Aws, what: What<'_>) -> Result<Gathered, Failure> {
    let What { stack, foreign, tags, every_run } = what;
    let gather = Gather::new(stack).looking_for(tags);
    let gather = RefCell::new(if foreign { gather.with_others() } else { gather });
    let ((snapshots, vaults), (runs, unreadable)) = join(
        join(
            aws.snapshots(!foreign, &mut |snapshot| gather.borrow_mut().snapshot(snapshot)),
            all_vaults(cx, aws, &gather),
        ),
        readable(cx, aws, stack.filter(|_| !every_run)),
    )
    .await;
    snapshots.map_err(|refusal| cx.refused("the DB cluster snapshots cannot be listed", &refusal))?;
    let read = vaults?;
    let named: Vec<String> = gather.borrow().vaults();
    let rest = named.into_iter().filter(|vault| !read.contains(vault));
    points(cx, aws, &gather, rest.collect()).await;
    orphans(cx, aws, &gather).await;
    let catalogue = gather.into_inner().join(&runs, aws.now());
    Ok(Gathered { catalogue, runs, unreadable })
}

/// The recovery points of every vault that may be listed; which vaults were read.
async fn all_vaults(cx: &Context, aws: &Aws, gather: &RefCell<Gather>) -> Result<BTreeSet<String>, Failure> {
    match aws.vault_names().await {
        Ok(names) => {
            points(cx, aws, gather, names.clone()).await;
            Ok(names.into_iter().collect())
        }
        // The vaults that the snapshots name are enough, unless there is an orphan elsewhere.
        Err(refusal) if refusal.kind == RefusalKind::Denied => {
            cx.warn(&format!("the vaults cannot be listed, so some orphans may be missing: {refusal}"));
            Ok(BTreeSet::new())
        }
        Err(refusal) => Err(cx.refused("the backup vaults cannot be listed", &refusal)),
    }
}

async fn points(cx: &Context, aws: &Aws, gather: &RefCell<Gather>, vaults: Vec<String>) {
    let read = |vault: String| async move {
        let done = aws.points(&vault, None, &mut |point| gather.borrow_mut().point(point)).await;
        (vault, done)
    };
    let done: Vec<(String, Result<(), Refusal>)> =
        stream::iter(vaults.into_iter().map(read)).buffer_unordered(VAULTS).collect().await;
    for (vault, result) in done {
        match result {
            Err(refusal) if refusal.kind != RefusalKind::NotFound => {
                // Its backups' other halves are unknown, not gone.
                gather.borrow_mut().unread(&vault);
                cx.warn(&format!("the recovery points of vault {vault} cannot be listed: {refusal}"));
            }
            _ => {}
        }
    }
}

/// Recovery points that no snapshot names may be orphans of ours: only their tags tell.
async fn orphans(cx: &Context, aws: &Aws, gather: &RefCell<Gather>) {
    let mut unclaimed = gather.borrow().unclaimed();
    if unclaimed.len() > UNCLAIMED {
        let left = unclaimed.len() - UNCLAIMED;
        cx.warn(&format!("{left} recovery points that no snapshot names were not looked at"));
        unclaimed.truncate(UNCLAIMED);
    }
    let read = |arn: String| async move { (aws.tags_of(&arn).await, arn) };
    let mut tags = stream::iter(unclaimed.into_iter().map(read)).buffer_unordered(TAGS);
    while let Some((found, arn)) = tags.next().await {
        match found {
            Ok(tags) => gather.borrow_mut().tags(&arn, tags),
            Err(refusal) if refusal.kind == RefusalKind::NotFound => {}
            Err(refusal) => cx.warn(&format!("the tags of {arn} cannot be read, so it may be one of ours: {refusal}")),
        }
    }
}

/// The runs on record; those that cannot be read are told.
pub(crate) async fn runs(cx: &Context, aws: &Aws, stack: Option<&str>) -> Vec<Run> {
    readable(cx, aws, stack).await.0
}

async fn readable(cx: &Context, aws: &Aws, stack: Option<&str>) -> (Vec<Run>, Vec<Refusal>) {
    let (runs, unreadable) = aws.runs(stack).await;
    for refusal in &unreadable {
        cx.warn(&format!("a run's record cannot be read: {refusal}"));
    }
    (runs, unreadable)
}

/// The backup that is named; stale runs are warned of.
///
/// # Errors
/// There is none of that name, or the catalogue cannot be read.
pub(crate) async fn one(cx: &Context, aws: &Aws, selector: &Selector) -> Result<Backup, Failure> {
    let gathered = gather(cx, aws, What { stack: selector.stack(), ..What::default() }).await?;
    holder::warn_stale(cx, aws.region(), &gathered.runs, aws.now());
    let found = selector.find(gathered.catalogue.backups());
    found.ok_or_else(|| selector::missing(cx, aws.region(), selector, &gathered.catalogue))
}
