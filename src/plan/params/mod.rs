//! The parameters of a new stack that is made of a backup: which value each has, where it comes from, and
//! whether CloudFormation will take it.
//!
//! A value that the user gives always wins, and is told where it undoes the restore. A secret is never
//! copied: CloudFormation answers `****` for it, and writing that back has wrecked stacks.

mod check;
mod choose;
mod given;
pub mod ids;
mod new_stack;
mod pattern;
mod restore;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use new_stack::{Around, NotReady, TAG_BACKUP, TAG_SOURCE, new_stack};

use crate::model::finding::{Finding, Severity, error, info, sort, warning};
use crate::model::manifest::KeptParameter;
use crate::model::stack::Declared;
use crate::model::topology::{OfflineSwitch, RestoreParameters};

/// CloudFormation takes no more of one value.
const MOST_BYTES: usize = 4_096;
/// CloudFormation takes no more parameters.
const MOST_PARAMETERS: usize = 200;

/// Everything that decides about a new stack's parameters.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What the template declares: see [`crate::plan::template::declared`].
    pub declared: &'a [Declared],
    /// The source stack's parameters when the backup was made; without a value where it is a secret.
    pub source: &'a [KeptParameter],
    /// The keys that restore a backup, as the topology has them.
    pub restore: Option<&'a RestoreParameters>,
    /// What they are set to.
    pub values: &'a RestoreValues,
    /// The offline parameter: set to online.
    pub offline: Option<&'a OfflineSwitch>,
    /// Keys whose values two stacks cannot share, as the profile has them.
    pub ask: &'a [String],
    /// `--set` and `--set-file`.
    pub given: &'a [Given],
    /// `--unset`: the template's default instead of the source's value.
    pub unset: &'a [String],
    /// The source stack is there, and will still be there when the new one is made.
    pub source_exists: bool,
}

/// The five values that restore a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestoreValues {
    /// The source stack's name.
    pub source_stack: String,
    /// The DB cluster snapshot's identifier.
    pub snapshot: String,
    /// The DB secret's ARN; `None`: the backup names none.
    pub secret: Option<String>,
    /// The vault's name.
    pub vault: String,
    /// The recovery point's ARN.
    pub recovery_point: String,
}

/// A value that the user gives.
#[derive(Clone, PartialEq, Eq)]
pub struct Given {
    /// `ParameterKey`
    pub key: String,
    /// The value itself, also where it came from a file.
    pub value: String,
    /// It came from a file.
    pub file: bool,
}

/// The value may be a secret.
impl std::fmt::Debug for Given {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Given({}, file: {})", self.key, self.file)
    }
}

/// What the parameters will be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Those with a value, in the template's order.
    pub chosen: Vec<Chosen>,
    /// Those that need a value from the user.
    pub needs: Vec<Need>,
    /// What is wrong or worth knowing, errors first.
    pub findings: Vec<Finding>,
}

/// A parameter with its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Chosen {
    /// `ParameterKey`
    pub key: String,
    /// Its value. `None`: the template's default of a secret, which nobody tells.
    pub value: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
    /// The template says NoEcho: the value goes to CloudFormation and nowhere else.
    pub secret: bool,
}

/// Never a secret's value.
impl std::fmt::Debug for Chosen {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = if self.secret { Some("(secret)") } else { self.value.as_deref() };
        write!(out, "{}={:?} ({:?})", self.key, value.unwrap_or_default(), self.origin)
    }
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// It restores the backup.
    Restore,
    /// It brings the stack up online.
    OfflineSwitch,
    /// The source stack had it when the backup was made.
    Source,
    /// `--set`
    Set,
    /// `--set-file`
    SetFile,
    /// The template's default: it is not sent.
    Default,
}

/// A parameter that the user has to give a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Need {
    /// `ParameterKey`
    pub key: String,
    /// Why nobody else can.
    pub cause: Cause,
    /// The same as a sentence.
    pub why: String,
    /// The value that the source stack has, where it must be another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The template's default, which `--unset` would take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// What the template says about a good value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The allowed values, where they are listed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
}

/// Why a value is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// It is a secret (NoEcho): AWS does not tell it.
    Secret,
    /// It must differ from the source stack's.
    MustDiffer,
    /// The template has no default, and the source stack had no such parameter.
    Missing,
}

impl Parameters {
    /// Something is wrong with what there is.
    pub fn refused(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// A stack can be made of them.
    pub fn ready(&self) -> bool {
        self.needs.is_empty() && !self.refused()
    }

    /// One parameter.
    pub fn get(&self, key: &str) -> Option<&Chosen> {
        self.chosen.iter().find(|chosen| chosen.key == key)
    }
}

impl Chosen {
    /// Whether it is sent; the template's default is not.
    pub fn sent(&self) -> bool {
        self.origin != Origin::Default
    }
}

impl Need {
    /// The need as a finding, for documents that have findings only.
    pub fn finding(&self) -> Finding {
        let id = match self.cause {
            Cause::Secret => ids::NEEDS_SECRET,
            Cause::MustDiffer => ids::NEEDS_ANOTHER,
            Cause::Missing => ids::NEEDS_VALUE,
        };
        let given = match self.cause {
            Cause::Secret => format!("Give it: `--set-file {}=FILE`", self.key),
            _ => format!("Give it: `--set {}=VALUE`", self.key),
        };
        let or = self.default.as_ref().map(|_| format!("; or take the template's default: `--unset {}`", self.key));
        error(
            id,
            format!("{} needs your value", self.key),
            self.why.clone(),
            format!("{given}{}.", or.unwrap_or_default()),
        )
    }
}

/// Decides about every parameter that the template declares.
pub fn params(request: &Request<'_>) -> Parameters {
    let mut all = Parameters { findings: restore::findings(request), ..Parameters::default() };
    all.findings.extend(given::findings(request));
    for declared in request.declared {
        match choose::choose(request, declared) {
            Ok(chosen) => {
                all.findings.extend(check::findings(request, declared, &chosen));
                all.chosen.push(chosen);
            }
            Err(need) => all.needs.push(need),
        }
    }
    sort(&mut all.findings);
    all
}

/// What AWS answers in place of a secret.
pub(crate) fn is_mask(value: &str) -> bool {
    value.len() >= 4 && value.bytes().all(|byte| byte == b'*')
}
