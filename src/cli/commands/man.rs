//! `stacksnap man [--dir DIR]`

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::CommandFactory;

use super::super::args::Cli;
use super::super::exit::Exit;
use super::super::failure::Failure;

/// Print the manual page, or write all of them into a folder.
#[derive(Debug, clap::Args)]
pub(crate) struct Man {
    /// Write a page for each command into this folder.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints or writes.
///
/// # Errors
/// The folder or stdout cannot be written.
pub(crate) fn run(args: &Man) -> Result<Exit, Failure> {
    match &args.dir {
        Some(dir) => pages(dir),
        None => {
            let mut text = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut text).map_err(|error| unwritable("the page", &error))?;
            print(&text, &mut io::stdout().lock())
        }
    }
}

fn pages(dir: &Path) -> Result<Exit, Failure> {
    let where_to = dir.display().to_string();
    std::fs::create_dir_all(dir).map_err(|error| unwritable(&where_to, &error))?;
    clap_mangen::generate_to(Cli::command(), dir).map_err(|error| unwritable(&where_to, &error))?;
    Ok(Exit::Done)
}

/// Writes to stdout; a reader that has gone away is no failure.
///
/// # Errors
/// Stdout cannot be written.
pub(super) fn print(text: &[u8], out: &mut dyn Write) -> Result<Exit, Failure> {
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(unwritable("stdout", &error)),
        _ => Ok(Exit::Done),
    }
}

fn unwritable(what: &str, error: &io::Error) -> Failure {
    Failure::new(Exit::Failed, "unwritable", format!("{what} cannot be written")).why(error.to_string())
}
