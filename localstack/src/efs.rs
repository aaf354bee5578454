//! EFS: file systems and mount targets.

use crate::agenda::{Event, Thing};
use crate::error::{Answer, AwsError};
use crate::input::{Input, Tags, page};
use crate::operation::{Cx, Operation};
use crate::realm::Realm;
use crate::wire::epoch;
use jiff::Timestamp;
use serde_json::{Value, json};

/// EFS's operations.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new("elasticfilesystem", "DescribeFileSystems", &["FileSystemId"], describe)
        .at("GET", "/2015-02-01/file-systems"),
    Operation::new("elasticfilesystem", "DescribeMountTargets", &["FileSystemId"], mount_targets)
        .at("GET", "/2015-02-01/mount-targets"),
    Operation::new("elasticfilesystem", "DeleteFileSystem", &["FileSystemId"], delete)
        .at("DELETE", "/2015-02-01/file-systems/{FileSystemId}"),
    Operation::new("elasticfilesystem", "DeleteMountTarget", &["MountTargetId"], unmount)
        .at("DELETE", "/2015-02-01/mount-targets/{MountTargetId}"),
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
    /// Its mount targets.
    pub(crate) mount_targets: Vec<MountTarget>,
    /// Where AWS Backup has put restored files.
    pub(crate) directories: Vec<String>,
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
        "NumberOfMountTargets": each.mount_targets.len(),
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

/// A mount target.
#[derive(Clone, Debug)]
pub(crate) struct MountTarget {
    /// `fsmt-…`.
    pub(crate) id: String,
    /// Its subnet.
    pub(crate) subnet: String,
    /// `available` or `deleting`.
    pub(crate) state: String,
}

impl MountTarget {
    /// The mount targets that a seeded file system has.
    pub(crate) fn seeded(file_system: &str, count: u32) -> Vec<Self> {
        let stem = file_system.trim_start_matches("fs-");
        let target = |place: u32| Self {
            id: format!("fsmt-{stem}{place}"),
            subnet: format!("subnet-{stem}{place}"),
            state: "available".to_owned(),
        };
        (0..count).map(target).collect()
    }
}

/// A new, empty file system.
pub(crate) fn create(realm: &mut Realm, name: &str, kms_key: Option<String>, at: Timestamp) -> String {
    let id = format!("fs-{}", realm.hex(17));
    let file_system = FileSystem {
        id: id.clone(),
        arn: realm.arn("elasticfilesystem", &format!("file-system/{id}")),
        name: name.to_owned(),
        bytes: 6144,
        kms_key,
        created: at,
        state: "available".to_owned(),
        mount_targets: Vec::new(),
        directories: Vec::new(),
        tags: Tags::from([("Name".to_owned(), name.to_owned())]),
    };
    realm.file_systems.insert(id.clone(), file_system);
    id
}

/// Adds a mount target; a subnet has at most one.
pub(crate) fn mount(realm: &mut Realm, file_system: &str, subnet: &str) -> Result<String, AwsError> {
    let id = format!("fsmt-{}", realm.hex(17));
    let found = realm.file_systems.get_mut(file_system).ok_or_else(|| not_found(file_system))?;
    if found.mount_targets.iter().any(|each| each.subnet == subnet) {
        return Err(AwsError::new(409, "MountTargetConflict", "mount target already exists in this AZ"));
    }
    let target = MountTarget { id: id.clone(), subnet: subnet.to_owned(), state: "available".to_owned() };
    found.mount_targets.push(target);
    Ok(id)
}

/// Begins to delete a file system; answers when it is gone.
pub(crate) fn begin_delete(realm: &mut Realm, id: &str, at: Timestamp) -> Result<Timestamp, AwsError> {
    let found = realm.file_systems.get_mut(id).ok_or_else(|| not_found(id))?;
    if !found.mount_targets.is_empty() {
        let text = format!("Failed to delete file system {id}: it has mount targets.");
        return Err(AwsError::new(409, "FileSystemInUse", text));
    }
    found.state = "deleting".to_owned();
    let seconds = realm.pace.durations.delete * 0.1;
    let gone = realm.exactly_after(at, seconds);
    realm.agenda.plan(gone, Event::Gone(Thing::FileSystem(id.to_owned())));
    Ok(gone)
}

/// Begins to delete a mount target; answers when it is gone.
pub(crate) fn begin_unmount(realm: &mut Realm, id: &str, at: Timestamp) -> Result<Timestamp, AwsError> {
    let mut all = realm.file_systems.values_mut().flat_map(|each| each.mount_targets.iter_mut());
    let text = format!("Mount target '{id}' does not exist.");
    let target = all.find(|each| each.id == id).ok_or_else(|| AwsError::new(404, "MountTargetNotFound", text))?;
    target.state = "deleting".to_owned();
    let seconds = realm.pace.durations.delete * 0.1;
    let gone = realm.exactly_after(at, seconds);
    realm.agenda.plan(gone, Event::Gone(Thing::MountTarget(id.to_owned())));
    Ok(gone)
}

fn delete(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let id = input.require("FileSystemId", "BadRequest")?;
    begin_delete(cx.realm, bare(id), cx.now)?;
    Ok(Value::Null)
}

fn unmount(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let id = input.require("MountTargetId", "BadRequest")?;
    begin_unmount(cx.realm, id, cx.now)?;
    Ok(Value::Null)
}

fn mount_targets(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let id = match (input.text("FileSystemId").map(bare), input.text("MountTargetId")) {
        (Some(id), _) => id.to_owned(),
        (None, Some(target)) => owner(cx, target)?,
        (None, None) => return Err(AwsError::bad("BadRequest", "FileSystemId must be specified")),
    };
    let found = cx.realm.file_systems.get(&id).ok_or_else(|| not_found(&id))?;
    let wanted = input.text("MountTargetId");
    let row = |(place, target): (usize, &MountTarget)| {
        json!({
            "OwnerId": cx.realm.account,
            "MountTargetId": target.id,
            "FileSystemId": id,
            "SubnetId": target.subnet,
            "LifeCycleState": target.state,
            "IpAddress": format!("10.0.{place}.17"),
            "NetworkInterfaceId": target.id.replace("fsmt-", "eni-"),
            "AvailabilityZoneName": format!("{}{}", cx.realm.region, if place == 0 { 'a' } else { 'b' }),
        })
    };
    let all = found.mount_targets.iter().enumerate();
    let rows: Vec<Value> = all.filter(|(_, each)| wanted.is_none_or(|id| id == each.id)).map(row).collect();
    Ok(json!({ "MountTargets": rows }))
}

fn owner(cx: &Cx<'_>, target: &str) -> Result<String, AwsError> {
    let has = |each: &&FileSystem| each.mount_targets.iter().any(|it| it.id == target);
    let text = format!("Mount target '{target}' does not exist.");
    let found = cx.realm.file_systems.values().find(has).map(|each| each.id.clone());
    found.ok_or_else(|| AwsError::new(404, "MountTargetNotFound", text))
}
