//! A run, planned from a survey.

use jiff::Timestamp;

use crate::model::finding::Finding;
use crate::model::profile::Profile;
use crate::model::run::{Kind, Options, Run};
use crate::model::survey::Survey;

use super::preflight::Ask;

/// The run that `kind` asks for, and the findings that go with it (warnings, infos); or the
/// findings that refuse it. `Run::expected` comes from the survey's earlier runs.
///
/// # Errors
/// The findings, at least one of them an error.
pub fn plan(
    _survey: &Survey,
    _profile: Option<&Profile>,
    _kind: Kind,
    _options: Options,
    _ask: Ask,
    _now: Timestamp,
) -> Result<(Run, Vec<Finding>), Vec<Finding>> {
    unimplemented!()
}
