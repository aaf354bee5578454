//! What a template's text says, as far as it matters here: parameters with their limits, resources with
//! their fate and their fixed names, conditions.
//!
//! GetTemplateSummary is believed first. The text adds what the summary does not tell. What cannot be
//! evaluated is *unknown*, never guessed.

mod declare;
mod names;
mod node;
mod outliving;
mod perishing;
mod reach;
mod scope;
mod words;

use std::collections::BTreeMap;

pub use declare::{Merged, declared};
pub use names::{Name, existing_name};
pub use node::Node;
pub use outliving::{Clash, Outliving, outliving};
pub use perishing::{Needs, Perishing, perishing};
pub use reach::Reach;
pub(crate) use reach::replaces;
pub use scope::Scope;
pub use words::{Fate, Policy};

use crate::model::stack::Declared;

const SERVERLESS: &str = "AWS::Serverless-2016-10-31";

/// A text that is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Too large to be one.
    #[error("the template has {bytes} bytes: more than {most} are not read")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The most that is read.
        most: usize,
    },
    /// Neither JSON nor YAML.
    #[error("the template is neither JSON nor YAML: {0}")]
    Syntax(String),
    /// It has no resources.
    #[error("the text is no CloudFormation template: it has no Resources")]
    NoResources,
}

/// A template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its parameters, in the order in which they are written.
    pub parameters: Vec<Declared>,
    /// Its resources, in the order in which they are written.
    pub resources: Vec<TemplateResource>,
    /// Its outputs' keys.
    pub outputs: Vec<String>,
    /// `Transform`: macros may add resources, so the text does not tell everything. The text of
    /// GetTemplate's stage Processed does.
    pub transforms: Vec<String>,
    conditions: BTreeMap<String, Node>,
    mappings: Node,
}

/// A resource as the template declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateResource {
    /// The logical id.
    pub logical_id: String,
    /// `Type`
    pub resource_type: String,
    /// `DeletionPolicy`
    pub deletion_policy: Policy,
    /// `UpdateReplacePolicy`
    pub update_replace_policy: Policy,
    /// `Condition`: it is made only where this holds.
    pub condition: Option<String>,
    /// `Properties`
    pub properties: Node,
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// It is too large, neither JSON nor YAML, or has no resources.
    pub fn read(text: &str) -> Result<Self, TemplateError> {
        let root = Node::read(text)?;
        let section = |name| root.get(name).map(Node::members).unwrap_or_default();
        let resources: Vec<_> = section("Resources").iter().filter_map(resource).collect();
        if resources.is_empty() {
            return Err(TemplateError::NoResources);
        }
        Ok(Self {
            parameters: section("Parameters").iter().map(|(key, node)| declare::parameter(key, node)).collect(),
            resources,
            outputs: section("Outputs").iter().map(|(key, _)| key.clone()).collect(),
            transforms: transforms(root.get("Transform")),
            conditions: section("Conditions").iter().cloned().collect(),
            mappings: root.get("Mappings").cloned().unwrap_or(Node::Null),
        })
    }

    /// One resource.
    pub fn resource(&self, logical_id: &str) -> Option<&TemplateResource> {
        self.resources.iter().find(|resource| resource.logical_id == logical_id)
    }

    /// One parameter.
    pub fn parameter(&self, key: &str) -> Option<&Declared> {
        self.parameters.iter().find(|declared| declared.key == key)
    }

    /// The text shows every parameter: AWS's own transforms add resources only, other macros may do anything.
    pub fn declares_all(&self) -> bool {
        self.transforms.iter().all(|transform| transform.starts_with("AWS::"))
    }

    /// The text shows every output: an include may add some, like any macro; the serverless transform adds resources only.
    pub fn names_all_outputs(&self) -> bool {
        let included = self.outputs.iter().any(|key| key.starts_with("Fn::"));
        !included && self.transforms.iter().all(|transform| transform == SERVERLESS)
    }

    /// The definition of a condition.
    pub fn condition(&self, name: &str) -> Option<&Node> {
        self.conditions.get(name)
    }
}

fn resource((logical_id, node): &(String, Node)) -> Option<TemplateResource> {
    let word = |key| node.get(key).and_then(Node::text).map(str::to_owned);
    Some(TemplateResource {
        logical_id: logical_id.clone(),
        resource_type: word("Type")?,
        deletion_policy: Policy::of(node.get("DeletionPolicy")),
        update_replace_policy: Policy::of(node.get("UpdateReplacePolicy")),
        condition: word("Condition"),
        properties: node.get("Properties").cloned().unwrap_or(Node::Null),
    })
}

fn transforms(node: Option<&Node>) -> Vec<String> {
    let one = |node: &Node| node.text().or_else(|| node.get("Name")?.text()).map(str::to_owned);
    match node {
        Some(Node::List(items)) => items.iter().filter_map(one).collect(),
        Some(node) => one(node).into_iter().collect(),
        None => Vec::new(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A small hub: what the real template has, in small.
    pub(crate) const HUB: &str = include_str!("hub.yaml");

    pub(crate) fn hub() -> Template {
        Template::read(HUB).unwrap()
    }

    #[test]
    fn a_template_is_read() {
        let hub = hub();
        assert_eq!(hub.transforms, ["AWS::Serverless-2016-10-31"]);
        let db = hub.resource("AppDb").unwrap();
        assert_eq!((db.resource_type.as_str(), &db.deletion_policy), ("AWS::RDS::DBCluster", &Policy::Absent));
        assert_eq!(hub.resource("StorageEFS").unwrap().deletion_policy, Policy::Retain);
        assert_eq!(hub.resource("AppALB").unwrap().condition.as_deref(), Some("HasALB"));
        assert_eq!(hub.parameter("StackOffline").unwrap().allowed.len(), 2);
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for text in ["", "hello", "[]", "Resources: 3", "Resources: {A: 3}", "{\"Parameters\": {}}"] {
            assert_eq!(Template::read(text), Err(TemplateError::NoResources), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[-{}\\[\\]:,!&*#'\"a-zA-Z0-9 \n\t|>%@]{0,200}") {
            drop(Template::read(&text));
            drop(Template::read(&format!("Resources:\n  A:\n    Type: X\n    Properties: {text}")));
        }
    }
}
