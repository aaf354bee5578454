//! A change set of a deployment: made, waited for, shown, asked about; gone where nobody wants it.

use std::io::{self, Write};
use std::thread;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::oneshot;

use super::super::super::context::Context;
use super::super::super::exit::Exit;
use super::super::super::failure::Failure;
use super::super::super::output::table::{self, Cell, Tone};
use super::super::super::output::{Document, Page};
use super::super::super::pace::Pace;
use super::super::super::signals::{Signal, Signals};
use crate::aws::Aws;
use crate::model::StackStatus;
use crate::plan::schedule::deployment::{Proposal, Proposed, ProposedChange};

const BETWEEN: SignedDuration = SignedDuration::from_secs(3);

/// One that was made.
pub(super) struct Made {
    pub(super) arn: String,
    pub(super) stack_id: String,
    /// Its name, and the token of its execution.
    pub(super) name: String,
    /// It made the stack, too, which has nothing in it.
    create: bool,
}

/// A change that a change set would make.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangeRow {
    /// `Add`, `Modify`, `Remove`, …
    pub(crate) action: String,
    /// The logical id.
    pub(crate) logical_id: String,
    /// The type.
    pub(crate) resource_type: String,
    /// Whether it is replaced by a new one: `True`, `False` or `Conditional`; of a `Modify`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) replacement: Option<String>,
}

/// What is asked about.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    pub(super) deployment: &'a str,
    pub(super) changes: &'a [ChangeRow],
}

/// Makes one and waits until it can be read; `None`: there is nothing to change.
///
/// # Errors
/// CloudFormation refuses; the change set is gone then.
pub(super) async fn make(
    cx: &Context,
    aws: &Aws,
    proposal: &Proposal,
    signals: &mut Signals,
) -> Result<Option<(Made, Vec<ChangeRow>)>, Failure> {
    let (arn, stack_id) =
        aws.propose(proposal).await.map_err(|refusal| cx.refused("the change set cannot be made", &refusal))?;
    let made = Made { arn, stack_id, name: proposal.name.clone(), create: proposal.create };
    let ready = tokio::select! {
        ready = wait(cx, aws, &made.arn) => ready,
        signal = signals.next() => Err(stopped(signal)),
    };
    match ready {
        Ok(proposed) if proposed.ready() => Ok(Some((made, proposed.changes.iter().map(ChangeRow::of).collect()))),
        Ok(proposed) => {
            made.discard(cx, aws).await;
            if proposed.says_no_changes() { Ok(None) } else { Err(failed(&proposed)) }
        }
        Err(failure) => {
            made.discard(cx, aws).await;
            Err(failure)
        }
    }
}

async fn wait(cx: &Context, aws: &Aws, arn: &str) -> Result<Proposed, Failure> {
    loop {
        match aws.proposed(arn).await {
            Ok(proposed) if proposed.pending() => {}
            Ok(proposed) => return Ok(proposed),
            Err(refusal) if refusal.kind.passes() => {}
            Err(refusal) => return Err(cx.refused("the change set cannot be read", &refusal)),
        }
        tokio::time::sleep(Pace::new(&cx.globals).sleep(BETWEEN)).await;
    }
}

fn failed(proposed: &Proposed) -> Failure {
    let what = format!("CloudFormation could not make the change set ({})", proposed.status);
    let reason = proposed.reason.clone().unwrap_or_else(|| "it gives no reason".to_owned());
    Failure::new(Exit::Failed, "change-set-failed", what).why(format!("{reason}; nothing was deployed"))
}

/// Somebody pressed Ctrl-C, or the machine goes down.
pub(super) fn stopped(signal: Signal) -> Failure {
    let exit = match signal {
        Signal::Interrupt => Exit::Interrupted,
        Signal::Terminate => Exit::Terminated,
    };
    Failure::new(exit, "interrupted", "interrupted; nothing was deployed")
}

impl Made {
    /// Takes it away again, and the empty stack that it made.
    pub(super) async fn discard(&self, cx: &Context, aws: &Aws) {
        let mut gone = aws.drop_proposal(&self.arn).await;
        if self.create && gone.is_ok() {
            gone = match aws.deployed(&self.stack_id).await {
                Ok(Some(there)) if there.stack.status == StackStatus::ReviewInProgress => {
                    aws.delete_deployment(&self.stack_id, &self.name).await
                }
                Ok(_) => Ok(()),
                Err(refusal) => Err(refusal),
            };
        }
        if let Err(refusal) = gone {
            cx.warn(&format!("the change set {} could not be taken away again: {refusal}", self.arn));
        }
    }
}

/// Asks; on a terminal Ctrl-C is an answer, too.
///
/// # Errors
/// The answer is no, or nobody can be asked.
pub(super) async fn ask(cx: &Context, question: &str, signals: &mut Signals) -> Result<(), Failure> {
    if cx.globals.yes || !cx.interactive() {
        return cx.confirm(question);
    }
    drop(write!(io::stderr(), "{question} [y/N] "));
    let (send, answer) = oneshot::channel();
    // A thread that waits for a line can be left alone; a task of the runtime could not.
    drop(thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line).map(|_| line);
        drop(send.send(read.unwrap_or_default()));
    }));
    tokio::select! {
        line = answer => match line.unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Failure::new(Exit::Failed, "declined", "nothing was changed, as you wish")),
        },
        signal = signals.next() => Err(stopped(signal)),
    }
}

impl ChangeRow {
    fn of(change: &ProposedChange) -> Self {
        Self {
            action: change.action.clone(),
            logical_id: change.logical_id.clone(),
            resource_type: change.resource_type.clone(),
            replacement: change.replacement.clone(),
        }
    }

    fn cells(&self) -> [Cell; 4] {
        let (replaced, tone) = match self.replacement.as_deref() {
            Some("True") => ("replaced", Tone::Warning),
            Some("False") | None => ("", Tone::Plain),
            Some(_) => ("perhaps replaced", Tone::Warning),
        };
        let action = if self.action == "Remove" { Tone::Warning } else { Tone::Plain };
        let action = Cell::toned(&self.action, action);
        [action, Cell::from(&self.logical_id), Cell::from(&self.resource_type), Cell::toned(replaced, tone)]
    }
}

/// Writes the changes as a table.
///
/// # Errors
/// Those of the output.
pub(super) fn table(page: &mut Page<'_>, changes: &[ChangeRow]) -> io::Result<()> {
    table::write(page, ["ACTION", "RESOURCE", "TYPE", "REPLACEMENT"], || changes.iter(), |row| row.cells())
}

impl Document for Shown<'_> {
    const KIND: &'static str = "ScheduleChanges";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.line(page.paint.bold(&format!("The change set would do this to {}:", self.deployment)))?;
        table(page, self.changes)
    }
}
