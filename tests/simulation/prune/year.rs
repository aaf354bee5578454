//! A year of fifty stacks: a backup every night but some, and a prune after it, by different policies; some die, some
//! are held, some are restored from.

use std::time::Instant;

use fastrand::Rng;

use super::driver::{Fine, Prune, Scene};
use super::judge::{Ledger, complete};
use super::operators::{Operator, Wish};
use super::planning::Keep;
use super::shelf::{Make, Shelf};
use super::weather::{Spoiler, Weather};
use crate::cloud::Millis;

const DAY: Millis = 86_400_000;
const STACKS: u64 = 50;

fn policy(stack: u64) -> Keep {
    let none = Keep { last: None, within_days: None, daily: None, weekly: None, release: false, grace_days: 2 };
    match stack % 5 {
        0 => Keep { within_days: Some(7), ..none },
        1 => Keep { daily: Some(7), weekly: Some(4), ..none },
        2 => Keep { last: Some(3), release: true, ..none },
        3 => Keep { weekly: Some(8), ..none },
        _ => Keep { last: Some(1), daily: Some(14), ..none },
    }
}

/// The most complete backups that a policy keeps, those on hold and in use left out.
fn most(keep: Keep) -> usize {
    let within = keep.within_days.map_or(0, |days| days + 1);
    (keep.last.unwrap_or(0) + keep.daily.unwrap_or(0) + keep.weekly.unwrap_or(0) + within) as usize
}

fn night(rng: &mut Rng, scene: &mut Scene, keep: Keep) -> Result<u32, String> {
    let what = match rng.u8(0..30) {
        // No backup tonight; nor is one pruned.
        0 | 1 => return Ok(0),
        2 => Make::Unmarked,
        3 => Make::SnapshotOnly,
        4 => Make::PointOnly,
        5 => Make::Seed,
        _ => Make::Complete,
    };
    let id = scene.shelf.put(scene.shelf.now - 1_200_000, what);
    scene.ledger.learn(&scene.shelf);
    if what == Make::Complete && rng.u8(0..60) == 0 {
        let wish = if rng.bool() { Wish::Keep } else { Wish::Restore };
        let mut operator = Operator::new(wish, &id, scene.shelf.now);
        while !operator.over() {
            scene.shelf.advance(operator.due);
            operator.go(scene, false);
        }
    }
    let mut prune = Prune::new(keep, scene.shelf.now);
    if rng.u8(0..10) == 0 {
        let weather = Weather::draw(rng);
        rough(&mut prune, scene, &mut Spoiler { rng, weather }, weather.dies)?;
    } else {
        prune.finish(scene, &mut Fine)?;
    }
    Ok(prune.deletions)
}

/// A prune in bad weather, which may die.
fn rough(prune: &mut Prune, scene: &mut Scene, spoiler: &mut Spoiler<'_>, dies: u32) -> Result<(), String> {
    while !prune.over() && spoiler.rng.u32(0..1_000) >= dies {
        scene.shelf.advance(prune.due);
        prune.go(scene, spoiler)?;
        scene.ledger.always(&scene.shelf)?;
    }
    Ok(())
}

fn year(stack: u64) -> (u32, usize) {
    let mut rng = Rng::with_seed(stack);
    let mut scene = Scene { shelf: Shelf::new(), ledger: Ledger { alone: true, ..Ledger::default() } };
    scene.shelf.add_foreign();
    let (keep, mut deleted) = (policy(stack), 0);
    for day in 0..365 {
        scene.shelf.advance(day * DAY + rng.i64(0..3_600_000));
        deleted += night(&mut rng, &mut scene, keep).unwrap_or_else(|why| panic!("stack {stack}, day {day}: {why}"));
    }
    scene.shelf.advance(365 * DAY);
    for _ in 0..2 {
        Prune::new(keep, scene.shelf.now).finish(&mut scene, &mut Fine).unwrap();
    }
    scene.ledger.at_rest(&scene.shelf).unwrap_or_else(|why| panic!("stack {stack}: {why}"));
    let kept = complete(&scene.shelf).filter(|id| !scene.ledger.held.contains(*id) && !scene.ledger.used.contains(*id));
    let kept = kept.count();
    assert!((1..=most(keep)).contains(&kept), "stack {stack}: {kept} are kept");
    (deleted, kept)
}

#[test]
fn a_year_of_fifty_stacks_that_are_pruned_every_night() {
    let began = Instant::now();
    let years = |stacks: std::ops::Range<u64>| stacks.map(year).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let others = std::thread::spawn(move || years(STACKS / 2..STACKS));
    let (mine, others) = (years(0..STACKS / 2), others.join().unwrap());
    let (deleted, kept) = (mine.0 + others.0, mine.1 + others.1);
    println!("{STACKS} stacks, a year: {deleted} halves deleted, {kept} backups kept, in {:.1?}", began.elapsed());
    assert!(deleted > 20_000, "{deleted} halves deleted");
}
