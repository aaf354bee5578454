//! NOUNS: plain data, serde, no clock, no I/O.
//!
//! One file per noun. Everything AWS sends as a string or an `Option` becomes one of these values
//! exactly once, in `aws`; from there on the compiler knows what can be missing.

pub mod arn;
pub mod backup;
pub mod change_set;
pub mod debt;
pub mod finding;
pub mod half;
pub mod history;
pub mod id;
pub mod manifest;
pub mod new_stack;
pub mod profile;
pub mod proof;
pub mod rebuild;
pub mod refusal;
pub mod retention;
pub mod run;
pub mod stack;
pub mod survey;
pub mod tags;
pub mod topology;
pub mod watch;
mod words;

pub use arn::Arn;
pub use id::{BackupId, Switch, Token};
pub use refusal::{Refusal, RefusalKind, Seen};
pub use words::{ChangeSetStatus, ClusterStatus, ExecutionStatus, JobState, PointStatus, SnapshotStatus, StackStatus};
