//! The IAM policy that users are given is what the commands call: no less, and no more.
//!
//! The real binary runs every command against a served sandbox. Between the two stands a witness of
//! every byte, so that what must never be asked for, or answered, is known and not believed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

mod commands;
mod documents;
mod prunes;
mod restores;
mod sentinel;
mod support;
