//! Joining: halves that claim one id become one row.

use std::cmp::Reverse;
use std::collections::HashMap;

use jiff::Timestamp;

use crate::model::backup::{Backup, Other, State};
use crate::model::run::{Kind, Run};

use super::compact::{Id, Pool, SmallArn};
use super::gather::Gather;
use super::halves::{Claim, Database, Files};
use super::judge::{Group, Says, Why, says, temper, verdict};
use super::others::Others;
use super::{Catalogue, NONE, Row};

/// One half's claim to an id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    id: Id,
    /// A recovery point; otherwise a snapshot.
    files: bool,
    at: u32,
}

pub(super) fn join(mut gather: Gather, runs: &[Run], now: Timestamp) -> Catalogue {
    let mut counts = Counts::default();
    settle(&mut gather, &mut counts);
    let mut runs_by_id: HashMap<Id, &Run> = HashMap::new();
    for run in runs.iter().filter(|run| ours(run, gather.stack.as_deref())) {
        let id = gather.pool.id(run.id.as_str());
        runs_by_id.insert(id, run);
    }
    let entries = entries(&gather, &mut counts);
    let others = std::mem::take(&mut gather.foreign).map(|others| foreign(others, &gather, &counts));
    let mut catalogue = Catalogue {
        others: others.unwrap_or_default(),
        foreign_snapshots: gather.foreign_snapshots,
        foreign_points: gather.by_plan.len() + counts.foreign.len(),
        seeds: counts.seeds,
        seed_points: std::mem::take(&mut counts.seed_points),
        tagged: std::mem::take(&mut gather.tagged),
        ..Catalogue::default()
    };
    for group in entries.chunk_by(|a, b| a.id == b.id) {
        let run = group.first().and_then(|entry| runs_by_id.remove(&entry.id));
        let row = row(&gather, group, run, now, &mut catalogue.told);
        catalogue.rows.push(row);
    }
    for run in runs_by_id.into_values() {
        alone(&mut catalogue, run, now);
    }
    gather.pool.seal();
    catalogue.pool = gather.pool;
    catalogue.databases = gather.databases;
    catalogue.files = gather.files;
    newest_first(&mut catalogue);
    catalogue
}

/// What others made, one by one.
fn foreign(mut others: Others, gather: &Gather, counts: &Counts) -> Vec<Other> {
    let points = counts.foreign.iter().filter_map(|at| gather.files.get(usize::try_from(*at).ok()?));
    for arn in points.filter_map(|half| gather.pool.spell_arn(half.arn)) {
        others.is_foreign(&arn);
    }
    others.into_list()
}

#[derive(Default)]
struct Counts {
    /// Where they stand among the recovery points.
    foreign: Vec<u32>,
    seeds: usize,
    seed_points: Vec<(Id, Files)>,
}

fn ours(run: &Run, stack: Option<&str>) -> bool {
    matches!(run.kind, Kind::Backup { .. }) && stack.is_none_or(|stack| run.target.stack == stack)
}

/// (Sorted without a buffer: these are the big ones.) Listed twice is there once; tags that were read later are put where they belong; seeds are counted apart.
fn settle(gather: &mut Gather, counts: &mut Counts) {
    let Gather { databases, files, claims, .. } = gather;
    databases.sort_unstable_by_key(|half| (half.marks.id, half.other_name, half.arn));
    databases.dedup_by(|a, b| (a.marks.id, a.other_name, a.arn) == (b.marks.id, b.other_name, b.arn));
    databases.shrink_to_fit();
    for half in files.iter_mut().filter(|half| half.claim.is_none()) {
        half.claim = claims.remove(&half.arn);
    }
    // Of two sights of one recovery point, the one with tags.
    files.sort_unstable_by_key(|half| (half.arn, half.claim.is_none()));
    files.dedup_by(|a, b| a.arn == b.arn);
    let before = files.len();
    let seeds = files.iter().filter_map(|half| match half.claim.as_deref() {
        Some(Claim::Seed(of)) => Some((*of, half.clone())),
        _ => None,
    });
    counts.seed_points = seeds.collect();
    files.retain(|half| !matches!(half.claim.as_deref(), Some(Claim::Seed(_))));
    counts.seeds = before - files.len();
    files.shrink_to_fit();
    claims.clear();
}

fn entries(gather: &Gather, counts: &mut Counts) -> Vec<Entry> {
    let number = |at: usize| u32::try_from(at).unwrap_or(NONE);
    // Sorted by their ARNs, above.
    let by_arn = |arn: SmallArn| gather.files.binary_search_by_key(&arn, |half| half.arn).ok().map(number);
    let mut claimed = vec![false; gather.files.len()];
    let mut all = Vec::with_capacity(gather.databases.len() * 2);
    for (at, half) in gather.databases.iter().enumerate() {
        let id = half.marks.id;
        all.push(Entry { id, files: false, at: number(at) });
        if let Some(point) = by_arn(half.point) {
            all.push(Entry { id, files: true, at: point });
            mark(&mut claimed, point);
        }
    }
    for (at, half) in gather.files.iter().enumerate() {
        match half.marks() {
            Some(marks) if wanted(gather, half) => {
                all.push(Entry { id: marks.id, files: true, at: number(at) });
            }
            None if !claimed.get(at).copied().unwrap_or_default() && !gather.others.contains(&half.arn) => {
                counts.foreign.push(number(at));
            }
            _ => {}
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn mark(claimed: &mut [bool], at: u32) {
    if let Some(flag) = usize::try_from(at).ok().and_then(|at| claimed.get_mut(at)) {
        *flag = true;
    }
}

fn wanted(gather: &Gather, half: &Files) -> bool {
    let Some(marks) = half.marks() else { return false };
    gather.stack.as_deref().is_none_or(|stack| marks.of_stack(&gather.pool, stack))
}

fn row(gather: &Gather, entries: &[Entry], run: Option<&Run>, now: Timestamp, told: &mut Vec<String>) -> Row {
    let pick = |files: bool| entries.iter().filter(move |entry| entry.files == files).map(|entry| entry.at);
    let database = |at: u32| usize::try_from(at).ok().and_then(|at| gather.databases.get(at));
    let files = |at: u32| usize::try_from(at).ok().and_then(|at| gather.files.get(at));
    let databases: Vec<&Database> = pick(false).filter_map(database).collect();
    let unread = databases.first().is_some_and(|half| gather.unread.contains(&half.vault));
    let group = Group { databases, files: pick(true).filter_map(files).collect(), unread };
    let mut tell = |text: String| {
        told.push(text);
        Why::Run(u32::try_from(told.len() - 1).unwrap_or(NONE))
    };
    let says = run.map_or(Says::Nothing, |run| says(run, now));
    let (state, why) = temper(verdict(&group), says, &mut tell);
    let shown_database = pick(false).min_by_key(|at| database(*at).map(|half| shown(half, &gather.pool)));
    let named = shown_database.and_then(database).map_or(SmallArn::NONE, |half| half.point);
    let shown_files =
        pick(true).min_by_key(|at| files(*at).map(|half| (half.arn != named, gather.pool.spell_arn(half.arn))));
    Row { database: shown_database.unwrap_or(NONE), files: shown_files.unwrap_or(NONE), run: NONE, state, why }
}

/// Of several snapshots: the one that bears the id, else the first by name.
fn shown(half: &Database, pool: &Pool) -> (bool, String, Option<String>) {
    let copied = half.other_name != super::compact::Sym::NONE;
    (copied, half.name(pool), pool.get(half.arn).map(str::to_owned))
}

/// A run of which there is no half: under way, or failed. One that was refused, or whose backup was deleted
/// later, is no row.
fn alone(catalogue: &mut Catalogue, run: &Run, now: Timestamp) {
    let (state, reason) = match says(run, now) {
        Says::Driven(text) => (State::Running, text),
        Says::Stale(text) | Says::Failed(text) | Says::Unsound(text) => (State::Failed, text),
        Says::Nothing => return,
    };
    let at = u32::try_from(catalogue.from_runs.len()).unwrap_or(NONE);
    catalogue.from_runs.push(Backup {
        id: run.id.as_str().into(),
        stack: run.target.stack.as_str().into(),
        stack_id: Some(run.target.stack_id.as_str().into()),
        state,
        reason: Some(reason.into()),
        mode: Some(if run.live() { "live" } else { "offline" }.into()),
        began: Some(run.started),
        completed: None,
        skew_s: None,
        database: None,
        files: None,
        secret_arn: run.target.secret.as_deref().map(Into::into),
        secret_version: run.target.secret_version.as_deref().map(Into::into),
        note: run.options.note.as_deref().map(Into::into),
        hold: run.options.hold.as_deref().map(Into::into),
        hold_until: None,
        drilled: None,
        manifest: None,
        tool_version: Some(run.tool.as_str().into()),
    });
    catalogue.rows.push(Row { database: NONE, files: NONE, run: at, state, why: Why::Nothing });
}

fn newest_first(catalogue: &mut Catalogue) {
    let mut rows = std::mem::take(&mut catalogue.rows);
    rows.sort_unstable_by(|a, b| {
        let (a_began, b_began) = (catalogue.began(a), catalogue.began(b));
        Reverse(a_began).cmp(&Reverse(b_began)).then_with(|| catalogue.id(a).cmp(&catalogue.id(b)))
    });
    catalogue.rows = rows;
}
