//! From a signed request to an operation's answer.

use crate::clock::{later, seconds};
use crate::error::{Answer, AwsError};
use crate::faults::FaultKind;
use crate::input::Input;
use crate::log::LoggedRequest;
use crate::operation::{Cx, Operation, find};
use crate::refusal;
use crate::sandbox::Outcome;
use crate::state::{ACCOUNT, Place, State};
use crate::wire::{Protocol, json, query, respond, rest, s3, unsigned};
use bytes::Bytes;
use http::{HeaderMap, Request};
use std::time::Duration;

/// Who signed a request, and for what.
pub(crate) struct Scope {
    /// Account and region.
    pub(crate) place: Place,
    /// The signing name.
    pub(crate) service: String,
    /// The access key's id.
    pub(crate) key: String,
}

/// Reads the credential scope of a version 4 signature.
pub(crate) fn scope(headers: &HeaderMap) -> Option<Scope> {
    let header = headers.get("authorization")?.to_str().ok()?;
    let (_, credential) = header.split_once("Credential=")?;
    let credential = credential.split(',').next()?.trim();
    let mut parts = credential.rsplitn(5, '/');
    let (_terminator, service) = (parts.next()?, parts.next()?);
    let (region, _date, key) = (parts.next()?, parts.next()?, parts.next()?);
    let is_account = key.len() == 12 && key.bytes().all(|each| each.is_ascii_digit());
    let account = if is_account { key } else { ACCOUNT };
    let place = (account.to_owned(), region.to_owned());
    Some(Scope { place, service: service.to_owned(), key: key.to_owned() })
}

/// One call, understood as far as it can be.
struct Call {
    operation: Option<&'static Operation>,
    name: String,
    target: String,
    input: Input,
}

fn understand(scope: &Scope, request: &Request<Bytes>) -> Result<Call, AwsError> {
    let service = scope.service.as_str();
    if Protocol::of(service) == Protocol::Rest {
        let (operation, input) = rest::parse(service, request.method(), request.uri(), request.body())?;
        return Ok(call(Some(operation), operation.name, input));
    }
    if Protocol::of(service) == Protocol::S3 {
        let (name, input) = s3::parse(request)?;
        return Ok(call(find(service, name), name, input));
    }
    let (name, input) = match Protocol::of(service) {
        Protocol::Json => json::parse(request.headers(), request.body())?,
        _ => query::parse(request.body()),
    };
    Ok(call(find(service, &name), &name, input))
}

fn call(operation: Option<&'static Operation>, name: &str, input: Input) -> Call {
    let target = operation.map(|each| each.target_of(&input)).unwrap_or_default();
    Call { operation, name: name.to_owned(), target, input }
}

/// What became of a request, how long the answer takes, and its row in the log.
pub(crate) struct Dispatched {
    /// The answer, or a closed connection.
    pub(crate) outcome: Outcome,
    /// How long a real connection is to wait before it answers.
    pub(crate) delay: Duration,
    /// The row in the log.
    pub(crate) row: LoggedRequest,
}

/// Answers a request.
pub(crate) fn dispatch(state: &mut State, request: &Request<Bytes>) -> Dispatched {
    let id = crate::realm::uuid(&mut fastrand::Rng::with_seed(state.seed ^ (state.count << 16)));
    let Some(scope) = scope(request.headers()) else {
        let (response, error) = unsigned(&id);
        return settled(state, Outcome::Response(response), None, "", "", Some(error.code));
    };
    match understand(&scope, request) {
        Ok(call) => attempt(state, &scope, &call, &id),
        Err(error) => {
            let name = format!("{} {}", request.method(), request.uri().path());
            let code = Some(error.code.clone());
            let response = respond(&scope.service, &name, &id, &Err(error));
            settled(state, Outcome::Response(response), Some(&scope), &name, "", code)
        }
    }
}

/// Carries a call out, unless a fault comes between.
fn attempt(state: &mut State, scope: &Scope, call: &Call, id: &str) -> Dispatched {
    let action = format!("{}:{}", scope.service, call.name);
    let fault = state.faults.draw(&action, FaultKind::is_wire, None);
    let delay = match fault {
        Some(FaultKind::Slow { seconds }) => slow(state, seconds),
        _ => Duration::ZERO,
    };
    let (outcome, error) = match met(state, scope, call, fault.as_ref()) {
        Ok(answer) => {
            let error = answer.as_ref().err().map(|error| error.code.clone());
            (Outcome::Response(respond(&scope.service, &call.name, id, &answer)), error)
        }
        Err(lost) => (Outcome::Dropped, Some(lost.to_owned())),
    };
    let mut done = settled(state, outcome, Some(scope), &call.name, &call.target, error);
    done.delay = delay;
    done
}

/// The answer to a call that met a fault or none, or how the connection was lost.
fn met(state: &mut State, scope: &Scope, call: &Call, fault: Option<&FaultKind>) -> Result<Answer, &'static str> {
    match fault {
        None | Some(FaultKind::Slow { .. }) => Ok(carry_out(state, scope, call)),
        Some(FaultKind::DropBefore) => Err("dropped"),
        Some(FaultKind::LostAnswer) => {
            drop(carry_out(state, scope, call));
            Err("answer lost")
        }
        Some(FaultKind::Stale { seconds }) => Ok(stale(state, scope, call, *seconds)),
        Some(refusing) => Ok(Err(refused(scope, call, refusing))),
    }
}

fn settled(
    state: &mut State,
    outcome: Outcome,
    scope: Option<&Scope>,
    operation: &str,
    target: &str,
    error: Option<String>,
) -> Dispatched {
    let (account, region) = scope.map(|scope| scope.place.clone()).unwrap_or_default();
    let status = match &outcome {
        Outcome::Response(response) => response.status().as_u16(),
        Outcome::Dropped => 0,
    };
    let row = LoggedRequest {
        time: state.clock.now(),
        account,
        region,
        service: scope.map(|scope| scope.service.clone()).unwrap_or_default(),
        operation: operation.to_owned(),
        target: target.to_owned(),
        status,
        error,
    };
    state.count += 1;
    state.log.push(row.clone());
    Dispatched { outcome, delay: Duration::ZERO, row }
}

fn refused(scope: &Scope, call: &Call, fault: &FaultKind) -> AwsError {
    let service = scope.service.as_str();
    match fault {
        FaultKind::Throttle => refusal::throttled(service),
        FaultKind::ExpiredCredentials => refusal::expired(service),
        FaultKind::AccessDenied => refusal::denied(&scope.place.0, service, &call.name, &call.target),
        _ => refusal::broken(service),
    }
}

/// A manual clock moves on while an answer is on its way; a real one just passes.
fn slow(state: &mut State, count: f64) -> Duration {
    if state.clock.advance(seconds(count)) {
        return Duration::ZERO;
    }
    Duration::try_from_secs_f64(count).unwrap_or_default()
}

fn carry_out(state: &mut State, scope: &Scope, call: &Call) -> Answer {
    let Some(operation) = call.operation else {
        return Err(AwsError::not_implemented(&scope.service, &call.name));
    };
    let action = counted(state, scope, call)?;
    let now = state.clock.now();
    state.realm(&scope.place);
    let State { realms, accounts, faults, policies, .. } = state;
    let Some(realm) = realms.get_mut(&scope.place) else {
        return Err(refusal::broken(&scope.service));
    };
    let mut cx = Cx {
        realm,
        account: accounts.entry(scope.place.0.clone()).or_default(),
        now,
        faults,
        action,
        policy: policies.of(&scope.place.0, &scope.key),
    };
    let answer = operation.answer(&mut cx, &call.input);
    if operation.changes() {
        state.remember(&scope.place);
    }
    answer
}

/// Counts a call against the rates; returns its action.
fn counted(state: &mut State, scope: &Scope, call: &Call) -> Result<String, AwsError> {
    let action = format!("{}:{}", scope.service, call.name);
    if state.buckets.take(&scope.place, &action, &state.clock) {
        return Ok(action);
    }
    Err(refusal::throttled(&scope.service))
}

/// Asks the world of some seconds ago; whatever is changed in it is forgotten.
fn stale(state: &mut State, scope: &Scope, call: &Call, count: f64) -> Answer {
    let Some(operation) = call.operation else {
        return Err(AwsError::not_implemented(&scope.service, &call.name));
    };
    let action = counted(state, scope, call)?;
    let then = later(state.clock.now(), -seconds(count / state.clock.speed()));
    let mut realm = state.recall(&scope.place, then);
    let mut account = state.accounts.get(&scope.place.0).cloned().unwrap_or_default();
    let mut cx = Cx {
        realm: &mut realm,
        account: &mut account,
        now: then,
        faults: &mut state.faults,
        action,
        policy: state.policies.of(&scope.place.0, &scope.key),
    };
    operation.answer(&mut cx, &call.input)
}
