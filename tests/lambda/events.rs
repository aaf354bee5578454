//! Every other event, and those that are none.

use serde_json::{Value, json};
use stacksnap_sandbox::seeds;

use crate::cloud::{Cloud, STACK, backup, slot, text, with};
use crate::machine::{End, execute};

#[track_caller]
fn refused(cloud: &Cloud, event: &Value) -> Value {
    let answer = cloud.function().invoke(event).unwrap();
    assert_eq!(answer["next"], "failed", "{event}: {answer:#}");
    answer["report"].clone()
}

#[test]
fn a_malformed_event_is_refused_by_name_and_touches_nothing() {
    let cloud = Cloud::new();
    for (event, word) in [
        (json!("backup"), "JSON object"),
        (json!({}), "action"),
        (json!({ "action": "bakcup" }), "bakcup"),
        (json!({ "action": "backup" }), "stack"),
        (json!({ "action": "backup", "stack": "my hub" }), "my hub"),
        (with(&backup(), &json!({ "settl": "1s" })), "settl"),
        (with(&backup(), &json!({ "slot": "tonight" })), "slot"),
        (with(&backup(), &json!({ "ifLate": "never" })), "ifLate"),
        (with(&backup(), &json!({ "maxOffline": "soon" })), "soon"),
        (with(&backup(), &json!({ "lateAfter": "soon", "slot": slot(0) })), "soon"),
        (with(&backup(), &json!({ "live": true, "seed": true })), "seed"),
        (json!({ "action": "sentinel", "stack": STACK }), "stack"),
        (json!({ "detail-type": "Scheduled Event", "detail": {} }), "input"),
        (json!({ "detail-type": "EC2 Instance State-change Notification", "detail": {} }), "EC2"),
    ] {
        let report = refused(&cloud, &event);
        assert_eq!((&report["code"], &report["exitCode"]), (&json!("bad-event"), &json!(2)), "{event}: {report:#}");
        assert!(text(&report, "/message").contains(word), "{event}: {report:#}");
        assert!(report["next"].as_array().is_some_and(|next| !next.is_empty()), "{event}: {report:#}");
    }
    cloud.untouched();
    let logged = cloud.lines().iter().filter(|line| line["level"] == "ERROR").count();
    assert_eq!(logged, 14, "each is in the log");
}

#[test]
fn a_schedule_whose_event_is_malformed_is_told() {
    let cloud = Cloud::new();
    refused(&cloud, &with(&backup(), &json!({ "settl": "1s" })));
    assert_eq!(cloud.told_states(), ["FAILED"]);
    assert!(cloud.told()[0].2.to_string().contains("settl"), "{:#?}", cloud.told());
}

#[test]
fn a_stack_that_is_not_there_or_not_allowed_is_told_and_nothing_is_touched() {
    let cloud = Cloud::with(&[seeds::hubs(STACK), seeds::hubs("other")]);
    cloud.set("STACKSNAP_STACKS", "my-hub,gone");
    let gone = refused(&cloud, &with(&backup(), &json!({ "stack": "gone", "slot": slot(0) })));
    assert_eq!((text(&gone, "/code"), &gone["exitCode"]), ("stack-not-found".into(), &json!(8)));
    for action in ["backup", "resume", "abort", "online", "verify", "status"] {
        let report = refused(&cloud, &json!({ "action": action, "stack": "other" }));
        assert_eq!(text(&report, "/code"), "not-allowed", "{action}");
    }
    let report = refused(&cloud, &json!({ "action": "sentinel", "stacks": ["other"] }));
    assert_eq!(text(&report, "/code"), "not-allowed");
    cloud.untouched();
    assert_eq!(cloud.told_states(), ["FAILED"; 3], "two nights without a backup, and one that was not verified");
}

#[test]
fn the_wrong_region_and_no_credentials_are_said() {
    let cloud = Cloud::new();
    cloud.set("AWS_REGION", "eu-west-1");
    let report = refused(&cloud, &backup());
    assert!(text(&report, "/message").contains("eu-west-1"), "{report:#}");
    cloud.set("AWS_REGION", "");
    let report = refused(&cloud, &backup());
    assert!(text(&report, "/message").contains("region"), "{report:#}");
    cloud.set("AWS_REGION", "us-east-1");
    cloud.set("AWS_ACCESS_KEY_ID", "");
    let report = refused(&cloud, &backup());
    assert!(text(&report, "/message").to_lowercase().contains("credentials"), "{report:#}");
    cloud.untouched();
    let errors = cloud.lines().iter().filter(|line| line["level"] == "ERROR").count();
    assert_eq!(errors, 3, "{:#?}", cloud.lines());
}

#[test]
fn a_variable_that_cannot_be_used_is_said_to_whoever_asks() {
    let cloud = Cloud::new();
    cloud.set("STACKSNAP_STALE_AFTER", "soon");
    let report = refused(&cloud, &json!({ "action": "report" }));
    assert_eq!(text(&report, "/code"), "configuration");
    assert!(text(&report, "/message").contains("STACKSNAP_STALE_AFTER"), "{report:#}");
}

#[test]
fn resume_abort_and_online_end_with_the_stack_online() {
    let cloud = Cloud::new();
    let mut function = cloud.watched();
    let of_stack = |action: &str| json!({ "action": action, "stack": STACK });
    for action in ["resume", "abort"] {
        let nothing = execute(&cloud, &mut function, &of_stack(action)).ends(End::Done);
        assert_eq!(nothing.invocations, 1, "nothing is unfinished");
    }
    function.invoke(&backup()).unwrap();
    let resumed = execute(&cloud, &mut function, &of_stack("resume")).ends(End::Done);
    assert_eq!(resumed.says("/report/outcome"), "complete");
    function.invoke(&backup()).unwrap();
    let aborted = execute(&cloud, &mut function, &of_stack("abort")).ends(End::Done);
    assert_eq!(aborted.says("/report/outcome"), "aborted");
    cloud.home("after abort");
    cloud.run(&["offline", STACK, "--yes", "--quiet"]).ends(0);
    execute(&cloud, &mut function, &of_stack("online")).ends(End::Done);
    cloud.home("after online");
    assert_eq!(cloud.told_states(), ["COMPLETE", "FAILED", "COMPLETE"]);
}

#[test]
fn an_abort_gives_up_the_run_that_its_event_was_about_and_no_other() {
    let cloud = Cloud::new();
    let mut function = cloud.watched();
    let begun = function.invoke(&with(&backup(), &json!({ "slot": slot(-1) }))).unwrap();
    let other = json!({ "action": "abort", "event": with(&backup(), &json!({ "slot": slot(-9) })) });
    let nothing = execute(&cloud, &mut function, &other).ends(End::Done);
    assert!(nothing.says("/report/message").contains("nothing to give up"), "{:#}", nothing.answer);
    let night = execute(&cloud, &mut function, &begun["event"]).ends(End::Done);
    assert_eq!(night.says("/report/outcome"), "complete");
    let over = execute(&cloud, &mut function, &json!({ "action": "abort", "event": begun["event"] })).ends(End::Done);
    assert_eq!(over.invocations, 1, "it has ended");
    cloud.home("after aborts");
}

#[test]
fn verify_and_status_answer_with_the_commands_documents() {
    let cloud = Cloud::new();
    let mut function = cloud.watched();
    let none = function.invoke(&json!({ "action": "verify", "stack": STACK })).unwrap();
    assert_eq!((&none["next"], &none["report"]["exitCode"]), (&json!("failed"), &json!(8)), "{none:#}");
    cloud.sandbox.clear_messages();
    execute(&cloud, &mut function, &backup()).ends(End::Done);
    let good = function.invoke(&json!({ "action": "verify", "stack": STACK })).unwrap();
    assert_eq!((&good["next"], &good["report"]["restorable"]), (&json!("done"), &json!(true)), "{good:#}");
    let status = function.invoke(&json!({ "action": "status", "stack": STACK })).unwrap();
    assert_eq!(text(&status, "/report/kind"), "Status", "{status:#}");
    assert_eq!(text(&status, "/report/sentinels/0/by"), "nightly", "{status:#}");
    assert!(status["report"]["items"][0]["lastGood"]["id"].is_string(), "{status:#}");
}

#[test]
fn a_backup_that_cannot_be_restored_is_told() {
    let cloud = Cloud::new();
    let mut function = cloud.watched();
    execute(&cloud, &mut function, &backup()).ends(End::Done);
    let points = cloud.run(&["show", "my-hub@latest", "--query", "files.recoveryPoint"]).ends(0).out;
    cloud.sandbox.set(&json!({ "recovery_point": points.trim().trim_matches('"'), "state": "EXPIRED" })).unwrap();
    let bad = function.invoke(&json!({ "action": "verify", "stack": STACK })).unwrap();
    assert_eq!(bad["next"], "failed", "{bad:#}");
    assert!(bad["report"]["code"].is_string() && bad["report"]["message"].is_string(), "as the machine needs: {bad:#}");
    assert_eq!(cloud.told_states(), ["COMPLETE", "FAILED"]);
}

#[test]
fn a_fleet_is_listed_by_names_or_by_its_tag() {
    let tagged = |name: &str, value: &str| seeds::StackSeed {
        tags: [("backup".to_owned(), value.to_owned())].into(),
        ..seeds::hubs(name)
    };
    let cloud = Cloud::with(&[tagged("b-hub", "nightly"), tagged("a-hub", "nightly"), tagged("c-hub", "weekly")]);
    let list = json!({ "action": "list-stacks", "slot": "2026-11-20T02:00:00Z", "maxOffline": "45m" });
    let stacks = |cloud: &Cloud| {
        let answer = cloud.function().invoke(&list).unwrap();
        assert_eq!(answer["next"], "done", "{answer:#}");
        answer["stacks"].clone()
    };
    let event =
        |name: &str| json!({ "action": "backup", "stack": name, "slot": "2026-11-20T02:00:00Z", "maxOffline": "45m" });
    cloud.set("STACKSNAP_STACKS", "c-hub, a-hub");
    assert_eq!(stacks(&cloud), json!([event("a-hub"), event("c-hub")]));
    cloud.set("STACKSNAP_STACKS", "");
    cloud.set("STACKSNAP_FLEET_TAG", "backup=nightly");
    assert_eq!(stacks(&cloud), json!([event("a-hub"), event("b-hub")]));
    let report = refused(&cloud, &json!({ "action": "status", "stack": "c-hub" }));
    assert_eq!(text(&report, "/code"), "not-allowed", "only what bears the tag may be touched");
    cloud.set("STACKSNAP_FLEET_TAG", "");
    assert_eq!(text(&refused(&cloud, &list), "/code"), "no-fleet");
}

#[test]
fn awss_own_events_are_hints_that_something_is_to_be_seen() {
    let cloud = Cloud::new();
    let mut function = cloud.watched();
    let job = |id: &str| json!({ "detail-type": "Backup Job State Change", "detail": { "backupJobId": id, "state": "COMPLETED" } });
    let nothing = function.invoke(&job("another")).unwrap();
    assert_eq!(nothing["next"], "done", "{nothing:#}");
    let mut answer = function.invoke(&with(&backup(), &json!({ "slot": slot(0) }))).unwrap();
    while cloud.times("StartBackupJob") == 0 {
        answer = function.invoke(&answer["event"]).unwrap();
    }
    let (_, run) = cloud.records().remove(0);
    let hint = function.invoke(&job(&text(&run, "/files/id"))).unwrap();
    assert_eq!((&hint["next"], &hint["run"]["id"]), (&json!("done"), &run["id"]), "nobody waits: {hint:#}");
    let snapshot = json!({
        "detail-type": "RDS DB Cluster Snapshot Event", "detail": { "SourceIdentifier": text(&run, "/id"), "EventID": "RDS-EVENT-0075" }
    });
    let hint = function.invoke(&snapshot).unwrap();
    assert_eq!((&hint["next"], &hint["run"]["id"]), (&json!("done"), &run["id"]), "{hint:#}");
    execute(&cloud, &mut function, &answer["event"]).ends(End::Done);
    cloud.home("with hints");
    assert_eq!(cloud.told_states(), ["COMPLETE"]);
}

/// Everything is allowed but these.
fn without(actions: &[&str]) -> Value {
    json!([
        { "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] },
        { "Statement": [{ "Effect": "Deny", "Action": actions, "Resource": "*" }] },
    ])
}

#[test]
fn a_role_that_cannot_be_passed_is_named_and_the_stack_is_online() {
    for action in ["iam:PassRole", "rds:CreateDBClusterSnapshot"] {
        let cloud = Cloud::new();
        let mut function = cloud.watched();
        cloud.limit(&without(&[action]));
        let night = execute(&cloud, &mut function, &backup()).ends(End::Failed);
        assert!(night.says("/report/message").contains(action), "the answer: {:#}", night.answer);
        cloud.home(action);
        let told = cloud.told();
        assert!(told.len() == 1 && told[0].2.to_string().contains(action), "the notice: {told:#?}");
        let logged = cloud.lines().iter().any(|line| line["_aws"].is_null() && line.to_string().contains(action));
        assert!(logged, "the log: {:#?}", cloud.lines());
    }
}

#[test]
fn a_permission_that_is_missing_from_the_start_is_named_and_nothing_is_touched() {
    for action in ["cloudformation:DescribeStacks", "ssm:GetParametersByPath", "ssm:PutParameter"] {
        let cloud = Cloud::new();
        let mut function = cloud.watched();
        cloud.limit(&without(&[action]));
        let night = execute(&cloud, &mut function, &backup()).ends(End::Failed);
        assert!(night.says("/report").contains(action), "{action}: {:#}", night.answer);
        cloud.untouched();
        assert_eq!(cloud.told_states(), ["FAILED"], "{action}");
    }
}
