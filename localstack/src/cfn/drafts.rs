//! Making change sets.

use super::admission::{admit, capabilities, checked_name, needed, other_template};
use super::state::{Change, ChangeSet, Stack};
use super::template::{self, Template};
use super::{changes, lifecycle, parameters};
use crate::agenda::Event;
use crate::error::{Answer, AwsError};
use crate::faults::FaultKind;
use crate::input::Input;
use crate::operation::Cx;
use crate::realm::Realm;
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// `CreateChangeSet`, of type `UPDATE` or `CREATE`.
pub(crate) fn create(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = checked_name(input)?;
    let stack_name = input.require("StackName", "ValidationError")?;
    if input.text("ChangeSetType") == Some("CREATE") && cx.realm.cloud.id_of(stack_name).is_none() {
        return first_of_stack(cx, input, name, stack_name);
    }
    let stack = cx.realm.cloud.stack(stack_name)?;
    if let Some(known) = stack.change_sets.iter().find(|each| each.name == name) {
        return repeated(stack, known, input);
    }
    admit(stack, input)?;
    let first = stack.status == "REVIEW_IN_PROGRESS";
    let template = match first {
        true => Some(needs_template(cx, input)?),
        false => other_template(cx, stack, input)?,
    };
    let needs = template.as_ref().map_or_else(|| needed(stack), |template| &template.capabilities);
    capabilities(needs, input)?;
    let declared = template.as_ref().map_or(&stack.seed.parameters, |template| &template.parameters);
    let given = input.list("Parameters");
    let wanted = match first {
        true => parameters::first(cx.realm, declared, &given)?,
        false => parameters::resolve(cx.realm, stack, declared, &given)?,
    };
    let (stack_id, mode) = (stack.id.clone(), stack.mode_of(&wanted));
    checked(cx.realm, stack, template.as_ref(), &wanted)?;
    let doomed = cx.fault(|kind| *kind == FaultKind::ChangeSetFailed, Some(mode)).is_some();
    let template = template.map(Arc::new);
    let draft = Draft { input, name: name.to_owned(), parameters: wanted, parent: None, doomed, template, first };
    let id = begin(cx.realm, &stack_id, draft, cx.now)?;
    Ok(json!({ "Id": id, "StackId": stack_id }))
}

/// A template, its rules and its conditions, before a change set is made of it.
fn checked(
    realm: &Realm,
    stack: &Stack,
    template: Option<&Template>,
    wanted: &BTreeMap<String, String>,
) -> Result<(), AwsError> {
    let template = template.map_or_else(|| Arc::clone(&stack.template), |template| Arc::new(template.clone()));
    if !stack.native && Arc::ptr_eq(&template, &stack.template) {
        return Ok(());
    }
    let trial = Stack { template, parameters: wanted.clone(), ..stack.clone() };
    lifecycle::checked(realm, &trial)
}

fn needs_template(cx: &Cx<'_>, input: &Input) -> Result<Template, AwsError> {
    let given = template::given(cx, input)?;
    given.ok_or_else(|| AwsError::validation("Either Template URL or Template Body must be specified."))
}

/// A change set of type `CREATE` makes the stack, too: `REVIEW_IN_PROGRESS`, without resources.
fn first_of_stack(cx: &mut Cx<'_>, input: &Input, name: &str, stack_name: &str) -> Answer {
    lifecycle::checked_name(stack_name)?;
    let template = Arc::new(needs_template(cx, input)?);
    capabilities(&template.capabilities, input)?;
    let wanted = parameters::first(cx.realm, &template.parameters, &input.list("Parameters"))?;
    let stack = lifecycle::fresh(cx.realm, stack_name, Arc::clone(&template), wanted.clone(), input, cx.now);
    lifecycle::checked(cx.realm, &stack)?;
    let id = stack.id.clone();
    cx.realm.cloud.names.insert(stack_name.to_owned(), id.clone());
    cx.realm.cloud.stacks.insert(id.clone(), stack);
    super::finish::become_status(cx.realm, &id, "REVIEW_IN_PROGRESS", Some("User Initiated"), cx.now);
    let doomed = cx.fault(|kind| *kind == FaultKind::ChangeSetFailed, None).is_some();
    let template = Some(template);
    let (name, first) = (name.to_owned(), true);
    let draft = Draft { input, name, parameters: wanted, parent: None, doomed, template, first };
    let set = begin(cx.realm, &id, draft, cx.now)?;
    Ok(json!({ "Id": set, "StackId": id }))
}

fn repeated(stack: &Stack, known: &ChangeSet, input: &Input) -> Answer {
    let token = input.text("ClientToken");
    if token.is_some() && token == known.token.as_deref() {
        return Ok(json!({ "Id": known.id, "StackId": stack.id }));
    }
    let text = format!("ChangeSet {} already exists", known.name);
    Err(AwsError::bad("AlreadyExistsException", text))
}

struct Draft<'a> {
    input: &'a Input,
    name: String,
    parameters: BTreeMap<String, String>,
    parent: Option<String>,
    doomed: bool,
    template: Option<Arc<Template>>,
    first: bool,
}

fn begin(realm: &mut Realm, stack_id: &str, draft: Draft<'_>, now: Timestamp) -> Result<String, AwsError> {
    let id = {
        let unique = realm.uuid();
        realm.arn("cloudformation", &format!("changeSet/{}/{unique}", draft.name))
    };
    let found = realm.cloud.stacks.get(stack_id);
    let mut changes = found.map_or(Ok(Vec::new()), |stack| of_draft(realm, stack, &draft))?;
    if draft.input.flag("IncludeNestedStacks") {
        for change in changes.iter_mut().filter(|each| each.kind == "AWS::CloudFormation::Stack") {
            change.change_set = child_set(realm, change, &draft, &id, now);
        }
    }
    let resolved = found_resolved(realm, stack_id, &draft.parameters);
    let set = assemble(&id, draft, changes, resolved, now);
    if let Some(stack) = realm.cloud.stacks.get_mut(stack_id) {
        stack.change_sets.push(set);
    }
    let duration = realm.pace.durations.change_set;
    let done = realm.after(now, duration);
    let started = realm.exactly_after(now, duration * 0.2).min(done);
    for at in [started, done] {
        let (stack, id) = (stack_id.to_owned(), id.clone());
        realm.agenda.plan(at, Event::ChangeSet { stack, id });
    }
    Ok(id)
}

fn of_draft(realm: &Realm, stack: &Stack, draft: &Draft<'_>) -> Result<Vec<Change>, AwsError> {
    match &draft.template {
        Some(template) if draft.first => {
            template::first_changes(realm, template, &draft.parameters, (&stack.id, &stack.name))
        }
        template => changes::between(realm, stack, template.as_deref(), &draft.parameters),
    }
}

fn child_set(
    realm: &mut Realm,
    change: &Change,
    parent: &Draft<'_>,
    parent_id: &str,
    now: Timestamp,
) -> Option<String> {
    let child_id = change.physical.clone()?;
    let child = realm.cloud.stacks.get(&child_id)?;
    let parameters = changes::handed_down(child, &parent.parameters);
    let name: String = format!("{}-{}", parent.name, change.logical).chars().take(100).collect();
    let draft = Draft {
        input: parent.input,
        name: format!("{name}-{}", realm.hex(12)),
        parameters,
        parent: Some(parent_id.to_owned()),
        doomed: false,
        template: None,
        first: false,
    };
    begin(realm, &child_id, draft, now).ok()
}

/// What the SSM-typed parameters resolve to as the set is made.
fn found_resolved(realm: &Realm, stack: &str, new: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let declared = realm.cloud.stacks.get(stack).into_iter().flat_map(|stack| &stack.seed.parameters);
    let value = |each: &crate::seeds::ParameterSeed| {
        Some((each.key.clone(), changes::resolved(realm, each, new.get(&each.key))?))
    };
    declared.filter_map(value).collect()
}

fn assemble(
    id: &str,
    draft: Draft<'_>,
    changes: Vec<Change>,
    resolved: BTreeMap<String, String>,
    now: Timestamp,
) -> ChangeSet {
    let input = draft.input;
    ChangeSet {
        id: id.to_owned(),
        name: draft.name,
        description: input.text("Description").map(str::to_owned),
        token: input.text("ClientToken").map(str::to_owned),
        created: now,
        status: "CREATE_PENDING".to_owned(),
        reason: None,
        execution: "UNAVAILABLE".to_owned(),
        parameters: draft.parameters,
        resolved,
        changes,
        capabilities: input.strings("Capabilities"),
        tags: input.tag_list("Tags"),
        nested: input.flag("IncludeNestedStacks"),
        parent: draft.parent,
        doomed: draft.doomed,
        template: draft.template,
        first: draft.first,
    }
}
