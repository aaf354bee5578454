//! An operation of CloudFormation's on a deployment, followed to its end.

use jiff::SignedDuration;

use super::super::super::context::Context;
use super::super::super::exit::Exit;
use super::super::super::failure::Failure;
use super::super::super::output::{clean, human};
use super::super::super::pace::Pace;
use super::super::super::signals::{Signal, Signals};
use crate::aws::Aws;
use crate::model::StackStatus;
use crate::model::history::{Operation, StackEvent};

const BETWEEN: SignedDuration = SignedDuration::from_secs(5);
/// So many looks in a row may fail.
const PATIENCE: u32 = 60;

/// How an operation ended.
pub(super) struct Ended {
    pub(super) status: StackStatus,
    /// The first resource that failed, and why.
    pub(super) why: Option<String>,
}

/// Follows the operation that bears this token.
///
/// # Errors
/// It cannot be looked at any more, or somebody stopped looking; the operation goes on by itself.
pub(super) async fn follow(
    cx: &Context,
    aws: &Aws,
    stack_id: &str,
    token: &str,
    signals: &mut Signals,
) -> Result<Ended, Failure> {
    let mut failed = 0;
    loop {
        match aws.deployment_events(stack_id).await {
            Ok((history, news)) => {
                failed = 0;
                news.iter().filter(|row| row.token.as_deref() == Some(token)).for_each(|row| tell(cx, row));
                let own = |operation: &&Operation| operation.token.as_deref() == Some(token) && operation.ended();
                if let Some(operation) = history.operations.iter().find(own) {
                    return Ok(Ended::of(operation));
                }
            }
            Err(refusal) if refusal.kind.passes() && failed < PATIENCE => failed += 1,
            Err(refusal) => {
                return Err(cx.refused("what CloudFormation does cannot be followed; it goes on by itself", &refusal));
            }
        }
        tokio::select! {
            () = tokio::time::sleep(Pace::new(&cx.globals).sleep(BETWEEN)) => {}
            signal = signals.next() => return Err(left(cx, aws, signal)),
        }
    }
}

fn tell(cx: &Context, row: &StackEvent) {
    let reason = row.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let line = format!("{}  {} {}{reason}", human::clock(row.at), row.logical_id, row.status);
    cx.tell(&clean::clean(&line));
}

fn left(cx: &Context, aws: &Aws, signal: Signal) -> Failure {
    let exit = match signal {
        Signal::Interrupt => Exit::Interrupted,
        Signal::Terminate => Exit::Terminated,
    };
    let status = cx.command(&["schedule", "status"], Some(aws.region()));
    Failure::new(exit, "interrupted", "nobody looks any more; CloudFormation goes on by itself")
        .hint(format!("see how it stands: `{status}`"))
}

impl Ended {
    fn of(operation: &Operation) -> Self {
        let why = operation.failure.as_ref().map(|failure| format!("{}: {}", failure.logical_id, failure.reason));
        Self { status: operation.status.clone(), why }
    }
}
