//! `--verbose`: what stacksnap itself logs. The SDK's own logs are left out, for they print requests.

use std::io;

use tracing_subscriber::EnvFilter;

use super::args::{Globals, LogFormat};

/// Starts logging to stderr, where it is asked for.
pub(crate) fn start(globals: &Globals) {
    let level = match globals.verbose {
        0 => return,
        1 => "stacksnap=info",
        2 => "stacksnap=debug",
        _ => "stacksnap=trace",
    };
    let logs = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(level)).with_writer(io::stderr);
    // It can only have been started before, in a test.
    drop(match globals.log_format {
        LogFormat::Json => logs.json().try_init(),
        LogFormat::Text => logs.with_ansi(false).try_init(),
    });
}
