//! Secrets Manager.

use crate::clock::{later, seconds};
use crate::error::{Answer, AwsError};
use crate::input::{Input, page};
use crate::operation::{Cx, Handler, Operation};
use crate::realm::Realm;
use crate::wire::epoch;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

const SECRET: &[&str] = &["SecretId"];

const fn op(name: &'static str, target: &'static [&'static str], handler: Handler) -> Operation {
    Operation::new("secretsmanager", name, target, handler)
}

/// Secrets Manager's operations.
pub(crate) const OPERATIONS: &[Operation] = &[
    op("DescribeSecret", SECRET, describe),
    op("GetSecretValue", SECRET, get_value),
    op("PutSecretValue", SECRET, put_value),
    op("RotateSecret", SECRET, rotate),
    op("DeleteSecret", SECRET, delete),
    op("RestoreSecret", SECRET, restore),
    op("ListSecrets", &[], list),
    op("ListSecretVersionIds", SECRET, list_versions),
    op("UpdateSecretVersionStage", SECRET, move_stage),
];

/// A secret.
#[derive(Clone, Debug)]
pub(crate) struct Secret {
    /// Its ARN, with AWS's six random characters.
    pub(crate) arn: String,
    /// Its name.
    pub(crate) name: String,
    /// Its description.
    pub(crate) description: String,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// When its value was last changed.
    pub(crate) changed: Timestamp,
    /// When it was last rotated.
    pub(crate) rotated: Option<Timestamp>,
    /// When it was scheduled for deletion, and when it goes.
    pub(crate) deleted: Option<(Timestamp, Timestamp)>,
    /// Versions, oldest first: id and value.
    pub(crate) versions: Vec<(String, String)>,
}

impl Secret {
    fn stages(&self) -> Map<String, Value> {
        let last = self.versions.len();
        let stage = |(place, (id, _)): (usize, &(String, String))| {
            let name = if place + 1 == last { "AWSCURRENT" } else { "AWSPREVIOUS" };
            (id.clone(), json!([name]))
        };
        let recent = last.saturating_sub(2);
        self.versions.iter().enumerate().skip(recent).map(stage).collect()
    }
}

impl Secret {
    /// Whether it is there at all, scheduled for deletion or not.
    pub(crate) fn exists(&self, now: Timestamp) -> bool {
        self.deleted.is_none_or(|(_, at)| at > now)
    }

    /// The present version becomes the previous one.
    pub(crate) fn rotate(&mut self, version: String, now: Timestamp) {
        let value = format!("rotated-canary-{version}");
        self.versions.push((version, value));
        self.changed = now;
        self.rotated = Some(now);
    }
}

/// The secret of an id or an ARN whose value can be read: not one scheduled for deletion.
pub(crate) fn usable<'a>(realm: &'a Realm, id: &str) -> Result<&'a Secret, AwsError> {
    let same = |each: &&Secret| each.arn == id || each.name == id;
    let text = "Secrets Manager can't find the specified secret.";
    let found = realm.secrets.values().find(same);
    let secret = found.ok_or_else(|| AwsError::bad("ResourceNotFoundException", text))?;
    match secret.deleted {
        None => Ok(secret),
        Some(_) => Err(AwsError::bad(
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        )),
    }
}

fn found<'a>(cx: &'a mut Cx<'_>, input: &Input) -> Result<&'a mut Secret, AwsError> {
    let id = input.require("SecretId", "InvalidParameterException")?;
    let now = cx.now;
    let there = |each: &&mut Secret| {
        let partial = each.arn.rsplit_once('-').is_some_and(|(stem, _)| stem == id);
        let gone = each.deleted.is_some_and(|(_, at)| at <= now);
        !gone && (each.arn == id || each.name == id || partial)
    };
    let text = "Secrets Manager can't find the specified secret.";
    let missing = || AwsError::bad("ResourceNotFoundException", text);
    cx.realm.secrets.values_mut().find(there).ok_or_else(missing)
}

fn alive<'a>(cx: &'a mut Cx<'_>, input: &Input) -> Result<&'a mut Secret, AwsError> {
    let secret = found(cx, input)?;
    if secret.deleted.is_none() {
        return Ok(secret);
    }
    let text = "You can't perform this operation on the secret because it was marked for deletion.";
    Err(AwsError::bad("InvalidRequestException", text))
}

fn row(secret: &Secret, versions: &str) -> Value {
    json!({
        "ARN": secret.arn,
        "Name": secret.name,
        "Description": secret.description,
        "RotationEnabled": secret.rotated.is_some(),
        "LastRotatedDate": secret.rotated.map(epoch),
        "LastChangedDate": epoch(secret.changed),
        "DeletedDate": secret.deleted.map(|(at, _)| epoch(at)),
        "CreatedDate": epoch(secret.created),
        "Tags": [],
        versions: secret.stages(),
    })
}

fn describe(cx: &mut Cx<'_>, input: &Input) -> Answer {
    Ok(row(found(cx, input)?, "VersionIdsToStages"))
}

fn get_value(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let secret = alive(cx, input)?;
    let wanted = input.text("VersionId");
    let mut versions = secret.versions.iter().rev();
    let version = versions.find(|(id, _)| wanted.is_none_or(|wanted| wanted == id));
    let text = "Secrets Manager can't find the specified secret value.";
    let (id, value) = version.ok_or_else(|| AwsError::bad("ResourceNotFoundException", text))?;
    Ok(json!({
        "ARN": secret.arn,
        "Name": secret.name,
        "VersionId": id,
        "SecretString": value,
        "VersionStages": secret.stages().get(id),
        "CreatedDate": epoch(secret.changed),
    }))
}

fn put_value(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let version = match input.text("ClientRequestToken") {
        Some(token) => token.to_owned(),
        None => cx.realm.uuid(),
    };
    let value = input.require("SecretString", "InvalidParameterException")?.to_owned();
    let now = cx.now;
    let secret = alive(cx, input)?;
    secret.versions.push((version.clone(), value));
    secret.changed = now;
    Ok(json!({
        "ARN": secret.arn,
        "Name": secret.name,
        "VersionId": version,
        "VersionStages": ["AWSCURRENT"],
    }))
}

fn rotate(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let (version, now) = (cx.realm.uuid(), cx.now);
    let secret = alive(cx, input)?;
    secret.rotate(version.clone(), now);
    Ok(json!({ "ARN": secret.arn, "Name": secret.name, "VersionId": version }))
}

fn delete(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let days = input.number("RecoveryWindowInDays").unwrap_or(30);
    if !(7..=30).contains(&days) {
        let text = "RecoveryWindowInDays value must be between 7 and 30 days (inclusive).";
        return Err(AwsError::bad("InvalidParameterException", text));
    }
    if input.flag("ForceDeleteWithoutRecovery") && input.number("RecoveryWindowInDays").is_some() {
        let text = "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.";
        return Err(AwsError::bad("InvalidParameterException", text));
    }
    let now = cx.now;
    #[expect(clippy::cast_precision_loss, reason = "at most thirty days")]
    let gone = match input.flag("ForceDeleteWithoutRecovery") {
        true => now,
        false => later(now, seconds(days as f64 * 86400.0)),
    };
    let secret = alive(cx, input)?;
    secret.deleted = Some((now, gone));
    Ok(json!({ "ARN": secret.arn, "Name": secret.name, "DeletionDate": epoch(gone) }))
}

fn restore(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let secret = found(cx, input)?;
    secret.deleted = None;
    Ok(json!({ "ARN": secret.arn, "Name": secret.name }))
}

/// `ListSecretVersionIds`: the staged versions, or all of them.
fn list_versions(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let secret = found(cx, input)?;
    let (stages, all) = (secret.stages(), input.flag("IncludeDeprecated"));
    let row = |(id, _): &(String, String)| {
        let staged = stages.get(id);
        (all || staged.is_some()).then(|| {
            json!({
                "VersionId": id,
                "VersionStages": staged,
                "CreatedDate": epoch(secret.changed),
            })
        })
    };
    let rows: Vec<Value> = secret.versions.iter().filter_map(row).collect();
    Ok(json!({ "Versions": rows, "ARN": secret.arn, "Name": secret.name }))
}

/// `UpdateSecretVersionStage`: an older version becomes the current one again.
fn move_stage(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let stage = input.require("VersionStage", "InvalidParameterException")?;
    if stage != "AWSCURRENT" {
        return Err(AwsError::not_implemented("secretsmanager", "UpdateSecretVersionStage of other stages"));
    }
    let to = input.require("MoveToVersionId", "InvalidParameterException")?;
    let from = input.text("RemoveFromVersionId");
    let now = cx.now;
    let secret = alive(cx, input)?;
    if secret.versions.last().map(|(id, _)| id.as_str()) != from {
        let text = "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached \
                    to another version.";
        return Err(AwsError::bad("InvalidParameterException", text));
    }
    let missing =
        || AwsError::bad("ResourceNotFoundException", "Secrets Manager can't find the specified secret version.");
    let place = secret.versions.iter().position(|(id, _)| id == to).ok_or_else(missing)?;
    let version = secret.versions.remove(place);
    secret.versions.push(version);
    secret.changed = now;
    Ok(json!({ "ARN": secret.arn, "Name": secret.name }))
}

fn list(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let all = input.flag("IncludePlannedDeletion");
    let filters = input.list("Filters");
    let passes = |secret: &Secret| {
        filters.iter().all(|filter| {
            let text = match filter.text("Key") {
                Some("description") => &secret.description,
                _ => &secret.name,
            };
            filter.strings("Values").iter().any(|value| text.starts_with(value.as_str()))
        })
    };
    let secrets = cx.realm.secrets.values();
    let found: Vec<&Secret> = secrets.filter(|each| (all || each.deleted.is_none()) && passes(each)).collect();
    let size = input.number("MaxResults").and_then(|size| usize::try_from(size).ok());
    let (found, next) = page(&found, input.text("NextToken"), size.unwrap_or(100).clamp(1, 100));
    let rows: Vec<Value> = found.into_iter().map(|each| row(each, "SecretVersionsToStages")).collect();
    Ok(json!({ "SecretList": rows, "NextToken": next }))
}
