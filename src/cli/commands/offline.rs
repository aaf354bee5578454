//! `stacksnap offline STACK`

use super::super::args::TopologyFlags;
use super::super::begin::{self, Wish};
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::stack_arg;
use crate::model::run::Kind;

/// Take a stack offline, and leave it so: your wish, which no later command undoes by itself.
#[derive(Debug, clap::Args)]
pub(crate) struct Offline {
    /// The stack's name.
    #[arg(value_parser = stack_arg::parse)]
    stack: String,
    #[command(flatten)]
    topology: TopologyFlags,
}

/// Asks first: the site goes down, and stays down.
///
/// # Errors
/// It was refused, or it failed.
pub(crate) async fn run(args: &Offline, cx: &Context) -> Result<Exit, Failure> {
    let stack = super::super::output::clean::clean(&args.stack);
    cx.confirm(&format!("Take {stack} offline, until `stacksnap online {stack}`?"))?;
    begin::run(cx, &Wish::switch(&args.stack, Kind::Offline), &args.topology).await
}
