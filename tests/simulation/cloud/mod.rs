//! An AWS in memory, on a clock that is turned by hand: just enough of CloudFormation, RDS, AWS Backup and
//! Parameter Store for a run to be simulated a hundred thousand times a minute. One stack that backups are
//! taken of, and those that are made of them.
//!
//! The wire is the sandbox's business; here only states, orders and times count.

mod fates;
mod halves;
mod made;
mod parts;
mod rds;
mod remains;
mod sets;
mod stack;
mod still;

pub(crate) use fates::{Durations, Fates, JobFate, RestoreFate};
pub(crate) use halves::Half;
pub(crate) use made::{Maker, New};
pub(crate) use parts::{OLD_BACKUP, OLD_POINT};
pub(crate) use sets::Set;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use stacksnap::engine::{Action, Done, Look, Observation, Seed};
use stacksnap::model::rebuild::Plan;
use stacksnap::model::run::{Lock, Mode, Run};
use stacksnap::model::{BackupId, Refusal, RefusalKind, Seen, StackStatus};

use halves::file_system;
use parts::Restored;
use remains::Item;
use stack::{Op, Past};

pub(crate) const STACK: &str = "my-hub";
pub(crate) const STACK_ID: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/my-hub/1";
pub(crate) const FILES: &str = "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-1";
pub(crate) const PARAMETER: &str = "StackOffline";

/// Milliseconds since 2026-11-20T02:00:00Z.
pub(crate) type Millis = i64;

pub(crate) fn at(millis: Millis) -> Timestamp {
    Timestamp::from_millisecond(1_795_140_000_000 + millis).unwrap()
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cloud {
    pub now: Millis,
    pub took: Durations,
    pub fates: Fates,
    pub mode: Mode,
    pub status: StackStatus,
    op: Option<Op>,
    past: Vec<Past>,
    version: u32,
    arns: u32,
    pub sets: Vec<Set>,
    cluster_busy: Millis,
    pub snapshots: Vec<Half>,
    pub snapshot_failed: bool,
    pub jobs: Vec<Half>,
    pub lock: Option<(Lock, Millis)>,
    pub records: BTreeMap<String, Run>,
    /// What the operator last asked for: the judge's knowledge, shown to nobody.
    pub wish: Mode,
    /// Since when the application is without interruption down; the judge's knowledge.
    pub down_since: Option<Millis>,
    /// Calls that changed something.
    pub effects: u32,
    /// Records that were written.
    pub saves: u32,
    /// Something that is not the run's was touched.
    pub foreign_touched: bool,
    /// Somebody else's DB cluster snapshot has the name that the next backup would take.
    pub squatter: bool,
    /// Every look and every action, counted.
    pub calls: u32,
    /// The stack's termination protection.
    pub protected: bool,
    /// How often a run changed the stack, or asked for it.
    pub touched: u32,
    /// Stacks that were made of backups, or by the operator.
    pub made: Vec<New>,
    /// What deleted stacks left behind, and what only looks like it.
    pub left: Vec<Item>,
    /// The backup that is restored.
    pub restored: Restored,
    /// Kept plans.
    pub plans: BTreeMap<String, Arc<Plan>>,
    /// The first rule that was broken by a single act; the judge's.
    pub wrong: Option<&'static str>,
    /// So old may a look be that an act is based on; the judge's.
    pub tolerance: Millis,
}

impl Cloud {
    pub(crate) fn new(mode: Mode, took: Durations, fates: Fates) -> Self {
        let created = Past { token: None, began: -9_000_000, ended: -8_000_000, status: StackStatus::CreateComplete };
        Self {
            now: 0,
            took,
            fates,
            mode,
            status: StackStatus::CreateComplete,
            op: None,
            past: vec![created],
            version: 0,
            arns: 0,
            sets: Vec::new(),
            cluster_busy: 0,
            snapshots: Vec::new(),
            snapshot_failed: false,
            jobs: Vec::new(),
            lock: None,
            records: BTreeMap::new(),
            wish: mode,
            down_since: (mode == Mode::Offline).then_some(-8_000_000),
            effects: 0,
            saves: 0,
            foreign_touched: false,
            squatter: false,
            calls: 0,
            protected: false,
            touched: 0,
            made: Vec::new(),
            left: Vec::new(),
            restored: Restored::default(),
            plans: BTreeMap::new(),
            wrong: None,
            tolerance: 60_000,
        }
    }

    /// Lets time pass until `now`.
    pub(crate) fn advance(&mut self, now: Millis) {
        self.now = self.now.max(now);
        if let Some(ends) = self.op.as_ref().map(|op| op.ends).filter(|ends| *ends <= self.now) {
            self.end_operation(ends);
        }
        self.advance_made();
    }

    // ---- what a driver sees -------------------------------------------------------------------

    pub(crate) fn record(&self, run: &BackupId) -> Seen<Run> {
        self.records.get(run.as_str()).map_or(Seen::Missing, |run| Seen::Here(run.clone()))
    }

    pub(crate) fn observe(&mut self, run: &Run, look: Look) -> Observation {
        self.calls += calls_of(look);
        let mut seen = Observation { look, ..Observation::default() };
        if look.record {
            seen.record = self.record(&run.id);
        }
        if look.change_sets {
            seen.change_sets = Seen::Here(self.sets.iter().map(|set| self.show_set(set)).collect());
        }
        if look.cluster {
            seen.cluster = if self.gone() { Seen::Missing } else { Seen::Here(self.show_cluster()) };
        }
        if look.file_system {
            seen.file_system = Seen::Here(file_system());
        }
        if look.snapshot {
            seen.snapshot = self.snapshot(run);
        }
        if look.job {
            seen.job = self.job(run.files.as_ref(), run.id.as_str());
        }
        if look.point {
            seen.point = self.point(run);
        }
        if look.point_tags {
            seen.point_tags = self.point(run).map(|point| point.tags.unwrap_or_default());
        }
        if look.seed {
            seen.seed = Seen::Here(match self.job(run.seed.as_ref(), "-") {
                Seen::Here(job) => Seed::Job(job),
                _ => Seed::Newest(None),
            });
        }
        if look.secret {
            seen.secret = Seen::Here(None);
        }
        if look.others {
            seen.others = Seen::Here(self.others(run));
        }
        if let Some(aim) = run.target.aim.as_ref() {
            self.observe_made(run, aim, look, &mut seen);
        }
        if look.history {
            seen.history = Seen::Here(self.history_since(run.base.as_deref()));
        }
        if look.stack {
            seen.stack = Seen::Here(self.stack());
        }
        seen
    }

    // ---- what a driver does -------------------------------------------------------------------

    pub(crate) fn perform(&mut self, action: &Action) -> Result<Done, Refusal> {
        self.calls += 1;
        match action {
            Action::CreateChangeSet(new) => self.create_set(&new.name, &new.value, new.switch),
            Action::ExecuteChangeSet { arn, token, switch } => self.execute(arn, token, *switch),
            Action::DeleteChangeSet { arn } => self.delete_set(arn),
            Action::CancelUpdate { .. } => self.cancel(),
            Action::CreateSnapshot { id, tags, .. } => self.create_snapshot(id, tags),
            Action::StartBackupJob(job) => Ok(Done::Job(self.start_job(&job.token, &job.tags))),
            Action::StopBackupJob { id } => self.stop_job(id),
            Action::TagSnapshot { arn, tags } => self.tag(arn, tags, true),
            Action::TagPoint { arn, tags } => self.tag(arn, tags, false),
            Action::CreateStack { stack, token } => self.create_stack(stack, token),
            Action::DeleteStack { stack_id, token } => self.delete_stack(stack_id, token),
            Action::Protect { stack_id, on } => self.protect(stack_id, *on),
            Action::Clear(thing) => self.clear(thing),
            Action::DropPlan { run, .. } => {
                self.plans.remove(run.as_str());
                Ok(Done::Ok)
            }
            Action::Unlock { run, .. } => {
                if self.lock.as_ref().is_some_and(|(lock, _)| lock.run == *run) {
                    self.lock = None;
                }
                Ok(Done::Ok)
            }
        }
    }
}

fn calls_of(look: Look) -> u32 {
    let each = [
        (look.record, 1),
        (look.stack, 1),
        (look.history, 1),
        (look.change_sets, 2),
        (look.cluster, 1),
        (look.file_system, 1),
        (look.snapshot, 1),
        (look.job, 1),
        (look.point, 2),
        (look.point_tags, 1),
        (look.seed, 1),
        (look.secret, 1),
        (look.others, 2),
        (look.plan, 1),
        (look.marks, 3),
        (look.fresh, 2),
        (look.parts, 4),
        (look.remains, 6),
        (look.probe, 1),
    ];
    each.iter().filter(|(on, _)| *on).map(|(_, calls)| calls).sum()
}

pub(crate) fn value(mode: Mode) -> &'static str {
    match mode {
        Mode::Online => "Online",
        Mode::Offline => "Offline - Temporarily shut off servers",
    }
}

pub(crate) fn refusal(kind: RefusalKind, operation: &str) -> Refusal {
    Refusal {
        kind,
        service: "simulation".into(),
        operation: operation.into(),
        code: format!("{kind:?}"),
        message: "refused".into(),
        request_id: None,
    }
}
