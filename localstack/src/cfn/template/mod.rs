//! Templates: their text, what they declare, and what they come to.

mod causes;
mod check;
mod conditions;
mod diff;
mod eval;
mod functions;
mod needs;
mod order;
mod read;
mod references;
mod replacement;
mod source;

pub(crate) use diff::{differences, first_changes};
pub(crate) use eval::{Scope, Symbols};
pub(crate) use order::dependencies;
pub(crate) use source::given;

use crate::error::AwsError;
use crate::seeds::{ParameterSeed, SwitchSeed};
use serde_json::{Map, Value};

/// Parameters that are known to turn an application off: the profiles' names.
const SWITCHES: [&str; 2] = ["StackOffline", "OfflineMode"];

/// A template that CloudFormation has accepted.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Template {
    /// As it was sent.
    pub(crate) text: String,
    /// The same as a tree, all functions by their long names.
    pub(crate) body: Value,
    /// What it declares.
    pub(crate) parameters: Vec<ParameterSeed>,
    /// The capabilities it needs.
    pub(crate) capabilities: Vec<String>,
    /// The resource types that need them.
    pub(crate) reasons: Vec<String>,
}

impl Template {
    /// Reads and checks a template's text.
    pub(crate) fn parse(text: &str) -> Result<Self, AwsError> {
        let body = read::read(text)?;
        check::check(&body)?;
        Ok(Self::of(text.to_owned(), body))
    }

    /// A template that is known to be good.
    pub(crate) fn of(text: String, body: Value) -> Self {
        let parameters = members(&body, "Parameters").map(|(key, value)| declared(key, value)).collect();
        let (capabilities, reasons) = needs::of(&body);
        Self { text, body, parameters, capabilities, reasons }
    }

    /// The resources by logical id.
    pub(crate) fn resources(&self) -> impl Iterator<Item = (&String, &Value)> {
        members(&self.body, "Resources")
    }

    /// One resource.
    pub(crate) fn resource(&self, logical: &str) -> Option<&Value> {
        self.body.get("Resources")?.get(logical)
    }

    /// The outputs by key.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = (&String, &Value)> {
        members(&self.body, "Outputs")
    }

    /// The template's description.
    pub(crate) fn description(&self) -> String {
        text(&self.body, "Description")
    }

    /// The declared transforms.
    pub(crate) fn transforms(&self) -> Vec<String> {
        match self.body.get("Transform") {
            Some(Value::String(name)) => vec![name.clone()],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }

    /// All resource types, sorted.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let mut kinds: Vec<String> = self.resources().map(|(_, each)| text(each, "Type")).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// The parameter that turns the application off: by its name, or named in the metadata.
    pub(crate) fn switch(&self) -> Option<SwitchSeed> {
        if let Some(named) = self.body.get("Metadata").and_then(|metadata| metadata.get("OfflineSwitch")) {
            return Some(SwitchSeed {
                parameter: text(named, "Parameter"),
                online: text(named, "Online"),
                offline: text(named, "Offline"),
                effects: Vec::new(),
            });
        }
        let known = |each: &&ParameterSeed| SWITCHES.contains(&each.key.as_str());
        let parameter = self.parameters.iter().find(known)?;
        let value = |stem: &str| {
            let fits = |text: &&String| text.to_ascii_lowercase().starts_with(stem);
            parameter.allowed.iter().find(fits).cloned()
        };
        let (online, offline) = (value("online")?, value("offline")?);
        Some(SwitchSeed { parameter: parameter.key.clone(), online, offline, effects: Vec::new() })
    }
}

/// What becomes of a resource when its stack goes; a DB cluster leaves a snapshot by default.
pub(crate) fn deletion_policy(resource: &Value) -> String {
    let given = text(resource, "DeletionPolicy");
    match given.as_str() {
        "" if text(resource, "Type") == "AWS::RDS::DBCluster" => "Snapshot".to_owned(),
        "" => "Delete".to_owned(),
        _ => given,
    }
}

/// A member's text, or nothing.
pub(crate) fn text(value: &Value, member: &str) -> String {
    value.get(member).map(plain).unwrap_or_default()
}

/// A scalar as CloudFormation reads it: everything is text.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        _ => String::new(),
    }
}

/// The members of an object's member.
fn members<'a>(value: &'a Value, member: &str) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.get(member).and_then(Value::as_object).unwrap_or_else(|| &NONE).iter()
}

fn declared(key: &str, value: &Value) -> ParameterSeed {
    let scalar = |member: &str| value.get(member).filter(|each| !each.is_null()).map(plain);
    let number = |member: &str| scalar(member).and_then(|text| text.parse().ok());
    let length = |member: &str| scalar(member).and_then(|text| text.parse().ok());
    let allowed = value.get("AllowedValues").and_then(Value::as_array).into_iter().flatten();
    ParameterSeed {
        key: key.to_owned(),
        kind: text(value, "Type"),
        default: scalar("Default"),
        allowed: allowed.map(plain).collect(),
        pattern: scalar("AllowedPattern"),
        constraint: scalar("ConstraintDescription"),
        no_echo: scalar("NoEcho").is_some_and(|flag| flag.eq_ignore_ascii_case("true")),
        description: text(value, "Description"),
        min_length: length("MinLength"),
        max_length: length("MaxLength"),
        min_value: number("MinValue"),
        max_value: number("MaxValue"),
        ..ParameterSeed::default()
    }
}
