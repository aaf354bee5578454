//! What many runs see together is what each would see.

use jiff::Timestamp;
use stacksnap::aws::{Aws, Shared};
use stacksnap::engine::{Action, Look, NewChangeSet, Observation};
use stacksnap::model::run::Run;
use stacksnap::model::survey::Survey;
use stacksnap::model::{Seen, StackStatus, Switch};
use stacksnap::world::World;
use stacksnap_sandbox::{Fault, FaultKind, seeds};

use crate::{EVERYTHING, Scene, discover};

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
async fn a_set_that_is_gone_while_it_is_being_made_is_no_stack_that_is_gone() {
    let scene = Scene::new().await;
    scene.together().await;
    scene.act(scene.off()).await;
    let arn = scene.together().await.change_sets.here().unwrap()[0].arn.clone();
    scene.stranger().perform(&Action::DeleteChangeSet { arn }).await.unwrap();
    let seen = scene.together().await;
    assert_eq!((seen.change_sets, seen.stack.here().is_some()), (Seen::Here(vec![]), true));
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
