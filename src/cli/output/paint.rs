//! Colour, where it is wanted. Nothing is said by colour alone.

use std::io::{self, IsTerminal};

use super::super::args::Color;

/// Whether to colour, decided once for each of stdout and stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    /// Without colour.
    #[cfg(test)]
    pub(crate) const NONE: Self = Self { on: false };

    /// For stdout.
    pub(crate) fn of_stdout(color: Color) -> Self {
        Self { on: wanted(color, || anstream::AutoStream::choice(&io::stdout()), io::stdout().is_terminal()) }
    }

    /// For stderr.
    pub(crate) fn of_stderr(color: Color) -> Self {
        Self { on: wanted(color, || anstream::AutoStream::choice(&io::stderr()), io::stderr().is_terminal()) }
    }

    /// Bold.
    pub(crate) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// For what is less important.
    pub(crate) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// For what is as it should be.
    pub(crate) fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// For what somebody should look at.
    pub(crate) fn warning(self, text: &str) -> String {
        self.with("33", text)
    }

    /// For what is wrong.
    pub(crate) fn error(self, text: &str) -> String {
        self.with("1;31", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

fn wanted(color: Color, choice: impl FnOnce() -> anstream::ColorChoice, terminal: bool) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => terminal && choice() != anstream::ColorChoice::Never,
    }
}
