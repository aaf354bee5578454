//! The adapter against the sandbox's wire: what the SDK is told comes back as nouns. Here one run's looks and deeds; `fleet`:
//! many runs' at once; `records`: locks and records.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod fleet;
mod records;

use jiff::{SignedDuration, Timestamp};
use stacksnap::aws::{Aws, Shared};
use stacksnap::engine::{Action, Done, Look, NewChangeSet, NewJob, Observation, Seed};
use stacksnap::model::change_set::Replacement;
use stacksnap::model::run::{Run, StartedJob};
use stacksnap::model::stack::{Declared, Resource, Stack};
use stacksnap::model::survey::{Discovery, Survey};
use stacksnap::model::topology::{Found, OfflineSwitch, Topology};
use stacksnap::model::{BackupId, JobState, RefusalKind, Seen, SnapshotStatus, StackStatus, Switch, tags};
use stacksnap::world::World;
use stacksnap_sandbox::{Fault, FaultKind, Sandbox, seeds};

pub(crate) const STACK: &str = "my-hub";
const OFFLINE: &str = "Offline - Temporarily shut off servers";

/// One stack, one adapter, a clock turned by hand.
pub(crate) struct Scene {
    pub(crate) sandbox: Sandbox,
    pub(crate) aws: Aws,
    pub(crate) run: Run,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::at("2026-11-20T02:00:00Z".parse().unwrap()).await
    }

    pub(crate) async fn at(now: Timestamp) -> Self {
        let sandbox = Sandbox::manual(now);
        sandbox.seed_stack(&seeds::hubs(STACK));
        let aws = Aws::with_http_client(sandbox.http_client(), "us-east-1", "AKIDEXAMPLE");
        let survey = aws.survey(STACK, &discover, &Shared::default()).await;
        let base = aws.newest_event(&stack_id(&survey)).await.unwrap();
        let run = run(&survey, sandbox.now(), base.as_deref());
        Self { sandbox, aws, run }
    }

    pub(crate) async fn look(&self, look: Look) -> Observation {
        self.aws.observe(&self.run, look).await
    }

    pub(crate) fn later(&self, seconds: i64) {
        assert!(self.sandbox.advance(SignedDuration::from_secs(seconds)));
    }

    pub(crate) async fn act(&self, action: Action) -> Done {
        self.aws.perform(&action).await.unwrap()
    }

    pub(crate) fn off(&self) -> Action {
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

    pub(crate) fn job(&self) -> Action {
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

    pub(crate) fn snapshot(&self) -> Action {
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
pub(crate) fn discover(_: &Stack, _: &[Declared], resources: &[Resource]) -> Discovery {
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

pub(crate) const EVERYTHING: Look = Look {
    record: true,
    stack: true,
    history: true,
    change_sets: true,
    cluster: true,
    file_system: true,
    snapshot: true,
    job: true,
    point: true,
    point_tags: true,
    seed: true,
    secret: true,
    others: true,
    ..Look::NONE
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
