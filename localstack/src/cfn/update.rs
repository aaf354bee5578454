//! Stack updates: how they begin, and what interrupts them.

use super::state::{Fate, Resource, Running, Stack};
use super::template::Template;
use super::{changes, parameters, rollback, script};
use crate::clock::later;
use crate::error::{Answer, AwsError};
use crate::input::Input;
use crate::operation::Cx;
use crate::realm::Realm;
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an update is to do.
pub(crate) struct Plan {
    /// The caller's token.
    pub(crate) token: Option<String>,
    /// All parameters' new values.
    pub(crate) parameters: BTreeMap<String, String>,
    /// The stack's new tags, if they are given.
    pub(crate) tags: Option<BTreeMap<String, String>>,
    /// What happens to the resources.
    pub(crate) changes: Vec<super::state::Change>,
    /// Whether a failure leaves the stack as it is.
    pub(crate) disable_rollback: bool,
    /// How it ends.
    pub(crate) fate: Fate,
    /// The change set it executes.
    pub(crate) change_set: Option<String>,
    /// Another template than the stack has.
    pub(crate) template: Option<Arc<Template>>,
    /// How long it takes; unset is the usual time.
    pub(crate) seconds: Option<f64>,
}

/// Begins an update: the parameters read their new values from now on.
pub(crate) fn begin(realm: &mut Realm, stack_id: &str, plan: Plan, at: Timestamp) {
    let usual = realm.pace.durations.update;
    let total = match plan.seconds {
        Some(seconds) => realm.pace.exact(seconds),
        None => realm.pace.varied(usual, &mut realm.rng),
    };
    let (operation, event) = (realm.uuid(), realm.uuid());
    let settles = realm.pace.exact(realm.pace.durations.cleanup);
    let complete_at = later(later(at, total), settles);
    let fresh = resolved(realm, stack_id, &plan.parameters);
    let Some(stack) = realm.cloud.stacks.get_mut(stack_id) else {
        return;
    };
    let from = stack.mode_of(&stack.parameters);
    let old = Box::new((Arc::clone(&stack.template), stack.seed.clone()));
    for (parameter, value) in stack.seed.parameters.iter_mut().zip(fresh) {
        parameter.resolved = value;
    }
    if let Some(template) = &plan.template {
        super::lifecycle::adopt(&mut stack.seed, template);
        stack.template = Arc::clone(template);
        stack.native = true;
    }
    let to = stack.mode_of(&plan.parameters);
    stack.script += 1;
    stack.running = Some(Running { old: Some(old), ..running(stack, &plan, operation, complete_at) });
    stack.parameters = plan.parameters;
    if let Some(tags) = plan.tags {
        stack.seed.tags = tags;
    }
    stack.updated = Some(at);
    outdate(stack, plan.change_set.as_deref());
    stack.become_status("UPDATE_IN_PROGRESS", Some("User Initiated"), at, event);
    script::write_update(realm, stack_id, at, total, (from != to).then_some(to));
}

fn resolved(realm: &Realm, id: &str, new: &BTreeMap<String, String>) -> Vec<Option<String>> {
    let declared = realm.cloud.stacks.get(id).into_iter().flat_map(|stack| &stack.seed.parameters);
    declared.map(|each| changes::resolved(realm, each, new.get(&each.key))).collect()
}

fn running(stack: &Stack, plan: &Plan, id: String, complete_at: Timestamp) -> Running {
    Running {
        token: plan.token.clone(),
        id,
        kind: "UPDATE_STACK",
        old_parameters: stack.parameters.clone(),
        old_resources: stack.resources.clone(),
        changes: plan.changes.clone(),
        busy: Vec::new(),
        touched: Vec::new(),
        disable_rollback: plan.disable_rollback,
        fate: plan.fate,
        change_set: plan.change_set.clone(),
        complete_at,
        retain: Vec::new(),
        old: None,
        waiting: BTreeMap::new(),
        replaced: Vec::new(),
        old_contents: None,
        failed: Vec::new(),
    }
}

/// Change sets made before another operation cannot be executed any more.
pub(crate) fn outdate(stack: &mut Stack, executing: Option<&str>) {
    for set in &mut stack.change_sets {
        let mine = executing.is_some_and(|id| id == set.id);
        if !mine && !set.execution.starts_with("EXECUTE") {
            set.execution = "OBSOLETE".to_owned();
        }
    }
}

/// `UpdateStack`: what an operator does; it guards against nothing.
pub(crate) fn update_stack(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = input.require("StackName", "ValidationError")?;
    let stack = cx.realm.cloud.stack(name)?;
    let (id, token) = (stack.id.clone(), input.text("ClientRequestToken"));
    if token.is_some_and(|token| stack.tokens.contains_key(token)) {
        return Err(super::execute::token_used(token));
    }
    if !stack.is_settled() {
        return Err(stack.refuse_update());
    }
    let template = super::admission::other_template(cx, stack, input)?;
    let needs = template.as_ref().map_or_else(|| super::admission::needed(stack), |template| &template.capabilities);
    super::admission::capabilities(needs, input)?;
    let declared = template.as_ref().map_or(&stack.seed.parameters, |template| &template.parameters);
    let wanted = parameters::resolve(cx.realm, stack, declared, &input.list("Parameters"))?;
    let tags = Some(input.tag_list("Tags")).filter(|tags| !tags.is_empty());
    let changes = changes::between(cx.realm, stack, template.as_ref(), &wanted)?;
    if changes.is_empty() && wanted == stack.parameters && tags.as_ref().is_none_or(|tags| *tags == stack.seed.tags) {
        return Err(AwsError::validation("No updates are to be performed."));
    }
    let fate = super::execute::drawn_fate(cx, &id, &wanted);
    if let (Some(token), Some(stack)) = (token, cx.realm.cloud.stacks.get_mut(&id)) {
        stack.tokens.insert(token.to_owned(), String::new());
    }
    let plan = Plan {
        token: token.map(str::to_owned),
        parameters: wanted,
        tags,
        changes,
        disable_rollback: input.flag("DisableRollback"),
        fate,
        change_set: None,
        template: template.map(Arc::new),
        seconds: None,
    };
    begin(cx.realm, &id, plan, cx.now);
    Ok(json!({ "StackId": id }))
}

/// `CancelUpdateStack`: only while `UPDATE_IN_PROGRESS`.
pub(crate) fn cancel(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = input.require("StackName", "ValidationError")?;
    let stack = cx.realm.cloud.stack(name)?;
    if stack.status != "UPDATE_IN_PROGRESS" {
        return Err(AwsError::validation("CancelUpdateStack cannot be called from current stack status"));
    }
    let id = stack.id.clone();
    rollback::cancel_busy(cx.realm, &id, cx.now);
    rollback::roll_back(cx.realm, &id, "User Initiated", cx.now);
    Ok(serde_json::Value::Null)
}

/// `ContinueUpdateRollback`: only from `UPDATE_ROLLBACK_FAILED`.
pub(crate) fn continue_rollback(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = input.require("StackName", "ValidationError")?;
    let stack = cx.realm.cloud.stack(name)?;
    if stack.status != "UPDATE_ROLLBACK_FAILED" {
        return Err(AwsError::validation(format!(
            "Stack:{} is in {} state and can not continue rollback.",
            stack.id, stack.status
        )));
    }
    let id = stack.id.clone();
    if let Some(running) = cx.realm.cloud.stacks.get_mut(&id).and_then(|stack| stack.running.as_mut()) {
        running.token = input.text("ClientRequestToken").map(str::to_owned);
        running.fate = Fate::RollsBack;
        running.kind = "CONTINUE_ROLLBACK";
    }
    rollback::roll_back(cx.realm, &id, "User Initiated", cx.now);
    Ok(json!({}))
}

/// A fresh resource's physical id, in its type's form.
pub(crate) fn physical_id(realm: &mut Realm, stack: &str, resource: &Resource) -> String {
    let unique = realm.hex(13).to_uppercase();
    let short: String = stack.chars().take(10).collect();
    match resource.kind.as_str() {
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
            let hash = realm.hex(16);
            let path = format!("loadbalancer/app/{short}-{}-{unique}/{hash}", resource.logical);
            realm.arn("elasticloadbalancing", &path)
        }
        "AWS::RDS::DBCluster" => {
            let stem: String = format!("{stack}-{}", resource.logical).chars().take(49).collect();
            format!("{}-{unique}", stem.trim_end_matches('-')).to_ascii_lowercase()
        }
        "AWS::EC2::SecurityGroup" => format!("sg-{}", realm.hex(17)),
        "AWS::EC2::LaunchTemplate" => format!("lt-{}", realm.hex(17)),
        "AWS::CloudFormation::Stack" => {
            let (id, name) = (realm.uuid(), format!("{stack}-{}-{unique}", resource.logical));
            realm.arn("cloudformation", &format!("stack/{name}/{id}"))
        }
        "AWS::EFS::FileSystem" | "Custom::EFS" => format!("fs-{}", realm.hex(17)),
        _ => format!("{stack}-{}-{unique}", resource.logical),
    }
}
