//! The stack that backups are taken of: its mode, its operations, its deletion.

use std::rc::Rc;

use stacksnap::engine::Done;
use stacksnap::model::history::{Failure, History, Operation};
use stacksnap::model::run::Mode;
use stacksnap::model::stack::{Parameter, Stack};
use stacksnap::model::{Refusal, RefusalKind, StackStatus};

use super::fates::take;
use super::{Cloud, Millis, PARAMETER, STACK, STACK_ID, at, refusal, value};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Op {
    pub(super) token: Option<Rc<str>>,
    pub(super) began: Millis,
    pub(super) ends: Millis,
    pub(super) mode: Mode,
    pub(super) before: Mode,
    pub(super) fate: OpFate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum OpFate {
    Completes,
    RollsBack,
    RollbackFails,
    Deletes,
    DeleteFails,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Past {
    pub(super) token: Option<Rc<str>>,
    pub(super) began: Millis,
    pub(super) ended: Millis,
    pub(super) status: StackStatus,
}

impl Op {
    pub(super) fn deletes(&self) -> bool {
        matches!(self.fate, OpFate::Deletes | OpFate::DeleteFails)
    }
}

impl Cloud {
    /// When the operation under way ends.
    pub(crate) fn operation_ends(&self) -> Option<Millis> {
        self.op.as_ref().map(|op| op.ends)
    }

    pub(crate) fn busy(&self) -> bool {
        self.op.is_some()
    }

    pub(super) fn end_operation(&mut self, ended: Millis) {
        let Some(op) = self.op.take() else { return };
        let (mode, status) = match op.fate {
            OpFate::Completes => (op.mode, StackStatus::UpdateComplete),
            OpFate::RollsBack => (op.before, StackStatus::UpdateRollbackComplete),
            OpFate::RollbackFails => (op.before, StackStatus::UpdateRollbackFailed),
            OpFate::Deletes => (op.before, StackStatus::DeleteComplete),
            OpFate::DeleteFails => (op.before, StackStatus::DeleteFailed),
        };
        self.mode = mode;
        self.status = status.clone();
        self.version += 1;
        self.past.push(Past { token: op.token, began: op.began, ended, status });
        if op.mode != op.before {
            self.cluster_busy = ended + self.took.modifying;
        }
        self.down_since = match mode {
            Mode::Online => None,
            Mode::Offline => self.down_since.or(Some(ended)),
        };
    }

    pub(super) fn begin(&mut self, token: Option<Rc<str>>, mode: Mode, fate: OpFate) {
        let long = match (self.mode, mode) {
            (_, Mode::Offline) => self.took.off,
            (_, Mode::Online) => self.took.on,
        };
        let op = Op { token, began: self.now, ends: self.now + long.max(1), mode, before: self.mode, fate };
        // While it goes on, DescribeStacks reads the new value; whoever comes back is up at once,
        // whoever changes anything may restart a server: either way the downtime is interrupted.
        self.mode = mode;
        self.down_since = None;
        self.status = StackStatus::UpdateInProgress;
        self.version += 1;
        self.sets.clear();
        self.op = Some(op);
        self.effects += 1;
    }

    /// The operator updates the stack; `false`: CloudFormation refuses, an operation is under way.
    pub(crate) fn operator(&mut self, mode: Mode) -> bool {
        if self.op.is_some() || !self.status.updatable() {
            return false;
        }
        if mode != self.mode {
            self.wish = mode;
        }
        self.begin(None, mode, OpFate::Completes);
        true
    }

    /// The operator turns the stack on, and CloudFormation rolls that back: it was up for a while.
    pub(crate) fn operator_rolls_back(&mut self) -> bool {
        if self.op.is_some() || !self.status.updatable() {
            return false;
        }
        self.begin(None, Mode::Online, OpFate::RollsBack);
        true
    }

    /// The operator deletes the stack, on purpose.
    pub(crate) fn operator_deletes(&mut self) -> bool {
        if self.op.is_some() || self.protected || self.gone() {
            return false;
        }
        self.begin_deletion(None, OpFate::Deletes);
        true
    }

    /// It is deleted.
    pub(crate) fn gone(&self) -> bool {
        self.status == StackStatus::DeleteComplete
    }

    /// DeleteStack of the stack: without a compare-and-swap.
    pub(super) fn delete_old(&mut self, token: &str) -> Result<Done, Refusal> {
        self.touched += 1;
        if self.gone() || self.status == StackStatus::DeleteInProgress || self.spent(token) {
            return Ok(Done::Ok);
        }
        if self.protected {
            return Err(refusal(RefusalKind::Invalid, "DeleteStack"));
        }
        if self.op.is_some() {
            return Err(refusal(RefusalKind::WrongState, "DeleteStack"));
        }
        if let Some(broken) = self.must_not_be_deleted(token) {
            self.wrong.get_or_insert(broken);
        }
        let fate = if take(&mut self.fates.delete_fails) { OpFate::DeleteFails } else { OpFate::Deletes };
        self.begin_deletion(Some(token.into()), fate);
        Ok(Done::Ok)
    }

    /// The same request again is the same request.
    fn spent(&self, token: &str) -> bool {
        self.past.iter().any(|op| op.token.as_deref() == Some(token))
    }

    fn begin_deletion(&mut self, token: Option<Rc<str>>, fate: OpFate) {
        let ends = self.now + self.took.delete.max(1);
        self.op = Some(Op { token, began: self.now, ends, mode: self.mode, before: self.mode, fate });
        self.status = StackStatus::DeleteInProgress;
        self.version += 1;
        self.sets.clear();
        self.effects += 1;
    }

    /// UpdateTerminationProtection.
    pub(super) fn protect_old(&mut self, on: bool) -> Result<Done, Refusal> {
        self.touched += 1;
        if take(&mut self.fates.protect_denied) {
            return Err(refusal(RefusalKind::Denied, "UpdateTerminationProtection"));
        }
        if self.gone() {
            return Err(refusal(RefusalKind::NotFound, "UpdateTerminationProtection"));
        }
        self.protected = on;
        self.effects += 1;
        Ok(Done::Ok)
    }

    /// The judge's: when the stack may have been up, or was being changed, between then and then.
    pub(super) fn disturbed(&self, from: Millis, to: Millis) -> bool {
        let deletion = |status: &StackStatus| matches!(status, StackStatus::DeleteFailed | StackStatus::DeleteComplete);
        let past = self.past.iter().any(|op| !deletion(&op.status) && op.ended > from && op.began <= to);
        past || self.op.as_ref().is_some_and(|op| !op.deletes() && op.began <= to)
    }

    /// The cluster is busy until then: a maintenance window, a failover.
    pub(crate) fn maintain(&mut self, until: Millis) {
        self.cluster_busy = until;
    }

    /// CloudFormation keeps events for ninety days.
    pub(crate) fn forget_history(&mut self) {
        self.past.clear();
    }

    pub(crate) fn stack(&self) -> Stack {
        let parameter = |key: &str, value: &str| Parameter { key: key.into(), value: value.into(), resolved: None };
        Stack {
            id: STACK_ID.into(),
            name: STACK.into(),
            status: self.status.clone(),
            status_reason: None,
            parameters: vec![
                parameter(PARAMETER, value(self.mode)),
                parameter("DomainName", "example.org"),
                // NoEcho: AWS masks it, and the mask must never be sent back.
                parameter("AdminPassword", "****"),
            ],
            capabilities: vec!["CAPABILITY_NAMED_IAM".to_owned()],
            outputs: Vec::new(),
            role_arn: None,
            parent_id: None,
            tags: Vec::new(),
            notification_arns: Vec::new(),
            termination_protection: self.protected,
            created: None,
        }
    }

    pub(crate) fn history(&self) -> History {
        let failure = || Some(Failure { logical_id: "AppDb".into(), reason: "not available".into() });
        let under_way = self.op.iter().map(|op| Operation {
            token: op.token.as_deref().map(str::to_owned),
            began: at(op.began),
            ended: None,
            status: if op.deletes() { StackStatus::DeleteInProgress } else { StackStatus::UpdateInProgress },
            failure: None,
        });
        let past = self.past.iter().rev().take(12).map(|op| Operation {
            token: op.token.as_deref().map(str::to_owned),
            began: at(op.began),
            ended: Some(at(op.ended)),
            failure: match op.status {
                StackStatus::UpdateRollbackComplete | StackStatus::DeleteFailed => failure(),
                _ => None,
            },
            status: op.status.clone(),
        });
        let newest = self.past.len() * 2 + usize::from(self.op.is_some());
        History { operations: under_way.chain(past).collect(), newest_event: Some(format!("e{newest}")), whole: true }
    }

    /// As the adapter reads it: back to the operation that was the newest when the run began.
    pub(super) fn history_since(&self, base: Option<&str>) -> History {
        let mut history = self.history();
        let known = base.and_then(|base| base.strip_prefix('e')?.parse::<usize>().ok()).map(|n| n / 2);
        if let Some(known) = known {
            let newer = history.operations.len().saturating_sub(self.past.len().min(12))
                + self.past.len().saturating_sub(known);
            history.operations.truncate(newer + 1);
        }
        history
    }
}
