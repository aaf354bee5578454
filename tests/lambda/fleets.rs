//! Many stacks in one execution: looked at together, each judged by itself.

use serde_json::{Value, json};
use stacksnap_sandbox::seeds;

use crate::cloud::{Cloud, STACK, slot, text, with};
use crate::machine::{End, execute};
use crate::policies::of_the_template;

/// The tests' stack, and its neighbours.
fn names(count: usize) -> Vec<String> {
    std::iter::once(STACK.to_owned()).chain((1..count).map(|number| format!("hub-{number:02}"))).collect()
}

fn fleet(count: usize) -> (Cloud, Value) {
    let names = names(count);
    let cloud = Cloud::with(&names.iter().map(|name| seeds::hubs(name)).collect::<Vec<_>>());
    cloud.set("STACKSNAP_STACKS", &names.join(","));
    let event = json!({ "action": "fleet", "stacks": names, "settle": "1s", "slot": slot(-2) });
    (cloud, event)
}

/// Every stack is online, nobody holds one, and every run is over.
#[track_caller]
fn all_home(cloud: &Cloud, count: usize) {
    let parameters = cloud.parameters();
    assert!(parameters.iter().all(|name| !name.ends_with("/run")), "{parameters:?}");
    assert!(cloud.records().iter().all(|(_, run)| run["phase"] == "Done"));
    for name in names(count) {
        let mode = cloud.run(&["inspect", &name, "--query", "mode"]).out;
        assert_eq!(mode.trim(), "online", "{name}");
    }
}

#[test]
fn a_fleet_is_looked_at_together_and_needs_few_calls_a_stack() {
    let (cloud, event) = fleet(12);
    let mut function = cloud.watched();
    let allowed: Vec<String> =
        of_the_template(&["RunRole", "DrivePolicy", "SeePolicy", "TellPolicy"]).into_iter().collect();
    cloud.limit(&json!({ "Statement": [{ "Effect": "Allow", "Action": allowed, "Resource": "*" }] }));
    let ended = execute(&cloud, &mut function, &event).ends(End::Done);
    let requests = cloud.sandbox.requests();
    cloud.limit(&Value::Null);
    assert_eq!(ended.answer["report"]["complete"], 12, "{:#}", ended.answer);
    all_home(&cloud, 12);
    for (name, run) in cloud.records() {
        assert_eq!(
            (run["ending"]["outcome"].as_str(), cloud.broken(&text(&run, "/id"))),
            (Some("complete"), 0),
            "{name}"
        );
    }
    let denied =
        requests.iter().filter(|request| request.error.as_deref().is_some_and(|error| error.contains("Denied")));
    assert_eq!(denied.count(), 0, "the template's roles allow what a fleet's looks ask for");
    // On a hurried clock fewer runs are due at a time: a real night needs fewer still.
    let each = requests.len() / 12;
    eprintln!("a fleet of twelve: {} calls a stack", requests.len() as f64 / 12.0);
    assert!(each <= 90, "{each} calls a stack");
}

#[test]
fn an_operators_update_is_seen_though_nothing_else_has_changed() {
    let (cloud, event) = fleet(6);
    let mut function = cloud.watched();
    let mut answer = function.invoke(&event).unwrap();
    let asked = |run: &Value| run["phase"] == "Capturing" && run["files"].is_object();
    let capturing = |cloud: &Cloud| cloud.records().iter().filter(|(_, run)| asked(run)).count();
    while capturing(&cloud) < 6 {
        assert_eq!(answer["next"], "wait", "{answer:#}");
        answer = function.invoke(&answer["event"]).unwrap();
    }
    cloud.operator();
    let ended = execute(&cloud, &mut function, &answer["event"]).ends(End::Failed);
    assert_eq!(ended.answer["report"]["complete"], 5, "{:#}", ended.answer);
    let failed = json!([{ "stack": STACK, "code": "inconsistent" }]);
    assert_eq!(ended.answer["report"]["failed"], failed, "{:#}", ended.answer);
    all_home(&cloud, 6);
}

#[test]
fn a_process_that_knows_nothing_yet_drives_the_fleet_on() {
    let (cloud, event) = fleet(6);
    let mut function = cloud.watched();
    let mut answer = function.invoke(&event).unwrap();
    // Each invocation is another process: nothing is remembered but what travels in the event.
    while answer["next"] == "wait" {
        function = cloud.function();
        answer = function.invoke(&answer["event"]).unwrap();
    }
    assert_eq!((answer["next"].as_str(), &answer["report"]["complete"]), (Some("done"), &json!(6)), "{answer:#}");
    all_home(&cloud, 6);
}

#[test]
fn a_slot_that_is_delivered_again_is_not_begun_again() {
    let (cloud, event) = fleet(5);
    let mut function = cloud.watched();
    execute(&cloud, &mut function, &event).ends(End::Done);
    let snapshots = cloud.times("CreateDBClusterSnapshot");
    let again = execute(&cloud, &mut function, &event).ends(End::Done);
    assert_eq!((snapshots, cloud.times("CreateDBClusterSnapshot")), (5, 5));
    assert_eq!(again.answer["report"]["failed"], json!([]), "{:#}", again.answer);
    let one = with(&event, &json!({ "stacks": [STACK, "not-ours"] }));
    let refused = execute(&cloud, &mut function, &one).ends(End::Failed);
    let failed = json!([{ "stack": "not-ours", "code": "not-allowed" }]);
    assert_eq!(refused.answer["report"]["failed"], failed, "{:#}", refused.answer);
}

#[test]
fn stacks_that_cannot_be_asked_about_together_are_asked_about_one_by_one() {
    let (cloud, event) = fleet(5);
    let mut function = cloud.watched();
    // Together locks and records are read by GetParameters; what is denied is not asked for again.
    cloud.fault("ssm:GetParameters=access-denied*2");
    let ended = execute(&cloud, &mut function, &event).ends(End::Done);
    assert_eq!(ended.answer["report"]["complete"], 5, "{:#}", ended.answer);
    all_home(&cloud, 5);
}

#[test]
fn a_record_that_cannot_be_read_stops_nobody_else() {
    let (cloud, event) = fleet(6);
    let mut function = cloud.watched();
    let mut answer = function.invoke(&event).unwrap();
    while answer["event"]["progress"]["driving"].as_array().is_none_or(|driving| driving.len() < 6) {
        answer = function.invoke(&answer["event"]).unwrap();
    }
    let (name, record) = cloud.records().into_iter().find(|(_, run)| run["target"]["stack"] == STACK).unwrap();
    cloud.put(&name, &json!({ "format": 99, "tool": "9.9.9" }));
    // A process that remembers nothing reads them all.
    let mut function = cloud.function();
    let ended = execute(&cloud, &mut function, &answer["event"]).ends(End::Failed);
    assert_eq!(ended.answer["report"]["complete"], 5, "{:#}", ended.answer);
    assert_eq!(ended.answer["report"]["failed"][0]["stack"], STACK, "{:#}", ended.answer);
    assert!(cloud.told_states().contains(&"FAILED".to_owned()), "{:?}", cloud.told_states());
    // Once it can be read again, the sentinel brings it to its end.
    cloud.put(&name, &record);
    cloud.forsake();
    crate::sentinel::bring_home(&cloud);
    all_home(&cloud, 6);
}

#[test]
fn a_stack_that_aws_had_no_time_for_is_begun_after_the_others() {
    let (cloud, event) = fleet(5);
    let mut function = cloud.watched();
    // Its lock is asked for as often as one call is tried again, and refused each time.
    cloud.fault("ssm:PutParameter=throttle*15");
    let ended = execute(&cloud, &mut function, &event).ends(End::Done);
    assert_eq!(ended.answer["report"]["complete"], 5, "{:#}", ended.answer);
    all_home(&cloud, 5);
}
