//! What the function is asked: its own events, and AWS's as a hint to look sooner.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::driver::Driver;
use super::many::FleetEvent;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::stack_arg;

/// Every `action` there is.
const ACTIONS: [&str; 10] =
    ["backup", "fleet", "resume", "abort", "online", "verify", "status", "sentinel", "list-stacks", "report"];

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// One backup.
    Backup(Box<BackupEvent>),
    /// Many backups.
    Fleet(Box<FleetEvent>),
    /// Drive on what is unfinished.
    Resume(OfStack),
    /// Give a run up.
    Abort(AbortEvent),
    /// Bring a stack online.
    Online(OfStack),
    /// Can the newest backup be restored?
    Verify(OfStack),
    /// How a stack stands.
    Status(OfStack),
    /// Bring home what nobody drives.
    Sentinel(SentinelEvent),
    /// The stacks to be backed up, each with its event.
    ListStacks(Box<ListEvent>),
    /// How all of them stand.
    Report(ReportEvent),
    /// Something happened to a half: look now.
    Hint(Hint),
}

/// How a backup is to be taken.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Options {
    /// The schedule's slot: a slot is one run, however often it is delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) slot: Option<Timestamp>,
    /// What becomes of a slot that is delivered too late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) if_late: Option<IfLate>,
    /// When it is too late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) late_after: Option<String>,
    /// As `--live`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) live: Option<bool>,
    /// As `--seed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<bool>,
    /// As `--strict`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) strict: Option<bool>,
    /// As `--max-offline`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_offline: Option<String>,
    /// As `--settle`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) settle: Option<String>,
    /// As `--timeout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<String>,
    /// As `--note`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// As `--keep`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keep: Option<String>,
}

/// What becomes of a slot that is delivered hours late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum IfLate {
    /// Nothing: a site must not go offline at noon because a schedule slept.
    Skip,
    /// It is taken all the same.
    Run,
}

/// The stacks to be backed up.
#[derive(Clone, Debug)]
pub(crate) struct ListEvent {
    /// How many to an event; more than one: each is a fleet's.
    pub(crate) batch: Option<usize>,
    /// How many of a batch may be offline at a time.
    pub(crate) at_once: Option<usize>,
    /// How they are to be backed up.
    pub(crate) options: Options,
}

/// One backup.
#[derive(Clone, Debug)]
pub(crate) struct BackupEvent {
    /// Of this stack.
    pub(crate) stack: String,
    /// How.
    pub(crate) options: Options,
    /// What the last tick left behind.
    pub(crate) driver: Option<Driver>,
}

/// Something about one stack.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OfStack {
    /// Its name.
    pub(crate) stack: String,
    /// What the last tick left behind.
    #[serde(default)]
    pub(crate) driver: Option<Driver>,
}

/// A run is to be given up: of a stack, or the one that an event which went wrong was about.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AbortEvent {
    /// The stack's name.
    #[serde(default)]
    pub(crate) stack: Option<String>,
    /// The event that went wrong.
    #[serde(default)]
    pub(crate) event: Option<Value>,
    /// What the last tick left behind.
    #[serde(default)]
    pub(crate) driver: Option<Driver>,
}

/// The sentinel's look.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct SentinelEvent {
    /// At these stacks only.
    pub(crate) stacks: Option<Vec<String>>,
    /// How often the schedule starts it.
    pub(crate) every: Option<String>,
    /// Runs that this execution drives.
    pub(crate) driving: Vec<Driver>,
}

/// The report on all stacks.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct ReportEvent {
    /// Of these stacks only.
    pub(crate) stacks: Option<Vec<String>>,
    /// Of the backups of this slot.
    pub(crate) slot: Option<Timestamp>,
}

/// AWS's own word that something happened to a half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// A backup job's state changed.
    Job(String),
    /// Something happened to a DB cluster snapshot.
    Snapshot(String),
}

impl Event {
    /// A night's backups depend on it.
    pub(crate) fn nightly(&self) -> bool {
        matches!(self, Self::Backup(_) | Self::Fleet(_) | Self::ListStacks(_))
    }

    /// Reads an event.
    ///
    /// # Errors
    /// It is none of ours: what is wrong with it, by name.
    pub(crate) fn read(value: &Value) -> Result<Self, Failure> {
        let Some(fields) = value.as_object() else {
            return Err(bad("an event is a JSON object"));
        };
        if let Some(kind) = fields.get("detail-type") {
            return hint(kind.as_str().unwrap_or_default(), &value["detail"]);
        }
        let Some(action) = fields.get("action").and_then(Value::as_str) else {
            return Err(bad("the event has no `action`"));
        };
        let mut rest = fields.clone();
        rest.remove("action");
        let rest = Value::Object(rest);
        match action {
            "backup" => backup(rest).map(|event| Self::Backup(Box::new(event))),
            "resume" => of_stack(rest).map(Self::Resume),
            "abort" => read(rest).and_then(checked).map(Self::Abort),
            "online" => of_stack(rest).map(Self::Online),
            "verify" => of_stack(rest).map(Self::Verify),
            "status" => of_stack(rest).map(Self::Status),
            "sentinel" => read(rest).map(Self::Sentinel),
            "fleet" => fleet(rest).map(|event| Self::Fleet(Box::new(event))),
            "list-stacks" => list(rest).map(|event| Self::ListStacks(Box::new(event))),
            "report" => read(rest).map(Self::Report),
            other => Err(bad(&format!("there is no action `{other}`"))),
        }
    }
}

/// The stack, the options and the driver, each refused by its own name.
fn backup(value: Value) -> Result<BackupEvent, Failure> {
    let Value::Object(mut fields) = value else { return Err(bad("an event is a JSON object")) };
    let stack = fields.remove("stack").ok_or_else(|| bad("the event has no `stack`"))?;
    let stack = name(stack.as_str().unwrap_or_default())?;
    let driver = fields.remove("driver").map(read).transpose()?;
    Ok(BackupEvent { stack, options: read(Value::Object(fields))?, driver })
}

fn fleet(value: Value) -> Result<FleetEvent, Failure> {
    let (mut fields, at_once) = common(value)?;
    let stacks: Vec<String> = fields.remove("stacks").map(read).transpose()?.unwrap_or_default();
    stacks.iter().try_for_each(|stack| name(stack).map(drop))?;
    let progress = fields.remove("progress").map(read).transpose()?;
    Ok(FleetEvent { stacks, at_once, progress, options: read(Value::Object(fields))? })
}

fn list(value: Value) -> Result<ListEvent, Failure> {
    let (mut fields, at_once) = common(value)?;
    let batch = fields.remove("batch").map(read).transpose()?;
    Ok(ListEvent { batch, at_once, options: read(Value::Object(fields))? })
}

fn common(value: Value) -> Result<(serde_json::Map<String, Value>, Option<usize>), Failure> {
    let Value::Object(mut fields) = value else { return Err(bad("an event is a JSON object")) };
    let at_once = fields.remove("atOnce").map(read).transpose()?;
    Ok((fields, at_once))
}

fn of_stack(value: Value) -> Result<OfStack, Failure> {
    let event: OfStack = read(value)?;
    Ok(OfStack { stack: name(&event.stack)?, ..event })
}

fn checked(event: AbortEvent) -> Result<AbortEvent, Failure> {
    event.stack.as_deref().map(name).transpose()?;
    Ok(event)
}

fn name(text: &str) -> Result<String, Failure> {
    stack_arg::parse(text).map_err(|why| bad(&why))
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_path_to_error::deserialize(value).map_err(|error| match error.path().to_string().as_str() {
        "." => bad(&error.into_inner().to_string()),
        field => bad(&format!("`{field}`: {}", error.inner())),
    })
}

fn hint(kind: &str, detail: &Value) -> Result<Event, Failure> {
    let word = |key: &str| detail[key].as_str().map(str::to_owned);
    match kind {
        "Backup Job State Change" => {
            word("backupJobId").map(|id| Event::Hint(Hint::Job(id))).ok_or_else(|| bad("it names no backupJobId"))
        }
        "RDS DB Cluster Snapshot Event" => word("SourceIdentifier")
            .map(|id| Event::Hint(Hint::Snapshot(id)))
            .ok_or_else(|| bad("it names no SourceIdentifier")),
        "Scheduled Event" => Err(bad("the schedule has no input")
            .hint("give its target an input, {\"action\":\"backup\",\"stack\":\"my-hub\"} for example")),
        other => Err(bad(&format!("nothing is done about events of the type `{other}`"))),
    }
}

fn bad(why: &str) -> Failure {
    Failure::new(Exit::Usage, "bad-event", "the event cannot be understood")
        .why(why)
        .hint(format!("an event is {{\"action\": …}} with one of {}; nothing was touched", ACTIONS.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn refused(value: &Value) -> String {
        Event::read(value).unwrap_err().why.unwrap()
    }

    #[test]
    fn a_schedules_event_is_understood() {
        let event = json!({ "action": "backup", "stack": "my-hub", "slot": "2026-11-20T02:00:00Z", "ifLate": "run" });
        let Event::Backup(backup) = Event::read(&event).unwrap() else { panic!("another event") };
        assert_eq!((backup.stack.as_str(), backup.options.if_late), ("my-hub", Some(IfLate::Run)));
        assert_eq!(backup.options.slot, Some("2026-11-20T02:00:00Z".parse().unwrap()));
    }

    #[test]
    fn awss_own_events_are_a_hint() {
        let job = json!({ "detail-type": "Backup Job State Change", "source": "aws.backup", "detail": { "backupJobId": "j-1" } });
        assert!(matches!(Event::read(&job).unwrap(), Event::Hint(Hint::Job(id)) if id == "j-1"));
        let snapshot = json!({ "detail-type": "RDS DB Cluster Snapshot Event",
            "detail": { "SourceIdentifier": "my-hub-20261120-020000", "EventID": "RDS-EVENT-0075" } });
        assert!(matches!(Event::read(&snapshot).unwrap(), Event::Hint(Hint::Snapshot(_))));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(refused(&json!([])).contains("JSON object"));
        assert!(refused(&json!({})).contains("no `action`"));
        assert!(refused(&json!({ "action": "delete" })).contains("no action `delete`"));
        assert!(refused(&json!({ "action": "backup" })).contains("no `stack`"));
        assert!(refused(&json!({ "action": "backup", "stack": "my_hub" })).contains("not a stack's name"));
        assert!(refused(&json!({ "action": "backup", "stack": "a", "role": "x" })).contains("unknown field `role`"));
        assert!(refused(&json!({ "action": "resume", "stack": "a", "vault": "x" })).contains("unknown field `vault`"));
        assert!(refused(&json!({ "action": "backup", "stack": "a", "slot": "at night" })).contains("`slot`: "));
        assert!(refused(&json!({ "detail-type": "Scheduled Event", "detail": {} })).contains("no input"));
        assert!(refused(&json!({ "detail-type": "EC2 Instance State-change Notification" })).contains("EC2"));
    }
}
