//! `stacksnap drill BACKUP`

use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::new_stack::NewStackPlan;
use super::super::recipe::{self, Named, RecipeArgs, Wanted};
use super::super::selector::Selector;
use super::super::{duration, rebuild, stack_arg};
use crate::aws::Aws;
use crate::config::Span;
use crate::model::new_stack::OnFailure;
use crate::model::rebuild::Probe;
use crate::model::run::Kind;
use crate::plan::template::Template;
use crate::world::World;

/// Seconds until a probe has to be answered.
const WITHIN: u32 = 900;

/// Rehearse a restore: create a stack from a backup, prove it, mark the backup as drilled, delete everything again.
///
/// Nothing of the source stack is touched. `stacksnap resume NAME` goes on with an interrupted one; it, too, ends with
/// everything deleted that the drill made.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Drill {
    /// A backup's id, or STACK@latest, STACK@oldest, STACK@latest-drilled.
    #[arg(value_name = "BACKUP")]
    backup: Selector,
    #[command(flatten)]
    rehearsal: Rehearsal,
    /// Show what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    recipe: RecipeArgs,
}

/// How a restore is rehearsed.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Rehearsal {
    /// The rehearsal's name [default: STACK-drill-TIME].
    #[arg(long, value_name = "NAME", value_parser = stack_arg::parse)]
    pub(crate) drill_stack: Option<String>,
    /// An URL that has to answer 200; `{OutputKey}` stands for an output of the new stack.
    #[arg(long, value_name = "URL", value_parser = web)]
    pub(crate) probe: Option<String>,
    /// How long the probe may take [default: 15m].
    #[arg(long, value_name = "DURATION", value_parser = duration::positive, requires = "probe")]
    pub(crate) probe_within: Option<Span>,
}

fn web(text: &str) -> Result<String, String> {
    let known = text.starts_with("https://") || text.starts_with("http://") || text.starts_with('{');
    if known { Ok(text.to_owned()) } else { Err(format!("`{text}` is not an http or https URL")) }
}

/// Exit 0: the backup was restored, proven, and nothing is left.
///
/// # Errors
/// The backup cannot be restored (exit 7), something refuses it (4), or it failed.
pub(crate) async fn run(args: &Drill, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    rehearse(cx, &aws, &args.backup, &args.rehearsal, &args.recipe, args.dry_run).await
}

/// The rehearsal itself; `replace` begins with one where the proof is too old.
///
/// # Errors
/// The same.
pub(crate) async fn rehearse(
    cx: &Context,
    aws: &Aws,
    backup: &Selector,
    how: &Rehearsal,
    args: &RecipeArgs,
    dry_run: bool,
) -> Result<Exit, Failure> {
    let subject = recipe::subject(cx, aws, Named::Backup(backup)).await?;
    let name = how.drill_stack.clone().unwrap_or_else(|| name(&subject.backup.stack, aws.now()));
    let wanted = Wanted {
        name: Some(&name),
        termination_protection: false,
        on_failure: OnFailure::Keep,
        source_goes: false,
        publish: !dry_run,
    };
    rebuild::free(cx, aws, &name).await?;
    rebuild::room(cx, aws).await?;
    let recipe = recipe::draft(cx, aws, subject, args, wanted).await?.plan(cx, wanted)?;
    let probe = how.probe(recipe.draft.template.template.as_ref())?;
    let shown = NewStackPlan { rehearsal: true, ..NewStackPlan::new(&recipe, aws.region()) };
    if dry_run {
        cx.emit(&shown)?;
        cx.tell("it would be deleted again at once; nothing was changed");
        return Ok(Exit::Done);
    }
    shown.summary().iter().for_each(|line| cx.tell(line));
    let run = rebuild::run(Kind::Drill, rebuild::aim(&recipe, &name, probe), aws.now());
    rebuild::go(cx, aws, run, recipe.plan, None).await
}

impl Rehearsal {
    /// An hour and a second stack are not spent on a misspelt output.
    fn probe(&self, template: Option<&Template>) -> Result<Option<Probe>, Failure> {
        let within = self.probe_within.map_or(WITHIN, |Span(seconds)| seconds);
        let Some(probe) = self.probe.clone().map(|url| Probe { url, within }) else { return Ok(None) };
        let told = template.filter(|template| template.names_all_outputs());
        let unknown = told.and_then(|told| probe.outputs().find(|name| !told.outputs.iter().any(|key| key == name)));
        match (unknown, told) {
            (Some(name), Some(told)) => {
                Err(Failure::usage(format!("the template has no output `{name}`, which the probe's URL names"))
                    .hint(format!("its outputs: {}", told.outputs.join(", "))))
            }
            _ => Ok(Some(probe)),
        }
    }
}

/// `<stack>-drill-<month day hour minute second>`: templates make names of it that may not be long.
fn name(stack: &str, now: jiff::Timestamp) -> String {
    let stack: String = stack.chars().take(110).collect();
    format!("{stack}-drill-{}", now.strftime("%m%d%H%M%S"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rehearsals_name_is_a_stacks_name() {
        let at = "2026-11-20T02:03:04Z".parse().unwrap();
        assert_eq!(name("my-hub", at), "my-hub-drill-1120020304");
        assert!(stack_arg::parse(&name(&"A".repeat(128), at)).is_ok());
    }

    #[test]
    fn a_probe_is_an_url() {
        assert!(web("https://{Domain}/health").is_ok() && web("{Url}/x").is_ok());
        assert!(web("ftp://x").is_err() && web("example.org").is_err());
    }
}
