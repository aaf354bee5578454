//! The stack's mode, and who owes what: verdicts that `check` needs, too, so they stand in the model.

pub use crate::model::debt::{Debt, debt, mode};
