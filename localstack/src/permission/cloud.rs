//! CloudFormation's resources, as IAM sees them.

use super::targets::Targets;
use crate::cfn::state::Stack;
use crate::input::Input;
use crate::operation::Cx;

/// A stack's ARN; of one that is not there, what IAM makes of its name.
pub(super) fn stack(cx: &Cx<'_>, name: &str) -> String {
    let known = cx.realm.cloud.id_of(name).map(str::to_owned);
    known.unwrap_or_else(|| match name.starts_with("arn:") {
        true => name.to_owned(),
        false => cx.realm.arn("cloudformation", &format!("stack/{name}/*")),
    })
}

/// What an operation is done to.
pub(super) fn targets(cx: &Cx<'_>, name: &str, input: &Input) -> Targets {
    let named = input.text("StackName").map(|name| stack(cx, name));
    match name {
        "DescribeStacks" | "ListStacks" => {
            vec![vec![named.unwrap_or_else(|| cx.realm.arn("cloudformation", "stack/*/*"))]]
        }
        "GetTemplateSummary" | "ValidateTemplate" => vec![vec![named.unwrap_or_else(|| "*".to_owned())]],
        "DescribeChangeSet" | "ExecuteChangeSet" | "DeleteChangeSet" => vec![change_set(cx, input)],
        "DescribeStackResources" if named.is_none() => vec![owner(cx, input)],
        "CreateChangeSet" | "UpdateStack" => {
            let own = vec![named.into_iter().collect()];
            own.into_iter().chain(transforms(cx, input).into_iter().map(|arn| vec![arn])).collect()
        }
        _ => vec![named.into_iter().collect()],
    }
}

/// AWS's reference names the stack, and has a key for the change set: either is right here.
fn change_set(cx: &Cx<'_>, input: &Input) -> Vec<String> {
    let name = input.text("ChangeSetName").unwrap_or_default();
    let has = |stack: &&Stack| stack.change_sets.iter().any(|set| set.id == name);
    let of = match input.text("StackName") {
        Some(given) => Some(stack(cx, given)),
        None => cx.realm.cloud.stacks.values().find(has).map(|stack| stack.id.clone()),
    };
    let sets = of.as_ref().and_then(|id| cx.realm.cloud.stacks.get(id)).map(|stack| stack.change_sets.as_slice());
    let set = sets.into_iter().flatten().find(|set| set.id == name || set.name == name);
    let set = set.map(|set| set.id.clone()).or_else(|| name.starts_with("arn:").then(|| name.to_owned()));
    of.into_iter().chain(set).collect()
}

fn owner(cx: &Cx<'_>, input: &Input) -> Vec<String> {
    let physical = input.text("PhysicalResourceId").unwrap_or_default();
    let owns = |stack: &&Stack| stack.resources.iter().any(|each| each.physical == physical);
    cx.realm.cloud.stacks.values().find(owns).map(|stack| stack.id.clone()).into_iter().collect()
}

/// The macros of a template that is used again: each is a resource of its own.
fn transforms(cx: &Cx<'_>, input: &Input) -> Vec<String> {
    let again = input.flag("UsePreviousTemplate");
    let stack = input.text("StackName").filter(|_| again).and_then(|name| cx.realm.cloud.stack(name).ok());
    let arn = |name: &String| {
        let bare = name.strip_prefix("AWS::").unwrap_or(name);
        format!("arn:aws:cloudformation:{}:aws:transform/{bare}", cx.realm.region)
    };
    stack.map(|stack| stack.seed.transforms.iter().map(arn).collect()).unwrap_or_default()
}
