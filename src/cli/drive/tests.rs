//! Bugs in the middle of a run: the stack comes back all the same.

use std::cell::Cell;

use jiff::Timestamp;
use stacksnap_sandbox::{Durations, Sandbox, seeds};

use super::*;
use crate::aws::Aws;
use crate::cli::args::Globals;
use crate::cli::report;
use crate::engine::{Action, Observation};
use crate::model::run::{Ending, Kind, Lock, Mode, Options, Outcome, Phase};
use crate::model::{BackupId, Seen};
use crate::plan::discover::{Overrides, discover};
use crate::plan::preflight::Ask;
use crate::plan::{self, profiles};
use crate::world::{Answer, Locked};

/// AWS's clock runs so many times as fast, and the waits with it.
const SPEED: u32 = 600;

/// A world with a bug: it panics so often when it is asked to `perform` a certain thing.
struct Buggy {
    aws: Aws,
    bug: fn(&Action) -> bool,
    panics: Cell<u8>,
}

impl World for Buggy {
    async fn observe(&self, run: &Run, look: Look) -> Observation {
        self.aws.observe(run, look).await
    }

    async fn save(&self, run: &Run) -> Result<(), Refusal> {
        self.aws.save(run).await
    }

    async fn perform(&self, action: &Action) -> Answer {
        if (self.bug)(action) && self.panics.get() > 0 {
            self.panics.set(self.panics.get() - 1);
            panic!("a bug");
        }
        self.aws.perform(action).await
    }

    async fn lock(&self, stack: &str, lock: &Lock) -> Result<Locked, Refusal> {
        self.aws.lock(stack, lock).await
    }

    async fn holder(&self, stack: &str) -> Seen<Lock> {
        self.aws.holder(stack).await
    }

    async fn record(&self, stack: &str, run: &BackupId) -> Seen<Run> {
        self.aws.record(stack, run).await
    }

    fn now(&self) -> Timestamp {
        self.aws.now()
    }
}

fn snapshot(action: &Action) -> bool {
    matches!(action, Action::CreateSnapshot { .. })
}

/// A backup of a fresh stack, driven through a world with a bug.
async fn driven(bug: fn(&Action) -> bool, panics: u8) -> Driven {
    let sandbox = Sandbox::real(f64::from(SPEED)).with_durations(Durations { jitter: 0.0, ..Durations::default() });
    sandbox.seed_stack(&seeds::hubs("my-hub"));
    let aws = Aws::with_http_client(sandbox.http_client(), "us-east-1", "AKIAIOSFODNN7EXAMPLE");
    let run = planned(&aws).await;
    let world = Buggy { aws, bug, panics: Cell::new(panics) };
    let manner = Manner { pace: Pace::scaled(SPEED), timeout: None, watched: false };
    let quiet = Globals { quiet: true, ..Globals::default() };
    drive(&world, run, manner, Signals::listen(), Progress::new(&quiet)).await
}

async fn planned(aws: &Aws) -> Run {
    let profiles = profiles::built_in();
    let overrides = Overrides::default();
    let survey = aws
        .survey(
            "my-hub",
            &|stack, declared, resources| discover(stack, declared, resources, &profiles, &overrides),
            &crate::aws::Shared::default(),
        )
        .await;
    let options = Options { settle: 1, ..Options::default() };
    let kind = Kind::Backup { live: false, seed: false };
    let planned = plan::backup::plan(&survey, None, kind, options, Ask::default(), aws.now());
    let (run, _) = planned.unwrap();
    let lock = Lock { run: run.id.clone(), stack_id: run.target.stack_id.clone(), holder: None, since: None };
    aws.lock("my-hub", &lock).await.unwrap();
    aws.save(&run).await.unwrap();
    run
}

#[tokio::test]
async fn without_a_bug_the_backup_is_complete() {
    let driven = driven(snapshot, 0).await;
    assert_eq!((driven.end, driven.stop), (End::Over, None));
    assert_eq!(driven.run.ending.unwrap().outcome, Outcome::Complete);
}

#[tokio::test]
async fn fm_13_a_panic_brings_the_stack_back() {
    let driven = driven(snapshot, 1).await;
    assert_eq!((driven.end, driven.stop), (End::Over, Some(Stop::Panic)));
    assert_eq!(driven.sights.mode, Some(Mode::Online));
    assert_ne!(driven.run.ending.unwrap().outcome, Outcome::Complete);
}

#[tokio::test]
async fn fm_13_a_bug_on_the_way_home_is_survived_a_few_times() {
    let homeward =
        |action: &Action| matches!(action, Action::ExecuteChangeSet { switch: crate::model::Switch::On, .. });
    let survived = driven(homeward, PANICS).await;
    assert_eq!((survived.end, survived.sights.mode), (End::Over, Some(Mode::Online)));
    let broken = driven(homeward, PANICS + 1).await;
    assert_eq!(broken.end, End::Broken);
    assert!(report::left_offline(&broken.run, &broken.sights));
}

#[tokio::test]
async fn a_run_whose_record_is_gone_lets_go_of_its_lock_though_its_last_save_failed() {
    let sandbox = Sandbox::real(f64::from(SPEED));
    sandbox.seed_stack(&seeds::hubs("my-hub"));
    let aws = Aws::with_http_client(sandbox.http_client(), "us-east-1", "AKIAIOSFODNN7EXAMPLE");
    let run = planned(&aws).await;
    let ending = Ending { outcome: Outcome::Failed, at: aws.now(), why: None, hint: None, left_offline: false };
    let over = Run { phase: Phase::Done, ending: Some(ending), lost: true, unsaved: true, ..run };
    let manner = Manner { pace: Pace::scaled(SPEED), timeout: None, watched: false };
    let quiet = Globals { quiet: true, ..Globals::default() };
    let driven = drive(&aws, over, manner, Signals::listen(), Progress::new(&quiet)).await;
    assert_eq!(driven.end, End::Over);
    assert!(matches!(aws.holder("my-hub").await, Seen::Missing));
}
