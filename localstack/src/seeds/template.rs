//! Seeds as JSON templates, and back.

use super::{ClusterSeed, FileSystemSeed, OutputSeed, ParameterSeed, ResourceSeed, RoleSeed};
use super::{SecretSeed, StackSeed, SwitchSeed, VaultSeed};
use crate::error::AwsError;
use crate::realm::Realm;
use serde_json::{Map, Value, json};

/// The template a seed stands for.
pub(crate) fn to_template(seed: &StackSeed) -> Value {
    let parameters: Map<String, Value> =
        seed.parameters.iter().map(|each| (each.key.clone(), parameter(each))).collect();
    let resource = |each: &ResourceSeed| {
        let policy = Some(&each.deletion_policy).filter(|text| !text.is_empty());
        let body = json!({ "Type": each.kind, "DeletionPolicy": policy });
        (each.logical.clone(), crate::wire::pruned(&body))
    };
    let outputs: Map<String, Value> =
        seed.outputs.iter().map(|each| (each.key.clone(), json!({ "Value": { "Fn::Sub": each.value } }))).collect();
    let resources: Map<String, Value> = seed.resources.iter().map(resource).collect();
    let switch = seed.switch.as_ref().map(|switch| {
        json!({ "OfflineSwitch": {
        "Parameter": switch.parameter, "Online": switch.online, "Offline": switch.offline,
    } })
    });
    crate::wire::pruned(&json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": seed.description,
        "Transform": Some(&seed.transforms).filter(|list| !list.is_empty()),
        "Metadata": switch,
        "Parameters": parameters,
        "Resources": resources,
        "Outputs": outputs,
    }))
}

fn parameter(each: &ParameterSeed) -> Value {
    let kind = if each.kind.is_empty() { "String" } else { &each.kind };
    crate::wire::pruned(&json!({
        "Type": kind,
        "Default": each.default,
        "AllowedValues": Some(&each.allowed).filter(|list| !list.is_empty()),
        "AllowedPattern": each.pattern,
        "ConstraintDescription": each.constraint,
        "NoEcho": each.no_echo.then_some(true),
        "Description": Some(&each.description).filter(|text| !text.is_empty()),
    }))
}

fn text(value: &Value, member: &str) -> String {
    value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn members<'a>(value: &'a Value, member: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.get(member).and_then(Value::as_object).into_iter().flatten()
}

/// Reads a JSON template; physical ids are made up from `name`.
pub(crate) fn from_template(realm: &mut Realm, name: &str, body: &str) -> Result<StackSeed, AwsError> {
    let unreadable = |_| AwsError::validation("Template format error: JSON not well-formed.");
    let template: Value = serde_json::from_str(body).map_err(unreadable)?;
    let mut seed =
        StackSeed { name: name.to_owned(), description: text(&template, "Description"), ..StackSeed::default() };
    for (key, value) in members(&template, "Parameters") {
        seed.parameters.push(parameter_of(key, value));
    }
    for (logical, value) in members(&template, "Resources") {
        add_resource(realm, &mut seed, logical, value);
    }
    if seed.resources.is_empty() {
        let text = "Template format error: At least one Resources member must be defined.";
        return Err(AwsError::validation(text));
    }
    for (key, value) in members(&template, "Outputs") {
        seed.outputs.push(output_of(key, value));
    }
    let switch = template.get("Metadata").and_then(|metadata| metadata.get("OfflineSwitch"));
    seed.switch = switch.map(|switch| SwitchSeed {
        parameter: text(switch, "Parameter"),
        online: text(switch, "Online"),
        offline: text(switch, "Offline"),
        effects: Vec::new(),
    });
    Ok(seed)
}

fn parameter_of(key: &str, value: &Value) -> ParameterSeed {
    let allowed = value.get("AllowedValues").and_then(Value::as_array).into_iter().flatten();
    ParameterSeed {
        key: key.to_owned(),
        kind: text(value, "Type"),
        default: value.get("Default").and_then(Value::as_str).map(str::to_owned),
        allowed: allowed.filter_map(Value::as_str).map(str::to_owned).collect(),
        pattern: value.get("AllowedPattern").and_then(Value::as_str).map(str::to_owned),
        constraint: value.get("ConstraintDescription").and_then(Value::as_str).map(str::to_owned),
        no_echo: value.get("NoEcho").and_then(Value::as_bool).unwrap_or(false),
        description: text(value, "Description"),
        ..ParameterSeed::default()
    }
}

fn output_of(key: &str, value: &Value) -> OutputSeed {
    let inner = value.get("Value").unwrap_or(&Value::Null);
    let by_ref = inner.get("Ref").and_then(Value::as_str).map(|logical| format!("${{{logical}}}"));
    let by_sub = inner.get("Fn::Sub").and_then(Value::as_str).map(str::to_owned);
    let plain = inner.as_str().map(str::to_owned);
    OutputSeed {
        key: key.to_owned(),
        value: by_ref.or(by_sub).or(plain).unwrap_or_default(),
        description: text(value, "Description"),
    }
}

fn add_resource(realm: &mut Realm, seed: &mut StackSeed, logical: &str, value: &Value) {
    let kind = text(value, "Type");
    let unique = realm.hex(12);
    let lower = format!("{}-{}-{unique}", seed.name, logical).to_ascii_lowercase();
    let mut physical = format!("{}-{logical}-{}", seed.name, unique.to_uppercase());
    match kind.as_str() {
        "AWS::RDS::DBCluster" => {
            physical = lower.chars().take(60).collect();
            seed.cluster = Some(ClusterSeed {
                id: physical.clone(),
                engine: "aurora-postgresql".to_owned(),
                engine_version: "15.4".to_owned(),
                engine_mode: "provisioned".to_owned(),
                kms_key: String::new(),
                instances: Vec::new(),
            });
        }
        "AWS::EFS::FileSystem" | "Custom::EFS" => {
            physical = format!("fs-{}", realm.hex(17));
            let (id, name) = (physical.clone(), logical.to_owned());
            let bytes = 10_000_000_000;
            let file_system = FileSystemSeed { id, name, bytes, kms_key: String::new(), mount_targets: 2 };
            seed.file_system = Some(file_system);
        }
        "AWS::Backup::BackupVault" => {
            physical = lower.chars().take(50).collect();
            let name = physical.clone();
            seed.vault = Some(VaultSeed { name, ..VaultSeed::default() });
        }
        "AWS::IAM::Role" => {
            let name = physical.clone();
            let (path, trusts) = ("/".to_owned(), "backup.amazonaws.com".to_owned());
            seed.role = Some(RoleSeed { name, path, trusts });
            seed.capabilities = vec!["CAPABILITY_IAM".to_owned()];
        }
        "AWS::SecretsManager::Secret" => {
            let name = physical.clone();
            seed.secrets.push(SecretSeed { name, description: String::new() });
        }
        _ => {}
    }
    let deletion_policy = text(value, "DeletionPolicy");
    let logical = logical.to_owned();
    seed.resources.push(ResourceSeed { logical, physical, kind, deletion_policy });
}
