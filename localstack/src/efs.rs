//! EFS: file systems and mount targets.

use crate::error::{Answer, AwsError};
use crate::input::{Input, Tags, page};
use crate::operation::{Cx, Operation};
use crate::wire::epoch;
use jiff::Timestamp;
use serde_json::{Value, json};

/// EFS's operations.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new("elasticfilesystem", "DescribeFileSystems", &["FileSystemId"], describe)
        .at("GET", "/2015-02-01/file-systems"),
    Operation::new("elasticfilesystem", "DescribeMountTargets", &["FileSystemId"], mount_targets)
        .at("GET", "/2015-02-01/mount-targets"),
];

/// A file system.
#[derive(Clone, Debug)]
pub(crate) struct FileSystem {
    /// `fs-…`.
    pub(crate) id: String,
    /// Its ARN.
    pub(crate) arn: String,
    /// Its `Name` tag.
    pub(crate) name: String,
    /// Its size.
    pub(crate) bytes: u64,
    /// The KMS key's ARN.
    pub(crate) kms_key: Option<String>,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// E.g. `available`.
    pub(crate) state: String,
    /// How many mount targets it has.
    pub(crate) mount_targets: u32,
    /// Its tags.
    pub(crate) tags: Tags,
}

fn not_found(id: &str) -> AwsError {
    let text = format!("File system '{id}' does not exist.");
    AwsError::new(404, "FileSystemNotFound", text)
}

/// The id in an id or an ARN.
fn bare(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

fn page_size(input: &Input) -> usize {
    input.number("MaxItems").and_then(|size| usize::try_from(size).ok()).unwrap_or(100).clamp(1, 100)
}

fn describe(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let wanted = input.text("FileSystemId").map(bare);
    if let Some(id) = wanted.filter(|id| !cx.realm.file_systems.contains_key(*id)) {
        return Err(not_found(id));
    }
    let all = cx.realm.file_systems.values();
    let all: Vec<&FileSystem> = all.filter(|each| wanted.is_none_or(|id| id == each.id)).collect();
    let (found, next) = page(&all, input.text("Marker"), page_size(input));
    let rows: Vec<Value> = found.into_iter().map(|each| row(cx, each)).collect();
    Ok(json!({ "FileSystems": rows, "Marker": input.text("Marker"), "NextMarker": next }))
}

fn row(cx: &Cx<'_>, each: &FileSystem) -> Value {
    let tags = each.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value}));
    json!({
        "OwnerId": cx.realm.account,
        "CreationToken": each.id.replace("fs-", "token-"),
        "FileSystemId": each.id,
        "FileSystemArn": each.arn,
        "CreationTime": epoch(each.created),
        "LifeCycleState": each.state,
        "Name": each.name,
        "NumberOfMountTargets": each.mount_targets,
        "SizeInBytes": {
            "Value": each.bytes,
            "Timestamp": epoch(cx.now),
            "ValueInIA": 0,
            "ValueInStandard": each.bytes,
            "ValueInArchive": 0,
        },
        "PerformanceMode": "generalPurpose",
        "Encrypted": each.kms_key.is_some(),
        "KmsKeyId": each.kms_key,
        "ThroughputMode": "bursting",
        "Tags": tags.collect::<Vec<Value>>(),
        "FileSystemProtection": { "ReplicationOverwriteProtection": "ENABLED" },
    })
}

fn mount_targets(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let given = input.text("FileSystemId").map(bare);
    let id = given.ok_or_else(|| AwsError::bad("BadRequest", "FileSystemId must be specified"))?;
    let found = cx.realm.file_systems.get(id).ok_or_else(|| not_found(id))?;
    let stem = id.trim_start_matches("fs-");
    let row = |place: u32| {
        json!({
            "OwnerId": cx.realm.account,
            "MountTargetId": format!("fsmt-{stem}{place}"),
            "FileSystemId": id,
            "SubnetId": format!("subnet-{stem}{place}"),
            "LifeCycleState": "available",
            "IpAddress": format!("10.0.{place}.17"),
            "NetworkInterfaceId": format!("eni-{stem}{place}"),
            "AvailabilityZoneName": format!("{}{}", cx.realm.region, if place == 0 { 'a' } else { 'b' }),
        })
    };
    let rows: Vec<Value> = (0..found.mount_targets).map(row).collect();
    Ok(json!({ "MountTargets": rows }))
}
