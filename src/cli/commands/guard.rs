//! `stacksnap guard STACK`

use std::io;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::args::TopologyFlags;
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::findings::{self, Summary};
use super::super::output::{Document, Page};
use super::super::stack_arg;
use crate::aws::Aws;
use crate::model::finding::Finding;
use crate::model::survey::Survey;
use crate::plan::guard::{self, Current, GuardError, Intended, NewTemplate, Verdict};
use crate::plan::template::Template;

/// CloudFormation takes no template that is larger, bytes; nothing else that is read here is either.
const LARGEST: u64 = 1_000_000;

/// Say whether an intended update would undo a restore, or replace the database or the files. Nothing is touched.
///
/// For a pipeline: `stacksnap guard my-hub --change-set ARN`, before it is executed; or the very command that would
/// update the stack, behind `--`: `stacksnap guard my-hub -- aws cloudformation deploy --stack-name my-hub …`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "stacksnap guard [OPTIONS] STACK --change-set ARN\n       stacksnap guard [OPTIONS] STACK --parameters FILE\n       stacksnap guard [OPTIONS] STACK -- COMMAND"
)]
#[command(group = clap::ArgGroup::new("intended").required(true).args(["change_set", "parameters", "command"]))]
pub(crate) struct Guard {
    /// The stack's name.
    #[arg(value_parser = stack_arg::parse)]
    stack: String,
    /// A change set of the stack: its ARN, or its name.
    #[arg(long, value_name = "ARN")]
    change_set: Option<String>,
    /// A parameters file, as create-stack, update-stack, deploy or rain takes it.
    #[arg(long, value_name = "FILE")]
    parameters: Option<PathBuf>,
    /// The template that the update would use; the present one, if none is given.
    #[arg(long, value_name = "FILE", conflicts_with = "change_set")]
    template_file: Option<PathBuf>,
    /// The command that would update the stack.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
    #[command(flatten)]
    topology: TopologyFlags,
}

/// What an intended update would do.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GuardReport {
    /// The stack's name.
    stack: String,
    /// `safe`, `unsafe`, or `unknown`: only `safe` exits with 0.
    verdict: Verdict,
    /// How many findings of each severity.
    summary: Summary,
    /// The findings, errors first.
    findings: Vec<Finding>,
}

/// Exit 0 where the update is safe, 4 where it is not, or where that cannot be told.
///
/// # Errors
/// No such stack or change set, or something cannot be read.
pub(crate) async fn run(args: &Guard, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    let survey = cx.survey(&aws, &args.stack, &args.topology).await?;
    let intended = args.intended(cx, &aws, &survey).await?;
    let report = args.judge(cx, &aws, &survey, &intended).await?;
    let verdict = report.verdict;
    cx.emit(&report)?;
    match verdict {
        Verdict::Safe => Ok(Exit::Done),
        Verdict::Unsafe => Err(Failure::new(Exit::Refused, "unsafe", "this update must not be executed")
            .hint("the remedies are in the findings; nothing was touched")),
        Verdict::Unknown => {
            Err(Failure::new(Exit::Refused, "unknown", "it cannot be told whether this update is safe")
                .hint("a change set tells more: `aws cloudformation create-change-set`, then `--change-set ARN`"))
        }
    }
}

impl Guard {
    async fn intended(&self, cx: &Context, aws: &Aws, survey: &Survey) -> Result<Intended, Failure> {
        if let Some(name) = &self.change_set {
            let stack_id = survey.stack.here().map_or(self.stack.as_str(), |stack| stack.id.as_str());
            let shown = aws.shown_change_set(stack_id, name).await;
            let shown = shown.map_err(|refusal| cx.refused("the change set cannot be read", &refusal))?;
            let parameters = shown.parameters.into_iter().map(|(key, value)| (key, guard::Value::New(value))).collect();
            return Ok(Intended::of_change_set(&shown.stack_id, parameters, Some(shown.changes)));
        }
        let mut intended = match &self.parameters {
            Some(path) => guard::parameters_file(&read(path)?),
            None => guard::arguments(&self.command, &mut |path| text(path.as_ref())),
        }
        .map_err(|error| unreadable(&error))?;
        if let Some(path) = &self.template_file {
            intended.template = match Template::read(&read(path)?) {
                Ok(template) => NewTemplate::Text(Box::new(template)),
                Err(error) => NewTemplate::Unread(error.to_string()),
            };
        }
        Ok(intended)
    }

    async fn judge(
        &self,
        cx: &Context,
        aws: &Aws,
        survey: &Survey,
        intended: &Intended,
    ) -> Result<GuardReport, Failure> {
        let Some(stack) = survey.stack.here() else {
            return Err(Failure::new(Exit::NotFound, "stack-not-found", "the stack is gone"));
        };
        let topology = match &survey.topology {
            Some(Ok(topology)) => Some(topology),
            Some(Err(problems)) => {
                problems.iter().for_each(|problem| cx.warn(&problem.what));
                None
            }
            None => None,
        };
        let template = aws.template(&stack.id).await.ok().and_then(|text| Template::read(&text).ok());
        let protected: Vec<String> = match topology {
            Some(topology) => topology.protected().map(str::to_owned).collect(),
            None => crate::plan::discover::data_bearing(survey.resources.here().map_or(&[][..], Vec::as_slice)),
        };
        let current = Current {
            stack,
            restore: topology.and_then(|topology| topology.restore.as_ref()),
            protected: &protected,
            template: template.as_ref(),
        };
        let guarded = guard::guard(&current, intended);
        let summary = Summary::of(&guarded.findings);
        Ok(GuardReport { stack: self.stack.clone(), verdict: guarded.verdict, summary, findings: guarded.findings })
    }
}

fn read(path: &std::path::Path) -> Result<String, Failure> {
    text(path).map_err(|why| Failure::usage(format!("{} cannot be read", path.display())).why(why))
}

fn text(path: &std::path::Path) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > LARGEST {
        return Err(format!("it has {size} bytes, and nothing that CloudFormation takes is over 1 MB"));
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

fn unreadable(error: &GuardError) -> Failure {
    Failure::usage(error.to_string()).hint("`stacksnap guard --help` shows what can be guarded")
}

impl Document for GuardReport {
    const KIND: &'static str = "GuardReport";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        findings::explain(page, &self.findings)?;
        let verdict = match self.verdict {
            Verdict::Safe => page.paint.good("safe"),
            Verdict::Unsafe => page.paint.error("unsafe"),
            Verdict::Unknown => page.paint.warning("cannot be told"),
        };
        page.line(format!("{}: {verdict} ({})", self.stack, self.summary.text()))
    }
}
