//! What `backup` and its like call, and what happens where a permission is missing.

use std::collections::BTreeSet;

use stacksnap_sandbox::seeds::{self, ParameterSeed};

use super::documents::{BACKUP, actions, filled, needed, without};
use super::support::{Aws, STACK, no_secret_was_asked_for, only_reads};

/// `inspect`, `check`, `status`, `list`, `show`.
fn look(aws: &Aws) -> BTreeSet<String> {
    for args in [vec!["inspect", STACK], vec!["check", STACK], vec!["status", STACK], vec!["status"], vec!["list"]] {
        assert_eq!(aws.run(&args).0, 0, "{args:?}");
    }
    assert_eq!(aws.run(&["list", STACK, "--all"]).0, 0);
    assert_eq!(aws.run(&["show", "my-hub@latest"]).0, 0);
    aws.actions()
}

/// Every command that changes something, however it ends.
fn act(aws: &Aws) {
    let backup = ["backup", STACK, "--settle", "1s", "-o", "json"];
    let with = |flag| [backup.as_slice(), &[flag]].concat();
    assert_eq!(aws.run(&backup).0, 0);
    assert_eq!(aws.run(&with("--live")).0, 0);
    assert_eq!(aws.run(&with("--seed")).0, 0);
    assert_eq!(aws.run(&["offline", STACK, "--yes"]).0, 0);
    assert_eq!(aws.run(&["online", STACK]).0, 0);
    // Given up while the stack goes offline; while the halves are made; by another process; lost.
    assert_eq!(aws.stop(&backup, "ExecuteChangeSet", "INT").0, 130);
    assert_eq!(aws.stop(&backup, "StartBackupJob", "INT").0, 130);
    drop(aws.stop(&backup, "StartBackupJob", "KILL"));
    assert_eq!(aws.run(&["resume", STACK]).0, 0);
    drop(aws.stop(&backup, "CreateChangeSet", "KILL"));
    assert_eq!(aws.run(&["abort", STACK]).0, 0);
    drop(aws.stop(&backup, "StartBackupJob", "KILL"));
    let (_, run) = aws.run(&["status", STACK, "--query", "items[0].running[0].id"]);
    aws.forget(run.trim().trim_matches('"'));
    assert_eq!(aws.run(&["resume", STACK]).0, 0);
    assert_eq!(aws.run(&["sentinel", STACK]).0, 0);
    assert_eq!(aws.run(&["inspect", STACK, "--query", "mode"]).1.trim(), "online");
}

#[test]
fn the_policy_is_what_the_commands_call() {
    let aws = Aws::new();
    assert_eq!(aws.run(&["backup", STACK, "--live"]).0, 0, "something to look at");
    let first = aws.actions();
    let looked = look(&aws);
    only_reads(&looked);
    act(&aws);
    let calls: BTreeSet<String> = first.into_iter().chain(looked).chain(aws.actions()).collect();
    let (allowed, needed) = (actions(BACKUP), needed(&calls));
    let missing: Vec<_> = needed.difference(&allowed).collect();
    assert!(missing.is_empty(), "the commands need what the policy does not allow: {missing:?}");
    let idle: Vec<_> = allowed.difference(&needed).collect();
    assert!(idle.is_empty(), "the policy allows what no command calls: {idle:?}");
    no_secret_was_asked_for(&aws, &calls);
}

#[test]
fn under_the_policy_nothing_that_the_commands_do_is_denied() {
    let aws = Aws::new();
    aws.enforce(Some(&[filled(BACKUP)]));
    assert_eq!(aws.run(&["backup", STACK, "--live"]).0, 0, "something to look at");
    for args in [vec!["inspect", STACK], vec!["check", STACK], vec!["status", STACK], vec!["list", STACK]] {
        assert_eq!(aws.run(&args).0, 0, "{args:?}");
    }
    assert_eq!(aws.run(&["show", "my-hub@latest"]).0, 0);
    act(&aws);
    assert_eq!(aws.denied(), BTreeSet::new());
}

#[test]
fn a_permission_that_is_missing_is_named_and_the_stack_is_home() {
    for (action, touched) in [
        ("cloudformation:DescribeStackEvents", false),
        ("cloudformation:CreateChangeSet", false),
        ("rds:CreateDBClusterSnapshot", true),
        ("rds:AddTagsToResource", true),
        ("backup:StartBackupJob", true),
        ("iam:PassRole", true),
        ("ssm:PutParameter", false),
    ] {
        let aws = Aws::new();
        aws.enforce(Some(&[without(BACKUP, action)]));
        let output = aws.command(&["backup", STACK, "--settle", "0s", "-o", "json"]).output().unwrap();
        // Findings are the result, and go to stdout.
        let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        assert_ne!(output.status.code(), Some(0), "{action}: {told}");
        assert!(told.contains(action), "{action} is not named: {told}");
        assert_eq!(aws.count("ExecuteChangeSet") > 0, touched, "{action}");
        aws.enforce(None);
        assert_eq!(aws.run(&["inspect", STACK, "--query", "mode"]).1.trim(), "online", "{action}");
    }
}

#[test]
fn a_parameter_that_cloudformation_may_not_resolve_is_named_and_nothing_goes_offline() {
    let mut seed = seeds::hubs(STACK);
    let version = ParameterSeed {
        key: "BootstrapVersion".to_owned(),
        kind: "AWS::SSM::Parameter::Value<String>".to_owned(),
        value: "/cdk-bootstrap/hnb659fds/version".to_owned(),
        resolved: Some("21".to_owned()),
        ..ParameterSeed::default()
    };
    seed.parameters.push(version);
    let aws = Aws::with(&seed);
    let backup = ["backup", STACK, "--settle", "1s"];
    aws.enforce(Some(&[filled(BACKUP)]));
    let (code, told) = aws.run(&backup);
    assert!(code != 0 && told.contains("ssm:GetParameters"), "{code}: {told}");
    assert_eq!(aws.count("ExecuteChangeSet"), 0);
    let arn = "arn:aws:ssm:us-east-1:123456789012:parameter/cdk-bootstrap/*";
    let more =
        serde_json::json!({ "Statement": [{ "Effect": "Allow", "Action": "ssm:GetParameters", "Resource": arn }] });
    aws.enforce(Some(&[filled(BACKUP), more]));
    assert_eq!(aws.run(&backup).0, 0);
}
