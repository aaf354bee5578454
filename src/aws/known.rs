//! What this process knows of the stacks that it drives many of, and when it still holds: a page of stacks tells for all of them
//! whether anything has happened since.
//!
//! A stack's *print* is what every operation changes: CloudFormation stamps `LastUpdatedTime` when an operation begins, `ChangeSetId`
//! is the change set that was executed last, and the status tells how far it is. The same print, the same history.
//! Nothing here is needed for safety: what is out of date is refused by CloudFormation (rule 1), and then forgotten.

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};

use aws_sdk_cloudformation::types as sdk;
use jiff::{SignedDuration, Timestamp};

use super::Aws;
use super::convert::at;
use crate::model::change_set::ChangeSet;
use crate::model::history::{History, Operation};
use crate::model::{ChangeSetStatus, ExecutionStatus, Refusal, RefusalKind, StackStatus};

/// Stacks that are remembered.
const STACKS: usize = 1_024;
/// An operation's first event is as old as `LastUpdatedTime` says, but for so much; otherwise the events are behind.
const AGREE: SignedDuration = SignedDuration::from_secs(5);
/// Events of an operation that is so old may be gone. They are kept for longer: this only tells them from events that are behind.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(24);

/// What an operation on a stack changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Print {
    status: StackStatus,
    /// `LastUpdatedTime`; of one that never was updated, `CreationTime`.
    updated: Option<Timestamp>,
    /// `ChangeSetId`
    executed: Option<String>,
}

impl Print {
    pub(super) fn of(stack: &sdk::Stack) -> Self {
        Self {
            status: stack.stack_status.as_ref().map_or("", sdk::StackStatus::as_str).into(),
            updated: at(stack.last_updated_time.as_ref().or(stack.creation_time.as_ref())),
            executed: stack.change_set_id.clone().filter(|arn| !arn.is_empty()),
        }
    }

    /// Events that were read after this print show its operation: as it goes on, or its end.
    pub(super) fn shown_by(&self, history: &History) -> bool {
        let same = |newest: &Operation| newest.status == self.status && newest.ended() != self.status.in_progress();
        self.operation(history).is_some_and(same)
    }

    /// The same; or there is nothing to be shown any more.
    fn told_by(&self, history: &History) -> bool {
        self.shown_by(history) || self.forgotten(history)
    }

    /// CloudFormation keeps events for ninety days: nothing tells of an operation that is older.
    fn forgotten(&self, history: &History) -> bool {
        let long_ago = |at: Timestamp| Timestamp::now().duration_since(at) > FORGOTTEN;
        history.operations.is_empty() && !self.status.in_progress() && self.updated.is_some_and(long_ago)
    }

    /// The newest operation, if it is the print's. Of one that began before what was read, only the end is known.
    fn operation<'a>(&self, history: &'a History) -> Option<&'a Operation> {
        let newest = history.operations.first()?;
        let later = self.updated?.duration_since(newest.began);
        let cut = newest.ended == Some(newest.began);
        (later <= AGREE && (cut || -later <= AGREE)).then_some(newest)
    }

    /// No other operation has begun since.
    fn same_operation(&self, other: &Self) -> bool {
        self.updated == other.updated && self.executed == other.executed
    }
}

/// What is remembered of one stack.
#[derive(Debug, Default)]
pub(super) struct Memory {
    history: Option<Read>,
    sets: Option<Sets>,
}

/// A stack's history, as it was read after this print.
#[derive(Clone, Debug)]
struct Read {
    print: Print,
    base: Option<String>,
    history: History,
}

/// A stack's change sets, since they were last listed.
#[derive(Debug)]
struct Sets {
    print: Print,
    /// The one of them that was executed: its operation deletes all the others.
    executed: Option<String>,
    all: Vec<ChangeSet>,
}

impl Sets {
    fn hold(&mut self, print: &Print) -> bool {
        // Once the page shows our own operation, its print is what others are told from.
        if self.executed.take_if(|arn| print.executed.as_ref() == Some(arn)).is_some() {
            self.print = print.clone();
        }
        self.print.same_operation(print)
    }

    /// The name of the set that this process has executed, if the print is of its operation.
    fn begun(&self, print: &Print) -> Option<String> {
        let arn = print.executed.as_ref()?;
        let set = self.all.iter().find(|set| set.arn == *arn && set.execution == ExecutionStatus::ExecuteInProgress)?;
        Some(set.name.clone())
    }
}

/// By the stack's ARN.
pub(super) type Memories = HashMap<String, Memory>;

impl Aws {
    fn memories(&self) -> MutexGuard<'_, Memories> {
        self.memories.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn memory<T>(&self, stack_id: &str, change: impl FnOnce(&mut Memory) -> T) -> T {
        let mut memories = self.memories();
        if memories.len() >= STACKS && !memories.contains_key(stack_id) {
            memories.clear();
        }
        change(memories.entry(stack_id.to_owned()).or_default())
    }

    /// The stack's history as it was last read, back to `base`, where nothing has happened since; and where this print is of a change
    /// set that this process has just executed, with its operation under way: what is awaited is its end, and then the events
    /// are read.
    pub(super) fn known_history(&self, stack_id: &str, base: Option<&str>, print: &Print) -> Option<History> {
        let (then, mut history) = self.last_history(stack_id, base)?;
        let same = then == *print && print.told_by(&history);
        // Its last seconds have a status of their own (…_CLEANUP_IN_PROGRESS): what is awaited is its end.
        let under_way = print.operation(&history).is_some_and(|newest| !newest.ended());
        let goes_on = then.same_operation(print) && print.status.in_progress() && under_way;
        if same || goes_on {
            return Some(history);
        }
        let begun = self.own_operation(stack_id, &then, print).filter(|_| then.told_by(&history))?;
        history.operations.insert(0, begun);
        Some(history)
    }

    /// As it was last read, and the print before that.
    fn last_history(&self, stack_id: &str, base: Option<&str>) -> Option<(Print, History)> {
        let Read { print, base: then, history } = self.memories().get(stack_id)?.history.clone()?;
        let history = if then.as_deref() == base { history } else { self.cached_history(stack_id, base)? };
        Some((print, history))
    }

    /// The operation of the set that this process has executed since the print `then`, if this print shows it under way.
    fn own_operation(&self, stack_id: &str, then: &Print, print: &Print) -> Option<Operation> {
        let token = self.memories().get(stack_id)?.sets.as_ref()?.begun(print)?;
        // A plain update may leave the id as it was: ours is the one with which the id has changed.
        let ours = then.executed != print.executed && !then.status.in_progress() && then.updated < print.updated;
        let began = print.updated.filter(|_| ours && print.status.in_progress())?;
        Some(Operation { token: Some(token), began, ended: None, status: print.status.clone(), failure: None })
    }

    /// The stack's events were read after this print, back to `base`.
    pub(super) fn history_read(&self, stack_id: &str, base: Option<&str>, print: &Print, history: &History) {
        let read = Read { print: print.clone(), base: base.map(str::to_owned), history: history.clone() };
        self.memory(stack_id, |memory| memory.history = Some(read));
    }

    /// The stack's change sets: listed, or as this process has made them since; those that are still being made are asked
    /// for by their ARNs. `asked`: whether AWS was.
    pub(super) async fn sets_since(
        &self,
        stack_id: &str,
        print: &Print,
        asked: &mut bool,
    ) -> Result<Vec<ChangeSet>, Refusal> {
        let known = self.memories().get_mut(stack_id).and_then(|memory| {
            let sets = memory.sets.as_mut()?;
            sets.hold(print).then(|| sets.all.clone())
        });
        let Some(mut all) = known else {
            *asked = true;
            return self.sets_anew(stack_id, print).await;
        };
        for set in all.iter_mut().filter(|set| set.own().is_some() && set.pending()) {
            *asked = true;
            match self.described_set(&set.arn).await {
                Ok(described) => {
                    self.set_seen(stack_id, &described);
                    *set = described;
                }
                // Gone, or not shown yet. That must not be taken for a stack that is gone: the list tells.
                Err(refusal) if refusal.kind == RefusalKind::NotFound => return self.sets_anew(stack_id, print).await,
                Err(refusal) => {
                    self.forget_sets(stack_id);
                    return Err(refusal);
                }
            }
        }
        Ok(all)
    }

    /// What is listed now may be younger than the print: it is judged by events that are read after it (rule 1).
    async fn sets_anew(&self, stack_id: &str, print: &Print) -> Result<Vec<ChangeSet>, Refusal> {
        self.memory(stack_id, |memory| *memory = Memory::default());
        let all = self.change_sets(stack_id).await?;
        self.sets_listed(stack_id, print, all.clone());
        Ok(all)
    }

    fn set_seen(&self, stack_id: &str, seen: &ChangeSet) {
        self.memory(stack_id, |memory| {
            let mut known = memory.sets.iter_mut().flat_map(|sets| &mut sets.all);
            known.find(|set| set.arn == seen.arn).into_iter().for_each(|set| set.clone_from(seen));
        });
    }

    pub(super) fn sets_listed(&self, stack_id: &str, print: &Print, all: Vec<ChangeSet>) {
        self.memory(stack_id, |memory| memory.sets = Some(Sets { print: print.clone(), executed: None, all }));
    }

    /// CreateChangeSet has answered.
    pub(super) fn set_made(&self, stack_id: &str, name: &str, arn: &str) {
        let made = ChangeSet {
            arn: arn.to_owned(),
            name: name.to_owned(),
            status: ChangeSetStatus::CreatePending,
            reason: None,
            execution: ExecutionStatus::Unavailable,
            changes: None,
        };
        if let Some(sets) = self.memories().get_mut(stack_id).and_then(|memory| memory.sets.as_mut()) {
            sets.all.retain(|set| set.arn != arn);
            sets.all.push(made);
        }
    }

    /// ExecuteChangeSet was accepted: it deletes all the others.
    pub(super) fn set_executed(&self, arn: &str) {
        for sets in self.memories().values_mut().filter_map(|memory| memory.sets.as_mut()) {
            if let Some(set) = sets.all.iter().find(|set| set.arn == arn).cloned() {
                sets.all = vec![ChangeSet { execution: ExecutionStatus::ExecuteInProgress, ..set }];
                sets.executed = Some(arn.to_owned());
            }
        }
    }

    /// DeleteChangeSet was accepted.
    pub(super) fn set_deleted(&self, arn: &str) {
        for sets in self.memories().values_mut().filter_map(|memory| memory.sets.as_mut()) {
            sets.all.retain(|set| set.arn != arn);
        }
    }

    /// CloudFormation refused what was done with one of them: the world is not as it was remembered.
    pub(super) fn forget_set(&self, arn: &str) {
        for memory in self.memories().values_mut() {
            memory.sets.take_if(|sets| sets.all.iter().any(|set| set.arn == arn));
        }
    }

    pub(super) fn forget_sets(&self, stack_id: &str) {
        if let Some(memory) = self.memories().get_mut(stack_id) {
            memory.sets = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(at: i64) -> Timestamp {
        Timestamp::from_second(at).unwrap()
    }

    fn print(status: &str, updated: i64, executed: Option<&str>) -> Print {
        Print { status: status.into(), updated: Some(second(updated)), executed: executed.map(str::to_owned) }
    }

    fn history(status: &str, began: i64, ended: Option<i64>) -> History {
        let operation = Operation {
            token: None,
            began: second(began),
            ended: ended.map(second),
            status: status.into(),
            failure: None,
        };
        History { operations: vec![operation], newest_event: None, whole: true }
    }

    #[test]
    fn events_that_are_behind_the_stack_are_read_again() {
        let done = history("UPDATE_COMPLETE", 1_000, Some(1_240));
        assert!(print("UPDATE_COMPLETE", 1_001, None).shown_by(&done));
        assert!(!print("UPDATE_IN_PROGRESS", 1_001, None).shown_by(&done), "the page is ahead, or behind");
        assert!(!print("UPDATE_COMPLETE", 5_000, None).shown_by(&done), "a later operation is not shown at all");
        assert!(!print("UPDATE_COMPLETE", 900, None).shown_by(&done), "the page is of the operation before");
        let going = history("UPDATE_IN_PROGRESS", 1_000, None);
        assert!(print("UPDATE_IN_PROGRESS", 1_001, None).shown_by(&going));
        assert!(!print("UPDATE_COMPLETE", 1_001, None).shown_by(&going), "the end is not shown yet");
        assert!(!print("UPDATE_COMPLETE", 1_001, None).shown_by(&History::default()));
        let cut = history("UPDATE_COMPLETE", 1_240, Some(1_240));
        assert!(print("UPDATE_COMPLETE", 1_001, None).shown_by(&cut), "its beginning was not read");
        let rolled = history("UPDATE_ROLLBACK_COMPLETE", 1_000, Some(1_400));
        assert!(!print("UPDATE_COMPLETE", 1_001, None).shown_by(&rolled), "it took another end");
    }

    #[test]
    fn change_sets_hold_until_somebody_elses_operation() {
        let listed = print("UPDATE_COMPLETE", 1_000, Some("before"));
        let sets = |executed: Option<&str>| Sets {
            print: listed.clone(),
            executed: executed.map(str::to_owned),
            all: Vec::new(),
        };
        assert!(sets(None).hold(&listed));
        assert!(
            !sets(None).hold(&print("UPDATE_IN_PROGRESS", 2_000, Some("before"))),
            "a plain update made them obsolete"
        );
        assert!(sets(Some("off")).hold(&listed), "the page does not show it yet");
        assert!(sets(Some("off")).hold(&print("UPDATE_COMPLETE", 2_000, Some("off"))));
        assert!(!sets(Some("off")).hold(&print("UPDATE_IN_PROGRESS", 3_000, Some("theirs"))));
        let mut shown = sets(Some("off"));
        assert!(shown.hold(&print("UPDATE_COMPLETE", 2_000, Some("off"))));
        assert!(
            !shown.hold(&print("UPDATE_IN_PROGRESS", 3_000, Some("off"))),
            "a plain update may leave the id as it was"
        );
    }
}
