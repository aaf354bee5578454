//! CloudFormation's event history: the write-ahead log of every mode change (rule 2).

use jiff::Timestamp;

use super::{BackupId, StackStatus, Switch, Token};

/// One row of DescribeStackEvents.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StackEvent {
    /// `EventId`
    pub id: String,
    /// The stack whose row it is.
    pub stack_id: String,
    /// `LogicalResourceId`
    pub logical_id: String,
    /// `PhysicalResourceId`: the stack id where the row is about the stack itself.
    pub physical_id: String,
    /// `ResourceType`
    pub resource_type: String,
    /// `ResourceStatus`
    pub status: StackStatus,
    /// `ResourceStatusReason`
    pub reason: Option<String>,
    /// `ClientRequestToken`, on every row of an operation that was given one.
    pub token: Option<String>,
    /// AWS's own clock.
    pub at: Timestamp,
}

impl StackEvent {
    /// The row is about the stack itself, not about a resource or a nested stack.
    pub fn about_stack(&self) -> bool {
        self.physical_id == self.stack_id
    }

    fn is_failure(&self) -> bool {
        self.status.as_str().ends_with("_FAILED") && !self.about_stack()
    }

    /// AWS's words for "failed only because something else did".
    fn is_follow_up(&self) -> bool {
        self.reason.as_deref().is_some_and(|reason| reason.contains("cancelled"))
    }
}

/// The first resource that failed in an operation, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Failure {
    /// The resource's logical id.
    pub logical_id: String,
    /// CloudFormation's reason.
    pub reason: String,
}

/// One operation on the stack: from an `*_IN_PROGRESS` that a user initiated to a terminal status,
/// rollbacks included.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operation {
    /// The client request token; absent tokens are somebody else's.
    pub token: Option<String>,
    /// Its first event (the first *seen*, for one that began before the pages read).
    pub began: Timestamp,
    /// Its terminal event.
    pub ended: Option<Timestamp>,
    /// The newest status of the stack in it.
    pub status: StackStatus,
    /// The first failed resource.
    pub failure: Option<Failure>,
}

impl Operation {
    /// Our token, if it is one of ours (a *hold* is ours by name, but an operator's wish).
    pub fn own(&self) -> Option<Token> {
        self.token.as_deref().and_then(Token::parse)
    }

    /// Whether it is `run`'s operation of this kind.
    pub fn is(&self, run: &BackupId, switch: Switch) -> bool {
        self.own().is_some_and(|token| token.run == *run && token.switch == switch)
    }

    /// Anybody's but a run's: no token, a foreign one, or the operator's own *hold*.
    pub fn foreign(&self) -> bool {
        self.own().is_none_or(|token| token.switch == Switch::Hold)
    }

    /// It reached its end, one way or another.
    pub fn ended(&self) -> bool {
        self.ended.is_some()
    }

    /// It took effect: a rolled-back operation leaves the stack as it was.
    pub fn took_effect(&self) -> bool {
        self.ended()
            && matches!(
                self.status,
                StackStatus::UpdateComplete | StackStatus::CreateComplete | StackStatus::ImportComplete
            )
    }
}

/// The stack's newest operations.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct History {
    /// Newest first.
    pub operations: Vec<Operation>,
    /// The newest event's id.
    pub newest_event: Option<String>,
    /// Read back as far as was asked: to the run's base event, or until one own or two foreign
    /// operations are known, or to the beginning.
    pub whole: bool,
}

impl History {
    /// The operations in `events` (newest first, as AWS lists them) of the stack `stack_id`.
    pub fn of(events: &[StackEvent], whole: bool) -> Self {
        let mut operations: Vec<Operation> = Vec::new();
        for event in events.iter().rev() {
            if event.about_stack() {
                advance(&mut operations, event);
            } else if event.is_failure() && !event.is_follow_up() {
                note_failure(&mut operations, event);
            }
        }
        operations.reverse();
        Self { operations, newest_event: events.first().map(|e| e.id.clone()), whole }
    }

    /// The operation that is under way.
    pub fn under_way(&self) -> Option<&Operation> {
        self.operations.first().filter(|op| !op.ended())
    }

    /// `run`'s operations of one kind, newest first.
    pub fn own<'a, 'b>(
        &'a self,
        run: &'b BackupId,
        switch: Switch,
    ) -> impl Iterator<Item = &'a Operation> + use<'a, 'b> {
        self.operations.iter().filter(move |op| op.is(run, switch))
    }

    /// Own terminal events of that kind so far: the number in the next change set's name.
    pub fn attempts(&self, run: &BackupId, switch: Switch) -> u32 {
        u32::try_from(self.own(run, switch).filter(|op| op.ended()).count()).unwrap_or(u32::MAX)
    }

    /// Enough is known to apply the debt rule: an own completed operation, or two foreign ones.
    pub fn settles_debt(&self) -> bool {
        let effective = || self.operations.iter().filter(|op| op.took_effect());
        effective().any(|op| !op.foreign()) || effective().filter(|op| op.foreign()).count() >= 2
    }
}

fn advance(operations: &mut Vec<Operation>, event: &StackEvent) {
    match operations.last_mut() {
        Some(open) if !open.ended() && continues(open, event) => {
            open.status = event.status.clone();
            open.ended = (!event.status.in_progress()).then_some(event.at);
        }
        _ => operations.push(Operation {
            token: event.token.clone(),
            began: event.at,
            ended: (!event.status.in_progress()).then_some(event.at),
            status: event.status.clone(),
            failure: None,
        }),
    }
}

/// CloudFormation repeats a status within an operation (with `DetailedStatus` CONFIGURATION_COMPLETE, for
/// one): only another token tells another operation, whose predecessor's end is not shown yet.
fn continues(open: &Operation, event: &StackEvent) -> bool {
    !begins(event) || (open.token == event.token && open.status != StackStatus::ReviewInProgress)
}

fn begins(event: &StackEvent) -> bool {
    matches!(
        event.status,
        StackStatus::CreateInProgress
            | StackStatus::UpdateInProgress
            | StackStatus::DeleteInProgress
            | StackStatus::ImportInProgress
            | StackStatus::ReviewInProgress
    )
}

fn note_failure(operations: &mut [Operation], event: &StackEvent) {
    if let Some(open) = operations.last_mut().filter(|op| !op.ended() && op.failure.is_none()) {
        open.failure = Some(Failure {
            logical_id: event.logical_id.clone(),
            reason: event.reason.clone().unwrap_or_else(|| "no reason given".to_owned()),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STACK: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/my-hub/1";

    fn event(n: i64, what: &str, status: &str, token: Option<&str>, reason: Option<&str>) -> StackEvent {
        StackEvent {
            id: format!("e{n}"),
            stack_id: STACK.to_owned(),
            logical_id: what.to_owned(),
            physical_id: if what == "my-hub" { STACK.to_owned() } else { what.to_owned() },
            resource_type: String::new(),
            status: status.into(),
            reason: reason.map(str::to_owned),
            token: token.map(str::to_owned),
            at: Timestamp::from_second(n).unwrap(),
        }
    }

    fn history(mut events: Vec<StackEvent>) -> History {
        events.reverse();
        History::of(&events, true)
    }

    #[test]
    fn a_rollback_is_part_of_the_operation_it_undoes() {
        let token = Some("ss-off-my-hub-20261120-020000-0");
        let seen = history(vec![
            event(1, "my-hub", "UPDATE_IN_PROGRESS", token, Some("User Initiated")),
            event(2, "AppDb", "UPDATE_FAILED", token, Some("not in available state")),
            event(3, "AppALB", "UPDATE_FAILED", token, Some("Resource update cancelled")),
            event(4, "my-hub", "UPDATE_ROLLBACK_IN_PROGRESS", token, None),
            event(5, "my-hub", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", token, None),
            event(6, "my-hub", "UPDATE_ROLLBACK_COMPLETE", token, None),
        ]);
        assert_eq!(seen.operations.len(), 1);
        let op = &seen.operations[0];
        assert!(op.ended() && !op.took_effect() && !op.foreign());
        assert_eq!(op.failure.as_ref().unwrap().logical_id, "AppDb");
    }

    #[test]
    fn cleanup_in_progress_is_not_the_end() {
        let seen = history(vec![
            event(1, "my-hub", "UPDATE_IN_PROGRESS", None, None),
            event(2, "my-hub", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None, None),
        ]);
        assert!(seen.under_way().is_some_and(Operation::foreign));
    }

    #[test]
    fn a_status_that_is_repeated_within_an_operation_begins_no_other() {
        let token = Some("ss-off-my-hub-20261120-020000-0");
        let seen = history(vec![
            event(1, "my-hub", "UPDATE_IN_PROGRESS", token, Some("User Initiated")),
            event(2, "my-hub", "UPDATE_IN_PROGRESS", token, None),
            event(3, "my-hub", "UPDATE_COMPLETE", token, None),
            event(4, "my-hub", "UPDATE_IN_PROGRESS", None, Some("User Initiated")),
        ]);
        assert_eq!(seen.operations.len(), 2);
        assert!(seen.operations[1].took_effect() && !seen.operations[0].ended());
    }

    #[test]
    fn a_nested_stacks_row_is_no_operation_of_the_parent() {
        let seen = history(vec![event(1, "Nested", "UPDATE_IN_PROGRESS", None, None)]);
        assert!(seen.operations.is_empty());
    }

    #[test]
    fn continue_update_rollback_is_an_operation_of_its_own() {
        let seen = history(vec![
            event(1, "my-hub", "UPDATE_IN_PROGRESS", None, None),
            event(2, "my-hub", "UPDATE_ROLLBACK_FAILED", None, None),
            event(3, "my-hub", "UPDATE_ROLLBACK_IN_PROGRESS", None, None),
            event(4, "my-hub", "UPDATE_ROLLBACK_COMPLETE", None, None),
        ]);
        assert_eq!(seen.operations.len(), 2);
    }
}
