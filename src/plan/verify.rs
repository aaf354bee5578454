//! Verify: findings about whether one backup can be restored.
//!
//! A fact that AWS did not show is a finding too: nothing is concluded from silence.

mod differences;
mod halves;
pub mod ids;
mod keys;
mod manifest;
mod parameters;
mod place;
mod secret;
mod shape;
mod sharing;
mod source;
mod unseen;

use jiff::Timestamp;

use crate::model::finding::{Finding, Severity, error, finding, info, sort, warning};
use crate::model::proof::{Proof, Subject};

pub use shape::shape;

/// Everything there is to say about a restore of `subject`, errors first, in the order of their ids.
pub fn findings(subject: &Subject, proof: &Proof, now: Timestamp) -> Vec<Finding> {
    let look = Look { subject, proof, now };
    let mut all = halves::findings(&look);
    all.extend(place::findings(&look));
    all.extend(sharing::findings(&look));
    all.extend(secret::findings(&look));
    all.extend(parameters::findings(&look));
    all.extend(keys::findings(&look));
    all.extend(manifest::findings(&look));
    all.extend(source::findings(&look));
    all.extend(differences::findings(&look));
    sort(&mut all);
    all
}

/// Nothing refuses a restore.
pub fn restorable(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.severity != Severity::Error)
}

/// What every check is handed.
struct Look<'a> {
    subject: &'a Subject,
    proof: &'a Proof,
    now: Timestamp,
}

#[cfg(test)]
mod tests;
