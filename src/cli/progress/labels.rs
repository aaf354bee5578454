//! What an action is, said to people.

use crate::engine::Action;
use crate::model::Switch;
use crate::model::rebuild::Thing;

/// The action, once it was done; and whether it is only a detail.
pub(super) fn action(action: &Action) -> (String, bool) {
    match action {
        Action::CreateChangeSet(set) => (format!("change set {} asked for: {} {}", set.name, set.key, set.value), true),
        Action::ExecuteChangeSet { switch, .. } => (executed(*switch).to_owned(), false),
        Action::DeleteChangeSet { arn } => (format!("change set deleted: {arn}"), true),
        Action::CancelUpdate { .. } => ("the update that takes the stack offline is cancelled".to_owned(), false),
        Action::CreateSnapshot { id, .. } => (format!("DB cluster snapshot {id} asked for"), false),
        Action::StartBackupJob(job) if job.seed => ("a backup job is started ahead, online".to_owned(), false),
        Action::StartBackupJob(job) => (format!("a backup job is started into vault {}", job.vault), false),
        Action::StopBackupJob { id } => (format!("backup job {id} is stopped"), false),
        Action::TagSnapshot { .. } => ("the snapshot is tagged".to_owned(), true),
        Action::TagPoint { .. } => ("the recovery point is tagged".to_owned(), true),
        Action::CreateStack { stack, .. } => (format!("stack {} is being created", stack.name), false),
        Action::DeleteStack { stack_id, .. } => (format!("stack {stack_id} is being deleted"), false),
        Action::Protect { on: true, .. } => ("termination protection is switched on".to_owned(), false),
        Action::Protect { on: false, .. } => ("termination protection is switched off".to_owned(), false),
        Action::Clear(Thing::Key(id)) => (format!("KMS key {id} is scheduled for deletion"), false),
        Action::Clear(thing) => (format!("{} {} is deleted", thing.what(), thing.id()), false),
        Action::DropPlan { .. } => ("the run's plan is deleted".to_owned(), true),
        Action::Unlock { .. } => ("the lock is released".to_owned(), true),
    }
}

fn executed(switch: Switch) -> &'static str {
    match switch {
        Switch::Off | Switch::Hold => "the stack is being taken offline",
        Switch::On => "the stack is being brought online",
    }
}
