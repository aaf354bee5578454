//! `params`: the parameters of a new stack, or why there are none.

use serde_json::{Value, json};

use super::support::{Aws, STACK};

/// What two hubs cannot share.
const OWN: [&str; 6] = [
    "--set",
    "DomainName=new.example.com",
    "--set",
    "InternalZone=new-internal.com",
    "--set",
    "ShortlinkZone=new.link",
];

fn with<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    args.iter().chain(more).copied().collect()
}

/// Key → value of the `create-stack` form.
fn values(text: &str) -> Vec<(String, String)> {
    let form: Vec<Value> = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let of = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    form.iter().map(|row| (of(row, "ParameterKey"), of(row, "ParameterValue"))).collect()
}

#[track_caller]
fn value(values: &[(String, String)], key: &str) -> String {
    values.iter().find(|(known, _)| known == key).unwrap_or_else(|| panic!("no {key} in {values:?}")).1.clone()
}

#[test]
fn the_five_restore_values_are_set_the_rest_is_carried_over_and_what_must_differ_is_asked_for() {
    let aws = Aws::with_hub();
    let id = aws.backed_up("ssm");
    let ran = aws.run(&["params", &id]).ends(4).says("needs your value: DomainName").says("--set InternalZone=VALUE");
    assert!(ran.out.is_empty(), "{}", ran.out);
    let form = aws.run(&with(&["params", &id], &OWN)).ends(0).out;
    let all = values(&form);
    let show = aws.run(&["show", &id, "-o", "json"]).ends(0).json();
    assert_eq!(value(&all, "RestoreStackName"), STACK);
    assert_eq!(value(&all, "RestoreDbSnapshotIdentifier"), id);
    assert_eq!(value(&all, "RestoreAppDbSecretArn"), show["secretArn"]);
    assert_eq!(value(&all, "RestoreBackupVaultName"), show["files"]["vault"]);
    assert_eq!(value(&all, "RestoreRecoveryPointArn"), show["files"]["recoveryPoint"]);
    assert_eq!((value(&all, "StackOffline"), value(&all, "DomainName")), ("Online".into(), "new.example.com".into()));
    assert_eq!(value(&all, "AdminEmailAddress"), "admin@example.com");
    let json = aws.run(&with(&["params", &id, "-o", "json"], &OWN)).ends(0).json();
    assert_eq!((&json["kind"], &json["stackName"]), (&json!("NewStackParameters"), &json!("my-hub-restored")));
    let needs = aws.run(&["params", &id, "-o", "json"]).ends(4).json();
    assert!(needs["needs"].as_array().is_some_and(|all| all.len() >= 3), "{needs}");
}

#[test]
fn bad_parameters_are_refused_before_anything_is_printed() {
    let aws = Aws::with_hub();
    let id = aws.backed_up("ssm");
    let long = format!("KeyPair={}", "x".repeat(4_097));
    for (bad, says) in [
        (["--set", "DomainNam=x.org"], "Did you mean DomainName?"),
        (["--set", "AppInstanceType=m9.huge"], "AppInstanceType"),
        (["--set", long.as_str()], "has 4097 bytes"),
        (["--unset", "NoSuchKey"], "NoSuchKey"),
    ] {
        let ran = aws.run(&with(&with(&["params", &id], &OWN), &bad)).ends(4);
        assert!(ran.out.is_empty() && ran.err.contains(says), "{says} is not in\n{}", ran.err);
    }
    aws.run(&["params", &id, "--set", "novalue"]).ends(2);
    aws.run(&["params", &id, "--set-file", "DomainName=no-such-file"]).ends(2).says("no-such-file");
    aws.run(&["params", &id, "--template-url", "http://bucket/t.yaml"]).ends(2);
    aws.run(&["params"]).ends(2);
    aws.run(&["params", &id, "--snapshot", "x"]).ends(2);
    aws.run(&["params", "--snapshot", "x"]).ends(2);
}

#[test]
fn a_backup_that_cannot_be_restored_has_no_parameters() {
    let aws = Aws::with_hub();
    let id = aws.backed_up("ssm");
    let secret = aws.run(&["show", &id, "-o", "json"]).ends(0).json()["secretArn"].clone();
    aws.set(&json!({ "secret": secret, "deleted": true }));
    let ran = aws.run(&with(&["params", &id], &OWN)).ends(7).says("SS332").says("restore-secret");
    assert!(ran.out.is_empty());
    aws.run(&["params", "my-hub-20200101-000000"]).ends(8);
}

#[test]
fn the_form_goes_into_a_private_file() {
    let aws = Aws::with_hub();
    let id = aws.backed_up("ssm");
    let path = aws.file("params.json", "old");
    let ran = aws.run(&with(&["params", &id, "--out", "params.json"], &OWN)).ends(0);
    assert!(ran.out.is_empty(), "{}", ran.out);
    assert_eq!(value(&values(&std::fs::read_to_string(&path).unwrap()), "RestoreStackName"), STACK);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{PermissionsExt, symlink};
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        symlink(&path, path.with_file_name("link")).unwrap();
        aws.run(&with(&["params", &id, "--out", "link"], &OWN)).ends(2).says("symbolic link");
    }
}

#[test]
fn a_deleted_stacks_backup_still_has_its_parameters() {
    let aws = Aws::fast();
    aws.set(&json!({ "bucket": "my-manifests" }));
    let id = aws.backed_up("s3://my-manifests");
    aws.delete_stack();
    // Its values may be used again now; nothing is asked for.
    let all = values(&aws.run(&["params", &id]).ends(0).out);
    assert_eq!((value(&all, "DomainName"), value(&all, "RestoreStackName")), ("hub.example.com".into(), STACK.into()));
    let input = aws.run(&["params", &id, "--format", "cli-input", "--new-stack", "my-hub"]).ends(0).json();
    let url = input["TemplateURL"].as_str().unwrap_or_default();
    assert!(url.starts_with("https://my-manifests.s3.us-east-1.amazonaws.com/my-hub-"), "{input}");
}

#[test]
fn without_a_bucket_a_deleted_stacks_template_comes_from_cloudformation() {
    let aws = Aws::fast();
    let id = aws.backed_up("ssm");
    aws.delete_stack();
    aws.run(&["params", &id]).ends(0);
    aws.lose(&format!("/stacksnap/{STACK}/manifests/{id}"));
    let ran = aws.run(&["params", &id]).ends(0).says("SS351");
    assert_eq!(value(&values(&ran.out), "RestoreDbSnapshotIdentifier"), id);
}

#[test]
fn a_pair_that_stacksnap_did_not_make_is_proposed_and_has_parameters_but_no_proof() {
    let aws = Aws::with_hub();
    aws.backed_up("ssm");
    let list = aws.run(&["list", "--all", "-o", "json"]).ends(0).json();
    let Some(pair) = list.pointer("/foreign/pairs/0") else { panic!("no pairs in {list}") };
    let of = |key: &str| pair[key].as_str().unwrap().to_owned();
    let (snapshot, vault, point) = (of("snapshot"), of("vault"), of("recoveryPoint"));
    let args =
        ["params", "--snapshot", &snapshot, "--vault", &vault, "--recovery-point", &point, "--source-stack", STACK];
    let ran = aws.run(&with(&args, &OWN)).ends(0).says("consistency not proven");
    let all = values(&ran.out);
    assert_eq!((value(&all, "RestoreDbSnapshotIdentifier"), value(&all, "RestoreRecoveryPointArn")), (snapshot, point));
    aws.run(&["list", "--all"]).ends(0).shows("consistency not proven");
}

#[test]
fn a_template_whose_parameters_changed_since_is_checked() {
    let aws = Aws::with_hub();
    let id = aws.backed_up("ssm");
    let template = "Parameters:\n  DomainName: {Type: String}\n  Brand: {Type: String}\nResources:\n  A: {Type: AWS::SNS::Topic}\n";
    aws.file("other.yaml", template);
    let args = ["params", &id, "--template-file", "other.yaml", "--set", "DomainName=x.org", "--set", "Brand=new"];
    aws.run(&args).ends(4).says("does not declare the restore parameter");
    aws.file("no.yaml", "hello");
    aws.run(&["params", &id, "--template-file", "no.yaml"]).ends(4).says("template");
    aws.run(&["params", &id, "--template-file", "missing.yaml"]).ends(2);
}
