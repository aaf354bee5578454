//! Updates of a hub that was restored.

use super::*;
use crate::model::change_set::Replacement;
use crate::model::stack::Parameter;
use crate::plan::fixture;

const HUB: &str = include_str!("../template/hub.yaml");

/// The five, as the restored hub has them.
const RESTORE: [(&str, &str); 5] = [
    ("RestoreStackName", "my-hub"),
    ("RestoreDbSnapshotIdentifier", "my-hub-20261120-020000"),
    ("RestoreAppDbSecretArn", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:Db-1a2b3c"),
    ("RestoreBackupVaultName", "my-hub-daily"),
    ("RestoreRecoveryPointArn", "arn:aws:backup:eu-west-1:123456789012:recovery-point:1EB3B5E7"),
];

fn stack() -> Stack {
    let parameter =
        |(key, value): &(&str, &str)| Parameter { key: (*key).into(), value: (*value).into(), resolved: None };
    let mut stack = fixture::stack();
    stack.parameters = [("StackOffline", "Online"), ("DomainName", "hub.example.com"), ("AppInstances", "2")]
        .iter()
        .map(parameter)
        .collect();
    stack.parameters.extend(RESTORE.iter().map(parameter));
    stack
}

fn judge(intended: &Intended) -> Guarded {
    judge_with(intended, Some(HUB))
}

fn judge_with(intended: &Intended, text: Option<&str>) -> Guarded {
    let template = text.map(|text| Template::read(text).unwrap());
    let protected = ["AppDb", "StorageEFS", "DailyBackupVault"].map(str::to_owned);
    let restore = fixture::hubs().restore;
    let stack = stack();
    guard(
        &Current { stack: &stack, restore: restore.as_ref(), protected: &protected, template: template.as_ref() },
        intended,
    )
}

fn ids(guarded: &Guarded) -> Vec<&str> {
    guarded.findings.iter().map(|finding| finding.id.as_str()).filter(|id| *id != ids::NO_CHANGE_SET).collect()
}

/// Every key with its previous value, but these.
fn update(new: &[(&str, &str)], without: &[&str]) -> Intended {
    let keys = stack().parameters.into_iter().map(|parameter| parameter.key);
    let kept = keys.filter(|key| !without.contains(&key.as_str()) && new.iter().all(|(name, _)| name != key));
    let mut parameters: Vec<(String, Value)> = kept.map(|key| (key, Value::Previous)).collect();
    parameters.extend(new.iter().map(|(key, value)| ((*key).to_owned(), Value::New((*value).to_owned()))));
    file::intended(parameters, LeftOut::Default)
}

fn with_template(text: &str) -> Intended {
    Intended { template: file::template(text), ..update(&[], &[]) }
}

#[test]
fn an_update_that_keeps_everything_is_safe() {
    let guarded = judge(&update(&[], &[]));
    assert_eq!(guarded.verdict, Verdict::Safe, "{:?}", guarded.findings);
    assert_eq!(judge(&update(&[RESTORE[0], RESTORE[1]], &[])).verdict, Verdict::Safe);
    assert_eq!(judge(&update(&[("AppInstances", "3"), ("StackOffline", "Offline")], &[])).verdict, Verdict::Safe);
}

#[test]
fn changing_blanking_or_forgetting_a_restore_parameter_is_unsafe() {
    let cases: [(Intended, &str); 3] = [
        (update(&[("RestoreDbSnapshotIdentifier", "other")], &[]), ids::CHANGED),
        (update(&[("RestoreRecoveryPointArn", "")], &[]), ids::BLANKED),
        (update(&[], &["RestoreBackupVaultName"]), ids::DROPPED),
    ];
    for (intended, id) in cases {
        let guarded = judge(&intended);
        assert_eq!((guarded.verdict, guarded.findings[0].id.as_str()), (Verdict::Unsafe, id), "{:?}", guarded.findings);
    }
}

#[test]
fn what_a_tool_does_with_what_is_left_out_decides() {
    let verdict = |left_out| judge(&Intended { left_out, ..update(&[], &["RestoreStackName"]) }).verdict;
    assert_eq!(
        [verdict(LeftOut::Default), verdict(LeftOut::Previous), verdict(LeftOut::Unknown)],
        [Verdict::Unsafe, Verdict::Safe, Verdict::Unknown]
    );
}

#[test]
fn a_default_that_equals_the_value_is_kept() {
    let text = HUB.replace("RestoreStackName: { Type: String }", "RestoreStackName: { Type: String, Default: my-hub }");
    let intended = update(&[], &["RestoreStackName"]);
    // The defaulted key itself does not change, and neither does what depends on it.
    assert_eq!(judge_with(&intended, Some(&text)).verdict, Verdict::Safe);
}

#[test]
fn another_parameter_that_could_replace_the_database_is_told() {
    let text = HUB.replace("\"${AWS::StackName}-app-db\"", "\"${DomainName}-app-db\"");
    let guarded = judge_with(&update(&[("DomainName", "x")], &[]), Some(&text));
    assert_eq!((guarded.verdict, ids(&guarded)), (Verdict::Unknown, vec![ids::MAY_DESTROY]));
    let guarded = judge_with(&update(&[("DomainName", "x")], &[]), None);
    assert_eq!((guarded.verdict, ids(&guarded)), (Verdict::Unknown, vec![ids::USE_UNKNOWN]));
    assert_eq!(judge_with(&update(&[], &[]), None).verdict, Verdict::Safe);
}

#[test]
fn a_new_template_that_uses_the_restore_parameters_otherwise_is_unsafe() {
    let cases = [
        (
            "SnapshotIdentifier: !If [IsRestore, !Ref RestoreDbSnapshotIdentifier, !Ref \"AWS::NoValue\"]",
            "StorageType: aurora",
        ),
        ("RecoveryPointArn: !Ref RestoreRecoveryPointArn", "RecoveryPointArn: none"),
        ("IsRestore: !Not [!Equals [!Ref RestoreDbSnapshotIdentifier, \"\"]]", "IsRestore: !Equals [1, 2]"),
    ];
    for (from, to) in cases {
        let text = HUB.replace(from, to);
        assert_ne!(text, HUB);
        let guarded = judge(&with_template(&text));
        assert_eq!(
            (guarded.verdict, guarded.findings[0].id.as_str()),
            (Verdict::Unsafe, ids::USE_CHANGED),
            "{:?}",
            guarded.findings
        );
    }
}

#[test]
fn a_new_template_without_the_database_is_unsafe_and_one_that_renames_its_key_is_unknown() {
    let removed = judge(&with_template(&HUB.replace("  AppDb:\n", "  AppDatabase:\n")));
    assert_eq!((removed.verdict, removed.findings[0].id.as_str()), (Verdict::Unsafe, ids::DESTROYS));
    let keyed = judge(&with_template(&HUB.replace("KmsKeyId: !GetAtt DiskKey.Arn", "KmsKeyId: alias/aws/rds")));
    assert_eq!((keyed.verdict, ids(&keyed)), (Verdict::Unknown, vec![ids::MAY_DESTROY]));
    let other = judge(&with_template(&HUB.replace("    Type: AWS::S3::Bucket", "    Type: AWS::SNS::Topic")));
    assert_eq!(other.verdict, Verdict::Safe, "{:?}", other.findings);
    assert_eq!(judge(&with_template("nonsense")).verdict, Verdict::Unknown);
}

#[test]
fn a_new_template_that_forgets_a_restore_parameter_is_unsafe() {
    let text = HUB.replace("  RestoreBackupVaultName: { Type: String }\n", "");
    assert!(ids(&judge(&with_template(&text))).contains(&ids::UNDECLARED));
}

fn change(logical_id: &str, replacement: Replacement) -> Change {
    Change {
        path: Vec::new(),
        logical_id: logical_id.to_owned(),
        physical_id: None,
        resource_type: String::new(),
        removes: false,
        replacement,
        dynamic: false,
    }
}

#[test]
fn a_change_set_is_believed() {
    let id = fixture::STACK_ID;
    let all: Vec<(String, Value)> = stack().parameters.into_iter().map(|p| (p.key, Value::New(p.value))).collect();
    let of = |changes: &[Change]| judge(&Intended::of_change_set(id, all.clone(), Some(changes.to_vec())));
    assert_eq!(of(&[change("AppALB", Replacement::Yes)]).verdict, Verdict::Safe);
    assert_eq!(of(&[change("AppDb", Replacement::Yes)]).verdict, Verdict::Unsafe);
    assert_eq!(of(&[change("StorageEFS", Replacement::Maybe)]).verdict, Verdict::Unknown);
    let other = judge(&Intended::of_change_set("arn:aws:cloudformation:eu-west-1:1:stack/x/1", all, Some(Vec::new())));
    assert_eq!((other.verdict, other.findings[0].id.as_str()), (Verdict::Unsafe, ids::OTHER_STACK));
}

#[test]
fn parameters_files_of_all_tools_are_read() {
    let update = parameters_file(
        r#"[{"ParameterKey": "A", "ParameterValue": "1"}, {"ParameterKey": "B", "UsePreviousValue": true}]"#,
    )
    .unwrap();
    assert_eq!(update.parameters, Some(vec![("A".into(), Value::New("1".into())), ("B".into(), Value::Previous)]));
    assert_eq!(update.left_out, LeftOut::Default);
    let deploy = parameters_file(r#"["A=1=2", "B="]"#).unwrap();
    assert_eq!(
        deploy.parameters,
        Some(vec![("A".into(), Value::New("1=2".into())), ("B".into(), Value::New(String::new()))])
    );
    assert_eq!(deploy.left_out, LeftOut::Previous);
    let rain = parameters_file("Parameters:\n  A: 1\nTags: {}\n").unwrap();
    assert_eq!((rain.parameters, rain.left_out), (Some(vec![("A".into(), Value::New("1".into()))]), LeftOut::Unknown));
    let whole = parameters_file(r#"{"StackName": "my-hub", "UsePreviousTemplate": true, "Parameters": []}"#).unwrap();
    assert_eq!((whole.stack.as_deref(), whole.template), (Some("my-hub"), NewTemplate::Previous));
    for bad in
        ["", "x", "{}", r#"["A"]"#, r#"[{"Key": "A"}]"#, r#"{"Parameters": {"A": []}}"#, "[{\"ParameterKey\": \"A\"}]"]
    {
        assert!(parameters_file(bad).is_err(), "{bad}");
    }
}

fn command(line: &str) -> Result<Intended, GuardError> {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    arguments(&words, &mut |path| match path {
        "new.yaml" => Ok(HUB.to_owned()),
        "p.json" => Ok(r#"[{"ParameterKey": "RestoreStackName", "UsePreviousValue": true}]"#.to_owned()),
        _ => Err("there is no such file".to_owned()),
    })
}

#[test]
fn a_deploy_that_names_no_parameter_keeps_them_all() {
    let deploy =
        command("aws --region eu-west-1 cloudformation deploy --stack-name my-hub --template-file new.yaml").unwrap();
    assert_eq!(judge(&deploy).verdict, Verdict::Safe);
    let blank = command("aws cloudformation deploy --stack-name my-hub --template-file new.yaml --parameter-overrides AppInstances=2 RestoreStackName=").unwrap();
    assert_eq!(ids(&judge(&blank))[0], ids::BLANKED);
}

#[test]
fn an_update_stack_that_names_no_parameter_forgets_them_all() {
    let update = command("aws cloudformation update-stack --stack-name my-hub --use-previous-template").unwrap();
    let guarded = judge(&update);
    assert_eq!(ids(&guarded).iter().filter(|id| **id == ids::DROPPED).count(), 5);
    let one = command(
        "aws cloudformation update-stack --stack-name my-hub --use-previous-template --parameters file://p.json",
    )
    .unwrap();
    assert_eq!(ids(&judge(&one)).iter().filter(|id| **id == ids::DROPPED).count(), 4);
    let other = command("aws cloudformation update-stack --stack-name other --template-url https://x").unwrap();
    assert!(ids(&judge(&other)).contains(&ids::OTHER_STACK));
}

#[test]
fn other_commands_and_missing_files_are_errors() {
    for line in ["terraform apply", "aws s3 ls", "aws cloudformation delete-stack --stack-name x", "aws", ""] {
        assert!(matches!(command(line), Err(GuardError::NotKnown(_))), "{line}");
    }
    for line in [
        "aws cloudformation deploy --template-file none.yaml",
        "aws cloudformation update-stack --parameters file://none.json",
        "aws cloudformation update-stack --parameters nonsense",
        "aws cloudformation deploy --template-file new.yaml --parameter-overrides nonsense",
    ] {
        assert!(matches!(command(line), Err(GuardError::Argument { .. })), "{line}");
    }
}

proptest::proptest! {
    #[test]
    fn no_file_and_no_command_makes_it_panic(
        text in "[-a-zA-Z0-9=,'\"\\\\\\[\\]{}:/한 \n]{0,80}",
        words in proptest::collection::vec("(--)?[-a-z=,'\"\\\\한{\\[]{0,20}", 0..8),
    ) {
        drop(parameters_file(&text));
        for operation in ["deploy", "update-stack"] {
            let mut all = vec![operation.to_owned(), "--parameters".to_owned()];
            all.extend(words.iter().cloned());
            drop(arguments(&all, &mut |_| Ok(text.clone())));
        }
    }
}
