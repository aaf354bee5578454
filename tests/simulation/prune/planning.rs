//! What a prune sees before it plans, and what it makes of it: as the front end does.

use stacksnap::engine::prune::{Doomed, Job, PointName};
use stacksnap::model::backup::State;
use stacksnap::model::half::Tags;
use stacksnap::model::retention::{Policy, TagRule};
use stacksnap::model::run::Run;
use stacksnap::model::survey::Vault;
use stacksnap::model::{Seen, tags};
use stacksnap::plan::catalogue::{Catalogue, Gather, SeedPoint, Shelved};
use stacksnap::plan::prune::{Item, Limits, Plan, Sight, StackValues, needs, plan, uses};

use super::shelf::{Halves, Shelf, VAULT};
use crate::cloud::{STACK, STACK_ID, at};

/// A policy, as little of one as can tell two prunes apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Keep {
    pub last: Option<u32>,
    pub within_days: Option<u32>,
    pub daily: Option<u32>,
    pub weekly: Option<u32>,
    pub release: bool,
    pub grace_days: i64,
}

impl Keep {
    pub(super) fn last(last: u32) -> Self {
        Self { last: Some(last), within_days: None, daily: None, weekly: None, release: false, grace_days: 1 }
    }

    pub(super) fn policy(self) -> Policy {
        let within = self.within_days.map(|days| days * 86_400);
        let tags = self.release.then(|| TagRule { key: "release".to_owned(), value: None });
        let periods = [None, self.daily, self.weekly, None, None];
        Policy { last: self.last, within, periods, tags: tags.into_iter().collect(), ..Policy::nothing() }
    }

    pub(super) fn limits(self) -> Limits {
        Limits { most: 10_000, forced: false, grace: jiff::SignedDuration::from_hours(24 * self.grace_days) }
    }
}

/// One row, as the plan and as the deletion need it.
pub(super) struct Row {
    pub item: Item,
    doomed: Doomed,
}

pub(super) fn values(shelf: &Shelf) -> Vec<StackValues> {
    let stack = |(stack, value): (&String, &String)| StackValues {
        stack: stack.clone(),
        stack_id: format!("arn:aws:cloudformation:eu-west-1:123456789012:stack/{stack}/1"),
        parameters: vec![("RestoreDbSnapshotIdentifier".to_owned(), value.clone())],
    };
    shelf.stacks.iter().map(stack).collect()
}

/// All pages of everything; `unread`: the vault could not be listed.
pub(super) fn catalogue(shelf: &Shelf, read: &Halves, keep: &[TagRule], unread: bool) -> Catalogue {
    let mut gather = Gather::new(Some(STACK)).looking_for(keep);
    read.snapshots.values().for_each(|there| gather.snapshot(there.half.clone()));
    if unread {
        gather.unread(VAULT);
    } else {
        read.points.values().for_each(|there| gather.point(there.half.clone()));
    }
    let runs: Vec<Run> = shelf.runs.values().cloned().collect();
    gather.join(&runs, at(shelf.now))
}

fn row(shelf: &Shelf, values: &[StackValues], row: Shelved) -> Row {
    let Shelved { backup, point, deleting, whole, tags, unread } = row;
    let snapshot = backup.database.as_ref().map(|half| half.snapshot.to_string());
    let names: Vec<&str> = snapshot
        .as_deref()
        .into_iter()
        .chain(point.as_ref().map(|(_, arn)| arn.as_str()))
        .chain([&*backup.id])
        .collect();
    let mut hold = Tags::new();
    hold.extend(backup.hold.as_deref().map(|why| (tags::HOLD.to_owned(), tags::encode(why))));
    let item = Item {
        at: backup.began,
        state: backup.state,
        drilled: backup.drilled.is_some(),
        held: tags::hold(&hold, at(shelf.now)).is_some(),
        used: !uses(values, &names).is_empty() || shelf.runs.values().any(|run| !run.ended() && needs(run, &backup.id)),
        elsewhere: backup.stack_id.as_deref().is_some_and(|id| id != STACK_ID),
        tagged: !tags.is_empty(),
        locked: shelf.locked,
        unread,
        begun: deleting,
        whole,
        stray: false,
    };
    let point = point.map(|(vault, arn)| PointName { vault, arn });
    let doomed = Doomed {
        id: backup.id.to_string(),
        stack: STACK.to_owned(),
        snapshot,
        point,
        seed: false,
        cause: stacksnap::plan::prune::Cause::NoRule,
        anchor: None,
    };
    Row { item, doomed }
}

fn seed(seed: SeedPoint) -> Row {
    let item = Item {
        at: seed.created,
        state: State::Orphan,
        drilled: false,
        held: false,
        used: false,
        elsewhere: false,
        tagged: false,
        locked: false,
        unread: false,
        begun: false,
        whole: false,
        stray: false,
    };
    let doomed = Doomed {
        id: seed.of,
        stack: STACK.to_owned(),
        snapshot: None,
        point: Some(PointName { vault: seed.vault, arn: seed.arn }),
        seed: true,
        cause: stacksnap::plan::prune::Cause::NotComplete,
        anchor: None,
    };
    Row { item, doomed }
}

/// Every row, the newest first.
pub(super) fn rows(shelf: &Shelf, read: &Halves, keep: Keep, unread: bool) -> Vec<Row> {
    let catalogue = catalogue(shelf, read, &keep.policy().tags, unread);
    let values = values(shelf);
    let halves = catalogue.shelf().map(|of| row(shelf, &values, of));
    halves.chain(catalogue.seed_points().map(seed)).collect()
}

/// `prune --dry-run`
pub(super) fn dry_run(shelf: &Shelf, rows: &[Row], keep: Keep) -> Plan {
    let items: Vec<Item> = rows.iter().map(|row| row.item).collect();
    plan(&items, &keep.policy(), keep.limits(), at(shelf.now))
}

/// What is to be carried out; nothing, where something speaks against all of it.
pub(super) fn jobs(shelf: &Shelf, rows: Vec<Row>, keep: Keep) -> Vec<Job> {
    let plan = dry_run(shelf, &rows, keep);
    if !plan.objections.is_empty() {
        return Vec::new();
    }
    let whole = |row: &Row| row.item.state == State::Complete && !row.item.elsewhere && !row.item.begun;
    let anchor = rows.iter().zip(&plan.fates).find(|(row, fate)| whole(row) && fate.goes.is_none());
    let anchor = anchor.and_then(|(row, _)| Some((row.doomed.snapshot.clone()?, row.doomed.point.clone()?)));
    let keep = keep.policy().tags;
    let mut all = Vec::new();
    for (row, fate) in rows.into_iter().zip(plan.fates) {
        let spared = fate.goes.is_none() && row.item.begun;
        if fate.goes.is_none() && !spared {
            continue;
        }
        let cause = fate.goes.unwrap_or(stacksnap::plan::prune::Cause::Begun);
        let anchored = cause != stacksnap::plan::prune::Cause::NotComplete;
        let doomed = Doomed { cause, anchor: anchor.clone().filter(|_| anchored), ..row.doomed };
        let mut job = Job::new(doomed, keep.clone());
        job.spare = spared.then(|| format!("{:?}", fate.protections));
        all.push(job);
    }
    all
}

/// A look at one backup: the halves as they were read, then what speaks against its deletion.
pub(super) fn sight(shelf: &Shelf, read: &Halves, doomed: &Doomed) -> Sight {
    let snapshot = |id: Option<&String>| id.and_then(|id| read.snapshots.get(id)).map(|there| there.half.clone());
    let point =
        |name: Option<&PointName>| name.and_then(|name| read.points.get(&name.arn)).map(|there| there.half.clone());
    let anchor = doomed.anchor.as_ref();
    Sight {
        snapshot: seen(snapshot(snapshot_of(doomed))),
        point: seen(point(doomed.point.as_ref())),
        vault: seen(doomed.point.as_ref().map(|_| vault(shelf.locked))),
        anchor_snapshot: seen(snapshot(anchor.map(|(id, _)| id))),
        anchor_point: seen(point(anchor.map(|(_, point)| point))),
        stacks: Seen::Here(values(shelf)),
        // A restore's run is filed under the new stack's name, and not looked at.
        runs: Seen::Here(shelf.runs.values().filter(|run| run.target.stack == STACK).cloned().collect()),
    }
}

/// A recovery point that seems to be alone: its snapshot may be there all the same, its tags edited.
pub(super) fn snapshot_of(doomed: &Doomed) -> Option<&String> {
    doomed.snapshot.as_ref().or_else(|| (!doomed.seed).then_some(&doomed.id))
}

fn seen<T>(thing: Option<T>) -> Seen<T> {
    thing.map_or(Seen::Missing, Seen::Here)
}

fn vault(locked: bool) -> Vault {
    Vault {
        name: VAULT.to_owned(),
        arn: format!("arn:aws:backup:eu-west-1:123456789012:backup-vault:{VAULT}"),
        locked,
        min_days: None,
        max_days: None,
        policy: Seen::Missing,
        kms_key: None,
    }
}
