//! What a caller may do where a policy says so.
#![expect(clippy::unwrap_used, reason = "in tests a surprise is a failure")]

mod common;

use common::{Aws, CLUSTER, OFF};
use serde_json::{Value, json};

fn allow(actions: &[&str], resource: &str) -> Value {
    json!({ "Effect": "Allow", "Action": actions, "Resource": resource })
}

fn limited(statements: &[Value]) -> Aws {
    let aws = Aws::new();
    limit(&aws, statements);
    aws
}

fn limit(aws: &Aws, statements: &[Value]) {
    aws.0.set(&json!({ "policy": { "Version": "2012-10-17", "Statement": statements } })).unwrap();
}

fn refused(policy: &Value) -> String {
    Aws::new().0.set(&json!({ "policy": policy })).unwrap_err()
}

#[test]
fn without_a_policy_everything_is_allowed_and_null_lifts_one() {
    let aws = limited(&[]);
    let denied = aws.cfn("DescribeStacks", &[("StackName", "my-hub")]);
    assert_eq!((denied.status, denied.text("Code")), (403, "AccessDenied"));
    aws.0.set(&json!({ "policy": null })).unwrap();
    assert_eq!(aws.status(), "CREATE_COMPLETE");
}

#[test]
fn a_caller_without_a_policy_of_its_own_has_that_of_the_account() {
    let aws = Aws::new();
    aws.0.set(&json!({ "policy": [], "access_key": "AKIALIMITED" })).unwrap();
    let status = |key: &str| aws.query_as(key, "cloudformation", "Action=ListStacks").status;
    assert_eq!((status("AKIALIMITED"), status("AKIAFREE")), (403, 200));
    limit(&aws, &[]);
    aws.0.set(&json!({ "policy": { "Statement": allow(&["*"], "*") }, "access_key": "AKIALIMITED" })).unwrap();
    assert_eq!((status("AKIALIMITED"), status("AKIAFREE")), (200, 403));
}

#[test]
fn each_protocol_has_its_words_for_a_denied_access() {
    let aws = limited(&[]);
    let why = |action: &str, resource: &str| {
        format!(
            "User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: {action} on resource: \
             arn:aws:{resource} because no identity-based policy allows the {action} action"
        )
    };
    let rds = aws.snapshot("one");
    assert_eq!((rds.status, rds.text("Code")), (403, "AccessDenied"));
    let snapshot = "rds:us-east-1:123456789012:cluster-snapshot:one";
    assert_eq!(rds.text("Message"), why("rds:CreateDBClusterSnapshot", snapshot));
    let ssm = aws.target("ssm", "GetParameter", &json!({ "Name": "/a/b" }));
    assert_eq!((ssm.status, ssm.get("__type")), (400, "AccessDeniedException".to_owned()));
    assert_eq!(ssm.get("message"), why("ssm:GetParameter", "ssm:us-east-1:123456789012:parameter/a/b"));
    let backup = aws.rest("backup", "GET", "/backup-vaults/v", &Value::Null);
    assert_eq!((backup.status, backup.get("Code")), (403, "AccessDeniedException".to_owned()));
    assert_eq!(
        backup.get("Message"),
        why("backup:DescribeBackupVault", "backup:us-east-1:123456789012:backup-vault:v")
    );
    let topic = "arn:aws:sns:us-east-1:123456789012:t";
    let sns = aws.query("sns", "Publish", &[("TopicArn", topic), ("Message", "m")]);
    assert_eq!((sns.status, sns.text("Code")), (403, "AuthorizationError"));
    assert_eq!(sns.text("Message"), why("SNS:Publish", "sns:us-east-1:123456789012:t"));
    let s3 = aws.s3("GET", "/b/k", "");
    assert_eq!((s3.status, s3.text("Code")), (403, "AccessDenied"));
    assert_eq!(aws.0.requests().last().unwrap().error.as_deref(), Some("AccessDenied"));
}

#[test]
fn who_one_is_cannot_be_denied() {
    limited(&[json!({ "Effect": "Deny", "Action": "*", "Resource": "*" })]).query("sts", "GetCallerIdentity", &[]).ok();
}

#[test]
fn a_denial_goes_before_everything() {
    let aws = limited(&[
        allow(&["RDS:*"], "*"),
        json!({ "Effect": "Deny", "Action": "rds:Create*", "Resource": "arn:aws:rds:*:*:cluster-snapshot:my-hub-?" }),
    ]);
    let denied = aws.snapshot("my-hub-1");
    assert!(denied.text("Message").ends_with("with an explicit deny in an identity-based policy"), "{}", denied.body);
    aws.snapshot("my-hub-10").ok();
}

#[test]
fn a_statement_may_name_what_it_is_not_about() {
    let aws = limited(&[
        json!({ "Effect": "Allow", "NotAction": "rds:Create*", "NotResource": "arn:aws:rds:*:*:cluster:*" }),
    ]);
    assert_eq!(aws.snapshot("one").status, 403);
    assert_eq!(aws.rds("DescribeDBClusters", &[]).status, 403);
    aws.rds("DescribeDBClusterSnapshots", &[]).ok();
}

#[test]
fn a_snapshot_with_tags_needs_its_cluster_itself_and_the_right_to_tag() {
    let both = "arn:aws:rds:us-east-1:123456789012:cluster*";
    let create = allow(&["rds:CreateDBClusterSnapshot"], both);
    let aws = limited(std::slice::from_ref(&create));
    assert!(aws.snapshot("one").text("Message").contains("rds:AddTagsToResource on resource: arn:aws:rds:us-east-1"));
    let bare = [("DBClusterSnapshotIdentifier", "One"), ("DBClusterIdentifier", CLUSTER)];
    aws.rds("CreateDBClusterSnapshot", &bare).ok();
    let tag = allow(&["rds:AddTagsToResource"], "arn:aws:rds:*:*:cluster-snapshot:*");
    limit(&aws, &[create, tag.clone()]);
    aws.snapshot("two").ok();
    limit(&aws, &[allow(&["rds:CreateDBClusterSnapshot"], "arn:aws:rds:*:*:cluster-snapshot:*"), tag]);
    assert!(aws.snapshot("three").text("Message").contains(&format!(":cluster:{CLUSTER} ")));
}

#[test]
fn a_backup_job_needs_its_vault_the_role_and_the_right_to_tag() {
    let aws = Aws::new();
    let order = aws.order("one");
    let start = allow(&["backup:StartBackupJob"], "arn:aws:backup:us-east-1:123456789012:backup-vault:my-hub-*");
    let role = order["IamRoleArn"].as_str().unwrap();
    let passing = |service: &str| {
        let condition = json!({ "StringEquals": { "iam:PassedToService": service } });
        json!({ "Effect": "Allow", "Action": "iam:PassRole", "Resource": role, "Condition": condition })
    };
    let tag = allow(&["backup:TagResource"], "arn:aws:backup:us-east-1:123456789012:recovery-point:*");
    for (statements, missing) in [
        (vec![start.clone()], "iam:PassRole"),
        (vec![start.clone(), passing("ec2.amazonaws.com"), tag.clone()], "iam:PassRole"),
        (vec![start.clone(), passing("backup.amazonaws.com")], "backup:TagResource"),
        (vec![passing("backup.amazonaws.com"), tag.clone()], "backup:StartBackupJob"),
    ] {
        limit(&aws, &statements);
        let denied = aws.rest("backup", "PUT", "/backup-jobs", &order);
        assert!(denied.get("Message").contains(&format!("perform: {missing} on")), "{missing}: {}", denied.body);
    }
    limit(&aws, &[start, passing("backup.amazonaws.com"), tag]);
    let job = aws.rest("backup", "PUT", "/backup-jobs", &order).ok().get("BackupJobId");
    // A job is no resource: only a statement about everything allows to look at it.
    limit(&aws, &[allow(&["backup:DescribeBackupJob"], "arn:aws:backup:*:*:*")]);
    assert_eq!(aws.rest("backup", "GET", &format!("/backup-jobs/{job}"), &Value::Null).status, 403);
    limit(&aws, &[allow(&["backup:DescribeBackupJob"], "*")]);
    aws.job(&job);
}

#[test]
fn a_change_set_is_its_stacks_and_a_template_brings_its_macros() {
    let mine = "arn:aws:cloudformation:us-east-1:123456789012:stack/my-hub/*";
    let aws = limited(&[allow(&["cloudformation:*"], mine)]);
    let denied = aws.create_set("off", "StackOffline", OFF);
    assert!(denied.text("Message").contains(":aws:transform/Serverless-2016-10-31"), "{}", denied.body);
    let macros = allow(&["cloudformation:CreateChangeSet"], "arn:aws:cloudformation:us-east-1:aws:transform/*");
    limit(&aws, &[allow(&["cloudformation:*"], mine), macros.clone()]);
    let set = aws.set("off", "StackOffline", OFF);
    aws.cfn("DescribeChangeSet", &[("ChangeSetName", &set)]).ok();
    let sets = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/off/*";
    limit(&aws, &[allow(&["cloudformation:ExecuteChangeSet"], sets)]);
    aws.execute(&set, "off").ok();
    limit(&aws, &[allow(&["cloudformation:*"], mine)]);
    assert!(aws.cfn("DescribeStacks", &[]).text("Message").contains(":stack/*/* "), "one stack is not all");
    let nobody = aws.cfn("DescribeStacks", &[("StackName", "nobody")]);
    assert!(nobody.text("Message").contains(":stack/nobody/* "), "{}", nobody.body);
}

#[test]
fn a_role_is_known_by_its_path_and_parameters_by_their_names() {
    let aws = Aws::new();
    let order = aws.order("one");
    let role = order["IamRoleArn"].as_str().unwrap().to_owned();
    let name = role.rsplit_once('/').unwrap().1.to_owned();
    let get = |resource: &str| {
        limit(&aws, &[allow(&["iam:GetRole"], resource)]);
        aws.query("iam", "GetRole", &[("RoleName", &name)]).status
    };
    assert_eq!(get(&format!("arn:aws:iam::123456789012:role/{name}")), 403);
    assert_eq!((get(&role), get("arn:aws:iam::123456789012:role/my-hub/*")), (200, 200));
    limit(&aws, &[allow(&["ssm:*"], "arn:aws:ssm:us-east-1:123456789012:parameter/keymaster/*")]);
    let names = |names: &[&str]| aws.target("ssm", "GetParameters", &json!({ "Names": names })).status;
    assert_eq!(names(&["/keymaster/a", "/keymaster/b"]), 200);
    assert_eq!(names(&["/keymaster/a", "/other"]), 400);
    assert_eq!(aws.target("ssm", "GetParametersByPath", &json!({ "Path": "/keymaster/my-hub" })).status, 200);
    assert_eq!(aws.target("ssm", "DescribeParameters", &json!({})).status, 400, "a list needs everything");
}

#[test]
fn an_object_that_is_missing_is_denied_to_whoever_may_not_list() {
    let aws = Aws::new();
    aws.0.set(&json!({ "bucket": "b" })).unwrap();
    let objects = allow(&["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::b/p/*");
    limit(&aws, std::slice::from_ref(&objects));
    aws.s3("PUT", "/b/p/k", "text").ok();
    aws.s3("HEAD", "/b/p/k", "").ok();
    assert_eq!(aws.s3("GET", "/b/k", "").status, 403);
    assert_eq!(aws.s3("GET", "/b/p/none", "").status, 403);
    limit(&aws, &[objects, allow(&["s3:ListBucket"], "arn:aws:s3:::b")]);
    assert_eq!(aws.s3("GET", "/b/p/none", "").status, 404);
    aws.s3("GET", "/b?list-type=2", "").ok();
    aws.s3("HEAD", "/b", "").ok();
    assert_eq!(aws.s3("DELETE", "/b/p/k", "").status, 403);
}

#[test]
fn a_topic_and_an_event_bus_are_resources() {
    let aws = limited(&[
        allow(&["sns:Publish"], "arn:aws:sns:us-east-1:123456789012:mine"),
        allow(&["events:PutEvents"], "arn:aws:events:us-east-1:123456789012:event-bus/default"),
    ]);
    aws.0.set(&json!({ "topic": "mine" })).unwrap();
    let publish = |name: &str| {
        let arn = format!("arn:aws:sns:us-east-1:123456789012:{name}");
        aws.query("sns", "Publish", &[("TopicArn", &arn), ("Message", "m")]).status
    };
    assert_eq!((publish("mine"), publish("other")), (200, 403));
    let put = |bus: &str| {
        let entry = json!({ "Source": "s", "DetailType": "t", "Detail": "{}", "EventBusName": bus });
        aws.target("events", "PutEvents", &json!({ "Entries": [entry] })).status
    };
    assert_eq!((put("default"), put("other")), (200, 400));
}

#[test]
fn what_a_policy_says_is_understood_or_refused() {
    let statement = |more: Value| {
        let mut statement = allow(&["rds:DeleteDBClusterSnapshot"], "*");
        statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "Statement": [statement] })
    };
    let condition = json!({ "StringEquals": { "aws:ResourceTag/a": "b" } });
    let said = refused(&statement(json!({ "Sid": "Mine", "Condition": condition })));
    assert!(
        said.starts_with("statement Mine: the condition StringEquals on aws:ResourceTag/a is not understood"),
        "{said}"
    );
    let like = json!({ "Condition": { "StringLike": { "iam:PassedToService": "*" } } });
    assert!(refused(&statement(like)).contains("StringLike on iam:PassedToService"));
    let secure = json!({ "Condition": { "Bool": { "aws:SecureTransport": true } } });
    assert!(refused(&statement(secure)).contains("Bool on aws:SecureTransport"));
    assert!(refused(&statement(json!({ "Principal": "*" }))).contains("Principal"));
    assert!(refused(&statement(json!({ "NotAction": "*" }))).contains("either Action or NotAction"));
    assert!(refused(&json!("{")).contains("a policy is JSON"));
    let stray = Aws::new().0.set(&json!({ "access_key": "A" })).unwrap_err();
    assert!(stray.contains("there is no policy"), "{stray}");
}

#[test]
fn a_policy_may_be_the_text_of_several_documents() {
    let aws = Aws::new();
    let documents = json!([{ "Statement": allow(&["rds:*"], "*") }, { "Statement": [allow(&["ssm:*"], "*")] }]);
    aws.0.set(&json!({ "policy": documents.to_string() })).unwrap();
    aws.rds("DescribeDBClusters", &[]).ok();
    aws.target("ssm", "DescribeParameters", &json!({})).ok();
    assert_eq!(aws.cfn("ListStacks", &[]).status, 403);
}
