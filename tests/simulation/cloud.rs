//! An AWS of one stack, in memory, on a clock that is turned by hand: just enough of CloudFormation,
//! RDS, AWS Backup and Parameter Store for a run to be simulated a hundred thousand times a minute.
//!
//! The wire is the sandbox's business; here only states, orders and times count.

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;
use stacksnap::engine::{Action, Done, Look, Observation, Seed};
use stacksnap::model::change_set::ChangeSet;
use stacksnap::model::half::{Cluster, FileSystem, Job, RecoveryPoint, Snapshot, Tags};
use stacksnap::model::history::{Failure, History, Operation};
use stacksnap::model::run::{Lock, Mode, Run, StartedJob};
use stacksnap::model::stack::{Parameter, Stack};
use stacksnap::model::{
    ChangeSetStatus, ClusterStatus, ExecutionStatus, JobState, PointStatus, Refusal, RefusalKind, Seen, SnapshotStatus,
    StackStatus, Switch, Token,
};

pub(crate) const STACK: &str = "my-hub";
pub(crate) const STACK_ID: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/my-hub/1";
pub(crate) const FILES: &str = "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-1";
pub(crate) const PARAMETER: &str = "StackOffline";

/// Milliseconds since 2026-11-20T02:00:00Z.
pub(crate) type Millis = i64;

pub(crate) fn at(millis: Millis) -> Timestamp {
    Timestamp::from_millisecond(1_795_140_000_000 + millis).unwrap()
}

/// How long things take, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Durations {
    pub make_set: Millis,
    pub off: Millis,
    pub on: Millis,
    pub snapshot: Millis,
    pub job: Millis,
    /// The cluster is `modifying` so long after a mode change ended.
    pub modifying: Millis,
}

impl Durations {
    pub(crate) const SHORT: Self =
        Self { make_set: 4_000, off: 40_000, on: 40_000, snapshot: 30_000, job: 60_000, modifying: 8_000 };
}

/// What goes wrong next, each a number of times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Fates {
    pub off_rolls_back: u8,
    pub off_rollback_fails: u8,
    pub on_rolls_back: u8,
    pub snapshot_fails: u8,
    pub job: JobFate,
    pub tags_do_not_stick: u8,
    pub point_is_late: Millis,
}

/// What becomes of the next backup job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum JobFate {
    #[default]
    Completes,
    Fails,
    HasIssues,
    NeverStarts,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Op {
    token: Option<Rc<str>>,
    began: Millis,
    ends: Millis,
    mode: Mode,
    before: Mode,
    fate: OpFate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum OpFate {
    Completes,
    RollsBack,
    RollbackFails,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Past {
    token: Option<Rc<str>>,
    began: Millis,
    ended: Millis,
    status: StackStatus,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Set {
    arn: u32,
    name: Rc<str>,
    mode: Mode,
    version: u32,
    ready: Millis,
    /// Made while the stack had that mode already: FAILED.
    no_changes: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Half {
    pub id: String,
    pub tags: Tags,
    pub created: Millis,
    pub done: Millis,
    pub stopped: Option<Millis>,
    pub fate: JobFate,
    pub token: String,
}

/// The world.
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
        }
    }

    /// Lets time pass until `now`.
    pub(crate) fn advance(&mut self, now: Millis) {
        self.now = self.now.max(now);
        if let Some(ends) = self.op.as_ref().map(|op| op.ends).filter(|ends| *ends <= self.now) {
            self.end_operation(ends);
        }
    }

    /// When the operation under way ends.
    pub(crate) fn operation_ends(&self) -> Option<Millis> {
        self.op.as_ref().map(|op| op.ends)
    }

    pub(crate) fn busy(&self) -> bool {
        self.op.is_some()
    }

    fn end_operation(&mut self, ended: Millis) {
        let Some(op) = self.op.take() else { return };
        let (mode, status) = match op.fate {
            OpFate::Completes => (op.mode, StackStatus::UpdateComplete),
            OpFate::RollsBack => (op.before, StackStatus::UpdateRollbackComplete),
            OpFate::RollbackFails => (op.before, StackStatus::UpdateRollbackFailed),
        };
        self.mode = mode;
        self.status = status.clone();
        self.version += 1;
        self.past.push(Past { token: op.token, began: op.began, ended, status });
        if op.mode != op.before {
            self.cluster_busy = ended + self.took.modifying;
        }
        self.down_since = match mode {
            Mode::Online => None,
            Mode::Offline => self.down_since.or(Some(ended)),
        };
    }

    fn begin(&mut self, token: Option<Rc<str>>, mode: Mode, fate: OpFate) {
        let long = match (self.mode, mode) {
            (_, Mode::Offline) => self.took.off,
            (_, Mode::Online) => self.took.on,
        };
        let op = Op { token, began: self.now, ends: self.now + long.max(1), mode, before: self.mode, fate };
        // While it goes on, DescribeStacks reads the new value; whoever comes back is up at once,
        // whoever changes anything may restart a server: either way the downtime is interrupted.
        self.mode = mode;
        self.down_since = None;
        self.status = StackStatus::UpdateInProgress;
        self.version += 1;
        self.sets.clear();
        self.op = Some(op);
        self.effects += 1;
    }

    /// The operator updates the stack; `false`: CloudFormation refuses, an operation is under way.
    pub(crate) fn operator(&mut self, mode: Mode) -> bool {
        if self.op.is_some() || !self.status.updatable() {
            return false;
        }
        if mode != self.mode {
            self.wish = mode;
        }
        self.begin(None, mode, OpFate::Completes);
        true
    }

    /// The cluster is busy until then: a maintenance window, a failover.
    pub(crate) fn maintain(&mut self, until: Millis) {
        self.cluster_busy = until;
    }

    /// CloudFormation keeps events for ninety days.
    pub(crate) fn forget_history(&mut self) {
        self.past.clear();
    }

    // ---- what a driver sees -------------------------------------------------------------------

    pub(crate) fn observe(&mut self, run: &Run, look: Look) -> Observation {
        self.calls += calls_of(look);
        let mut seen = Observation { look, ..Observation::default() };
        if look.record {
            seen.record = self.records.get(run.id.as_str()).map_or(Seen::Missing, |run| Seen::Here(run.clone()));
        }
        if look.change_sets {
            seen.change_sets = Seen::Here(self.sets.iter().map(|set| self.show_set(set)).collect());
        }
        if look.cluster {
            seen.cluster = Seen::Here(self.show_cluster());
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
        if look.history {
            seen.history = Seen::Here(self.history_since(run.base.as_deref()));
        }
        if look.stack {
            seen.stack = Seen::Here(self.stack());
        }
        seen
    }

    pub(crate) fn stack(&self) -> Stack {
        let parameter = |key: &str, value: &str| Parameter { key: key.into(), value: value.into(), resolved: None };
        Stack {
            id: STACK_ID.into(),
            name: STACK.into(),
            status: self.status.clone(),
            status_reason: None,
            parameters: vec![
                parameter(PARAMETER, value(self.mode)),
                parameter("DomainName", "example.org"),
                // NoEcho: AWS masks it, and the mask must never be sent back.
                parameter("AdminPassword", "****"),
            ],
            capabilities: vec!["CAPABILITY_NAMED_IAM".to_owned()],
            outputs: Vec::new(),
            role_arn: None,
            parent_id: None,
            tags: Vec::new(),
            notification_arns: Vec::new(),
            termination_protection: false,
        }
    }

    pub(crate) fn history(&self) -> History {
        let failure = || Some(Failure { logical_id: "AppDb".into(), reason: "not available".into() });
        let under_way = self.op.iter().map(|op| Operation {
            token: op.token.as_deref().map(str::to_owned),
            began: at(op.began),
            ended: None,
            status: StackStatus::UpdateInProgress,
            failure: None,
        });
        let past = self.past.iter().rev().take(12).map(|op| Operation {
            token: op.token.as_deref().map(str::to_owned),
            began: at(op.began),
            ended: Some(at(op.ended)),
            failure: if op.status == StackStatus::UpdateRollbackComplete { failure() } else { None },
            status: op.status.clone(),
        });
        let newest = self.past.len() * 2 + usize::from(self.op.is_some());
        History { operations: under_way.chain(past).collect(), newest_event: Some(format!("e{newest}")), whole: true }
    }

    /// As the adapter reads it: back to the operation that was the newest when the run began.
    fn history_since(&self, base: Option<&str>) -> History {
        let mut history = self.history();
        let known = base.and_then(|base| base.strip_prefix('e')?.parse::<usize>().ok()).map(|n| n / 2);
        if let Some(known) = known {
            let newer = history.operations.len().saturating_sub(self.past.len().min(12))
                + self.past.len().saturating_sub(known);
            history.operations.truncate(newer + 1);
        }
        history
    }

    fn show_set(&self, set: &Set) -> ChangeSet {
        let made = self.now >= set.ready;
        let obsolete = set.version != self.version;
        let (status, execution) = match (made, set.no_changes) {
            (false, _) => (ChangeSetStatus::CreateInProgress, ExecutionStatus::Unavailable),
            (true, true) => (ChangeSetStatus::Failed, ExecutionStatus::Unavailable),
            (true, false) if obsolete => (ChangeSetStatus::CreateComplete, ExecutionStatus::Obsolete),
            (true, false) => (ChangeSetStatus::CreateComplete, ExecutionStatus::Available),
        };
        ChangeSet {
            arn: format!("arn:set/{}", set.arn),
            name: set.name.to_string(),
            status,
            reason: set.no_changes.then(|| "The submitted information didn't contain changes.".to_owned()),
            execution,
            changes: Some(Vec::new()),
        }
    }

    fn show_cluster(&self) -> Cluster {
        let changing = self.op.as_ref().is_some_and(|op| op.mode != op.before);
        let status =
            if changing || self.now < self.cluster_busy { ClusterStatus::Modifying } else { ClusterStatus::Available };
        Cluster { id: "my-hub-app-db".into(), arn: "arn:cluster".into(), status, engine: String::new(), kms_key: None }
    }

    fn snapshot(&self, run: &Run) -> Seen<Snapshot> {
        let Some(half) = self.snapshots.iter().find(|half| half.id == run.id.as_str()) else {
            return if self.squatter { Seen::Here(squatter(run)) } else { Seen::Missing };
        };
        let done = self.now >= half.done;
        let status = match (self.snapshot_failed, done) {
            (true, true) => SnapshotStatus::Failed,
            (false, true) => SnapshotStatus::Available,
            (_, false) => SnapshotStatus::Creating,
        };
        Seen::Here(Snapshot {
            id: half.id.clone(),
            arn: format!("arn:snapshot/{}", half.id),
            cluster: "my-hub-app-db".into(),
            status,
            manual: true,
            percent: percent(half, self.now),
            created: Some(at(half.created)),
            kms_key: None,
            allocated_gib: None,
            tags: half.tags.clone(),
        })
    }

    fn job(&self, started: Option<&StartedJob>, id: &str) -> Seen<Job> {
        let by_tag = |half: &&Half| half.tags.get("stacksnap:id").is_some_and(|tag| tag == id);
        let half = match started {
            Some(job) => self.jobs.iter().find(|half| half.id == job.id),
            None => self.jobs.iter().find(by_tag),
        };
        half.map_or(Seen::Missing, |half| Seen::Here(self.show_job(half)))
    }

    fn show_job(&self, half: &Half) -> Job {
        let done = self.now >= half.done;
        let state = match (half.stopped.is_some(), half.fate, done) {
            (true, ..) => JobState::Aborted,
            // AWS Backup gives a job that cannot start eight hours, by default.
            (_, JobFate::NeverStarts, _) if self.now > half.created + 8 * 3_600_000 => JobState::Expired,
            (_, JobFate::NeverStarts, _) => JobState::Created,
            (.., false) => JobState::Running,
            (_, JobFate::Fails, true) => JobState::Failed,
            (_, JobFate::HasIssues | JobFate::Completes, true) => JobState::Completed,
        };
        let issues = half.fate == JobFate::HasIssues && done;
        let completed = (state == JobState::Completed).then(|| at(half.done));
        Job {
            id: half.id.clone(),
            recovery_point: Some(format!("arn:point/{}", half.id)),
            message: issues.then(|| "some files were skipped".to_owned()),
            category: (state == JobState::Completed).then(|| if issues { "FAILURE" } else { "SUCCESS" }.to_owned()),
            percent: Some(percent(half, self.now)),
            bytes: None,
            created: Some(at(half.created)),
            completed,
            state,
        }
    }

    fn point(&self, run: &Run) -> Seen<RecoveryPoint> {
        let Some(half) = run.files.as_ref().and_then(|files| self.jobs.iter().find(|half| half.id == files.id)) else {
            return Seen::Missing;
        };
        let status = if self.now >= half.done + self.fates.point_is_late {
            PointStatus::Completed
        } else {
            PointStatus::Creating
        };
        Seen::Here(RecoveryPoint {
            arn: format!("arn:point/{}", half.id),
            vault: "vault".into(),
            resource: FILES.into(),
            status: if half.stopped.is_some() { PointStatus::Expired } else { status },
            created: Some(at(half.created)),
            completed: None,
            bytes: None,
            by_plan: false,
            tags: Some(half.tags.clone()),
        })
    }

    fn others(&self, run: &Run) -> Vec<String> {
        let ours = |half: &Half| half.tags.values().any(|tag| tag == run.id.as_str());
        let active = |half: &&Half| self.show_job(half).state.active();
        self.jobs.iter().filter(active).filter(|half| !ours(half)).map(|half| half.id.clone()).collect()
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
            Action::CreateStack { .. }
            | Action::DeleteStack { .. }
            | Action::Protect { .. }
            | Action::Clear(_)
            | Action::DropPlan { .. } => panic!("not an action of a backup"),
            Action::Unlock { run, .. } => {
                if self.lock.as_ref().is_some_and(|(lock, _)| lock.run == *run) {
                    self.lock = None;
                }
                Ok(Done::Ok)
            }
        }
    }

    fn create_set(&mut self, name: &str, to: &str, switch: Switch) -> Result<Done, Refusal> {
        if self.op.is_some() || !self.status.updatable() {
            return Err(refusal(RefusalKind::WrongState, "CreateChangeSet"));
        }
        if self.sets.iter().any(|set| &*set.name == name) {
            return Err(refusal(RefusalKind::AlreadyExists, "CreateChangeSet"));
        }
        let mode = if switch == Switch::On { Mode::Online } else { Mode::Offline };
        assert_eq!(to, value(mode), "the offline parameter is explicit");
        self.arns += 1;
        let ready = self.now + self.took.make_set;
        let no_changes = mode == self.mode;
        self.sets.push(Set { arn: self.arns, name: name.into(), mode, version: self.version, ready, no_changes });
        self.effects += 1;
        Ok(Done::Ok)
    }

    /// The compare-and-swap: only by ARN, only while no operation has changed the stack since.
    fn execute(&mut self, arn: &str, token: &str, switch: Switch) -> Result<Done, Refusal> {
        let Some(set) = self.sets.iter().find(|set| format!("arn:set/{}", set.arn) == arn).cloned() else {
            return Err(refusal(RefusalKind::NotFound, "ExecuteChangeSet"));
        };
        if self.op.is_some() || set.version != self.version || set.no_changes || self.now < set.ready {
            return Err(refusal(RefusalKind::WrongState, "ExecuteChangeSet"));
        }
        assert_eq!(token, &*set.name, "the token is the change set's name");
        let fate = match switch {
            Switch::Off | Switch::Hold if take(&mut self.fates.off_rolls_back) => OpFate::RollsBack,
            Switch::Off | Switch::Hold if take(&mut self.fates.off_rollback_fails) => OpFate::RollbackFails,
            Switch::On if take(&mut self.fates.on_rolls_back) => OpFate::RollsBack,
            // AppDb cannot be modified while its snapshot is taken: InvalidDBClusterStateFault.
            Switch::On if self.took.snapshot < i64::MAX / 4 && self.snapshot_pending() => OpFate::RollsBack,
            _ => OpFate::Completes,
        };
        if switch == Switch::Hold {
            self.wish = Mode::Offline;
        }
        self.begin(Some(token.into()), set.mode, fate);
        Ok(Done::Ok)
    }

    fn snapshot_pending(&self) -> bool {
        self.snapshots.iter().any(|half| half.done > self.now)
    }

    fn delete_set(&mut self, arn: &str) -> Result<Done, Refusal> {
        let found = self.sets.iter().position(|set| format!("arn:set/{}", set.arn) == arn);
        let Some(found) = found else { return Ok(Done::Ok) };
        let set = self.sets.remove(found);
        self.foreign_touched |= Token::parse(&set.name).is_none();
        self.effects += 1;
        Ok(Done::Ok)
    }

    fn cancel(&mut self) -> Result<Done, Refusal> {
        let Some(op) = &mut self.op else { return Err(refusal(RefusalKind::WrongState, "CancelUpdateStack")) };
        self.foreign_touched |= op.token.as_deref().and_then(Token::parse).is_none();
        op.fate = OpFate::RollsBack;
        op.ends = op.ends.min(self.now + 10_000);
        self.status = StackStatus::UpdateRollbackInProgress;
        Ok(Done::Ok)
    }

    fn create_snapshot(&mut self, id: &str, tags: &[(String, String)]) -> Result<Done, Refusal> {
        if self.squatter || self.snapshots.iter().any(|half| half.id == id) {
            return Err(refusal(RefusalKind::AlreadyExists, "CreateDBClusterSnapshot"));
        }
        if self.show_cluster().status != ClusterStatus::Available {
            return Err(refusal(RefusalKind::WrongState, "CreateDBClusterSnapshot"));
        }
        self.snapshot_failed = take(&mut self.fates.snapshot_fails);
        let half = self.half(id.to_owned(), tags, self.took.snapshot, JobFate::Completes, String::new());
        self.snapshots.push(half);
        Ok(Done::Ok)
    }

    fn start_job(&mut self, token: &str, tags: &[(String, String)]) -> StartedJob {
        if let Some(half) = self.jobs.iter().find(|half| half.token == token) {
            return StartedJob { id: half.id.clone(), point: Some(format!("arn:point/{}", half.id)) };
        }
        let fate = std::mem::take(&mut self.fates.job);
        let id = format!("job-{}", self.jobs.len());
        let half = self.half(id.clone(), tags, self.took.job, fate, token.to_owned());
        self.jobs.push(half);
        StartedJob { point: Some(format!("arn:point/{id}")), id }
    }

    fn half(&mut self, id: String, tags: &[(String, String)], long: Millis, fate: JobFate, token: String) -> Half {
        self.effects += 1;
        let sticks = !take(&mut self.fates.tags_do_not_stick);
        let kept = |key: &str| sticks || key == "stacksnap:id" || key == "stacksnap:stack-id";
        let tags = tags.iter().filter(|(key, _)| kept(key)).cloned().collect();
        Half { id, tags, created: self.now, done: self.now + long, stopped: None, fate, token }
    }

    fn stop_job(&mut self, id: &str) -> Result<Done, Refusal> {
        let now = self.now;
        let state = self.jobs.iter().find(|half| half.id == id).map(|half| self.show_job(half).state);
        if !state.is_some_and(|state| state.active()) {
            return Err(refusal(RefusalKind::WrongState, "StopBackupJob"));
        }
        self.effects += 1;
        if let Some(half) = self.jobs.iter_mut().find(|half| half.id == id) {
            half.stopped = Some(now);
        }
        Ok(Done::Ok)
    }

    fn tag(&mut self, arn: &str, tags: &[(String, String)], snapshot: bool) -> Result<Done, Refusal> {
        let halves = if snapshot { &mut self.snapshots } else { &mut self.jobs };
        let half = halves.iter_mut().find(|half| arn.ends_with(&format!("/{}", half.id)));
        let Some(half) = half else { return Err(refusal(RefusalKind::NotFound, "Tag")) };
        half.tags.extend(tags.iter().cloned());
        self.effects += 1;
        Ok(Done::Ok)
    }
}

fn percent(half: &Half, now: Millis) -> u8 {
    let share = (now - half.created) * 100 / (half.done - half.created).max(1);
    u8::try_from(share.clamp(0, 100)).unwrap()
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
        (look.seed, 1),
        (look.secret, 1),
        (look.others, 2),
    ];
    each.iter().filter(|(on, _)| *on).map(|(_, calls)| calls).sum()
}

fn take(times: &mut u8) -> bool {
    let left = *times > 0;
    *times = times.saturating_sub(1);
    left
}

pub(crate) fn value(mode: Mode) -> &'static str {
    match mode {
        Mode::Online => "Online",
        Mode::Offline => "Offline - Temporarily shut off servers",
    }
}

fn file_system() -> FileSystem {
    FileSystem { id: "fs-1".into(), arn: FILES.into(), state: "available".into(), bytes: None, kms_key: None }
}

fn squatter(run: &Run) -> Snapshot {
    Snapshot {
        id: run.id.to_string(),
        arn: "arn:snapshot/somebody-elses".into(),
        cluster: "another".into(),
        status: SnapshotStatus::Available,
        manual: true,
        percent: 100,
        created: Some(at(-5_000_000)),
        kms_key: None,
        allocated_gib: None,
        tags: Tags::new(),
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

/// For the model checker: everything happens when it is told to, not when a clock says so.
impl Cloud {
    /// Nothing ends by itself.
    pub(crate) const NEVER: Durations = Durations {
        make_set: 0,
        off: i64::MAX / 4,
        on: i64::MAX / 4,
        snapshot: i64::MAX / 4,
        job: i64::MAX / 4,
        modifying: 0,
    };

    /// The operation under way ends now.
    pub(crate) fn settle_operation(&mut self, rolls_back: bool) {
        let now = self.now;
        if let Some(op) = &mut self.op {
            op.ends = now;
            if rolls_back {
                op.fate = OpFate::RollsBack;
            }
        }
        self.advance(now);
    }

    /// Whose operation is under way; `None`: the operator's, or nobody's.
    pub(crate) fn own_operation(&self) -> Option<Token> {
        self.op.as_ref().and_then(|op| op.token.as_deref()).and_then(Token::parse)
    }

    /// The halves that are being made end now.
    pub(crate) fn settle_halves(&mut self, fate: JobFate) {
        let now = self.now;
        for half in self.snapshots.iter_mut().chain(&mut self.jobs).filter(|half| half.done > now) {
            half.done = now;
            half.fate = fate;
        }
    }

    pub(crate) fn halves_pending(&self) -> bool {
        self.snapshots.iter().chain(&self.jobs).any(|half| half.done > self.now && half.stopped.is_none())
    }

    /// What has to have an order in time: operations and halves.
    pub(crate) fn beat(&self) -> (u32, usize) {
        let done = self.snapshots.iter().chain(&self.jobs).filter(|half| half.done <= self.now).count();
        (self.version, done)
    }

    /// Counters are no part of a state.
    pub(crate) fn forget_counters(&mut self) {
        self.calls = 0;
        self.effects = 0;
        self.saves = 0;
    }
}
