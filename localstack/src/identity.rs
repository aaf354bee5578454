//! IAM, STS and KMS: roles, callers and keys.

use crate::agenda::{Event, Thing};
use crate::clock::{later, seconds};
use crate::error::{Answer, AwsError};
use crate::input::Input;
use crate::operation::{Cx, Operation};
use crate::realm::Realm;
use crate::wire::{epoch, iso};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

/// The operations of IAM, STS and KMS.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new("iam", "GetRole", &["RoleName"], get_role),
    Operation::new("sts", "GetCallerIdentity", &[], get_caller_identity),
    Operation::new("kms", "DescribeKey", &["KeyId"], describe_key),
    Operation::new("kms", "ScheduleKeyDeletion", &["KeyId"], schedule_deletion),
    Operation::new("kms", "CancelKeyDeletion", &["KeyId"], cancel_deletion),
    Operation::new("kms", "DisableKey", &["KeyId"], disable_key),
    Operation::new("kms", "EnableKey", &["KeyId"], enable_key),
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

fn key<'a>(cx: &'a mut Cx<'_>, input: &Input) -> Result<&'a mut Key, AwsError> {
    let wanted = input.require("KeyId", "ValidationException")?;
    let alias = wanted.rsplit_once(":alias/").map(|(_, name)| format!("alias/{name}"));
    let is = |key: &&mut Key| {
        let aliased = key.alias.as_deref();
        key.id == wanted
            || key.arn == wanted
            || aliased == Some(wanted)
            || (alias.is_some() && aliased == alias.as_deref())
    };
    let text = format!("Key '{wanted}' does not exist");
    cx.realm.keys.values_mut().find(is).ok_or_else(|| AwsError::bad("NotFoundException", text))
}

/// AWS's refusal of a key in the wrong state.
fn wrong_state(key: &Key) -> AwsError {
    AwsError::bad("KMSInvalidStateException", format!("{} is {}.", key.arn, worded(&key.state)))
}

fn worded(state: &str) -> &str {
    match state {
        "PendingDeletion" => "pending deletion",
        "Disabled" => "disabled",
        _ => "enabled",
    }
}

fn schedule_deletion(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let days = input.number("PendingWindowInDays").unwrap_or(30);
    if !(7..=30).contains(&days) {
        let text = "PendingWindowInDays must be between 7 and 30 (inclusive)";
        return Err(AwsError::bad("ValidationException", text));
    }
    let found = key(cx, input)?.clone();
    if found.state == "PendingDeletion" {
        return Err(wrong_state(&found));
    }
    if found.managed {
        let text = format!("{} is managed by AWS and cannot be deleted", found.arn);
        return Err(AwsError::bad("UnsupportedOperationException", text));
    }
    schedule(cx.realm, &found.id, days, cx.now);
    let due = cx.realm.keys.get(&found.id).and_then(|each| each.deletion);
    Ok(json!({
        "KeyId": found.arn,
        "DeletionDate": due.map(epoch),
        "KeyState": "PendingDeletion",
        "PendingWindowInDays": days,
    }))
}

/// A key will go after so many days.
pub(crate) fn schedule(realm: &mut Realm, id: &str, days: i64, at: Timestamp) {
    #[expect(clippy::cast_precision_loss, reason = "at most thirty days")]
    let due = later(at, seconds(days as f64 * 86_400.0));
    if let Some(key) = realm.keys.get_mut(id) {
        key.state = "PendingDeletion".to_owned();
        key.deletion = Some(due);
        realm.agenda.plan(due, Event::Gone(Thing::Key(id.to_owned(), due)));
    }
}

fn cancel_deletion(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let found = key(cx, input)?;
    if found.state != "PendingDeletion" {
        return Err(wrong_state(found));
    }
    found.state = "Disabled".to_owned();
    found.deletion = None;
    Ok(json!({ "KeyId": found.arn }))
}

fn disable_key(cx: &mut Cx<'_>, input: &Input) -> Answer {
    turn(cx, input, "Disabled")
}

fn enable_key(cx: &mut Cx<'_>, input: &Input) -> Answer {
    turn(cx, input, "Enabled")
}

fn turn(cx: &mut Cx<'_>, input: &Input, state: &str) -> Answer {
    let found = key(cx, input)?;
    if found.state == "PendingDeletion" {
        return Err(wrong_state(found));
    }
    state.clone_into(&mut found.state);
    Ok(serde_json::Value::Null)
}

fn describe_key(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let account = cx.realm.account.clone();
    let key = key(cx, input)?;
    Ok(json!({ "KeyMetadata": {
        "AWSAccountId": account,
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
