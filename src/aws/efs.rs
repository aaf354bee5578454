//! File systems.

use jiff::Timestamp;
use percent_encoding::utf8_percent_encode;
use serde_json::Value;

use super::Aws;
use super::convert::bytes;
use super::light::{Ask, Protocol, Service, UNRESERVED, instant};
use super::pages::Pages;
use super::refusal::incomplete;
use crate::model::Refusal;
use crate::model::half::FileSystem;

const SERVICE: &str = "elasticfilesystem";
pub(super) static EFS: Service = Service { name: SERVICE, id: "EFS", protocol: Protocol::Json };
const FILE_SYSTEMS: &str = "/2015-02-01/file-systems";
const MOUNT_TARGETS: &str = "/2015-02-01/mount-targets";

impl Aws {
    /// One file system, by its id or its ARN.
    pub(super) async fn file_system(&self, id: &str) -> Result<FileSystem, Refusal> {
        let found = self.file_system_described(bare(id)).await?;
        found.as_ref().map(file_system).ok_or_else(|| incomplete(SERVICE, "DescribeFileSystems", "file system"))
    }

    /// When a file system was made, and whether it is on its way out, or gone.
    pub(super) async fn file_system_made(&self, id: &str) -> Result<(Option<Timestamp>, bool), Refusal> {
        let found = self.file_system_described(id).await?;
        let leaving = found.as_ref().is_none_or(|found| matches!(state(found), "deleting" | "deleted"));
        Ok((found.and_then(|found| instant(&found["CreationTime"])), leaving))
    }

    async fn file_system_described(&self, id: &str) -> Result<Option<Value>, Refusal> {
        let ask = Ask::rest("GET", format!("{FILE_SYSTEMS}?FileSystemId={}", encoded(id)));
        let mut answer = self.ask(&EFS, "DescribeFileSystems", ask).await?;
        Ok(answer.json["FileSystems"].get_mut(0).map(Value::take))
    }

    /// Every file system, handed out page by page: of a hundred each, the largest that EFS gives.
    pub(super) async fn file_systems(&self, each: &mut dyn FnMut(FileSystem)) -> Result<(), Refusal> {
        let mut pages = Pages::of(SERVICE, "DescribeFileSystems");
        let mut path = format!("{FILE_SYSTEMS}?MaxItems=100");
        loop {
            let page = self.ask(&EFS, "DescribeFileSystems", Ask::rest("GET", path)).await?.json;
            items(&page, "FileSystems").map(file_system).for_each(&mut *each);
            let Some(marker) = pages.next(page["NextMarker"].as_str().map(str::to_owned))? else { return Ok(()) };
            path = format!("{FILE_SYSTEMS}?MaxItems=100&Marker={}", encoded(&marker));
        }
    }

    /// DeleteFileSystem. One with mount targets cannot be deleted: they go first, it the next time round.
    pub(super) async fn delete_file_system(&self, id: &str) -> Result<(), Refusal> {
        let ask = Ask::rest("GET", format!("{MOUNT_TARGETS}?FileSystemId={}", encoded(id)));
        let targets = self.ask(&EFS, "DescribeMountTargets", ask).await?.json;
        if items(&targets, "MountTargets").next().is_none() {
            let delete = Ask::rest("DELETE", format!("{FILE_SYSTEMS}/{}", encoded(id)));
            return self.ask(&EFS, "DeleteFileSystem", delete).await.map(drop);
        }
        for target in items(&targets, "MountTargets") {
            let delete = Ask::rest("DELETE", format!("{MOUNT_TARGETS}/{}", encoded(&text(target, "MountTargetId"))));
            self.ask(&EFS, "DeleteMountTarget", delete).await?;
        }
        Ok(())
    }
}

/// `fs-…`, of an ARN too.
fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

fn items<'a>(answer: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    answer[name].as_array().into_iter().flatten()
}

fn text(of: &Value, name: &str) -> String {
    of[name].as_str().unwrap_or_default().to_owned()
}

fn state(found: &Value) -> &str {
    found["LifeCycleState"].as_str().unwrap_or_default()
}

fn file_system(found: &Value) -> FileSystem {
    FileSystem {
        arn: text(found, "FileSystemArn"),
        state: state(found).to_owned(),
        bytes: bytes(found["SizeInBytes"]["Value"].as_i64()),
        kms_key: found["KmsKeyId"].as_str().map(str::to_owned),
        id: text(found, "FileSystemId"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_as_good_as_an_id() {
        assert_eq!(bare("fs-0a1b"), "fs-0a1b");
        assert_eq!(bare("arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-0a1b"), "fs-0a1b");
    }
}
