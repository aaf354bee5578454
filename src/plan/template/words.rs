//! The words of a template that say what becomes of a resource.

use super::{Node, TemplateResource};

/// `DeletionPolicy` or `UpdateReplacePolicy`, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Not written.
    Absent,
    /// `Delete`
    Delete,
    /// `Retain`
    Retain,
    /// `RetainExceptOnCreate`
    RetainExceptOnCreate,
    /// `Snapshot`
    Snapshot,
    /// An expression, or a word that is not known here.
    Other,
}

impl Policy {
    pub(super) fn of(node: Option<&Node>) -> Self {
        match node.map(Node::text) {
            None => Self::Absent,
            Some(Some("Delete")) => Self::Delete,
            Some(Some("Retain")) => Self::Retain,
            Some(Some("RetainExceptOnCreate")) => Self::RetainExceptOnCreate,
            Some(Some("Snapshot")) => Self::Snapshot,
            Some(_) => Self::Other,
        }
    }
}

/// What becomes of a resource when its stack is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is deleted.
    Gone,
    /// It is deleted, and a final snapshot with a generated name is left.
    Snapshot,
    /// It stays.
    Stays,
    /// The template does not tell plainly.
    Unknown,
}

impl TemplateResource {
    /// What becomes of it when the stack is deleted. A DB cluster's default is a final snapshot.
    pub fn fate(&self) -> Fate {
        match self.deletion_policy {
            Policy::Retain | Policy::RetainExceptOnCreate => Fate::Stays,
            Policy::Snapshot => Fate::Snapshot,
            Policy::Delete => Fate::Gone,
            Policy::Other => Fate::Unknown,
            Policy::Absent if self.snapshot_by_default() => Fate::Snapshot,
            Policy::Absent => Fate::Gone,
        }
    }

    fn snapshot_by_default(&self) -> bool {
        match self.resource_type.as_str() {
            "AWS::RDS::DBCluster" => true,
            "AWS::RDS::DBInstance" => self.properties.get("DBClusterIdentifier").is_none(),
            _ => false,
        }
    }
}
