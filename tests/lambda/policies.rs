//! What each of the three functions calls is what its policies allow: no less, and, for the sentinel, no more.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stacksnap_sandbox::LoggedRequest;

use crate::cloud::{Cloud, STACK, backup, slot, with};
use crate::machine::{End, execute};

const BACKUP: &str = include_str!("../../templates/iam/backup-policy.json");
const SENTINEL: &str = include_str!("../../templates/iam/sentinel-policy.json");
const UNATTENDED: &str = include_str!("../../templates/iam/unattended-policy.json");
const TEMPLATE: &str = include_str!("../../templates/stacksnap.yaml");

/// What a request needs beside the action of its own name.
const ALSO: [(&str, &str); 2] =
    [("backup:StartBackupJob", "iam:PassRole"), ("rds:CreateDBClusterSnapshot", "rds:AddTagsToResource")];

/// What Lambda's own runtime and SNS's encryption do; and what a fleet needs, where there is one.
const BEHIND: [&str; 4] = ["Log", "NotifyThroughAnEncryptedTopic", "FindTheFleet", "PutEvents"];

/// A policy as its reader fills it in, without what no request of ours shows. The sandbox knows no `events:source`.
fn filled(policy: &str) -> Value {
    let words = [
        ("REGION", "us-east-1"),
        ("ACCOUNT", "123456789012"),
        ("STACK", STACK),
        ("TOPICKEY", "k"),
        ("TOPIC", "alerts"),
    ];
    let text = words.iter().fold(policy.to_owned(), |text, (word, value)| text.replace(word, value));
    let mut policy: Value = serde_json::from_str(&text).unwrap();
    let statements = policy["Statement"].as_array_mut().unwrap();
    statements.retain(|one| !BEHIND.iter().any(|sid| one["Sid"] == *sid));
    policy
}

fn bus() -> Value {
    let resource = "arn:aws:events:us-east-1:123456789012:event-bus/default";
    json!({ "Statement": [{ "Effect": "Allow", "Action": "events:PutEvents", "Resource": resource }] })
}

fn actions(value: &Value) -> BTreeSet<String> {
    let words = |value: &Value| match value {
        Value::String(one) => vec![one.clone()],
        many => many.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
    };
    value["Statement"].as_array().unwrap().iter().flat_map(|one| words(&one["Action"])).collect()
}

/// Everything that the function of these policies asked for; none of it was denied.
#[track_caller]
fn asked(cloud: &Cloud) -> BTreeSet<String> {
    let requests = cloud.sandbox.requests();
    let denied = |request: &&LoggedRequest| {
        request.error.as_deref().is_some_and(|error| error.contains("Denied") || error == "AuthorizationError")
    };
    let denied: Vec<_> = requests.iter().filter(denied).collect();
    assert!(denied.is_empty(), "{denied:#?}");
    let calls: BTreeSet<String> =
        requests.iter().map(|request| format!("{}:{}", request.service, request.operation)).collect();
    let also = ALSO.iter().filter(|(call, _)| calls.contains(*call)).map(|(_, action)| (*action).to_owned());
    calls.iter().cloned().chain(also).collect()
}

#[test]
fn the_function_that_runs_needs_no_more_than_the_backup_policy_and_that_for_telling() {
    let cloud = Cloud::new();
    cloud.limit(&json!([filled(BACKUP), filled(UNATTENDED), bus()]));
    let mut function = cloud.watched();
    execute(&cloud, &mut function, &with(&backup(), &json!({ "slot": slot(0) }))).ends(End::Done);
    execute(&cloud, &mut function, &with(&backup(), &json!({ "seed": true }))).ends(End::Done);
    execute(&cloud, &mut function, &with(&backup(), &json!({ "live": true }))).ends(End::Done);
    let of_stack = |action: &str| json!({ "action": action, "stack": STACK });
    for action in ["abort", "resume"] {
        let mut answer = function.invoke(&with(&backup(), &json!({ "settle": "1s" }))).unwrap();
        while cloud.records().iter().all(|(_, run)| run["phase"] != "Capturing") {
            answer = function.invoke(&answer["event"]).unwrap();
        }
        execute(&cloud, &mut function, &of_stack(action)).ends(End::Done);
    }
    execute(&cloud, &mut function, &of_stack("online")).ends(End::Done);
    let hint = json!({ "detail-type": "Backup Job State Change", "detail": { "backupJobId": "x" } });
    execute(&cloud, &mut function, &hint).ends(End::Done);
    execute(&cloud, &mut function, &with(&backup(), &json!({ "slot": slot(-600) }))).ends(End::Done);
    let (asked, allowed) = (asked(&cloud), actions(&filled(BACKUP)));
    let more: Vec<_> = asked.difference(&allowed).map(String::as_str).collect();
    assert_eq!(more, ["events:PutEvents", "sns:Publish"], "beside the backup policy");
}

#[test]
fn the_function_that_watches_needs_no_more_than_the_sentinel_policy_and_that_for_telling() {
    let cloud = Cloud::new();
    cloud.limit(&json!([filled(SENTINEL), filled(UNATTENDED), bus()]));
    let mut function = cloud.watched();
    let look = json!({ "action": "sentinel" });
    for more in [["--settle", "0s"], ["--seed", "--settle=0s"], ["--live", "--settle=0s"]] {
        cloud.run(&[&["backup", STACK, "--no-wait", "--quiet"], more.as_slice()].concat()).ends(0);
        cloud.sandbox.clear_requests();
        execute(&cloud, &mut function, &look).ends(End::Done);
        let more: Vec<_> = asked(&cloud).difference(&actions(&filled(SENTINEL))).cloned().collect();
        assert_eq!(more, ["events:PutEvents", "sns:Publish"], "beside the sentinel policy");
    }
    cloud.home("under its policy");
    assert_eq!(cloud.states(), ["complete"; 3]);
}

/// The actions that the template allows by the resources of these names.
pub(crate) fn of_the_template(names: &[&str]) -> BTreeSet<String> {
    let template: yaml_serde::Value = yaml_serde::from_str(TEMPLATE).unwrap();
    let mut found = BTreeSet::new();
    for name in names {
        gather(&template["Resources"][*name], &mut found);
    }
    found
}

fn gather(value: &yaml_serde::Value, found: &mut BTreeSet<String>) {
    use yaml_serde::Value as Yaml;
    match value {
        Yaml::Sequence(items) => items.iter().for_each(|item| gather(item, found)),
        Yaml::Tagged(tagged) => gather(&tagged.value, found),
        Yaml::Mapping(fields) => {
            for (key, value) in fields {
                match (key.as_str(), value) {
                    (Some("Action"), Yaml::String(one)) => drop(found.insert(one.clone())),
                    (Some("Action"), Yaml::Sequence(many)) => {
                        found.extend(many.iter().filter_map(|one| one.as_str().map(str::to_owned)));
                    }
                    _ => gather(value, found),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn the_function_that_looks_needs_no_more_than_its_role_allows() {
    let cloud = Cloud::new();
    execute(&cloud, &mut cloud.watched(), &backup()).ends(End::Done);
    let allowed: Vec<String> = of_the_template(&["LookRole", "SeePolicy", "TellPolicy"]).into_iter().collect();
    cloud.limit(&json!({ "Statement": [{ "Effect": "Allow", "Action": allowed, "Resource": "*" }] }));
    cloud.sandbox.clear_requests();
    let mut function = cloud.function();
    for event in [
        json!({ "action": "list-stacks" }),
        json!({ "action": "report" }),
        json!({ "action": "report", "stacks": [STACK] }),
        json!({ "action": "status", "stack": STACK }),
        json!({ "action": "verify", "stack": STACK }),
    ] {
        let answer = function.invoke(&event).unwrap();
        assert_eq!(answer["next"], "done", "{event}: {answer:#}");
    }
    cloud.set("STACKSNAP_STACKS", "");
    cloud.set("STACKSNAP_FLEET_TAG", "backup=nightly");
    let mut fleet = cloud.function();
    for action in ["list-stacks", "report"] {
        let answer = fleet.invoke(&json!({ "action": action })).unwrap();
        assert_eq!(answer["next"], "done", "{answer:#}");
    }
    for call in asked(&cloud) {
        let verb = call.split_once(':').unwrap().1;
        assert!(["Describe", "List", "Get"].iter().any(|read| verb.starts_with(read)), "it only looks: {call}");
    }
    let idle: Vec<String> = allowed.into_iter().filter(|action| !asked(&cloud).contains(action)).collect();
    eprintln!("allowed to the function that looks, and not called here: {idle:?}");
}
