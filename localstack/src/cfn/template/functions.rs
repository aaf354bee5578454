//! The intrinsic functions.

use super::conditions::holds;
use super::eval::Scope;
use super::plain;
use crate::error::AwsError;
use serde_json::{Map, Value, json};

type Found = Result<Option<Value>, AwsError>;

fn error(text: impl std::fmt::Display) -> AwsError {
    AwsError::validation(format!("Template error: {text}"))
}

/// The function that an object of one member calls.
pub(super) fn call_in(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = members.iter().next().filter(|_| members.len() == 1)?;
    let function = name.starts_with("Fn::") || name == "Ref";
    function.then_some((name.as_str(), argument))
}

/// Carries out a function.
pub(super) fn apply(scope: &Scope<'_>, name: &str, argument: &Value, depth: usize) -> Found {
    match name {
        "Ref" => reference(scope, &plain(argument)),
        "Fn::GetAtt" => attribute(scope, argument, depth),
        "Fn::Sub" => sub(scope, argument, depth),
        "Fn::If" => if_then(scope, argument, depth),
        "Fn::Join" => join(scope, argument, depth),
        "Fn::Select" => select(scope, argument, depth),
        "Fn::Split" => split(scope, argument, depth),
        "Fn::FindInMap" => find_in_map(scope, argument, depth),
        "Fn::Base64" => Ok(Some(Value::String(base64(scope_text(scope, argument, depth)?.as_bytes())))),
        "Fn::ImportValue" => import(scope, argument, depth),
        "Fn::Cidr" => cidr(scope, argument, depth),
        "Fn::GetAZs" => zones(scope, argument, depth),
        "Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or" => {
            Ok(Some(Value::Bool(holds(scope, &json!({ name: argument }), depth)?)))
        }
        _ => Err(AwsError::not_implemented("cloudformation", name)),
    }
}

fn scope_text(scope: &Scope<'_>, tree: &Value, depth: usize) -> Result<String, AwsError> {
    Ok(scope.at(tree, depth)?.map(|value| plain(&value)).unwrap_or_default())
}

/// The arguments as they are, at least so many.
pub(super) fn arguments<'a>(name: &str, tree: &'a Value, least: usize) -> Result<&'a [Value], AwsError> {
    let items = tree.as_array().map(Vec::as_slice).filter(|items| items.len() >= least);
    items.ok_or_else(|| error(format!("{name} requires a list argument with {least} elements")))
}

/// One of them, or nothing.
pub(super) fn argument(items: &[Value], place: usize) -> &Value {
    items.get(place).unwrap_or(&Value::Null)
}

fn reference(scope: &Scope<'_>, name: &str) -> Found {
    let text = match name {
        "AWS::NoValue" => return Ok(None),
        "AWS::NotificationARNs" => return Ok(Some(json!([]))),
        "AWS::AccountId" => scope.account.clone(),
        "AWS::Region" => scope.region.clone(),
        "AWS::StackId" => scope.stack_id.clone(),
        "AWS::StackName" => scope.stack_name.clone(),
        "AWS::Partition" => "aws".to_owned(),
        "AWS::URLSuffix" => "amazonaws.com".to_owned(),
        _ => return of_template(scope, name),
    };
    Ok(Some(Value::String(text)))
}

fn of_template(scope: &Scope<'_>, name: &str) -> Found {
    if let Some(parameter) = scope.template.parameters.iter().find(|each| each.key == name) {
        let value = scope.parameters.get(name).cloned().unwrap_or_default();
        if parameter.is_list() {
            let items = value.split(',').map(|item| item.trim().to_owned());
            return Ok(Some(items.collect()));
        }
        return Ok(Some(Value::String(value)));
    }
    let found = scope.symbols.resource(name, None);
    let found = found.ok_or_else(|| error(format!("Unresolved resource dependencies [{name}]")))?;
    Ok(Some(Value::String(found)))
}

fn attribute(scope: &Scope<'_>, tree: &Value, depth: usize) -> Found {
    let (logical, name) = match tree {
        Value::String(text) => {
            let (logical, name) = text.split_once('.').unwrap_or((text, ""));
            (logical.to_owned(), name.to_owned())
        }
        list => {
            let items = arguments("Fn::GetAtt", list, 2)?;
            (plain(argument(items, 0)), scope_text(scope, argument(items, 1), depth)?)
        }
    };
    let found = scope.symbols.resource(&logical, Some(&name));
    let text = || format!("resource {logical} does not support attribute type {name} in Fn::GetAtt");
    Ok(Some(Value::String(found.ok_or_else(|| error(text()))?)))
}

fn sub(scope: &Scope<'_>, tree: &Value, depth: usize) -> Found {
    let (template, own) = match tree {
        Value::Array(items) => (plain(argument(items, 0)), argument(items, 1)),
        other => (plain(other), &Value::Null),
    };
    let mut whole = String::new();
    let mut rest = template.as_str();
    while let Some((before, after)) = rest.split_once("${") {
        let (name, tail) =
            after.split_once('}').ok_or_else(|| error("Fn::Sub expression does not resolve to a string"))?;
        whole.push_str(before);
        whole.push_str(&variable(scope, name.trim(), own, depth)?);
        rest = tail;
    }
    whole.push_str(rest);
    scope.dynamic(&whole).map(Some)
}

fn variable(scope: &Scope<'_>, name: &str, own: &Value, depth: usize) -> Result<String, AwsError> {
    if let Some(literal) = name.strip_prefix('!') {
        return Ok(format!("${{{literal}}}"));
    }
    if let Some(tree) = own.get(name) {
        return scope_text(scope, tree, depth);
    }
    let found = match name.split_once('.') {
        Some((logical, attribute)) => {
            let found = scope.symbols.resource(logical, Some(attribute));
            found.map(Value::String)
        }
        None => reference(scope, name)?,
    };
    let text = || format!("variable names in Fn::Sub syntax must refer to something known: {name}");
    found.map(|value| plain(&value)).ok_or_else(|| error(text()))
}

fn if_then(scope: &Scope<'_>, tree: &Value, depth: usize) -> Found {
    let items = arguments("Fn::If", tree, 3)?;
    let place = if scope.condition_at(&plain(argument(items, 0)), depth)? { 1 } else { 2 };
    scope.at(argument(items, place), depth)
}

fn list(scope: &Scope<'_>, tree: &Value, depth: usize) -> Result<Vec<Value>, AwsError> {
    match scope.at(tree, depth)? {
        Some(Value::Array(items)) => Ok(items),
        _ => Err(error("a list was expected")),
    }
}

fn join(scope: &Scope<'_>, tree: &Value, depth: usize) -> Found {
    let items = arguments("Fn::Join", tree, 2)?;
    let texts: Vec<String> = list(scope, argument(items, 1), depth)?.iter().map(plain).collect();
    Ok(Some(Value::String(texts.join(&plain(argument(items, 0))))))
}

fn select(scope: &Scope<'_>, tree: &Value, depth: usize) -> Found {
    let items = arguments("Fn::Select", tree, 2)?;
    let place: usize = scope_text(scope, argument(items, 0), depth)?.parse().unwrap_or(usize::MAX);
    let found = list(scope, argument(items, 1), depth)?.into_iter().nth(place);
    found.map(Some).ok_or_else(|| error(format!("Fn::Select cannot select nonexistent value at index {place}")))
}

fn split(scope: &Scope<'_>, tree: &Value, depth: usize) -> Found {
    let items = arguments("Fn::Split", tree, 2)?;
    let text = scope_text(scope, argument(items, 1), depth)?;
    Ok(Some(text.split(plain(argument(items, 0)).as_str()).map(str::to_owned).collect()))
}

fn find_in_map(scope: &Scope<'_>, tree: &Value, depth: usize) -> Found {
    let items = arguments("Fn::FindInMap", tree, 3)?;
    let mut names = Vec::new();
    for item in items.iter().take(3) {
        names.push(scope_text(scope, item, depth)?);
    }
    let mappings = scope.template.body.get("Mappings");
    let found = names.iter().try_fold(mappings.unwrap_or(&Value::Null), |place, name| place.get(name));
    let text = || format!("Unable to get mapping for {}", names.join("::"));
    found.cloned().map(Some).ok_or_else(|| error(text()))
}

fn import(scope: &Scope<'_>, tree: &Value, depth: usize) -> Found {
    let name = scope_text(scope, tree, depth)?;
    let found = scope.symbols.import(&name);
    let text = format!("No export named {name} found.");
    Ok(Some(Value::String(found.ok_or_else(|| AwsError::validation(text))?)))
}

fn zones(scope: &Scope<'_>, tree: &Value, depth: usize) -> Found {
    let given = scope_text(scope, tree, depth)?;
    let region = if given.is_empty() { scope.region.clone() } else { given };
    Ok(Some(['a', 'b', 'c'].iter().map(|letter| format!("{region}{letter}")).collect()))
}

/// So many networks of so many host bits in a block.
fn cidr(scope: &Scope<'_>, tree: &Value, depth: usize) -> Found {
    let items = arguments("Fn::Cidr", tree, 2)?;
    let block = scope_text(scope, argument(items, 0), depth)?;
    let count: u32 = scope_text(scope, argument(items, 1), depth)?.parse().unwrap_or(0);
    let bits: u32 = scope_text(scope, argument(items, 2), depth)?.parse().unwrap_or(8);
    let address = block.split('/').next().and_then(|text| text.parse::<std::net::Ipv4Addr>().ok());
    let base = u32::from(address.ok_or_else(|| error(format!("Fn::Cidr: {block} is not a CIDR block")))?);
    if !(1..=256).contains(&count) || bits > 24 {
        return Err(error("Fn::Cidr: count must be between 1 and 256"));
    }
    let network = |number: u32| {
        let first = base.wrapping_add(number << bits);
        format!("{}/{}", std::net::Ipv4Addr::from(first), 32 - bits)
    };
    Ok(Some((0..count).map(network).collect()))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut three = [0_u8; 3];
        for (place, byte) in three.iter_mut().zip(chunk) {
            *place = *byte;
        }
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for place in 0..4 {
            let index = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap_or(0);
            let letter = LETTERS.get(index).copied().map_or('=', char::from);
            text.push(if place > chunk.len() { '=' } else { letter });
        }
    }
    text
}
