//! One action, one call.

use super::Aws;
use crate::engine::{Action, Done};
use crate::model::Refusal;
use crate::world::Answer;

impl Aws {
    pub(super) async fn act(&self, action: &Action) -> Answer {
        match action {
            Action::CreateChangeSet(new) => self.create_change_set(new).await,
            Action::ExecuteChangeSet { arn, token, .. } => {
                self.told(arn, self.execute_change_set(arn, token).await, Self::set_executed)
            }
            Action::DeleteChangeSet { arn } => self.told(arn, self.delete_change_set(arn).await, Self::set_deleted),
            Action::CancelUpdate { stack_id, token } => self.cancel_update(stack_id, token).await,
            Action::CreateSnapshot { cluster, id, tags } => self.create_snapshot(cluster, id, tags).await,
            Action::StartBackupJob(new) => return self.start_job(new).await.map(Done::Job),
            Action::StopBackupJob { id } => self.stop_job(id).await,
            Action::TagSnapshot { arn, tags } => self.tag_snapshot(arn, tags).await,
            Action::TagPoint { arn, tags } => self.tag_point(arn, tags).await,
            Action::CreateStack { stack, token } => return self.create_stack(stack, token).await.map(Done::Stack),
            Action::DeleteStack { stack_id, token } => self.delete_stack(stack_id, token).await,
            Action::Protect { stack_id, on } => self.protect_stack(stack_id, *on).await,
            Action::Clear(thing) => Box::pin(self.clear(thing)).await,
            Action::DropPlan { stack, run } => self.drop_plan(stack, run).await,
            Action::Unlock { stack, run } => self.unlock(stack, run).await,
        }
        .map(|()| Done::Ok)
    }

    /// What became of a change set is remembered; where CloudFormation refuses, all that was known of it is forgotten.
    fn told(&self, arn: &str, answer: Result<(), Refusal>, accepted: fn(&Self, &str)) -> Result<(), Refusal> {
        if answer.is_ok() {
            accepted(self, arn);
        } else {
            self.forget_set(arn);
        }
        answer
    }
}
