//! File systems.

use aws_sdk_efs::types as sdk;

use super::Aws;
use super::convert::bytes;
use super::pages::Pages;
use super::refusal::{incomplete, refused};
use crate::model::Refusal;
use crate::model::half::FileSystem;

const SERVICE: &str = "elasticfilesystem";
/// The largest page EFS gives.
const PAGE: i32 = 100;

impl Aws {
    /// One file system, by its id or its ARN.
    pub(super) async fn file_system(&self, id: &str) -> Result<FileSystem, Refusal> {
        let describe = self.efs().describe_file_systems().file_system_id(bare(id));
        let answer = describe.send().await.map_err(refused(SERVICE, "DescribeFileSystems"))?;
        let found = answer.file_systems.unwrap_or_default().into_iter().next();
        found.map(into_file_system).ok_or_else(|| incomplete(SERVICE, "DescribeFileSystems", "file system"))
    }

    /// Every file system, handed out page by page.
    pub(super) async fn file_systems(&self, each: &mut dyn FnMut(FileSystem)) -> Result<(), Refusal> {
        let mut pages = Pages::of(SERVICE, "DescribeFileSystems");
        let mut marker = None;
        loop {
            let page = self.efs().describe_file_systems().max_items(PAGE).set_marker(marker).send().await;
            let page = page.map_err(refused(SERVICE, "DescribeFileSystems"))?;
            page.file_systems.unwrap_or_default().into_iter().map(into_file_system).for_each(&mut *each);
            marker = pages.next(page.next_marker)?;
            if marker.is_none() {
                return Ok(());
            }
        }
    }
}

/// `fs-…`, of an ARN too.
fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn into_file_system(found: sdk::FileSystemDescription) -> FileSystem {
    FileSystem {
        arn: found.file_system_arn.unwrap_or_default(),
        state: found.life_cycle_state.as_str().to_owned(),
        bytes: bytes(found.size_in_bytes.map(|size| size.value)),
        kms_key: found.kms_key_id,
        id: found.file_system_id,
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
