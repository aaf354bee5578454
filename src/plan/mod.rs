//! VERDICTS: pure functions that are given `now` and answer with reasons.

pub mod backup;
pub mod catalogue;
pub mod discover;
#[cfg(test)]
pub(crate) mod fixture;
pub mod guard;
pub mod kept;
mod keys;
pub mod manifest;
pub mod nightly;
pub mod packed;
pub mod params;
pub mod preflight;
pub mod profiles;
pub mod prune;
pub mod records;
pub mod remains;
pub mod replacement;
pub mod retention;
pub mod schedule;
pub mod template;
pub mod verify;
