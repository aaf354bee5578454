//! `stacksnap online STACK`

use super::super::args::TopologyFlags;
use super::super::begin::{self, Wish};
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::stack_arg;
use crate::model::run::Kind;

/// Bring a stack online.
#[derive(Debug, clap::Args)]
pub(crate) struct Online {
    /// The stack's name.
    #[arg(value_parser = stack_arg::parse)]
    stack: String,
    #[command(flatten)]
    topology: TopologyFlags,
}

/// Brings it online, whoever took it offline.
///
/// # Errors
/// It was refused, or it failed.
pub(crate) async fn run(args: &Online, cx: &Context) -> Result<Exit, Failure> {
    begin::run(cx, &Wish::switch(&args.stack, Kind::Online), &args.topology).await
}
