//! Preflight: findings about one survey.

use jiff::Timestamp;

use crate::model::finding::Finding;
use crate::model::profile::Profile;
use crate::model::survey::Survey;

/// What is about to be done, as far as it matters for the findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// A live backup: no mode change.
    pub live: bool,
    /// Warnings refuse too, where they are about others' change sets.
    pub strict: bool,
    /// Only the mode is to be changed: the halves do not matter.
    pub switch_only: bool,
}

/// Everything there is to say, errors first, in the order of their ids.
pub fn findings(_survey: &Survey, _profile: Option<&Profile>, _ask: Ask, _now: Timestamp) -> Vec<Finding> {
    unimplemented!()
}
