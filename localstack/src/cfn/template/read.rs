//! A template's text as a tree in which every function has its long name.

use crate::error::AwsError;
use serde_json::{Map, Value, json};
use yaml_serde::Value as Yaml;

/// Functions whose short tag is not `Fn::` and the name.
const PLAIN: [&str; 2] = ["Ref", "Condition"];
const FUNCTIONS: [&str; 21] = [
    "And",
    "Base64",
    "Cidr",
    "Equals",
    "FindInMap",
    "ForEach",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
    "Contains",
    "ValueOf",
];

/// Reads JSON or YAML.
pub(super) fn read(text: &str) -> Result<Value, AwsError> {
    let tree = if text.trim_start().starts_with('{') { json(text)? } else { yaml(text)? };
    if tree.is_object() {
        return Ok(tree);
    }
    Err(format_error("unsupported structure."))
}

/// `Template format error: …`.
pub(super) fn format_error(text: impl std::fmt::Display) -> AwsError {
    AwsError::validation(format!("Template format error: {text}"))
}

fn json(text: &str) -> Result<Value, AwsError> {
    let place = |error: serde_json::Error| {
        format_error(format!("JSON not well-formed. (line {}, column {})", error.line(), error.column()))
    };
    serde_json::from_str(text).map_err(place)
}

fn yaml(text: &str) -> Result<Value, AwsError> {
    let place = |error: yaml_serde::Error| {
        let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
        format_error(format!("YAML not well-formed. (line {line}, column {column})"))
    };
    let tree: Yaml = yaml_serde::from_str(text).map_err(place)?;
    long(tree)
}

fn long(tree: Yaml) -> Result<Value, AwsError> {
    Ok(match tree {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::Bool(flag),
        Yaml::Number(number) => plain_number(&number),
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(long).collect::<Result<_, _>>()?),
        Yaml::Mapping(members) => {
            let pair = |(key, value): (Yaml, Yaml)| Ok((key_text(&key)?, long(value)?));
            Value::Object(members.into_iter().map(pair).collect::<Result<Map<_, _>, AwsError>>()?)
        }
        Yaml::Tagged(tagged) => call(tagged.tag.to_string().trim_start_matches('!'), &long(tagged.value)?)?,
    })
}

fn plain_number(number: &yaml_serde::Number) -> Value {
    serde_json::to_value(number).unwrap_or_else(|_| Value::String(number.to_string()))
}

fn key_text(key: &Yaml) -> Result<String, AwsError> {
    match key {
        Yaml::String(text) => Ok(text.clone()),
        Yaml::Number(number) => Ok(number.to_string()),
        Yaml::Bool(flag) => Ok(flag.to_string()),
        _ => Err(format_error("Every key must be a string.")),
    }
}

fn call(name: &str, argument: &Value) -> Result<Value, AwsError> {
    if PLAIN.contains(&name) {
        return Ok(json!({ name: argument }));
    }
    if !FUNCTIONS.contains(&name) {
        return Err(format_error(format!("Unknown tag !{name}")));
    }
    Ok(json!({ format!("Fn::{name}"): argument }))
}
