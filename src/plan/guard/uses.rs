//! What an update without a change set would do to what is protected, as far as templates and parameters
//! tell.

use std::collections::BTreeSet;

use super::{Current, Intended, NewTemplate, destroys, error, ids, may_destroy, restore_keys, warning};
use crate::model::finding::Finding;
use crate::plan::template::{Node, Template, TemplateResource, replaces};

/// Properties that say what a DB cluster is restored from, whatever they refer to.
const RESTORES: [&str; 7] = [
    "RestoreToTime",
    "RestoreType",
    "SnapshotIdentifier",
    "SourceDBClusterIdentifier",
    "SourceDbClusterResourceId",
    "SourceRegion",
    "UseLatestRestorableTime",
];

pub(super) fn findings(current: &Current<'_>, intended: &Intended, changed: &BTreeSet<&str>) -> Vec<Finding> {
    match (&intended.template, current.template) {
        (NewTemplate::Unread(why), _) => vec![unread(&format!("the new template cannot be read: {why}"))],
        (NewTemplate::Text(_), None) => vec![unread("the stack's own template could not be read")],
        (NewTemplate::Previous, None) if changed.is_empty() => Vec::new(),
        (NewTemplate::Previous, None) => vec![unread("the stack's template could not be read, and parameters change")],
        (NewTemplate::Previous, Some(old)) => {
            current.protected.iter().filter_map(|place| touched(old, place, changed)).collect()
        }
        (NewTemplate::Text(new), Some(old)) => {
            let keys = restore_keys(current);
            let compare = Compare { old, new, keys: &keys };
            let mut all: Vec<Finding> = current.protected.iter().flat_map(|place| compare.place(place)).collect();
            all.extend(current.protected.iter().filter_map(|place| touched(new, place, changed)));
            all
        }
    }
}

fn unread(what: &str) -> Finding {
    warning(
        ids::USE_UNKNOWN,
        what.to_owned(),
        "Whether the template uses the restore parameters as before cannot be told.",
        "Give the text (`--template-file`), or guard a change set: `--change-set ARN`.",
    )
}

/// A changed parameter may reach a property whose change replaces the resource.
fn touched(template: &Template, place: &str, changed: &BTreeSet<&str>) -> Option<Finding> {
    let outermost = place.split('/').next().unwrap_or(place);
    let resource = template.resource(outermost)?;
    let counts = |property: &&(String, Node)| replaces(&resource.resource_type, &property.0);
    for (name, node) in resource.properties.members().iter().filter(counts) {
        let reach = template.reach(node);
        if let Some(key) = changed.iter().find(|key| reach.parameters.contains(**key)) {
            return Some(may_destroy(format!("{place} may be replaced: its {name} depends on {key}, which changes")));
        }
    }
    let reach = template.reach(&condition(resource));
    let key = changed.iter().find(|key| reach.parameters.contains(**key))?;
    Some(may_destroy(format!("{place} may be removed: its condition depends on {key}, which changes")))
}

/// A resource's condition as an expression.
fn condition(resource: &TemplateResource) -> Node {
    resource
        .condition
        .as_ref()
        .map_or(Node::Null, |name| Node::Map(vec![("Condition".to_owned(), Node::Text(name.clone()))]))
}

struct Compare<'a> {
    old: &'a Template,
    new: &'a Template,
    keys: &'a BTreeSet<&'a str>,
}

impl Compare<'_> {
    fn place(&self, place: &str) -> Vec<Finding> {
        let outermost = place.split('/').next().unwrap_or(place);
        let (old, new) = match (self.old.resource(outermost), self.new.resource(outermost)) {
            (Some(old), Some(new)) => (old, new),
            (Some(_), None) => {
                return vec![destroys(format!("{place} would be removed: the new template has no {outermost}"))];
            }
            // Made by a transform, or not of this template at all.
            (None, _) => return vec![unread(&format!("{place} is not in the text of the stack's template"))],
        };
        if old.resource_type != new.resource_type {
            let (was, is) = (&old.resource_type, &new.resource_type);
            return vec![destroys(format!("{place} would be replaced: its type changes from {was} to {is}"))];
        }
        let mut all: Vec<Finding> = self.properties(place, old, new);
        if !self.alike(&condition(old), &condition(new)) {
            all.push(may_destroy(format!("{place} may be removed: its condition changes")));
        }
        if outermost != place {
            all.push(unread(&format!("{place} belongs to a nested stack, whose template is not read")));
        }
        all
    }

    fn properties(&self, place: &str, old: &TemplateResource, new: &TemplateResource) -> Vec<Finding> {
        let names = |resource: &TemplateResource| -> BTreeSet<String> {
            resource.properties.members().iter().map(|(name, _)| name.clone()).collect()
        };
        let all: BTreeSet<String> = names(old).union(&names(new)).cloned().collect();
        all.iter().filter_map(|name| self.property(place, name, old, new)).collect()
    }

    fn property(&self, place: &str, name: &str, old: &TemplateResource, new: &TemplateResource) -> Option<Finding> {
        let nothing = Node::Null;
        let of = |resource: &TemplateResource| resource.properties.get(name).unwrap_or(&nothing).clone();
        let (was, is) = (of(old), of(new));
        if self.alike(&was, &is) {
            return None;
        }
        let restores = RESTORES.contains(&name) || self.restores(self.old, &was) || self.restores(self.new, &is);
        if restores {
            Some(use_changed(place, name))
        } else {
            let counts = replaces(&old.resource_type, name);
            counts.then(|| may_destroy(format!("{place} may be replaced: the template's {name} changes")))
        }
    }

    fn restores(&self, template: &Template, node: &Node) -> bool {
        template.reach(node).parameters.iter().any(|key| self.keys.contains(key.as_str()))
    }

    /// The same expression, and the same conditions behind it.
    fn alike(&self, was: &Node, is: &Node) -> bool {
        let (old, new) = (self.old.reach(was), self.new.reach(is));
        let same = |name: &String| match (self.old.condition(name), self.new.condition(name)) {
            (Some(was), Some(is)) => was.same(is),
            _ => false,
        };
        was.same(is) && old.conditions == new.conditions && old.conditions.iter().all(same)
    }
}

fn use_changed(place: &str, name: &str) -> Finding {
    error(
        ids::USE_CHANGED,
        format!("the new template uses the restore parameters otherwise: {name} of {place} changes"),
        "CloudFormation would replace it by something that is made of another snapshot or recovery point, or of none.",
        format!("Leave {name} of {place} as it is in the stack's template."),
    )
}
