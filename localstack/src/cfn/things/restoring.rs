//! Custom resources that restore: files from a recovery point, secrets from another stack's.

use super::super::making::Watch;
use super::{Made, Order, Until, data, said};
use crate::backup::restores::{self, RestoreOrder};
use crate::error::AwsError;
use crate::realm::{Beyond, Realm};
use crate::ssm::Parameter;

/// A file system of its own, perhaps with the files of a recovery point.
const OWN: &str = "Custom::EFS";
/// A Parameter Store secret, new or copied.
const SECRET: &str = "Custom::KeymasterSecret";
/// A function that is not told otherwise gives up after so many seconds.
const FUNCTION: f64 = 900.0;
/// CloudFormation waits for a function's answer for an hour.
const ANSWER: f64 = 3600.0;

/// Whether a resource is made here.
pub(super) fn concerns(order: &Order<'_>) -> bool {
    let kind = order.resource.kind.as_str();
    let custom = kind.starts_with("Custom::") || kind == "AWS::CloudFormation::CustomResource";
    matches!(kind, OWN | SECRET) || (custom && order.text("RecoveryPointArn").is_some())
}

/// Makes it; the error is what its event says.
pub(super) fn make(realm: &mut Realm, beyond: &mut Beyond<'_>, order: &Order<'_>) -> Result<Made, String> {
    let made = match order.resource.kind.as_str() {
        SECRET => secret(realm, order),
        OWN => own(realm, beyond, order),
        _ => files(realm, beyond, order),
    };
    made.map_err(|error| said(realm, "Custom::", &error))
}

/// The Hubs function: it looks for fifteen minutes, and does not know that `ABORTED` is an end.
fn own(realm: &mut Realm, beyond: &mut Beyond<'_>, order: &Order<'_>) -> Result<Made, AwsError> {
    let Some(point) = order.text("RecoveryPointArn") else {
        let id = data::new_file_system(realm, order);
        return Ok(order.small(realm, id));
    };
    let role = role(realm, order, &point);
    let id = data::new_file_system(realm, order);
    let wanted = RestoreOrder { vault: order.text("BackupVaultName"), point, target: Some(id.clone()), role };
    let job = match restores::begin(realm, beyond, &wanted, order.at) {
        Ok(job) => job,
        Err(error) => {
            realm.file_systems.remove(&id);
            return Err(error);
        }
    };
    let watch = Watch {
        job,
        deaf: realm.exactly_after(order.at, FUNCTION),
        dead: realm.exactly_after(order.at, ANSWER),
        knows_aborted: false,
    };
    Ok(Made { until: Until::Job(watch), ..order.small(realm, id) })
}

fn role(realm: &Realm, order: &Order<'_>, point: &str) -> String {
    let given = order.text("RoleArn").or_else(|| order.text("IamRoleArn"));
    given.or_else(|| realm.backup.points.get(point).map(|each| each.role.clone())).unwrap_or_default()
}

/// A function that restores into the stack's file system and calls itself until the job has ended.
fn files(realm: &mut Realm, beyond: &mut Beyond<'_>, order: &Order<'_>) -> Result<Made, AwsError> {
    let point = order.text("RecoveryPointArn").unwrap_or_default();
    let target = order.text("FileSystemId").unwrap_or_default();
    if !realm.file_systems.contains_key(&target) {
        return Err(AwsError::bad("InvalidParameterValueException", format!("File system {target} does not exist")));
    }
    let role = role(realm, order, &point);
    let wanted = RestoreOrder { vault: order.text("BackupVaultName"), point, target: Some(target), role };
    let job = restores::begin(realm, beyond, &wanted, order.at)?;
    let limit = order.text("ServiceTimeout").and_then(|text| text.parse().ok()).unwrap_or(ANSWER);
    let dead = realm.exactly_after(order.at, limit);
    let watch = Watch { job: job.clone(), deaf: dead, dead, knows_aborted: true };
    Ok(Made { until: Until::Job(watch), ..order.small(realm, job) })
}

/// `Name`, and `CopyFrom` when it is not a new one. It outlives the stack: a later restore needs it.
fn secret(realm: &mut Realm, order: &Order<'_>) -> Result<Made, AwsError> {
    let name = order.text("Name").unwrap_or_default();
    let value = match order.text("CopyFrom") {
        None => realm
            .parameters
            .get(&name)
            .map_or_else(|| format!("canary-{}", realm.rng.clone().u64(..)), |each| each.value.clone()),
        Some(source) => {
            let found = realm.parameters.get(&source).map(|each| each.value.clone());
            let text = format!("ParameterNotFound: Parameter {source} not found.");
            found.ok_or_else(|| AwsError::bad("ParameterNotFound", text))?
        }
    };
    let version = realm.parameters.get(&name).map_or(1, |each| each.version + 1);
    let parameter = Parameter {
        name: name.clone(),
        kind: "SecureString".to_owned(),
        value,
        version,
        modified: order.at,
        tier: "Standard".to_owned(),
        description: None,
    };
    realm.parameters.insert(name.clone(), parameter);
    Ok(order.small(realm, name))
}
