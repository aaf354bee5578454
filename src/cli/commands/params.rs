//! `stacksnap params BACKUP`

use std::path::PathBuf;

use super::super::args::Output;
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::forms::{self, Form, NewStackParameters, Place};
use super::super::recipe::{self, Draft, Named, PairArgs, Recipe, RecipeArgs, Wanted};
use super::super::selector::Selector;
use super::super::{private_file, stack_arg};
use crate::world::World;

/// Print the parameters of a new stack that is made of a backup. Nothing is touched.
///
/// Every value is checked against the template first. What nobody but you can know (secrets, domains that two stacks
/// cannot share) is listed, and has to be given with --set or --set-file.
#[derive(Debug, clap::Args)]
pub(crate) struct Params {
    /// A backup's id, or STACK@latest, STACK@oldest, STACK@latest-drilled.
    #[arg(value_name = "BACKUP", required_unless_present = "snapshot", conflicts_with = "snapshot")]
    backup: Option<Selector>,
    /// The new stack's name [default: the source's with `-restored` behind it].
    #[arg(long, value_name = "NAME", value_parser = stack_arg::parse)]
    new_stack: Option<String>,
    /// The form; with `-o json` or `-o yaml` a document that says where each value comes from.
    #[arg(long, value_enum, default_value_t = Form::CreateStack)]
    format: Form,
    /// Write the form into a file that only you can read.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    recipe: RecipeArgs,
    #[command(flatten)]
    pair: PairArgs,
}

/// Exit 0; 4 where parameters are wrong or need the user's value, 7 where the backup cannot be restored.
///
/// # Errors
/// The same, and there is no such backup.
pub(crate) async fn run(args: &Params, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    let named = args.backup.as_ref().map_or(Named::Pair(&args.pair), Named::Backup);
    let wanted = Wanted::look(args.new_stack.as_deref());
    let subject = recipe::subject(cx, &aws, named).await?;
    let draft = recipe::draft(cx, &aws, subject, &args.recipe, wanted).await?;
    if args.out.is_none() && cx.globals.output != Output::Text && !draft.parameters.ready() {
        // What is still needed is part of the document.
        cx.emit(&document(&draft, None, String::new()))?;
    }
    let recipe = draft.plan(cx, wanted)?;
    let token = recipe::token(&recipe.plan.name, aws.now());
    let place = Place { region: aws.region(), token: Some(&token) };
    if args.out.is_none() && cx.globals.output != Output::Text {
        cx.emit(&document(&recipe.draft, Some(&recipe), String::new()))?;
        return Ok(Exit::Done);
    }
    let form = forms::render(args.format, &recipe.plan, &place)?;
    form.warnings.iter().for_each(|warning| cx.warn(warning));
    match &args.out {
        Some(path) => {
            private_file::write(path, &form.text)?;
            cx.tell(&format!("written to {}", path.display()));
        }
        None => cx.emit(&document(&recipe.draft, Some(&recipe), form.text))?,
    }
    Ok(Exit::Done)
}

fn document(draft: &Draft, recipe: Option<&Recipe>, form: String) -> NewStackParameters {
    let backup = &draft.subject.backup;
    let plan = recipe.map(|recipe| &recipe.plan);
    let mut document = NewStackParameters::new(&backup.id, &backup.stack, &draft.parameters, plan, form);
    // What there is to say about the backup comes before what is said of its parameters.
    document.findings.splice(..0, draft.findings.iter().cloned());
    document
}
