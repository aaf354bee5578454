//! The look right before a deletion.

mod whole;

use std::sync::Arc;

use crate::model::half::{RecoveryPoint, Snapshot, Tags};
use crate::model::rebuild::Aim;
use crate::model::run::{Phase, Run};
use crate::model::{Refusal, RefusalKind, Seen, tags};
use crate::plan::fixture;

use super::*;

const ID: &str = "my-hub-20261113-020000";
const ANCHOR: &str = "my-hub-20261120-020000";

fn point_arn(id: &str) -> String {
    format!("arn:aws:backup:eu-west-1:123456789012:recovery-point:P-{id}")
}

fn marks(id: &str) -> Tags {
    [(tags::ID, id), (tags::COMPLETE, "2026-11-20T02:20:00Z")]
        .map(|(key, value)| (key.into(), tags::encode(value)))
        .into()
}

fn snapshot(id: &str) -> Snapshot {
    Snapshot {
        id: id.to_owned(),
        arn: format!("arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:{id}"),
        cluster: "my-hub-app-db".to_owned(),
        status: "available".into(),
        manual: true,
        percent: 100,
        created: Some(now()),
        kms_key: None,
        allocated_gib: None,
        tags: marks(id),
    }
}

fn point(id: &str) -> RecoveryPoint {
    RecoveryPoint {
        arn: point_arn(id),
        vault: "my-hub-daily".to_owned(),
        resource: fixture::file_system().arn,
        status: "COMPLETED".into(),
        created: Some(now()),
        completed: Some(now()),
        bytes: None,
        by_plan: false,
        tags: Some(marks(id)),
    }
}

/// Nothing speaks against it.
fn sight() -> Sight {
    Sight {
        snapshot: Seen::Here(snapshot(ID)),
        point: Seen::Here(point(ID)),
        vault: Seen::Here(fixture::vault()),
        anchor_snapshot: Seen::Here(snapshot(ANCHOR)),
        anchor_point: Seen::Here(point(ANCHOR)),
        stacks: Seen::Here(Vec::new()),
        runs: Seen::Here(Vec::new()),
    }
}

fn no_rule() -> Ask<'static> {
    Ask { id: ID, cause: Cause::NoRule, named: true, anchor: Some(ANCHOR), keep: &[] }
}

/// What is said to the sight, changed like this.
fn changed(ask: Ask<'_>, change: impl Fn(&mut Sight)) -> Option<String> {
    let mut sight = sight();
    change(&mut sight);
    protected(&sight, ask, now())
}

#[track_caller]
fn says(words: &str, change: impl Fn(&mut Sight)) {
    assert_eq!(changed(no_rule(), change).as_deref(), Some(words));
}

fn tag_snapshot(sight: &mut Sight, key: &str, value: &str) {
    if let Seen::Here(half) = &mut sight.snapshot {
        half.tags.insert(key.to_owned(), tags::encode(value));
    }
}

fn tag_point(sight: &mut Sight, key: &str, value: &str) {
    if let Seen::Here(half) = &mut sight.point {
        half.tags.get_or_insert_default().insert(key.to_owned(), tags::encode(value));
    }
}

fn run(change: impl Fn(&mut Run)) -> Seen<Vec<Run>> {
    let mut run = fixture::run(at("2026-11-20 01:00"));
    change(&mut run);
    Seen::Here(vec![run])
}

fn hidden<T>() -> Seen<T> {
    Seen::Unknown(Refusal {
        service: "x".into(),
        operation: "X".into(),
        kind: RefusalKind::Denied,
        code: "AccessDenied".into(),
        message: "no".into(),
        request_id: None,
    })
}

#[test]
fn nothing_speaks_against_one_that_nobody_wants() {
    assert_eq!(changed(no_rule(), |_| ()), None);
}

#[test]
fn a_hold_on_either_half_holds() {
    says("on hold: audit", |sight| tag_snapshot(sight, tags::HOLD, "audit"));
    says("on hold: audit", |sight| tag_point(sight, tags::HOLD, "audit"));
    let until = |sight: &mut Sight, until: &str| {
        tag_point(sight, tags::HOLD, "audit");
        tag_point(sight, tags::HOLD_UNTIL, until);
    };
    says("on hold: audit (until 2026-11-20T03:00:01Z)", |sight| until(sight, "2026-11-20T03:00:01Z"));
    assert_eq!(changed(no_rule(), |sight| until(sight, "2026-11-20T03:00:00Z")), None);
    says("on hold: audit (until `soon`, which is no time: it holds until the tag is repaired)", |sight| {
        until(sight, "soon");
    });
}

#[test]
fn a_hold_that_has_ended_on_one_half_does_not_end_the_others() {
    says("on hold: audit", |sight| {
        tag_snapshot(sight, tags::HOLD, "old");
        tag_snapshot(sight, tags::HOLD_UNTIL, "2020-01-01T00:00:00Z");
        tag_point(sight, tags::HOLD, "audit");
    });
}

#[test]
fn a_tag_that_was_put_on_since_keeps_it() {
    let keep = ["release=4.2".parse().unwrap()];
    let ask = Ask { keep: &keep, ..no_rule() };
    for tag in [tag_snapshot, tag_point] {
        assert_eq!(changed(ask, |sight| tag(sight, "release", "4.2")).as_deref(), Some("a tag keeps it"));
        assert_eq!(changed(ask, |sight| tag(sight, "release", "4.3")), None);
    }
}

#[test]
fn a_stack_that_names_either_half_uses_it() {
    let stack = |value: &str| {
        let parameters = vec![("RestoreFrom".to_owned(), value.to_owned())];
        Seen::Here(vec![StackValues { stack: "hub2".to_owned(), stack_id: String::new(), parameters }])
    };
    for value in [ID, &snapshot(ID).arn, &point(ID).arn, &format!("P-{ID}")] {
        says("stack hub2 names it in RestoreFrom", |sight| sight.stacks = stack(value));
    }
    assert_eq!(changed(no_rule(), |sight| sight.stacks = stack(ANCHOR)), None);
}

#[test]
fn a_stack_that_names_the_id_uses_it_though_the_snapshot_is_gone() {
    let parameters = vec![("RestoreFrom".to_owned(), ID.to_owned())];
    let stacks = Seen::Here(vec![StackValues { stack: "hub2".to_owned(), stack_id: String::new(), parameters }]);
    says("stack hub2 names it in RestoreFrom", |sight| {
        sight.snapshot = Seen::Missing;
        sight.stacks = stacks.clone();
    });
}

#[test]
fn what_uses_it_must_have_been_looked_at() {
    let words = "what uses it was not looked at";
    says(words, |sight| sight.stacks = Seen::NotLooked);
    says(words, |sight| sight.runs = Seen::NotLooked);
    says(words, |sight| sight.stacks = hidden());
    says(words, |sight| sight.runs = hidden());
}

#[test]
fn an_unfinished_run_that_restores_it_needs_it() {
    let restores = |run: &mut Run| {
        let aim = Aim { backup: ID.to_owned(), ..fixture::aim("my-hub") };
        Arc::make_mut(&mut run.target).aim = Some(aim);
    };
    let unfinished = run(restores);
    says("the run my-hub-20261120-010000 needs it", |sight| sight.runs = unfinished.clone());
    let over = run(|run| {
        restores(run);
        run.phase = Phase::Done;
    });
    assert_eq!(changed(no_rule(), |sight| sight.runs = over.clone()), None);
}

#[test]
fn an_unfinished_run_that_makes_it_needs_it() {
    let makes = run(|run| run.id = ID.parse().unwrap());
    says(&format!("the run {ID} needs it"), |sight| sight.runs = makes.clone());
    assert_eq!(changed(no_rule(), |sight| sight.runs = run(|_| ())), None);
}
