//! The adapter against the sandbox's wire: what the SDK is told comes back as nouns.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use jiff::{SignedDuration, Timestamp};
use stacksnap::aws::{Aws, Shared};
use stacksnap::engine::{Action, Done, Look, NewChangeSet, NewJob, Observation, Seed};
use stacksnap::model::change_set::Replacement;
use stacksnap::model::run::{Lock, Phase, Run, StartedJob};
use stacksnap::model::stack::{Declared, Resource, Stack};
use stacksnap::model::survey::{Discovery, Survey};
use stacksnap::model::topology::{Found, OfflineSwitch, Topology};
use stacksnap::model::{BackupId, JobState, RefusalKind, Seen, SnapshotStatus, StackStatus, Switch, tags};
use stacksnap::world::{Locked, World};
use stacksnap_sandbox::{Fault, FaultKind, Sandbox, seeds};

const STACK: &str = "my-hub";
const OFFLINE: &str = "Offline - Temporarily shut off servers";

/// One stack, one adapter, a clock turned by hand.
struct Scene {
    sandbox: Sandbox,
    aws: Aws,
    run: Run,
}

impl Scene {
    async fn new() -> Self {
        Self::at("2026-11-20T02:00:00Z".parse().unwrap()).await
    }

    async fn at(now: Timestamp) -> Self {
        let sandbox = Sandbox::manual(now);
        sandbox.seed_stack(&seeds::hubs(STACK));
        let aws = Aws::with_http_client(sandbox.http_client(), "us-east-1", "AKIDEXAMPLE");
        let survey = aws.survey(STACK, &discover, &Shared::default()).await;
        let base = aws.newest_event(&stack_id(&survey)).await.unwrap();
        let run = run(&survey, sandbox.now(), base.as_deref());
        Self { sandbox, aws, run }
    }

    async fn look(&self, look: Look) -> Observation {
        self.aws.observe(&self.run, look).await
    }

    fn later(&self, seconds: i64) {
        assert!(self.sandbox.advance(SignedDuration::from_secs(seconds)));
    }

    async fn act(&self, action: Action) -> Done {
        self.aws.perform(&action).await.unwrap()
    }

    fn off(&self) -> Action {
        Action::CreateChangeSet(NewChangeSet {
            stack_id: self.run.target.stack_id.clone(),
            name: format!("ss-off-{}-0", self.run.id),
            switch: Switch::Off,
            keep: parameter_keys(),
            key: "StackOffline".to_owned(),
            value: OFFLINE.to_owned(),
            capabilities: ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
                .map(str::to_owned)
                .into(),
        })
    }

    fn job(&self) -> Action {
        let target = &self.run.target;
        Action::StartBackupJob(NewJob {
            file_system: target.file_system.clone(),
            vault: target.vault.clone(),
            role: target.role.clone(),
            token: self.run.id.to_string(),
            tags: vec![(tags::ID.to_owned(), self.run.id.to_string())],
            seed: false,
        })
    }

    fn snapshot(&self) -> Action {
        Action::CreateSnapshot {
            cluster: self.run.target.cluster.clone(),
            id: self.run.id.to_string(),
            tags: vec![(tags::ID.to_owned(), self.run.id.to_string())],
        }
    }
}

fn parameter_keys() -> Vec<String> {
    seeds::hubs(STACK).parameters.into_iter().map(|p| p.key).filter(|key| key != "StackOffline").collect()
}

fn stack_id(survey: &Survey) -> String {
    survey.stack.here().unwrap().id.clone()
}

/// Finds the parts by their logical ids, as simply as can be.
fn discover(_: &Stack, _: &[Declared], resources: &[Resource]) -> Discovery {
    let found = |logical_id: &str| {
        let resource = resources.iter().find(|resource| resource.logical_id == logical_id).unwrap();
        let value = resource.physical_id.clone().unwrap();
        Found { value, from: format!("resource {logical_id}"), logical_id: Some(logical_id.to_owned()) }
    };
    Ok(Topology {
        profile: "test".to_owned(),
        cluster: found("AppDb"),
        file_system: found("StorageEFS"),
        vault: found("DailyBackupVault"),
        role: found("DailyBackupRole"),
        secret: Some(found("AppDbSecret")),
        offline: Some(OfflineSwitch {
            parameter: "StackOffline".to_owned(),
            online: "Online".to_owned(),
            offline: OFFLINE.to_owned(),
        }),
        parameter_store: ["postgrest-db-secret", "phoenix-key", "nothing"]
            .map(|n| format!("/keymaster/{STACK}/{n}"))
            .into(),
        restore: None,
    })
}

fn run(survey: &Survey, now: Timestamp, base: Option<&str>) -> Run {
    let topology = survey.topology.clone().unwrap().unwrap();
    let json = serde_json::json!({
        "format": 1, "tool": "0.1.0", "id": BackupId::new(STACK, now),
        "kind": {"do": "backup", "live": false, "seed": false},
        "target": {
            "stack": STACK, "stack_id": stack_id(survey), "switch": topology.offline,
            "cluster": topology.cluster.value, "file_system": survey.file_system.here().unwrap().arn,
            "vault": topology.vault.value, "role": survey.role.here().unwrap().arn,
            "secret": survey.secret.here().unwrap().arn, "protected": ["AppDb", "StorageEFS"],
        },
        "options": {"max_offline": 3600, "settle": 30}, "phase": "Preflight",
        "since": now, "started": now, "next_due": now, "base": base,
    });
    serde_json::from_value(json).unwrap()
}

const EVERYTHING: Look = Look {
    manifest: false,
    plan: false,
    marks: false,
    fresh: false,
    parts: false,
    remains: false,
    probe: false,
    record: true,
    stack: true,
    history: true,
    change_sets: true,
    cluster: true,
    file_system: true,
    snapshot: true,
    job: true,
    point: true,
    seed: true,
    secret: true,
    others: true,
};

#[tokio::test]
async fn a_survey_sees_every_part_of_the_stack() {
    let scene = Scene::new().await;
    let survey = scene.aws.survey(STACK, &discover, &Shared::default()).await;
    assert_eq!(survey.caller.here().unwrap().account, "123456789012");
    assert_eq!(survey.stack.here().unwrap().parameter("StackOffline"), Some("Online"));
    assert!(survey.declared.here().unwrap().iter().any(|p| p.key == "StackOffline" && p.allowed.len() == 2));
    assert!(survey.resources.here().unwrap().len() > 100, "all pages");
    assert_eq!(survey.cluster.here().unwrap().status.as_str(), "available");
    assert!(survey.file_system.here().unwrap().available());
    assert!(survey.vault.here().unwrap().policy.known());
    assert!(survey.role.here().unwrap().trust.contains("backup.amazonaws.com"));
    assert!(survey.role.here().unwrap().arn.starts_with("arn:aws:iam::123456789012:role/"));
    assert!(survey.secret.here().unwrap().version.is_some());
    let there: Vec<_> = survey.parameter_store.iter().map(|(_, seen)| seen.here().copied()).collect();
    assert_eq!(there, [Some(true), Some(true), Some(false)]);
    assert!(
        survey.keys.iter().all(|key| key.state.here().is_some_and(|state| state == "Enabled")),
        "{:?}",
        survey.keys
    );
    assert_eq!(survey.jobs, Seen::Here(vec![]));
    assert_eq!(survey.efs_opt_in, Seen::Here(true));
    assert!(survey.quota.here().unwrap().max >= 100);
    assert_eq!((&survey.lock, &survey.runs), (&Seen::Missing, &Seen::Here(vec![])));
}

#[tokio::test]
async fn a_stack_that_is_not_there_is_missing_and_nothing_else_is_looked_at() {
    let scene = Scene::new().await;
    let survey = scene.aws.survey("no-such-stack", &discover, &Shared::default()).await;
    assert_eq!(survey.stack, Seen::Missing);
    assert!(survey.topology.is_none() && survey.cluster == Seen::NotLooked);
}

#[tokio::test]
async fn no_secret_value_is_ever_asked_for() {
    let scene = Scene::new().await;
    scene.look(EVERYTHING).await;
    let asked: Vec<String> = scene.sandbox.requests().into_iter().map(|request| request.operation).collect();
    assert!(asked.iter().any(|operation| operation == "DescribeSecret"));
    assert!(!asked.iter().any(|operation| operation == "GetSecretValue"), "{asked:?}");
}

#[tokio::test]
async fn the_stack_is_read_last_and_the_change_sets_before_it() {
    let scene = Scene::new().await;
    scene.sandbox.clear_requests();
    scene.look(EVERYTHING).await;
    let asked: Vec<String> = scene.sandbox.requests().into_iter().map(|request| request.operation).collect();
    let at = |operation: &str| asked.iter().rposition(|asked| asked == operation).unwrap();
    assert_eq!(at("DescribeStacks"), asked.len() - 1, "{asked:?}");
    assert_eq!(at("DescribeStackEvents"), asked.len() - 2, "{asked:?}");
    assert!(at("ListChangeSets") < at("DescribeStackEvents"));
}

#[tokio::test]
async fn at_first_there_is_nothing_of_the_run() {
    let scene = Scene::new().await;
    let seen = scene.look(EVERYTHING).await;
    assert_eq!(seen.refusal(), None);
    assert_eq!(
        (&seen.record, &seen.snapshot, &seen.job, &seen.point),
        (&Seen::Missing, &Seen::Missing, &Seen::Missing, &Seen::Missing)
    );
    assert!(matches!(seen.seed, Seen::Here(Seed::Newest(Some(_)))), "the nightly ones: {:?}", seen.seed);
    assert_eq!((seen.others, seen.new_events), (Seen::Here(vec![]), vec![]));
    assert_eq!(scene.look(Look::NONE).await, Observation { look: Look::NONE, ..Observation::default() });
}

#[tokio::test]
async fn a_change_set_is_made_read_and_executed() {
    let scene = Scene::new().await;
    scene.look(Look::STACK).await;
    scene.act(scene.off()).await;
    scene.later(120);
    let seen = scene.look(Look::STACK).await;
    let sets = seen.change_sets.here().unwrap();
    let [set] = sets.as_slice() else { panic!("{sets:?}") };
    assert!(set.ready() && set.own().unwrap().switch == Switch::Off);
    let change = set.changes.iter().flatten().find(|change| change.logical_id == "AppDb").unwrap();
    assert_eq!((change.removes, change.replacement), (false, Replacement::No));

    let token = set.name.clone();
    let execute = Action::ExecuteChangeSet { arn: set.arn.clone(), token: token.clone(), switch: Switch::Off };
    scene.act(execute).await;
    scene.later(1);
    let seen = scene.look(Look::STACK).await;
    assert_eq!(seen.history.here().unwrap().under_way().unwrap().token.as_deref(), Some(token.as_str()));
    assert!(seen.stack.here().unwrap().status.in_progress());
    assert!(!seen.new_events.is_empty());

    scene.later(3_600);
    let seen = scene.look(Look::STACK).await;
    let history = seen.history.here().unwrap();
    assert!(history.operations[0].is(&scene.run.id, Switch::Off) && history.operations[0].took_effect());
    assert_eq!(seen.stack.here().unwrap().status, StackStatus::UpdateComplete);
    assert_eq!(seen.stack.here().unwrap().parameter("StackOffline"), Some(OFFLINE));
    let times: Vec<_> = seen.new_events.iter().map(|event| event.at).collect();
    assert!(times.is_sorted() && !times.is_empty());
    assert_eq!(scene.look(Look::EVENTS).await.new_events, []);
}

#[tokio::test]
async fn another_driver_reads_the_same_history_as_the_one_that_watched() {
    let scene = Scene::new().await;
    scene.look(Look::STACK).await;
    scene.act(scene.off()).await;
    scene.later(120);
    let seen = scene.look(Look::STACK).await;
    let set = seen.change_sets.here().unwrap()[0].clone();
    scene.act(Action::ExecuteChangeSet { arn: set.arn, token: set.name, switch: Switch::Off }).await;
    for _ in 0..40 {
        scene.later(15);
        scene.look(Look::EVENTS).await;
    }
    let other = Aws::with_http_client(scene.sandbox.http_client(), "us-east-1", "AKIDEXAMPLE");
    let (ours, theirs) = (scene.look(Look::EVENTS).await, other.observe(&scene.run, Look::EVENTS).await);
    assert_eq!(ours.history, theirs.history);
    let debt = Run { base: None, ..scene.run.clone() };
    assert!(other.observe(&debt, Look::EVENTS).await.history.here().unwrap().settles_debt());
}

#[tokio::test]
async fn a_stale_answer_does_not_take_back_what_was_seen() {
    let scene = Scene::new().await;
    scene.act(scene.off()).await;
    scene.later(120);
    let seen = scene.look(Look::STACK).await;
    let set = seen.change_sets.here().unwrap()[0].clone();
    scene.act(Action::ExecuteChangeSet { arn: set.arn, token: set.name, switch: Switch::Off }).await;
    scene.later(3_600);
    let fresh = scene.look(Look::EVENTS).await;
    let stale = Fault::always("cloudformation:DescribeStackEvents", FaultKind::Stale { seconds: 3_590.0 });
    scene.sandbox.add_fault(stale);
    let stale = scene.look(Look::EVENTS).await;
    assert_eq!((stale.history, stale.new_events), (fresh.history, vec![]));
}

#[tokio::test]
async fn fm_17_a_change_set_that_changes_nothing_says_so() {
    let scene = Scene::new().await;
    let Action::CreateChangeSet(new) = scene.off() else { unreachable!() };
    scene.act(Action::CreateChangeSet(NewChangeSet { value: "Online".to_owned(), ..new })).await;
    scene.later(120);
    let seen = scene.look(Look::STACK).await;
    let set = &seen.change_sets.here().unwrap()[0];
    assert!(set.says_no_changes() && set.changes.is_none());
    scene.act(Action::DeleteChangeSet { arn: set.arn.clone() }).await;
    assert_eq!(scene.look(Look::STACK).await.change_sets, Seen::Here(vec![]));
}

#[tokio::test]
async fn both_halves_are_made_tagged_and_found() {
    let mut scene = Scene::new().await;
    scene.act(scene.snapshot()).await;
    let Done::Job(job) = scene.act(scene.job()).await else { panic!("a job") };
    assert!(job.point.is_some(), "known at once for EFS");
    scene.run.files = Some(job.clone());
    let seen = scene.look(EVERYTHING).await;
    assert_eq!(seen.snapshot.here().unwrap().status, SnapshotStatus::Creating);
    assert!(seen.job.here().unwrap().state.active());
    assert_eq!(seen.others, Seen::Here(vec![]), "one's own job is not another's");

    scene.later(4 * 3_600);
    let arn = scene.look(Look::HALVES).await.snapshot.here().unwrap().arn.clone();
    let mark = vec![(tags::COMPLETE.to_owned(), "2026-11-20T03:00:00Z".to_owned())];
    scene.act(Action::TagPoint { arn: job.point.clone().unwrap(), tags: mark.clone() }).await;
    scene.act(Action::TagSnapshot { arn, tags: mark }).await;
    let seen = scene.look(EVERYTHING).await;
    let (snapshot, job, point) = (seen.snapshot.here().unwrap(), seen.job.here().unwrap(), seen.point.here().unwrap());
    assert!(snapshot.status == SnapshotStatus::Available && snapshot.created.is_some() && snapshot.percent == 100);
    assert!(job.succeeded() && job.state == JobState::Completed && job.completed.is_some());
    assert!(point.status.complete() && point.vault == scene.run.target.vault);
    for tags in [&snapshot.tags, point.tags.as_ref().unwrap()] {
        assert_eq!(tags.get(tags::ID).map(String::as_str), Some(scene.run.id.as_str()));
        assert!(tags.contains_key(tags::COMPLETE));
    }
}

#[tokio::test]
async fn a_job_whose_id_was_lost_is_found_by_its_tag() {
    let mut scene = Scene::new().await;
    let Done::Job(job) = scene.act(scene.job()).await else { panic!("a job") };
    let Done::Job(again) = scene.act(scene.job()).await else { panic!("a job") };
    assert_eq!(job, again, "one token, one job");
    let look = Look { point: true, ..Look::HALVES };
    assert_eq!(scene.look(look).await.job, Seen::Missing, "nothing was asked for, as far as the record says");
    scene.run.asked = Some(scene.sandbox.now());
    let seen = scene.look(look).await;
    assert_eq!(seen.job.here().unwrap().id, job.id);
    assert_eq!(seen.point.here().map(|point| point.arn.clone()), job.point);
    scene.run.id = BackupId::new(STACK, Timestamp::MAX);
    assert_eq!(scene.look(look).await.job, Seen::Missing, "another run's");
}

#[tokio::test]
async fn fm_57_somebody_elses_job_is_in_the_way() {
    let scene = Scene::new().await;
    scene.act(scene.job()).await;
    let seen = scene.look(Look { others: true, ..Look::NONE }).await;
    assert_eq!(seen.others.here().unwrap().len(), 1);
}

#[tokio::test]
async fn a_job_is_stopped_once() {
    let mut scene = Scene::new().await;
    let Done::Job(job) = scene.act(scene.job()).await else { panic!("a job") };
    scene.act(Action::StopBackupJob { id: job.id.clone() }).await;
    scene.later(3_600);
    scene.run.files = Some(job.clone());
    assert_eq!(scene.look(Look::HALVES).await.job.here().unwrap().state, JobState::Aborted);
    let refusal = scene.aws.perform(&Action::StopBackupJob { id: job.id }).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::WrongState, "{refusal}");
}

#[tokio::test]
async fn refusals_are_sorted_and_keep_awss_words() {
    let scene = Scene::new().await;
    scene.act(scene.snapshot()).await;
    let again = scene.aws.perform(&scene.snapshot()).await.unwrap_err();
    assert_eq!((again.kind, again.code.as_str()), (RefusalKind::AlreadyExists, "DBClusterSnapshotAlreadyExistsFault"));
    assert!(again.request_id.is_some());
    let arn = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/ss-off-x/1".to_owned();
    let gone = Action::ExecuteChangeSet { arn, token: "t".to_owned(), switch: Switch::Off };
    assert_eq!(scene.aws.perform(&gone).await.unwrap_err().kind, RefusalKind::NotFound);
    for (fault, kind) in [
        (FaultKind::ExpiredCredentials, RefusalKind::Credentials),
        (FaultKind::AccessDenied, RefusalKind::Denied),
        (FaultKind::DropBefore, RefusalKind::Transient),
    ] {
        scene.sandbox.add_fault(Fault::always("rds:DescribeDBClusters", fault));
        let seen = scene.look(Look { cluster: true, ..Look::NONE }).await;
        assert_eq!(seen.cluster.refusal().map(|refusal| refusal.kind), Some(kind));
        scene.sandbox.clear_faults();
    }
}

#[tokio::test]
async fn a_lock_is_had_once_and_let_go_by_its_holder_only() {
    let scene = Scene::new().await;
    let lock = |id: &BackupId| Lock {
        run: id.clone(),
        stack_id: scene.run.target.stack_id.clone(),
        holder: None,
        since: None,
    };
    let drawn = |holder: &str| Lock { holder: Some(holder.to_owned()), ..lock(&scene.run.id) };
    scene.sandbox.add_fault(Fault::times("ssm:PutParameter", FaultKind::LostAnswer, 1));
    assert_eq!(scene.aws.lock(STACK, &drawn("me")).await, Ok(Locked::Taken), "the lost answer was a yes");
    let Ok(Locked::Held(holder)) = scene.aws.lock(STACK, &drawn("another machine, the same second")).await else {
        panic!("two machines have the same run id, one has the lock")
    };
    assert_eq!(holder.holder.as_deref(), Some("me"));
    scene.act(Action::Unlock { stack: STACK.to_owned(), run: scene.run.id.clone() }).await;
    let other = BackupId::new(STACK, "2026-11-20T03:00:00Z".parse().unwrap());
    assert_eq!(scene.aws.lock(STACK, &lock(&scene.run.id)).await, Ok(Locked::Taken), "one of old, without dice");
    let Ok(Locked::Held(holder)) = scene.aws.lock(STACK, &lock(&other)).await else { panic!("held") };
    assert_eq!(holder.run, scene.run.id);
    scene.act(Action::Unlock { stack: STACK.to_owned(), run: other }).await;
    assert!(scene.aws.holder(STACK).await.here().unwrap().since.is_some());
    scene.act(Action::Unlock { stack: STACK.to_owned(), run: scene.run.id.clone() }).await;
    assert_eq!(scene.aws.holder(STACK).await, Seen::Missing);
}

#[tokio::test]
async fn a_run_that_another_process_has_had_meanwhile_is_not_begun_again() {
    let scene = Scene::new().await;
    scene.sandbox.add_fault(Fault::times("ssm:PutParameter", FaultKind::LostAnswer, 1));
    assert_eq!(scene.aws.begin_record(&scene.run).await, Ok(()), "the lost answer was a yes");
    assert_eq!(scene.aws.begin_record(&scene.run).await, Ok(()), "it is this very one");
    let over = Run { phase: Phase::Done, ..scene.run.clone() };
    scene.aws.save(&over).await.unwrap();
    let refusal = scene.aws.begin_record(&scene.run).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::AlreadyExists);
    assert_eq!(scene.aws.record(STACK, &scene.run.id).await, Seen::Here(over), "nothing was written over it");
}

#[tokio::test]
async fn a_record_comes_back_and_old_ones_go() {
    let scene = Scene::new().await;
    scene.aws.save(&scene.run).await.unwrap();
    assert_eq!(scene.aws.record(STACK, &scene.run.id).await, Seen::Here(scene.run.clone()));
    for hour in 0..13 {
        let started = scene.run.started + SignedDuration::from_hours(hour - 24);
        let ended = serde_json::json!({"outcome": "complete", "at": started});
        let mut old = serde_json::to_value(&scene.run).unwrap();
        old["id"] = BackupId::new(STACK, started).as_str().into();
        old["started"] = started.to_string().into();
        old["phase"] = "Done".into();
        old["ending"] = ended;
        scene.aws.save(&serde_json::from_value(old).unwrap()).await.unwrap();
    }
    scene.act(Action::Unlock { stack: STACK.to_owned(), run: scene.run.id.clone() }).await;
    let (runs, unreadable) = scene.aws.runs(Some(STACK)).await;
    assert_eq!((runs.len(), unreadable.len()), (11, 0), "ten ended ones and the one that has not");
    assert_eq!(runs.last().unwrap().id, scene.run.id);
    assert_eq!(scene.aws.runs(None).await.0, runs);
}

#[tokio::test]
async fn the_catalogue_is_read_to_its_last_page() {
    let scene = Scene::new().await;
    let seed = seeds::SnapshotSeed { cluster: scene.run.target.cluster.clone(), count: 250, ..Default::default() };
    assert!(scene.sandbox.seed_snapshots(&seed));
    let (mut manual, mut points) = (0, Vec::new());
    scene.aws.snapshots(true, &mut |snapshot| manual += usize::from(snapshot.manual)).await.unwrap();
    assert_eq!(manual, 250);
    let mut all = 0;
    scene.aws.snapshots(false, &mut |_| all += 1).await.unwrap();
    assert!(all > manual, "automated ones besides");
    assert!(scene.aws.vault_names().await.unwrap().contains(&scene.run.target.vault));
    scene.aws.points(&scene.run.target.vault, None, &mut |point| points.push(point)).await.unwrap();
    assert!(points.iter().all(|point| point.by_plan && point.tags.is_none() && point.status.complete()));
    scene.aws.tags_of(&points[0].arn).await.unwrap();
}

#[tokio::test]
async fn a_snapshot_is_the_same_whether_listed_or_described() {
    let scene = Scene::new().await;
    let odd = [(tags::NOTE, "<b>&amp; 가 \"it's\" ]]>\r\n\t "), ("n", "{n}"), ("none", "")];
    let seed = seeds::SnapshotSeed {
        cluster: scene.run.target.cluster.clone(),
        count: 3,
        prefix: "my-hub-{stamp}".to_owned(),
        tags: odd.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        ..Default::default()
    };
    assert!(scene.sandbox.seed_snapshots(&seed));
    scene.act(scene.snapshot()).await;
    let mut listed = Vec::new();
    scene.aws.snapshots(true, &mut |snapshot| listed.push(snapshot)).await.unwrap();
    assert_eq!(listed.len(), 4);
    assert!(listed.iter().any(|snapshot| snapshot.created.is_none() || snapshot.percent < 100), "one has just begun");
    for snapshot in listed {
        let run = Run { id: snapshot.id.parse().unwrap(), ..scene.run.clone() };
        let seen = scene.aws.observe(&run, Look { snapshot: true, ..Look::NONE }).await;
        assert_eq!(seen.snapshot, Seen::Here(snapshot));
    }
}

#[tokio::test]
async fn a_listing_that_is_refused_says_what_aws_says() {
    let scene = Scene::new().await;
    scene.sandbox.add_fault(Fault::always("rds:DescribeDBClusterSnapshots", FaultKind::AccessDenied));
    let refusal = scene.aws.snapshots(true, &mut |_| {}).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Denied, "{refusal:?}");
}

#[tokio::test]
async fn a_seed_that_was_started_is_looked_at_by_its_id() {
    let mut scene = Scene::new().await;
    let Done::Job(StartedJob { id, point }) = scene.act(scene.job()).await else { panic!("a job") };
    scene.run.seed = Some(StartedJob { id: id.clone(), point });
    let seen = scene.look(Look { seed: true, ..Look::NONE }).await;
    assert!(matches!(seen.seed, Seen::Here(Seed::Job(job)) if job.id == id));
}

/// An operation's token, when it began, and its end.
type Operated = (Option<String>, Timestamp, Option<(Timestamp, StackStatus)>);

/// How a fleet of this one stack looks, five times over; and how somebody looks who knows nothing yet.
impl Scene {
    async fn together(&self) -> Observation {
        let look = Look { manifest: false, ..EVERYTHING };
        let wanted: Vec<(Run, Look)> = std::iter::repeat_n((self.run.clone(), look), 5).collect();
        self.aws.observe_all(&wanted).await.pop().unwrap()
    }

    fn stranger(&self) -> Aws {
        Aws::with_http_client(self.sandbox.http_client(), "us-east-1", "AKIDEXAMPLE")
    }

    /// While one goes on, its last seconds have a status of their own, which nobody waits for.
    fn operations(seen: &Observation) -> Vec<Operated> {
        let operations = seen.history.here().unwrap().operations.iter();
        operations.map(|op| (op.token.clone(), op.began, op.ended.map(|at| (at, op.status.clone())))).collect()
    }

    /// Both see the same; the calls that the fleet's look cost.
    #[track_caller]
    fn same(&self, ours: &Observation, theirs: &Observation, when: &str) {
        let (history, known) = (theirs.history.here().unwrap(), ours.history.here().unwrap());
        assert_eq!(Self::operations(theirs), Self::operations(ours), "{when}");
        // While it goes on, the rows of its resources are of no use to anybody.
        assert!(history.under_way().is_some() || history.newest_event == known.newest_event, "{when}");
        assert_eq!(ours.stack, theirs.stack, "{when}");
        assert_eq!((&ours.cluster, &ours.file_system), (&theirs.cluster, &theirs.file_system), "{when}");
        assert_eq!((&ours.snapshot, &ours.job, &ours.point), (&theirs.snapshot, &theirs.job, &theirs.point), "{when}");
        assert_eq!((&ours.secret, &ours.others), (&theirs.secret, &theirs.others), "{when}");
        // One that was executed is of no use to anybody, however its list calls it.
        let usable = |seen: &Observation| {
            let sets = seen.change_sets.here().unwrap().iter();
            sets.filter(|set| set.pending() || set.ready())
                .map(|set| (set.arn.clone(), set.ready(), set.changes.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(usable(ours), usable(theirs), "{when}");
    }

    async fn compare(&self, when: &str) -> usize {
        self.sandbox.clear_requests();
        let ours = self.together().await;
        let requests = self.sandbox.requests();
        let theirs = self.stranger().observe(&self.run, Look { manifest: false, ..EVERYTHING }).await;
        self.same(&ours, &theirs, when);
        requests
            .iter()
            .filter(|one| ["DescribeStackEvents", "ListChangeSets"].contains(&one.operation.as_str()))
            .count()
    }

    fn set(seen: &Observation) -> (String, String) {
        let set = seen.change_sets.here().unwrap().iter().find(|set| set.ready()).unwrap();
        (set.arn.clone(), set.name.clone())
    }
}

#[tokio::test]
async fn a_fleets_look_shows_what_a_look_shows_and_asks_only_for_what_has_changed() {
    // Which jobs may still go on is told by this machine's clock.
    let scene = Scene::at(Timestamp::now()).await;
    assert!(scene.compare("at first").await > 0);
    assert_eq!(scene.compare("nothing has happened").await, 0);
    scene.act(scene.off()).await;
    assert_eq!(scene.compare("the set is being made").await, 0, "it is described by its ARN");
    scene.later(120);
    assert_eq!(scene.compare("the set is ready").await, 0);
    let (arn, token) = Scene::set(&scene.together().await);
    scene.act(Action::ExecuteChangeSet { arn, token, switch: Switch::Off }).await;
    for look in 0..15 {
        scene.later(20);
        let asked = scene.compare(&format!("off, after {look} looks")).await;
        assert!(asked <= 10, "the history of five, at most: {asked}");
    }
    assert_eq!(scene.compare("offline").await, 0);
    scene.act(scene.snapshot()).await;
    scene.act(scene.job()).await;
    for _ in 0..16 {
        scene.later(100);
        assert_eq!(scene.compare("the halves are made").await, 0);
    }
    // Somebody else, of whom this process knows nothing, switches the stack.
    let Action::CreateChangeSet(new) = scene.off() else { unreachable!() };
    let name = format!("ss-hold-{}-0", scene.run.id);
    let theirs = NewChangeSet { name: name.clone(), value: "Online".to_owned(), switch: Switch::Hold, ..new };
    let stranger = scene.stranger();
    stranger.perform(&Action::CreateChangeSet(theirs)).await.unwrap();
    scene.later(60);
    let seen = stranger.observe(&scene.run, Look::STACK).await;
    let (arn, token) = Scene::set(&seen);
    stranger.perform(&Action::ExecuteChangeSet { arn, token, switch: Switch::Hold }).await.unwrap();
    for look in 0..15 {
        scene.later(20);
        let ours = scene.together().await;
        let theirs = scene.stranger().observe(&scene.run, EVERYTHING).await;
        assert_eq!(Scene::operations(&ours), Scene::operations(&theirs), "theirs, after {look} looks");
        assert_eq!(ours.stack, theirs.stack, "theirs, after {look} looks");
    }
    assert_eq!(scene.compare("online again").await, 0);
}

#[tokio::test]
async fn a_fleet_reads_events_that_are_behind_again() {
    let scene = Scene::new().await;
    scene.act(scene.off()).await;
    scene.later(120);
    let (arn, token) = Scene::set(&scene.together().await);
    scene.act(Action::ExecuteChangeSet { arn, token, switch: Switch::Off }).await;
    let stale = Fault::always("cloudformation:DescribeStackEvents", FaultKind::Stale { seconds: 60.0 });
    scene.sandbox.add_fault(stale);
    for _ in 0..20 {
        scene.later(40);
        scene.together().await;
    }
    let seen = scene.together().await;
    let newest = seen.history.here().unwrap().operations[0].clone();
    assert!(newest.is(&scene.run.id, Switch::Off) && newest.took_effect(), "{newest:?}");
}

#[tokio::test]
async fn what_a_set_of_this_process_has_become_is_asked_where_cloudformation_refuses_it() {
    let scene = Scene::new().await;
    scene.together().await;
    scene.act(scene.off()).await;
    scene.later(120);
    let (arn, token) = Scene::set(&scene.together().await);
    let stranger = scene.stranger();
    stranger.perform(&Action::DeleteChangeSet { arn: arn.clone() }).await.unwrap();
    assert!(scene.aws.perform(&Action::ExecuteChangeSet { arn, token, switch: Switch::Off }).await.is_err());
    assert_eq!(scene.together().await.change_sets, Seen::Here(vec![]));
}

#[tokio::test]
async fn surveys_that_share_show_what_each_would_show() {
    let scene = Scene::new().await;
    let names: Vec<String> = (1..=4).map(|number| format!("hub-{number}")).collect();
    for name in &names {
        scene.sandbox.seed_stack(&seeds::hubs(name));
    }
    let shared = Shared::many(scene.sandbox.now());
    scene.sandbox.clear_requests();
    shared.look_for_locks(&scene.aws, &names).await;
    let mut together = Vec::new();
    for name in &names {
        together.push(scene.aws.survey(name, &discover, &shared).await);
    }
    let requests = scene.sandbox.requests();
    for (name, shared) in names.iter().zip(together) {
        let alone = scene.stranger().survey(name, &discover, &Shared::default()).await;
        let words = |survey: &Survey| format!("{:#?}", Survey { at: scene.sandbox.now(), ..survey.clone() });
        assert_eq!(words(&shared), words(&alone));
    }
    for operation in
        ["GetCallerIdentity", "DescribeDBClusters", "DescribeFileSystems", "ListBackupVaults", "ListBackupJobs"]
    {
        let asked = requests.iter().filter(|request| request.operation == operation).count();
        assert_eq!(asked, 1, "{operation}");
    }
}
