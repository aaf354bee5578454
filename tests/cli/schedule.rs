//! `schedule`: what would be deployed, what is, and its end.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::support::{Aws, STACK, text, with};
use super::terminal::typed;

const CODE: [&str; 2] = ["--code", "s3://code/stacksnap-lambda.zip"];
const FIRST: [&str; 6] =
    ["my-hub", "--code", "s3://code/stacksnap-lambda.zip", "--timezone", "Europe/Berlin", "-ojson"];

/// A hub, and the zip in a bucket.
fn hub() -> Aws {
    let aws = Aws::fast();
    aws.set(&json!({ "bucket": "code" }));
    let mut stream = TcpStream::connect(aws.endpoint().trim_start_matches("http://")).unwrap();
    let scope = "Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
    write!(
        stream,
        "PUT /code/stacksnap-lambda.zip HTTP/1.1\r\nHost: sandbox\r\nAuthorization: AWS4-HMAC-SHA256 {scope}\r\n\
         Connection: close\r\nContent-Length: 3\r\n\r\nzip"
    )
    .unwrap();
    let mut answer = String::new();
    drop(stream.read_to_string(&mut answer));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    aws.sandbox.clear_requests();
    aws
}

/// The same, with a deployment.
fn deployed() -> Aws {
    let aws = hub();
    aws.run(&with(&["schedule", "install", "--yes"], &FIRST)).ends(0);
    aws.sandbox.clear_requests();
    aws
}

/// The value of one of the template's parameters in a plan.
fn parameter(plan: &Value, key: &str) -> (String, String) {
    let rows = plan["parameters"].as_array().unwrap();
    let row = rows.iter().find(|row| row["key"] == key).unwrap_or(&Value::Null);
    (text(row, "/value"), text(row, "/origin"))
}

#[test]
fn a_plan_shows_what_would_be_deployed_and_touches_nothing() {
    let aws = hub();
    let before = aws.inventory();
    let plan = aws.run(&with(&["schedule", "plan"], &FIRST)).ends(0).json();
    assert_eq!((text(&plan, "/kind"), text(&plan, "/action")), ("SchedulePlan".into(), "create".into()));
    assert_eq!(plan["stacks"], json!([STACK]));
    assert_eq!(plan["schedule"]["next"].as_array().map(Vec::len), Some(5));
    assert!(text(&plan, "/schedule/next/0/local").contains(" 03:00:00 +0"));
    assert_eq!(parameter(&plan, "ScheduleTimezone"), ("Europe/Berlin".into(), "given".into()));
    assert_eq!(parameter(&plan, "ScheduleExpression").1, "default");
    let (role, origin) = parameter(&plan, "BackupRoleArn");
    assert!(role.starts_with("arn:aws:iam::") && origin == "found", "{role} {origin}");
    aws.is_as(&before, "after a plan");
    let changing = |name: &str| !["Describe", "List", "Get", "Head"].iter().any(|verb| name.starts_with(verb));
    let requests = aws.sandbox.requests();
    let changed: Vec<&str> = requests.iter().map(|one| one.operation.as_str()).filter(|name| changing(name)).collect();
    assert_eq!(changed, Vec::<&str>::new());
}

#[test]
fn a_plan_for_people_shows_the_next_runs_in_utc_and_by_local_clocks() {
    let plain = &FIRST[..5];
    hub()
        .run(&with(&["schedule", "plan", "--cron", "30 2 ? * sun *"], plain))
        .ends(0)
        .shows("cron(30 2 ? * SUN *), Europe/Berlin")
        .shows("NEXT RUNS, UTC")
        .shows("02:30:00 +0")
        .shows("Nothing was touched");
}

#[test]
fn an_installation_is_shown_and_then_made_and_status_tells_of_it() {
    let aws = hub();
    let ran = aws.run(&with(&["schedule", "install", "--yes"], &FIRST)).ends(0).says("The change set would do this");
    let made = ran.says("CREATE_COMPLETE").json();
    assert_eq!((text(&made, "/outcome"), text(&made, "/deployment")), ("created".into(), "stacksnap".into()));
    assert_eq!(aws.stack("stacksnap")["status"], "CREATE_COMPLETE");
    let status = aws.run(&["schedule", "status", "-ojson"]).ends(0).json();
    let item = &status["items"][0];
    assert_eq!((text(item, "/deployment"), text(item, "/status")), ("stacksnap".into(), "CREATE_COMPLETE".into()));
    assert_eq!(text(item, "/schedule/timezone"), "Europe/Berlin");
    assert_eq!(item["schedule"]["next"].as_array().map(Vec::len), Some(5));
    assert_eq!((&item["watched"], &item["last"]), (&json!(false), &json!([])));
}

#[test]
fn what_is_not_given_again_stays_as_it_is() {
    let aws = deployed();
    let update = ["schedule", "install", "--yes", "--max-offline", "30m", "-ojson"];
    let made = aws.run(&update).ends(0).json();
    assert_eq!(text(&made, "/outcome"), "updated");
    let plan = aws.run(&["schedule", "plan", "--live", "-ojson"]).ends(0).json();
    assert_eq!(text(&plan, "/action"), "update");
    for (key, value, origin) in
        [("MaxOfflineMinutes", "30", "kept"), ("ScheduleTimezone", "Europe/Berlin", "kept"), ("Live", "true", "given")]
    {
        assert_eq!(parameter(&plan, key), (value.to_owned(), origin.to_owned()), "{key}");
    }
    let again = aws.run(&update).ends(0).json();
    assert_eq!((text(&again, "/outcome"), &again["changes"]), ("unchanged".into(), &json!([])));
}

#[test]
fn a_deployment_that_fails_says_which_resource_and_why_and_can_be_removed() {
    let aws = hub();
    aws.fault("cloudformation:*=create-failed/RunFunction*1");
    let ran = aws.run(&with(&["schedule", "install", "--yes"], &FIRST)).ends(1);
    let error = ran.error();
    assert_eq!(error["code"], "deployment-failed");
    let message = text(&error, "/message");
    assert!(message.contains("ROLLBACK_COMPLETE") && message.contains("RunFunction: "), "{message}");
    aws.run(&with(&["schedule", "install", "--yes"], &FIRST)).ends(4).says("not-changeable");
    aws.run(&["schedule", "remove", "--yes"]).ends(0);
    aws.run(&with(&["schedule", "install", "--yes"], &FIRST)).ends(0);
}

#[test]
fn a_change_set_that_cannot_be_made_leaves_nothing_behind() {
    let aws = hub();
    let before = aws.inventory();
    aws.fault("cloudformation:CreateChangeSet=change-set-failed*1");
    aws.run(&with(&["schedule", "install", "--yes"], &FIRST)).ends(1).says("change-set-failed");
    aws.is_as(&before, "after a change set that failed");
}

#[test]
fn nothing_is_made_where_nobody_can_be_asked() {
    let aws = hub();
    aws.run(&with(&["schedule", "install"], &FIRST)).ends(2).says("--yes");
    assert!(!aws.asked("CreateChangeSet"));
}

#[test]
fn a_removal_takes_the_deployment_and_nothing_else() {
    let aws = hub();
    let before = aws.inventory();
    aws.run(&with(&["schedule", "install", "--yes"], &FIRST)).ends(0);
    let gone = aws.run(&["schedule", "remove", "--yes", "-ojson"]).ends(0).json();
    assert_eq!((&gone["removed"], &gone["stacks"]), (&json!(true), &json!([STACK])));
    assert_eq!(aws.stack("stacksnap")["status"], "DELETE_COMPLETE");
    let left: Vec<String> = aws.inventory().difference(&before).cloned().collect();
    assert!(left.iter().all(|name| name.starts_with("log_groups")), "{left:?}");
    aws.run(&["schedule", "remove", "--yes"]).ends(8);
    aws.run(&["schedule", "status"]).ends(0).shows("nothing is deployed here");
}

#[test]
fn a_removal_is_refused_while_a_run_of_its_stack_is_not_over() {
    let aws = deployed();
    let mut child = aws.start_until(&["backup", STACK], "ExecuteChangeSet");
    child.kill().unwrap();
    drop(child.wait());
    aws.run(&["schedule", "remove", "--yes"]).ends(6).says(STACK);
    assert!(!aws.asked("DeleteStack"));
    aws.run(&["resume", STACK]).ends(0);
    aws.run(&["schedule", "remove", "--yes"]).ends(0);
}

#[test]
fn the_last_results_are_in_the_status() {
    let aws = deployed();
    aws.run(&["backup", STACK, "--live"]).ends(0);
    let status = aws.run(&["schedule", "status", "-ojson"]).ends(0).json();
    assert_eq!(text(&status, "/items/0/last/0/outcome"), "complete");
    aws.run(&["schedule", "status"]).ends(0).shows("LAST RUNS").shows("complete").shows("does not watch");
}

#[test]
fn a_foreign_stack_is_neither_changed_nor_deleted() {
    let aws = hub();
    let before = aws.inventory();
    aws.run(&with(&["schedule", "install", "--yes", "--deployment", STACK], &FIRST)).ends(4).says("not-a-deployment");
    aws.run(&["schedule", "remove", "--yes", "--deployment", STACK]).ends(4).says("not a deployment of stacksnap");
    aws.run(&["schedule", "status", "--deployment", STACK]).ends(4);
    aws.is_as(&before, "after a foreign name");
}

#[test]
fn a_deployment_does_not_come_to_back_up_another_stack_by_an_oversight() {
    let aws = deployed();
    let other = with(&["schedule", "plan", "--fleet-tag", "backup=nightly"], &CODE);
    aws.run(&other).ends(4).says("--deployment stacksnap-fleet");
    let plan = aws.run(&with(&other, &["--deployment", "stacksnap", "-ojson"])).ends(0).json();
    assert_eq!(parameter(&plan, "FleetTag"), ("backup=nightly".into(), "given".into()));
    assert_eq!(parameter(&plan, "Stack"), (String::new(), "given".into()));
}

/// What a plan with these besides warns of.
fn warned(aws: &Aws, more: &[&str]) -> String {
    let plan = with(&["schedule", "plan", STACK, "--timezone", "UTC", "-ojson"], &CODE);
    let plan = aws.run(&with(&plan, more)).ends(0).json();
    plan["warnings"].to_string()
}

#[test]
fn a_rate_begins_at_once_and_a_weekly_schedule_alarms_between_its_runs() {
    let aws = hub();
    let rate = warned(&aws, &["--schedule", "rate(1 day)"]);
    assert!(rate.contains("as soon as it is deployed") && rate.contains("--cron"), "{rate}");
    let weekly = ["--cron", "0 3 ? * SUN *"];
    let alarmed = warned(&aws, &weekly);
    assert!(alarmed.contains("168 hours") && alarmed.contains("--no-good-backup-hours 170"), "{alarmed}");
    let weekdays = warned(&aws, &["--cron", "0 3 ? * MON-FRI *"]);
    assert!(weekdays.contains("72 hours"), "{weekdays}");
    assert!(!warned(&aws, &with(&weekly, &["--no-good-backup-hours", "170"])).contains("alarm"));
    assert!(!warned(&aws, &[]).contains("alarm"), "a day's run and its alarm fit");
}

#[test]
fn a_fleet_is_whatever_bears_the_tag_and_an_empty_one_is_warned_of() {
    let role = ["--backup-role", "arn:aws:iam::123456789012:role/Backup*"];
    let args = with(&["schedule", "plan", "--fleet-tag", "backup=nightly"], &CODE);
    let aws = hub();
    aws.run(&args).ends(2).says("--backup-role");
    aws.run(&with(&args, &role)).ends(0).says("no stack in us-east-1 bears the tag");
}

#[test]
fn bad_input_is_refused_before_anything_is_looked_at_and_says_how_it_is_written() {
    let aws = hub();
    for (args, code, said) in [
        (&[STACK, "--cron", "0 3 * * *"][..], 2, "cron(0 3 * * ? *)"),
        (&[STACK, "--schedule", "rate(5 weeks)"], 2, "minutes, hours and days"),
        (&[STACK, "--schedule", "cron(0 3 * * ? *)", "--cron", "0 3 * * ? *"], 2, "cannot be used with"),
        (&[STACK, "--timezone", "Europe/Atlantis"], 2, "Europe/Berlin"),
        (&[STACK, "--fleet-tag", "a=b"], 2, "cannot be used with"),
        (&[], 2, "--fleet-tag"),
        (&[STACK], 2, "--code s3://BUCKET/KEY"),
        (&[STACK, "--code", "https://code/x.zip"], 2, "s3://BUCKET/KEY"),
        (&[STACK, "--code", "s3://code/other.zip"], 4, "there is nothing at s3://code/other.zip"),
        (&["no-such", "--code", "s3://code/stacksnap-lambda.zip"], 8, "no-such"),
        (&[STACK, CODE[0], CODE[1], "--set", "NoSuch=1"], 2, "no parameter NoSuch"),
        (&[STACK, CODE[0], CODE[1], "--max-offline", "1m"], 2, "it is 5 to 1440"),
        (&[STACK, CODE[0], CODE[1], "--flexible-window", "1h"], 2, "--set LateAfterMinutes"),
        (&[STACK, CODE[0], CODE[1], "--schedule", "at(2020-01-01T00:00:00)"], 2, "never comes again"),
    ] {
        aws.run(&with(&["schedule", "plan"], args)).ends(code).says(said);
    }
}

#[test]
fn no_is_no_and_takes_the_change_set_away_again() {
    let aws = hub();
    let before = aws.inventory();
    let args = with(&["schedule", "install"], &FIRST[..5]);
    typed(&aws, &args, "n")
        .ends(1)
        .shows("RunFunction")
        .shows("Execute it? [y/N]")
        .shows("nothing was changed, as you wish");
    aws.is_as(&before, "after a first change set that nobody wanted");
    typed(&aws, &args, "y").ends(0).shows("created");
    let before = aws.inventory();
    typed(&aws, &["schedule", "install", "--live"], "n").ends(1).shows("Modify");
    assert_eq!(aws.stack("stacksnap")["status"], "CREATE_COMPLETE");
    typed(&aws, &["schedule", "remove"], "n").ends(1).shows("would be deleted").shows("Delete stacksnap?");
    aws.is_as(&before, "after what nobody wanted");
    assert_eq!((aws.times("DeleteChangeSet"), aws.times("ExecuteChangeSet")), (2, 1));
}
