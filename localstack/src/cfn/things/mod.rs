//! What resources of the known types are in their services; all others are mere names.

mod data;
mod restoring;
mod settings;

use super::making::Watch;
use super::state::Resource;
use super::template::plain;
use crate::error::AwsError;
use crate::realm::{Beyond, Realm};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a resource is once it has begun to be made.
pub(crate) struct Made {
    /// The physical id.
    pub(crate) physical: String,
    /// What `Fn::GetAtt` answers; `Ref` if it is not the physical id.
    pub(crate) attributes: BTreeMap<String, String>,
    /// When it is complete.
    pub(crate) until: Until,
}

/// When a resource is complete.
pub(crate) enum Until {
    /// At an instant.
    At(Timestamp),
    /// When a restore job has ended.
    Job(Watch),
}

/// A resource that is being made, and for whom.
pub(super) struct Order<'a> {
    stack_id: &'a str,
    stack_name: String,
    resource: &'a Resource,
    properties: &'a Value,
    at: Timestamp,
}

impl Order<'_> {
    /// A property's text, when it is there and not empty.
    fn text(&self, name: &str) -> Option<String> {
        self.properties.get(name).map(plain).filter(|text| !text.is_empty())
    }

    fn flag(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// A name made of the stack's, the logical id and something random, within a length.
    fn generated(&self, realm: &mut Realm, longest: usize) -> String {
        let unique = realm.hex(12).to_uppercase();
        let room = longest.saturating_sub(unique.len() + 1);
        let stem: String = format!("{}-{}", self.stack_name, self.resource.logical).chars().take(room).collect();
        format!("{}-{unique}", stem.trim_end_matches('-'))
    }

    /// A small resource, complete after a few seconds.
    fn small(&self, realm: &mut Realm, physical: impl Into<String>) -> Made {
        let seconds = realm.pace.durations.create * 0.03;
        Made { physical: physical.into(), attributes: BTreeMap::new(), until: Until::At(realm.after(self.at, seconds)) }
    }
}

impl Made {
    fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.attributes.insert(name.to_owned(), value.into());
        self
    }
}

/// Begins to make a resource; an error is what its event says.
pub(crate) fn make(
    realm: &mut Realm,
    beyond: &mut Beyond<'_>,
    (stack_id, resource): (&str, &Resource),
    properties: &Value,
    at: Timestamp,
) -> Result<Made, String> {
    let stack_name = realm.cloud.stacks.get(stack_id).map(|stack| stack.name.clone()).unwrap_or_default();
    let order = Order { stack_id, stack_name, resource, properties, at };
    let kind = resource.kind.as_str();
    if restoring::concerns(&order) {
        return restoring::make(realm, beyond, &order);
    }
    let made = match kind {
        "AWS::RDS::DBCluster" => data::cluster(realm, &order),
        "AWS::RDS::DBInstance" => data::instance(realm, &order),
        "AWS::EFS::FileSystem" => data::file_system(realm, &order),
        "AWS::EFS::MountTarget" => data::mount_target(realm, &order),
        "AWS::S3::Bucket" => data::bucket(realm, beyond, &order),
        "AWS::Backup::BackupVault" => settings::vault(realm, &order),
        "AWS::IAM::Role" => settings::role(realm, beyond, &order),
        "AWS::SecretsManager::Secret" => settings::secret(realm, &order),
        "AWS::SSM::Parameter" => settings::parameter(realm, &order),
        "AWS::KMS::Key" => settings::key(realm, &order),
        "AWS::KMS::Alias" => settings::alias(realm, &order),
        "AWS::Logs::LogGroup" => settings::log_group(realm, &order),
        _ => Ok(opaque(realm, &order)),
    };
    made.map_err(|error| said(realm, kind, &error))
}

fn opaque(realm: &mut Realm, order: &Order<'_>) -> Made {
    let physical = super::update::physical_id(realm, &order.stack_name, order.resource);
    let mut made = order.small(realm, physical);
    if order.resource.kind == "AWS::AutoScaling::AutoScalingGroup" {
        made.until = Until::At(realm.after(order.at, realm.pace.durations.create * 0.1));
    }
    made
}

/// Begins to delete a resource; answers when it is gone, or what its event says.
pub(crate) fn unmake(
    realm: &mut Realm,
    beyond: &mut Beyond<'_>,
    (stack_id, stack_name): (&str, &str),
    resource: &Resource,
    at: Timestamp,
) -> Result<Timestamp, String> {
    let physical = resource.physical.as_str();
    let soon = realm.exactly_after(at, realm.pace.durations.delete * 0.05);
    let gone = match resource.kind.as_str() {
        "AWS::RDS::DBCluster" => data::delete_cluster(realm, (stack_id, stack_name), resource, at),
        "AWS::RDS::DBInstance" => data::delete_instance(realm, physical, at),
        "AWS::EFS::FileSystem" | "Custom::EFS" => data::delete_file_system(realm, (stack_id, physical), at),
        "AWS::EFS::MountTarget" => data::delete_mount_target(realm, physical, at),
        "AWS::S3::Bucket" => data::delete_bucket(beyond, physical).map(|()| soon),
        "AWS::Backup::BackupVault" => settings::delete_vault(realm, physical).map(|()| soon),
        "AWS::CloudFormation::Stack" => {
            whole_stack(realm, beyond, physical, at);
            Ok(soon)
        }
        kind => {
            settings::delete(realm, beyond, kind, physical, at);
            Ok(soon)
        }
    };
    gone.map_err(|error| said(realm, &resource.kind, &error))
}

/// A nested stack goes with its parent.
fn whole_stack(realm: &mut Realm, beyond: &mut Beyond<'_>, id: &str, at: Timestamp) {
    let Some(child) = realm.cloud.stacks.get(id).cloned() else {
        return;
    };
    for resource in child.resources.iter().filter(|each| each.deletion_policy != "Retain") {
        // What a child cannot delete stays: the parent is told by nobody.
        let _left = unmake(realm, beyond, (id, &child.name), resource, at);
        super::script::note(realm, id, &resource.logical, "DELETE_COMPLETE", None, at);
    }
    super::finish::become_status(realm, id, "DELETE_COMPLETE", None, at);
    super::unmaking::forget(realm, id, at);
}

/// A service's error as the event of a resource says it.
pub(crate) fn said(realm: &mut Realm, kind: &str, error: &AwsError) -> String {
    let (request, token) = (realm.uuid(), realm.uuid());
    if kind.starts_with("Custom::") {
        return format!(
            "Received response status [FAILED] from custom resource. Message returned: {} (RequestId: {token})",
            error.message
        );
    }
    let service = match kind.split("::").nth(1).unwrap_or_default() {
        "RDS" => "Rds",
        "IAM" => "Iam",
        "SSM" => "Ssm",
        "EFS" => "Efs",
        "KMS" => "Kms",
        "Logs" => "CloudWatchLogs",
        other => other,
    };
    format!(
        "Resource handler returned message: \"{} (Service: {service}, Status Code: {}, Request ID: {request}) \
         (SDK Attempt Count: 1)\" (RequestToken: {token}, HandlerErrorCode: {})",
        error.message,
        error.status,
        handler_code(&error.code)
    )
}

fn handler_code(code: &str) -> &'static str {
    match code {
        _ if code.contains("NotFound") => "NotFound",
        _ if code.contains("Exist") => "AlreadyExists",
        _ if code.contains("Quota") || code.contains("Limit") => "ServiceLimitExceeded",
        _ if code.contains("AccessDenied") => "AccessDenied",
        _ if code.contains("Invalid") || code.contains("InUse") => "InvalidRequest",
        _ => "GeneralServiceException",
    }
}
