//! Stacks that are made: by a run, of a backup; or by the operator, under the same name.

use std::rc::Rc;
use std::sync::Arc;

use stacksnap::engine::Done;
use stacksnap::model::history::{Failure, History, Operation};
use stacksnap::model::new_stack::{NewStack, OnFailure};
use stacksnap::model::run::{Kind, Run};
use stacksnap::model::stack::{Parameter, Stack};
use stacksnap::model::{Refusal, RefusalKind, StackStatus, tags};

use super::fates::{RestoreFate, take};
use super::stack::Past;
use super::{Cloud, Millis, STACK, STACK_ID, at, refusal};

/// Who made it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Maker {
    Run(Rc<str>),
    Operator,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct New {
    pub id: Rc<str>,
    pub name: Rc<str>,
    pub maker: Maker,
    pub new: Option<Arc<NewStack>>,
    pub protected: bool,
    pub status: StackStatus,
    pub number: u32,
    pub created: Millis,
    /// Its parts are `available` from then on.
    pub ready: Millis,
    pub restore: RestoreFate,
    /// A replacement ended with it; the judge's.
    pub proven: bool,
    op: Option<Work>,
    past: Vec<Past>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Work {
    token: Option<Rc<str>>,
    began: Millis,
    ends: Millis,
    status: StackStatus,
}

impl New {
    /// It exists.
    pub(crate) fn alive(&self) -> bool {
        self.status != StackStatus::DeleteComplete
    }

    pub(crate) fn busy(&self) -> bool {
        self.op.is_some()
    }

    /// A run deleted it.
    pub(crate) fn deleted_by_run(&self) -> bool {
        self.past.last().is_some_and(|op| op.token.is_some())
    }

    /// Its last deletion.
    pub(super) fn deletion_began(&self) -> Option<Millis> {
        self.past.last().filter(|op| op.status == StackStatus::DeleteComplete).map(|op| op.began)
    }

    /// Changes with each operation's begin and end.
    pub(super) fn beat(&self) -> u32 {
        u32::try_from(self.past.len() * 2).unwrap() + u32::from(self.op.is_some())
    }

    pub(crate) fn of(&self, run: &str) -> bool {
        matches!(&self.maker, Maker::Run(id) if &**id == run)
    }

    /// Its creation went well, and everything in it is restored.
    pub(crate) fn works(&self, now: Millis) -> bool {
        self.status == StackStatus::CreateComplete
            && self.ready <= now
            && matches!(self.restore, RestoreFate::Completes | RestoreFate::Unlisted)
    }

    pub(super) fn show(&self) -> Stack {
        let new = self.new.as_deref();
        let shown = |p: &stacksnap::model::new_stack::NewParameter| Parameter {
            key: p.key.clone(),
            value: if p.secret { "****".into() } else { p.value.clone() },
            resolved: None,
        };
        Stack {
            id: self.id.to_string(),
            name: self.name.to_string(),
            status: self.status.clone(),
            status_reason: None,
            parameters: new.map(|new| new.parameters.iter().map(shown).collect()).unwrap_or_default(),
            capabilities: Vec::new(),
            outputs: Vec::new(),
            role_arn: None,
            parent_id: None,
            tags: new.map(|new| new.tags.clone()).unwrap_or_default(),
            notification_arns: Vec::new(),
            termination_protection: self.protected,
            created: None,
        }
    }

    pub(super) fn history(&self) -> History {
        let failed = |status: &StackStatus| {
            matches!(status, StackStatus::CreateFailed | StackStatus::RollbackComplete | StackStatus::DeleteFailed)
        };
        let failure = || Failure { logical_id: "AppVpc".into(), reason: "it has dependencies".into() };
        let under_way = self.op.iter().map(|op| Operation {
            token: op.token.as_deref().map(str::to_owned),
            began: at(op.began),
            ended: None,
            status: self.status.clone(),
            failure: None,
        });
        let past = self.past.iter().rev().map(|op| Operation {
            token: op.token.as_deref().map(str::to_owned),
            began: at(op.began),
            ended: Some(at(op.ended)),
            failure: failed(&op.status).then(failure),
            status: op.status.clone(),
        });
        let newest_event = Some(format!("n{}", self.past.len() * 2 + usize::from(self.op.is_some())));
        History { operations: under_way.chain(past).collect(), newest_event, whole: true }
    }

    fn spent(&self, token: &str) -> bool {
        let past = self.past.iter().any(|op| op.token.as_deref() == Some(token));
        past || self.op.as_ref().is_some_and(|op| op.token.as_deref() == Some(token))
    }

    fn begin(&mut self, token: Option<Rc<str>>, now: Millis, long: Millis, ends_in: StackStatus) {
        let creating = self.past.is_empty();
        self.status = if creating { StackStatus::CreateInProgress } else { StackStatus::DeleteInProgress };
        self.op = Some(Work { token, began: now, ends: now + long.max(1), status: ends_in });
    }
}

impl Cloud {
    /// The stack of that name that exists, made or operator's; not the old one.
    pub(crate) fn named(&self, name: &str) -> Option<&New> {
        self.made.iter().find(|new| &*new.name == name && new.alive())
    }

    /// Nobody has that name.
    pub(crate) fn free(&self, name: &str) -> bool {
        self.named(name).is_none() && (name != STACK || self.gone())
    }

    /// What a finished run's record says of the stacks it made; the judge's memory.
    pub(crate) fn remember_proofs(&mut self, run: &Run) {
        if !run.ended() {
            return;
        }
        for made in [&run.rebuilt.first, &run.rebuilt.second].into_iter().filter(|made| made.proven.is_some()) {
            let it = |new: &&mut New| run.kind == Kind::Replace && Some(&*new.id) == made.id.as_deref();
            self.made.iter_mut().filter(it).for_each(|new| new.proven = true);
        }
    }

    pub(super) fn advance_made(&mut self) {
        let now = self.now;
        let ends = |new: &New| new.op.as_ref().is_some_and(|op| op.ends <= now);
        for at in 0..self.made.len() {
            if ends(&self.made[at]) {
                self.end_made(at);
            }
        }
    }

    fn end_made(&mut self, at: usize) {
        let restore = self.took.restore;
        let new = &mut self.made[at];
        let Some(op) = new.op.take() else { return };
        new.status = op.status.clone();
        if op.status == StackStatus::CreateComplete && new.ready < i64::MAX / 4 {
            new.ready = op.ends + restore;
        }
        new.past.push(Past { token: op.token, began: op.began, ended: op.ends, status: op.status });
        if !new.alive() {
            self.leave_behind(at, op.began);
        }
    }

    /// The operator makes a stack of that name.
    pub(crate) fn operator_creates(&mut self, name: &str) -> bool {
        if !self.free(name) {
            return false;
        }
        let at = self.add(name, Maker::Operator, None);
        let now = self.now;
        self.made[at].begin(None, now, 1, StackStatus::CreateComplete);
        self.end_made(at);
        true
    }

    /// Somebody deletes the newest stack that a run made.
    pub(crate) fn operator_deletes_made(&mut self) -> bool {
        let (now, long) = (self.now, self.took.delete);
        let mine = |new: &&mut New| new.maker != Maker::Operator && new.alive() && !new.busy() && !new.protected;
        let Some(new) = self.made.iter_mut().rev().find(mine) else { return false };
        new.begin(None, now, long, StackStatus::DeleteComplete);
        true
    }

    /// The operator deletes his own stack again.
    pub(crate) fn operator_deletes_own(&mut self) {
        for new in self.made.iter_mut().filter(|new| new.maker == Maker::Operator) {
            new.status = StackStatus::DeleteComplete;
        }
    }

    fn add(&mut self, name: &str, maker: Maker, new: Option<Arc<NewStack>>) -> usize {
        let number = u32::try_from(self.made.len()).unwrap() + 2;
        self.made.push(New {
            id: format!("arn:aws:cloudformation:eu-west-1:123456789012:stack/{name}/{number}").into(),
            name: name.into(),
            maker,
            protected: new.as_ref().is_some_and(|new| new.termination_protection),
            new,
            status: StackStatus::CreateInProgress,
            number,
            created: self.now,
            ready: i64::MAX / 8,
            restore: RestoreFate::default(),
            proven: false,
            op: None,
            past: Vec::new(),
        });
        self.made.len() - 1
    }

    /// CreateStack: a name can be taken once; the same request again is the same stack.
    pub(super) fn create_stack(&mut self, new: &Arc<NewStack>, token: &str) -> Result<Done, Refusal> {
        if take(&mut self.fates.create_denied) {
            return Err(refusal(RefusalKind::Denied, "CreateStack"));
        }
        if let Some(there) = self.named(&new.name).filter(|there| there.spent(token)) {
            return Ok(Done::Stack(there.id.to_string()));
        }
        if !self.free(&new.name) {
            return Err(refusal(RefusalKind::AlreadyExists, "CreateStack"));
        }
        let run = new.tags.iter().find(|tag| tag.key == tags::RUN).map(|tag| tag.value.as_str());
        let maker = Maker::Run(run.expect("what a run makes bears its tag").into());
        let at = self.add(&new.name, maker, Some(new.clone()));
        let (now, long) = (self.now, self.took.create);
        let status = match (take(&mut self.fates.create_fails), new.on_failure) {
            (false, _) => StackStatus::CreateComplete,
            (true, OnFailure::Keep) => StackStatus::CreateFailed,
            (true, OnFailure::Rollback) => StackStatus::RollbackComplete,
        };
        if take(&mut self.fates.cluster_never) {
            self.made[at].ready = i64::MAX / 2;
        }
        if take(&mut self.fates.restores) {
            self.made[at].restore = self.fates.restore;
        }
        self.made[at].begin(Some(token.into()), now, long, status);
        self.effects += 1;
        Ok(Done::Stack(self.made[at].id.to_string()))
    }

    /// DeleteStack: of a name, it is whatever stack has it *now*.
    pub(super) fn delete_stack(&mut self, stack: &str, token: &str) -> Result<Done, Refusal> {
        if take(&mut self.fates.delete_denied) {
            return Err(refusal(RefusalKind::Denied, "DeleteStack"));
        }
        if stack == STACK_ID || (stack == STACK && !self.gone()) {
            return self.delete_old(token);
        }
        let found = self.made.iter().position(|new| &*new.id == stack || (&*new.name == stack && new.alive()));
        // CloudFormation says yes to what is not there.
        let Some(found) = found else { return Ok(Done::Ok) };
        self.judge_deletion(found, token);
        let (now, long) = (self.now, self.took.delete);
        let new = &mut self.made[found];
        if !new.alive() || new.status == StackStatus::DeleteInProgress || new.spent(token) {
            return Ok(Done::Ok);
        }
        if new.protected {
            return Err(refusal(RefusalKind::Invalid, "DeleteStack"));
        }
        let fails = take(&mut self.fates.new_delete_fails);
        let status = if fails { StackStatus::DeleteFailed } else { StackStatus::DeleteComplete };
        if new.past.is_empty() {
            // Its creation is cut short.
            new.past.push(Past { token: None, began: new.created, ended: now, status: StackStatus::CreateFailed });
        }
        new.begin(Some(token.into()), now, long, status);
        self.effects += 1;
        Ok(Done::Ok)
    }

    fn judge_deletion(&mut self, at: usize, token: &str) {
        let new = &self.made[at];
        let run = deleting(token).and_then(|id| self.records.get(id));
        let broken = match run {
            _ if new.maker == Maker::Operator => "a stack that somebody else made under the same name is never touched",
            Some(run) if !new.of(run.id.as_str()) => "nothing is deleted that the run did not make",
            Some(run) if run.kind == Kind::Restore => "a restore deletes nothing",
            _ if new.proven => "what a replacement ended with is never deleted",
            _ => return,
        };
        self.wrong.get_or_insert(broken);
    }

    /// UpdateTerminationProtection.
    pub(super) fn protect(&mut self, stack: &str, on: bool) -> Result<Done, Refusal> {
        if stack == STACK_ID {
            return self.protect_old(on);
        }
        if take(&mut self.fates.protect_denied) {
            return Err(refusal(RefusalKind::Denied, "UpdateTerminationProtection"));
        }
        let Some(new) = self.made.iter_mut().find(|new| &*new.id == stack && new.alive()) else {
            return Err(refusal(RefusalKind::NotFound, "UpdateTerminationProtection"));
        };
        if new.maker == Maker::Operator {
            self.wrong.get_or_insert("a stack that somebody else made under the same name is never touched");
        }
        new.protected = on;
        self.effects += 1;
        Ok(Done::Ok)
    }

    /// Why the old stack must not be deleted now; the judge's. CloudFormation would do it.
    pub(super) fn must_not_be_deleted(&self, token: &str) -> Option<&'static str> {
        let id = deleting(token)?;
        let marks = &self.restored;
        if !(marks.complete && marks.drilled()) {
            return Some("no stack is deleted before the backup is proven");
        }
        let by_id = |half: &&super::Half| half.tags.get(tags::ID).is_some_and(|there| there == id);
        let complete = |half: &super::Half| {
            half.done <= self.now && half.stopped.is_none() && half.tags.contains_key(tags::COMPLETE)
        };
        let halves = self.snapshots.iter().find(by_id).zip(self.jobs.iter().find(by_id));
        let Some((snapshot, job)) = halves.filter(|(a, b)| complete(a) && complete(b)) else {
            return Some("no stack is deleted before its safety backup is complete");
        };
        if self.records.get(id).is_some_and(Run::ended) {
            return Some("no stack is deleted once its run is over");
        }
        self.disturbed(snapshot.created.min(job.created), self.now - self.tolerance)
            .then_some("no stack is deleted that was changed since its safety backup was begun")
    }
}

/// Whose DeleteStack it is.
fn deleting(token: &str) -> Option<&str> {
    token.strip_prefix("ss-delete-")?.rsplit_once('-').map(|(run, _)| run)
}

impl Cloud {
    /// The operation on a made stack ends now: for the model checker.
    pub(crate) fn settle_made(&mut self, fails: bool) -> bool {
        let now = self.now;
        let Some(new) = self.made.iter_mut().find(|new| new.busy()) else { return false };
        if let Some(op) = &mut new.op {
            op.ends = now;
            if fails {
                op.status = if op.status == StackStatus::CreateComplete {
                    StackStatus::CreateFailed
                } else {
                    StackStatus::DeleteFailed
                };
            }
        }
        self.advance(now);
        true
    }

    pub(crate) fn made_busy(&self) -> bool {
        self.made.iter().any(New::busy)
    }
}
