//! EventBridge: event buses, and what was put on them.

use crate::error::{Answer, AwsError};
use crate::input::Input;
use crate::operation::{Cx, Operation};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

/// EventBridge's operations.
pub(crate) const OPERATIONS: &[Operation] = &[Operation::new("events", "PutEvents", &[], put)];

/// The bus that is always there.
const DEFAULT: &str = "default";
/// No request has more bytes of entries.
const LARGEST: usize = 256 * 1024;

/// An event as a rule's target gets it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PutEvent {
    /// When it was put, or the time that it names.
    pub time: Timestamp,
    /// The bus's account.
    pub account: String,
    /// The bus's region.
    pub region: String,
    /// The bus's name.
    pub bus: String,
    /// What EventBridge answered.
    pub id: String,
    /// Its source.
    pub source: String,
    /// Its detail type.
    pub detail_type: String,
    /// Its detail.
    pub detail: Value,
    /// The ARNs of what it is about.
    pub resources: Vec<String>,
}

/// Why one entry failed: `ErrorCode` and `ErrorMessage`.
type Failure = (&'static str, String);

/// The name of the bus of an entry, by name or ARN.
pub(crate) fn bus_of(entry: &Input) -> &str {
    let given = entry.text("EventBusName").unwrap_or(DEFAULT);
    given.rsplit_once(":event-bus/").map_or(given, |(_, name)| name)
}

fn put(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let entries = input.list("Entries");
    check(&entries)?;
    let mut failed = 0;
    let mut rows = Vec::new();
    for entry in &entries {
        match event(cx, entry) {
            Ok(event) => {
                rows.push(json!({ "EventId": event.id }));
                cx.realm.events.push(event);
            }
            Err((code, text)) => {
                failed += 1;
                rows.push(json!({ "ErrorCode": code, "ErrorMessage": text }));
            }
        }
    }
    Ok(json!({ "FailedEntryCount": failed, "Entries": rows }))
}

fn check(entries: &[Input]) -> Result<(), AwsError> {
    let refused = |text: &str| Err(AwsError::bad("ValidationException", text));
    let constraint = "1 validation error detected: Value at 'entries' failed to satisfy constraint";
    if entries.is_empty() {
        return refused(&format!("{constraint}: Member must have length greater than or equal to 1"));
    }
    if entries.len() > 10 {
        return refused(&format!("{constraint}: Member must have length less than or equal to 10"));
    }
    let size = |entry: &Input| ["Source", "DetailType", "Detail"].map(|name| entry.text(name).unwrap_or("").len());
    if entries.iter().flat_map(size).sum::<usize>() > LARGEST {
        return refused("Total size of the entries in the request is over the limit.");
    }
    Ok(())
}

fn event(cx: &mut Cx<'_>, entry: &Input) -> Result<PutEvent, Failure> {
    let source = required(entry, "Source")?;
    if source.starts_with("aws.") {
        return Err(("NotAuthorizedForSourceException", format!("Not authorized for the source {source}.")));
    }
    let detail_type = required(entry, "DetailType")?;
    if detail_type.chars().count() > 128 {
        return Err(argument("DetailType", "DetailType is longer than 128 characters."));
    }
    let detail = detail(required(entry, "Detail")?)?;
    let bus = bus(cx, entry)?;
    let realm = &mut *cx.realm;
    Ok(PutEvent {
        time: entry.instant("Time").unwrap_or(cx.now),
        account: realm.account.clone(),
        region: realm.region.clone(),
        bus,
        id: realm.uuid(),
        source: source.to_owned(),
        detail_type: detail_type.to_owned(),
        detail,
        resources: entry.strings("Resources"),
    })
}

fn argument(name: &str, reason: &str) -> Failure {
    ("InvalidArgument", format!("Parameter {name} is not valid. Reason: {reason}"))
}

fn required<'a>(entry: &'a Input, name: &str) -> Result<&'a str, Failure> {
    entry.text(name).ok_or_else(|| argument(name, &format!("{name} is a required argument.")))
}

/// A JSON object: nothing else is a detail.
fn detail(text: &str) -> Result<Value, Failure> {
    let parsed: Option<Value> = serde_json::from_str(text).ok();
    parsed.filter(Value::is_object).ok_or_else(|| ("MalformedDetail", "Detail is malformed.".to_owned()))
}

fn bus(cx: &Cx<'_>, entry: &Input) -> Result<String, Failure> {
    let name = bus_of(entry);
    if name == DEFAULT || cx.realm.buses.contains(name) {
        return Ok(name.to_owned());
    }
    Err(argument("EventBusName", &format!("Event bus {name} does not exist.")))
}
