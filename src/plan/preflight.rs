//! Preflight: findings about one survey.
//!
//! A fact that AWS did not show is a finding too: nothing is concluded from silence.

mod budget;
mod database;
mod files;
pub mod ids;
mod keys;
mod place;
pub(super) mod policy;
mod role;
mod runs;
mod secrets;
mod stack;
mod switch;
mod unseen;
mod vault;

pub use database::ahead;

use jiff::Timestamp;

use crate::model::debt::{Debt, debt, mode};
use crate::model::finding::{Finding, Severity, error, finding, info, sort, warning};
use crate::model::manifest::Place;
use crate::model::profile::Profile;
use crate::model::run::{Mode, Options};
use crate::model::survey::Survey;
use crate::model::topology::{OfflineSwitch, Topology};
use crate::model::{Refusal, RefusalKind};

/// What is about to be done, as far as it matters for the findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// A live backup: no mode change.
    pub live: bool,
    /// Warnings refuse too, where they are about others' change sets.
    pub strict: bool,
    /// Only the mode is to be changed: the halves do not matter.
    pub switch_only: bool,
    /// The stack is to go offline, and to stay so.
    pub hold: bool,
    /// How long it may be offline, where that is known.
    pub budget: Option<Budget>,
}

/// The time that a backup may take while the stack is offline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The offline budget, seconds.
    pub max_offline: u32,
    /// What of it is waited for the last NFS writes, seconds.
    pub settle: u32,
}

impl From<&Options> for Budget {
    fn from(options: &Options) -> Self {
        Self { max_offline: options.max_offline, settle: options.settle }
    }
}

/// Everything there is to say, errors first, in the order of their ids.
pub fn findings(survey: &Survey, profile: Option<&Profile>, ask: Ask, now: Timestamp) -> Vec<Finding> {
    let look = Look { survey, profile, ask, now };
    let mut all = stack::findings(&look);
    // Where the stack itself was not seen, nothing else was looked for.
    if survey.stack.here().is_some() {
        all.extend(runs::findings(&look));
        all.extend(switch::findings(&look));
        all.extend(budget::finding(&look));
        all.extend(place::findings(&look));
        if !ask.switch_only {
            all.extend(halves(&look));
        }
    }
    sort(&mut all);
    all
}

fn halves(look: &Look<'_>) -> Vec<Finding> {
    // Where discovery could not decide, there is nothing to look at yet.
    if look.topology().is_none() {
        return Vec::new();
    }
    let mut all = database::findings(look);
    all.extend(files::findings(look));
    all.extend(vault::findings(look));
    all.extend(role::findings(look));
    all.extend(secrets::findings(look));
    all.extend(keys::findings(look));
    all
}

/// The bucket for manifests cannot be used; or, where it may only not be read, perhaps cannot.
pub fn manifest_place(place: &Place, refusal: &Refusal) -> Finding {
    let say = if refusal.kind == RefusalKind::Denied { warning } else { error };
    say(
        ids::MANIFEST_PLACE,
        format!("manifests cannot be kept at {place}: {refusal}"),
        "A backup that could not be restored once its stack is gone is not begun.",
        "Name another place in stacksnap.toml (`manifest`), or allow s3:PutObject, s3:GetObject and s3:ListBucket; the \
         bucket must be in the caller's account and region.",
    )
}

/// Whether any of them refuses.
pub fn refused(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

/// What every check is handed.
struct Look<'a> {
    survey: &'a Survey,
    profile: Option<&'a Profile>,
    ask: Ask,
    now: Timestamp,
}

impl<'a> Look<'a> {
    fn topology(&self) -> Option<&'a Topology> {
        self.survey.topology.as_ref()?.as_ref().ok()
    }

    /// The stack's name, for commands to copy.
    fn name(&self) -> &'a str {
        self.survey.stack.here().map_or("STACK", |stack| stack.name.as_str())
    }

    /// The stack's mode, where it has an offline parameter with one of the two values.
    fn mode(&self) -> Option<Mode> {
        let stack = self.survey.stack.here()?;
        mode(stack, &switch_of(self.survey, self.profile)?)
    }

    /// What an earlier run still owes the stack, by its event history.
    fn debt(&self) -> Debt {
        let history = self.survey.history.here();
        history.map_or(Debt::None, |history| debt(self.mode() == Some(Mode::Offline), history))
    }

    /// The run will change the stack's mode.
    fn changes_mode(&self) -> bool {
        !self.ask.live && (self.ask.switch_only || self.mode() != Some(Mode::Offline))
    }
}

/// How the stack goes offline: as discovered, or, where discovery could not decide on other parts, as the
/// profile says.
pub(super) fn switch_of(survey: &Survey, profile: Option<&Profile>) -> Option<OfflineSwitch> {
    match &survey.topology {
        Some(Ok(topology)) => topology.offline.clone(),
        _ => {
            let declared = survey.declared.here().map_or(&[][..], Vec::as_slice);
            super::discover::switch(survey.stack.here()?, declared, profile?).ok().flatten()
        }
    }
}

#[cfg(test)]
mod tests;
