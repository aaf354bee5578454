//! Verdicts in words.

use jiff::Timestamp;

use super::{Cause, Fate, Protection};
use crate::model::retention::Policy;

/// What is known of one backup besides, in words.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Why it is held.
    pub hold: Option<String>,
    /// What uses it.
    pub uses: Vec<String>,
    /// What locks it.
    pub lock: Option<String>,
}

/// Why a backup is kept, or why it goes.
pub fn explain(fate: &Fate, at: Option<Timestamp>, policy: &Policy, known: &Known) -> Vec<String> {
    if let Some(cause) = fate.goes {
        return vec![cause.words().to_owned()];
    }
    let mut all = at.map(|at| fate.verdict.reasons(policy, at)).unwrap_or_default();
    for protection in &fate.protections {
        match protection {
            Protection::Held => all.push(format!("on hold: {}", known.hold.as_deref().unwrap_or("no reason given"))),
            Protection::Used if !known.uses.is_empty() => all.extend(known.uses.iter().cloned()),
            Protection::Locked if known.lock.is_some() => all.extend(known.lock.clone()),
            other => all.push(other.words().to_owned()),
        }
    }
    all
}

impl Cause {
    fn words(self) -> &'static str {
        match self {
            Self::NoRule => "no rule keeps it",
            Self::NotComplete => "it never was complete",
            Self::Begun => "an earlier prune has begun to delete it",
        }
    }
}

impl Protection {
    fn words(self) -> &'static str {
        match self {
            Self::LastComplete => "the last complete backup",
            Self::LastDrilled => "the last drilled backup",
            Self::Held => "on hold",
            Self::Used => "in use",
            Self::Running => "a run is making it",
            Self::Ambiguous => "several halves claim its id: look at it yourself",
            Self::Elsewhere => "of an earlier stack of this name (--earlier-stacks)",
            Self::Young => "not complete, but younger than --grace",
            Self::Only => "not complete, but there is no complete backup",
            Self::Locked => "its recovery point is locked",
            Self::Stray => "its tags do not say whose it is: look at them yourself",
            Self::Unread => "its vault could not be read",
            Self::Undated => "nothing tells how old it is",
        }
    }
}
