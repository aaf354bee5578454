//! The templates that users deploy say one thing once: the state machines are the files beside them, the roles' rights
//! are the published policies', and nobody goes offline before there is a sentinel.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

const TEMPLATE: &str = include_str!("../templates/stacksnap.yaml");
const RUN: &str = include_str!("../templates/run.asl.json");
const FLEET: &str = include_str!("../templates/fleet.asl.json");
const BACKUP: &str = include_str!("../templates/iam/backup-policy.json");
const RESTORE: &str = include_str!("../templates/iam/restore-policy.json");
const SENTINEL: &str = include_str!("../templates/iam/sentinel-policy.json");
const UNATTENDED: &str = include_str!("../templates/iam/unattended-policy.json");

/// CloudFormation takes no longer template in a request.
const LONGEST_BODY: usize = 51_200;

/// YAML as JSON, `!Ref Stack` as `{"!Ref": "Stack"}`.
fn plain(value: yaml_serde::Value) -> Value {
    use yaml_serde::Value as Yaml;
    match value {
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(plain).collect()),
        Yaml::Mapping(fields) => {
            let field = |(key, value): (Yaml, Yaml)| (key.as_str().unwrap().to_owned(), plain(value));
            Value::Object(fields.into_iter().map(field).collect())
        }
        Yaml::Tagged(tagged) => json!({ (tagged.tag.to_string()): plain(tagged.value) }),
        other => serde_json::to_value(other).unwrap(),
    }
}

fn template() -> Value {
    plain(yaml_serde::from_str(TEMPLATE).unwrap())
}

fn properties(id: &str) -> Value {
    let template = template();
    let found = &template["Resources"][id]["Properties"];
    assert!(found.is_object(), "there is no resource {id}");
    found.clone()
}

fn machine(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// What a policy document allows; of two forks of an `!If` both.
fn actions(document: &Value) -> BTreeSet<String> {
    statements(document).iter().flat_map(|one| words(&one["Action"])).collect()
}

fn statements(document: &Value) -> Vec<Value> {
    let each = document["Statement"].as_array().unwrap().iter();
    let forks = |one: &Value| match one["!If"].as_array() {
        Some(fork) => fork[1..].iter().filter(|one| one["Action"] != Value::Null).cloned().collect(),
        None => vec![one.clone()],
    };
    each.flat_map(forks).collect()
}

fn words(value: &Value) -> Vec<String> {
    match value {
        Value::Array(many) => many.iter().flat_map(words).collect(),
        one => vec![one.as_str().unwrap().to_owned()],
    }
}

/// The actions of a managed policy of the template.
fn managed(id: &str) -> BTreeSet<String> {
    actions(&properties(id)["PolicyDocument"])
}

/// The actions of a role's own policies.
fn inline(id: &str) -> BTreeSet<String> {
    let role = properties(id);
    let own = role["Policies"].as_array().cloned().unwrap_or_default();
    own.iter().flat_map(|policy| actions(&policy["PolicyDocument"])).collect()
}

fn published(text: &str) -> BTreeSet<String> {
    actions(&serde_json::from_str(text).unwrap())
}

fn both(one: &BTreeSet<String>, other: &BTreeSet<String>) -> BTreeSet<String> {
    one.union(other).cloned().collect()
}

/// Every value under `value`, with the path to it.
fn walk(value: &Value, path: &str, visit: &mut dyn FnMut(&str, &Value)) {
    visit(path, value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, path, visit)),
        Value::Object(fields) => fields.iter().for_each(|(key, item)| walk(item, &format!("{path}/{key}"), visit)),
        _ => {}
    }
}

#[test]
fn the_template_can_be_sent_as_it_is() {
    assert!(TEMPLATE.len() < LONGEST_BODY, "{} bytes", TEMPLATE.len());
}

#[test]
fn the_state_machines_are_the_files() {
    for (id, file) in [("RunMachine", RUN), ("SentinelMachine", RUN), ("FleetMachine", FLEET)] {
        let mut definition = properties(id)["Definition"].clone();
        anywhere(&mut definition);
        assert_eq!(definition, machine(file), "{id}");
    }
}

/// The files are for `aws`, the template for every partition.
fn anywhere(value: &mut Value) {
    match value {
        Value::Object(fields) if fields.get("Resource").is_some_and(Value::is_object) => {
            let sub = fields["Resource"]["!Sub"].as_str().unwrap().replace("${AWS::Partition}", "aws");
            fields["Resource"] = sub.into();
            fields.values_mut().for_each(anywhere);
        }
        Value::Object(fields) => fields.values_mut().for_each(anywhere),
        Value::Array(items) => items.iter_mut().for_each(anywhere),
        _ => {}
    }
}

#[test]
fn a_fleet_drives_each_of_its_stacks_as_one_is_driven() {
    let processor = machine(FLEET)["States"]["EachStack"]["ItemProcessor"].clone();
    let run = machine(RUN);
    assert_eq!((&processor["StartAt"], &processor["States"]), (&run["StartAt"], &run["States"]));
}

#[test]
fn every_placeholder_of_a_state_machine_is_filled_in() {
    for id in ["RunMachine", "SentinelMachine", "FleetMachine"] {
        let machine = properties(id);
        let mut used = BTreeSet::new();
        walk(&machine["Definition"], "", &mut |_, value| {
            let placeholder = value.as_str().and_then(|text| text.strip_prefix("${")?.strip_suffix('}'));
            used.extend(placeholder.map(str::to_owned));
        });
        let given: BTreeSet<String> = machine["DefinitionSubstitutions"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(used, given, "{id}");
    }
}

#[test]
fn a_task_waits_longer_than_its_function_runs() {
    let longest = ["RunFunction", "SentinelFunction", "LookFunction"].map(|id| properties(id)["Timeout"].as_u64());
    for file in [RUN, FLEET] {
        walk(&machine(file), "", &mut |path, value| {
            if path.ends_with("/TimeoutSeconds") {
                assert!(longest.iter().all(|timeout| *timeout < value.as_u64()), "{path}");
            }
        });
    }
}

#[test]
fn whatever_happens_to_a_tick_the_stack_is_brought_back() {
    let run = machine(RUN);
    let (tick, give_up, back) = (&run["States"]["Tick"], &run["States"]["GiveUp"], &run["States"]["BringBack"]);
    assert_eq!(tick["Catch"][0]["ErrorEquals"], json!(["States.ALL"]));
    assert_eq!((&tick["Catch"][0]["Next"], &give_up["Next"]), (&json!("GiveUp"), &json!("BringBack")));
    assert_eq!(give_up["Parameters"]["home"]["answer"]["event"]["action"], "abort");
    assert_eq!(back["Retry"][0]["ErrorEquals"], json!(["States.ALL"]), "no error is final");
    let tries = |state: &Value| state["Retry"][0]["MaxAttempts"].as_u64();
    assert!(tries(back) > tries(tick).map(|few| few * 10));
}

#[test]
fn a_fleet_whose_stacks_cannot_be_listed_fails_with_the_cause() {
    let fleet = machine(FLEET);
    let caught = &fleet["States"]["ListStacks"]["Catch"][0];
    assert_eq!((&caught["ErrorEquals"], &caught["ResultPath"]), (&json!(["States.ALL"]), &json!("$.caught")));
    let end = &fleet["States"][caught["Next"].as_str().unwrap()];
    assert_eq!((&end["Type"], &end["ErrorPath"]), (&json!("Fail"), &json!("$.caught.Error")));
}

/// Step Functions gathers the outputs of a fleet's stacks, and takes 256 KB of them.
#[test]
fn an_execution_puts_out_one_word() {
    assert_eq!(machine(RUN)["States"]["Done"]["Parameters"], json!({ "next.$": "$.next" }));
}

#[test]
fn there_is_a_sentinel_before_the_first_stack_goes_offline() {
    let template = template();
    let after = words(&template["Resources"]["BackupSchedule"]["DependsOn"]);
    assert!(after.iter().any(|id| id == "SentinelSchedule"), "{after:?}");
    let sentinel = properties("SentinelSchedule");
    assert_eq!((&sentinel["State"], &sentinel["ScheduleExpression"]), (&json!("ENABLED"), &json!("rate(5 minutes)")));
}

#[test]
fn what_a_schedule_sends_is_json_whatever_the_parameters_are() {
    let template = template();
    let value = |name: &str| match &template["Parameters"][name]["Default"] {
        Value::String(text) => text.clone(),
        number => number.to_string(),
    };
    for id in ["BackupSchedule", "SentinelSchedule", "ReportSchedule"] {
        let input = properties(id)["Target"]["Input"].clone();
        let texts = match input["!If"].as_array() {
            Some(fork) => fork[1..].iter().map(|one| one["!Sub"].as_str().unwrap().to_owned()).collect(),
            None => words(&input),
        };
        for mut text in texts {
            for name in template["Parameters"].as_object().map(Map::keys).unwrap() {
                text = text.replace(&format!("${{{name}}}"), &value(name));
            }
            let event: Value = serde_json::from_str(&text).unwrap();
            assert!(event["action"].is_string() || event["list"]["action"] == "list-stacks", "{id}: {text}");
        }
    }
}

#[test]
fn the_roles_rights_are_the_published_ones() {
    let (drive, see) = (managed("DrivePolicy"), managed("SeePolicy"));
    assert_eq!(drive, published(SENTINEL));
    assert_eq!(both(&both(&drive, &see), &inline("RunRole")), published(BACKUP));
    assert_eq!(managed("TellPolicy"), published(UNATTENDED));
    assert_eq!(inline("SentinelRole"), BTreeSet::new(), "the sentinel needs nothing else");
    assert!(published(BACKUP).is_superset(&drive));
}

#[test]
fn the_function_that_looks_changes_nothing() {
    let rights = both(&inline("LookRole"), &managed("SeePolicy"));
    for action in &rights {
        let verb = action.split_once(':').unwrap().1;
        assert!(["Describe", "List", "Get"].iter().any(|read| verb.starts_with(read)), "{action}");
    }
    let known = both(&published(BACKUP), &published(RESTORE));
    assert_eq!(rights.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn no_role_may_do_everything() {
    let template = template();
    for (id, resource) in template["Resources"].as_object().unwrap() {
        if !resource["Type"].as_str().unwrap().starts_with("AWS::IAM::") {
            continue;
        }
        walk(resource, id, &mut |path, value| {
            if path.ends_with("/Action") {
                assert!(words(value).iter().all(|action| !action.contains('*')), "{path}: {value}");
            }
        });
    }
}

#[test]
fn an_alarm_that_nobody_hears_is_none() {
    let template = template();
    let alarms = template["Resources"].as_object().unwrap().iter();
    let alarms: Vec<_> = alarms.filter(|(_, one)| one["Type"] == "AWS::CloudWatch::Alarm").collect();
    assert_eq!(alarms.len(), 5);
    for (id, alarm) in alarms {
        assert_eq!(alarm["Properties"]["AlarmActions"], json!([{ "!Ref": "Topic" }]), "{id}");
        assert!(alarm["Properties"]["TreatMissingData"].is_string(), "{id} does not say what missing data mean");
    }
}

/// A function that answers `failed` has not failed for Lambda: what counts is what it measured itself.
#[test]
fn a_sentinel_is_silent_when_it_has_not_looked_and_whatever_is_said_of_a_stack_stays_said() {
    for (id, metric, statistic, period, missing) in [
        ("SentinelIsSilent", "Looked", "Sum", 300, "breaching"),
        ("OfflineTooLong", "OfflineFor", "Maximum", 300, "ignore"),
        ("BackupsFail", "FailuresSinceSuccess", "Maximum", 3600, "ignore"),
        ("NoGoodBackup", "LastGoodBackupAge", "Maximum", 3600, "breaching"),
    ] {
        let alarm = properties(id);
        assert_eq!(alarm["TreatMissingData"], missing, "{id}");
        // A metric alarm, or one about an expression of one metric.
        let stat = &alarm["Metrics"][0]["MetricStat"];
        let (of, said) =
            if stat.is_object() { (&stat["Metric"], &stat["Stat"]) } else { (&alarm, &alarm["Statistic"]) };
        assert_eq!((&of["Namespace"], &of["MetricName"]), (&json!("stacksnap"), &json!(metric)), "{id}");
        assert_eq!(of["Dimensions"], json!([{ "Name": "Deployment", "Value": { "!Ref": "AWS::StackName" } }]), "{id}");
        let times = if stat.is_object() { &stat["Period"] } else { &alarm["Period"] };
        assert_eq!((said, times), (&json!(statistic), &json!(period)), "{id}");
    }
    let silent = properties("SentinelIsSilent");
    assert_eq!((&silent["Threshold"], &silent["EvaluationPeriods"]), (&json!(1), &json!(3)));
    assert_eq!(silent["ComparisonOperator"], "LessThanThreshold");
}

#[test]
fn a_deployment_for_one_stack_writes_no_other_stacks_records() {
    let own = json!({ "N": { "!If": ["OneStack", { "!Ref": "Stack" }, "*"] } });
    let mut scoped = 0;
    walk(&template()["Resources"], "", &mut |path, value| {
        let text = value.as_str().or_else(|| value.get(0)?.as_str()).unwrap_or_default();
        if let Some((_, name)) = text.split_once("parameter/stacksnap/") {
            assert!([".sentinels*", "${N}/*"].contains(&name), "{path}: {text}");
            scoped += usize::from(name == "${N}/*" && value[1] == own);
        }
    });
    assert_eq!(scoped, 2, "DrivePolicy and LookRole");
    let sentinel: Value = serde_json::from_str(SENTINEL).unwrap();
    let all = statements(&sentinel).iter().flat_map(|one| words(&one["Resource"])).collect::<Vec<_>>();
    assert!(all.iter().all(|resource| !resource.ends_with("parameter/stacksnap/*")), "{all:?}");
}
