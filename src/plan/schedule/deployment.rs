//! A deployment of stacksnap: its template, how one is told from any other stack, what a change set would do to it.

use crate::model::new_stack::StackTag;
use crate::model::stack::Stack;
use crate::model::{ChangeSetStatus, ExecutionStatus};
use crate::plan::template::{Node, Scope, Template, TemplateError};

use jiff::Timestamp;

/// The template that is deployed.
pub const TEMPLATE: &str = include_str!("../../../templates/stacksnap.yaml");
/// The tag that a deployment's stack bears; its value is the deployment's name.
pub const TAG: &str = "stacksnap:deployment";
/// What the template's `Description` begins with.
const DESCRIPTION: &str = "stacksnap";
/// What every version of the template has declared.
const DECLARED: [&str; 2] = ["ScheduleExpression", "CodeS3Key"];

/// Whether a stack's template is stacksnap's own, of whatever version. Tags alone do not tell: anybody may write them.
pub fn is_ours(template: &str) -> bool {
    let Ok(root) = Node::read(template) else { return false };
    let described = root.get("Description").and_then(Node::text).unwrap_or_default();
    let declares = |key: &str| root.get("Parameters").and_then(|all| all.get(key)).is_some();
    described.to_ascii_lowercase().starts_with(DESCRIPTION) && DECLARED.into_iter().all(declares)
}

/// The template, read.
///
/// # Errors
/// It is none: a bug.
pub fn template() -> Result<Template, TemplateError> {
    Template::read(TEMPLATE)
}

/// Logical id and type of what the template makes with these parameters. What cannot be told is there, too.
pub fn resources<'a>(
    template: &'a Template,
    name: &'a str,
    parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<(&'a str, &'a str)> {
    let scope = Scope::new(template, name, parameters);
    let made = template.resources.iter().filter(|resource| scope.makes(resource) != Some(false));
    made.map(|resource| (resource.logical_id.as_str(), resource.resource_type.as_str())).collect()
}

/// A stack that is a deployment, or may be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// The stack.
    pub stack: Stack,
    /// When it was changed last, or made.
    pub changed: Option<Timestamp>,
}

/// A change set that is to be made of a deployment.
#[derive(Clone)]
pub struct Proposal {
    /// The stack's ARN, or its name where there is none yet.
    pub stack: String,
    /// There is no such stack yet, or it has nothing in it.
    pub create: bool,
    /// The change set's name, and the token of its making.
    pub name: String,
    /// Each parameter's key and value; `None`: UsePreviousValue.
    pub parameters: Vec<(String, Option<String>)>,
    /// The stack's tags.
    pub tags: Vec<StackTag>,
}

/// Values may be secrets.
impl std::fmt::Debug for Proposal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Proposal({}, {})", self.stack, self.name)
    }
}

/// A change set that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// How far its making is.
    pub status: ChangeSetStatus,
    /// CloudFormation's reason, above all for FAILED.
    pub reason: Option<String>,
    /// Whether it may be executed.
    pub execution: ExecutionStatus,
    /// What it would do; all pages, once it is complete.
    pub changes: Vec<ProposedChange>,
}

impl Proposed {
    /// It is still being made.
    pub fn pending(&self) -> bool {
        matches!(self.status, ChangeSetStatus::CreatePending | ChangeSetStatus::CreateInProgress)
    }

    /// It may be executed.
    pub fn ready(&self) -> bool {
        self.status == ChangeSetStatus::CreateComplete && self.execution == ExecutionStatus::Available
    }

    /// There is nothing that it would change.
    pub fn says_no_changes(&self) -> bool {
        let reason = self.reason.as_deref().unwrap_or_default();
        self.status == ChangeSetStatus::Failed
            && (reason.contains("didn't contain changes") || reason.contains("No updates are to be performed"))
    }
}

/// One row of DescribeChangeSet, in AWS's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedChange {
    /// `Action`: `Add`, `Modify`, `Remove`, …
    pub action: String,
    /// `LogicalResourceId`
    pub logical_id: String,
    /// `ResourceType`
    pub resource_type: String,
    /// `Replacement`: `True`, `False`, `Conditional`; of a `Modify`.
    pub replacement: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_one_that_can_be_sent_and_is_known_as_ours() {
        assert!(is_ours(TEMPLATE));
        // CloudFormation takes no longer one in a request.
        assert!(TEMPLATE.len() <= 51_200, "{} bytes", TEMPLATE.len());
    }

    #[test]
    fn a_foreign_template_is_not_ours_whatever_it_says_of_itself() {
        let described = "Description: stacksnap's enemy\nResources: {A: {Type: 'AWS::SNS::Topic'}}";
        let declared = TEMPLATE.replacen("  stacksnap every night", "  something every night", 1);
        for text in [described, &declared, "", "{", "[]"] {
            assert!(!is_ours(text), "{}", text.get(..40).unwrap_or(text));
        }
    }

    #[test]
    fn a_resource_whose_condition_does_not_hold_is_not_made() {
        let template = template().unwrap();
        let has = |email: &str| {
            let all = resources(&template, "stacksnap", [("NotificationEmail", email)]);
            all.iter().any(|(_, kind)| *kind == "AWS::SNS::Subscription")
        };
        assert!(has("a@example.com") && !has(""));
    }
}
