//! VERDICTS: pure functions that are given `now` and answer with reasons.

pub mod backup;
pub mod catalogue;
pub mod discover;
#[cfg(test)]
pub(crate) mod fixture;
pub mod preflight;
pub mod profiles;
pub mod records;
