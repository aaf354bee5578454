//! The command line: parse → connect → run → exit code.
//!
//! `args` has the options, `commands` one file per command, `output` the results, `progress` what is
//! told meanwhile. Every run goes `begin` → `drive` → `finish`; `unfinished` finds those that
//! somebody else began. `exit` has every exit code.

pub(crate) mod args;
pub(crate) mod begin;
pub(crate) mod catalogue;
pub(crate) mod commands;
pub(crate) mod context;
mod drive;
mod dry_run;
pub(crate) mod duration;
pub(crate) mod exit;
pub(crate) mod failure;
pub(crate) mod findings;
mod finish;
pub mod forms;
pub(crate) mod herd;
mod hold_end;
mod holder;
pub(crate) mod keep;
mod logs;
mod nothing;
pub(crate) mod output;
pub(crate) mod pace;
mod private_file;
mod progress;
mod prune;
mod rebuild;
mod rebuilt;
mod recipe;
pub(crate) mod report;
mod retention;
pub(crate) mod selector;
pub(crate) mod sentinel;
mod settings;
mod shell;
pub(crate) mod sights;
mod signals;
pub(crate) mod stack_arg;
pub(crate) mod take;
pub(crate) mod unfinished;

use std::ffi::OsString;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use context::Context;
use exit::Exit;
use failure::Failure;

/// Runs the program with the process's own arguments.
pub fn main() -> ExitCode {
    main_from(std::env::args_os())
}

/// Runs the program with `args`, the program's name first.
pub fn main_from(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return explain(&error, &args).into(),
    };
    std::panic::set_hook(Box::new(confess));
    // A panic inside a run is dealt with by `drive`; this is for all others.
    catch_unwind(AssertUnwindSafe(|| run(cli))).unwrap_or(Exit::Failed).into()
}

/// Help and version are results; everything else is wrong usage, in the form that was asked for.
fn explain(error: &clap::Error, args: &[OsString]) -> Exit {
    if !error.use_stderr() {
        drop(error.print());
        return Exit::Done;
    }
    if asks_for_json(args) {
        let text = error.render().to_string();
        let what = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        drop(writeln!(io::stderr(), "{}", Failure::usage(what).json()));
    } else {
        drop(error.print());
    }
    Exit::Usage
}

/// What cannot be parsed still says how the complaint is to be written.
fn asks_for_json(args: &[OsString]) -> bool {
    let words: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).collect();
    words.iter().any(|word| matches!(*word, "-ojson" | "-o=json" | "--output=json"))
        || words.windows(2).any(|pair| matches!(pair, ["-o" | "--output", "json"]))
}

/// A bug: said in one line, and the stack is brought back all the same.
fn confess(info: &std::panic::PanicHookInfo<'_>) {
    let place = info.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
    let what = info.payload_as_str().unwrap_or("no message");
    drop(writeln!(io::stderr(), "error: internal error{place}: {what}. This is a bug; a run goes home first."));
}

fn run(cli: Cli) -> Exit {
    let Cli { command, flags } = cli;
    let (cx, trouble) = Context::new(&flags);
    logs::start(&cx.globals);
    let done = match trouble.or_else(|| output::check_query(&cx.globals).err()) {
        Some(failure) => Err(failure),
        None => perform(&command, &cx),
    };
    done.unwrap_or_else(|failure| {
        cx.complain(&failure);
        failure.exit
    })
}

fn perform(command: &Command, cx: &Context) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Failed, "runtime", "stacksnap cannot start").why(error.to_string()))?;
    runtime.block_on(async {
        match command {
            Command::Inspect(args) => commands::inspect::run(args, cx).await,
            Command::Check(args) => commands::check::run(args, cx).await,
            Command::Backup(args) => commands::backup::run(args, cx).await,
            Command::Status(args) => commands::status::run(args, cx).await,
            Command::List(args) => commands::list::run(args, cx).await,
            Command::Show(args) => commands::show::run(args, cx).await,
            Command::Verify(args) => commands::verify::run(args, cx).await,
            Command::Params(args) => commands::params::run(args, cx).await,
            Command::Guard(args) => Box::pin(commands::guard::run(args, cx)).await,
            Command::Restore(args) => Box::pin(commands::restore::run(args, cx)).await,
            Command::Replace(args) => Box::pin(commands::replace::run(args, cx)).await,
            Command::Drill(args) => Box::pin(commands::drill::run(args, cx)).await,
            Command::Prune(args) => Box::pin(commands::prune::run(args, cx)).await,
            Command::Keep(args) => commands::keep::keep(args, cx).await,
            Command::Unkeep(args) => commands::keep::unkeep(args, cx).await,
            Command::Offline(args) => commands::offline::run(args, cx).await,
            Command::Online(args) => commands::online::run(args, cx).await,
            Command::Sentinel(args) => Box::pin(commands::sentinel::run(args, cx)).await,
            Command::Schedule(args) => Box::pin(commands::schedule::run(args, cx)).await,
            Command::Resume(args) => commands::resume::run(args, cx).await,
            Command::Abort(args) => commands::abort::run(args, cx).await,
            Command::Config(args) => commands::config::run(args, cx),
            Command::Completions(args) => commands::completions::run(args),
            Command::Man(args) => commands::man::run(args),
        }
    })
}
