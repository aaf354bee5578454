//! Keys: those that a backup needs, and a deleted stack's own.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Aws;
use super::light::{Ask, Protocol, Service, instant};
use crate::model::Refusal;

pub(super) static KMS: Service = Service { name: "kms", id: "KMS", protocol: Protocol::Json };
/// A key waits at least so long before it is gone, days.
const KEY_WINDOW: u8 = 7;

impl Aws {
    /// `KeyState`, e.g. `Enabled`; `None` where AWS does not say.
    pub(super) async fn key_state(&self, id: &str) -> Result<Option<String>, Refusal> {
        Ok(self.key(id).await?["KeyState"].as_str().map(str::to_owned))
    }

    /// When a key was made, and whether it is on its way out, or gone.
    pub(super) async fn key_made(&self, id: &str) -> Result<(Option<Timestamp>, bool), Refusal> {
        let key = self.key(id).await?;
        Ok((instant(&key["CreationDate"]), key.is_null() || key["DeletionDate"].is_number()))
    }

    /// ScheduleKeyDeletion.
    pub(super) async fn delete_key(&self, id: &str) -> Result<(), Refusal> {
        let schedule = json!({ "KeyId": id, "PendingWindowInDays": KEY_WINDOW });
        let ask = Ask::json("TrentService.ScheduleKeyDeletion", &schedule);
        self.ask(&KMS, "ScheduleKeyDeletion", ask).await.map(drop)
    }

    /// DescribeKey; null where AWS says nothing.
    async fn key(&self, id: &str) -> Result<Value, Refusal> {
        let describe = Ask::json("TrentService.DescribeKey", &json!({ "KeyId": id }));
        let mut answer = self.ask(&KMS, "DescribeKey", describe).await?;
        Ok(answer.json["KeyMetadata"].take())
    }
}
