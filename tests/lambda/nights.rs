//! Nights: a backup from its slot to its notice.

use std::time::Duration;

use serde_json::json;
use stacksnap_sandbox::seeds;

use crate::cloud::{Cloud, STACK, backup, slot, text, with};
use crate::machine::{End, execute};
use crate::notices::Webhook;

#[test]
fn a_night_ends_with_a_consistent_pair_the_stack_online_and_everybody_told() {
    let (cloud, webhook) = (Cloud::new(), Webhook::listen());
    cloud.set("STACKSNAP_WEBHOOK_URL", &webhook.url());
    let mut function = cloud.watched();
    let event = with(&backup(), &json!({ "slot": slot(-2), "settle": "1s", "note": "nightly" }));
    let night = execute(&cloud, &mut function, &event).ends(End::Done);
    let calls = cloud.sandbox.requests().len();
    let id = night.says("/run/id");
    assert!(id.starts_with("my-hub-2"), "{id}");
    assert_eq!((night.says("/report/outcome"), night.says("/report/stackMode")), ("complete".into(), "online".into()));
    assert_eq!(night.says("/report/id"), id);
    cloud.home("in the morning");
    assert_eq!((cloud.broken(&id), cloud.states()[0].as_str()), (0, "complete"));
    // On a hurried clock waits do not grow, so that these are more than a real night's.
    eprintln!("a night: {} invocations, {calls} calls", night.invocations);
    assert!(night.invocations <= 100 && calls <= 500, "{} invocations, {calls} calls", night.invocations);
    told(&cloud, &webhook, &id);
    measured(&cloud);
}

fn told(cloud: &Cloud, webhook: &Webhook, id: &str) {
    let told = cloud.told();
    assert_eq!(told.len(), 1, "{told:#?}");
    let (state, subject, document) = &told[0];
    assert_eq!((state.as_str(), subject), ("COMPLETE", &format!("stacksnap: backup {id} of my-hub: complete")));
    assert_eq!(
        (text(document, "/detail/outcome"), text(document, "/deployment")),
        ("complete".into(), "nightly".into())
    );
    let events = cloud.sandbox.events();
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_eq!((event.source.as_str(), event.detail_type.as_str()), ("stacksnap", "stacksnap Run State Change"));
    assert_eq!((text(&event.detail, "/state"), text(&event.detail, "/stack")), ("COMPLETE".into(), STACK.to_owned()));
    assert_eq!(webhook.heard().len(), 1, "the dead-man service");
}

fn measured(cloud: &Cloud) {
    for (name, value) in [("Complete", 1.0), ("Failed", 0.0), ("FailuresSinceSuccess", 0.0)] {
        assert_eq!(cloud.metric(name), [value], "{name}");
    }
    for name in ["Duration", "OfflineSeconds", "SnapshotSize", "RecoveryPointSize"] {
        assert!(matches!(cloud.metric(name).as_slice(), [value] if *value > 0.0), "{name}: {:?}", cloud.metric(name));
    }
    let offline = cloud.metric("OfflineFor");
    // The sentinel's look before the night found nobody offline; runs tell no zeros.
    let (first, rest) = offline.split_first().unwrap();
    assert!(*first == 0.0 && !rest.is_empty() && rest.iter().all(|seconds| *seconds > 0.0), "{offline:?}");
    assert_eq!(cloud.metric("Looked"), [1.0]);
}

#[test]
fn a_backup_in_one_long_invocation_is_the_same() {
    let cloud = Cloud::new();
    drop(cloud.watched());
    let mut function = cloud.function_for(Duration::from_secs(20));
    let night = execute(&cloud, &mut function, &backup()).ends(End::Done);
    assert_eq!(night.invocations, 1);
    assert_eq!(cloud.broken(&night.says("/run/id")), 0);
    cloud.home("after one invocation");
}

#[test]
fn without_a_sentinels_mark_nobody_goes_offline() {
    let cloud = Cloud::new();
    let mut function = cloud.function();
    let night = execute(&cloud, &mut function, &with(&backup(), &json!({ "slot": slot(0) }))).ends(End::Failed);
    assert_eq!(night.says("/report/code"), "nobody-watches");
    assert!(!night.says("/report").contains("--no-wait"), "{:#}", night.answer);
    cloud.untouched();
    assert_eq!(cloud.told_states(), ["FAILED"]);
    assert_eq!((cloud.metric("Failed"), cloud.metric("FailuresSinceSuccess")), (vec![1.0], vec![1.0]));
}

#[test]
fn a_sentinel_that_watches_other_stacks_is_none() {
    let cloud = Cloud::with(&[seeds::hubs(STACK), seeds::hubs("other")]);
    cloud.set("STACKSNAP_STACKS", "other");
    drop(cloud.watched());
    cloud.set("STACKSNAP_STACKS", STACK);
    let night = execute(&cloud, &mut cloud.function(), &backup()).ends(End::Failed);
    assert_eq!(night.says("/report/code"), "nobody-watches");
    cloud.untouched();
}

#[test]
fn a_live_backup_needs_no_sentinel_and_changes_no_mode() {
    let cloud = Cloud::new();
    let night = execute(&cloud, &mut cloud.function(), &with(&backup(), &json!({ "live": true }))).ends(End::Done);
    assert_eq!((night.says("/report/mode"), cloud.times("ExecuteChangeSet")), ("live".into(), 0));
    assert_eq!(cloud.states()[0], "complete");
    cloud.home("after a live backup");
}

#[test]
fn a_stack_that_was_offline_stays_offline() {
    let cloud = Cloud::new();
    cloud.run(&["offline", STACK, "--yes", "--quiet"]).ends(0);
    let mut function = cloud.watched();
    execute(&cloud, &mut function, &backup()).ends(End::Done);
    assert_eq!((cloud.mode(), cloud.times("ExecuteChangeSet")), ("offline".to_owned(), 0));
    let looked = function.invoke(&json!({ "action": "sentinel" })).unwrap();
    assert_eq!((looked["next"].as_str(), cloud.mode().as_str()), (Some("done"), "offline"), "nor does a sentinel");
    assert_eq!(cloud.told_states(), ["COMPLETE"]);
}

#[test]
fn the_second_of_two_schedules_on_one_stack_is_refused_and_told() {
    let cloud = Cloud::new();
    let mut function = cloud.watched();
    let (first, second) = (json!({ "slot": slot(-5) }), json!({ "slot": slot(-1) }));
    let begun = function.invoke(&with(&backup(), &first)).unwrap();
    assert_eq!(begun["next"], "wait", "{begun:#}");
    let other = execute(&cloud, &mut function, &with(&backup(), &second)).ends(End::Failed);
    assert_eq!((other.says("/report/code"), other.says("/report/exitCode")), ("stack-held".into(), "6".into()));
    execute(&cloud, &mut function, &begun["event"]).ends(End::Done);
    assert_eq!(cloud.told_states(), ["FAILED", "COMPLETE"]);
    execute(&cloud, &mut function, &with(&backup(), &second)).ends(End::Done);
    cloud.home("after both");
    assert_eq!(cloud.states(), ["complete", "complete"]);
}

#[test]
fn a_half_that_fails_is_a_failed_night_that_everybody_hears_of() {
    let (cloud, webhook) = (Cloud::new(), Webhook::listen());
    cloud.set("STACKSNAP_WEBHOOK_URL", &webhook.url());
    cloud.fault("backup:StartBackupJob=job-failed*1");
    let mut function = cloud.watched();
    let night = execute(&cloud, &mut function, &backup()).ends(End::Failed);
    assert_eq!(night.says("/report/exitCode"), "1", "{:#}", night.answer);
    cloud.home("after a failure");
    assert_eq!(cloud.told_states(), ["FAILED"]);
    assert!(webhook.heard().is_empty(), "silence is the dead-man service's alarm");
    assert_eq!(cloud.metric("FailuresSinceSuccess"), [1.0]);
    execute(&cloud, &mut function, &with(&backup(), &json!({ "live": true }))).ends(End::Done);
    assert_eq!((cloud.metric("FailuresSinceSuccess"), webhook.heard().len()), (vec![1.0, 0.0], 1));
}
