//! `stacksnap restore BACKUP`

use std::time::Duration;

use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::new_stack::NewStackPlan;
use super::super::recipe::{self, Named, RecipeArgs, Wanted};
use super::super::selector::Selector;
use super::super::{duration, rebuild, stack_arg};
use crate::config::Span;
use crate::model::new_stack::OnFailure;
use crate::model::run::Kind;
use crate::world::World;

/// Create a new stack from a backup. No stack that exists is ever changed.
///
/// The backup is verified and every parameter is checked first; then the stack is created, watched, and proven: its
/// database available, its files restored from this backup. `stacksnap resume NEW-STACK` goes on with an interrupted
/// one, from any machine.
#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    /// A backup's id, or STACK@latest, STACK@oldest, STACK@latest-drilled.
    #[arg(value_name = "BACKUP")]
    backup: Selector,
    /// The new stack's name.
    #[arg(long, value_name = "NAME", value_parser = stack_arg::parse)]
    new_stack: String,
    /// What CloudFormation does when a resource cannot be created.
    #[arg(long, value_enum, default_value_t = Failing::Keep)]
    on_failure: Failing,
    /// Leave the new stack without termination protection.
    #[arg(long)]
    no_termination_protection: bool,
    /// Show what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// Give up watching after this long; what was created stays.
    #[arg(long, value_name = "DURATION", value_parser = duration::positive)]
    timeout: Option<Span>,
    #[command(flatten)]
    recipe: RecipeArgs,
}

/// What becomes of a new stack that cannot be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Failing {
    /// It stays, for inspection.
    Keep,
    /// It is rolled back.
    Rollback,
}

impl From<Failing> for OnFailure {
    fn from(failing: Failing) -> Self {
        match failing {
            Failing::Keep => Self::Keep,
            Failing::Rollback => Self::Rollback,
        }
    }
}

/// The new stack, or what it would be.
///
/// # Errors
/// The backup cannot be restored (exit 7), something refuses it (4), or it failed.
pub(crate) async fn run(args: &Restore, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    let wanted = Wanted {
        name: Some(&args.new_stack),
        termination_protection: !args.no_termination_protection,
        on_failure: args.on_failure.into(),
        source_goes: false,
        publish: !args.dry_run,
    };
    rebuild::free(cx, &aws, &args.new_stack).await?;
    rebuild::room(cx, &aws).await?;
    let recipe = recipe::load(cx, &aws, Named::Backup(&args.backup), &args.recipe, wanted).await?;
    let shown = NewStackPlan::new(&recipe, aws.region());
    if args.dry_run {
        cx.emit(&shown)?;
        cx.tell("nothing was changed");
        return Ok(Exit::Done);
    }
    shown.summary().iter().for_each(|line| cx.tell(line));
    let aim = rebuild::aim(&recipe, &args.new_stack, None);
    let run = rebuild::run(Kind::Restore, aim, aws.now());
    let timeout = args.timeout.map(|Span(seconds)| Duration::from_secs(seconds.into()));
    rebuild::go(cx, &aws, run, recipe.plan, timeout).await
}
