//! What goes wrong, one named situation after the other: `fm_NN_…` is number NN of the list of failure
//! modes. Here are those that need no wire; those about the wire, the command line or the findings are
//! beside it, see [`SOURCES`].

mod around;
mod halves;
mod process;
mod stack;

use std::collections::BTreeSet;

use stacksnap::engine::{Action, Done, Look, Observation};
use stacksnap::model::run::{Mode, Run};
use stacksnap::model::{Refusal, RefusalKind, Seen};

use crate::cloud::{Cloud, refusal};
use crate::driver::{self, Driver, Fine, Spoil};
use crate::judge;
use crate::story::{BACKUP, drive_until, sentinel};

/// Numbers that do not concern the making of a backup: which command will have to answer for them.
const LEFT: [(u8, &str); 10] = [
    (39, "restore: its parameters are edited later"),
    (53, "copy: tags are lost on the way"),
    (54, "verify: somebody shared the snapshot"),
    (60, "prune: a recovery point cannot be deleted"),
    (67, "copy: quotas, cold storage, the other region's key"),
    (84, "prune: it dies between the halves"),
    (85, "prune: the last good backup"),
    (86, "prune: a wrong clock"),
    (93, "import and export: paths, links, sizes"),
    (94, "copy: the source goes, or one half only arrives"),
];

/// Many stacks at once, and what is measured rather than tested.
const LATER: [(u8, &str); 1] =
    [(92, "a hundred thousand snapshots: measured, with its limits, by the script that measures the binary")];

/// Where the named tests are.
const SOURCES: [&str; 16] = [
    include_str!("unattended/failures.rs"),
    include_str!("failures/around.rs"),
    include_str!("failures/halves.rs"),
    include_str!("failures/process.rs"),
    include_str!("failures/stack.rs"),
    include_str!("rebuild/restore.rs"),
    include_str!("story.rs"),
    include_str!("../adapter/main.rs"),
    include_str!("../cli/failures.rs"),
    include_str!("../cli/input.rs"),
    include_str!("../cli/interrupted.rs"),
    include_str!("../cli/runs.rs"),
    include_str!("../../src/aws/events.rs"),
    include_str!("../../src/aws/pages.rs"),
    include_str!("../../src/cli/drive/tests.rs"),
    include_str!("../../src/model/arn.rs"),
];

#[test]
fn every_failure_mode_has_a_test_or_a_reason() {
    let named = SOURCES.iter().flat_map(|source| source.split("fn fm_").skip(1));
    let covered: BTreeSet<u8> = named.map(|rest| rest[..2].parse().expect("fm_NN_…")).collect();
    let left: BTreeSet<u8> = LEFT.iter().chain(&LATER).map(|(number, _)| *number).collect();
    assert_eq!(covered.intersection(&left).collect::<Vec<_>>(), [&0; 0], "both covered and left");
    let all: BTreeSet<u8> = covered.union(&left).copied().collect();
    let missing: Vec<u8> = (1..=95).filter(|number| !all.contains(number)).collect();
    assert!(missing.is_empty(), "neither covered nor left: {missing:?}");
    assert_eq!(all.len(), 95);
}

/// Drives with something going wrong, until it is over.
pub(crate) fn drive_with(cloud: &mut Cloud, driver: &mut Driver, spoil: &mut impl Spoil) {
    for _ in 0..20_000 {
        if driver.over() {
            return;
        }
        cloud.advance(driver.due);
        driver.go(cloud, spoil);
        judge::always(cloud).unwrap();
    }
    panic!("the run never ends: {:?} in {}", driver.stage, driver.run.phase);
}

/// A backup with something going wrong.
pub(crate) fn backup_with(cloud: &mut Cloud, spoil: &mut impl Spoil) -> Run {
    let mut driver = driver::begin(cloud, BACKUP).unwrap();
    drive_with(cloud, &mut driver, spoil);
    driver.run
}

/// A process that begins a backup and dies as soon as `when` holds.
pub(crate) fn dies_when(cloud: &mut Cloud, when: impl Fn(&Cloud, &Driver) -> bool) {
    let mut driver = driver::begin(cloud, BACKUP).unwrap();
    drive_until(cloud, &mut driver, when);
    assert!(!driver.over(), "it came so far");
}

/// So many steps (a look, a save, one action, a note); whether the run was over before.
pub(crate) fn steps(cloud: &mut Cloud, driver: &mut Driver, count: usize) -> bool {
    for _ in 0..count {
        if driver.over() {
            return true;
        }
        cloud.advance(driver.due);
        driver.go(cloud, &mut Fine);
    }
    driver.over()
}

/// Somebody comes by later and drives home what is left: the stack is online, every run is over.
#[track_caller]
pub(crate) fn comes_home(cloud: &mut Cloud) {
    sentinel(cloud);
    judge::at_rest(cloud, Mode::Online).unwrap();
    assert_eq!(cloud.mode, Mode::Online);
}

/// The one run on record.
pub(crate) fn record(cloud: &Cloud) -> &Run {
    assert_eq!(cloud.records.len(), 1);
    cloud.records.values().next().unwrap()
}

/// What is seen is not what is there.
pub(crate) struct Sees<F>(pub F);

impl<F: FnMut(&mut Observation, &Run)> Spoil for Sees<F> {
    fn sight(&mut self, seen: &mut Observation, run: &Run, _: Look) {
        (self.0)(seen, run);
    }
}

/// What is asked for is not what is done, or not what is answered.
pub(crate) struct Answers<F>(pub F);

impl<F: FnMut(&mut Cloud, &Action) -> Result<Done, Refusal>> Spoil for Answers<F> {
    fn answer(&mut self, cloud: &mut Cloud, action: &Action) -> Result<Done, Refusal> {
        (self.0)(cloud, action)
    }
}

/// Nothing gets through any more: the network is cut, or the credentials have run out.
pub(crate) struct Cut(pub RefusalKind);

impl Spoil for Cut {
    fn sight(&mut self, seen: &mut Observation, _: &Run, look: Look) {
        let no = || refusal(self.0, "Describe");
        fn hide<T>(seen: &mut Seen<T>, looked: bool, no: impl FnOnce() -> Refusal) {
            if looked {
                *seen = Seen::Unknown(no());
            }
        }
        hide(&mut seen.record, look.record, no);
        hide(&mut seen.stack, look.stack, no);
        hide(&mut seen.history, look.history, no);
        hide(&mut seen.change_sets, look.change_sets, no);
        hide(&mut seen.cluster, look.cluster, no);
        hide(&mut seen.file_system, look.file_system, no);
        hide(&mut seen.snapshot, look.snapshot, no);
        hide(&mut seen.job, look.job, no);
        hide(&mut seen.point, look.point, no);
        hide(&mut seen.point_tags, look.point_tags, no);
        hide(&mut seen.seed, look.seed, no);
        hide(&mut seen.secret, look.secret, no);
        hide(&mut seen.others, look.others, no);
    }

    fn save_fails(&mut self) -> bool {
        true
    }

    fn answer(&mut self, _: &mut Cloud, _: &Action) -> Result<Done, Refusal> {
        Err(refusal(self.0, "anything"))
    }
}
