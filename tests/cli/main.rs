//! The real binary against the sandbox.

mod failures;
mod input;
mod interrupted;
mod killed;
mod listing;
mod runs;
mod support;
