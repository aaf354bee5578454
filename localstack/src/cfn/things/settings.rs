//! Resources that hold no data: vaults, roles, secrets, parameters, keys, log groups.

use super::{Made, Order};
use crate::backup::state::Vault;
use crate::error::AwsError;
use crate::identity::{Key, Role};
use crate::input::Tags;
use crate::realm::{Beyond, Realm};
use crate::secrets::Secret;
use crate::ssm::Parameter;
use jiff::Timestamp;
use serde_json::{Value, json};

type Outcome = Result<Made, AwsError>;

/// A backup vault.
pub(super) fn vault(realm: &mut Realm, order: &Order<'_>) -> Outcome {
    let name = order.text("BackupVaultName").unwrap_or_default();
    let plain = |each: char| each.is_ascii_alphanumeric() || each == '-' || each == '_';
    if !(2..=50).contains(&name.len()) || !name.chars().all(plain) {
        let text = "Backup vault name must match ^[a-zA-Z0-9\\-\\_]{2,50}$";
        return Err(AwsError::bad("InvalidParameterValueException", text));
    }
    if realm.backup.vaults.contains_key(&name) {
        let text = "Backup vault with the same name already exists";
        return Err(AwsError::bad("AlreadyExistsException", text));
    }
    let given = order.text("EncryptionKeyArn");
    let kms_key = given.or_else(|| crate::seeds::key(realm, "alias/aws/backup", order.at)).unwrap_or_default();
    let arn = realm.arn("backup", &format!("backup-vault:{name}"));
    let vault = Vault {
        name: name.clone(),
        arn: arn.clone(),
        kms_key,
        created: order.at,
        policy: None,
        lock: None,
        tags: Tags::new(),
    };
    realm.backup.vaults.insert(name.clone(), vault);
    Ok(order.small(realm, name.clone()).with("BackupVaultName", name).with("BackupVaultArn", arn))
}

/// An IAM role.
pub(super) fn role(realm: &mut Realm, beyond: &mut Beyond<'_>, order: &Order<'_>) -> Outcome {
    let name = match order.text("RoleName") {
        Some(name) => name,
        None => order.generated(realm, 64),
    };
    if beyond.account.roles.contains_key(&name) {
        return Err(AwsError::new(409, "EntityAlreadyExists", format!("Role with name {name} already exists.")));
    }
    let path = order.text("Path").unwrap_or_else(|| "/".to_owned());
    let arn = format!("arn:aws:iam::{}:role{path}{name}", realm.account);
    let trust = order.properties.get("AssumeRolePolicyDocument").cloned().unwrap_or_default().to_string();
    let role = Role { name: name.clone(), path, arn: arn.clone(), trust, created: order.at };
    beyond.account.roles.insert(name.clone(), role);
    Ok(order.small(realm, name).with("Arn", arn))
}

/// A secret; its physical id is its ARN.
pub(super) fn secret(realm: &mut Realm, order: &Order<'_>) -> Outcome {
    let name = match order.text("Name") {
        Some(name) => name,
        None => format!("{}-{}", order.resource.logical, realm.hex(12)),
    };
    if let Some(known) = realm.secrets.values().find(|each| each.name == name && each.exists(order.at)) {
        return Err(match known.deleted {
            Some(_) => AwsError::bad(
                "InvalidRequestException",
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            ),
            None => AwsError::bad(
                "ResourceExistsException",
                format!("The operation failed because the secret {name} already exists."),
            ),
        });
    }
    let arn = realm.arn("secretsmanager", &format!("secret:{name}-{}", realm.rng.clone().alphabetic()));
    let arn = format!("{arn}{}", realm.hex(5));
    let version = realm.uuid();
    let value = order.text("SecretString").unwrap_or_else(|| generated(realm, order));
    let secret = Secret {
        arn: arn.clone(),
        name,
        description: order.text("Description").unwrap_or_default(),
        created: order.at,
        changed: order.at,
        rotated: None,
        deleted: None,
        versions: vec![(version, value)],
    };
    realm.secrets.insert(arn.clone(), secret);
    Ok(order.small(realm, arn.clone()).with("Id", arn))
}

/// `GenerateSecretString`: a value nobody knows, perhaps in an object.
fn generated(realm: &mut Realm, order: &Order<'_>) -> String {
    let unknown = format!("canary-generated-{}", realm.hex(24));
    let how = order.properties.get("GenerateSecretString");
    let text = |member: &str| how.and_then(|how| how.get(member)).and_then(Value::as_str);
    let object = text("SecretStringTemplate").and_then(|template| serde_json::from_str::<Value>(template).ok());
    match (object, text("GenerateStringKey")) {
        (Some(Value::Object(mut members)), Some(key)) => {
            members.insert(key.to_owned(), json!(unknown));
            Value::Object(members).to_string()
        }
        _ => unknown,
    }
}

/// A Parameter Store parameter.
pub(super) fn parameter(realm: &mut Realm, order: &Order<'_>) -> Outcome {
    let name = match order.text("Name") {
        Some(name) => name,
        None => format!("CFN-{}-{}", order.resource.logical, realm.hex(12)),
    };
    if realm.parameters.contains_key(&name) {
        let text =
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
        return Err(AwsError::bad("ParameterAlreadyExists", text));
    }
    let value = order.text("Value").unwrap_or_default();
    let parameter = Parameter {
        name: name.clone(),
        kind: order.text("Type").unwrap_or_else(|| "String".to_owned()),
        value: value.clone(),
        version: 1,
        modified: order.at,
        tier: order.text("Tier").unwrap_or_else(|| "Standard".to_owned()),
        description: order.text("Description"),
    };
    realm.parameters.insert(name.clone(), parameter);
    Ok(order.small(realm, name).with("Value", value))
}

/// A KMS key.
pub(super) fn key(realm: &mut Realm, order: &Order<'_>) -> Outcome {
    let id = realm.uuid();
    let arn = realm.arn("kms", &format!("key/{id}"));
    let key = Key {
        id: id.clone(),
        arn: arn.clone(),
        alias: None,
        state: "Enabled".to_owned(),
        created: order.at,
        managed: false,
        deletion: None,
    };
    realm.keys.insert(id.clone(), key);
    Ok(order.small(realm, id.clone()).with("KeyId", id).with("Arn", arn))
}

/// A KMS alias.
pub(super) fn alias(realm: &mut Realm, order: &Order<'_>) -> Outcome {
    let name = order.text("AliasName").unwrap_or_default();
    if realm.keys.values().any(|each| each.alias.as_deref() == Some(&name)) {
        let text = format!("An alias with the name {} already exists", realm.arn("kms", &name));
        return Err(AwsError::bad("AlreadyExistsException", text));
    }
    let target = order.text("TargetKeyId").unwrap_or_default();
    let found = realm.keys.values_mut().find(|each| each.id == target || each.arn == target);
    let text = format!("Key '{target}' does not exist");
    found.ok_or_else(|| AwsError::bad("NotFoundException", text))?.alias = Some(name.clone());
    Ok(order.small(realm, name))
}

/// A log group.
pub(super) fn log_group(realm: &mut Realm, order: &Order<'_>) -> Outcome {
    let name = match order.text("LogGroupName") {
        Some(name) => name,
        None => order.generated(realm, 512),
    };
    if realm.log_groups.contains_key(&name) {
        let text = format!(
            "Resource of type 'AWS::Logs::LogGroup' with identifier '{{\"/properties/LogGroupName\":\"{name}\"}}' \
             already exists."
        );
        return Err(AwsError::bad("ResourceAlreadyExistsException", text));
    }
    realm.log_groups.insert(name.clone(), order.at);
    let arn = realm.arn("logs", &format!("log-group:{name}:*"));
    Ok(order.small(realm, name).with("Arn", arn))
}

/// A vault goes if it is empty.
pub(super) fn delete_vault(realm: &mut Realm, name: &str) -> Result<(), AwsError> {
    match realm.backup.remove_vault(name) {
        Err(error) if error.code == "ResourceNotFoundException" => Ok(()),
        other => other,
    }
}

/// Everything that goes at once; a secret goes without a recovery window, a key is scheduled.
pub(super) fn delete(realm: &mut Realm, beyond: &mut Beyond<'_>, kind: &str, physical: &str, at: Timestamp) {
    match kind {
        "AWS::IAM::Role" => {
            beyond.account.roles.remove(physical);
        }
        "AWS::SecretsManager::Secret" => {
            realm.secrets.remove(physical);
        }
        "AWS::SSM::Parameter" => {
            realm.parameters.remove(physical);
        }
        "AWS::Logs::LogGroup" => {
            realm.log_groups.remove(physical);
        }
        "AWS::KMS::Key" => crate::identity::schedule(realm, physical, 30, at),
        "AWS::KMS::Alias" => {
            for key in realm.keys.values_mut().filter(|each| each.alias.as_deref() == Some(physical)) {
                key.alias = None;
            }
        }
        _ => {}
    }
}
