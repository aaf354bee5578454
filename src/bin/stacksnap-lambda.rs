//! The binary of the Lambda function: its custom runtime starts it as `bootstrap`.

use std::process::ExitCode;

fn main() -> ExitCode {
    stacksnap::lambda::main()
}
