//! The real binary against the sandbox.

#![expect(clippy::unwrap_used, reason = "what cannot be had is a failed test")]

mod drills;
mod failures;
mod input;
mod interrupted;
mod kept;
mod killed;
mod listing;
mod params;
mod prune;
mod rebuilds_killed;
mod replacements;
mod restore_input;
mod restores;
mod runs;
mod schedule;
mod support;
mod terminal;
mod verify;
