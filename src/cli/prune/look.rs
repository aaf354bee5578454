//! Everything a prune's plan is made of: the catalogue, live stacks' parameters, locks and holds, the quota.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::future::join_all;
use futures_util::join;
use jiff::Timestamp;

use super::super::catalogue::{self, What};
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::retention::Retention;
use super::report::{PruneReport, PrunedStack, Row};
use super::{Prepared, Wish, objected};
use crate::aws::Aws;
use crate::engine::prune::{Doomed, Job, PointName};
use crate::model::backup::State;
use crate::model::half::Tags;
use crate::model::retention::TagRule;
use crate::model::run::Run;
use crate::model::{id, tags};
use crate::plan::catalogue::{Catalogue, SeedPoint, Shelved};
use crate::plan::prune::{
    Cause, Fate, Item, Known, Protection, StackValues, explain, forecast, locked, needs, plan, uses,
};
use crate::world::World;

/// What was seen, of all stacks.
struct Surroundings {
    stacks: Vec<StackValues>,
    runs: Vec<Run>,
    /// Why a recovery point, or all of a vault, cannot be deleted.
    points: HashMap<String, String>,
    vaults: HashMap<String, String>,
    now: Timestamp,
}

/// One thing that may be deleted: a row of the catalogue, or a seed.
enum Thing {
    Row(Box<Shelved>),
    Seed(SeedPoint),
}

/// Looks and plans. Nothing is changed.
///
/// # Errors
/// Something cannot be read, or a stack's rules cannot be.
pub(crate) async fn prepare(
    cx: &Context,
    aws: &Aws,
    wish: &Wish,
    retention: impl Fn(&str) -> Result<Retention, Failure>,
) -> Result<Prepared, Failure> {
    // Bad rules are told before AWS is asked for anything.
    let named = wish.stack.as_deref().map(&retention).transpose()?;
    let tags = named.as_ref().map_or_else(|| wish.tags.clone(), |one| one.policy.tags.clone());
    // A restore's run is filed under the new stack's name: the runs of all stacks, then.
    let what = What { stack: wish.stack.as_deref(), tags: &tags, every_run: true, ..What::default() };
    let (gathered, stacks, quota) = join!(catalogue::gather(cx, aws, what), aws.stack_values(), aws.snapshot_quota());
    let gathered = gathered?;
    if let Some(refusal) = gathered.unreadable.first() {
        return Err(cx.refused("a run's record cannot be read, and it may need a backup: nothing is planned", refusal));
    }
    let stacks = stacks.map_err(|refusal| {
        cx.refused("whether a live stack uses a backup cannot be told, so nothing is planned", &refusal)
    })?;
    let (things, nobodys) = things(&gathered.catalogue, wish.stack.as_deref());
    if nobodys > 0 {
        let what = "backups have lost the tag stacksnap:stack, and are left alone: `stacksnap list` shows them";
        cx.warn(&format!("{nobodys} {what}"));
    }
    if wish.stack.is_none() {
        misspelt(cx, &things, &stacks);
    }
    if let Some(stack) = &wish.stack
        && things.values().all(Vec::is_empty)
        && !stacks.iter().any(|live| live.stack == *stack)
    {
        let what = format!("there is no stack `{stack}` in {}, and no backup of one", aws.region());
        return Err(Failure::new(Exit::NotFound, "stack-not-found", what)
            .hint("is it spelt right, in the right account and region? Names are told apart by their case"));
    }
    let around = surroundings(cx, aws, &things, stacks, gathered.runs).await;
    let mut prepared = Prepared { report: PruneReport::default(), jobs: Vec::new(), objections: Vec::new() };
    for (stack, things) in things {
        let retention = retention(&stack)?;
        let fates = one(&mut prepared, &around, wish, &retention, &stack, &things);
        if let Ok(Some(quota)) = &quota {
            // What is kept whatever the rules say stays, as others' snapshots do.
            let free = |(thing, fate): (&Thing, &Fate)| thing.snapshot_at().filter(|_| !stays(fate));
            let made: Vec<Timestamp> = things.iter().zip(&fates).filter_map(free).collect();
            let ahead = forecast(&made, Some(&retention.policy), *quota, around.now);
            prepared.report.foretell(&stack, ahead);
        }
    }
    Ok(prepared)
}

/// No rule and no newer backup will ever let it go.
fn stays(fate: &Fate) -> bool {
    use Protection::{Ambiguous, Elsewhere, Held, Locked, Stray, Undated, Unread, Used};
    let for_ever = [Ambiguous, Elsewhere, Held, Locked, Stray, Undated, Unread, Used];
    fate.protections.iter().any(|why| for_ever.contains(why))
}

/// Rules for a stack that is not there, and has no backup, may be another one's: names are told apart by their case.
fn misspelt(cx: &Context, things: &BTreeMap<String, Vec<Thing>>, stacks: &[StackValues]) {
    let known = |name: &&String| things.contains_key(*name) || stacks.iter().any(|live| live.stack == **name);
    for name in cx.settings.named().filter(|name| !known(name)) {
        cx.warn(&format!("stacksnap.toml has a table for `{name}`, of which there is neither a stack nor a backup"));
    }
}

/// By stack, the newest first; and how many do not say whose they are.
fn things(catalogue: &Catalogue, stack: Option<&str>) -> (BTreeMap<String, Vec<Thing>>, usize) {
    let mut nobodys = 0;
    let mut all: BTreeMap<String, Vec<Thing>> = stack.map(|name| (name.to_owned(), Vec::new())).into_iter().collect();
    for shelved in catalogue.shelf() {
        // Which stack's it is, only the tag says: what has lost it is nobody's to delete.
        if shelved.backup.stack.is_empty() {
            nobodys += 1;
            continue;
        }
        all.entry(shelved.backup.stack.to_string()).or_default().push(Thing::Row(Box::new(shelved)));
    }
    for seed in catalogue.seed_points() {
        // A run's id is made of its stack's name, shortened where that is long: only a known stack's seeds are touched.
        let of = all.keys().find(|stack| of_stack(&seed.of, stack)).cloned();
        if let Some(things) = of.and_then(|stack| all.get_mut(&stack)) {
            things.push(Thing::Seed(seed));
        }
    }
    for things in all.values_mut() {
        things.sort_by_key(|thing| std::cmp::Reverse(thing.at()));
    }
    (all, nobodys)
}

/// `<stack>-<yyyymmdd>-<hhmmss>`
fn of_stack(run: &str, stack: &str) -> bool {
    const STAMP: usize = "yyyymmdd-hhmmss".len();
    let stamp = run.strip_prefix(&id::prefix(stack)).and_then(|rest| rest.strip_prefix('-'));
    stamp.is_some_and(|stamp| stamp.len() == STAMP)
}

async fn surroundings(
    cx: &Context,
    aws: &Aws,
    things: &BTreeMap<String, Vec<Thing>>,
    stacks: Vec<StackValues>,
    runs: Vec<Run>,
) -> Surroundings {
    let all = || things.values().flatten();
    let vaults: BTreeSet<&String> = all().filter_map(|thing| Some(thing.point()?.0)).collect();
    let (holds, vaults) = join!(aws.legal_holds(), join_all(vaults.into_iter().map(|name| aws.vault_alone(name))));
    let points = holds.unwrap_or_else(|refusal| {
        cx.warn(&format!("legal holds cannot be listed, so they show only when AWS refuses a deletion: {refusal}"));
        Vec::new()
    });
    let held = |(arn, title): (String, String)| (arn, format!("AWS Backup's legal hold `{title}`"));
    Surroundings {
        stacks,
        runs,
        points: points.into_iter().map(held).collect(),
        vaults: vaults.iter().flatten().filter_map(|vault| Some((vault.name.clone(), locked(vault)?))).collect(),
        now: aws.now(),
    }
}

/// Plans one stack's.
fn one(
    prepared: &mut Prepared,
    around: &Surroundings,
    wish: &Wish,
    retention: &Retention,
    stack: &str,
    things: &[Thing],
) -> Vec<Fate> {
    let current = around.current(stack, things);
    let known: Vec<Known> = things.iter().map(|thing| around.known(thing)).collect();
    let items: Vec<Item> = things
        .iter()
        .zip(&known)
        .map(|(thing, known)| {
            around.item(stack, thing, known, current.as_deref().filter(|_| !wish.earlier), &retention.policy.tags)
        })
        .collect();
    let plan = plan(&items, &retention.policy, wish.limits(retention), around.now);
    let newest = things.first().map(Thing::id);
    prepared.objections.extend(plan.objections.iter().map(|one| objected(*one, stack, newest.as_deref())));
    // One stack's bad rules must not keep the others' backups for ever; nor may any of its own go. And where nobody named
    // the stack, only one that has rules is pruned: the others may be anybody's.
    let allowed = plan.objections.is_empty() && (retention.explicit || wish.stack.is_some());
    let anchor = anchor(things, &plan.fates);
    let mut rows = Vec::new();
    for ((thing, fate), known) in things.iter().zip(&plan.fates).zip(&known) {
        let reasons = explain(fate, thing.at(), &retention.policy, known);
        if let Some(cause) = fate.goes.filter(|_| allowed) {
            let doomed = thing.doomed(stack, cause, anchor.clone());
            prepared.jobs.push(Job::new(doomed, retention.policy.tags.clone()));
        } else if fate.goes.is_none() && thing.deleting() {
            let doomed = thing.doomed(stack, Cause::Begun, None);
            prepared.jobs.push(Job::sparing(doomed, reasons.join("; ")));
        }
        rows.push(
            Row::new(thing.id(), thing.state(), thing.at(), fate.goes.is_some(), reasons)
                .of(thing.snapshot(), thing.point()),
        );
    }
    prepared.report.items.push(PrunedStack::new(stack, retention, allowed, rows));
    plan.fates
}

/// The last complete backup: it always stays.
fn anchor(things: &[Thing], fates: &[Fate]) -> Option<(String, PointName)> {
    let last = |(_, fate): &(&Thing, &Fate)| fate.protections.contains(&Protection::LastComplete);
    let (thing, _) = things.iter().zip(fates).find(last)?;
    Some((thing.snapshot()?, thing.point_name()?))
}

impl Surroundings {
    /// The ARN of the stack whose backups these are: the live one's, else the newest backup's.
    fn current(&self, stack: &str, things: &[Thing]) -> Option<String> {
        let live = self.stacks.iter().find(|live| live.stack == stack).map(|live| live.stack_id.clone());
        let newest = || {
            things.iter().find_map(|thing| match thing {
                Thing::Row(row) if row.backup.state == State::Complete => {
                    row.backup.stack_id.as_deref().map(str::to_owned)
                }
                _ => None,
            })
        };
        live.or_else(newest)
    }

    fn known(&self, thing: &Thing) -> Known {
        let names: Vec<String> = [thing.snapshot(), thing.snapshot_arn(), thing.point().map(|(_, arn)| arn.clone())]
            .into_iter()
            .flatten()
            .chain([thing.id()])
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut used: Vec<String> = uses(&self.stacks, &names).iter().map(ToString::to_string).collect();
        let open = self.runs.iter().filter(|run| !run.ended() && needs(run, &thing.id()));
        used.extend(open.map(|run| format!("the run {} needs it", run.id)));
        let lock = thing.point().and_then(|(vault, arn)| self.vaults.get(vault).or_else(|| self.points.get(arn)));
        Known { hold: thing.hold(self.now), uses: used, lock: lock.cloned() }
    }

    fn item(&self, stack: &str, thing: &Thing, known: &Known, current: Option<&str>, keep: &[TagRule]) -> Item {
        let row = match thing {
            Thing::Row(row) => Some(row),
            Thing::Seed(_) => None,
        };
        let of = row.and_then(|row| row.backup.stack_id.as_deref());
        Item {
            at: thing.at(),
            state: row.map_or(State::Orphan, |row| row.backup.state),
            drilled: row.is_some_and(|row| row.backup.drilled.is_some()),
            held: known.hold.is_some(),
            used: !known.uses.is_empty(),
            // One that does not say whose it is is not this stack's.
            elsewhere: row.is_some() && current.is_some_and(|current| of != Some(current)),
            tagged: row.is_some_and(|row| row.tags.iter().any(|rule| keep.contains(rule))),
            begun: thing.deleting(),
            whole: row.is_some_and(|row| row.whole),
            stray: !of_stack(&thing.id(), stack),
            locked: known.lock.is_some(),
            unread: row.is_some_and(|row| row.unread),
        }
    }
}

impl Thing {
    fn id(&self) -> String {
        match self {
            Self::Row(row) => row.backup.id.to_string(),
            Self::Seed(seed) => seed.of.clone(),
        }
    }

    fn state(&self) -> &'static str {
        match self {
            Self::Row(row) => super::super::commands::list::word(row.backup.state),
            Self::Seed(_) => "seed",
        }
    }

    fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Row(row) => row.backup.began,
            Self::Seed(seed) => seed.created,
        }
    }

    fn snapshot(&self) -> Option<String> {
        match self {
            Self::Row(row) => row.backup.database.as_ref().map(|half| half.snapshot.to_string()),
            Self::Seed(_) => None,
        }
    }

    fn snapshot_arn(&self) -> Option<String> {
        match self {
            Self::Row(row) => row.backup.database.as_ref().map(|half| half.arn.to_string()),
            Self::Seed(_) => None,
        }
    }

    /// When it began to count against the quota of manual snapshots.
    fn snapshot_at(&self) -> Option<Timestamp> {
        self.snapshot().and_then(|_| self.at())
    }

    fn point(&self) -> Option<(&String, &String)> {
        match self {
            Self::Row(row) => row.point.as_ref().map(|(vault, arn)| (vault, arn)),
            Self::Seed(seed) => Some((&seed.vault, &seed.arn)),
        }
    }

    fn point_name(&self) -> Option<PointName> {
        self.point().map(|(vault, arn)| PointName { vault: vault.clone(), arn: arn.clone() })
    }

    fn deleting(&self) -> bool {
        matches!(self, Self::Row(row) if row.deleting)
    }

    fn hold(&self, now: Timestamp) -> Option<String> {
        let Self::Row(row) = self else { return None };
        let said = [(tags::HOLD, &row.backup.hold), (tags::HOLD_UNTIL, &row.backup.hold_until)];
        let said = said.into_iter().filter_map(|(key, value)| Some((key.to_owned(), tags::encode(value.as_deref()?))));
        tags::hold(&said.collect::<Tags>(), now)
    }

    fn doomed(&self, stack: &str, cause: Cause, anchor: Option<(String, PointName)>) -> Doomed {
        // Only what was complete leans on another one.
        let anchor = anchor.filter(|_| cause != Cause::NotComplete);
        Doomed {
            id: self.id(),
            stack: stack.to_owned(),
            snapshot: self.snapshot(),
            point: self.point_name(),
            seed: matches!(self, Self::Seed(_)),
            cause,
            anchor,
        }
    }
}
