//! The result of a command that found nothing to do.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Document, Page, clean};

/// There was nothing to do.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Nothing")]
pub(crate) struct Nothing {
    /// The stack's name.
    pub(crate) stack: String,
    /// Why there is nothing to do.
    pub(crate) why: String,
}

/// Says so.
///
/// # Errors
/// Those of the output.
pub(crate) fn to_do(cx: &Context, stack: &str, why: impl Into<String>) -> Result<Exit, Failure> {
    cx.emit(&Nothing { stack: stack.to_owned(), why: why.into() })?;
    Ok(Exit::Done)
}

impl Document for Nothing {
    const KIND: &'static str = "Nothing";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.line(format!("{}: {}", clean::clean(&self.stack), clean::clean(&self.why)))
    }
}
