//! `/_sandbox/…`: what tests may see and do that no AWS client can.

mod change;
mod show;

pub(crate) use change::set;
pub(crate) use show::summary;

use crate::faults::Fault;
use crate::sandbox::Sandbox;
use crate::seeds::{self, BackupSeed, SnapshotSeed, StackSeed};
use bytes::Bytes;
use http::{Method, Request, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

type Said = Result<Value, (u16, String)>;

/// Answers a request to `/_sandbox/…` in JSON.
pub(crate) fn answer(sandbox: &Sandbox, request: &Request<Bytes>) -> Response<Bytes> {
    let (status, body) = match said(sandbox, request) {
        Ok(value) => (200, value),
        Err((status, text)) => (status, json!({ "error": text })),
    };
    crate::wire::message(status, "application/json", "sandbox", body.to_string())
}

fn said(sandbox: &Sandbox, request: &Request<Bytes>) -> Said {
    let path = request.uri().path().trim_start_matches("/_sandbox/");
    let body = request.body();
    let is = |method: &Method| request.method() == method;
    match path {
        "operations" => Ok(json!(crate::operation::names())),
        "state" => Ok(summary(sandbox)),
        "consistency" => consistency(sandbox, request.uri().query().unwrap_or("")),
        "contents" => contents(sandbox, request.uri().query().unwrap_or("")),
        "requests" if is(&Method::DELETE) => {
            sandbox.clear_requests();
            Ok(json!({}))
        }
        "requests" => Ok(json!(sandbox.requests())),
        "messages" if is(&Method::DELETE) => {
            sandbox.clear_messages();
            Ok(json!({}))
        }
        "messages" => Ok(json!({ "messages": sandbox.messages(), "events": sandbox.events() })),
        "faults" if is(&Method::DELETE) => {
            sandbox.clear_faults();
            Ok(json!({}))
        }
        "faults" if is(&Method::POST) => {
            for fault in many::<Fault>(body)? {
                sandbox.add_fault(fault);
            }
            Ok(json!(sandbox.faults()))
        }
        "faults" => Ok(json!(sandbox.faults())),
        "stacks" => stacks(sandbox, body),
        "snapshots" => snapshots(sandbox, body),
        "backups" => backups(sandbox, body),
        "durations" if is(&Method::POST) => {
            sandbox.set_durations(read(body)?);
            Ok(json!(sandbox.durations()))
        }
        "durations" => Ok(json!(sandbox.durations())),
        "clock" => clock(sandbox, request),
        "set" => {
            for change in many::<Value>(body)? {
                set(sandbox, &change).map_err(|text| (400, text))?;
            }
            Ok(json!({}))
        }
        _ => Err((404, format!("no such endpoint: /_sandbox/{path}"))),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, (u16, String)> {
    serde_json::from_slice(body).map_err(|error| (400, error.to_string()))
}

/// One thing, or a list of them.
fn many<T: DeserializeOwned>(body: &[u8]) -> Result<Vec<T>, (u16, String)> {
    let value: Value = read(body)?;
    let list = if value.is_array() { value } else { json!([value]) };
    serde_json::from_value(list).map_err(|error| (400, error.to_string()))
}

/// Seeds as they are, or `{"like": "hubs", "name": …}`.
fn stacks(sandbox: &Sandbox, body: &[u8]) -> Said {
    let mut ids = Vec::new();
    for value in many::<Value>(body)? {
        let name = value.get("name").and_then(Value::as_str).unwrap_or("stack");
        let seed = match value.get("like").and_then(Value::as_str) {
            Some("hubs") => adjusted(seeds::hubs(name), &value)?,
            Some("sample") => adjusted(seeds::sample(name), &value)?,
            Some(other) => return Err((400, format!("no built-in stack is like {other}"))),
            None => StackSeed::deserialize(&value).map_err(|error| (400, error.to_string()))?,
        };
        ids.push(sandbox.seed_stack(&seed));
    }
    Ok(json!({ "StackIds": ids }))
}

/// What a request says beside `like` and `name`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Adjustment {
    account: String,
    region: String,
    padding: usize,
    values: std::collections::BTreeMap<String, String>,
    tags: std::collections::BTreeMap<String, String>,
    termination_protection: bool,
}

fn adjusted(mut seed: StackSeed, value: &Value) -> Result<StackSeed, (u16, String)> {
    let change = Adjustment::deserialize(value).map_err(|error| (400, error.to_string()))?;
    for (key, value) in change.values {
        let known = seed.parameters.iter_mut().find(|each| each.key == key);
        known.ok_or_else(|| (400, format!("no parameter {key}")))?.value = value;
    }
    seed.tags.extend(change.tags);
    let (account, region, padding) = (change.account, change.region, change.padding);
    Ok(StackSeed { account, region, padding, termination_protection: change.termination_protection, ..seed })
}

fn snapshots(sandbox: &Sandbox, body: &[u8]) -> Said {
    for seed in many::<SnapshotSeed>(body)? {
        if !sandbox.seed_snapshots(&seed) {
            return Err((404, format!("no such cluster: {}", seed.cluster)));
        }
    }
    Ok(json!({}))
}

fn backups(sandbox: &Sandbox, body: &[u8]) -> Said {
    let mut planted = Vec::new();
    for seed in many::<BackupSeed>(body)? {
        planted.extend(sandbox.seed_backups(&seed).map_err(|text| (404, text))?);
    }
    Ok(json!({ "backups": planted }))
}

fn consistency(sandbox: &Sandbox, query: &str) -> Said {
    let text = |wanted: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let name = text("stack");
    if !name.is_empty() {
        let found = sandbox.live_consistency(&name);
        return found.map(|found| json!(found)).ok_or_else(|| (404, format!("no contents of a stack {name}")));
    }
    let found = sandbox.consistency(&text("snapshot"), &text("recovery_point"));
    let missing = || (404, "no complete snapshot and recovery point of one stack".to_owned());
    found.map(|found| json!(found)).ok_or_else(missing)
}

/// The versions themselves: of a stack now, or of a snapshot and a recovery point.
fn contents(sandbox: &Sandbox, query: &str) -> Said {
    let pairs: std::collections::BTreeMap<String, String> =
        form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let text = |name: &str| pairs.get(name).map_or("", String::as_str);
    let found = match text("stack") {
        "" => sandbox.contents_saved(text("snapshot"), text("recovery_point")),
        stack => sandbox.contents_of(stack),
    };
    let found = found.ok_or_else(|| (404, "no such contents".to_owned()))?;
    let plain = |all: Vec<Option<i128>>| -> Vec<Value> {
        all.into_iter().map(|each| each.map_or(Value::Null, |version| json!(version.to_string()))).collect()
    };
    Ok(json!({ "rows": plain(found.rows), "files": plain(found.files) }))
}

#[derive(Deserialize)]
struct Advance {
    advance: f64,
}

fn clock(sandbox: &Sandbox, request: &Request<Bytes>) -> Said {
    if request.method() == Method::POST {
        let step: Advance = read(request.body())?;
        if !sandbox.advance(crate::clock::seconds(step.advance)) {
            return Err((409, "the clock is real: it cannot be turned".to_owned()));
        }
    }
    Ok(json!({ "now": sandbox.now() }))
}
