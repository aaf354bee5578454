//! The binary: parse → connect → run → exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    stacksnap::cli::main()
}
