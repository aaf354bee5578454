//! Systems Manager's Parameter Store.

use crate::error::{Answer, AwsError};
use crate::input::{Input, page};
use crate::operation::{Cx, Handler, Operation};
use crate::realm::Realm;
use crate::wire::epoch;
use jiff::Timestamp;
use serde_json::{Value, json};

const NAME: &[&str] = &["Name"];

const fn op(name: &'static str, target: &'static [&'static str], handler: Handler) -> Operation {
    Operation::new("ssm", name, target, handler)
}

/// Parameter Store's operations.
pub(crate) const OPERATIONS: &[Operation] = &[
    op("GetParameter", NAME, get),
    op("GetParameters", &["Names"], get_many),
    op("GetParametersByPath", &["Path"], get_by_path),
    op("PutParameter", NAME, put),
    op("DeleteParameter", NAME, delete),
    op("DeleteParameters", &["Names"], delete_many),
    op("DescribeParameters", &[], describe),
];

/// A parameter.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    /// Its name.
    pub(crate) name: String,
    /// `String`, `StringList` or `SecureString`.
    pub(crate) kind: String,
    /// Its value.
    pub(crate) value: String,
    /// 1, 2, 3 …
    pub(crate) version: u64,
    /// When it was last put.
    pub(crate) modified: Timestamp,
    /// `Standard` or `Advanced`.
    pub(crate) tier: String,
    /// Its description.
    pub(crate) description: Option<String>,
}

/// A parameter's ARN; a name that is an ARN is its own.
pub(crate) fn arn(realm: &Realm, name: &str) -> String {
    if name.starts_with("arn:") {
        return name.to_owned();
    }
    let slash = if name.starts_with('/') { "" } else { "/" };
    realm.arn("ssm", &format!("parameter{slash}{name}"))
}

fn row(realm: &Realm, each: &Parameter, decrypt: bool) -> Value {
    let hidden = each.kind == "SecureString" && !decrypt;
    let value = if hidden { ciphertext(each) } else { each.value.clone() };
    json!({
        "Name": each.name,
        "Type": each.kind,
        "Value": value,
        "Version": each.version,
        "LastModifiedDate": epoch(each.modified),
        "ARN": arn(realm, &each.name),
        "DataType": "text",
    })
}

/// Something that looks like KMS's output and tells nothing.
fn ciphertext(each: &Parameter) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut rng = fastrand::Rng::with_seed(each.version ^ each.value.len() as u64);
    let letter = |_| LETTERS.get(rng.usize(..LETTERS.len())).copied().map_or('A', char::from);
    let tail: String = (0..160).map(letter).collect();
    format!("AQICAHh{tail}=")
}

fn not_found(name: &str) -> AwsError {
    AwsError::bad("ParameterNotFound", format!("Parameter {name} not found."))
}

fn validation(text: impl Into<String>) -> AwsError {
    AwsError::bad("ValidationException", text)
}

fn get(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = input.require("Name", "ValidationException")?;
    let each = cx.realm.parameters.get(name).ok_or_else(|| not_found(name))?;
    Ok(json!({ "Parameter": row(cx.realm, each, input.flag("WithDecryption")) }))
}

fn get_many(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let names = input.strings("Names");
    if names.is_empty() || names.len() > 10 {
        return Err(validation(
            "1 validation error detected: Value at 'names' failed to satisfy constraint: Member must have length less than or equal to 10",
        ));
    }
    let known = |name: &&String| cx.realm.parameters.contains_key(*name);
    let missing: Vec<&String> = names.iter().filter(|name| !known(name)).collect();
    let found = names.iter().filter_map(|name| cx.realm.parameters.get(name));
    let rows: Vec<Value> = found.map(|each| row(cx.realm, each, input.flag("WithDecryption"))).collect();
    Ok(json!({ "Parameters": rows, "InvalidParameters": missing }))
}

fn page_size(input: &Input, most: usize) -> Result<usize, AwsError> {
    let size = input.number("MaxResults").map_or(Some(most), |size| usize::try_from(size).ok());
    let fits = size.filter(|size| (1..=most).contains(size));
    fits.ok_or_else(|| {
        validation(format!(
            "1 validation error detected: Value at 'maxResults' failed to satisfy constraint: \
             Member must have value less than or equal to {most}"
        ))
    })
}

fn get_by_path(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let size = page_size(input, 10)?;
    let path = input.require("Path", "ValidationException")?;
    if !path.starts_with('/') {
        return Err(validation("The parameter path must begin with a slash /."));
    }
    let prefix = format!("{}/", path.trim_end_matches('/'));
    let under = |each: &&Parameter| {
        let rest = each.name.strip_prefix(&prefix);
        rest.is_some_and(|rest| input.flag("Recursive") || !rest.contains('/'))
    };
    let all: Vec<&Parameter> = cx.realm.parameters.values().filter(under).collect();
    let (found, next) = page(&all, input.text("NextToken"), size);
    let rows = found.into_iter().map(|each| row(cx.realm, each, input.flag("WithDecryption")));
    Ok(json!({ "Parameters": rows.collect::<Vec<Value>>(), "NextToken": next }))
}

fn put(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = input.require("Name", "ValidationException")?;
    let value = input.require("Value", "ValidationException")?;
    check_name(name)?;
    let known = cx.realm.parameters.get(name).cloned();
    if known.is_some() && !input.flag("Overwrite") {
        let text =
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
        return Err(AwsError::bad("ParameterAlreadyExists", text));
    }
    let kind = input.text("Type").or(known.as_ref().map(|each| each.kind.as_str()));
    let kind = kind.ok_or_else(|| validation("A parameter type is required when you create a parameter."))?;
    if !matches!(kind, "String" | "StringList" | "SecureString") {
        return Err(AwsError::bad("UnsupportedParameterType", format!("Unsupported type {kind}")));
    }
    let was_advanced = known.as_ref().is_some_and(|each| each.tier == "Advanced");
    let tier = tier(input, value, was_advanced)?;
    let parameter = Parameter {
        name: name.to_owned(),
        kind: kind.to_owned(),
        value: value.to_owned(),
        version: known.as_ref().map_or(1, |each| each.version + 1),
        modified: cx.now,
        tier: tier.to_owned(),
        description: input.text("Description").map(str::to_owned),
    };
    let answer = json!({ "Version": parameter.version, "Tier": parameter.tier });
    cx.realm.parameters.insert(name.to_owned(), parameter);
    Ok(answer)
}

fn check_name(name: &str) -> Result<(), AwsError> {
    let plain = |each: char| each.is_ascii_alphanumeric() || "_.-/".contains(each);
    let nested = name.contains('/');
    if !name.chars().all(plain) || (nested && !name.starts_with('/')) || name.len() > 1011 {
        return Err(validation(
            "Parameter name must be a fully qualified name and can only include the symbols a-zA-Z0-9_.- and /",
        ));
    }
    if name.split('/').count() > 16 {
        let text = "Hierarchies are limited to a maximum of 15 levels";
        return Err(AwsError::bad("HierarchyLevelLimitExceededException", text));
    }
    Ok(())
}

fn tier(input: &Input, value: &str, was_advanced: bool) -> Result<&'static str, AwsError> {
    let advanced = match input.text("Tier") {
        Some("Advanced") => true,
        Some("Intelligent-Tiering") => was_advanced || value.len() > 4096,
        _ => was_advanced,
    };
    let most = if advanced { 8192 } else { 4096 };
    if value.len() <= most {
        return Ok(if advanced { "Advanced" } else { "Standard" });
    }
    Err(validation(if advanced {
        "Advanced tier parameters support a maximum parameter value of 8192 characters."
    } else {
        "Standard tier parameters support a maximum parameter value of 4096 characters. To create \
         a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For \
         more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/\
         parameter-store-advanced-parameters.html"
    }))
}

fn delete(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = input.require("Name", "ValidationException")?;
    cx.realm.parameters.remove(name).ok_or_else(|| not_found(name))?;
    Ok(json!({}))
}

fn delete_many(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let parameters = &mut cx.realm.parameters;
    let (deleted, invalid): (Vec<String>, Vec<String>) =
        input.strings("Names").into_iter().partition(|name| parameters.remove(name).is_some());
    Ok(json!({ "DeletedParameters": deleted, "InvalidParameters": invalid }))
}

fn describe(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let size = page_size(input, 50)?;
    let filters = input.list("ParameterFilters");
    let passes = |each: &&Parameter| {
        filters.iter().all(|filter| {
            let begins = filter.text("Option") == Some("BeginsWith") || filter.text("Key") == Some("Path");
            let contains = filter.text("Option") == Some("Contains") && filter.text("Key") == Some("Name");
            let text = if filter.text("Key") == Some("Type") { &each.kind } else { &each.name };
            let fits = |value: &String| match (begins, contains) {
                (true, _) => text.starts_with(value),
                (_, true) => text.contains(value),
                _ => text == value,
            };
            filter.strings("Values").iter().any(fits)
        })
    };
    let all: Vec<&Parameter> = cx.realm.parameters.values().filter(passes).collect();
    let (found, next) = page(&all, input.text("NextToken"), size);
    let row = |each: &Parameter| {
        json!({
            "Name": each.name,
            "ARN": arn(cx.realm, &each.name),
            "Type": each.kind,
            "LastModifiedDate": epoch(each.modified),
            "Description": each.description,
            "Version": each.version,
            "Tier": each.tier,
            "Policies": [],
            "DataType": "text",
        })
    };
    let rows: Vec<Value> = found.into_iter().map(row).collect();
    Ok(json!({ "Parameters": rows, "NextToken": next }))
}
