//! Around a run: credentials, rights, the network, clocks, words of tomorrow; and the catalogue.

use std::sync::Arc;

use fastrand::Rng;
use stacksnap::engine::{Action, Done, Look, Observation};
use stacksnap::model::backup::State;
use stacksnap::model::half::{RecoveryPoint, Snapshot};
use stacksnap::model::run::{Mode, Outcome, Phase, Run};
use stacksnap::model::{JobState, Refusal, RefusalKind, Seen, SnapshotStatus, StackStatus, Switch, tags};

use super::halves::{halves, listed};
use super::{Answers, Cut, Sees, backup_with, comes_home, drive_with, record, steps};
use crate::cloud::{Cloud, Fates, at, refusal};
use crate::driver::{self, Driver, Fine, Spoil};
use crate::story::{BACKUP, backup, drive, online, outcome, why};

#[test]
fn fm_69_a_secret_that_is_rotated_meanwhile_is_told() {
    let mut cloud = online(Fates::default());
    let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
    let target = Arc::make_mut(&mut driver.run.target);
    target.secret = Some("arn:aws:secretsmanager:eu-west-1:123456789012:secret:db".into());
    target.secret_version = Some("v-1".into());
    cloud.records.insert(driver.run.id.to_string(), driver.run.as_saved());
    drive_with(
        &mut cloud,
        &mut driver,
        &mut Sees(|seen: &mut Observation, _: &Run| {
            if seen.look.secret {
                seen.secret = Seen::Here(Some("v-2".into()));
            }
        }),
    );
    assert_eq!(outcome(&driver.run), Outcome::Complete, "{}", why(&driver.run));
    assert!(driver.run.warnings.iter().any(|warning| warning.contains("rotated")), "{:?}", driver.run.warnings);
    assert_eq!(cloud.snapshots[0].tags.get(tags::SECRET_VERSION).map(String::as_str), Some("v-1"));
}

/// From every step on nothing gets through; later somebody else comes by.
fn cut_at_every_step(kind: RefusalKind) {
    for count in 0.. {
        let mut cloud = online(Fates::default());
        let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
        if steps(&mut cloud, &mut driver, count) {
            assert!(count > 40, "{count} moments tried");
            return;
        }
        drive_with(&mut cloud, &mut driver, &mut Cut(kind));
        assert!(driver.run.ended() || driver.run.blind_since.is_some(), "it gave up driving, not the run");
        comes_home(&mut cloud);
    }
}

#[test]
fn fm_73_credentials_run_out_at_any_step_and_the_next_driver_brings_the_stack_home() {
    cut_at_every_step(RefusalKind::Credentials);
}

#[test]
fn fm_77_the_network_is_cut_at_any_step_and_the_next_driver_brings_the_stack_home() {
    cut_at_every_step(RefusalKind::Transient);
}

/// Refuses what `denied` says, for as long as it says so.
fn denying(denied: impl Fn(&Action) -> bool) -> impl Spoil {
    Answers(
        move |cloud: &mut Cloud, action: &Action| {
            if denied(action) { Err(refusal(RefusalKind::Denied, "anything")) } else { cloud.perform(action) }
        },
    )
}

fn switches_on(action: &Action) -> bool {
    match action {
        Action::CreateChangeSet(set) => set.switch == Switch::On,
        Action::ExecuteChangeSet { switch, .. } => *switch == Switch::On,
        _ => false,
    }
}

#[test]
fn fm_74_allowed_to_take_it_offline_but_not_to_bring_it_back_ends_loudly_and_is_made_good_later() {
    let mut cloud = online(Fates::default());
    let run = backup_with(&mut cloud, &mut denying(switches_on));
    let ending = run.ending.unwrap();
    assert!(ending.left_offline, "somebody must act");
    assert!(ending.why.unwrap().contains("AWS refuses to bring the stack back"));
    assert!(ending.hint.unwrap().contains("stacksnap online my-hub"));
    // Once it is allowed, any later driver pays the debt.
    comes_home(&mut cloud);
}

#[test]
fn fm_83_rights_that_are_taken_away_at_any_step_leave_nothing_that_cannot_be_made_good() {
    for count in (0..).step_by(2) {
        let mut cloud = online(Fates::default());
        let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
        if steps(&mut cloud, &mut driver, count) {
            return;
        }
        drive_with(&mut cloud, &mut driver, &mut denying(|action| !matches!(action, Action::Unlock { .. })));
        let ending = driver.run.ending.clone().unwrap();
        assert!(cloud.mode == Mode::Online || ending.left_offline, "after {count} steps: {ending:?}");
        comes_home(&mut cloud);
    }
}

/// Half of all calls are throttled, for ten minutes.
struct Storm(Rng, i64);

impl Spoil for Storm {
    fn sight(&mut self, seen: &mut Observation, run: &Run, look: Look) {
        if self.1 > 0 && self.0.bool() {
            self.1 -= 1;
            Cut(RefusalKind::Transient).sight(seen, run, look);
        }
    }

    fn save_fails(&mut self) -> bool {
        self.1 > 0 && self.0.bool()
    }

    fn answer(&mut self, cloud: &mut Cloud, action: &Action) -> Result<Done, Refusal> {
        if self.1 > 0 && self.0.bool() {
            return Err(refusal(RefusalKind::Transient, "Throttling"));
        }
        cloud.perform(action)
    }
}

#[test]
fn fm_75_a_throttling_storm_makes_it_slow_and_nothing_worse() {
    for seed in 0..200 {
        let mut cloud = online(Fates::default());
        let run = backup_with(&mut cloud, &mut Storm(Rng::with_seed(seed), 120));
        assert_eq!((outcome(&run), cloud.mode), (Outcome::Complete, Mode::Online), "seed {seed}: {}", why(&run));
        assert!(cloud.calls < 1_500, "seed {seed}: {} calls", cloud.calls);
        // Whatever could not be put on record meanwhile is tidied up by the next one.
        comes_home(&mut cloud);
    }
}

const DAY: i64 = 24 * 3_600_000;

#[test]
fn fm_78_a_clock_that_is_a_day_wrong_changes_nothing() {
    for skew in [DAY, -DAY] {
        let mut cloud = online(Fates::default());
        let mut run = driver::new_run(BACKUP, 0);
        (run.since, run.started, run.next_due) = (at(skew), at(skew), at(skew));
        let mut driver = Driver { skew, ..driver::begin(&mut cloud, BACKUP).unwrap() };
        cloud.records.insert(run.id.to_string(), run.clone());
        driver.run = run;
        drive(&mut cloud, &mut driver);
        assert_eq!((outcome(&driver.run), cloud.mode), (Outcome::Complete, Mode::Online), "{}", why(&driver.run));
    }
}

#[test]
fn fm_78_a_clock_that_jumps_at_any_step_leaves_no_stack_offline() {
    for skew in [DAY, -DAY] {
        for count in (0..).step_by(2) {
            let mut cloud = online(Fates::default());
            let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
            if steps(&mut cloud, &mut driver, count) {
                break;
            }
            driver.skew = skew;
            drive(&mut cloud, &mut driver);
            comes_home(&mut cloud);
        }
    }
}

#[test]
fn fm_80_words_of_tomorrow_are_waited_for_and_never_a_success() {
    let strange = |looks: usize| {
        let mut cloud = online(Fates::default());
        let mut left = looks;
        let run = backup_with(
            &mut cloud,
            &mut Sees(|seen: &mut Observation, _: &Run| {
                let captured = seen.snapshot.here().is_some() || seen.job.here().is_some();
                if left == 0 || !captured {
                    return;
                }
                left -= 1;
                if let Seen::Here(snapshot) = &mut seen.snapshot {
                    snapshot.status = SnapshotStatus::from("frobnicating");
                }
                if let Seen::Here(job) = &mut seen.job {
                    job.state = JobState::from("FROBNICATING");
                }
            }),
        );
        assert_eq!(cloud.mode, Mode::Online);
        run
    };
    assert_eq!(outcome(&strange(9)), Outcome::Complete);
    let run = strange(usize::MAX);
    assert_eq!(outcome(&run), Outcome::Failed);
    assert!(why(&run).contains("budget"), "{}", why(&run));
}

#[test]
fn fm_80_a_stack_status_of_tomorrow_is_progress_when_it_says_so() {
    let mut cloud = online(Fates::default());
    let mut left = 20;
    let run = backup_with(
        &mut cloud,
        &mut Sees(|seen: &mut Observation, run: &Run| {
            if let (true, Seen::Here(stack)) = (left > 0 && run.phase == Phase::Resuming, &mut seen.stack) {
                left -= 1;
                stack.status = StackStatus::from("UPDATE_FROBNICATE_IN_PROGRESS");
            }
        }),
    );
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Complete, Mode::Online), "{}", why(&run));
}

#[test]
fn fm_80_halves_without_an_instant_prove_nothing() {
    let mut cloud = online(Fates::default());
    let run = backup_with(
        &mut cloud,
        &mut Sees(|seen: &mut Observation, _: &Run| {
            if let Seen::Here(snapshot) = &mut seen.snapshot {
                snapshot.created = None;
            }
        }),
    );
    assert_eq!((outcome(&run), cloud.mode), (Outcome::Inconsistent, Mode::Online), "{}", why(&run));
}

/// The catalogue as `list` would show it now.
fn torn(cloud: &mut Cloud, run: &Run) -> Vec<State> {
    let seen = cloud.observe(run, Look { snapshot: true, point: true, ..Look::NONE });
    let snapshots: Vec<Snapshot> = seen.snapshot.here().cloned().into_iter().collect();
    let points: Vec<RecoveryPoint> = seen.point.here().cloned().into_iter().collect();
    let runs: Vec<Run> = cloud.records.values().cloned().collect();
    listed(&snapshots, &points, &runs, cloud).backups().map(|backup| backup.state).collect()
}

#[test]
fn fm_87_a_list_that_is_read_while_a_run_writes_says_running_until_it_is_complete() {
    let mut cloud = online(Fates::default());
    let mut driver = driver::begin(&mut cloud, BACKUP).unwrap();
    while !driver.over() {
        let states = torn(&mut cloud, &driver.run.clone());
        let expected = if record(&cloud).ended() { State::Complete } else { State::Running };
        assert_eq!(states, [expected], "in {}", record(&cloud).phase);
        cloud.advance(driver.due);
        driver.go(&mut cloud, &mut Fine);
    }
    assert_eq!(torn(&mut cloud, &driver.run), [State::Complete]);
}

#[test]
fn fm_87_a_run_that_nobody_drives_is_not_running_for_ever() {
    let mut cloud = online(Fates::default());
    super::dies_when(&mut cloud, crate::story::capturing);
    let later = cloud.now + 3_600_000;
    cloud.advance(later);
    let run = record(&cloud).clone();
    assert!(!torn(&mut cloud, &run).contains(&State::Running));
}

#[test]
fn fm_88_two_snapshots_that_claim_one_run_are_ambiguous() {
    let mut cloud = online(Fates::default());
    let run = backup(&mut cloud);
    let (snapshot, point) = halves(&mut cloud, &run);
    let copy = Snapshot { id: "a-copy".into(), arn: "arn:snapshot/a-copy".into(), ..snapshot.clone() };
    let all =
        listed(&[snapshot.clone(), copy.clone()], std::slice::from_ref(&point), std::slice::from_ref(&run), &cloud);
    assert_eq!(all.backups().map(|backup| backup.state).collect::<Vec<_>>(), [State::Ambiguous]);
    let second = RecoveryPoint { arn: "arn:point/second".into(), ..point.clone() };
    let all = listed(&[snapshot], &[point, second], &[run], &cloud);
    assert_eq!(all.count(State::Ambiguous), 1);
    assert_eq!(all.count(State::Complete), 0);
}

#[test]
fn fm_89_edited_tags_make_no_backup_of_halves_that_do_not_belong_together() {
    let mut cloud = online(Fates::default());
    let run = backup(&mut cloud);
    let (snapshot, point) = halves(&mut cloud, &run);
    let elsewhere = |key: &str, value: &str| {
        let mut edited = snapshot.clone();
        edited.tags.insert(key.to_owned(), value.to_owned());
        listed(&[edited], std::slice::from_ref(&point), &[], &cloud).count(State::Complete)
    };
    assert_eq!(elsewhere(tags::RECOVERY_POINT, "arn:point/somebody-elses"), 0);
    assert_eq!(elsewhere(tags::ID, "my-hub-20200101-000000"), 0);
    let mut strayed = point.clone();
    strayed.tags.as_mut().unwrap().insert(tags::ID.to_owned(), "my-hub-20200101-000000".to_owned());
    assert_eq!(listed(std::slice::from_ref(&snapshot), &[strayed], &[], &cloud).count(State::Complete), 0);
}

#[test]
fn fm_89_a_snapshot_with_another_stacks_id_in_its_tags_is_not_adopted() {
    let mut cloud = online(Fates::default());
    let run = backup_with(
        &mut cloud,
        &mut Sees(|seen: &mut Observation, _: &Run| {
            if let Seen::Here(snapshot) = &mut seen.snapshot {
                snapshot.tags.insert(tags::STACK_ID.to_owned(), "arn:of-another-stack".to_owned());
            }
        }),
    );
    assert_ne!(outcome(&run), Outcome::Complete);
    assert_eq!(cloud.mode, Mode::Online);
}
