//! Change sets: how a stack's mode is changed, and how it is not (rule 1).

use super::{ChangeSetStatus, ExecutionStatus, Token};

/// One change set of the stack. Somebody else's are only names here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChangeSet {
    /// Its ARN: what is executed and deleted, never the name.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// How far its making is.
    pub status: ChangeSetStatus,
    /// CloudFormation's reason, above all for FAILED.
    pub reason: Option<String>,
    /// Whether it may be executed.
    pub execution: ExecutionStatus,
    /// Every change, all pages, nested stacks' included; read for our own CREATE_COMPLETE ones.
    pub changes: Option<Vec<Change>>,
}

impl ChangeSet {
    /// Our token, if the name is one of ours.
    pub fn own(&self) -> Option<Token> {
        Token::parse(&self.name)
    }

    /// CloudFormation found nothing to change: the stack is as was asked.
    pub fn says_no_changes(&self) -> bool {
        self.status == ChangeSetStatus::Failed
            && self.reason.as_deref().is_some_and(|reason| {
                reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
            })
    }

    /// Still being made.
    pub fn pending(&self) -> bool {
        matches!(self.status, ChangeSetStatus::CreatePending | ChangeSetStatus::CreateInProgress)
    }

    /// Made, and executable as far as this look shows.
    pub fn ready(&self) -> bool {
        self.status == ChangeSetStatus::CreateComplete && self.execution == ExecutionStatus::Available
    }
}

/// What happens to a resource when it is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Replacement {
    /// `True`: a new one is made and the old one is removed.
    Yes,
    /// `Conditional`: depends on values known only during execution.
    Maybe,
    /// `False`, or none given.
    No,
}

/// One row of DescribeChangeSet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    /// Logical ids of the nested stacks on the way down.
    pub path: Vec<String>,
    /// `LogicalResourceId`
    pub logical_id: String,
    /// `PhysicalResourceId`
    pub physical_id: Option<String>,
    /// `ResourceType`
    pub resource_type: String,
    /// `Action` is `Remove`.
    pub removes: bool,
    /// `Replacement`
    pub replacement: Replacement,
    /// Some detail's `Evaluation` is `Dynamic`.
    pub dynamic: bool,
}
