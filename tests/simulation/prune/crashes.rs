//! A prune dies before and after every action: all single crash points, and all pairs; then another one finishes.

use super::driver::{Fine, Prune, Scene};
use super::planning::{Keep, dry_run, rows};
use super::shelf::Make;
use super::situations::scene;

/// One that stays, and four that go: a complete one, an orphan, one that an earlier prune has begun to delete, a seed.
fn begin() -> (Scene, Prune) {
    let mut scene = scene(2);
    scene.shelf.aged(3, Make::SnapshotOnly);
    scene.shelf.aged(4, Make::Begun);
    scene.shelf.aged(5, Make::Seed);
    (scene, Prune::new(Keep::last(1), 0))
}

/// Goes so many steps, then dies. `true`: it was over before.
fn steps(scene: &mut Scene, prune: &mut Prune, steps: usize) -> bool {
    for _ in 0..steps {
        if prune.over() {
            return true;
        }
        scene.shelf.advance(prune.due);
        prune.go(scene, &mut Fine).unwrap();
        scene.ledger.always(&scene.shelf).unwrap();
    }
    scene.ledger.listed(&scene.shelf).unwrap();
    prune.over()
}

/// Whether the first and the second were over before.
fn dies(slow: i64, first: usize, second: Option<usize>) -> (bool, bool) {
    let (mut scene, mut prune) = begin();
    scene.shelf.slow = slow;
    let over = steps(&mut scene, &mut prune, first);
    let mut over_again = true;
    if let Some(second) = second {
        let mut prune = Prune::new(prune.keep, scene.shelf.now);
        over_again = steps(&mut scene, &mut prune, second);
    }
    let mut last = Prune::new(prune.keep, scene.shelf.now);
    let all = last.finish(&mut scene, &mut Fine).and_then(|_| scene.ledger.at_rest(&scene.shelf));
    all.unwrap_or_else(|broken| panic!("died after {first} and {second:?} steps: {broken}"));
    let left = dry_run(&scene.shelf, &rows(&scene.shelf, &scene.shelf.halves, prune.keep, false), prune.keep);
    assert_eq!((left.going(), left.fates.len()), (0, 1), "died after {first} and {second:?} steps");
    (over, over_again)
}

#[test]
fn a_prune_dies_at_any_one_step_and_the_next_one_finishes() {
    for slow in [0, 20_000] {
        let all = (0..1_000).find(|first| dies(slow, *first, None).0).unwrap();
        assert!(all > 40, "{all} crash points tried");
    }
}

#[test]
fn a_prune_dies_at_any_two_steps_and_the_third_one_finishes() {
    let pairs = |first: usize| (0..1_000).map(move |second| dies(0, first, Some(second)));
    let over =
        |first: &usize| pairs(*first).find(|(over, over_again)| *over || *over_again).is_some_and(|(over, _)| over);
    let all = (0..1_000).find(over).unwrap();
    assert!(all > 40, "{all} crash points tried");
}
