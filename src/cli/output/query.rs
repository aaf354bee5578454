//! `--query`: JMESPath, as in the AWS CLI.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use super::super::args::Output;
use super::super::failure::Failure;

fn bad(why: &str) -> Failure {
    let why = why.lines().next().unwrap_or_default();
    Failure::usage("`--query` is not a JMESPath expression that can be applied").why(why)
}

/// Whether `expression` is JMESPath.
///
/// # Errors
/// It is not.
pub(super) fn check(expression: &str) -> Result<(), Failure> {
    jmespath::compile(expression).map(drop).map_err(|error| bad(&error.to_string()))
}

/// What `expression` finds in `document`.
///
/// # Errors
/// The expression is not JMESPath, or cannot be applied.
pub(super) fn search<T: Serialize>(expression: &str, document: &T) -> Result<Value, Failure> {
    let compiled = jmespath::compile(expression).map_err(|error| bad(&error.to_string()))?;
    let data = serde_json::to_value(document).map_err(|error| bad(&error.to_string()))?;
    let found = compiled.search(data).map_err(|error| bad(&error.to_string()))?;
    serde_json::to_value(&*found).map_err(|error| bad(&error.to_string()))
}

/// Writes what was found.
///
/// # Errors
/// Those of the output.
pub(super) fn write(found: &Value, output: Output, out: &mut dyn Write) -> io::Result<()> {
    match output {
        Output::Json => super::json(found, out),
        Output::Yaml => super::yaml(found, out),
        Output::Text => text(found, out),
    }
}

/// As the AWS CLI's text output: scalars in a row are separated by tabs, rows by line ends.
fn text(found: &Value, out: &mut dyn Write) -> io::Result<()> {
    match found {
        Value::Array(rows) if rows.iter().any(|row| row.is_array() || row.is_object()) => {
            rows.iter().try_for_each(|row| text(row, out))
        }
        Value::Array(row) => writeln!(out, "{}", cells(row.iter())),
        Value::Object(map) => writeln!(out, "{}", cells(map.values())),
        scalar => writeln!(out, "{}", cell(scalar)),
    }
}

fn cells<'a>(row: impl Iterator<Item = &'a Value>) -> String {
    row.map(cell).collect::<Vec<_>>().join("\t")
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::String(text) => super::clean::clean(text).into_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_expression_is_wrong_usage() {
        let failure = search("items[", &serde_json::json!({})).unwrap_err();
        assert_eq!(failure.exit, super::super::super::exit::Exit::Usage);
        assert!(failure.why.is_some_and(|why| !why.is_empty()));
    }

    #[test]
    fn numbers_stay_whole() {
        let found = search("n", &serde_json::json!({"n": 1_073_741_824_u64})).unwrap();
        assert_eq!(found.to_string(), "1073741824");
    }
}
