//! Secrets' metadata. DescribeSecret only: a value is never asked for.

use std::collections::{BTreeMap, HashMap};

use super::Aws;
use super::convert::at;
use super::pages::Pages;
use super::refusal::refused;
use crate::model::survey::Secret;
use crate::model::{Refusal, proof};

const SERVICE: &str = "secretsmanager";
/// The stage of the version that GetSecretValue would return.
const CURRENT: &str = "AWSCURRENT";

impl Aws {
    /// One secret's metadata.
    pub(super) async fn secret(&self, arn: &str) -> Result<Secret, Refusal> {
        let describe = self.secrets().describe_secret().secret_id(arn);
        let secret = describe.send().await.map_err(refused(SERVICE, "DescribeSecret"))?;
        Ok(Secret {
            arn: secret.arn.unwrap_or_else(|| arn.to_owned()),
            deleted: at(secret.deleted_date.as_ref()),
            version: current(&secret.version_ids_to_stages.unwrap_or_default()),
            kms_key: secret.kms_key_id,
        })
    }

    /// One secret's metadata, with every version that is still stored. Who may not list them is told of those that
    /// have a stage.
    pub(super) async fn secret_with_versions(&self, arn: &str) -> Result<proof::Secret, Refusal> {
        let describe = self.secrets().describe_secret().secret_id(arn);
        let (secret, listed) = futures_util::join!(describe.send(), self.versions(arn));
        let secret = secret.map_err(refused(SERVICE, "DescribeSecret"))?;
        let (mut versions, partial) = match listed {
            Ok(versions) => (versions, None),
            Err(refusal) => (BTreeMap::new(), Some(refusal)),
        };
        versions.extend(secret.version_ids_to_stages.unwrap_or_default());
        Ok(proof::Secret {
            arn: secret.arn.unwrap_or_else(|| arn.to_owned()),
            deleted: at(secret.deleted_date.as_ref()),
            kms_key: secret.kms_key_id,
            versions: versions.into_iter().collect(),
            partial,
        })
    }

    async fn versions(&self, arn: &str) -> Result<BTreeMap<String, Vec<String>>, Refusal> {
        let mut versions = BTreeMap::new();
        let mut pages = Pages::of(SERVICE, "ListSecretVersionIds");
        let mut token = None;
        loop {
            let list = self.secrets().list_secret_version_ids().secret_id(arn).include_deprecated(true);
            let page = list.set_next_token(token).send().await.map_err(refused(SERVICE, "ListSecretVersionIds"))?;
            let rows = page.versions.unwrap_or_default().into_iter();
            versions.extend(rows.filter_map(|row| Some((row.version_id?, row.version_stages.unwrap_or_default()))));
            token = pages.next(page.next_token)?;
            if token.is_none() {
                return Ok(versions);
            }
        }
    }
}

fn current(versions: &HashMap<String, Vec<String>>) -> Option<String> {
    let current = versions.iter().find(|(_, stages)| stages.iter().any(|stage| stage == CURRENT));
    current.map(|(id, _)| id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_version_is_told_from_the_previous_one() {
        let stages = |stage: &str| vec!["mine".to_owned(), stage.to_owned()];
        let versions = [("old".to_owned(), stages("AWSPREVIOUS")), ("new".to_owned(), stages(CURRENT))];
        assert_eq!(current(&versions.into()), Some("new".to_owned()));
        assert_eq!(current(&HashMap::new()), None);
    }
}
