//! `--verbose`: what stacksnap itself logs. The SDK's own logs are left out, for they print requests.

use std::io;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

use super::args::{Globals, LogFormat};
use crate::aws::CALLS;

/// Starts logging to stderr, where it is asked for.
pub(crate) fn start(globals: &Globals) {
    let calls = match globals.verbose {
        0 => return,
        1 => LevelFilter::OFF,
        _ => LevelFilter::INFO,
    };
    let targets = Targets::new().with_target("stacksnap", LevelFilter::INFO).with_target(CALLS, calls);
    let registry = tracing_subscriber::registry().with(targets);
    let layer = fmt::layer().with_writer(io::stderr);
    // It can only have been started before, in a test.
    drop(match globals.log_format {
        LogFormat::Json => registry.with(layer.json()).try_init(),
        LogFormat::Text => registry.with(layer.with_ansi(false)).try_init(),
    });
}
