//! Change sets: the compare-and-swap of CloudFormation.

use std::rc::Rc;

use stacksnap::engine::Done;
use stacksnap::model::change_set::ChangeSet;
use stacksnap::model::run::Mode;
use stacksnap::model::{ChangeSetStatus, ExecutionStatus, Refusal, RefusalKind, StackStatus, Switch, Token};

use super::fates::take;
use super::stack::OpFate;
use super::{Cloud, Millis, refusal, value};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Set {
    arn: u32,
    name: Rc<str>,
    mode: Mode,
    version: u32,
    ready: Millis,
    /// Made while the stack had that mode already: FAILED.
    no_changes: bool,
}

impl Cloud {
    pub(super) fn show_set(&self, set: &Set) -> ChangeSet {
        let made = self.now >= set.ready;
        let obsolete = set.version != self.version;
        let (status, execution) = match (made, set.no_changes) {
            (false, _) => (ChangeSetStatus::CreateInProgress, ExecutionStatus::Unavailable),
            (true, true) => (ChangeSetStatus::Failed, ExecutionStatus::Unavailable),
            (true, false) if obsolete => (ChangeSetStatus::CreateComplete, ExecutionStatus::Obsolete),
            (true, false) => (ChangeSetStatus::CreateComplete, ExecutionStatus::Available),
        };
        ChangeSet {
            arn: format!("arn:set/{}", set.arn),
            name: set.name.to_string(),
            status,
            reason: set.no_changes.then(|| "The submitted information didn't contain changes.".to_owned()),
            execution,
            changes: Some(Vec::new()),
        }
    }

    pub(super) fn create_set(&mut self, name: &str, to: &str, switch: Switch) -> Result<Done, Refusal> {
        self.touched += 1;
        if self.op.is_some() || !self.status.updatable() {
            return Err(refusal(RefusalKind::WrongState, "CreateChangeSet"));
        }
        if self.sets.iter().any(|set| &*set.name == name) {
            return Err(refusal(RefusalKind::AlreadyExists, "CreateChangeSet"));
        }
        let mode = if switch == Switch::On { Mode::Online } else { Mode::Offline };
        assert_eq!(to, value(mode), "the offline parameter is explicit");
        self.arns += 1;
        let ready = self.now + self.took.make_set;
        let no_changes = mode == self.mode;
        self.sets.push(Set { arn: self.arns, name: name.into(), mode, version: self.version, ready, no_changes });
        self.effects += 1;
        Ok(Done::Ok)
    }

    /// The compare-and-swap: only by ARN, only while no operation has changed the stack since.
    pub(super) fn execute(&mut self, arn: &str, token: &str, switch: Switch) -> Result<Done, Refusal> {
        let Some(set) = self.sets.iter().find(|set| format!("arn:set/{}", set.arn) == arn).cloned() else {
            return Err(refusal(RefusalKind::NotFound, "ExecuteChangeSet"));
        };
        if self.op.is_some() || set.version != self.version || set.no_changes || self.now < set.ready {
            return Err(refusal(RefusalKind::WrongState, "ExecuteChangeSet"));
        }
        assert_eq!(token, &*set.name, "the token is the change set's name");
        let fate = match switch {
            Switch::Off | Switch::Hold if take(&mut self.fates.off_rolls_back) => OpFate::RollsBack,
            Switch::Off | Switch::Hold if take(&mut self.fates.off_rollback_fails) => OpFate::RollbackFails,
            Switch::On if take(&mut self.fates.on_rolls_back) => OpFate::RollsBack,
            // AppDb cannot be modified while its snapshot is taken: InvalidDBClusterStateFault.
            Switch::On if self.took.snapshot < i64::MAX / 4 && self.snapshot_pending() => OpFate::RollsBack,
            _ => OpFate::Completes,
        };
        if switch == Switch::Hold {
            self.wish = Mode::Offline;
        }
        self.begin(Some(token.into()), set.mode, fate);
        Ok(Done::Ok)
    }

    pub(super) fn delete_set(&mut self, arn: &str) -> Result<Done, Refusal> {
        let found = self.sets.iter().position(|set| format!("arn:set/{}", set.arn) == arn);
        let Some(found) = found else { return Ok(Done::Ok) };
        let set = self.sets.remove(found);
        self.foreign_touched |= Token::parse(&set.name).is_none();
        self.effects += 1;
        Ok(Done::Ok)
    }

    pub(super) fn cancel(&mut self) -> Result<Done, Refusal> {
        let Some(op) = &mut self.op else { return Err(refusal(RefusalKind::WrongState, "CancelUpdateStack")) };
        self.foreign_touched |= op.token.as_deref().and_then(Token::parse).is_none();
        op.fate = OpFate::RollsBack;
        op.ends = op.ends.min(self.now + 10_000);
        self.status = StackStatus::UpdateRollbackInProgress;
        Ok(Done::Ok)
    }
}
