//! IAM, STS and KMS: roles, callers and keys.

use crate::error::{Answer, AwsError};
use crate::input::Input;
use crate::operation::{Cx, Operation};
use crate::wire::{epoch, iso};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

/// The operations of IAM, STS and KMS.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new("iam", "GetRole", &["RoleName"], get_role),
    Operation::new("sts", "GetCallerIdentity", &[], get_caller_identity),
    Operation::new("kms", "DescribeKey", &["KeyId"], describe_key),
];

/// An IAM role.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    /// Its name.
    pub(crate) name: String,
    /// Its path.
    pub(crate) path: String,
    /// Its ARN, path included.
    pub(crate) arn: String,
    /// The trust policy.
    pub(crate) trust: String,
    /// When it was made.
    pub(crate) created: Timestamp,
}

/// A KMS key.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// Its id.
    pub(crate) id: String,
    /// Its ARN.
    pub(crate) arn: String,
    /// `alias/…`, if it has one.
    pub(crate) alias: Option<String>,
    /// `Enabled`, `Disabled` or `PendingDeletion`.
    pub(crate) state: String,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// Whether AWS manages it.
    pub(crate) managed: bool,
    /// When it goes.
    pub(crate) deletion: Option<Timestamp>,
}

fn get_role(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = input.require("RoleName", "ValidationError")?;
    let text = format!("The role with name {name} cannot be found.");
    let missing = || AwsError::new(404, "NoSuchEntity", text);
    let role = cx.account.roles.get(name).ok_or_else(missing)?;
    let trust = utf8_percent_encode(&role.trust, NON_ALPHANUMERIC).to_string();
    Ok(json!({ "Role": {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": "AROAEXAMPLEEXAMPLE123",
        "Arn": role.arn,
        "CreateDate": iso(role.created),
        "AssumeRolePolicyDocument": trust,
        "MaxSessionDuration": 3600,
    } }))
}

fn get_caller_identity(cx: &mut Cx<'_>, _input: &Input) -> Answer {
    let account = &cx.realm.account;
    Ok(json!({
        "UserId": "AIDAEXAMPLEEXAMPLE123",
        "Account": account,
        "Arn": format!("arn:aws:iam::{account}:user/sandbox"),
    }))
}

fn describe_key(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let wanted = input.require("KeyId", "ValidationException")?;
    let alias = wanted.rsplit_once(":alias/").map(|(_, name)| format!("alias/{name}"));
    let is = |key: &&Key| {
        let aliased = key.alias.as_deref();
        key.id == wanted
            || key.arn == wanted
            || aliased == Some(wanted)
            || (alias.is_some() && aliased == alias.as_deref())
    };
    let text = format!("Key '{wanted}' does not exist");
    let found = cx.realm.keys.values().find(is);
    let key = found.ok_or_else(|| AwsError::bad("NotFoundException", text))?;
    Ok(json!({ "KeyMetadata": {
        "AWSAccountId": cx.realm.account,
        "KeyId": key.id,
        "Arn": key.arn,
        "CreationDate": epoch(key.created),
        "Enabled": key.state == "Enabled",
        "Description": "",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": key.state,
        "DeletionDate": key.deletion.map(epoch),
        "Origin": "AWS_KMS",
        "KeyManager": if key.managed { "AWS" } else { "CUSTOMER" },
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": false,
    } }))
}
