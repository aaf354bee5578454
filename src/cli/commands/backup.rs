//! `stacksnap backup STACK`

use std::time::Duration;

use super::super::args::TopologyFlags;
use super::super::begin::{self, Wish};
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::{dry_run, duration, prune, stack_arg};
use crate::config::{Span, StackConfig};
use crate::model::run::{Kind, Options};
use crate::plan::preflight::Ask;

/// Seconds until a run is given up, unless somebody says otherwise.
const TIMEOUT: u32 = 6 * 3600;

/// Take one backup: the stack goes offline, database and files are captured, the stack comes back.
///
/// A stack that was offline before stays offline. Whatever dies meanwhile, `stacksnap resume` brings
/// the stack back, from any machine.
#[derive(Debug, clap::Args)]
pub(crate) struct Backup {
    /// The stack's name.
    #[arg(value_parser = stack_arg::parse)]
    stack: String,
    /// Keep the stack online: the database first, then the files; what is written meanwhile may be in
    /// one half only.
    #[arg(long)]
    live: bool,
    /// Bring the stack back after this long, whether both halves are complete or not.
    /// [default: 60m]
    #[arg(long, value_name = "DURATION", value_parser = duration::positive)]
    max_offline: Option<Span>,
    /// Wait this long after going offline, until the last writes to the files are in.
    /// [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = duration::span)]
    settle: Option<Span>,
    /// Take a recovery point online first, so that the one taken offline is short.
    #[arg(long, conflicts_with = "live")]
    seed: bool,
    /// A note for the catalogue.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Never prune this backup; the reason goes to the catalogue.
    #[arg(long, value_name = "REASON", num_args = 0..=1, require_equals = true, default_missing_value = "kept")]
    keep: Option<String>,
    /// Show what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// Begin, and leave the rest to a sentinel; refused where there is none.
    #[arg(long)]
    no_wait: bool,
    /// Give up after this long, and bring the stack back.
    /// [default: 6h]
    #[arg(long, value_name = "DURATION", value_parser = duration::positive)]
    timeout: Option<Span>,
    /// Refuse, too, where somebody else's change sets are waiting.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    topology: TopologyFlags,
}

/// One backup, or what it would do.
///
/// # Errors
/// It was refused, or it failed.
pub(crate) async fn run(args: &Backup, cx: &Context) -> Result<Exit, Failure> {
    let file = cx.settings.stack(&args.stack);
    if args.seed && file.live == Some(true) {
        return Err(Failure::usage(format!("a live backup of {} has no use for a seed", args.stack))
            .hint("stacksnap.toml says `live = true` of it: leave out `--seed`, or that"));
    }
    let wish = args.wish(&file);
    if args.dry_run {
        dry_run::run(cx, &wish, &args.topology).await
    } else {
        let exit = begin::run(cx, &wish, &args.topology).await?;
        if exit == Exit::Done && !args.no_wait {
            prune::after_backup(cx, &args.stack).await;
        }
        Ok(exit)
    }
}

impl Backup {
    /// The flags, over what stacksnap.toml says of the stack. In the file, and in a fleet's event, a seed is for those that are
    /// taken offline.
    pub(crate) fn wish(&self, file: &StackConfig) -> Wish {
        let usual = begin::options(file);
        let live = self.live || file.live == Some(true);
        let seed = !live && (self.seed || file.seed == Some(true));
        let timeout = self.timeout.or(file.timeout).map_or(TIMEOUT, |Span(seconds)| seconds);
        Wish {
            stack: self.stack.clone(),
            kind: Kind::Backup { live, seed },
            options: Options {
                max_offline: self.max_offline.map_or(usual.max_offline, |Span(seconds)| seconds),
                settle: self.settle.map_or(usual.settle, |Span(seconds)| seconds),
                note: self.note.clone(),
                hold: self.keep.clone(),
            },
            ask: Ask { live, strict: self.strict || file.strict == Some(true), ..Ask::default() },
            timeout: Some(Duration::from_secs(timeout.into())),
            no_wait: self.no_wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::args::{Cli, Command};
    use super::*;
    use clap::Parser;

    fn wish(line: &str, file: &StackConfig) -> Wish {
        match Cli::try_parse_from(line.split(' ')).unwrap().command {
            Command::Backup(backup) => backup.wish(file),
            _ => panic!("not a backup"),
        }
    }

    #[test]
    fn a_backup_waits_as_long_as_the_manual_says() {
        let wish = wish("stacksnap backup my-hub", &StackConfig::default());
        assert_eq!((wish.options.max_offline, wish.options.settle), (3600, 30));
        assert_eq!(wish.timeout, Some(Duration::from_secs(6 * 3600)));
        assert_eq!(wish.kind, Kind::Backup { live: false, seed: false });
    }

    #[test]
    fn flags_win_over_the_stacks_table() {
        let file = StackConfig { settle: Some(Span(60)), max_offline: Some(Span(600)), ..StackConfig::default() };
        let wish = wish("stacksnap backup my-hub --settle 1m30s --keep", &file);
        assert_eq!((wish.options.max_offline, wish.options.settle), (600, 90));
        assert_eq!(wish.options.hold.as_deref(), Some("kept"));
    }
}
