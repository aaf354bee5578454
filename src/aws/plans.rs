//! Kept plans: what a run may create, in Parameter Store, until the run is over. No value of a NoEcho
//! parameter is in one.

use std::sync::PoisonError;

use super::Aws;
use crate::model::rebuild::Plan;
use crate::model::run::Run;
use crate::model::{BackupId, Refusal, RefusalKind};
use crate::plan::kept;

/// More parts than this are not read: a plan is 64 KiB packed at most.
const PARTS: usize = kept::PARTS;

fn part_name(stack: &str, run: &BackupId, part: usize) -> String {
    format!("/stacksnap/{stack}/plans/{run}/{part}")
}

impl Aws {
    /// Keeps a packed plan, part by part, the first one last: a plan without its first part is none.
    ///
    /// # Errors
    /// AWS's refusal; what was written until then is deleted with the run.
    pub async fn keep_plan(&self, stack: &str, run: &BackupId, parts: &[String]) -> Result<(), Refusal> {
        for (number, part) in parts.iter().enumerate().rev() {
            match self.put_new_parameter(&part_name(stack, run, number), part.clone()).await {
                Err(refusal) if refusal.kind == RefusalKind::AlreadyExists => {}
                answer => answer?,
            }
        }
        Ok(())
    }

    /// The run's plan, if it is the one that the run was begun with.
    pub(super) async fn plan(&self, run: &Run) -> Result<Plan, Refusal> {
        let Some(aim) = &run.target.aim else { return Err(bad(run, "the run has no aim")) };
        let first = self.parameter(&part_name(&run.target.stack, &run.id, 0)).await?;
        let mut parts = vec![first];
        let count = kept::count(&parts[0]).map_err(|why| bad(run, &why))?;
        for number in 1..count.min(PARTS) {
            parts.push(self.parameter(&part_name(&run.target.stack, &run.id, number)).await?);
        }
        let plan = kept::unpack(&parts, &aim.plan).map_err(|why| bad(run, &why))?;
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner).clone();
        kept::with_secrets(&plan, &given, &run.target.stack).map_err(|why| bad(run, &why))
    }

    /// Values of NoEcho parameters that the user gave to this process. They are sent to CloudFormation and
    /// kept nowhere.
    pub fn give(&self, secrets: impl IntoIterator<Item = (String, String)>) {
        self.given.lock().unwrap_or_else(PoisonError::into_inner).extend(secrets);
    }

    /// Deletes a run's plan: whatever is there of it, for who began to delete it may not have come far. Never
    /// another run's: a driver that slept may do this when the next run is under way.
    pub(super) async fn drop_plan(&self, stack: &str, run: &BackupId) -> Result<(), Refusal> {
        for name in self.names_below(&format!("/stacksnap/{stack}/plans/{run}")).await? {
            self.delete_parameter(&name).await?;
        }
        Ok(())
    }
}

fn bad(run: &Run, why: &str) -> Refusal {
    Refusal {
        kind: RefusalKind::Invalid,
        service: "ssm".to_owned(),
        operation: "GetParameter".to_owned(),
        code: "BadPlan".to_owned(),
        message: format!("the plan of {} cannot be used: {why}", run.id),
        request_id: None,
    }
}
