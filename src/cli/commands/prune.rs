//! `stacksnap prune [STACK]`

use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::retention::RetentionFlags;
use super::super::{prune, stack_arg};

/// Delete the backups that no rule keeps, both halves of each.
///
/// The rules are in stacksnap.toml (`[stacks.NAME.retention]`, or `[defaults.retention]`) or given here. Without STACK
/// only stacks that have rules are pruned. A backup is complete when both halves were checked and marked; a seed is a recovery
/// point that `backup --seed` took first.
///
/// Never deleted, whatever the rules say: the last complete backup, the last drilled one, one on hold (`keep`), one
/// that a live stack's parameters name or a run needs, one under a vault lock or a legal hold, and whatever stacksnap did
/// not make. Everything is looked at again right before each deletion. An interrupted prune is finished by the next.
#[derive(Debug, clap::Args)]
pub(crate) struct Prune {
    /// Only of this stack [default: of every stack that has backups, each by its own rules].
    #[arg(value_parser = stack_arg::parse)]
    stack: Option<String>,
    /// Show what would be deleted and why the rest is kept, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// More than 10 may be deleted of a stack at once, but not more than this; you have read the list.
    #[arg(long, value_name = "N", requires = "stack")]
    force_count: Option<usize>,
    /// Backups of earlier stacks of the same name count and go like the present one's.
    #[arg(long)]
    earlier_stacks: bool,
    #[command(flatten)]
    pub(crate) retention: RetentionFlags,
}

/// What would go, or what went.
///
/// # Errors
/// The rules keep nothing (exit 4), too many would go (4), something could not be deleted (1).
pub(crate) async fn run(args: &Prune, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    let tags = args.retention.tags().iter().cloned().chain(cx.settings.keep_tags()).collect();
    let stack = args.stack.clone();
    let wish = prune::Wish { stack, force_count: args.force_count, tags, earlier: args.earlier_stacks };
    let retention = |stack: &str| args.retention.over(&cx.settings.stack(stack).retention);
    let prepared = prune::prepare(cx, &aws, &wish, retention).await?;
    let refused = prepared.refused();
    if args.dry_run || prepared.idle() {
        cx.emit(&prepared.report)?;
        return refused.map_or(Ok(Exit::Done), Err);
    }
    if prepared.going() > 0 && !cx.globals.yes {
        cx.show(&prepared.report);
        let many = if prepared.going() == 1 { "1 backup".to_owned() } else { format!("{} backups", prepared.going()) };
        cx.confirm(&format!("Delete {many}, for good?"))?;
    }
    let (report, failure) = prepared.perform(cx, &aws).await;
    cx.emit(&report)?;
    failure.or(refused).map_or(Ok(Exit::Done), Err)
}
