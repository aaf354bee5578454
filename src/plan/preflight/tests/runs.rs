//! Other runs, and what they owe.

use super::*;

fn locked_by(other: Run) -> impl FnOnce(&mut Survey) {
    move |survey| {
        let stack_id = other.target.stack_id.clone();
        survey.lock = Seen::Here(Lock { run: other.id.clone(), stack_id, holder: None, since: None });
        survey.runs = Seen::Here(vec![other]);
    }
}

#[test]
fn another_run_that_is_driven_holds_the_stack() {
    let other = Run { phase: Phase::Capturing, next_due: now(), ..run(now() - 20.minutes()) };
    let finding = error_when(ids::RUN_HOLDS, locked_by(other));
    assert!(finding.what.contains("capturing") && finding.remedy.contains("abort my-hub"));
}

#[test]
fn a_run_that_nobody_drives_is_to_be_resumed() {
    let other = Run { phase: Phase::GoingOffline, ..run(now() - 20.minutes()) };
    let finding = error_when(ids::RUN_STALE, locked_by(other.clone()));
    assert!(finding.remedy.contains("stacksnap resume my-hub"));
    // The lock alone may be lost.
    error_when(ids::RUN_STALE, |survey| survey.runs = Seen::Here(vec![other]));
}

#[test]
fn a_lock_without_a_record_is_left_over() {
    error_when(ids::RUN_STALE, |survey| {
        locked_by(run(now()))(survey);
        survey.runs = Seen::Here(Vec::new());
    });
}

#[test]
fn a_lock_of_an_earlier_stack_of_the_name_says_so() {
    let mut other = run(now());
    std::sync::Arc::make_mut(&mut other.target).stack_id =
        "arn:aws:cloudformation:eu-west-1:123456789012:stack/my-hub/old".to_owned();
    assert!(error_when(ids::RUN_STALE, locked_by(other)).what.contains("earlier stack"));
}

#[test]
fn a_record_of_a_newer_version_is_left_alone() {
    let newer = refusal(RefusalKind::Invalid, "ssm", "GetParameter");
    warning_when(ids::RUN_UNREADABLE, |survey| survey.unreadable.push(newer));
}

fn left_offline(survey: &mut Survey) {
    let mut other = Run { phase: Phase::Done, ..run(now() - 20.minutes()) };
    other.ending = Some(Ending { outcome: Outcome::Failed, at: now(), why: None, hint: None, left_offline: true });
    survey.runs = Seen::Here(vec![other]);
    on_stack(|stack| set(stack, "StackOffline", OFFLINE))(survey);
}

#[test]
fn a_stack_that_an_earlier_run_left_offline_is_not_taken_for_its_operators_wish() {
    let all = told(left_offline);
    assert_eq!(all[0].id, ids::LEFT_OFFLINE);
    assert_eq!(all[1].id, ids::ALREADY_OFFLINE);
    assert!(told_when(Ask { switch_only: true, ..Ask::default() }, left_offline).is_empty());
}

/// The hub, offline, after these operations that took effect: tokens, the newest first.
fn offline_after(tokens: &[Option<&str>]) -> impl Fn(&mut Survey) {
    let at = |hours: i64| now() - hours.hours();
    let operation = |(hours, token): (usize, &Option<&str>)| Operation {
        token: token.map(str::to_owned),
        began: at(i64::try_from(hours).unwrap() + 1),
        ended: Some(at(i64::try_from(hours).unwrap() + 1)),
        status: "UPDATE_COMPLETE".into(),
        failure: None,
    };
    let operations: Vec<Operation> = tokens.iter().enumerate().map(operation).collect();
    move |survey| {
        on_stack(|stack| set(stack, "StackOffline", OFFLINE))(survey);
        survey.history = Seen::Here(History { operations: operations.clone(), newest_event: None, whole: true });
    }
}

const OFF: Option<&str> = Some("ss-off-my-hub-20261119-020000-0");

#[test]
fn a_debt_refuses_a_backup_and_names_the_way_home() {
    for tokens in [&[OFF][..], &[None, OFF]] {
        let mut all = told(offline_after(tokens));
        all.retain(|finding| finding.id != ids::ALREADY_OFFLINE);
        let finding = only(&all, ids::DEBT, Severity::Error);
        assert!(finding.what.contains("my-hub-20261119-020000"), "{}", finding.what);
        assert!(finding.remedy.contains("stacksnap resume my-hub"), "{}", finding.remedy);
    }
}

#[test]
fn a_debt_that_may_be_meant_is_a_warning() {
    let mut all = told(offline_after(&[None, None, OFF]));
    all.retain(|finding| finding.id != ids::ALREADY_OFFLINE);
    assert!(only(&all, ids::DEBT, Severity::Warning).what.contains("2 updates of others"));
}

#[test]
fn an_operators_own_offline_is_no_debt() {
    let wish = Some("ss-hold-my-hub-20261119-020000-0");
    assert!(told(offline_after(&[wish, None])).iter().all(|finding| finding.id != ids::DEBT));
}

#[test]
fn whoever_switches_the_stack_on_may_and_whoever_wants_it_offline_must_own_the_debt_first() {
    let on = told_when(Ask { switch_only: true, ..Ask::default() }, offline_after(&[OFF]));
    only(&on, ids::DEBT, Severity::Warning);
    let off = told_when(Ask { switch_only: true, hold: true, ..Ask::default() }, offline_after(&[OFF]));
    only(&off, ids::DEBT, Severity::Error);
}

#[test]
fn a_run_that_is_under_way_owes_nothing_yet() {
    let all = told(|survey| {
        offline_after(&[OFF])(survey);
        survey.runs = Seen::Here(vec![run(now())]);
    });
    assert!(all.iter().any(|finding| finding.id == ids::RUN_HOLDS));
    assert!(all.iter().all(|finding| finding.id != ids::DEBT));
}

#[test]
fn events_that_were_not_shown_refuse() {
    let told = error_when(ids::NOT_SHOWN, |survey| survey.history = denied("cloudformation", "DescribeStackEvents"));
    assert!(told.remedy.contains("cloudformation:DescribeStackEvents"), "{}", told.remedy);
}
