//! What a record holds of what happened: monotone facts, each set once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Outcome;
use crate::model::Refusal;

/// The first thing that went wrong: it decides the outcome.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Trouble {
    /// What the outcome will be.
    pub outcome: Outcome,
    /// What went wrong, one sentence.
    pub what: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// How a run ended, and how it left the stack.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ending {
    /// How.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
    /// Why; empty for a complete one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The stack is still offline and was not before: somebody must act (exit 3).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left_offline: bool,
}

/// What AWS Backup answered to StartBackupJob.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StartedJob {
    /// `BackupJobId`
    pub id: String,
    /// `RecoveryPointArn`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<String>,
}

/// How long the parts take on this stack, seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Durations {
    /// The update that takes the stack offline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off: Option<u32>,
    /// The DB cluster snapshot, from creation until first seen `available`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<u32>,
    /// The backup job, from creation to completion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<u32>,
    /// The update that brings it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<u32>,
}

/// Refused attempts at one action.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Refused {
    /// How often.
    pub times: u32,
    /// The newest.
    pub last: Refusal,
}

/// Why the stack is still offline, and what a person has to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stranded {
    /// Why.
    pub why: String,
    /// What to do.
    pub hint: String,
}

/// The offline window, by AWS's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    /// The *off* operation's start.
    pub from: Timestamp,
    /// The *on* operation's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
}
