//! Policy documents: what is understood of them, and what they say.

use super::{Need, Verdict};
use crate::pattern::{fits, fits_any_case};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One thing, or a list of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a text, or a list of texts")]
enum Many<T> {
    One(T),
    Some(Vec<T>),
}

impl<T> Many<T> {
    fn list(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Some(all) => all,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    #[serde(rename = "Version")]
    _version: Option<String>,
    #[serde(rename = "Id")]
    _id: Option<String>,
    statement: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Written {
    sid: Option<String>,
    effect: Effect,
    action: Option<Many<String>>,
    not_action: Option<Many<String>>,
    resource: Option<Many<String>>,
    not_resource: Option<Many<String>>,
    condition: Option<BTreeMap<String, BTreeMap<String, Value>>>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
enum Effect {
    Allow,
    Deny,
}

/// Wildcards, or everything but what they say.
#[derive(Clone, Debug)]
struct Patterns {
    texts: Vec<String>,
    others: bool,
}

#[derive(Clone, Debug)]
struct Statement {
    denies: bool,
    actions: Patterns,
    resources: Patterns,
    /// Only for passing a role to one of these services.
    passed_to: Option<Vec<String>>,
}

/// The statements of one policy document or several.
#[derive(Clone, Debug)]
pub(crate) struct Policy(Vec<Statement>);

impl Policy {
    /// Reads a document, a list of them, or the text of either.
    ///
    /// # Errors
    /// A sentence that says what is not understood.
    pub(crate) fn read(value: &Value) -> Result<Self, String> {
        let parsed: Value;
        let value = match value.as_str() {
            Some(text) => {
                parsed = serde_json::from_str(text).map_err(|error| format!("a policy is JSON: {error}"))?;
                &parsed
            }
            None => value,
        };
        let mut statements = Vec::new();
        for document in listed(value) {
            let document = Document::deserialize(&document).map_err(|error| format!("a policy document: {error}"))?;
            for each in listed(&document.statement) {
                let place = statements.len() + 1;
                let written = Written::deserialize(&each).map_err(|error| format!("statement {place}: {error}"))?;
                statements.push(statement(written, place)?);
            }
        }
        Ok(Self(statements))
    }

    /// Whether something is allowed; a denial goes before everything.
    pub(crate) fn verdict(&self, need: &Need) -> Verdict {
        let concerned = || self.0.iter().filter(|each| each.concerns(need));
        if concerned().any(|each| each.denies) {
            return Verdict::Denied;
        }
        if concerned().next().is_some() { Verdict::Allowed } else { Verdict::NotAllowed }
    }
}

impl Statement {
    fn concerns(&self, need: &Need) -> bool {
        // What is not known cannot be compared: only the action is.
        let there = need.resources.is_empty() || need.resources.iter().any(|each| self.resources.admit(each, fits));
        let passed = self
            .passed_to
            .as_ref()
            .is_none_or(|services| need.passed_to.is_some_and(|service| services.iter().any(|each| each == service)));
        self.actions.admit(&need.action, fits_any_case) && there && passed
    }
}

impl Patterns {
    fn admit(&self, text: &str, fits: impl Fn(&str, &str) -> bool) -> bool {
        self.texts.iter().any(|pattern| fits(pattern, text)) != self.others
    }
}

fn listed(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}

fn statement(written: Written, place: usize) -> Result<Statement, String> {
    let name = written.sid.map_or_else(|| format!("statement {place}"), |sid| format!("statement {sid}"));
    Ok(Statement {
        denies: written.effect == Effect::Deny,
        actions: patterns(written.action, written.not_action, &name, "Action")?,
        resources: patterns(written.resource, written.not_resource, &name, "Resource")?,
        passed_to: condition(written.condition.unwrap_or_default(), &name)?,
    })
}

fn patterns(
    some: Option<Many<String>>,
    others: Option<Many<String>>,
    name: &str,
    member: &str,
) -> Result<Patterns, String> {
    match (some, others) {
        (Some(texts), None) => Ok(Patterns { texts: texts.list(), others: false }),
        (None, Some(texts)) => Ok(Patterns { texts: texts.list(), others: true }),
        _ => Err(format!("{name} needs either {member} or Not{member}")),
    }
}

/// The one condition that is understood; any other would be believed to hold, or not to, without a reason.
fn condition(written: BTreeMap<String, BTreeMap<String, Value>>, name: &str) -> Result<Option<Vec<String>>, String> {
    let mut services = None;
    for (operator, keys) in written {
        for (key, values) in keys {
            if operator != "StringEquals" || !key.eq_ignore_ascii_case("iam:PassedToService") {
                return Err(format!(
                    "{name}: the condition {operator} on {key} is not understood, \
                     only StringEquals on iam:PassedToService is; take it out, or write the statement without it"
                ));
            }
            let values = Many::<String>::deserialize(&values).map_err(|error| format!("{name}: {key}: {error}"))?;
            services = Some(values.list());
        }
    }
    Ok(services)
}
