//! The process dies before and after every action of a restore, a drill, a replacement, and of one that is
//! undone: all single crash points and all pairs.

use stacksnap::model::rebuild::{Aim, Undo};
use stacksnap::model::run::Kind;

use super::{How, NEW, aim, at_rest, begin_with, comes, drive, online, there};
use crate::cloud::{Cloud, Fates, RestoreFate, STACK};
use crate::driver::{Driver, Fine};
use crate::judge;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Restore,
    Drill,
    /// Its creation fails.
    BadDrill,
    Replace,
    /// Its new stack does not verify, and the safety backup is restored.
    Undone,
}

impl What {
    fn begin(self) -> (Cloud, Driver) {
        let (kind, fates, undo) = match self {
            Self::Restore => (Kind::Restore, Fates::default(), None),
            Self::Drill => (Kind::Drill, Fates::default(), None),
            Self::BadDrill => (Kind::Drill, Fates { create_fails: 1, ..Fates::default() }, None),
            Self::Replace => (Kind::Replace, Fates::default(), Some(Undo::Ask)),
            Self::Undone => {
                let fates = Fates { restore: RestoreFate::Fails, restores: 1, ..Fates::default() };
                (Kind::Replace, fates, Some(Undo::Rollback))
            }
        };
        let mut cloud = online(fates);
        let driver = begin_with(&mut cloud, kind.clone(), Aim { undo, ..aim(&kind) });
        (cloud, driver)
    }

    /// What must be there when all is over.
    fn came_true(self, cloud: &Cloud) -> bool {
        match self {
            Self::Restore => there(cloud, NEW).works(cloud.now) && cloud.made.len() == 1,
            Self::Drill => cloud.restored.marked >= 2 && cloud.named(NEW).is_none(),
            Self::BadDrill => cloud.restored.marked == 0 && cloud.named(NEW).is_none(),
            Self::Replace => cloud.gone() && there(cloud, STACK).works(cloud.now) && cloud.made.len() == 1,
            Self::Undone => cloud.gone() && there(cloud, STACK).works(cloud.now) && cloud.made.len() == 2,
        }
    }
}

/// What came of a driver that died there: so long later somebody comes by.
fn and_then(what: What, cloud: &Cloud, later: i64, died: &str) {
    let mut cloud = cloud.clone();
    let now = cloud.now + later;
    cloud.advance(now);
    if let Some(mut driver) = comes(&mut cloud, How::On) {
        drive(&mut cloud, &mut driver);
        assert!(driver.halted.is_none(), "{what:?} died after {died}: {:?}", driver.halted);
    }
    judge::rebuild::at_rest(&cloud, None).unwrap_or_else(|broken| panic!("{what:?} died after {died}: {broken}"));

    // The safety backup has a budget of offline time.
    let late = later > 1_800_000 && matches!(what, What::Replace | What::Undone) && !cloud.gone();
    assert!(late || what.came_true(&cloud), "{what:?} died after {died}");
}

/// Drives to the end; `crash` is shown every moment at which a death leaves something else behind.
fn every_moment(cloud: &mut Cloud, driver: &mut Driver, mut crash: impl FnMut(&Cloud, usize)) {
    let mut known = None;
    for step in 0..5_000 {
        let left = (cloud.effects, cloud.saves, cloud.lock.is_some(), cloud.plans.len());
        if known.replace(left) != Some(left) {
            crash(cloud, step);
        }
        if driver.over() {
            return;
        }
        cloud.advance(driver.due);
        driver.go(cloud, &mut Fine);
        judge::always(cloud).unwrap();
    }
    panic!("the run never ends");
}

const ALL: [What; 5] = [What::Restore, What::Drill, What::BadDrill, What::Replace, What::Undone];

#[test]
fn the_process_dies_at_any_one_step_and_the_next_one_finishes() {
    for what in ALL {
        let mut count = 0;
        let (mut cloud, mut driver) = what.begin();
        every_moment(&mut cloud, &mut driver, |cloud, step| {
            for later in [0, 20_000, 4 * 3_600_000] {
                and_then(what, cloud, later, &format!("{step} steps, {later} ms"));
            }
            count += 1;
        });
        at_rest(&cloud);
        assert!(count > 5, "{count} crash points tried");
    }
}

#[test]
fn the_process_dies_at_any_two_steps_and_the_next_one_finishes() {
    let (began, mut pairs) = (std::time::Instant::now(), 0);
    for what in ALL {
        let (mut cloud, mut driver) = what.begin();
        every_moment(&mut cloud, &mut driver, |cloud, first| {
            let mut cloud = cloud.clone();
            let Some(mut driver) = comes(&mut cloud, How::On) else { return };
            every_moment(&mut cloud, &mut driver, |cloud, second| {
                and_then(what, cloud, 0, &format!("{first} and {second} steps"));
                pairs += 1;
            });
        });
    }
    println!("{pairs} pairs of crashes, {:.1?}", began.elapsed());
}
