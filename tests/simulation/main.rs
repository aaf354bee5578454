//! The engine, simulated: an AWS in memory, a clock that is turned by hand, drivers that die, sleep
//! and race, and operators who do as they like. After every event the invariants of `judge` hold.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what cannot be had is a failed test")]

mod cloud;
mod counterexamples;
mod crashes;
mod driver;
mod failures;
mod histories;
mod judge;
mod model_check;
mod prune;
mod rebuild;
mod seeds;
mod story;
mod unattended;
mod walk;
