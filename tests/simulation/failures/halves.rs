//! The halves: RDS and AWS Backup fail, dawdle, forget, or show what nobody made.

use stacksnap::engine::{Action, Look, Observation};
use stacksnap::model::backup::State;
use stacksnap::model::half::{RecoveryPoint, Snapshot, Tags};
use stacksnap::model::run::{Mode, Outcome, Phase, Run};
use stacksnap::model::{JobState, RefusalKind, Seen, SnapshotStatus, tags};
use stacksnap::plan::catalogue::{Catalogue, Gather};

use super::{Answers, Sees, backup_with, drive_with};
use crate::cloud::{Cloud, Durations, Fates, Half, JobFate, at, refusal};
use crate::driver;
use crate::judge;
use crate::story::{BACKUP, backup, capturing, drive, drive_until, online, outcome, why};

/// A finished backup's halves, as AWS shows them.
pub(super) fn halves(cloud: &mut Cloud, run: &Run) -> (Snapshot, RecoveryPoint) {
    let seen = cloud.observe(run, Look { snapshot: true, point: true, ..Look::NONE });
    (seen.snapshot.here().unwrap().clone(), seen.point.here().unwrap().clone())
}

/// What `list` makes of these.
pub(super) fn listed(snapshots: &[Snapshot], points: &[RecoveryPoint], runs: &[Run], cloud: &Cloud) -> Catalogue {
    let mut gather = Gather::new(None);
    snapshots.iter().for_each(|snapshot| gather.snapshot(snapshot.clone()));
    points.iter().for_each(|point| gather.point(point.clone()));
    gather.join(runs, at(cloud.now))
}

fn states(catalogue: &Catalogue) -> Vec<State> {
    catalogue.backups().map(|backup| backup.state).collect()
}

#[test]
fn fm_43_a_cluster_that_is_busy_when_the_snapshot_is_due_is_waited_for() {
    let mut cloud = online(Fates::default());
    let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
    drive_until(&mut cloud, &mut driver, |_, driver| driver.run.quiet_from.is_some());
    let until = cloud.now + 120_000;
    cloud.maintain(until);
    drive(&mut cloud, &mut driver);
    assert_eq!(outcome(&driver.run), Outcome::Complete, "{}", why(&driver.run));
    assert!(cloud.snapshots[0].created >= until && cloud.jobs[0].created >= until, "both halves together");
}

#[test]
fn fm_43_a_cluster_that_stays_busy_brings_the_stack_back_without_a_backup() {
    let mut cloud = online(Fates::default());
    let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
    drive_until(&mut cloud, &mut driver, |_, driver| driver.run.quiet_from.is_some());
    let until = cloud.now + 7_200_000;
    cloud.maintain(until);
    drive(&mut cloud, &mut driver);
    assert_eq!((outcome(&driver.run), cloud.mode), (Outcome::Failed, Mode::Online), "{}", why(&driver.run));
    assert!(cloud.snapshots.is_empty() && cloud.jobs.is_empty());
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

fn refusing(action: fn(&Action) -> bool, kind: RefusalKind) -> (Cloud, Run) {
    let mut cloud = online(Fates::default());
    let run = backup_with(
        &mut cloud,
        &mut Answers(
            |cloud: &mut Cloud, asked: &Action| {
                if action(asked) { Err(refusal(kind, "anything")) } else { cloud.perform(asked) }
            },
        ),
    );
    (cloud, run)
}

#[test]
fn fm_45_a_quota_that_is_used_up_meanwhile_fails_and_says_what_to_delete() {
    let (cloud, run) = refusing(|action| matches!(action, Action::CreateSnapshot { .. }), RefusalKind::Quota);
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Failed, Mode::Online));
    assert!(run.ending.unwrap().hint.unwrap().contains("delete manual DB cluster snapshots"));
    assert!(cloud.jobs.iter().all(|job| job.stopped.is_some()), "the other half is stopped");
}

#[test]
fn fm_46_a_snapshot_that_is_deleted_while_it_is_made_fails_the_run() {
    let mut cloud = online(Fates::default());
    let run = backup_with(
        &mut cloud,
        &mut Sees(|seen: &mut Observation, _: &Run| {
            if let Seen::Here(snapshot) = &mut seen.snapshot {
                snapshot.status = SnapshotStatus::Deleting;
            }
        }),
    );
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Failed, Mode::Online), "{}", why(&run));
    assert!(why(&run).contains("deleting"), "{}", why(&run));
}

#[test]
fn fm_46_a_snapshot_that_is_stuck_spends_the_budget_and_no_more() {
    let mut cloud = online(Fates::default());
    let run = backup_with(
        &mut cloud,
        &mut Sees(|seen: &mut Observation, _: &Run| {
            if let Seen::Here(snapshot) = &mut seen.snapshot {
                (snapshot.status, snapshot.percent) = (SnapshotStatus::Creating, 99);
            }
        }),
    );
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Failed, Mode::Online), "{}", why(&run));
    assert!(why(&run).contains("budget"), "{}", why(&run));
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn fm_47_a_snapshot_that_is_not_shown_at_first_is_not_made_twice() {
    for hidden in 1..12 {
        let mut cloud = online(Fates::default());
        let mut left = hidden;
        let run = backup_with(
            &mut cloud,
            &mut Sees(|seen: &mut Observation, _: &Run| {
                if left > 0 && seen.snapshot.here().is_some() {
                    left -= 1;
                    seen.snapshot = Seen::Missing;
                }
            }),
        );
        assert_eq!(outcome(&run), Outcome::Complete, "{}", why(&run));
        assert_eq!(cloud.snapshots.len(), 1);
    }
}

#[test]
fn fm_48_a_snapshot_that_somebody_deletes_meanwhile_fails_the_backup() {
    let deleted = |when: fn(&Cloud, &driver::Driver) -> bool| {
        let mut cloud = online(Fates::default());
        let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
        drive_until(&mut cloud, &mut driver, when);
        cloud.snapshots.clear();
        drive(&mut cloud, &mut driver);
        assert_eq!(cloud.mode, Mode::Online);
        judge::at_rest(&cloud, Mode::Online).unwrap();
        driver.run
    };
    let run = deleted(|_, driver| driver.run.snapshot_seen.is_some() && driver.run.phase == Phase::Capturing);
    assert_ne!(outcome(&run), Outcome::Complete);
    let run = deleted(|_, driver| driver.run.phase == Phase::Verifying);
    assert_eq!(outcome(&run), Outcome::Incomplete);
    assert!(why(&run).contains("snapshot is not there"), "{}", why(&run));
}

#[test]
fn fm_52_only_manual_snapshots_with_our_tags_are_ours() {
    let mut cloud = online(Fates::default());
    let run = backup(&mut cloud);
    let (snapshot, point) = halves(&mut cloud, &run);
    let automated = Snapshot { manual: false, ..snapshot.clone() };
    let untagged = Snapshot { tags: Tags::new(), ..snapshot.clone() };
    for not_ours in [automated, untagged] {
        let catalogue = listed(&[not_ours], std::slice::from_ref(&point), &[], &cloud);
        assert_eq!(catalogue.foreign_snapshots, 1);
        assert!(!states(&catalogue).contains(&State::Complete), "{:?}", states(&catalogue));
    }
    assert_eq!(states(&listed(&[snapshot], &[point], &[], &cloud)), [State::Complete]);
}

/// A backup whose job is shown as `change` makes it, once it has completed.
fn job_shown(change: fn(&mut stacksnap::model::half::Job)) -> (Cloud, Run) {
    let mut cloud = online(Fates::default());
    let run = backup_with(
        &mut cloud,
        &mut Sees(|seen: &mut Observation, _: &Run| {
            if let Seen::Here(job) = &mut seen.job
                && job.state == JobState::Completed
            {
                change(job);
            }
        }),
    );
    (cloud, run)
}

#[test]
fn fm_56_only_a_job_that_completed_without_a_word_counts() {
    let lost: [fn(&mut stacksnap::model::half::Job); 5] = [
        |job| job.state = JobState::Failed,
        |job| job.state = JobState::Aborting,
        |job| job.state = JobState::Aborted,
        |job| job.state = JobState::Expired,
        |job| job.state = JobState::Partial,
    ];
    for change in lost {
        let (cloud, run) = job_shown(change);
        assert_eq!((outcome(&run), cloud.mode), (Outcome::Failed, Mode::Online), "{}", why(&run));
    }
    let issues: [fn(&mut stacksnap::model::half::Job); 2] = [
        |job| job.category = Some("FAILURE".to_owned()),
        |job| (job.category, job.message) = (None, Some("some files were skipped".to_owned())),
    ];
    for change in issues {
        let (cloud, run) = job_shown(change);
        assert_eq!((outcome(&run), cloud.mode), (Outcome::Incomplete, Mode::Online), "{}", why(&run));
    }
    let (_, run) = job_shown(|job| (job.category, job.message) = (None, None));
    assert_eq!(outcome(&run), Outcome::Complete, "{}", why(&run));
}

#[test]
fn fm_57_another_backup_of_the_file_system_is_running_so_the_stack_stays_online() {
    let mut cloud = online(Fates::default());
    let nightly = Half {
        id: "nightly".into(),
        tags: Tags::new(),
        created: 0,
        done: 3_600_000,
        stopped: None,
        fate: JobFate::Completes,
        token: String::new(),
    };
    cloud.jobs.push(nightly);
    let run = backup(&mut cloud);
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Refused, Mode::Online));
    assert!(why(&run).contains("job nightly is under way"), "{}", why(&run));
    assert_eq!(cloud.effects, 0, "nothing was touched");
}

#[test]
fn fm_58_a_role_that_cannot_be_passed_fails_and_names_the_policy() {
    let (cloud, run) = refusing(|action| matches!(action, Action::StartBackupJob(_)), RefusalKind::Denied);
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Failed, Mode::Online));
    assert!(run.ending.unwrap().hint.unwrap().contains("allow the action"));
    judge::at_rest(&cloud, Mode::Online).unwrap();
}

#[test]
fn fm_59_a_vault_that_refuses_at_the_last_moment_brings_the_stack_back() {
    let (cloud, run) = refusing(|action| matches!(action, Action::StartBackupJob(_)), RefusalKind::Invalid);
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Failed, Mode::Online));
    assert!(cloud.jobs.is_empty());
}

#[test]
fn fm_61_a_recovery_point_that_a_lifecycle_removed_leaves_an_orphan_and_no_good_backup() {
    let mut cloud = online(Fates::default());
    let run = backup(&mut cloud);
    let (snapshot, point) = halves(&mut cloud, &run);
    let catalogue = listed(std::slice::from_ref(&snapshot), &[], std::slice::from_ref(&run), &cloud);
    assert_eq!(states(&catalogue), [State::Orphan]);
    assert_eq!(catalogue.count(State::Complete), 0, "never the last good one");
    let gone = RecoveryPoint { status: "EXPIRED".into(), ..point };
    assert_ne!(states(&listed(&[snapshot], &[gone], &[run], &cloud)), [State::Complete]);
}

#[test]
fn fm_62_no_half_begins_before_the_last_writes_had_time_to_land() {
    let mut cloud = online(Fates::default());
    let run = backup(&mut cloud);
    let history = cloud.history();
    let off = history.own(&run.id, stacksnap::model::Switch::Off).next().unwrap();
    let settled = off.ended.unwrap() + jiff::SignedDuration::from_secs(run.options.settle.into());
    assert!(at(cloud.snapshots[0].created) >= settled && at(cloud.jobs[0].created) >= settled);
}

#[test]
fn fm_62_an_update_during_the_job_lets_writes_in_and_the_backup_is_inconsistent() {
    let mut cloud = online(Fates::default());
    let run = crate::story::with_operator(&mut cloud, Mode::Online, capturing);
    assert_eq!(outcome(&run), Outcome::Inconsistent);
    let snapshot = cloud.observe(&run, Look { snapshot: true, ..Look::NONE }).snapshot.here().cloned();
    assert!(!snapshot.unwrap().tags.contains_key(tags::COMPLETE), "it is not marked");
}

#[test]
fn fm_64_a_driver_that_is_woken_late_every_time_is_only_slower() {
    let mut cloud = online(Fates::default());
    let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
    while !driver.over() {
        let late = if matches!(driver.stage, driver::Stage::Look(_)) { 45_000 } else { 0 };
        cloud.advance(driver.due + late);
        driver.go(&mut cloud, &mut driver::Fine);
        judge::always(&cloud).unwrap();
    }
    assert_eq!((outcome(&driver.run), cloud.mode), (Outcome::Complete, Mode::Online), "{}", why(&driver.run));
}

#[test]
fn fm_66_forty_tags_of_others_stay_and_ours_are_few() {
    let mut cloud = online(Fates::default());
    let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
    drive_until(&mut cloud, &mut driver, |cloud, driver| capturing(cloud, driver) && !cloud.snapshots.is_empty());
    let theirs: Vec<(String, String)> = (0..38).map(|n| (format!("cost:{n}"), "theirs".to_owned())).collect();
    for half in cloud.snapshots.iter_mut().chain(&mut cloud.jobs) {
        half.tags.extend(theirs.iter().cloned());
    }
    drive(&mut cloud, &mut driver);
    assert_eq!(outcome(&driver.run), Outcome::Complete, "{}", why(&driver.run));
    for half in cloud.snapshots.iter().chain(&cloud.jobs) {
        assert!(theirs.iter().all(|(key, value)| half.tags.get(key) == Some(value)));
        assert!(half.tags.len() <= 50, "AWS keeps no more: {}", half.tags.len());
    }
}

#[test]
fn fm_66_tags_that_never_stick_make_no_backup() {
    let mut cloud = online(Fates::default());
    let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
    drive_with(
        &mut cloud,
        &mut driver,
        &mut Sees(|seen: &mut Observation, _: &Run| {
            if let Seen::Here(point) = &mut seen.point {
                point.tags = Some(Tags::new());
            }
        }),
    );
    assert_eq!((outcome(&driver.run), cloud.mode), (Outcome::Incomplete, Mode::Online));
    assert!(why(&driver.run).contains("did not stick"), "{}", why(&driver.run));
}

#[test]
fn fm_95_a_budget_that_is_spent_brings_the_stack_back_first_and_stops_the_job_second() {
    let slow = Durations { job: 7_200_000, ..Durations::SHORT };
    let mut cloud = Cloud::new(Mode::Online, slow, Fates::default());
    let run = backup(&mut cloud);
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Failed, Mode::Online), "{}", why(&run));
    assert!(why(&run).contains("the offline budget was spent"), "{}", why(&run));
    let history = cloud.history();
    let on = history.own(&run.id, stacksnap::model::Switch::On).next().unwrap();
    assert!(at(cloud.jobs[0].stopped.unwrap()) >= on.began, "on first");
    let window = on.ended.unwrap().duration_since(run.left.unwrap()).as_secs();
    assert!(window <= i64::from(run.options.max_offline) + 120, "{window} s offline");
    judge::at_rest(&cloud, Mode::Online).unwrap();
}
