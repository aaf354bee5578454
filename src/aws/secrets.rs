//! Secrets' metadata. DescribeSecret only: a value is never asked for.

use std::collections::HashMap;

use super::Aws;
use super::convert::at;
use super::refusal::refused;
use crate::model::Refusal;
use crate::model::survey::Secret;

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
