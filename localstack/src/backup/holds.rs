//! Legal holds: while one is active its recovery points cannot be deleted.

use super::start::check_tags;
use super::state::{Backup, Point, invalid, not_found};
use super::views::window;
use crate::error::{Answer, AwsError};
use crate::input::{Input, page};
use crate::operation::Cx;
use crate::realm::Realm;
use crate::wire::epoch;
use jiff::Timestamp;
use serde_json::{Value, json};

const MISSING: &str = "MissingParameterValueException";
/// How many seconds a legal hold is `CREATING` or `CANCELING`.
const SETTLES: f64 = 5.0;

/// A legal hold.
#[derive(Clone, Debug)]
pub(crate) struct LegalHold {
    /// Its id.
    pub(crate) id: String,
    /// Its title.
    pub(crate) title: String,
    /// Its description.
    pub(crate) description: String,
    /// The criteria as they were given.
    pub(crate) selection: Value,
    /// The ARNs of the recovery points that fitted them when it was made.
    pub(crate) points: Vec<String>,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// When it is `ACTIVE`.
    pub(crate) active: Timestamp,
    /// When it was cancelled, when that is done, and why.
    pub(crate) cancelled: Option<(Timestamp, Timestamp, String)>,
    /// How long its record stays.
    pub(crate) kept_until: Option<Timestamp>,
}

impl LegalHold {
    /// The status at an instant.
    pub(crate) fn status(&self, now: Timestamp) -> &'static str {
        match &self.cancelled {
            Some((_, done, _)) if *done <= now => "CANCELED",
            Some(_) => "CANCELING",
            None if now < self.active => "CREATING",
            None => "ACTIVE",
        }
    }

    fn is_remembered(&self, now: Timestamp) -> bool {
        self.kept_until.is_none_or(|until| now < until)
    }
}

impl Backup {
    /// Whether a legal hold keeps a recovery point.
    pub(crate) fn is_held(&self, arn: &str, now: Timestamp) -> bool {
        let holds = |hold: &&LegalHold| hold.status(now) != "CANCELED" && hold.points.iter().any(|each| each == arn);
        self.holds.values().any(|hold| holds(&hold))
    }
}

/// AWS's refusal to delete what a legal hold keeps.
pub(super) fn held() -> AwsError {
    let text = "The recovery point cannot be deleted because it has active legal hold(s)";
    AwsError::bad("InvalidRequestException", text)
}

/// A hold on some recovery points, active from the first moment on.
pub(crate) fn place(realm: &mut Realm, title: &str, points: Vec<String>, now: Timestamp) {
    let id = realm.uuid();
    let (title, description) = (title.to_owned(), "set by the sandbox".to_owned());
    let hold = LegalHold {
        id: id.clone(),
        title,
        description,
        selection: json!({}),
        points,
        created: now,
        active: now,
        cancelled: None,
        kept_until: None,
    };
    realm.backup.holds.insert(id, hold);
}

/// `CreateLegalHold`: of the recovery points that there are; the same token again makes no other.
pub(crate) fn create(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let token = input.text("IdempotencyToken").map(|token| format!("hold {token}"));
    let known = token.as_ref().and_then(|token| cx.realm.backup.tokens.get(token)).cloned();
    if let Some(hold) = known.and_then(|id| cx.realm.backup.holds.get(&id)) {
        return Ok(shown(cx.realm, hold, cx.now));
    }
    let title = input.require("Title", MISSING)?.to_owned();
    let description = input.require("Description", MISSING)?.to_owned();
    check_tags(&input.map("Tags"))?;
    let selection = input.0.get("RecoveryPointSelection").cloned().unwrap_or_else(|| json!({}));
    let points = selected(cx, &Input(selection.clone()))?;
    let (id, active) = (cx.realm.uuid(), cx.realm.exactly_after(cx.now, SETTLES));
    let (created, cancelled, kept_until) = (cx.now, None, None);
    let hold =
        LegalHold { id: id.clone(), title, description, selection, points, created, active, cancelled, kept_until };
    if let Some(token) = token {
        cx.realm.backup.tokens.insert(token, id.clone());
    }
    let answer = shown(cx.realm, &hold, cx.now);
    cx.realm.backup.holds.insert(id, hold);
    Ok(answer)
}

/// The recovery points that fit all criteria; no criteria, all of them.
fn selected(cx: &Cx<'_>, criteria: &Input) -> Result<Vec<String>, AwsError> {
    let (vaults, resources) = (criteria.strings("VaultNames"), criteria.strings("ResourceIdentifiers"));
    let range = criteria.0.get("DateRange").cloned().map(Input);
    let (from, to) = (limit(range.as_ref(), "FromDate", cx.now)?, limit(range.as_ref(), "ToDate", cx.now)?);
    let fits = |point: &&Point| {
        (vaults.is_empty() || vaults.contains(&point.vault))
            && (resources.is_empty() || resources.iter().any(|each| *each == point.resource || each == "EFS"))
            && from.is_none_or(|from| point.created >= from)
            && to.is_none_or(|to| point.created <= to)
    };
    let all = cx.realm.backup.points.values();
    Ok(all.filter(fits).map(|point| point.arn.clone()).collect())
}

fn limit(range: Option<&Input>, member: &str, now: Timestamp) -> Result<Option<Timestamp>, AwsError> {
    let Some(range) = range else {
        return Ok(None);
    };
    match range.instant(member) {
        None => Err(AwsError::bad(MISSING, format!("The parameter {member} must be provided."))),
        Some(at) if at > now => Err(invalid(format!("{member} must not be in the future"))),
        Some(at) => Ok(Some(at)),
    }
}

/// A legal hold without its selection, as `ListLegalHolds` shows it.
fn row(realm: &Realm, hold: &LegalHold, now: Timestamp) -> Value {
    json!({
        "Title": hold.title,
        "Status": hold.status(now),
        "Description": hold.description,
        "LegalHoldId": hold.id,
        "LegalHoldArn": realm.arn("backup", &format!("legal-hold:{}", hold.id)),
        "CreationDate": epoch(hold.created),
        "CancellationDate": hold.cancelled.as_ref().map(|(at, ..)| epoch(*at)),
    })
}

fn shown(realm: &Realm, hold: &LegalHold, now: Timestamp) -> Value {
    let mut row = row(realm, hold, now);
    if let Some(members) = row.as_object_mut() {
        members.insert("RecoveryPointSelection".to_owned(), hold.selection.clone());
    }
    row
}

fn found<'a>(cx: &'a Cx<'_>, input: &Input) -> Result<&'a LegalHold, AwsError> {
    let id = input.require("legalHoldId", MISSING)?;
    let found = cx.realm.backup.holds.get(id).filter(|hold| hold.is_remembered(cx.now));
    found.ok_or_else(|| not_found(format!("Legal hold {id} does not exist")))
}

/// `GetLegalHold`.
pub(crate) fn get(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let hold = found(cx, input)?;
    let mut answer = shown(cx.realm, hold, cx.now);
    if let (Some(members), Some((_, _, why))) = (answer.as_object_mut(), &hold.cancelled) {
        members.insert("CancelDescription".to_owned(), json!(why));
        members.insert("RetainRecordUntil".to_owned(), json!(hold.kept_until.map(epoch)));
    }
    Ok(answer)
}

/// `ListLegalHolds`: active and previous ones, newest first.
pub(crate) fn list(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let size = window(input)?;
    let all = cx.realm.backup.holds.values();
    let mut holds: Vec<&LegalHold> = all.filter(|hold| hold.is_remembered(cx.now)).collect();
    holds.sort_by_key(|hold| std::cmp::Reverse(hold.created));
    let (holds, next) = page(&holds, input.text("nextToken"), size);
    let rows: Vec<Value> = holds.into_iter().map(|hold| row(cx.realm, hold, cx.now)).collect();
    Ok(json!({ "LegalHolds": rows, "NextToken": next }))
}

/// `ListRecoveryPointsByLegalHold`; its model knows no `ResourceNotFoundException`.
pub(crate) fn list_points(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let size = window(input)?;
    let unknown = |error: AwsError| match error.code.as_str() {
        "ResourceNotFoundException" => invalid(error.message),
        _ => error,
    };
    let hold = found(cx, input).map_err(unknown)?;
    let there = |arn: &String| cx.realm.backup.points.get(arn);
    let points: Vec<&Point> = hold.points.iter().filter_map(there).collect();
    let (points, next) = page(&points, input.text("nextToken"), size);
    let row = |point: &Point| {
        json!({
            "RecoveryPointArn": point.arn,
            "ResourceArn": point.resource,
            "ResourceType": "EFS",
            "BackupVaultName": point.vault,
        })
    };
    let rows: Vec<Value> = points.into_iter().map(row).collect();
    Ok(json!({ "RecoveryPoints": rows, "NextToken": next }))
}

/// `CancelLegalHold`: `CANCELING`, then `CANCELED`.
pub(crate) fn cancel(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let why = input.require("cancelDescription", MISSING)?.to_owned();
    let hold = found(cx, input)?;
    if hold.status(cx.now) != "ACTIVE" {
        let text = format!("Legal hold {} is in state {} and cannot be cancelled", hold.id, hold.status(cx.now));
        return Err(AwsError::bad("InvalidResourceStateException", text));
    }
    let (id, done) = (hold.id.clone(), cx.realm.exactly_after(cx.now, SETTLES));
    #[expect(clippy::cast_precision_loss, reason = "days")]
    let kept = input.number("retainRecordInDays").map(|days| cx.realm.exactly_after(cx.now, days as f64 * 86_400.0));
    if let Some(hold) = cx.realm.backup.holds.get_mut(&id) {
        hold.cancelled = Some((cx.now, done, why));
        hold.kept_until = kept;
    }
    Ok(Value::Null)
}
