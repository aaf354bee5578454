//! Who asks.

use super::Aws;
use super::refusal::refused;
use crate::model::Refusal;
use crate::model::survey::Caller;

const SERVICE: &str = "sts";

impl Aws {
    /// The caller's account; asked for once.
    pub(super) async fn account(&self) -> Result<&str, Refusal> {
        let account = self.account.get_or_try_init(|| async { Ok(self.caller().await?.account) });
        account.await.map(String::as_str)
    }

    /// Who the credentials belong to.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn caller(&self) -> Result<Caller, Refusal> {
        let answer = self.sts().get_caller_identity().send().await.map_err(refused(SERVICE, "GetCallerIdentity"))?;
        Ok(Caller {
            account: answer.account.unwrap_or_default(),
            arn: answer.arn.unwrap_or_default(),
            region: self.region.clone(),
        })
    }
}
