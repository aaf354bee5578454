use jiff::ToSpan;
use proptest::prelude::*;

use super::*;
use crate::model::half::{RecoveryPoint, Snapshot, Tags};
use crate::model::run::{Ending, Outcome, Phase, Run};
use crate::model::{BackupId, tags};
use crate::plan::fixture::{STACK_ID, now, run};

fn id(hours_ago: i64) -> String {
    BackupId::new("my-hub", now() - hours_ago.hours()).to_string()
}

fn arn(n: u32) -> String {
    format!("arn:aws:backup:eu-west-1:123456789012:recovery-point:1EB3B5E7-9EB0-435A-A80B-{n:012X}")
}

fn ours(id: &str) -> Tags {
    [
        (tags::ID, id),
        (tags::STACK, "my-hub"),
        (tags::STACK_ID, STACK_ID),
        (tags::SNAPSHOT, id),
        (tags::VAULT, "my-vault"),
        (tags::MODE, "offline"),
        (tags::NOTE, "before the =E2=80=9Cbig=E2=80=9D move"),
        (tags::SECRET_VERSION, "6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
        (tags::TOOL_VERSION, "0.1.0"),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect()
}

fn snapshot(id: &str, point: Option<u32>, complete: bool) -> Snapshot {
    let mut tags = ours(id);
    tags.remove(tags::SNAPSHOT);
    if let Some(n) = point {
        tags.insert(tags::RECOVERY_POINT.to_owned(), arn(n));
    }
    if complete {
        tags.insert(tags::COMPLETE.to_owned(), "2026-11-20T02:20:00Z".to_owned());
    }
    Snapshot {
        id: id.to_owned(),
        arn: format!("arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:{id}"),
        cluster: "my-hub-app-db".to_owned(),
        status: "available".into(),
        manual: true,
        percent: 100,
        created: id.parse::<BackupId>().ok().and_then(|id| id.at()),
        kms_key: None,
        allocated_gib: Some(10),
        tags,
    }
}

fn point(n: u32, tags: Option<Tags>) -> RecoveryPoint {
    RecoveryPoint {
        arn: arn(n),
        vault: "my-vault".to_owned(),
        resource: "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-1".to_owned(),
        status: "COMPLETED".into(),
        created: Some(now()),
        completed: Some(now() + 15.minutes()),
        bytes: Some(1_000),
        by_plan: false,
        tags,
    }
}

#[derive(Clone, Debug, Default)]
struct World {
    snapshots: Vec<Snapshot>,
    points: Vec<RecoveryPoint>,
    runs: Vec<Run>,
}

impl World {
    fn snapshot(mut self, snapshot: Snapshot) -> Self {
        self.snapshots.push(snapshot);
        self
    }

    fn point(mut self, point: RecoveryPoint) -> Self {
        self.points.push(point);
        self
    }

    fn run(mut self, run: Run) -> Self {
        self.runs.push(run);
        self
    }

    fn catalogue(&self) -> Catalogue {
        let mut gather = Gather::new(Some("my-hub"));
        self.snapshots.iter().cloned().for_each(|snapshot| gather.snapshot(snapshot));
        self.points.iter().cloned().for_each(|point| gather.point(point));
        gather.join(&self.runs, now())
    }

    /// The one row's state and reason.
    fn row(&self) -> (State, String) {
        let backups: Vec<Backup> = self.catalogue().backups().collect();
        assert_eq!(backups.len(), 1, "{backups:#?}");
        (backups[0].state, backups[0].reason.as_deref().unwrap_or_default().to_owned())
    }
}

fn good() -> World {
    World::default().snapshot(snapshot(&id(0), Some(1), true)).point(point(1, None))
}

fn ended(outcome: Outcome, why: &str) -> Run {
    let ending = Ending { outcome, at: now(), why: Some(why.to_owned()), hint: None, left_offline: false };
    Run { phase: Phase::Done, ending: Some(ending), ..run(now()) }
}

#[test]
fn two_complete_halves_that_name_each_other_and_are_marked_are_complete() {
    let catalogue = good().catalogue();
    let backup = catalogue.backups().next().unwrap();
    assert_eq!((backup.state, backup.reason), (State::Complete, None));
    assert_eq!(&*backup.id, id(0));
    assert_eq!(backup.note.as_deref(), Some("before the “big” move"));
    assert_eq!(backup.secret_version.as_deref(), Some("6ba7b810-9dad-11d1-80b4-00c04fd430c8"));
    assert_eq!(backup.completed.as_deref(), Some("2026-11-20T02:20:00Z"));
    assert_eq!(backup.skew_s, Some(0));
    let database = backup.database.unwrap();
    assert_eq!(&*database.arn, format!("arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:{}", id(0)));
    assert_eq!(&*backup.files.unwrap().recovery_point, arn(1));
    assert_eq!(catalogue.find(&id(0)).unwrap().id, backup.id);
    assert_eq!(catalogue.count(State::Complete), 1);
}

#[test]
fn a_recovery_point_with_its_own_tags_is_found_without_being_named() {
    let world = World::default().snapshot(snapshot(&id(0), None, false)).point(point(1, Some(ours(&id(0)))));
    assert_eq!(world.row(), (State::Incomplete, "the snapshot does not name its recovery point".to_owned()));
}

#[test]
fn halves_that_are_not_complete_or_not_marked_are_incomplete() {
    let mut world = good();
    world.snapshots[0].status = "creating".into();
    assert_eq!(world.row(), (State::Incomplete, "the snapshot is creating".to_owned()));
    let mut world = good();
    world.points[0].status = "EXPIRED".into();
    assert_eq!(world.row(), (State::Incomplete, "the recovery point is EXPIRED".to_owned()));
    let world = World::default().snapshot(snapshot(&id(0), Some(1), false)).point(point(1, None));
    assert_eq!(world.row(), (State::Incomplete, "never checked and marked as complete".to_owned()));
}

#[test]
fn a_half_without_its_partner_is_an_orphan() {
    let alone = World::default().snapshot(snapshot(&id(0), None, false));
    assert_eq!(alone.row(), (State::Orphan, "the snapshot has no recovery point".to_owned()));
    let gone = World::default().snapshot(snapshot(&id(0), Some(1), true));
    assert_eq!(gone.row(), (State::Orphan, "the snapshot's recovery point is gone".to_owned()));
    let files = World::default().point(point(1, Some(ours(&id(0)))));
    assert_eq!(files.row(), (State::Orphan, "the recovery point has no snapshot".to_owned()));
}

#[test]
fn a_vault_that_could_not_be_read_makes_no_orphans() {
    let mut gather = Gather::new(None);
    gather.snapshot(snapshot(&id(0), Some(1), true));
    gather.unread("my-vault");
    let backup = gather.join(&[], now()).backups().next().unwrap();
    assert_eq!(backup.state, State::Incomplete);
}

#[test]
fn copied_or_edited_tags_make_a_backup_ambiguous() {
    let copy = Snapshot { id: "a-copy".to_owned(), ..snapshot(&id(0), Some(1), true) };
    let two = good().snapshot(copy.clone());
    assert_eq!(two.row().0, State::Ambiguous);
    assert_eq!(&*two.catalogue().backups().next().unwrap().database.unwrap().snapshot, id(0));
    let only_the_copy = World::default().snapshot(copy).point(point(1, None));
    assert_eq!(only_the_copy.row().0, State::Ambiguous);
    let two_points = good().point(point(2, Some(ours(&id(0)))));
    assert_eq!(two_points.row().0, State::Ambiguous);
    let elsewhere = World::default().snapshot(snapshot(&id(0), Some(9), true)).point(point(1, Some(ours(&id(0)))));
    assert_eq!(elsewhere.row().0, State::Ambiguous);
    let foreign = World::default().snapshot(snapshot(&id(0), Some(1), true)).point(point(1, Some(Tags::new())));
    assert_eq!(foreign.row().0, State::Ambiguous);
    let mut tags = ours(&id(0));
    tags.insert(tags::SNAPSHOT.to_owned(), "another".to_owned());
    let strays = World::default().snapshot(snapshot(&id(0), Some(1), true)).point(point(1, Some(tags)));
    assert_eq!(strays.row().0, State::Ambiguous);
}

#[test]
fn a_backup_whose_run_is_driven_is_running() {
    let driven = Run { phase: Phase::Capturing, ..run(now()) };
    assert_eq!(World::default().run(driven.clone()).row(), (State::Running, "capturing".to_owned()));
    let half = World::default().snapshot(snapshot(&id(0), None, false)).run(driven);
    assert_eq!(half.row().0, State::Running);
}

#[test]
fn a_run_that_nobody_drives_says_how_to_go_on() {
    let stale = |phase| Run { phase, next_due: now() - 1.hours(), ..run(now()) };
    let (state, reason) = World::default().run(stale(Phase::GoingOffline)).row();
    assert_eq!(state, State::Failed);
    assert!(reason.contains("stacksnap resume my-hub"), "{reason}");
    let half = World::default().snapshot(snapshot(&id(0), None, false)).run(stale(Phase::Capturing));
    assert_eq!(half.row().0, State::Orphan);
}

#[test]
fn a_failed_run_is_listed_even_if_it_made_nothing() {
    let failed = ended(Outcome::Failed, "the offline update was rolled back");
    let row = World::default().run(failed.clone()).row();
    assert_eq!(row, (State::Failed, "the offline update was rolled back".to_owned()));
    let orphan = World::default().snapshot(snapshot(&id(0), None, false)).run(failed.clone());
    assert_eq!(orphan.row().0, State::Orphan);
    let both = World::default().snapshot(snapshot(&id(0), Some(1), false)).point(point(1, None)).run(failed);
    assert_eq!(both.row().0, State::Failed);
}

#[test]
fn what_its_own_run_found_unsound_is_never_complete() {
    let (state, reason) = good().run(ended(Outcome::Inconsistent, "the fence is broken")).row();
    assert_eq!((state, reason.as_str()), (State::Incomplete, "the fence is broken"));
    assert_eq!(good().run(ended(Outcome::Complete, "")).row().0, State::Complete);
}

#[test]
fn a_refused_run_and_a_backup_deleted_since_are_no_rows() {
    for outcome in [Outcome::Refused, Outcome::Complete] {
        assert!(World::default().run(ended(outcome, "x")).catalogue().is_empty());
    }
}

#[test]
fn other_peoples_halves_are_counted_and_left_alone() {
    let automated = Snapshot { manual: false, ..snapshot(&id(1), None, false) };
    let untagged = Snapshot { tags: Tags::new(), ..snapshot("theirs", None, false) };
    let nightly = RecoveryPoint { by_plan: true, ..point(7, None) };
    let world = good().snapshot(automated).snapshot(untagged).point(nightly).point(point(8, None));
    let catalogue = world.catalogue();
    assert_eq!(catalogue.len(), 1);
    assert_eq!((catalogue.foreign_snapshots, catalogue.foreign_points), (2, 2));
    assert!(catalogue.others.is_empty(), "there is no end to what others make: only where it is asked for");
}

#[test]
fn other_peoples_halves_are_shown_one_by_one_where_they_are_asked_for() {
    let mut gather = Gather::new(None).with_others();
    gather.snapshot(snapshot(&id(0), Some(1), true));
    gather.point(point(1, None));
    gather.snapshot(Snapshot { manual: false, ..snapshot("rds:nightly", None, false) });
    gather.snapshot(Snapshot { manual: false, ..snapshot("awsbackup:job-1", None, false) });
    gather.snapshot(Snapshot { tags: Tags::new(), ..snapshot("theirs", None, false) });
    gather.point(RecoveryPoint { by_plan: true, ..point(7, None) });
    gather.point(point(8, None));
    gather.point(point(8, None));
    let catalogue = gather.join(&[], now());
    assert_eq!(catalogue.len(), 1);
    let mut made: Vec<&str> = catalogue.others.iter().map(|other| &*other.made).collect();
    made.sort_unstable();
    assert_eq!(made, ["automated", "awsbackup", "manual", "on-demand", "plan"]);
}

#[test]
fn a_seed_is_neither_a_half_nor_an_orphan() {
    let seed: Tags = [(tags::SEED.to_owned(), id(0))].into();
    let catalogue = good().point(point(5, Some(seed))).catalogue();
    assert_eq!((catalogue.len(), catalogue.seeds, catalogue.foreign_points), (1, 1, 0));
}

#[test]
fn another_stacks_backups_are_not_this_ones() {
    let mut theirs = snapshot("other-20261120-020000", Some(3), true);
    theirs.tags.insert(tags::STACK.to_owned(), "other".to_owned());
    let mut tags = ours("other-20261120-020000");
    tags.insert(tags::STACK.to_owned(), "other".to_owned());
    let world = good().snapshot(theirs).point(point(3, None)).point(point(4, Some(tags)));
    let catalogue = world.catalogue();
    assert_eq!((catalogue.len(), catalogue.foreign_points), (1, 0));
}

#[test]
fn only_recovery_points_that_may_be_ours_have_their_tags_read() {
    let mut gather = Gather::new(None);
    gather.tags(&arn(4), ours(&id(4)));
    for n in 1..=4 {
        gather.point(point(n, None));
    }
    gather.point(RecoveryPoint { by_plan: true, ..point(5, None) });
    gather.snapshot(snapshot(&id(0), Some(1), true));
    assert_eq!(gather.vaults(), ["my-vault"]);
    assert_eq!(gather.unclaimed(), [arn(2), arn(3)]);
    gather.tags(&arn(2), ours(&id(2)));
    gather.tags(&arn(3), Tags::new());
    let states: Vec<State> = gather.join(&[], now()).backups().map(|backup| backup.state).collect();
    assert_eq!(states.iter().filter(|state| **state == State::Orphan).count(), 2);
}

fn anything() -> impl Strategy<Value = World> {
    let half = (0..6_i64, proptest::option::of(0..6_u32), any::<bool>(), 0..4_u8);
    let point_of = (0..6_u32, proptest::option::of(0..6_i64), 0..4_u8);
    (proptest::collection::vec(half, 0..8), proptest::collection::vec(point_of, 0..8)).prop_map(|(halves, points)| {
        let mut world = World::default();
        for (hours, names, complete, kind) in halves {
            let mut one = snapshot(&id(hours), names, complete);
            match kind {
                1 => one.tags = Tags::new(),
                2 => one.manual = false,
                3 => one.id = format!("copy-{hours}"),
                _ => {}
            }
            world = world.snapshot(one);
        }
        for (n, of, kind) in points {
            let tags = of.map(|hours| ours(&id(hours)));
            world = world.point(RecoveryPoint { by_plan: kind == 1, ..point(n, tags) });
        }
        // AWS shows one thing in one state: the first sight of each counts.
        let mut seen = std::collections::HashSet::new();
        world.snapshots.retain(|one| seen.insert(one.id.clone()));
        world.points.retain(|one| seen.insert(one.arn.clone()));
        world
    })
}

proptest! {
    #[test]
    fn the_order_of_pages_and_halves_does_not_matter(
        (world, shuffled) in anything().prop_flat_map(|world| {
            let snapshots = Just(world.snapshots.clone()).prop_shuffle();
            let points = Just(world.points.clone()).prop_shuffle();
            (Just(world), (snapshots, points))
        }),
        twice in any::<bool>(),
    ) {
        let (mut snapshots, mut points) = shuffled;
        if twice {
            snapshots.extend(world.snapshots.clone());
            points.extend(world.points.clone());
        }
        let other = World { snapshots, points, runs: Vec::new() };
        prop_assert_eq!(
            world.catalogue().backups().collect::<Vec<_>>(),
            other.catalogue().backups().collect::<Vec<_>>()
        );
    }

    #[test]
    fn foreign_things_never_appear(world in anything()) {
        for backup in world.catalogue().backups() {
            if let Some(half) = &backup.database {
                let theirs = world.snapshots.iter().find(|one| *one.id == *half.snapshot).unwrap();
                prop_assert!(theirs.manual && theirs.tags.contains_key(tags::ID));
            }
            if let Some(half) = &backup.files {
                let theirs = world.points.iter().find(|one| *one.arn == *half.recovery_point).unwrap();
                prop_assert!(!theirs.by_plan);
            }
            let two = backup.database.is_some() && backup.files.is_some();
            prop_assert!(backup.state != State::Complete || two);
        }
    }

    #[test]
    fn the_newest_comes_first(world in anything()) {
        let began: Vec<_> = world.catalogue().backups().map(|backup| backup.began).collect();
        prop_assert!(began.windows(2).all(|pair| pair[0] >= pair[1]));
    }
}

#[test]
fn a_hundred_thousand_backups_join_without_being_listed_one_by_one() {
    let mut gather = Gather::new(None);
    for n in 0..100_000_u32 {
        gather.snapshot(snapshot(&id(i64::from(n)), Some(n), true));
        gather.point(point(n, None));
    }
    let catalogue = gather.join(&[], now());
    assert_eq!(catalogue.backups().filter(|backup| backup.state == State::Complete).count(), 100_000);
}

#[test]
fn a_drill_and_a_manifest_are_read_from_the_snapshots_tags() {
    let place = "s3://my-bucket/prod".parse().unwrap();
    let tag = tags::manifest(&"0a".repeat(32), &place);
    let with = |manifest: &str, drilled: &str| {
        let mut snapshot = snapshot(&id(0), Some(1), true);
        snapshot.tags.insert(tags::MANIFEST.to_owned(), manifest.to_owned());
        snapshot.tags.insert(tags::DRILLED.to_owned(), drilled.to_owned());
        World::default().snapshot(snapshot).point(point(1, None)).catalogue().backups().next().unwrap()
    };
    let backup = with(&tag, "2026-11-20T03:00:00Z");
    assert_eq!(backup.manifest.as_deref(), Some(tag.as_str()));
    assert_eq!(backup.drilled, Some("2026-11-20T03:00:00Z".parse().unwrap()));
    let edited = with("somewhere", "yesterday");
    assert_eq!((edited.manifest.as_deref(), edited.drilled), (Some("somewhere"), None));
}
