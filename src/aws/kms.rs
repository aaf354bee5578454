//! The state of a key that a backup needs.

use super::Aws;
use super::refusal::refused;
use crate::model::Refusal;

const SERVICE: &str = "kms";

impl Aws {
    /// `KeyState`, e.g. `Enabled`; `None` where AWS does not say.
    pub(super) async fn key_state(&self, id: &str) -> Result<Option<String>, Refusal> {
        let describe = self.kms().describe_key().key_id(id);
        let answer = describe.send().await.map_err(refused(SERVICE, "DescribeKey"))?;
        Ok(answer.key_metadata.and_then(|key| key.key_state).map(|state| state.as_str().to_owned()))
    }
}
