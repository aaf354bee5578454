//! What is locked, what is whole, and what remains.

use super::*;

#[test]
fn a_locked_vault_is_not_argued_with() {
    let lock = |sight: &mut Sight, min_days| {
        sight.vault = Seen::Here(crate::model::survey::Vault { locked: true, min_days, ..fixture::vault() });
    };
    says("vault my-hub-daily is locked: AWS Backup lets nobody delete its recovery points", |sight| lock(sight, None));
    says(
        "vault my-hub-daily is locked, for 30 days at the least: AWS Backup lets nobody delete its recovery points",
        |sight| lock(sight, Some(30)),
    );
    // A lone snapshot is in no vault.
    let alone = |sight: &mut Sight| {
        lock(sight, None);
        sight.point = Seen::Missing;
    };
    assert_eq!(changed(no_rule(), alone), None);
}

#[test]
fn what_was_taken_for_a_half_and_is_whole_stays() {
    let ask = Ask { cause: Cause::NotComplete, ..no_rule() };
    assert_eq!(changed(ask, |_| ()).as_deref(), Some("it is complete after all"));
    assert_eq!(changed(ask, |sight| sight.point = Seen::Missing), None);
    assert_eq!(changed(ask, |sight| sight.snapshot = Seen::Missing), None);
    let unmarked = |sight: &mut Sight| {
        if let Seen::Here(half) = &mut sight.snapshot {
            half.tags.remove(tags::COMPLETE);
        }
    };
    let edited = "its recovery point is marked as complete: its snapshot's tags were edited";
    assert_eq!(changed(ask, unmarked).as_deref(), Some(edited));
    let never = |sight: &mut Sight| {
        unmarked(sight);
        if let Seen::Here(half) = &mut sight.point {
            half.tags.as_mut().map(|tags| tags.remove(tags::COMPLETE));
        }
    };
    assert_eq!(changed(ask, never), None, "both halves are there, and nobody ever marked them");
    let nameless = Ask { named: false, ..ask };
    let alone = changed(nameless, |sight| sight.point = Seen::Missing);
    assert!(alone.is_some_and(|why| why.contains("does not name its recovery point")));
    let begun = Ask { cause: Cause::Begun, ..no_rule() };
    assert_eq!(changed(begun, |_| ()), None);
}

#[test]
fn the_one_that_is_to_remain_must_be_whole() {
    let words = "the backup that is to remain is not complete any more";
    says(words, |sight| sight.anchor_snapshot = Seen::Missing);
    says(words, |sight| sight.anchor_point = Seen::Missing);
    says(words, |sight| sight.anchor_point = Seen::Here(RecoveryPoint { status: "EXPIRED".into(), ..point(ANCHOR) }));
    let point = |change: fn(&mut Tags)| {
        let mut half = point(ANCHOR);
        half.tags.as_mut().map(change);
        Seen::Here(half)
    };
    // Tags that a bot took off, or somebody else's point.
    says(words, |sight| sight.anchor_point = point(|tags| drop(tags.remove(tags::COMPLETE))));
    says(words, |sight| sight.anchor_point = point(|tags| drop(tags.insert(tags::ID.to_owned(), ID.to_owned()))));
    says(words, |sight| sight.anchor_point = point(Tags::clear));
    let snapshot = |change: fn(&mut Snapshot)| {
        let mut half = snapshot(ANCHOR);
        change(&mut half);
        Seen::Here(half)
    };
    for change in [
        (|half| half.status = "deleting".into()) as fn(&mut Snapshot),
        |half| drop(half.tags.remove(tags::COMPLETE)),
        |half| drop(half.tags.remove(tags::ID)),
        |half| drop(half.tags.insert(tags::DELETING.to_owned(), "2026-11-20T02:59:00Z".to_owned())),
    ] {
        says(words, |sight| sight.anchor_snapshot = snapshot(change));
    }
}

#[test]
fn without_one_that_remains_only_what_never_was_a_backup_may_go() {
    let alone = |cause| changed(Ask { cause, anchor: None, ..no_rule() }, |sight| sight.point = Seen::Missing);
    assert_eq!(alone(Cause::NoRule).as_deref(), Some("no other complete backup is known"));
    assert_eq!(alone(Cause::NotComplete), None);
    assert_eq!(alone(Cause::Begun), None);
}
