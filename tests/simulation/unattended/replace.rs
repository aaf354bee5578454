//! Replacements that nobody drives: before the deletion of the old stack was asked for a sentinel brings it home, after
//! that it leaves everything to the operator.

use stacksnap::model::run::{Kind, Mode, Outcome, Phase};

use super::process::Who;
use super::{EVERY, drive, search, sentinel, watched_from};
use crate::cloud::{Cloud, Fates};
use crate::driver::{Driver, Fine, Stage, write};
use crate::judge;
use crate::rebuild;
use crate::story::outcome;

fn begun(cloud: &mut Cloud) -> Driver {
    rebuild::begin(cloud, Kind::Replace)
}

fn steps(cloud: &mut Cloud, driver: &mut Driver, count: usize) -> bool {
    for _ in 0..count {
        if driver.over() {
            return true;
        }
        cloud.advance(driver.due);
        driver.go(cloud, &mut Fine);
        judge::always(cloud).unwrap();
    }
    driver.over()
}

#[test]
fn a_replacement_whose_driver_dies_goes_home_or_is_left_alone() {
    let (mut home, mut left) = (0, 0);
    for count in 0.. {
        let mut cloud = rebuild::online(Fates::default());
        let mut driver = begun(&mut cloud);
        if steps(&mut cloud, &mut driver, count) {
            break;
        }
        let id = driver.run.id.to_string();
        drop(driver);
        let later = cloud.now + 3 * EVERY;
        cloud.advance(later);
        let asked = cloud.records[&id].rebuilt.deleting.is_some();
        let (effects, saves) = (cloud.effects, cloud.saves);
        let now = cloud.now;
        if asked {
            let ended = cloud.records[&id].ended();
            drive(&mut cloud, &mut sentinel(Who::LambdaSentinel, now));
            assert!(ended || (cloud.effects, cloud.saves) == (effects, saves), "left alone, died after {count} steps");
            left += 1;
            continue;
        }
        watched_from(&mut cloud, now, Who::LambdaSentinel);
        let run = &cloud.records[&id];
        assert_eq!((outcome(run), cloud.mode, cloud.gone()), (Outcome::Aborted, Mode::Online, false), "{count}");
        judge::rebuild::at_rest(&cloud, None).unwrap();
        home += 1;
    }
    assert!(home > 50 && left > 10, "{home} went home, {left} were left alone");
}

/// One driver, alive from the beginning to the end.
#[test]
fn a_living_replacement_is_not_touched_by_any_look() {
    let mut cloud = rebuild::online(Fates::default());
    let mut driver = begun(&mut cloud);
    whole(&mut cloud, &mut driver);
    assert_eq!(outcome(&driver.run), Outcome::Complete);
}

/// Drives it to its end; a sentinel looks ten times a second, and must not find anything to do.
fn whole(cloud: &mut Cloud, driver: &mut Driver) {
    let mut look = cloud.now;
    while !driver.over() {
        while look <= driver.due + 2_000 {
            cloud.advance(look);
            let found = search::look(cloud);
            let quiet = matches!(found, search::Found::Nothing | search::Found::Busy | search::Found::Tidy(_));
            assert!(quiet, "a sentinel that looks at {look} finds {found:?}");
            look += 100;
        }
        // A tick is never in step to the second.
        let late = if matches!(driver.stage, Stage::Look(_)) { 2_000 } else { 0 };
        cloud.advance(driver.due + late);
        driver.go(cloud, &mut Fine);
        judge::always(cloud).unwrap();
    }
}

/// Its driver left it to a sentinel; before one looked, its operator came back, and drives it now.
#[test]
fn a_replacement_that_was_handed_over_and_is_driven_again_is_not_given_up() {
    let mut cloud = rebuild::online(Fates::default());
    let mut driver = begun(&mut cloud);
    while driver.run.phase < Phase::Capturing || !matches!(driver.stage, Stage::Look(_)) {
        assert!(!steps(&mut cloud, &mut driver, 1));
    }
    let left = driver.run.clone().handed_over(crate::cloud::at(cloud.now));
    write(&mut cloud, &left);
    let later = cloud.now + 1_000;
    cloud.advance(later);
    let mut again = Driver::new(cloud.records[left.id.as_str()].clone(), cloud.now);
    // It looks, and says so.
    steps(&mut cloud, &mut again, 3);
    whole(&mut cloud, &mut again);
    assert_eq!(outcome(&again.run), Outcome::Complete);
}
