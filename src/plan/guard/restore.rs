//! What would become of each parameter.

use std::collections::BTreeSet;

use super::{Current, Intended, LeftOut, NewTemplate, Value, error, ids, restore_keys, warning};
use crate::model::finding::Finding;
use crate::plan::template::Template;

/// A parameter after the update.
#[derive(Clone, Debug, PartialEq, Eq)]
enum After {
    Same,
    New(String),
    /// Not named: the template's default, as far as it is known.
    Default(Option<String>),
    Undeclared,
    Unknown,
}

pub(super) fn findings(current: &Current<'_>, intended: &Intended) -> Vec<Finding> {
    let keys = restore_keys(current);
    let held = current.stack.parameters.iter().filter(|parameter| keys.contains(parameter.key.as_str()));
    held.filter_map(|parameter| {
        let after = after(current, intended, &parameter.key);
        judge(&parameter.key, &parameter.value, after, intended.left_out)
    })
    .collect()
}

/// Keys of the stack's parameters that would, or may, have another value.
pub(super) fn changed<'a>(current: &Current<'a>, intended: &Intended) -> BTreeSet<&'a str> {
    let each = current.stack.parameters.iter();
    each.filter(|parameter| match after(current, intended, &parameter.key) {
        After::Same => false,
        After::New(value) => value != parameter.value,
        After::Default(default) => default.as_deref() != Some(&parameter.value),
        After::Undeclared | After::Unknown => true,
    })
    .map(|parameter| parameter.key.as_str())
    .collect()
}

fn after(current: &Current<'_>, intended: &Intended, key: &str) -> After {
    let template = template(current, intended);
    if template.is_some_and(|template| template.declares_all() && template.parameter(key).is_none()) {
        return After::Undeclared;
    }
    let Some(named) = &intended.parameters else { return After::Unknown };
    match (named.iter().rfind(|(name, _)| name == key), intended.left_out) {
        (Some((_, Value::New(value))), _) => After::New(value.clone()),
        (Some((_, Value::Previous)), _) | (None, LeftOut::Previous) => After::Same,
        (None, LeftOut::Default) => {
            After::Default(template.and_then(|t| t.parameter(key)).and_then(|d| d.default.clone()))
        }
        (None, LeftOut::Unknown) => After::Unknown,
    }
}

fn template<'a>(current: &Current<'a>, intended: &'a Intended) -> Option<&'a Template> {
    match &intended.template {
        NewTemplate::Previous => current.template,
        NewTemplate::Text(template) => Some(template),
        NewTemplate::Unread(_) => None,
    }
}

const WHY: &str = "CloudFormation would replace the database, or the files, by what the new value names: by nothing, \
                   where it is blank.";

fn judge(key: &str, now: &str, after: After, left_out: LeftOut) -> Option<Finding> {
    let keep = match left_out {
        LeftOut::Previous => format!("Leave {key} out: `deploy` then keeps its value."),
        LeftOut::Default | LeftOut::Unknown => format!("Keep it: `ParameterKey={key},UsePreviousValue=true`."),
    };
    match after {
        After::Same => None,
        After::New(value) | After::Default(Some(value)) if value == now => None,
        // Without a default, CloudFormation refuses an update that leaves it out.
        After::Default(None) | After::Undeclared if now.is_empty() => None,
        After::New(value) if value.is_empty() => {
            Some(error(ids::BLANKED, format!("{key} is `{now}` and would become blank"), WHY, keep))
        }
        After::New(value) => {
            Some(error(ids::CHANGED, format!("{key} is `{now}` and would become `{value}`"), WHY, keep))
        }
        After::Default(default) => {
            let default = default.map(|default| format!(" (`{default}`)")).unwrap_or_default();
            let what = format!("{key} is `{now}`, is left out, and would fall back to the template's default{default}");
            Some(error(ids::DROPPED, what, WHY, keep))
        }
        After::Undeclared => Some(error(
            ids::UNDECLARED,
            format!("{key} is `{now}`, and the new template does not declare it"),
            WHY,
            "Declare and use it in the new template as in the old one.",
        )),
        After::Unknown => Some(warning(
            ids::PARAMETER_UNKNOWN,
            format!("what becomes of {key} (`{now}`) cannot be told"),
            "Whether a parameter that is not named keeps its value depends on the tool that reads the file.",
            format!("Name {key} with its value, or guard a change set."),
        )),
    }
}
