//! Recovery points: the files' half, once it is made.

use aws_sdk_backup::operation::describe_recovery_point::DescribeRecoveryPointOutput;
use aws_sdk_backup::types as sdk;
use jiff::Timestamp;

use super::Aws;
use super::convert::{at, bytes};
use super::pages::Pages;
use super::refusal::refused;
use crate::engine::Tag;
use crate::model::half::{RecoveryPoint, Tags};
use crate::model::proof::Point;
use crate::model::{Refusal, Seen};

const SERVICE: &str = "backup";
/// The largest page AWS Backup gives.
const PAGE: i32 = 1_000;

impl Aws {
    /// One recovery point, with its tags.
    pub(super) async fn point(&self, vault: &str, arn: &str) -> Result<RecoveryPoint, Refusal> {
        let describe = self.backup().describe_recovery_point().backup_vault_name(vault).recovery_point_arn(arn);
        let (point, tags) = futures_util::join!(describe.send(), self.tags_of(arn));
        let point = point.map(RecoveryPoint::from).map_err(refused(SERVICE, "DescribeRecoveryPoint"))?;
        Ok(RecoveryPoint { tags: Some(tags?), ..point })
    }

    /// One recovery point and what decides whether it can be restored; and why its tags could not be read.
    pub(super) async fn restorable_point(&self, vault: &str, arn: &str) -> (Seen<Point>, Option<Refusal>) {
        let describe = self.backup().describe_recovery_point().backup_vault_name(vault).recovery_point_arn(arn);
        let (point, tags) = futures_util::join!(describe.send(), self.tags_of(arn));
        let (tags, untold) = match tags {
            Ok(tags) => (Some(tags), None),
            Err(refusal) => (None, Some(refusal)),
        };
        match point.map_err(refused(SERVICE, "DescribeRecoveryPoint")) {
            Ok(answer) => (Seen::Here(into_point(answer, tags)), untold),
            // Its tags are not there either, then.
            Err(refusal) => (Err(refusal).into(), None),
        }
    }

    /// Every recovery point in a vault, or those of one resource, handed out page by page; their tags
    /// are not read.
    ///
    /// # Errors
    /// AWS's refusal; what was handed out until then is not all there is.
    pub async fn points(
        &self,
        vault: &str,
        resource: Option<&str>,
        each: &mut dyn FnMut(RecoveryPoint),
    ) -> Result<(), Refusal> {
        let resource = resource.map(str::to_owned);
        let mut pages = Pages::of(SERVICE, "ListRecoveryPointsByBackupVault");
        let mut token = None;
        loop {
            let list = self.backup().list_recovery_points_by_backup_vault().backup_vault_name(vault);
            let list = list.set_by_resource_arn(resource.clone()).max_results(PAGE).set_next_token(token);
            let page = list.send().await.map_err(refused(SERVICE, "ListRecoveryPointsByBackupVault"))?;
            page.recovery_points.unwrap_or_default().into_iter().map(RecoveryPoint::from).for_each(&mut *each);
            token = pages.next(page.next_token)?;
            if token.is_none() {
                return Ok(());
            }
        }
    }

    /// When the newest complete recovery point of a resource was begun.
    pub(super) async fn newest_point(&self, vault: &str, resource: &str) -> Result<Option<Timestamp>, Refusal> {
        let mut newest = None;
        let mut see = |point: RecoveryPoint| {
            if point.status.complete() {
                newest = newest.max(point.created);
            }
        };
        self.points(vault, Some(resource), &mut see).await?;
        Ok(newest)
    }

    /// The tags of a recovery point.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn tags_of(&self, arn: &str) -> Result<Tags, Refusal> {
        let mut tags = Tags::new();
        let mut pages = Pages::of(SERVICE, "ListTags");
        let mut token = None;
        loop {
            let list = self.backup().list_tags().resource_arn(arn).set_next_token(token);
            let page = list.send().await.map_err(refused(SERVICE, "ListTags"))?;
            tags.extend(page.tags.unwrap_or_default());
            token = pages.next(page.next_token)?;
            if token.is_none() {
                return Ok(tags);
            }
        }
    }

    /// TagResource.
    pub(super) async fn tag_point(&self, arn: &str, tags: &[Tag]) -> Result<(), Refusal> {
        let tag = self.backup().tag_resource().resource_arn(arn).set_tags(Some(tags.iter().cloned().collect()));
        tag.send().await.map(drop).map_err(refused(SERVICE, "TagResource"))
    }
}

fn into_point(answer: DescribeRecoveryPointOutput, tags: Option<Tags>) -> Point {
    Point {
        delete_at: at(answer.calculated_lifecycle.as_ref().and_then(|life| life.delete_at.as_ref())),
        cold: answer.storage_class == Some(sdk::StorageClass::Cold),
        kms_key: answer.encryption_key_arn.clone().filter(|key| !key.is_empty()),
        point: RecoveryPoint { tags, ..RecoveryPoint::from(answer) },
    }
}

macro_rules! points {
    ($($shape:ty),+) => {
        $(impl From<$shape> for RecoveryPoint {
            fn from(point: $shape) -> Self {
                Self {
                    arn: point.recovery_point_arn.unwrap_or_default(),
                    vault: point.backup_vault_name.unwrap_or_default(),
                    resource: point.resource_arn.unwrap_or_default(),
                    status: point.status.as_ref().map_or("", sdk::RecoveryPointStatus::as_str).into(),
                    created: at(point.creation_date.as_ref()),
                    completed: at(point.completion_date.as_ref()),
                    bytes: bytes(point.backup_size_in_bytes),
                    by_plan: by_plan(point.created_by.as_ref()),
                    tags: None,
                }
            }
        })+
    };
}

// The description and the list's row say the same in types of their own.
points!(DescribeRecoveryPointOutput, sdk::RecoveryPointByBackupVault);

/// An empty `CreatedBy` names no plan.
fn by_plan(creator: Option<&sdk::RecoveryPointCreator>) -> bool {
    creator.is_some_and(|creator| creator.backup_plan_id.is_some() || creator.backup_plan_arn.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_creator_with_a_plan_is_a_plan() {
        let creator = sdk::RecoveryPointCreator::builder();
        assert!(!by_plan(None) && !by_plan(Some(&creator.clone().build())));
        assert!(by_plan(Some(&creator.backup_plan_id("p").build())));
    }

    #[test]
    fn a_point_of_the_list_has_no_tags_yet() {
        let row = sdk::RecoveryPointByBackupVault::builder().recovery_point_arn("a").status("COMPLETED".into()).build();
        let point = RecoveryPoint::from(row);
        assert!(point.status.complete() && point.tags.is_none());
    }
}
