//! The real binary against the sandbox.

mod input;
mod killed;
mod runs;
mod support;
