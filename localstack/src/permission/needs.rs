//! What a call needs: its own action, and what AWS asks for besides.

use super::targets;
use crate::input::Input;
use crate::operation::{Cx, Operation};

/// What CloudFormation needs of its caller for a parameter that lies in Parameter Store.
pub(super) const RESOLVE: &str = "ssm:GetParameters";

/// An action that must be allowed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Need {
    /// IAM's name of it.
    pub(crate) action: String,
    /// The ARNs that stand for what it is done to; one of them must fit. None when it is not known.
    pub(crate) resources: Vec<String>,
    /// The service that a role is passed to.
    pub(crate) passed_to: Option<&'static str>,
}

impl Need {
    fn new(action: &str, resources: Vec<String>) -> Self {
        Self { action: action.to_owned(), resources, passed_to: None }
    }
}

/// Everything that a call needs, its own action first.
pub(super) fn of(cx: &Cx<'_>, operation: &Operation, input: &Input) -> Vec<Need> {
    // Nobody can be denied to know who they are.
    if cx.action == "sts:GetCallerIdentity" {
        return Vec::new();
    }
    let action = action(&cx.action);
    let mut targets = targets::of(cx, operation, input);
    if targets.is_empty() {
        targets.push(Vec::new());
    }
    let own = targets.into_iter().map(|resources| Need::new(action, resources));
    let own = own.chain(passing(operation, input)).chain(tagging(cx, input)).chain(telling(cx, input));
    own.chain(resolving(cx, input)).collect()
}

/// CloudFormation resolves the SSM-typed parameters of a template with its caller's rights, whatever role the stack has: the policy
/// of AWS's own CDK bootstrap allows `ssm:GetParameters` for that reason.
fn resolving(cx: &Cx<'_>, input: &Input) -> Option<Need> {
    let again = matches!(cx.action.as_str(), "cloudformation:CreateChangeSet" | "cloudformation:UpdateStack");
    let stack = cx.realm.cloud.stack(input.text("StackName").filter(|_| again)?).ok()?;
    let typed = stack.seed.parameters.iter().find(|each| each.ssm_typed())?;
    let name = stack.parameters.get(&typed.key).unwrap_or(&typed.value);
    Some(Need::new(RESOLVE, vec![crate::ssm::arn(cx.realm, name)]))
}

/// IAM's name of an operation.
fn action(operation: &str) -> &str {
    match operation {
        "s3:HeadObject" => "s3:GetObject",
        "s3:ListObjectsV2" | "s3:HeadBucket" => "s3:ListBucket",
        other => other,
    }
}

/// A role that is handed to a service.
fn passing(operation: &Operation, input: &Input) -> Option<Need> {
    let (member, service) = match operation.service {
        "backup" => ("IamRoleArn", "backup.amazonaws.com"),
        "cloudformation" => ("RoleARN", "cloudformation.amazonaws.com"),
        _ => return None,
    };
    let role = input.text(member)?;
    Some(Need { passed_to: Some(service), ..Need::new("iam:PassRole", vec![role.to_owned()]) })
}

/// Tags that something is made with.
fn tagging(cx: &Cx<'_>, input: &Input) -> Option<Need> {
    let given = |member: &str| {
        input
            .0
            .get(member)
            .is_some_and(|tags| tags.get(0).is_some() || tags.as_object().is_some_and(|all| !all.is_empty()))
    };
    let rds =
        |kind: &str, member: &str| given("Tags").then(|| targets::rds(cx, kind, input.text(member).unwrap_or("*")));
    match cx.action.as_str() {
        "rds:CreateDBClusterSnapshot" => {
            Some(Need::new("rds:AddTagsToResource", vec![rds("cluster-snapshot", "DBClusterSnapshotIdentifier")?]))
        }
        "rds:RestoreDBClusterFromSnapshot" => {
            Some(Need::new("rds:AddTagsToResource", vec![rds("cluster", "DBClusterIdentifier")?]))
        }
        "rds:CreateDBInstance" => Some(Need::new("rds:AddTagsToResource", vec![rds("db", "DBInstanceIdentifier")?])),
        // The recovery point has no name yet.
        "backup:StartBackupJob" if given("RecoveryPointTags") => {
            Some(Need::new("backup:TagResource", vec![cx.realm.arn("backup", "recovery-point:*")]))
        }
        "cloudformation:CreateStack" if given("Tags") => {
            Some(Need::new("cloudformation:TagResource", vec![super::cloud::stack(cx, input.text("StackName")?)]))
        }
        _ => None,
    }
}

/// Whoever may not list a bucket is not told that an object is missing.
fn telling(cx: &Cx<'_>, input: &Input) -> Option<Need> {
    if !matches!(cx.action.as_str(), "s3:GetObject" | "s3:HeadObject") {
        return None;
    }
    let (bucket, key) = (input.text("Bucket")?, input.text("Key")?);
    let missing =
        crate::s3::read(cx.account, &cx.realm.account, bucket, key).is_err_and(|error| error.code == "NoSuchKey");
    missing.then(|| Need::new("s3:ListBucket", vec![format!("arn:aws:s3:::{bucket}")]))
}
