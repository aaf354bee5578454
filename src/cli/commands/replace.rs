//! `stacksnap replace STACK --with BACKUP`

use std::sync::Arc;

use super::super::args::TopologyFlags;
use super::super::begin::{self, Wish};
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::new_stack::NewStackPlan;
use super::super::output::replace_plan::{Doomed, Fate, ReplacePlan};
use super::super::recipe::{self, Named, Recipe, RecipeArgs, Wanted};
use super::super::selector::Selector;
use super::super::signals::Signals;
use super::super::{duration, finish, keep, rebuild, stack_arg, take};
use super::drill::{self, Rehearsal};
use crate::aws::{Aws, Shared};
use crate::config::Span;
use crate::model::finding::Finding;
use crate::model::new_stack::{NewStack, OnFailure};
use crate::model::rebuild::{Plan, Undo};
use crate::model::run::{Kind, Options, Run};
use crate::model::stack::Resource;
use crate::model::survey::Survey;
use crate::plan::preflight::Ask;
use crate::plan::replacement::{self, Around};
use crate::plan::template::{self, Template};
use crate::world::World;

/// How old a proof may be, unless somebody says otherwise: a week.
const PROOF_AGE: u32 = 7 * 86_400;

/// Take a stack back to a backup: prove it, back the stack up as it is, delete it, create it from the backup.
///
/// The backup is drilled first, unless it was lately. Then the stack goes offline and a safety backup is taken of it;
/// nobody writes from then on, so nothing is lost. Only then is it deleted and created anew. Where the new one does not
/// verify, the safety backup is restored. `stacksnap resume STACK` goes on with an interrupted one, from any machine.
#[derive(Debug, clap::Args)]
pub(crate) struct Replace {
    /// The stack's name.
    #[arg(value_parser = stack_arg::parse)]
    stack: String,
    /// The backup: an id, or STACK@latest, STACK@oldest, STACK@latest-drilled.
    #[arg(long, value_name = "BACKUP")]
    with: Selector,
    /// How long ago the backup may have been drilled [default: 7d].
    #[arg(long, value_name = "DURATION", value_parser = duration::positive)]
    proof_age: Option<Span>,
    /// Confirm the destruction, for scripts: the stack's name once more.
    #[arg(long, value_name = "NAME")]
    yes_destroy: Option<String>,
    /// What happens when the new stack does not verify [default: ask on a terminal, else rollback].
    #[arg(long, value_enum)]
    on_failure: Option<Undoing>,
    /// A parameter's value for the drill only: what two stacks cannot share.
    #[arg(long, value_name = "KEY=VALUE")]
    drill_set: Vec<String>,
    #[command(flatten)]
    rehearsal: Rehearsal,
    /// Show what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    recipe: RecipeArgs,
}

/// What becomes of a new stack that does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Undoing {
    /// The run stands still, and somebody is asked.
    Ask,
    /// It is deleted, and the safety backup is restored.
    Rollback,
    /// It stays as it is.
    Keep,
}

/// The stack, replaced; or what that would mean.
///
/// # Errors
/// Something refuses it (exit 4), the backup cannot be restored (7), or it failed.
pub(crate) async fn run(args: &Replace, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    if let Some(name) = args.yes_destroy.as_ref().filter(|name| **name != args.stack) {
        return Err(Failure::usage(format!("--yes-destroy names {name}, and the stack is {}", args.stack)));
    }
    if !args.dry_run && args.yes_destroy.is_none() && !cx.interactive() {
        return Err(unconfirmed(&args.stack));
    }
    let mut prepared = match prepare(cx, &aws, args).await? {
        Ok(prepared) => prepared,
        Err(findings) => return begin::refuse(cx, &args.stack, findings),
    };
    let drilled = args.drilled(&prepared.recipe, aws.now());
    let shown = prepared.shown(drilled, args, cx, aws.region());
    if args.dry_run {
        cx.emit(&shown)?;
        cx.tell("nothing was changed");
        return Ok(Exit::Done);
    }
    confirm(cx, args, &shown)?;
    if shown.drilled.is_none() {
        prove(cx, &aws, args).await?;
        // That took its time: everything is looked at again.
        prepared = match prepare(cx, &aws, args).await? {
            Ok(prepared) => prepared,
            Err(findings) => return begin::refuse(cx, &args.stack, findings),
        };
    }
    go(cx, &aws, args, prepared).await
}

/// Nobody can be asked here: said before anything else.
fn unconfirmed(stack: &str) -> Failure {
    Failure::usage("this destroys a stack and has to be confirmed, and nobody can be asked here")
        .hint(format!("look at the plan first (`--dry-run`), then add `--yes-destroy {stack}`"))
}

/// Everything that is decided before anything is touched.
struct Prepared {
    survey: Survey,
    run: Run,
    /// What the backup is restored to.
    recipe: Recipe,
    /// What the safety backup would be restored to.
    second: NewStack,
    /// The stack's resources, and what becomes of them.
    resources: Vec<Doomed>,
}

/// Looks at everything and plans; the findings that refuse it, where there are such.
async fn prepare(cx: &Context, aws: &Aws, args: &Replace) -> Result<Result<Prepared, Vec<Finding>>, Failure> {
    let (wish, topology) = (args.wish(cx), TopologyFlags::of_profile(args.recipe.stack_profile.clone()));
    let survey = if args.dry_run {
        begin::unheld(cx, aws, &wish, &topology).await?
    } else {
        begin::look(cx, aws, &wish, &topology, &Shared::default()).await?
    };
    let recipe = args.recipe(cx, aws).await?;
    refuse_others(args, &recipe, &survey)?;
    let run = match begin::planned(cx, &survey, &wish, aws) {
        Ok((run, findings)) => {
            begin::warn(cx, &findings);
            run
        }
        Err(findings) => return Ok(Err(findings)),
    };
    let run = take::free(aws, run).await?;
    let (second, own_template) = recipe::safety(cx, aws, &survey, &run, &args.recipe).await?;
    let resources = obstacles(cx, &survey, &recipe, &own_template)?;
    Ok(Ok(Prepared { survey, run, recipe, second, resources }))
}

impl Prepared {
    fn shown(&mut self, drilled: Option<String>, args: &Replace, cx: &Context, region: &str) -> ReplacePlan {
        ReplacePlan {
            stack: self.run.target.stack.clone(),
            stack_id: self.run.target.stack_id.clone(),
            drilled,
            on_failure: args.undo(cx).into(),
            dry_run: args.dry_run,
            resources: std::mem::take(&mut self.resources),
            new_stack: NewStackPlan::new(&self.recipe, region),
        }
    }
}

impl Replace {
    fn wish(&self, cx: &Context) -> Wish {
        let file = cx.settings.stack(&self.stack);
        let options = Options { note: Some("safety backup before a replacement".to_owned()), ..begin::options(&file) };
        let ask = Ask { strict: file.strict == Some(true), ..Ask::default() };
        Wish { stack: self.stack.clone(), kind: Kind::Replace, options, ask, timeout: None, no_wait: false }
    }

    async fn recipe(&self, cx: &Context, aws: &Aws) -> Result<Recipe, Failure> {
        let wanted = Wanted {
            name: Some(&self.stack),
            // Switched on when the new stack is proven: until then it may have to be deleted.
            termination_protection: false,
            on_failure: OnFailure::Keep,
            source_goes: true,
            publish: !self.dry_run,
        };
        recipe::load(cx, aws, Named::Backup(&self.with), &self.recipe, wanted).await
    }

    fn proof_age(&self) -> u32 {
        self.proof_age.map_or(PROOF_AGE, |Span(seconds)| seconds)
    }

    /// When the backup was drilled, if that is young enough for the whole way to the deletion's preflight.
    fn drilled(&self, recipe: &Recipe, now: jiff::Timestamp) -> Option<String> {
        let at = recipe.backup().drilled?;
        let age = now.duration_since(at).as_secs();
        (age <= i64::from(self.proof_age()) && age >= -300).then(|| at.to_string())
    }

    fn undo(&self, cx: &Context) -> Undo {
        match self.on_failure {
            Some(Undoing::Ask) => Undo::Ask,
            Some(Undoing::Rollback) => Undo::Rollback,
            Some(Undoing::Keep) => Undo::Keep,
            None if cx.interactive() => Undo::Ask,
            None => Undo::Rollback,
        }
    }
}

/// What needs no look at the templates.
fn refuse_others(args: &Replace, recipe: &Recipe, survey: &Survey) -> Result<(), Failure> {
    let backup = recipe.backup();
    if *backup.stack != *args.stack {
        let what = format!("{} is a backup of {}, not of {}", backup.id, backup.stack, args.stack);
        return Err(Failure::new(Exit::Refused, "another-stack", what)
            .why("a replacement takes a stack back to a backup of itself; nothing was touched"));
    }
    if survey.stack.here().is_some_and(|stack| stack.termination_protection) {
        let what = format!("{} is protected against termination", args.stack);
        return Err(Failure::new(Exit::Refused, "termination-protection", what)
            .why("somebody did not want it to be deleted; nothing was touched")
            .hint(format!(
                "if it is to be replaced: `aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name {}`",
                args.stack
            )));
    }
    Ok(())
}

/// Refused before anything is destroyed: names that would collide, things that a restore needs and that the
/// deletion would take with it. The fate of every resource, for the plan.
fn obstacles(cx: &Context, survey: &Survey, recipe: &Recipe, own: &str) -> Result<Vec<Doomed>, Failure> {
    let old = Template::read(own).map_err(|error| {
        Failure::new(Exit::Refused, "template", "the stack's template cannot be read").why(error.to_string())
    })?;
    let existing = survey.resources.here().map(Vec::as_slice).unwrap_or_default();
    let around = Around {
        old: &old,
        new: recipe.draft.template.template.as_ref(),
        plan: &recipe.plan,
        existing,
        backup: recipe.backup(),
        survey,
        keys: &recipe.draft.proof.keys,
    };
    let obstacles = replacement::obstacles(&around);
    obstacles.warnings.iter().for_each(|warning| cx.warn(warning));
    if let Some(first) = obstacles.errors.first() {
        let failure = Failure::new(Exit::Refused, "cannot-be-replaced", first.what.clone()).why(first.why.clone());
        let failure =
            obstacles.errors.iter().skip(1).fold(failure, |failure, next| {
                failure.hint(format!("also: {}: {} {}", next.what, next.why, next.remedy))
            });
        return Err(failure.hint(first.remedy.clone()).hint("nothing was touched"));
    }
    Ok(existing.iter().filter_map(|row| doomed(&old, row)).collect())
}

fn doomed(old: &Template, row: &Resource) -> Option<Doomed> {
    let physical_id = row.physical_id.clone().filter(|_| !row.status.gone())?;
    let declared = if row.path.is_empty() { old.resource(&row.logical_id) } else { None };
    let fate = match declared.map(template::TemplateResource::fate) {
        Some(template::Fate::Gone) => Fate::Deleted,
        Some(template::Fate::Snapshot) => Fate::FinalSnapshot,
        Some(template::Fate::Stays) => Fate::Stays,
        Some(template::Fate::Unknown) | None => Fate::Unknown,
    };
    Some(Doomed { resource: row.place(), kind: row.resource_type.clone(), physical_id, fate })
}

/// The plan goes to stderr: the result is what becomes of it.
fn confirm(cx: &Context, args: &Replace, plan: &ReplacePlan) -> Result<(), Failure> {
    cx.show(plan);
    if args.yes_destroy.is_some() {
        return Ok(());
    }
    let question = format!("type the stack's name to have {} destroyed and made anew:", args.stack);
    Context::confirm_name(&question, &args.stack)
}

/// A drill, here and now.
async fn prove(cx: &Context, aws: &Aws, args: &Replace) -> Result<(), Failure> {
    cx.tell("the backup is drilled first");
    let mut recipe = args.recipe.clone();
    let own = recipe::given(&args.drill_set, &[])?;
    recipe.set.retain(|(key, _)| !own.iter().any(|(other, _)| other == key));
    recipe.set.extend(own);
    drill::rehearse(cx, aws, &args.with, &args.rehearsal, &recipe, false).await.map(drop).map_err(|failure| {
        failure.hint("the stack was not touched").hint("what the drill needs besides is given with `--drill-set`")
    })
}

async fn go(cx: &Context, aws: &Aws, args: &Replace, prepared: Prepared) -> Result<Exit, Failure> {
    let Prepared { survey, mut run, recipe, second, .. } = prepared;
    let signals = Signals::listen();
    let mut aim = rebuild::aim(&recipe, &args.stack, None);
    aim.source.clone_from(&run.target.stack_id);
    // An hour more, for the way from here to the deletion.
    aim.proof_age = Some(args.proof_age().saturating_add(3_600));
    aim.undo = Some(args.undo(cx));
    Arc::make_mut(&mut run.target).aim = Some(aim);
    let plan = Plan { first: rebuild::tagged(recipe.plan, &run), second: Some(rebuild::tagged(second, &run)) };
    let run = keep::manifest(cx, aws, run, &survey, &Shared::default()).await?;
    let run = rebuild::keep(cx, aws, &plan, run).await?;
    take::take(cx, aws, &run).await?;
    finish::drive(cx, aws, run, finish::manner(cx, None, false), signals).await
}
