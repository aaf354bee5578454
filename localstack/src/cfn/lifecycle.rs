//! The beginning of a stack, as it is asked for.

use super::execute::token_used;
use super::state::{Fate, OnFailure, Running, Stack};
use super::template::{self, Template};
use super::{admission, finish, making, parameters};
use crate::error::{Answer, AwsError};
use crate::input::Input;
use crate::operation::Cx;
use crate::realm::Realm;
use crate::seeds::StackSeed;
use jiff::Timestamp;
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// `CreateStack` from a template's text.
pub(crate) fn create_stack(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = input.require("StackName", "ValidationError")?;
    checked_name(name)?;
    let token = input.text("ClientRequestToken");
    if let Some(known) = cx.realm.cloud.names.get(name).and_then(|id| cx.realm.cloud.stacks.get(id)) {
        return repeated(known, token);
    }
    if token.is_some_and(|token| cx.realm.cloud.created.contains_key(token)) {
        return Err(token_used(token));
    }
    let template = template::given(cx, input)?;
    let template =
        template.ok_or_else(|| AwsError::validation("Either Template URL or Template Body must be specified."))?;
    admission::capabilities(&template.capabilities, input)?;
    let values = parameters::first(cx.realm, &template.parameters, &input.list("Parameters"))?;
    let on_failure = on_failure(input)?;
    let mut stack = fresh(cx.realm, name, Arc::new(template), values, input, cx.now);
    checked(cx.realm, &stack)?;
    stack.on_failure = on_failure;
    let id = stack.id.clone();
    if let Some(token) = token {
        stack.tokens.insert(token.to_owned(), "CreateStack".to_owned());
        cx.realm.cloud.created.insert(token.to_owned(), id.clone());
    }
    cx.realm.cloud.names.insert(name.to_owned(), id.clone());
    cx.realm.cloud.stacks.insert(id.clone(), stack);
    begin_creation(cx.realm, &id, token, None, cx.now);
    Ok(json!({ "StackId": id }))
}

/// AWS's rule for stack names.
pub(crate) fn checked_name(name: &str) -> Result<(), AwsError> {
    let fits = name.len() <= 128
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|each| each.is_ascii_alphanumeric() || each == '-');
    if fits {
        return Ok(());
    }
    Err(AwsError::validation(format!(
        "1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: Member must \
         satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
    )))
}

/// The same request with the same token again is answered as the first time.
fn repeated(known: &Stack, token: Option<&str>) -> Answer {
    if token.is_some_and(|token| known.tokens.get(token).is_some_and(|what| what == "CreateStack")) {
        return Ok(json!({ "StackId": known.id }));
    }
    let text = format!("Stack [{}] already exists", known.name);
    Err(AwsError::bad("AlreadyExistsException", text))
}

fn on_failure(input: &Input) -> Result<OnFailure, AwsError> {
    match (input.text("OnFailure"), input.text("DisableRollback")) {
        (Some(_), Some(_)) => {
            Err(AwsError::validation("Only one of DisableRollback and OnFailure parameters can be specified."))
        }
        (Some("DO_NOTHING"), None) => Ok(OnFailure::DoNothing),
        (Some("DELETE"), None) => Ok(OnFailure::Delete),
        (Some("ROLLBACK") | None, None) => Ok(OnFailure::RollBack),
        (None, Some(_)) if input.flag("DisableRollback") => Ok(OnFailure::DoNothing),
        (None, Some(_)) => Ok(OnFailure::RollBack),
        (Some(other), None) => Err(AwsError::validation(format!(
            "1 validation error detected: Value '{other}' at 'onFailure' failed to satisfy constraint: Member must \
             satisfy enum value set: [DO_NOTHING, ROLLBACK, DELETE]"
        ))),
    }
}

/// A stack without resources.
pub(crate) fn fresh(
    realm: &mut Realm,
    name: &str,
    template: Arc<Template>,
    values: BTreeMap<String, String>,
    input: &Input,
    at: Timestamp,
) -> Stack {
    let unique = realm.uuid();
    let mut seed = StackSeed {
        name: name.to_owned(),
        capabilities: input.strings("Capabilities"),
        tags: input.tag_list("Tags"),
        termination_protection: input.flag("EnableTerminationProtection"),
        stack_role_arn: input.text("RoleARN").map(str::to_owned),
        ..StackSeed::default()
    };
    adopt(&mut seed, &template);
    for parameter in &mut seed.parameters {
        parameter.resolved = super::changes::resolved(realm, parameter, values.get(&parameter.key));
    }
    Stack {
        id: realm.arn("cloudformation", &format!("stack/{name}/{unique}")),
        name: name.to_owned(),
        seed,
        template,
        native: true,
        on_failure: OnFailure::default(),
        topics: input.strings("NotificationARNs"),
        parameters: values,
        resources: Vec::new(),
        events: VecDeque::new(),
        change_sets: Vec::new(),
        status: "REVIEW_IN_PROGRESS".to_owned(),
        reason: None,
        created: at,
        updated: None,
        deleted: None,
        running: None,
        script: 0,
        tokens: BTreeMap::new(),
        executed: None,
        parent: None,
        root: None,
    }
}

/// What a stack's description takes from its template.
pub(crate) fn adopt(seed: &mut StackSeed, template: &Template) {
    seed.description = template.description();
    seed.transforms = template.transforms();
    let effects = seed.switch.take().map(|switch| switch.effects).unwrap_or_default();
    seed.switch = template.switch().map(|switch| crate::seeds::SwitchSeed { effects, ..switch });
    let before = std::mem::take(&mut seed.parameters);
    seed.parameters.clone_from(&template.parameters);
    for parameter in &mut seed.parameters {
        let known = before.iter().find(|each| each.key == parameter.key);
        parameter.resolved = known.and_then(|each| each.resolved.clone());
    }
}

/// What can be seen to be wrong before anything is made.
pub(crate) fn checked(realm: &Realm, stack: &Stack) -> Result<(), AwsError> {
    let broken = super::live::asked(realm, stack, |scope| {
        template::dependencies(scope)?;
        scope.broken_rule()
    })?;
    match broken {
        Some(text) => Err(AwsError::validation(format!("Template validation error: {text}"))),
        None => Ok(()),
    }
}

/// The creation begins.
pub(crate) fn begin_creation(realm: &mut Realm, id: &str, token: Option<&str>, set: Option<&str>, at: Timestamp) {
    operate(realm, id, "CREATE_STACK", token, Vec::new());
    if let Some(running) = realm.cloud.stacks.get_mut(id).and_then(|stack| stack.running.as_mut()) {
        running.change_set = set.map(str::to_owned);
    }
    finish::become_status(realm, id, "CREATE_IN_PROGRESS", Some("User Initiated"), at);
    making::begin(realm, id, at);
}

/// A new operation takes the place of the last one.
pub(crate) fn operate(realm: &mut Realm, id: &str, kind: &'static str, token: Option<&str>, retain: Vec<String>) {
    let operation = realm.uuid();
    let Some(stack) = realm.cloud.stacks.get_mut(id) else {
        return;
    };
    stack.script += 1;
    stack.running = Some(Running {
        token: token.map(str::to_owned),
        id: operation,
        kind,
        old_parameters: stack.parameters.clone(),
        old_resources: stack.resources.clone(),
        changes: Vec::new(),
        busy: Vec::new(),
        touched: Vec::new(),
        disable_rollback: false,
        fate: Fate::Succeeds,
        change_set: None,
        complete_at: Timestamp::MAX,
        retain,
        old: None,
        waiting: BTreeMap::new(),
        replaced: Vec::new(),
        old_contents: None,
        failed: Vec::new(),
    });
}
