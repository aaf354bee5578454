//! Which values an update gives the template's parameters.

use super::state::Stack;
use crate::error::AwsError;
use crate::input::Input;
use crate::realm::Realm;
use crate::seeds::ParameterSeed;
use std::collections::BTreeMap;

/// All parameters' new values, or AWS's refusal of the ones given.
pub(crate) fn resolve(
    realm: &Realm,
    stack: &Stack,
    declared: &[ParameterSeed],
    given: &[Input],
) -> Result<BTreeMap<String, String>, AwsError> {
    let values = values(declared, Some(&stack.parameters), given)?;
    let fresh = declared.iter().filter(|each| stack.parameters.get(&each.key) != values.get(&each.key));
    exist(realm, fresh, &values)?;
    Ok(values)
}

/// The values of a stack that does not exist yet.
pub(crate) fn first(
    realm: &Realm,
    declared: &[ParameterSeed],
    given: &[Input],
) -> Result<BTreeMap<String, String>, AwsError> {
    let values = values(declared, None, given)?;
    exist(realm, declared.iter(), &values)?;
    Ok(values)
}

/// Values of AWS-specific types must name something that exists, so far as it can be known here.
fn exist<'a>(
    realm: &Realm,
    declared: impl Iterator<Item = &'a ParameterSeed>,
    values: &BTreeMap<String, String>,
) -> Result<(), AwsError> {
    for parameter in declared {
        let (key, value) = (&parameter.key, values.get(&parameter.key).map_or("", String::as_str));
        if parameter.ssm_typed() {
            let known =
                realm.parameters.contains_key(value) || value.starts_with("/aws/") || parameter.resolved.is_some();
            if !known {
                return Err(AwsError::validation(format!(
                    "Unable to fetch parameters [{value}] from parameter store for this account."
                )));
            }
        } else if parameter.kind.starts_with("AWS::") && value.is_empty() {
            return Err(AwsError::validation(format!(
                "Parameter validation failed: parameter value {value} for parameter name {key} does not exist"
            )));
        }
    }
    Ok(())
}

/// The same for a stack that may not exist yet.
fn values(
    declared: &[ParameterSeed],
    previous: Option<&BTreeMap<String, String>>,
    given: &[Input],
) -> Result<BTreeMap<String, String>, AwsError> {
    refuse_unknown(declared, given)?;
    let mut values = BTreeMap::new();
    let mut missing = Vec::new();
    for parameter in declared {
        let entry = given.iter().find(|each| each.text("ParameterKey") == Some(&parameter.key));
        match value_of(parameter, previous, entry)? {
            Some(value) => {
                check(parameter, &value)?;
                values.insert(parameter.key.clone(), value);
            }
            None => missing.push(parameter.key.as_str()),
        }
    }
    if missing.is_empty() {
        return Ok(values);
    }
    let text = format!("Parameters: [{}] must have values", missing.join(", "));
    Err(AwsError::validation(text))
}

fn refuse_unknown(declared: &[ParameterSeed], given: &[Input]) -> Result<(), AwsError> {
    let known = |key: &&str| declared.iter().any(|each| each.key == *key);
    let keys = given.iter().filter_map(|each| each.text("ParameterKey"));
    let unknown: Vec<&str> = keys.filter(|key| !known(key)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let text = format!("Parameters: [{}] do not exist in the template", unknown.join(", "));
    Err(AwsError::validation(text))
}

/// A key that is not given gets its default: the trap of `UpdateStack`.
fn value_of(
    parameter: &ParameterSeed,
    previous: Option<&BTreeMap<String, String>>,
    entry: Option<&Input>,
) -> Result<Option<String>, AwsError> {
    let Some(entry) = entry else {
        return Ok(parameter.default.clone());
    };
    let given = entry.0.get("ParameterValue").and_then(serde_json::Value::as_str);
    if !entry.flag("UsePreviousValue") {
        return Ok(Some(given.unwrap_or_default().to_owned()));
    }
    if given.is_some_and(|text| !text.is_empty()) {
        return Err(AwsError::validation(format!(
            "Invalid input for parameter key {}. Cannot specify usePreviousValue as true and \
             non empty value for a parameter",
            parameter.key
        )));
    }
    let before = previous.and_then(|values| values.get(&parameter.key)).cloned();
    let text = format!(
        "Invalid input for parameter key {}. Cannot specify usePreviousValue as true for a parameter key not in the \
         previous template",
        parameter.key
    );
    before.map(Some).ok_or_else(|| AwsError::validation(text))
}

fn check(parameter: &ParameterSeed, value: &str) -> Result<(), AwsError> {
    let key = &parameter.key;
    if !parameter.allowed.is_empty() && !parameter.allowed.iter().any(|each| each == value) {
        let list = parameter.allowed.join(", ");
        let text = format!("Parameter '{key}' must be one of AllowedValues [{list}]");
        return Err(AwsError::validation(constraint_or(parameter, text)));
    }
    if let Some(pattern) = &parameter.pattern {
        let whole = regex_lite::Regex::new(&format!("^(?:{pattern})$"));
        if whole.is_ok_and(|whole| !whole.is_match(value)) {
            let text = format!("Parameter {key} must match pattern {pattern}");
            return Err(AwsError::validation(constraint_or(parameter, text)));
        }
    }
    within(parameter, value)?;
    if value.len() > 4096 {
        return Err(AwsError::validation(format!("Parameter {key} is longer than 4096 bytes")));
    }
    Ok(())
}

/// Lengths and numbers.
fn within(parameter: &ParameterSeed, value: &str) -> Result<(), AwsError> {
    let key = &parameter.key;
    let refuse = |text: String| Err(AwsError::validation(constraint_or(parameter, text)));
    let length = value.chars().count();
    if let Some(least) = parameter.min_length.filter(|least| length < *least) {
        return refuse(format!("Parameter '{key}' must contain at least {least} characters"));
    }
    if let Some(most) = parameter.max_length.filter(|most| length > *most) {
        return refuse(format!("Parameter '{key}' must contain at most {most} characters"));
    }
    if !matches!(parameter.kind.as_str(), "Number" | "List<Number>") {
        return Ok(());
    }
    let several = parameter.kind != "Number";
    for part in value.split(',').filter(|_| several).chain([value].into_iter().filter(|_| !several)) {
        let Ok(number) = part.trim().parse::<f64>() else {
            return refuse(format!("Parameter '{key}' must be a number"));
        };
        if let Some(least) = parameter.min_value.filter(|least| number < *least) {
            return refuse(format!("Parameter '{key}' must be a number not less than {least}"));
        }
        if let Some(most) = parameter.max_value.filter(|most| number > *most) {
            return refuse(format!("Parameter '{key}' must be a number not greater than {most}"));
        }
    }
    Ok(())
}

fn constraint_or(parameter: &ParameterSeed, text: String) -> String {
    parameter
        .constraint
        .as_ref()
        .map_or(text, |constraint| format!("Parameter {} failed to satisfy constraint: {constraint}", parameter.key))
}
