//! The log of every request.

use jiff::Timestamp;
use serde::Serialize;

/// One request and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoggedRequest {
    /// When it arrived, by the sandbox's clock.
    pub time: Timestamp,
    /// The account of its access key.
    pub account: String,
    /// The region of its signature.
    pub region: String,
    /// The signing name of the service.
    pub service: String,
    /// AWS's name of the operation, or what was sent instead.
    pub operation: String,
    /// The main resource names or ARNs, separated by spaces.
    pub target: String,
    /// The HTTP status, 0 when the connection was dropped.
    pub status: u16,
    /// The error code of a refusal; `dropped` or `answer lost` for a lost connection.
    pub error: Option<String>,
}
