//! `stacksnap schedule plan|install|status|remove`

mod args;
mod change_set;
mod follow;
pub(crate) mod install;
pub(crate) mod plan;
mod prepare;
mod refuse;
pub(crate) mod remove;
mod runs;
pub(crate) mod status;
mod tend;
mod values;

use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;

/// Back up every night, unattended: deploy stacksnap itself into the account.
///
/// One CloudFormation stack: a function, a state machine, schedules, alarms, and a sentinel that brings home whatever
/// was left offline. It is only ever changed by a change set that was shown before.
#[derive(Debug, clap::Args)]
pub(crate) struct Schedule {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show the parameters, the next runs and what would be deployed; nothing is touched
    Plan(args::Asked),
    /// Deploy it, or change what is deployed: shows the change set, asks, executes it
    Install(args::Asked),
    /// Show what is deployed, the next runs, and the last results
    Status(status::Status),
    /// Delete a deployment; backups, run records and the application's stack stay
    Remove(remove::Remove),
}

/// Does one of them.
///
/// # Errors
/// See each.
pub(crate) async fn run(args: &Schedule, cx: &Context) -> Result<Exit, Failure> {
    match &args.what {
        What::Plan(args) => plan::run(args, cx).await,
        What::Install(args) => install::run(args, cx).await,
        What::Status(args) => status::run(args, cx).await,
        What::Remove(args) => remove::run(args, cx).await,
    }
}
