//! Bad input through the real binary: a clear error, the right exit code, and nothing lost.

use super::support::{Aws, Ran, STACK};

#[test]
fn help_and_version_are_results() {
    let aws = Aws::empty();
    assert!(aws.run(&["--help"]).ends(0).out.contains("Exit codes:"));
    assert!(aws.run(&["--version"]).ends(0).out.starts_with("stacksnap "));
    assert!(aws.run(&["backup", "--help"]).ends(0).out.contains("--max-offline"));
}

#[test]
fn wrong_usage_is_two() {
    let aws = Aws::empty();
    for args in [
        vec!["bakup"],
        vec!["backup"],
        vec!["backup", STACK, "--max-offline", "soon"],
        vec!["backup", STACK, "--max-offline", "0s"],
        vec!["backup", STACK, "--poll-interval", "1s"],
        vec!["backup", "my_hub"],
        vec!["backup", STACK, "--live", "--seed"],
        vec!["list", "--query", "items["],
        vec!["show", "my-hub@newest"],
        vec!["list", "--endpoint-url", "localhost"],
        vec!["check", STACK, "--stack-profile", "none-such"],
        vec!["--quiet", "--verbose", "list"],
    ] {
        aws.run(&args).ends(2);
    }
    assert!(aws.sandbox.requests().is_empty());
}

#[test]
fn wrong_usage_is_json_where_json_was_asked_for() {
    let aws = Aws::empty();
    let error = aws.run(&["backup", STACK, "--settle", "soon", "-o", "json"]).ends(2).error();
    assert_eq!((&error["code"], &error["exitCode"]), (&"usage".into(), &2.into()));
}

#[test]
fn an_unknown_stack_is_eight() {
    let aws = Aws::with_hub();
    for command in ["inspect", "check", "backup", "resume", "abort", "online"] {
        aws.run(&[command, "none-such"]).ends(8).says("there is no stack `none-such`");
    }
    aws.run(&["offline", "none-such", "--yes"]).ends(8);
    aws.run(&["show", "none-such-20260101-000000"]).ends(8);
    aws.run(&["show", "none-such@latest"]).ends(8);
    aws.run(&["show", "my-hub@latest-drilled"]).ends(8).says("drilled");
}

#[test]
fn a_budget_that_ends_before_the_last_writes_are_in_is_refused() {
    let aws = Aws::with_hub();
    assert!(aws.run(&["backup", STACK, "--settle", "2h", "--max-offline", "1h"]).ends(4).out.contains("SS029"));
    aws.run(&["backup", STACK, "--settle", "2h", "--max-offline", "1h", "--dry-run"]).ends(4);
    aws.run(&["backup", STACK, "--settle", "2h", "--max-offline", "1h", "--dry-run", "--live"]).ends(0);
    aws.file("stacksnap.toml", "[defaults]\nsettle = \"30m\"\nmax-offline = \"30m\"\n");
    assert!(aws.run(&["check", STACK]).ends(4).out.contains("--max-offline"));
    assert!(!aws.asked("PutParameter"));
}

#[test]
fn what_the_file_asks_for_and_cannot_be_is_refused() {
    let aws = Aws::with_hub();
    aws.file("stacksnap.toml", "[stacks.my-hub]\nlive = true\n");
    aws.run(&["backup", STACK, "--seed", "--dry-run"]).ends(2).says("stacksnap.toml says `live = true`");
    aws.file("stacksnap.toml", "[defaults]\nseed = true\n[stacks.my-hub]\nlive = true\n");
    aws.run(&["backup", STACK, "--dry-run"]).ends(0);
    aws.file("stacksnap.toml", "[stacks.my-hub]\nseed = true\n");
    aws.run(&["backup", STACK, "--live", "--dry-run"]).ends(0);
    aws.file("stacksnap.toml", "[stacks.my_hub]\nlive = true\n");
    aws.run(&["list"]).ends(2).says("stacksnap.toml:1").says("`my_hub` is not a stack's name");
    aws.file("stacksnap.toml", "[defaults]\nretention = \"7d\"\n");
    aws.run(&["list"]).ends(2).says("a table, as in `[defaults.retention]`");
    aws.file("stacksnap.toml", "[defaults]\nmanifest = \"s3://no-such-bucket/x\"\n");
    assert!(aws.run(&["check", STACK]).ends(4).out.contains("NoSuchBucket"));
    assert!(aws.run(&["backup", STACK, "--dry-run"]).ends(4).out.contains("SS057"));
    aws.fault("s3:GetObject=access-denied*2");
    assert!(aws.run(&["check", STACK]).ends(0).out.contains("SS057"), "only keeping it can tell");
}

#[test]
fn an_empty_region_is_none() {
    let aws = Aws::with_hub();
    let with = |name: &str, default: &str| {
        let mut command = aws.command(&["check", STACK]);
        command.env("AWS_REGION", name).env("AWS_DEFAULT_REGION", default);
        Ran::of(command.output().unwrap())
    };
    with("", "us-east-1").ends(0);
    with("", "").ends(2).says("no region is configured");
    aws.run(&["check", STACK, "--region", ""]).ends(2).says("no region is configured");
    aws.file("stacksnap.toml", "region = \"\"\n");
    with("", "").ends(2).says("no region is configured");
}

#[test]
fn fm_72_another_region_has_no_such_stack() {
    let aws = Aws::with_hub();
    aws.run(&["check", STACK, "--region", "eu-west-1"]).ends(8).says("in eu-west-1");
}

#[test]
fn no_region_says_how_to_give_one() {
    let aws = Aws::with_hub();
    let mut command = aws.command(&["check", STACK]);
    command.env_remove("AWS_REGION");
    Ran::of(command.output().unwrap()).ends(2).says("--region");
}

#[test]
fn no_credentials_say_how_to_give_some() {
    let aws = Aws::with_hub();
    let mut command = aws.command(&["check", STACK]);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    Ran::of(command.output().unwrap()).ends(1).says("--profile");
}

#[test]
fn expired_credentials_name_the_login() {
    let aws = Aws::with_hub();
    aws.fault("cloudformation:DescribeStacks=expired-credentials");
    aws.run(&["check", STACK]).ends(1).says("run `aws sso login`");
}

#[test]
fn a_denied_call_names_the_action_to_allow() {
    let aws = Aws::with_hub();
    aws.fault("cloudformation:DescribeStacks=access-denied");
    aws.run(&["check", STACK]).ends(1).says("cloudformation:DescribeStacks");
}

#[test]
fn an_endpoint_that_is_down_is_named() {
    let aws = Aws::empty();
    let ran = aws.run(&["list", "--endpoint-url", "http://127.0.0.1:1", "-o", "json"]).ends(1);
    let error = ran.error();
    assert_eq!(error["exitCode"], 1);
    assert_eq!(error["retryable"], true);
    assert!(ran.err.contains("http://127.0.0.1:1"), "{}", ran.err);
}

#[test]
fn nothing_to_list_is_no_failure() {
    let aws = Aws::empty();
    assert_eq!(aws.run(&["list"]).ends(0).out, "no backups\n");
    assert_eq!(aws.run(&["list", "-o", "json", "--query", "items"]).ends(0).out, "[]\n");
    aws.run(&["status"]).ends(0);
}

#[test]
fn what_is_found_says_where_it_came_from() {
    let aws = Aws::with_hub();
    let found = aws.run(&["inspect", STACK, "-o", "json"]).ends(0).json();
    assert_eq!(found["kind"], "Inspection");
    assert_eq!(found["profile"], "hubs-cloud");
    assert_eq!(found["parts"].as_array().map(Vec::len), Some(5));
    let yaml = aws.run(&["inspect", STACK, "-o", "yaml"]).ends(0).out;
    assert!(yaml.starts_with("apiVersion: stacksnap/v1\nkind: Inspection\n"), "{yaml}");
}

#[test]
fn a_healthy_stack_can_be_backed_up() {
    let aws = Aws::with_hub();
    let report = aws.run(&["check", STACK, "-o", "json"]).ends(0).json();
    assert_eq!((&report["kind"], &report["ok"]), (&"CheckReport".into(), &true.into()));
}

#[test]
fn fm_42_a_stopped_cluster_refuses_the_backup_and_nothing_is_touched() {
    let aws = Aws::with_hub();
    let stop = serde_json::json!({"cluster": "my-hub-app-db", "status": "stopped"});
    aws.sandbox.set(&stop).unwrap();
    aws.run(&["check", STACK]).ends(4);
    aws.run(&["backup", STACK]).ends(4).says("nothing was touched");
    assert!(!aws.asked("PutParameter"));
}

#[test]
fn a_malformed_configuration_is_wrong_usage() {
    let aws = Aws::with_hub();
    let file = aws.file("broken.toml", "stacks = 3\n[[[");
    aws.run(&["check", STACK, "--config", &file.display().to_string()]).ends(2).says("broken.toml");
    aws.run(&["check", STACK, "--config", "none-such.toml"]).ends(2).says("none-such.toml");
}

#[test]
fn a_configuration_says_where_each_value_comes_from() {
    let aws = Aws::with_hub();
    aws.file("stacksnap.toml", "output = \"json\"\n\n[stacks.my-hub]\nsettle = \"45s\"\n");
    let shown = aws.run(&["config", "show", STACK, "--origin"]).ends(0).json();
    let origin = |key: &str| {
        let values = shown["values"].as_array().unwrap();
        values.iter().find(|value| value["key"] == key).unwrap()["origin"].as_str().unwrap().to_owned()
    };
    assert!(origin("output").ends_with("stacksnap.toml:1") && origin("settle").ends_with("stacksnap.toml:4"));
    assert_eq!((origin("region").as_str(), origin("live").as_str()), ("$AWS_REGION", "default"));
    aws.file("stacksnap.toml", "[stacks.my-hub]\nvalut = \"x\"\n");
    aws.run(&["check", STACK]).ends(2).says("did you mean `vault`?");
}

#[test]
fn completions_and_manual_pages_are_made() {
    let aws = Aws::empty();
    assert!(aws.run(&["completions", "bash"]).ends(0).out.contains("complete -F"));
    assert!(aws.run(&["man"]).ends(0).out.contains(".TH stacksnap"));
    let folder = aws.file("x", "").with_file_name("man");
    aws.run(&["man", "--dir", &folder.display().to_string()]).ends(0);
    assert!(folder.join("stacksnap-backup.1").exists());
}
