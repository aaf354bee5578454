//! `stacksnap completions SHELL`

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;

use super::super::args::Cli;
use super::super::exit::Exit;
use super::super::failure::Failure;

/// Print a shell's completions.
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

/// Prints them.
///
/// # Errors
/// Stdout cannot be written.
pub(crate) fn run(args: &Completions) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "stacksnap", &mut text);
    super::man::print(&text, &mut io::stdout().lock())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_has_some() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "stacksnap", &mut text);
            assert!(String::from_utf8(text).unwrap().contains("stacksnap"));
        }
    }
}
