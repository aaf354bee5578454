//! Who asks.

use super::Aws;
use super::refusal::refused;
use crate::model::Refusal;
use crate::model::survey::Caller;

const SERVICE: &str = "sts";

impl Aws {
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
