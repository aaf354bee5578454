//! The real `stacksnap-lambda`, under a Lambda Runtime API, with a state machine around it and a local AWS below.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so by a panic")]

mod cloud;
mod command;
mod events;
mod fleets;
mod killed;
mod machine;
mod nights;
mod notices;
mod policies;
mod runtime;
mod sentinel;
mod slots;
mod untagged;
