//! VERDICTS: pure functions that are given `now` and answer with reasons.

pub mod backup;
pub mod catalogue;
pub mod discover;
pub mod preflight;
pub mod profiles;
