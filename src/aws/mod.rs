//! The adapter: the only place that names an SDK crate. It translates, and neither decides nor
//! prints.
//!
//! One small file per service; each SDK string or `Option` becomes a value of `model` exactly once.
//! `refusal` turns whatever went wrong into a [`Refusal`](crate::model::Refusal), with AWS's own code,
//! message and request id; `kind` is the table that says what a code means. `observe` and `perform`
//! are the [`World`](crate::world::World), `survey` is what `inspect` and `check` look at, and
//! `rds`, `recovery_points`, `vaults` and `parameter_store` hand out what `list` lists.

mod backup;
mod change_sets;
mod clients;
mod cloudformation;
mod connect;
mod convert;
mod deploy;
mod efs;
mod events;
mod fleet;
mod http;
mod iam;
mod kind;
mod kms;
mod known;
mod light;
mod manifest;
mod notify;
mod observe;
mod pages;
mod parameter_store;
mod perform;
mod plans;
mod probe;
mod proof;
mod prune;
mod rds;
mod rebuild;
mod record;
mod recovery_points;
mod refusal;
mod remains;
mod s3;
mod secrets;
mod sentinel;
mod shared;
mod snapshot_rows;
mod sts;
mod survey;
mod values;
mod vaults;

pub use aws_smithy_runtime_api::client::http::SharedHttpClient;
pub use connect::{Connect, ConnectError, connect};
pub(crate) use http::CALLS;
pub use notify::ping;
pub use proof::Shaped;
pub use shared::Shared;
pub use survey::Discover;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

use tokio::sync::OnceCell;

use crate::model::change_set::Change;

/// AWS, as one caller in one region sees it. Each service's client is made when it is first used.
pub struct Aws {
    clients: clients::Clients,
    region: String,
    /// The caller's account, once it was asked for.
    account: OnceCell<String>,
    events: Mutex<events::Caches>,
    fresh_events: Mutex<events::Cache>,
    /// What change sets would do, by ARN.
    change_sets_read: Mutex<BTreeMap<String, Vec<Change>>>,
    /// What is known of the stacks that are driven side by side.
    memories: Mutex<known::Memories>,
    /// Records of runs whose halves are being made, as they were read.
    records_read: Mutex<values::Recent>,
    /// How many runs of a stack, by its name, were on record when the last one began.
    records_counted: Mutex<BTreeMap<String, usize>>,
    /// NoEcho values: never shown.
    given: Mutex<BTreeMap<String, String>>,
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").field("region", &self.region).finish_non_exhaustive()
    }
}

impl Aws {
    fn new(config: aws_types::SdkConfig, region: String) -> Self {
        Self {
            clients: clients::Clients::new(config),
            region,
            account: OnceCell::new(),
            events: Mutex::default(),
            fresh_events: Mutex::default(),
            change_sets_read: Mutex::default(),
            memories: Mutex::default(),
            records_read: Mutex::default(),
            records_counted: Mutex::default(),
            given: Mutex::default(),
        }
    }

    /// The region the calls go to.
    pub fn region(&self) -> &str {
        &self.region
    }
}
