//! What a template comes to with certain parameter values.

use super::{Template, plain};
use super::{conditions, functions};
use crate::error::AwsError;
use crate::realm::Realm;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// How references outside the template are answered.
pub(crate) trait Symbols {
    /// `Ref` of a resource, or an attribute of it; none while it does not exist.
    fn resource(&self, logical: &str, attribute: Option<&str>) -> Option<String>;

    /// `{{resolve:…}}`, without the braces.
    fn dynamic(&self, reference: &str) -> Result<String, AwsError>;

    /// The value of an export.
    fn import(&self, name: &str) -> Option<String>;
}

/// A template with everything that its functions need.
pub(crate) struct Scope<'a> {
    /// The template.
    pub(crate) template: &'a Template,
    /// All parameters' values.
    pub(crate) parameters: &'a BTreeMap<String, String>,
    /// The account.
    pub(crate) account: String,
    /// The region.
    pub(crate) region: String,
    /// The stack's id.
    pub(crate) stack_id: String,
    /// The stack's name.
    pub(crate) stack_name: String,
    /// Everything else.
    pub(crate) symbols: &'a dyn Symbols,
}

/// Deep enough for any template; a template that refers to itself ends here.
const DEEPEST: usize = 64;

impl<'a> Scope<'a> {
    /// A scope of a stack that may not exist yet.
    pub(crate) fn new(
        realm: &Realm,
        template: &'a Template,
        parameters: &'a BTreeMap<String, String>,
        (stack_id, stack_name): (&str, &str),
        symbols: &'a dyn Symbols,
    ) -> Self {
        Self {
            template,
            parameters,
            account: realm.account.clone(),
            region: realm.region.clone(),
            stack_id: stack_id.to_owned(),
            stack_name: stack_name.to_owned(),
            symbols,
        }
    }

    /// A value without functions; `None` is `AWS::NoValue`.
    pub(crate) fn value(&self, tree: &Value) -> Result<Option<Value>, AwsError> {
        self.at(tree, 0)
    }

    /// A value as text, for outputs.
    pub(crate) fn text(&self, tree: &Value) -> Result<String, AwsError> {
        Ok(self.value(tree)?.map(|value| plain(&value)).unwrap_or_default())
    }

    pub(super) fn at(&self, tree: &Value, depth: usize) -> Result<Option<Value>, AwsError> {
        if depth > DEEPEST {
            return Err(AwsError::validation("Template error: the template is nested too deeply"));
        }
        match tree {
            Value::Object(members) => self.object(members, depth),
            Value::Array(items) => {
                let mut found = Vec::new();
                for item in items {
                    found.extend(self.at(item, depth + 1)?);
                }
                Ok(Some(Value::Array(found)))
            }
            Value::String(text) => self.dynamic(text).map(Some),
            other => Ok(Some(other.clone())),
        }
    }

    fn object(&self, members: &Map<String, Value>, depth: usize) -> Result<Option<Value>, AwsError> {
        if let Some((name, argument)) = functions::call_in(members) {
            return functions::apply(self, name, argument, depth + 1);
        }
        let mut found = Map::new();
        for (key, value) in members {
            if let Some(value) = self.at(value, depth + 1)? {
                found.insert(key.clone(), value);
            }
        }
        Ok(Some(Value::Object(found)))
    }

    /// Puts in what `{{resolve:…}}` stands for.
    pub(super) fn dynamic(&self, text: &str) -> Result<Value, AwsError> {
        let mut whole = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{resolve:") {
            let Some((reference, tail)) = after.split_once("}}") else {
                break;
            };
            whole.push_str(before);
            whole.push_str(&self.symbols.dynamic(reference)?);
            rest = tail;
        }
        whole.push_str(rest);
        Ok(Value::String(whole))
    }

    /// Whether a condition holds; one that is not defined is an error.
    pub(crate) fn condition(&self, name: &str) -> Result<bool, AwsError> {
        self.condition_at(name, 0)
    }

    pub(super) fn condition_at(&self, name: &str, depth: usize) -> Result<bool, AwsError> {
        let defined = self.template.body.get("Conditions").and_then(|all| all.get(name));
        let text = || format!("Template format error: Unresolved condition {name} in the template");
        let tree = defined.ok_or_else(|| AwsError::validation(text()))?;
        conditions::holds(self, tree, depth + 1)
    }

    /// Whether a resource or an output is made.
    pub(crate) fn made(&self, part: &Value) -> Result<bool, AwsError> {
        match part.get("Condition").and_then(Value::as_str) {
            Some(name) => self.condition(name),
            None => Ok(true),
        }
    }

    /// The logical ids of the resources that are made.
    pub(crate) fn active(&self) -> Result<Vec<String>, AwsError> {
        let mut found = Vec::new();
        for (logical, resource) in self.template.resources() {
            if self.made(resource)? {
                found.push(logical.clone());
            }
        }
        Ok(found)
    }

    /// A resource's properties.
    pub(crate) fn properties(&self, logical: &str) -> Result<Value, AwsError> {
        let found = self.template.resource(logical).and_then(|each| each.get("Properties"));
        let none = Value::Object(Map::new());
        let value = found.map_or(Ok(None), |tree| self.value(tree))?;
        Ok(value.unwrap_or(none))
    }

    /// The first assertion of the `Rules` section that does not hold.
    pub(crate) fn broken_rule(&self) -> Result<Option<String>, AwsError> {
        let rules = self.template.body.get("Rules").and_then(Value::as_object);
        for rule in rules.into_iter().flatten().map(|(_, rule)| rule) {
            if let Some(when) = rule.get("RuleCondition")
                && !conditions::holds(self, when, 0)?
            {
                continue;
            }
            for assertion in rule.get("Assertions").and_then(Value::as_array).into_iter().flatten() {
                let tree = assertion.get("Assert").unwrap_or(&Value::Bool(true));
                if !conditions::holds(self, tree, 0)? {
                    return Ok(Some(super::text(assertion, "AssertDescription")));
                }
            }
        }
        Ok(None)
    }
}
