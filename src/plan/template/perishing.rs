//! What a restore needs, and would be deleted with the stack.

use super::names::existing_name;
use super::{Fate, Template};
use crate::model::stack::Resource;

/// What a restore of the backup needs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Needs<'a> {
    /// The DB secret's ARN.
    pub secret: Option<&'a str>,
    /// The name of the vault that holds the recovery point.
    pub vault: Option<&'a str>,
    /// Names in Parameter Store.
    pub parameter_store: &'a [String],
    /// KMS keys: ids or ARNs.
    pub keys: &'a [String],
}

/// Something whose deletion must be thought of first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Perishing {
    /// Its place: `Nested/AppDbSecret`.
    pub place: String,
    /// Its type.
    pub resource_type: String,
    /// Its physical id.
    pub physical_id: String,
    /// The restore needs it: an error. Otherwise it only makes the deletion stop half way: a warning.
    pub needed: bool,
    /// Why that matters.
    pub why: &'static str,
    /// What to do before.
    pub remedy: String,
}

/// Resources of the existing stack that go with it although the restore `needs` them, and buckets whose
/// contents would stop the deletion half way. A nested stack's resources go, as far as anybody can tell here.
pub fn perishing(old: &Template, existing: &[Resource], needs: Needs<'_>) -> Vec<Perishing> {
    existing.iter().filter_map(|resource| judge(old, resource, needs)).collect()
}

fn judge(old: &Template, resource: &Resource, needs: Needs<'_>) -> Option<Perishing> {
    let physical_id = resource.physical_id.as_deref().filter(|id| !id.is_empty() && !resource.status.gone())?;
    if stays(old, resource) {
        return None;
    }
    let (needed, why) = why(&resource.resource_type, physical_id, needs)?;
    Some(Perishing {
        place: resource.place(),
        resource_type: resource.resource_type.clone(),
        physical_id: physical_id.to_owned(),
        needed,
        why,
        remedy: remedy(resource, physical_id, needed),
    })
}

/// A nested stack that stays keeps everything in it.
fn stays(old: &Template, resource: &Resource) -> bool {
    let outermost = resource.path.first().unwrap_or(&resource.logical_id);
    old.resource(outermost).is_some_and(|declared| declared.fate() == Fate::Stays)
}

fn why(kind: &str, id: &str, needs: Needs<'_>) -> Option<(bool, &'static str)> {
    match kind {
        "AWS::SecretsManager::Secret" if needs.secret.is_some_and(|secret| one_secret(secret, id)) => {
            Some((true, "The restore copies the database's password from this secret; it would be deleted for good."))
        }
        "AWS::Backup::BackupVault" if needs.vault == Some(id) => Some((
            true,
            "The vault holds the recovery point. A vault that is not empty cannot be deleted, so the stack's deletion \
             would stop half way.",
        )),
        "AWS::SSM::Parameter" if needs.parameter_store.iter().any(|name| name == id) => {
            Some((true, "The restore copies this value from Parameter Store, which has no undelete."))
        }
        "AWS::KMS::Key" if needs.keys.iter().any(|key| key == id || key.ends_with(&format!("key/{id}"))) => {
            Some((true, "The backup is encrypted with this key: without it, it is lost."))
        }
        "AWS::KMS::Alias" if needs.keys.iter().any(|key| key == id || key.ends_with(&format!(":{id}"))) => {
            Some((true, "The backup's key is named by this alias; a restore would not find it."))
        }
        "AWS::S3::Bucket" => {
            Some((false, "A bucket that is not empty cannot be deleted: the stack's deletion would stop half way."))
        }
        _ => None,
    }
}

/// A secret's physical id is its ARN; some emulators give its name.
fn one_secret(needed: &str, id: &str) -> bool {
    const KIND: &str = "AWS::SecretsManager::Secret";
    needed == id || (!id.starts_with("arn:") && existing_name(KIND, needed) == id)
}

fn remedy(resource: &Resource, id: &str, needed: bool) -> String {
    let place = resource.place();
    if !needed {
        return format!(
            "Empty the bucket {id} first, or give {place} `DeletionPolicy: Retain` by an update of the stack."
        );
    }
    if resource.path.is_empty() {
        return format!(
            "Update the stack first: give {place} `DeletionPolicy: Retain` (and nothing else), so that {id} stays."
        );
    }
    let nested = resource.path.join("/");
    format!(
        "{id} belongs to the nested stack {nested}: make sure that its template retains {place}, or retain the \
         nested stack."
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HUB, hub};
    use super::*;

    const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:AppDbSecret-1a2b3c";

    fn resource(path: &[&str], logical_id: &str, kind: &str, physical: &str) -> Resource {
        Resource {
            path: path.iter().map(|&id| id.to_owned()).collect(),
            logical_id: logical_id.to_owned(),
            physical_id: Some(physical.to_owned()),
            resource_type: kind.to_owned(),
            status: "CREATE_COMPLETE".into(),
        }
    }

    fn places(old: &Template, existing: &[Resource]) -> Vec<(String, bool)> {
        let keys = ["arn:aws:kms:eu-west-1:123456789012:key/k-1".to_owned()];
        let needs =
            Needs { secret: Some(SECRET), vault: Some("daily"), parameter_store: &["/k/x".to_owned()], keys: &keys };
        perishing(old, existing, needs).into_iter().map(|one| (one.place, one.needed)).collect()
    }

    #[test]
    fn what_is_retained_is_safe_and_what_is_not_is_told() {
        let existing = [
            resource(&[], "AppDbSecret", "AWS::SecretsManager::Secret", SECRET),
            resource(&[], "DailyBackupVault", "AWS::Backup::BackupVault", "daily"),
            resource(&[], "DiskKey", "AWS::KMS::Key", "k-1"),
            resource(&[], "Assets", "AWS::S3::Bucket", "assets"),
            resource(&[], "Phoenix", "AWS::SSM::Parameter", "/k/x"),
            resource(&[], "Other", "AWS::SSM::Parameter", "/k/y"),
            resource(&["Data"], "Key", "AWS::KMS::Key", "k-1"),
        ];
        let of =
            |list: &[(&str, bool)]| list.iter().map(|(id, needed)| ((*id).to_owned(), *needed)).collect::<Vec<_>>();
        assert_eq!(places(&hub(), &existing), of(&[("Assets", false), ("Phoenix", true), ("Data/Key", true)]));
        let bare = Template::read(&HUB.replace("    DeletionPolicy: Retain\n", "")).unwrap();
        let all = [("AppDbSecret", true), ("DailyBackupVault", true), ("DiskKey", true), ("Assets", false)];
        assert_eq!(places(&bare, &existing)[..4], of(&all));
    }
}
