//! The real binary against the sandbox.

#![expect(clippy::unwrap_used, reason = "what cannot be had is a failed test")]

mod failures;
mod input;
mod interrupted;
mod killed;
mod listing;
mod drills;
mod params;
mod replacements;
mod restore_input;
mod restores;
mod rebuilds_killed;
mod runs;
mod support;
mod verify;
