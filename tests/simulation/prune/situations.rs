//! Single situations, each the shortest history of something that went wrong once, or must not.

use stacksnap::engine::prune::{Outcome, Removal};
use stacksnap::model::{Refusal, RefusalKind, tags};

use super::driver::{FRESH, Fine, Prune, Scene, Spoil, Stage};
use super::judge::{Ledger, complete, marked};
use super::operators::{Operator, Wish};
use super::planning::Keep;
use super::shelf::{Make, Shelf};
use crate::cloud::refusal;

/// So many complete backups, a day apart, and what is not ours.
pub(super) fn scene(days: i64) -> Scene {
    let mut shelf = Shelf::new();
    shelf.add_foreign();
    for day in 0..days {
        shelf.aged(day, Make::Complete);
    }
    let mut ledger = Ledger { alone: true, ..Ledger::default() };
    ledger.learn(&shelf);
    Scene { shelf, ledger }
}

/// Goes on until it is about to do this.
fn until(scene: &mut Scene, prune: &mut Prune, removal: impl Fn(&Removal) -> bool) {
    while !matches!(&prune.stage, Stage::Remove { removal: next, .. } if removal(next)) {
        assert!(!prune.over(), "{:?}", prune.said);
        scene.shelf.advance(prune.due);
        prune.go(scene, &mut Fine).unwrap();
    }
}

fn oldest(scene: &Scene) -> String {
    complete(&scene.shelf).next().unwrap().to_owned()
}

fn finish(scene: &mut Scene, prune: &mut Prune) -> Vec<(String, Outcome)> {
    prune.finish(scene, &mut Fine).unwrap();
    scene.ledger.at_rest(&scene.shelf).unwrap();
    prune.said.clone()
}

#[test]
fn what_no_rule_keeps_is_deleted() {
    let mut scene = scene(5);
    let mut prune = Prune::new(Keep::last(2), 0);
    let said = finish(&mut scene, &mut prune);
    assert_eq!((prune.deletions, said.len()), (6, 3), "{said:?}");
    assert_eq!(complete(&scene.shelf).count(), 2);
}

#[test]
fn a_backup_that_another_prune_gives_back_is_not_deleted_by_the_first() {
    let mut scene = scene(2);
    scene.ledger.alone = false;
    let id = oldest(&scene);
    let mut first = Prune::new(Keep::last(1), 0);
    until(&mut scene, &mut first, |removal| matches!(removal, Removal::Point(_)));
    // It is put on hold, another prune sees that, and the first one wakes up when it has given the backup back.
    let mut operator = Operator::new(Wish::Keep, &id, 0);
    operator.go(&mut scene, false);
    operator.go(&mut scene, false);
    let mut second = Prune::new(Keep::last(1), scene.shelf.now);
    second.finish(&mut scene, &mut Fine).unwrap();
    assert!(matches!(&second.said[..], [(_, Outcome::Kept(_))]), "{:?}", second.said);
    operator.go(&mut scene, false);
    assert!(scene.ledger.held.contains(&id), "`keep` may say that it holds");
    finish(&mut scene, &mut first);
    assert!(marked(scene.shelf.snapshot(&id).unwrap()));
}

#[test]
fn whoever_was_shown_the_mark_late_is_seen_by_the_look_that_decides() {
    let mut scene = scene(2);
    scene.shelf.stale = 8_000;
    let id = oldest(&scene);
    let mut prune = Prune::new(Keep::last(1), 0);
    until(&mut scene, &mut prune, |removal| matches!(removal, Removal::Untag { .. }));
    // The mark comes off, and the prune looks; only then does the restore begin, and is shown the mark all the same.
    for _ in 0..3 {
        prune.go(&mut scene, &mut Fine).unwrap();
    }
    let mut operator = Operator::new(Wish::Restore, &id, 0);
    operator.go(&mut scene, false);
    operator.go(&mut scene, true);
    operator.go(&mut scene, false);
    assert!(scene.ledger.used.contains(&id));
    let said = finish(&mut scene, &mut prune);
    assert!(matches!(&said[..], [(_, Outcome::Kept(_))]), "{said:?}");
}

#[test]
fn a_prune_that_slept_over_the_look_that_decides_looks_again() {
    let mut scene = scene(2);
    let id = oldest(&scene);
    let mut prune = Prune::new(Keep::last(1), 0);
    until(&mut scene, &mut prune, |removal| matches!(removal, Removal::Point(_)));
    scene.shelf.advance(scene.shelf.now + FRESH + 1);
    scene.shelf.stacks.insert("hub2".to_owned(), id.clone());
    scene.ledger.used.insert(id.clone());
    let said = finish(&mut scene, &mut prune);
    assert_eq!(said, [(id, Outcome::Kept("stack hub2 names it in RestoreDbSnapshotIdentifier".to_owned()))]);
}

#[test]
fn a_good_backup_that_looked_like_an_orphan_is_kept() {
    struct Unread;
    impl Spoil for Unread {
        fn unread(&mut self) -> bool {
            true
        }
    }
    let mut scene = scene(3);
    let mut prune = Prune::new(Keep { grace_days: 0, ..Keep::last(1) }, 0);
    prune.finish(&mut scene, &mut Unread).unwrap();
    assert_eq!((prune.deletions, complete(&scene.shelf).count()), (0, 3), "{:?}", prune.said);
}

#[test]
fn a_vault_lock_a_legal_hold_and_an_expired_point_are_told_and_leave_the_rest_alone() {
    let mut held = scene(2);
    let id = oldest(&held);
    held.shelf.change_files(&id, |files| files.legal_hold = true).unwrap();
    let said = finish(&mut held, &mut Prune::new(Keep::last(1), 0));
    assert!(matches!(&said[..], [(_, Outcome::Kept(_))]), "{said:?}");
    assert_eq!(complete(&held.shelf).count(), 2);

    let mut expired = scene(2);
    expired.shelf.change_files(&id, |files| files.expires = true).unwrap();
    let said = finish(&mut expired, &mut Prune::new(Keep::last(1), 0));
    assert!(matches!(&said[..], [(_, Outcome::Failed { why, .. })] if why.contains("EXPIRED")), "{said:?}");

    let mut locked = scene(2);
    let mut prune = Prune::new(Keep::last(1), 0);
    until(&mut locked, &mut prune, |removal| matches!(removal, Removal::Tag { .. }));
    locked.shelf.locked = true;
    let said = finish(&mut locked, &mut prune);
    assert!(matches!(&said[..], [(_, Outcome::Kept(why))] if why.contains("locked")), "{said:?}");
    assert_eq!(complete(&locked.shelf).count(), 2);
}

/// One kind of call is denied.
struct Denied(u8);

impl Spoil for Denied {
    fn answer(&mut self, shelf: &mut Shelf, removal: &Removal) -> Result<(), Refusal> {
        let number = match removal {
            Removal::Tag { .. } => 0,
            Removal::Untag { .. } => 1,
            Removal::Point(_) => 2,
            Removal::Snapshot { .. } => 3,
            Removal::Manifest { .. } => 4,
        };
        if number == self.0 { Err(refusal(RefusalKind::Denied, "Denied")) } else { shelf.remove(removal) }
    }
}

#[test]
fn whichever_call_is_denied_it_is_said_and_the_next_prune_finishes() {
    for call in 0..5 {
        let mut scene = scene(2);
        let mut prune = Prune::new(Keep::last(1), 0);
        prune.finish(&mut scene, &mut Denied(call)).unwrap();
        assert!(
            matches!(&prune.said[..], [(_, Outcome::Failed { hint, .. })] if hint.contains("grant")),
            "{:?}",
            prune.said
        );
        scene.ledger.listed(&scene.shelf).unwrap();
        for _ in 0..2 {
            let mut next = Prune::new(Keep::last(1), scene.shelf.now);
            finish(&mut scene, &mut next);
        }
        assert_eq!((scene.shelf.manifests.len(), complete(&scene.shelf).count()), (1, 1), "call {call}");
    }
}

#[test]
fn tags_that_are_answered_with_200_and_never_there_end_it() {
    let mut scene = scene(2);
    scene.shelf.slippery = u8::MAX;
    let said = finish(&mut scene, &mut Prune::new(Keep::last(1), 0));
    assert!(matches!(&said[..], [(_, Outcome::Failed { .. })]), "{said:?}");
}

#[test]
fn a_recovery_point_whose_snapshot_has_lost_its_id_is_no_orphan() {
    let mut scene = scene(2);
    let id = oldest(&scene);
    scene.ledger.meddles(&scene.shelf, &id);
    scene.shelf.change_snapshot(&id, |half| drop(half.tags.remove(tags::ID))).unwrap();
    let said = finish(&mut scene, &mut Prune::new(Keep::last(1), 0));
    assert!(
        matches!(&said[..], [(_, Outcome::Failed { why, .. })] if why.contains("is not this backup's")),
        "{said:?}"
    );
    assert!(scene.shelf.files(&id).is_some());
}

#[test]
fn an_anchor_that_has_lost_its_id_anchors_nothing() {
    let mut scene = scene(2);
    let (id, newest) = (oldest(&scene), complete(&scene.shelf).last().unwrap().to_owned());
    let mut prune = Prune::new(Keep::last(1), 0);
    until(&mut scene, &mut prune, |removal| matches!(removal, Removal::Tag { .. }));
    scene.ledger.meddles(&scene.shelf, &newest);
    scene.shelf.change_snapshot(&newest, |half| drop(half.tags.remove(tags::ID))).unwrap();
    let said = finish(&mut scene, &mut prune);
    assert!(matches!(&said[..], [(of, Outcome::Kept(_))] if *of == id), "{said:?}");
}
