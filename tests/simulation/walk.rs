//! The engine, walked exhaustively: every observation, in any order, until no new state of a run is
//! found. Observations need not make sense together, since AWS's answers need not either.

use std::collections::{HashSet, VecDeque};

use jiff::SignedDuration;
use stacksnap::engine::{self, Action, Look, Next, Observation, Step};
use stacksnap::model::change_set::{Change, ChangeSet, Replacement};
use stacksnap::model::half::{Job, RecoveryPoint, Snapshot};
use stacksnap::model::history::{History, Operation};
use stacksnap::model::run::{Kind, Mode, Outcome, Phase, Run, StartedJob};
use stacksnap::model::stack::Stack;
use stacksnap::model::tags::COMPLETE;
use stacksnap::model::{
    ChangeSetStatus, ClusterStatus, ExecutionStatus, JobState, PointStatus, RefusalKind, Seen, SnapshotStatus,
    StackStatus, Switch,
};

use crate::cloud::{Cloud, Durations, FILES, Fates, at, refusal, value};
use crate::driver::new_run;
use crate::model_check::plain_run;
use crate::story::BACKUP;

/// One small world of each kind of answer, all combined.
struct Answers {
    stacks: Vec<Seen<Stack>>,
    histories: Vec<Seen<History>>,
    sets: Vec<Seen<Vec<ChangeSet>>>,
    clusters: Vec<ClusterStatus>,
    snapshots: Vec<Seen<Snapshot>>,
    jobs: Vec<Seen<Job>>,
    points: Vec<Seen<RecoveryPoint>>,
}

impl Answers {
    fn new(run: &Run) -> Self {
        Self {
            stacks: stacks(),
            histories: histories(run),
            sets: sets(run),
            clusters: vec![ClusterStatus::Available, ClusterStatus::Modifying],
            snapshots: snapshots(run),
            jobs: jobs(),
            points: points(run),
        }
    }

    /// Every combination that the phase would look at; what it does not look at stays as it is.
    fn each(&self, run: &Run, mut look_at: impl FnMut(&Observation)) {
        let look = engine::first_look(run);
        let backdrop = backdrop(run, look);
        let one = |on: bool, all: usize| if on { all } else { 1 };
        for stack in &self.stacks[..one(look.stack, self.stacks.len())] {
            for history in &self.histories[..one(look.history, self.histories.len())] {
                for sets in &self.sets[..one(look.change_sets, self.sets.len())] {
                    for cluster in &self.clusters[..one(look.cluster, self.clusters.len())] {
                        for snapshot in &self.snapshots[..one(look.snapshot, self.snapshots.len())] {
                            for job in &self.jobs[..one(look.job, self.jobs.len())] {
                                for point in &self.points[..one(look.point, self.points.len())] {
                                    look_at(&observation(
                                        &backdrop,
                                        (stack, history, sets),
                                        cluster,
                                        (snapshot, job, point),
                                    ));
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

type Whole<'a> = (&'a Seen<Stack>, &'a Seen<History>, &'a Seen<Vec<ChangeSet>>);
type Halves<'a> = (&'a Seen<Snapshot>, &'a Seen<Job>, &'a Seen<RecoveryPoint>);

/// What is the same in every one of them.
fn backdrop(run: &Run, look: Look) -> Observation {
    let mut seen = Cloud::new(Mode::Online, Durations::SHORT, Fates::default()).observe(run, look);
    seen.record = if look.record { Seen::Here(run.as_saved()) } else { Seen::NotLooked };
    seen
}

fn observation(
    backdrop: &Observation,
    (stack, history, sets): Whole<'_>,
    cluster: &ClusterStatus,
    halves: Halves<'_>,
) -> Observation {
    let (look, mut seen) = (backdrop.look, backdrop.clone());
    if look.stack {
        seen.stack = stack.clone();
    }
    if look.history {
        seen.history = history.clone();
    }
    if look.change_sets {
        seen.change_sets = sets.clone();
    }
    if let Seen::Here(there) = &mut seen.cluster {
        there.status = cluster.clone();
    }
    let (snapshot, job, point) = halves;
    if look.snapshot {
        seen.snapshot = snapshot.clone();
    }
    if look.job {
        seen.job = job.clone();
    }
    if look.point {
        seen.point = point.clone();
    }
    seen
}

fn stacks() -> Vec<Seen<Stack>> {
    let stack = |mode: Mode, status: StackStatus| {
        let mut stack = Cloud::new(mode, Durations::SHORT, Fates::default()).stack();
        stack.status = status;
        Seen::Here(stack)
    };
    let mut neither = Cloud::new(Mode::Online, Durations::SHORT, Fates::default()).stack();
    neither.parameters[0].value = "half way".into();
    vec![
        stack(Mode::Online, StackStatus::UpdateComplete),
        stack(Mode::Offline, StackStatus::UpdateComplete),
        stack(Mode::Offline, StackStatus::UpdateInProgress),
        stack(Mode::Offline, StackStatus::UpdateRollbackFailed),
        stack(Mode::Online, StackStatus::DeleteInProgress),
        Seen::Here(neither),
        Seen::Missing,
        Seen::Unknown(refusal(RefusalKind::Transient, "DescribeStacks")),
    ]
}

fn operation(token: Option<String>, began: i64, ended: Option<i64>, status: StackStatus) -> Operation {
    Operation { token, began: at(began), ended: ended.map(at), status, failure: None }
}

fn histories(run: &Run) -> Vec<Seen<History>> {
    let token = |word: &str| Some(format!("ss-{word}-{}-0", run.id));
    let created = || operation(None, -9_000, Some(-8_000), StackStatus::CreateComplete);
    let off = |ended: Option<i64>, status| operation(token("off"), 1_000, ended, status);
    let done = || off(Some(2_000), StackStatus::UpdateComplete);
    let foreign = |began: i64| operation(None, began, Some(began + 100), StackStatus::UpdateComplete);
    let on = |status| operation(token("on"), 50_000, Some(51_000), status);
    let all = vec![
        vec![created()],
        vec![off(None, StackStatus::UpdateInProgress), created()],
        vec![done(), created()],
        vec![off(Some(2_000), StackStatus::UpdateRollbackComplete), created()],
        vec![foreign(10_000), done(), created()],
        vec![foreign(11_000), foreign(10_000), done(), created()],
        vec![on(StackStatus::UpdateComplete), done(), created()],
        vec![on(StackStatus::UpdateRollbackComplete), done(), created()],
    ];
    let whole = |operations| Seen::Here(History { operations, newest_event: Some("e".into()), whole: true });
    all.into_iter().map(whole).collect()
}

fn sets(run: &Run) -> Vec<Seen<Vec<ChangeSet>>> {
    let set = |switch: Switch, attempt: u32, status: ChangeSetStatus, execution, replacement| {
        let name = stacksnap::model::Token { switch, run: run.id.clone(), attempt }.to_string();
        let change = Change {
            path: Vec::new(),
            logical_id: "AppDb".into(),
            physical_id: None,
            resource_type: String::new(),
            removes: false,
            replacement,
            dynamic: false,
        };
        ChangeSet { arn: format!("arn:{name}"), name, reason: None, status, execution, changes: Some(vec![change]) }
    };
    let (made, ready) = (ChangeSetStatus::CreateComplete, ExecutionStatus::Available);
    let both = |status: ChangeSetStatus, execution: ExecutionStatus, replacement| {
        let each = [(Switch::Off, 0), (Switch::On, 0), (Switch::On, 1)];
        Seen::Here(each.map(|(switch, n)| set(switch, n, status.clone(), execution.clone(), replacement)).to_vec())
    };
    vec![
        Seen::Here(Vec::new()),
        both(made.clone(), ready.clone(), Replacement::No),
        both(made.clone(), ready, Replacement::Yes),
        both(made, ExecutionStatus::Obsolete, Replacement::No),
        both(ChangeSetStatus::CreateInProgress, ExecutionStatus::Unavailable, Replacement::No),
        both(ChangeSetStatus::Failed, ExecutionStatus::Unavailable, Replacement::No),
    ]
}

fn snapshots(run: &Run) -> Vec<Seen<Snapshot>> {
    let mut own = stacksnap::model::half::Tags::new();
    own.insert("stacksnap:id".into(), run.id.to_string());
    own.insert("stacksnap:stack-id".into(), run.target.stack_id.clone());
    let snapshot = |status: SnapshotStatus, tags: &stacksnap::model::half::Tags| {
        Seen::Here(Snapshot {
            id: run.id.to_string(),
            arn: "arn:snapshot".into(),
            cluster: "my-hub-app-db".into(),
            status,
            manual: true,
            percent: 50,
            created: Some(at(3_000)),
            kms_key: None,
            allocated_gib: None,
            tags: tags.clone(),
        })
    };
    vec![
        Seen::Missing,
        snapshot(SnapshotStatus::Creating, &own),
        snapshot(SnapshotStatus::Available, &own),
        snapshot(SnapshotStatus::Failed, &own),
        snapshot(SnapshotStatus::Available, &Default::default()),
    ]
}

fn jobs() -> Vec<Seen<Job>> {
    let job = |state: JobState, category: Option<&str>| {
        let completed = (state == JobState::Completed).then(|| at(40_000));
        Seen::Here(Job {
            id: "job-0".into(),
            recovery_point: Some("arn:point".into()),
            state,
            message: None,
            category: category.map(str::to_owned),
            percent: Some(50),
            bytes: None,
            created: Some(at(3_000)),
            completed,
        })
    };
    vec![
        Seen::Missing,
        job(JobState::Running, None),
        job(JobState::Completed, Some("SUCCESS")),
        job(JobState::Completed, Some("AccessDenied")),
        job(JobState::Failed, None),
        job(JobState::Other("PAUSED".into()), None),
    ]
}

fn points(run: &Run) -> Vec<Seen<RecoveryPoint>> {
    let point = |status: PointStatus, marked: bool| {
        let mut tags = stacksnap::model::half::Tags::new();
        tags.insert("stacksnap:id".into(), run.id.to_string());
        if marked {
            tags.insert(COMPLETE.into(), "2026-11-20T02:10:00Z".into());
        }
        Seen::Here(RecoveryPoint {
            arn: "arn:point".into(),
            vault: "vault".into(),
            resource: FILES.into(),
            status,
            created: None,
            completed: None,
            bytes: None,
            by_plan: false,
            tags: Some(tags),
        })
    };
    vec![
        Seen::Missing,
        point(PointStatus::Completed, false),
        point(PointStatus::Completed, true),
        point(PointStatus::Expired, true),
    ]
}

/// What must be true of every single step.
fn sound(run: &Run, seen: &Observation, step: &Step) -> Result<(), String> {
    let check =
        |holds: bool, name: &str| if holds { Ok(()) } else { Err(format!("{name}: {} on {seen:?}", run.phase)) };
    check(step.run.phase >= run.phase, "phases only go forward")?;
    check(step.run.target == run.target, "the target is never changed")?;
    if let Next::Tick { wait, .. } = &step.next {
        check(*wait >= SignedDuration::ZERO && *wait <= SignedDuration::from_secs(60), "waits are bounded")?;
    }
    let complete = step.run.ending.as_ref().is_some_and(|ending| ending.outcome == Outcome::Complete);
    let backup = matches!(run.kind, Kind::Backup { .. });
    check(!(complete && backup) || run.phase >= Phase::Verifying, "only Verifying makes a backup complete")?;
    step.actions.iter().try_for_each(|action| allowed(run, seen, action).or_else(|name| check(false, &name)))
}

fn allowed(run: &Run, seen: &Observation, action: &Action) -> Result<(), String> {
    let stack = seen.stack.here();
    let reads = stack.and_then(|stack| stack.parameter(crate::cloud::PARAMETER));
    let idle = seen.history.here().is_some_and(|history| history.under_way().is_none());
    let ready = |arn: &str| seen.change_sets.here().into_iter().flatten().any(|set| set.arn == arn && set.ready());
    let holds = match action {
        Action::ExecuteChangeSet { arn, switch, .. } => {
            let from = if *switch == Switch::On { Mode::Offline } else { Mode::Online };
            let right_way = reads == Some(value(from)) && (*switch == Switch::On || run.prior == Some(Mode::Online));
            ready(arn) && idle && right_way
        }
        Action::CreateChangeSet(new) => {
            let keys: Vec<&str> = stack.into_iter().flat_map(|s| &s.parameters).map(|p| p.key.as_str()).collect();
            let sent: Vec<&str> = new.keep.iter().chain([&new.key]).map(String::as_str).collect();
            idle && keys.len() == sent.len()
                && keys.iter().all(|key| sent.contains(key))
                && !new.keep.contains(&new.key)
        }
        Action::CreateSnapshot { .. } | Action::StartBackupJob(_) => {
            let free = seen.cluster.here().is_some_and(|cluster| cluster.status == ClusterStatus::Available);
            free && (run.live() || idle && reads == Some(value(Mode::Offline)))
        }
        Action::TagSnapshot { tags, .. } | Action::TagPoint { tags, .. }
            if tags.iter().any(|(key, _)| key == COMPLETE) =>
        {
            let snapshot = seen.snapshot.here().is_some_and(|s| s.status == SnapshotStatus::Available);
            let point = seen.point.here().is_some_and(|p| p.status.complete());
            run.phase == Phase::Verifying && snapshot && point && seen.job.here().is_none_or(Job::succeeded)
        }
        Action::StopBackupJob { .. } => run.failing() || run.abort,
        Action::CancelUpdate { .. } => run.failing(),
        _ => true,
    };
    if holds { Ok(()) } else { Err(format!("not justified: {action:?}")) }
}

fn walk(kind: Kind) -> (usize, usize) {
    let first = new_run(kind, 0);
    let answers = Answers::new(&first);
    let mut known: HashSet<Run> = HashSet::new();
    let mut queue = VecDeque::from([first]);
    let mut steps = 0;
    while let Some(run) = queue.pop_front() {
        if !known.insert(run.clone()) || run.ended() {
            continue;
        }
        let mut found = HashSet::new();
        answers.each(&run, |seen| {
            let step = engine::step(&run, seen, at(120_000));
            steps += 1;
            sound(&run, seen, &step).unwrap();
            found.insert(after(&step));
        });
        queue.extend(found.into_iter().filter(|run| !known.contains(run)));
    }
    (known.len(), steps)
}

/// The run after a step whose calls all succeeded.
fn after(step: &Step) -> Run {
    let mut run = step.run.clone();
    let started = StartedJob { id: "job-0".into(), point: Some("arn:point".into()) };
    for action in &step.actions {
        if let Action::StartBackupJob(job) = action {
            let half = if job.seed { &mut run.seed } else { &mut run.files };
            *half = Some(started.clone());
        }
    }
    plain_run(&mut run);
    run.blind_since = None;
    // Which of the histories was seen at first is told by its newest operation; once is enough.
    run.base_at = run.base_at.map(|_| at(-8_000));
    run.halves_done = run.halves_done.map(|_| at(2_000));
    run.refused = None;
    run
}

#[test]
fn every_step_of_a_backup_is_sound_whatever_is_seen() {
    for kind in [BACKUP, Kind::Backup { live: true, seed: false }, Kind::Offline, Kind::Online] {
        let (runs, steps) = walk(kind.clone());
        println!("{kind:?}: {runs} states of a run, {steps} steps");
        assert!(steps > 100);
    }
}
