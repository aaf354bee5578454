//! `verify`: what is wrong with a backup is said before anybody needs it.

use serde_json::{Value, json};
use stacksnap_sandbox::seeds::{self, ParameterSeed};

use super::support::{Aws, Ran, STACK};

/// The ids of the findings about the one backup that was verified.
fn ids(ran: &Ran) -> Vec<String> {
    let json = ran.json();
    let findings = json.pointer("/items/0/findings").and_then(Value::as_array).unwrap().clone();
    findings.iter().filter_map(|finding| finding["id"].as_str().map(str::to_owned)).collect()
}

fn verify(aws: &Aws, id: &str) -> Ran {
    aws.run(&["verify", id, "-o", "json"])
}

/// It cannot be restored, for this reason.
#[track_caller]
fn refused(aws: &Aws, id: &str, wanted: &str) -> Ran {
    let ran = verify(aws, id).ends(7);
    let found = ids(&ran);
    assert!(found.iter().any(|id| id == wanted), "{wanted} is not in {found:?}\n{}", ran.out);
    ran
}

/// It can be restored, but this is said.
#[track_caller]
fn warned(aws: &Aws, id: &str, wanted: &str) -> Ran {
    let ran = verify(aws, id).ends(0);
    let found = ids(&ran);
    assert!(found.iter().any(|id| id == wanted), "{wanted} is not in {found:?}\n{}", ran.out);
    ran
}

#[test]
fn a_good_backup_can_be_restored_and_nothing_is_touched() {
    let aws = Aws::with_hub();
    let id = aws.backed_up("ssm");
    let before = aws.sandbox.requests().len();
    let ran = verify(&aws, &id).ends(0);
    assert_eq!(ran.json()["restorable"], true, "{}", ran.out);
    let asked: Vec<String> = aws.sandbox.requests().split_off(before).into_iter().map(|it| it.operation).collect();
    let reads = |name: &String| ["Describe", "List", "Get"].iter().any(|verb| name.starts_with(verb));
    assert!(asked.iter().all(reads), "{asked:?}");
    assert!(!asked.iter().any(|name| name == "GetSecretValue"), "{asked:?}");
    aws.run(&["verify", &id]).ends(0).shows(&format!("{id}: can be restored"));
    let all = aws.run(&["verify", STACK, "--all", "-o", "json"]).ends(0).json();
    assert_eq!(all["items"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_is_not_there_is_eight_and_wrong_usage_is_two() {
    let aws = Aws::with_hub();
    aws.run(&["verify", "my-hub-20200101-000000"]).ends(8).says("there is no backup");
    aws.run(&["verify", STACK, "--all"]).ends(8);
    aws.run(&["verify", "my-hub@latest-drilled"]).ends(8).says("has been drilled");
    aws.run(&["verify", "my-hub@newest"]).ends(2);
    aws.run(&["verify", "my-hub@latest", "--all"]).ends(2);
}

#[test]
fn a_half_that_is_gone_or_expired_is_refused() {
    let aws = Aws::with_hub();
    let id = aws.backed_up("ssm");
    let show = aws.run(&["show", &id, "-o", "json"]).ends(0).json();
    let point = show.pointer("/files/recoveryPoint").unwrap();
    aws.set(&json!({ "recovery_point": point, "state": "EXPIRED" }));
    refused(&aws, &id, "SS309");
    aws.set(&json!({ "recovery_point": point, "deleted": true }));
    refused(&aws, &id, "SS303");
    aws.run(&["verify", STACK, "--all"]).ends(7).shows("cannot be restored");
    aws.set(&json!({ "snapshot": id, "deleted": true }));
    aws.run(&["verify", &id]).ends(8);
}

#[test]
fn a_secret_that_was_rotated_is_a_warning_and_one_on_its_way_out_an_error() {
    let aws = Aws::with_hub();
    let id = aws.backed_up("ssm");
    let secret = aws.run(&["show", &id, "-o", "json"]).ends(0).json()["secretArn"].clone();
    aws.set(&json!({ "secret": secret, "rotate": true }));
    let ran = warned(&aws, &id, "SS333");
    assert!(ran.out.contains("AWSPREVIOUS") && ran.out.contains("create-secret"), "{}", ran.out);
    aws.set(&json!({ "secret": secret, "deleted": true }));
    let ran = refused(&aws, &id, "SS332");
    assert!(ran.out.contains("restore-secret --secret-id"), "{}", ran.out);
}

#[test]
fn a_parameter_store_secret_that_is_gone_is_refused() {
    let aws = Aws::with_hub();
    let id = aws.backed_up("ssm");
    aws.set(&json!({ "parameter": format!("/keymaster/{STACK}/phoenix-key"), "deleted": true }));
    refused(&aws, &id, "SS336");
}

#[test]
fn a_key_that_is_pending_deletion_is_refused() {
    let aws = Aws::with_hub();
    let id = aws.backed_up("ssm");
    aws.set(&json!({ "kms": "alias/aws/rds", "state": "PendingDeletion" }));
    let ran = refused(&aws, &id, "SS341");
    assert!(ran.out.contains("cancel-key-deletion"), "{}", ran.out);
}

#[test]
fn a_manifest_that_is_gone_changed_or_newer_is_told_apart() {
    let aws = Aws::with_hub();
    let id = aws.backed_up("ssm");
    let name = format!("/stacksnap/{STACK}/manifests/{id}");
    aws.put(&name, &json!({ "format": 9, "tool": "9.1.0" }));
    let ran = refused(&aws, &id, "SS353");
    assert!(ran.out.contains("9.1.0"), "{}", ran.out);
    aws.put(&name, &json!("hello"));
    refused(&aws, &id, "SS354");
    aws.lose(&name);
    warned(&aws, &id, "SS351");
    aws.tag(&id, "stacksnap:manifest", "somewhere else");
    refused(&aws, &id, "SS352");
}

#[test]
fn a_manifest_in_a_bucket_has_the_template_and_a_denied_bucket_is_said_so() {
    let aws = Aws::with_hub();
    aws.set(&json!({ "bucket": "my-manifests" }));
    let id = aws.backed_up("s3://my-manifests/prod");
    let show = aws.run(&["show", &id, "-o", "json"]).ends(0).json();
    assert!(show["manifest"].as_str().is_some_and(|tag| tag.ends_with(" s3://my-manifests/prod")), "{show}");
    verify(&aws, &id).ends(0);
    aws.set(&json!({ "bucket": "my-manifests", "denied": true }));
    let ran = refused(&aws, &id, "SS390");
    assert!(ran.out.contains("s3:GetObject"), "{}", ran.out);
}

#[test]
fn a_backup_is_not_begun_where_its_manifest_cannot_be_kept() {
    let aws = Aws::with_hub();
    for (change, code) in [
        (json!({ "bucket": "my-manifests", "denied": true }), "AccessDenied"),
        (json!({ "bucket": "my-manifests", "denied": false, "owner": "999999999999" }), "AccessDenied"),
    ] {
        aws.set(&change);
        aws.file("stacksnap.toml", "[defaults]\nmanifest = \"s3://my-manifests/prod\"\n");
        let error = aws.run(&["backup", STACK, "-o", "json"]).ends(4).error();
        assert_eq!(error["code"], code, "{error}");
    }
    aws.file("stacksnap.toml", "[defaults]\nmanifest = \"s3://no-such-bucket/prod\"\n");
    let error = aws.run(&["backup", STACK, "-o", "json"]).ends(4).error();
    assert_eq!(error["code"], "NoSuchBucket", "{error}");
    assert!(aws.states().is_empty() && aws.mode() == "online");
}

#[test]
fn what_has_no_room_in_a_parameter_is_left_out_and_said() {
    let mut seed = seeds::hubs(STACK);
    let plain = seed.parameters.iter().find(|it| it.key == "KeyPair").unwrap().clone();
    // What no compression makes smaller.
    let hashes = |n: usize| {
        [n, n + 100].map(|n| format!("{:016x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31))).concat()
    };
    let long = |n| ParameterSeed {
        key: format!("Long{n}"),
        value: [hashes(n), hashes(n + 1_000), hashes(n + 9_999)].concat(),
        ..plain.clone()
    };
    seed.parameters.extend((1..50).map(long));
    let aws = Aws::with(&seed);
    let ran = aws.run(&["backup", STACK, "--live"]).ends(0);
    let ran =
        ran.says("not kept with the backup: the template's text").says("not kept with the backup: the stack's outputs");
    assert!(ran.err.contains("not kept with the backup: the value of parameter Long"), "{}", ran.err);
    warned(&aws, &aws.newest(), "SS355");
}

#[test]
fn tags_that_differ_are_reported() {
    let aws = Aws::with_hub();
    let id = aws.backed_up("ssm");
    aws.tag(&id, "stacksnap:secret-version", "00000000-0000-0000-0000-000000000000");
    let ran = warned(&aws, &id, "SS371");
    assert!(ran.out.contains("the snapshot's tag says 00000000"), "{}", ran.out);
    aws.tag(&id, "stacksnap:stack-id", "arn:aws:cloudformation:us-east-1:123456789012:stack/other/1");
    refused(&aws, &id, "SS370");
}

#[test]
fn a_backup_of_another_region_is_not_found_here() {
    let aws = Aws::with_hub();
    let id = aws.backed_up("ssm");
    aws.run(&["verify", &id, "--region", "eu-west-1"]).ends(8);
    // A copy of the snapshot's tags does not make it one of this region's.
    aws.tag(&id, "stacksnap:stack-id", "arn:aws:cloudformation:eu-west-1:123456789012:stack/my-hub/1");
    refused(&aws, &id, "SS320");
}
