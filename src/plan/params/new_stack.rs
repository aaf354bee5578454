//! From parameters to what CreateStack is called with.

use super::Parameters;
use crate::model::new_stack::{NewParameter, NewStack, OnFailure, StackTag, TemplateSource};

/// Templates with nested stacks, transforms and named IAM resources need these besides their own.
const CAPABILITIES: [&str; 3] = ["CAPABILITY_AUTO_EXPAND", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"];
/// CloudFormation takes no more tags.
const MOST_TAGS: usize = 50;
/// Says which backup a stack was made of.
pub const TAG_BACKUP: &str = "stacksnap:backup";
/// Says whose backup that was.
pub const TAG_SOURCE: &str = "stacksnap:restored-from";

/// What a new stack has besides its parameters.
#[derive(Clone, Debug)]
pub struct Around<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its template.
    pub template: TemplateSource,
    /// The backup's id.
    pub backup: &'a str,
    /// The source stack's name.
    pub source_stack: &'a str,
    /// The source stack's capabilities.
    pub capabilities: &'a [String],
    /// The source stack's tags.
    pub tags: &'a [StackTag],
    /// `RoleARN`
    pub role_arn: Option<&'a str>,
    /// `NotificationARNs`
    pub notification_arns: &'a [String],
    /// `EnableTerminationProtection`
    pub termination_protection: bool,
    /// `OnFailure`
    pub on_failure: OnFailure,
}

/// Why no stack can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// These need the user's value.
    #[error("these parameters need your value: {}", .0.join(", "))]
    Needs(Vec<String>),
    /// The findings say what is wrong.
    #[error("the parameters are refused by findings")]
    Refused,
    /// Tags of the source's and our two.
    #[error("the new stack would have {0} tags, CloudFormation takes {MOST_TAGS} at most")]
    TooManyTags(usize),
}

/// The new stack. Parameters that take the template's default are not sent.
///
/// # Errors
/// A value is needed, a finding refuses, or there are too many tags.
pub fn new_stack(parameters: &Parameters, around: Around<'_>) -> Result<NewStack, NotReady> {
    if !parameters.needs.is_empty() {
        return Err(NotReady::Needs(parameters.needs.iter().map(|need| need.key.clone()).collect()));
    }
    if parameters.refused() {
        return Err(NotReady::Refused);
    }
    Ok(NewStack {
        name: around.name.to_owned(),
        parameters: sent(parameters),
        capabilities: capabilities(around.capabilities),
        tags: tags(&around)?,
        role_arn: around.role_arn.map(str::to_owned),
        notification_arns: around.notification_arns.to_vec(),
        termination_protection: around.termination_protection,
        on_failure: around.on_failure,
        template: around.template,
    })
}

fn sent(parameters: &Parameters) -> Vec<NewParameter> {
    let each = parameters.chosen.iter().filter(|chosen| chosen.sent());
    each.filter_map(|chosen| {
        Some(NewParameter { key: chosen.key.clone(), value: chosen.value.clone()?, secret: chosen.secret })
    })
    .collect()
}

fn capabilities(own: &[String]) -> Vec<String> {
    let mut all: Vec<String> = own.iter().cloned().chain(CAPABILITIES.map(str::to_owned)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The source's own tags, without those of AWS and of an earlier restore.
fn tags(around: &Around<'_>) -> Result<Vec<StackTag>, NotReady> {
    let ours = [(TAG_BACKUP, around.backup), (TAG_SOURCE, around.source_stack)];
    let foreign = |tag: &&StackTag| !tag.key.starts_with("aws:") && ours.iter().all(|(key, _)| *key != tag.key);
    let mut all: Vec<StackTag> = around.tags.iter().filter(foreign).cloned().collect();
    all.extend(ours.map(|(key, value)| StackTag { key: key.to_owned(), value: value.to_owned() }));
    if all.len() > MOST_TAGS { Err(NotReady::TooManyTags(all.len())) } else { Ok(all) }
}
