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

/// What a change set threatens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hazard {
    /// Protected resources that would be replaced or removed.
    pub destroys: Vec<String>,
    /// Protected resources that may be, depending on values known only during execution.
    pub maybe: Vec<String>,
}

/// Reads a change set as the preview that it is.
pub fn review(changes: &[Change], protected: &[String]) -> Hazard {
    let mut hazard = Hazard::default();
    for change in changes {
        let place = place(change);
        let itself = protected.contains(&place);
        // A nested stack that goes takes with it what is in it.
        let within = protected.iter().any(|id| id.strip_prefix(&place).is_some_and(|rest| rest.starts_with('/')));
        match change.replacement {
            _ if change.removes && (itself || within) => hazard.destroys.push(format!("{place} would be removed")),
            Replacement::Yes if itself || within => hazard.destroys.push(format!("{place} would be replaced")),
            Replacement::Maybe if itself => hazard.maybe.push(format!("{place} may be replaced")),
            Replacement::No if itself && change.dynamic => {
                hazard.maybe.push(format!("what happens to {place} is known only during the update"));
            }
            _ => {}
        }
    }
    hazard
}

fn place(change: &Change) -> String {
    change.path.iter().chain([&change.logical_id]).cloned().collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(logical_id: &str, removes: bool, replacement: Replacement) -> Change {
        Change {
            path: Vec::new(),
            logical_id: logical_id.to_owned(),
            physical_id: None,
            resource_type: String::new(),
            removes,
            replacement,
            dynamic: false,
        }
    }

    #[test]
    fn an_update_that_would_replace_the_database_is_seen() {
        let protected = ["AppDb".to_owned(), "StorageEFS".to_owned()];
        let changes = [
            change("AppDb", false, Replacement::Yes),
            change("AppALB", true, Replacement::No),
            change("StorageEFS", true, Replacement::No),
        ];
        let hazard = review(&changes, &protected);
        assert_eq!(hazard.destroys, ["AppDb would be replaced", "StorageEFS would be removed"]);
    }

    #[test]
    fn a_nested_stack_that_goes_takes_the_database_with_it() {
        let protected = ["Data/AppDb".to_owned()];
        assert_eq!(review(&[change("Data", true, Replacement::No)], &protected).destroys, ["Data would be removed"]);
        assert_eq!(review(&[change("Data", false, Replacement::No)], &protected), Hazard::default());
        assert_eq!(review(&[change("Dat", true, Replacement::No)], &protected), Hazard::default());
    }

    #[test]
    fn a_modification_is_no_hazard_and_a_conditional_one_is_told() {
        let protected = ["AppDb".to_owned()];
        assert_eq!(review(&[change("AppDb", false, Replacement::No)], &protected), Hazard::default());
        assert_eq!(review(&[change("AppDb", false, Replacement::Maybe)], &protected).maybe.len(), 1);
    }
}
