//! What happens to a fleet in the middle of its night: a stack loses its tag, a record is deleted, the quota of snapshots is short.

use serde_json::{Value, json};
use stacksnap_sandbox::seeds::{self, StackSeed};

use crate::cloud::{Cloud, STACK, backup, text};
use crate::machine::{End, execute};
use crate::runtime::Function;

fn tagged(name: &str) -> StackSeed {
    StackSeed { tags: [("backup".to_owned(), "nightly".to_owned())].into(), ..seeds::hubs(name) }
}

/// A deployment for a tag, of which the tests' stack is one.
fn of_a_tag() -> Cloud {
    let cloud = Cloud::with(&[tagged(STACK)]);
    cloud.set("STACKSNAP_STACKS", "");
    cloud.set("STACKSNAP_FLEET_TAG", "backup=nightly");
    cloud
}

/// The stack has no such tag any more, as far as later processes of the function are concerned.
fn loses_its_tag(cloud: &Cloud) {
    cloud.set("STACKSNAP_FLEET_TAG", "backup=hourly");
}

/// A backup's state machine, stopped when the halves have been asked for.
fn half_way(cloud: &Cloud, function: &mut Function) -> Value {
    let mut answer = function.invoke(&backup()).unwrap();
    while cloud.times("StartBackupJob") == 0 {
        assert_eq!(answer["next"], "wait", "{answer:#}");
        answer = function.invoke(&answer["event"]).unwrap();
    }
    answer["event"].clone()
}

#[test]
fn a_stack_that_loses_its_tag_in_the_middle_of_a_run_is_driven_on() {
    let cloud = of_a_tag();
    let event = half_way(&cloud, &mut cloud.watched());
    loses_its_tag(&cloud);
    let mut function = cloud.function();
    let refused = function.invoke(&backup()).unwrap();
    assert_eq!(refused["report"]["code"], "not-allowed", "nothing new is begun: {refused:#}");
    execute(&cloud, &mut function, &event).ends(End::Done);
    cloud.home("driven on");
    assert_eq!(cloud.states(), ["complete"]);
}

#[test]
fn a_run_of_a_stack_that_lost_its_tag_is_given_up_like_any_other() {
    let cloud = of_a_tag();
    let failed = half_way(&cloud, &mut cloud.watched());
    loses_its_tag(&cloud);
    let event = json!({ "action": "abort", "event": failed });
    execute(&cloud, &mut cloud.function(), &event).ends(End::Done);
    cloud.home("given up");
}

#[test]
fn a_sentinel_minds_a_stack_that_loses_its_tag_in_the_middle_of_a_run() {
    let cloud = of_a_tag();
    drop(half_way(&cloud, &mut cloud.watched()));
    // It looks while the run goes on, and remembers whom it saw.
    let mut sentinel = cloud.function();
    execute(&cloud, &mut sentinel, &json!({ "action": "sentinel" })).ends(End::Done);
    loses_its_tag(&cloud);
    cloud.forsake();
    crate::sentinel::bring_home(&cloud);
    cloud.home("by the sentinel");
}

#[test]
fn a_fleet_does_not_call_it_done_when_a_record_is_gone() {
    let names = [STACK, "hub-01", "hub-02"];
    let cloud = Cloud::with(&names.map(tagged));
    cloud.set("STACKSNAP_STACKS", &names.join(","));
    let mut function = cloud.watched();
    let mut answer = function.invoke(&json!({ "action": "fleet", "stacks": names, "settle": "0s" })).unwrap();
    while cloud.times("StartBackupJob") < 3 {
        answer = function.invoke(&answer["event"]).unwrap();
    }
    let (name, _) = cloud.records().into_iter().find(|(_, run)| run["target"]["stack"] == STACK).unwrap();
    for lost in [name, format!("/stacksnap/{STACK}/run")] {
        cloud.sandbox.set(&json!({ "parameter": lost })).unwrap();
    }
    // A process that remembers nothing.
    let ended = execute(&cloud, &mut cloud.function(), &answer["event"]).ends(End::Failed);
    let report = &ended.answer["report"];
    assert_eq!(report["complete"], 2, "{:#}", ended.answer);
    assert_eq!(report["failed"], json!([{ "stack": STACK, "code": "record-lost" }]), "{:#}", ended.answer);
    crate::sentinel::bring_home(&cloud);
    assert_eq!(cloud.mode(), "online");
}

#[test]
fn a_fleet_takes_no_more_stacks_offline_than_there_is_room_for_snapshots() {
    let names: Vec<String> = (0..6).map(|number| format!("hub-{number:02}")).collect();
    let cloud = Cloud::with(&names.iter().map(|name| tagged(name)).collect::<Vec<_>>());
    cloud.set("STACKSNAP_STACKS", &names.join(","));
    cloud.sandbox.set(&json!({ "quota": 3 })).unwrap();
    let mut function = cloud.watched();
    let event = json!({ "action": "fleet", "stacks": names, "settle": "0s" });
    let ended = execute(&cloud, &mut function, &event).ends(End::Failed);
    let report = &ended.answer["report"];
    assert_eq!(report["complete"], 3, "{:#}", ended.answer);
    let codes: Vec<String> = report["failed"].as_array().unwrap().iter().map(|one| text(one, "/code")).collect();
    assert_eq!(codes, ["refused"; 3], "by their preflight: {:#}", ended.answer);
    let refused =
        cloud.sandbox.requests().into_iter().filter(|one| one.error.as_deref() == Some("SnapshotQuotaExceeded"));
    assert_eq!(refused.count(), 0, "nobody was offline in vain");
    assert_eq!(cloud.times("ExecuteChangeSet"), 6);
}

#[test]
fn a_fleets_hints_cost_next_to_nothing() {
    let cloud = of_a_tag();
    let mut function = cloud.watched();
    drop(half_way(&cloud, &mut function));
    let looked = function.invoke(&json!({ "action": "sentinel" })).unwrap();
    assert_eq!(looked["next"], "done", "{looked:#}");
    let (_, run) = cloud.records().remove(0);
    let snapshot =
        |id: &str| json!({ "detail-type": "RDS DB Cluster Snapshot Event", "detail": { "SourceIdentifier": id } });
    let job = json!({ "detail-type": "Backup Job State Change", "detail": { "backupJobId": text(&run, "/files/id") } });
    cloud.sandbox.clear_requests();
    for foreign in [snapshot("rds:my-hub-app-db-2026-11-29-03-00"), snapshot("nightly"), job] {
        let nothing = function.invoke(&foreign).unwrap();
        assert_eq!(nothing["next"], "done", "{nothing:#}");
    }
    assert_eq!(cloud.sandbox.requests().len(), 0);
    // Of another stack's run, only the mark is read.
    function.invoke(&snapshot("other-20261129-020000")).unwrap();
    assert_eq!(cloud.sandbox.requests().len(), 1);
    let own = function.invoke(&snapshot(&text(&run, "/id"))).unwrap();
    assert_eq!(own["run"]["id"], run["id"], "{own:#}");
}

#[test]
fn a_fleet_that_takes_too_long_is_left_to_the_sentinel_before_its_history_is_full() {
    let names = [STACK, "hub-01"];
    let cloud = Cloud::with(&names.map(tagged));
    cloud.set("STACKSNAP_STACKS", &names.join(","));
    let mut function = cloud.watched();
    let event = json!({ "action": "fleet", "stacks": names, "settle": "0s", "atOnce": 1 });
    let mut answer = function.invoke(&event).unwrap();
    assert_eq!(answer["next"], "wait", "{answer:#}");
    answer["event"]["progress"]["rounds"] = json!(1_499);
    let ended = function.invoke(&answer["event"]).unwrap();
    assert_eq!(ended["next"], "failed", "{ended:#}");
    let failed = json!([{ "stack": STACK, "code": "left-to-sentinel" }, { "stack": "hub-01", "code": "too-long" }]);
    assert_eq!(ended["report"]["failed"], failed, "{ended:#}");
    assert!(cloud.told_states().contains(&"FAILED".to_owned()));
    crate::sentinel::bring_home(&cloud);
    cloud.home("by the sentinel");
    assert_eq!(cloud.states(), ["complete"]);
}
