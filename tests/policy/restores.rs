//! What `restore`, `drill`, `replace` and their like call besides.

use std::collections::BTreeSet;

use serde_json::Value;
use stacksnap_sandbox::Fault;

use super::documents::{BACKUP, RESTORE, actions, needed};
use super::support::{Aws, DRILL_OWN, OWN, STACK, no_secret_was_asked_for, only_reads, with};

/// What only a drill of a stack of another making has to clear away, and who says so.
const RARE: [(&str, &str); 4] = [
    ("elasticfilesystem:DeleteMountTarget", "where a file system that is retained has some that are, too"),
    ("rds:DeleteDBCluster", "where the template retains the cluster"),
    ("rds:DeleteDBInstance", "where the template retains the instance"),
    ("rds:DescribeDBInstances", "where the template retains the instance"),
];

/// `verify`, `params`, `guard`, and dry runs.
fn look_at_backups(aws: &Aws) -> BTreeSet<String> {
    std::fs::write(aws.home.path().join("p.json"), r#"["AppInstanceCount=1"]"#).unwrap();
    assert_eq!(aws.run(&["verify", "my-hub@latest"]).0, 0);
    assert_eq!(aws.run(&with(&["params", "my-hub@latest"], &OWN)).0, 0);
    assert_eq!(aws.run(&with(&["restore", "my-hub@latest", "--new-stack", "hub2", "--dry-run"], &OWN)).0, 0);
    drop(aws.run(&["guard", STACK, "--parameters", "p.json"]));
    aws.actions()
}

/// A new stack, a rehearsal, a replacement; one that fails and is undone; a template that is too long.
fn rebuild(aws: &Aws) {
    let quiet = ["--quiet"];
    assert_eq!(aws.run(&with(&with(&["restore", "my-hub@latest", "--new-stack", "hub2"], &OWN), &quiet)).0, 0);
    assert_eq!(aws.run(&with(&with(&["drill", "my-hub@latest"], &OWN), &quiet)).0, 0);
    let replace = ["replace", STACK, "--with", "my-hub@latest-drilled", "--yes-destroy", STACK, "--quiet"];
    aws.sandbox.add_fault(Fault::parse("cloudformation:CreateStack=create-failed/AppDb*1").unwrap());
    assert_eq!(aws.run(&with(&replace, &DRILL_OWN)).0, 1);
    let line = ["restore", "my-hub@latest", "--new-stack", "hub3", "--quiet"];
    drop(aws.stop(&with(&line, &OWN), "CreateStack", "KILL"));
    assert_eq!(aws.run(&["resume", "hub3", "--quiet"]).0, 0);
    // A template in a bucket is described by its URL.
    let url = url_of_the_template(aws);
    assert_eq!(aws.run(&with(&["params", "my-hub@latest", "--template-url", &url], &OWN)).0, 0);
}

fn url_of_the_template(aws: &Aws) -> String {
    let cli = aws.run(&with(&["params", "my-hub@latest", "--format", "cli-input"], &OWN));
    let input: Value = serde_json::from_str(&cli.1).unwrap();
    input["TemplateURL"].as_str().unwrap().to_owned()
}

#[test]
fn the_restore_policy_is_what_the_other_commands_call_besides() {
    let aws = Aws::new();
    aws.sandbox.set(&serde_json::json!({ "bucket": "my-manifests" })).unwrap();
    let config = "[defaults]\nsettle = \"0s\"\nmanifest = \"s3://my-manifests/prod\"\n";
    std::fs::write(aws.home.path().join("stacksnap.toml"), config).unwrap();
    assert_eq!(aws.run(&["backup", STACK, "--quiet"]).0, 0);
    let mut calls = aws.actions();
    let looked = look_at_backups(&aws);
    only_reads(&looked);
    rebuild(&aws);
    calls.extend(looked);
    calls.extend(aws.actions());
    let (allowed, needed) = (actions(RESTORE), needed(&calls));
    let both: BTreeSet<String> = actions(BACKUP).union(&allowed).cloned().collect();
    let missing: Vec<_> = needed.difference(&both).collect();
    assert!(missing.is_empty(), "the commands need what neither policy allows: {missing:?}");
    let rare = |action: &&String| RARE.iter().any(|(known, _)| known == action);
    let idle: Vec<_> = allowed.difference(&needed).filter(|action| !rare(action)).collect();
    assert!(idle.is_empty(), "the policy allows what no command calls: {idle:?}");
    no_secret_was_asked_for(&aws, &calls);
}
