//! What AWS said when it did not do, or did not show, what was asked.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a refused call means for the run; the adapter decides it once, from AWS's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// Throttled, 5xx, time-out, connection lost: the effect is *unknown*; look again.
    Transient,
    /// No credentials, expired or unusable ones.
    Credentials,
    /// The caller may not do this.
    Denied,
    /// The thing is not there.
    NotFound,
    /// The thing is there, but not in a state that allows it.
    WrongState,
    /// Something of this name is there already.
    AlreadyExists,
    /// A quota of the account is used up.
    Quota,
    /// AWS does not accept the request as it is; asking again is no use.
    Invalid,
}

impl RefusalKind {
    /// Asking again later may help.
    pub fn passes(self) -> bool {
        matches!(self, Self::Transient | Self::WrongState)
    }
}

/// One refused call, in AWS's words. Holds no request body, so no secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// What it means.
    pub kind: RefusalKind,
    /// The service's signing name, e.g. `rds`.
    pub service: String,
    /// The operation, e.g. `CreateDBClusterSnapshot`.
    pub operation: String,
    /// AWS's error code, e.g. `SnapshotQuotaExceeded`; ours for a connection that failed.
    pub code: String,
    /// AWS's message.
    pub message: String,
    /// AWS's request id, for a support case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Refusal {
    /// The IAM action that the call needs. Only EFS's prefix differs from a service's name.
    pub fn action(&self) -> String {
        let service = if self.service == "efs" { "elasticfilesystem" } else { &self.service };
        format!("{service}:{}", self.operation)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {} ({})", self.service, self.operation, self.message, self.code)?;
        match &self.request_id {
            Some(id) => write!(f, " [request {id}]"),
            None => Ok(()),
        }
    }
}

/// One thing as an observation saw it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub enum Seen<T> {
    /// Not asked for this time.
    #[default]
    NotLooked,
    /// Asked for, but AWS did not show it: nothing may be concluded.
    Unknown(Refusal),
    /// AWS says that it is not there.
    Missing,
    /// As AWS shows it.
    Here(T),
}

impl<T> Seen<T> {
    /// The thing, if it was seen.
    pub fn here(&self) -> Option<&T> {
        match self {
            Self::Here(thing) => Some(thing),
            _ => None,
        }
    }

    /// The refusal, if the look failed.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Unknown(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// AWS answered: it is there, or it is not.
    pub fn known(&self) -> bool {
        matches!(self, Self::Here(_) | Self::Missing)
    }

    /// The same sight of something derived from the thing.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Seen<U> {
        match self {
            Self::NotLooked => Seen::NotLooked,
            Self::Unknown(refusal) => Seen::Unknown(refusal),
            Self::Missing => Seen::Missing,
            Self::Here(thing) => Seen::Here(f(thing)),
        }
    }
}

impl<T> From<Result<T, Refusal>> for Seen<T> {
    fn from(result: Result<T, Refusal>) -> Self {
        match result {
            Ok(thing) => Self::Here(thing),
            Err(refusal) if refusal.kind == RefusalKind::NotFound => Self::Missing,
            Err(refusal) => Self::Unknown(refusal),
        }
    }
}
