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
mod efs;
mod events;
mod http;
mod iam;
mod kind;
mod kms;
mod observe;
mod pages;
mod parameter_store;
mod perform;
mod rds;
mod record;
mod recovery_points;
mod refusal;
mod secrets;
mod sts;
mod survey;
mod vaults;

pub use aws_smithy_runtime_api::client::http::SharedHttpClient;
pub use connect::{Connect, ConnectError, connect};
pub use survey::Discover;

use std::sync::Mutex;

/// AWS, as one caller in one region sees it. Each service's client is made when it is first used.
#[derive(Debug)]
pub struct Aws {
    clients: clients::Clients,
    region: String,
    events: Mutex<events::Cache>,
}

impl Aws {
    fn new(config: aws_types::SdkConfig, region: String) -> Self {
        Self { clients: clients::Clients::new(config), region, events: Mutex::default() }
    }

    /// The region the calls go to.
    pub fn region(&self) -> &str {
        &self.region
    }
}
