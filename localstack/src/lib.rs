//! An AWS for tests and demonstrations, as far as the backup of a stack, its restore and its
//! deletion need it.
//!
//! It speaks AWS's wire protocols and answers with AWS's words, states, times and errors.
//! Its heart is a clock: turned by hand in tests, or real and hurried in a demonstration.
//! Nothing is ready at once, unless the clock says so. State is computed when a request
//! arrives: whatever is due by then happens first, in order.
//!
//! ```
//! use stacksnap_sandbox::{Sandbox, seeds};
//! let start = "2026-01-01T00:00:00Z".parse().unwrap_or_default();
//! let sandbox = Sandbox::manual(start);
//! let stack_id = sandbox.seed_stack(&seeds::hubs("my-hub"));
//! assert!(stack_id.contains(":stack/my-hub/"));
//! ```

mod admin;
mod agenda;
mod backup;
mod cfn;
mod clock;
mod connect;
mod contents;
mod dispatch;
mod efs;
mod error;
mod events;
mod faults;
mod identity;
mod input;
mod log;
mod logs;
mod operation;
mod pattern;
mod permission;
mod rates;
mod rds;
mod realm;
mod refusal;
mod s3;
mod sandbox;
mod secrets;
pub mod seeds;
mod serve;
mod sns;
mod ssm;
mod state;
mod wire;

pub use clock::Durations;
pub use contents::{Consistency, Written};
pub use events::PutEvent;
pub use faults::{Fault, FaultKind};
pub use log::LoggedRequest;
pub use rates::Rate;
pub use sandbox::{Outcome, Sandbox};
pub use serve::serve;
pub use sns::PublishedMessage;
