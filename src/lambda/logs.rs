//! Logs: a line of JSON each, with the request's id. No event, parameter or secret is ever logged.

use std::io::Write;
use std::process::ExitCode;

use serde_json::json;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

use crate::aws::CALLS;

/// Starts logging to stdout; a panic is a line, too.
pub(super) fn start() {
    let targets = Targets::new().with_target("stacksnap", LevelFilter::INFO).with_target(CALLS, LevelFilter::OFF);
    let layer = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
    // It can only have been started before, in a test.
    drop(tracing_subscriber::registry().with(targets).with(layer.with_writer(std::io::stdout)).try_init());
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|place| format!("{}:{}", place.file(), place.line()));
        let what = info.payload_as_str().unwrap_or("no message");
        write("internal error", &format!("{what} at {}", place.unwrap_or_default()));
    }));
}

/// The function cannot serve.
pub(super) fn end(why: &str) -> ExitCode {
    write("the function cannot serve", why);
    ExitCode::FAILURE
}

fn write(what: &str, why: &str) {
    drop(writeln!(std::io::stdout(), "{}", json!({ "level": "ERROR", "message": what, "why": why })));
}
