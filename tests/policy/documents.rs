//! The published policies as documents: what they allow, and that they allow no more than they must.

use std::collections::BTreeSet;

use serde_json::Value;

use super::support::STACK;

/// What `backup` and its like are given.
pub(crate) const BACKUP: &str = include_str!("../../templates/iam/backup-policy.json");

/// What `sentinel` is given.
pub(crate) const SENTINEL: &str = include_str!("../../templates/iam/sentinel-policy.json");

/// What `restore` and its like are given besides.
pub(crate) const RESTORE: &str = include_str!("../../templates/iam/restore-policy.json");

/// What `prune`, `keep` and `unkeep` are given besides.
pub(crate) const PRUNE: &str = include_str!("../../templates/iam/prune-policy.json");

/// What else a request needs, beside the action of its own name.
pub(crate) const ALSO: [(&str, &str); 4] = [
    ("backup:StartBackupJob", "iam:PassRole"),
    ("cloudformation:CreateStack", "cloudformation:TagResource"),
    ("rds:CreateDBClusterSnapshot", "rds:AddTagsToResource"),
    // Without it S3 answers that what is not there is denied.
    ("s3:GetObject", "s3:ListBucket"),
];

/// Actions that AWS cannot scope: its service authorization reference names no resource type for them.
pub(crate) const UNSCOPED: [(&str, &str); 9] = [
    ("backup:DescribeBackupJob", "a job is no resource"),
    ("backup:DescribeRegionSettings", "they are the region's"),
    ("backup:ListBackupJobs", "a list"),
    ("backup:ListBackupVaults", "a list"),
    ("backup:ListCopyJobs", "a list"),
    ("backup:StopBackupJob", "a job is no resource"),
    ("rds:DescribeAccountAttributes", "they are the account's"),
    ("ssm:DescribeParameters", "a list, of names and versions"),
    ("sts:GetCallerIdentity", "needs no permission at all, but an explicit one is not denied by mistake"),
];

/// The same, of the sentinel policy.
pub(crate) const UNSCOPED_SENTINEL: [(&str, &str); 5] = [
    ("backup:DescribeBackupJob", "a job is no resource"),
    ("backup:ListBackupJobs", "a list"),
    ("backup:ListCopyJobs", "a list"),
    ("backup:StopBackupJob", "a job is no resource"),
    ("sts:GetCallerIdentity", "needs no permission at all, but an explicit one is not denied by mistake"),
];

/// The same, of the restore policy.
pub(crate) const UNSCOPED_RESTORE: [(&str, &str); 2] = [
    ("backup:ListRestoreJobs", "a list"),
    ("cloudformation:GetTemplateSummary", "of a template that is no stack's, by its URL"),
];

/// The same, of the prune policy.
pub(crate) const UNSCOPED_PRUNE: [(&str, &str); 3] = [
    ("backup:ListLegalHolds", "a list"),
    ("backup:ListRecoveryPointsByLegalHold", "a legal hold's points are a list"),
    ("cloudformation:DescribeStacks", "of every stack there is: one of them may use the backup"),
];

/// One statement of the policy.
pub(crate) struct Statement {
    pub(crate) actions: Vec<String>,
    pub(crate) resources: Vec<String>,
}

pub(crate) fn statements(policy: &str) -> Vec<Statement> {
    let policy: Value = serde_json::from_str(policy).unwrap();
    let list = |value: &Value| match value {
        Value::String(one) => vec![one.clone()],
        many => many.as_array().unwrap().iter().map(|each| each.as_str().unwrap().to_owned()).collect(),
    };
    let each = policy["Statement"].as_array().unwrap().iter();
    each.map(|one| {
        assert_eq!(one["Effect"], "Allow", "a denial hides what is allowed");
        Statement { actions: list(&one["Action"]), resources: list(&one["Resource"]) }
    })
    .collect()
}

/// What every action of `calls` needs.
pub(crate) fn needed(calls: &BTreeSet<String>) -> BTreeSet<String> {
    let also = ALSO.iter().filter(|(call, _)| calls.contains(*call)).map(|(_, action)| (*action).to_owned());
    calls.iter().cloned().chain(also).collect()
}

pub(crate) fn actions(policy: &str) -> BTreeSet<String> {
    statements(policy).into_iter().flat_map(|one| one.actions).collect()
}

/// The policy as its reader fills it in.
pub(crate) fn filled(policy: &str) -> Value {
    let text = policy.replace("REGION", "us-east-1").replace("ACCOUNT", "123456789012").replace("STACK", STACK);
    serde_json::from_str(&text).unwrap()
}

/// The same, without one action.
pub(crate) fn without(policy: &str, action: &str) -> Value {
    let mut policy = filled(policy);
    for statement in policy["Statement"].as_array_mut().unwrap() {
        let left = |value: &Value| match value {
            Value::Array(many) => many.iter().filter(|each| *each != action).cloned().collect(),
            one => vec![one.clone()].into_iter().filter(|each| each != action).collect::<Vec<_>>(),
        };
        statement["Action"] = Value::Array(left(&statement["Action"]));
    }
    let keep = |statement: &&Value| statement["Action"].as_array().is_some_and(|actions| !actions.is_empty());
    let statements: Vec<Value> = policy["Statement"].as_array().unwrap().iter().filter(keep).cloned().collect();
    policy["Statement"] = Value::Array(statements);
    policy
}

/// What a policy may never allow; and what of it is ours to do all the same.
pub(crate) const NEVER: [&str; 5] = ["Delete", "Decrypt", "GetSecretValue", "UpdateStack", "ScheduleKeyDeletion"];

pub(crate) const OURS: [&str; 3] =
    ["cloudformation:DeleteChangeSet", "cloudformation:CancelUpdateStack", "ssm:DeleteParameter"];

/// What a drill clears away, and a replacement destroys.
pub(crate) const OURS_RESTORE: [&str; 10] = [
    "backup:DeleteBackupVault",
    "cloudformation:DeleteStack",
    "elasticfilesystem:DeleteFileSystem",
    "elasticfilesystem:DeleteMountTarget",
    "kms:ScheduleKeyDeletion",
    "rds:DeleteDBCluster",
    "rds:DeleteDBClusterSnapshot",
    "rds:DeleteDBInstance",
    "secretsmanager:DeleteSecret",
    "ssm:DeleteParameter",
];

/// Old backups, by their tags.
pub(crate) const OURS_PRUNE: [&str; 2] = ["backup:DeleteRecoveryPoint", "rds:DeleteDBClusterSnapshot"];

#[test]
fn the_policies_name_every_action_and_scope_what_aws_can_scope() {
    for (policy, ours, unscoped) in [
        (BACKUP, OURS.as_slice(), UNSCOPED.as_slice()),
        (SENTINEL, OURS.as_slice(), UNSCOPED_SENTINEL.as_slice()),
        (RESTORE, OURS_RESTORE.as_slice(), UNSCOPED_RESTORE.as_slice()),
        (PRUNE, OURS_PRUNE.as_slice(), UNSCOPED_PRUNE.as_slice()),
    ] {
        let unscoped: BTreeSet<&str> = unscoped.iter().map(|(action, _)| *action).collect();
        let mut open = BTreeSet::new();
        for statement in statements(policy) {
            for action in &statement.actions {
                assert!(!action.contains(['*', '?']), "{action} is more than one action");
                let never = NEVER.iter().any(|never| action.contains(never));
                assert!(!never || ours.contains(&action.as_str()), "{action} is not ours to do");
            }
            if statement.resources.iter().any(|resource| resource == "*") {
                open.extend(statement.actions);
            }
        }
        let open: BTreeSet<&str> = open.iter().map(String::as_str).collect();
        assert_eq!(open, unscoped, "`\"Resource\": \"*\"` is for what AWS cannot scope");
    }
}

/// Whatever a drill deletes is deleted under the name of a drill only: never what the source's name begins.
#[test]
fn what_the_restore_policy_lets_be_deleted_is_a_drills_or_a_replaced_stacks() {
    for statement in statements(RESTORE) {
        let deletes = |action: &&String| action.contains("Delete") || action.contains("ScheduleKeyDeletion");
        for action in statement.actions.iter().filter(deletes) {
            for resource in &statement.resources {
                let named = resource.contains("STACK-drill-") || resource.contains("parameter/stacksnap/");
                // Things whose names nobody can choose; the policy asks for the tag of the drill's stack.
                let tagged = resource.ends_with('*') && action != "cloudformation:DeleteStack";
                let replaced = action == "cloudformation:DeleteStack" && resource.contains(":stack/STACK/");
                assert!(named || tagged || replaced, "{action} on {resource}");
            }
        }
    }
}

#[test]
fn a_change_set_can_be_executed_whatever_iam_calls_it() {
    let policy: Value = serde_json::from_str(BACKUP).unwrap();
    for action in
        ["cloudformation:DescribeChangeSet", "cloudformation:ExecuteChangeSet", "cloudformation:DeleteChangeSet"]
    {
        let statements = policy["Statement"].as_array().unwrap().iter();
        let about = statements.filter(|one| one["Action"].as_array().is_some_and(|all| all.contains(&action.into())));
        let free: Vec<_> = about.filter(|one| one.get("Condition").is_none()).collect();
        let text = serde_json::to_string(&free).unwrap();
        assert!(text.contains(":stack/STACK/*") && text.contains(":changeSet/ss-*"), "{action}: {text}");
    }
}
