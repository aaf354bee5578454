//! The Lambda: an event, a few ticks within the time it has, an answer that says when to come again.
//!
//! One more front end: it decides nothing that the engine or `plan` could decide, and never sleeps past its time. State machines
//! wait between its invocations; what a driver remembers from one tick to the next travels with the event (`driver`).

mod answer;
mod backup;
mod deployment;
mod driver;
mod event;
mod fleet;
mod kept;
mod logs;
mod many;
mod metrics;
mod notice;
mod runs;
mod sentinel;

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use jiff::SignedDuration;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use tokio::time::Instant;
use tracing::Instrument;

use crate::aws::{Aws, Shared};
use crate::cli::args::{Flags, LogFormat, Output};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::pace::Pace;
use crate::cli::stack_arg;
use answer::Answer;
use deployment::Deployment;
use event::Event;
use kept::Kept;

/// An invocation ticks for so long, where its runs have something to do.
const BURST: Duration = Duration::from_secs(20);
/// How often the record of a run whose halves are being made is read.
const RECORDS: SignedDuration = SignedDuration::from_secs(60);
/// What is left of the function's time when the last tick begins: a tick's calls may be slow.
const MARGIN: Duration = Duration::from_secs(30);

/// When AWS had no time: how long until it is asked again, seconds.
const AGAIN: u64 = 30;

/// The function: connected once, then asked again and again.
pub(crate) struct Function {
    /// As every command has it.
    pub(crate) cx: Context,
    /// AWS, as its role sees it.
    pub(crate) aws: Aws,
    /// What its environment says.
    pub(crate) deployment: Deployment,
    /// What it remembers of the runs it drove.
    kept: Kept,
}

/// Serves the Lambda Runtime API until the process is ended.
pub fn main() -> ExitCode {
    logs::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let served = runtime.map(|runtime| runtime.block_on(serve()));
    match served {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => logs::end(&error.to_string()),
        Err(error) => logs::end(&error.to_string()),
    }
}

async fn serve() -> Result<(), lambda_runtime::Error> {
    let function = Function::connect().await;
    let function = &function;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let until = Instant::now() + time(event.context.deadline());
        let span = tracing::info_span!("invocation", request_id = event.context.request_id);
        let answer = match function {
            Ok(function) => function.answer(&event.payload, until).instrument(span).await,
            // Wrong settings are told to whoever asks: a function that only crashes tells nobody.
            Err(failure) => {
                span.in_scope(|| log(failure));
                Answer::failed(&event.payload, failure)
            }
        };
        serde_json::to_value(answer).map_err(lambda_runtime::Error::from)
    }))
    .await
}

/// The event is about something that has begun: a run that is driven, or given up.
fn going_on(event: &Value) -> bool {
    event["action"] == "abort" || event.get("driver").is_some() || event.get("progress").is_some()
}

fn passes(failure: &Failure) -> bool {
    failure.exit == Exit::Busy || failure.refusal.as_ref().is_some_and(|refusal| refusal.kind.passes())
}

fn log(failure: &Failure) {
    tracing::error!(code = failure.code, why = failure.why, "{}", failure.what);
}

/// How long this invocation may tick.
fn time(deadline: SystemTime) -> Duration {
    let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
    left.saturating_sub(MARGIN).min(BURST)
}

impl Function {
    async fn connect() -> Result<Self, Failure> {
        let flags =
            Flags { output: Some(Output::Json), log_format: Some(LogFormat::Json), yes: true, ..Flags::default() };
        let (cx, trouble) = Context::new(&flags);
        trouble.map_or(Ok(()), Err)?;
        let deployment = Deployment::from_env()?;
        let aws = cx.aws().await?.remembering(Pace::new(&cx.globals).sleep(RECORDS));
        Ok(Self { cx, aws, deployment, kept: Kept::default() })
    }

    /// How long it sleeps.
    fn pace(&self) -> Pace {
        Pace::new(&self.cx.globals)
    }

    /// Answers one event; a bad one, too.
    async fn answer(&self, value: &Value, until: Instant) -> Answer {
        let event = Event::read(value);
        // What cannot be read may have been meant for a backup, unless it is an event of something that AWS saw.
        let foreign = value.get("detail-type").is_some_and(|kind| kind != "Scheduled Event");
        let nightly = event.as_ref().map_or(!foreign, Event::nightly);
        let answered = match event {
            Ok(event) => self.perform(event, value, until).await,
            Err(failure) => Err(failure),
        };
        match answered {
            Ok(answer) => answer,
            // What has begun is not given up because AWS had no time: it is asked again.
            Err(failure) if going_on(value) && passes(&failure) => {
                log(&failure);
                Answer::wait(value.clone(), AGAIN)
            }
            Err(failure) => {
                log(&failure);
                // A schedule has sent it, and nobody reads what a schedule is answered.
                if nightly {
                    let stack = value["stack"].as_str().and_then(|name| stack_arg::parse(name).ok());
                    self.not_begun(stack.as_deref(), &failure).await;
                }
                Answer::failed(value, &failure)
            }
        }
    }

    async fn perform(&self, event: Event, value: &Value, until: Instant) -> Result<Answer, Failure> {
        match event {
            Event::Backup(event) => Box::pin(self.backup(*event, value, until)).await,
            Event::Fleet(event) => Box::pin(self.fleet(*event, value, until)).await,
            Event::Resume(event) => Box::pin(self.resume(event, value, until)).await,
            Event::Abort(event) => Box::pin(self.abort(event, value, until)).await,
            Event::Online(event) => Box::pin(self.online(event, value, until)).await,
            Event::Verify(event) => Box::pin(self.verify(&event, value)).await,
            Event::Status(event) => Box::pin(self.status(&event, value)).await,
            Event::Sentinel(event) => Box::pin(self.sentinel(event, value, until)).await,
            Event::ListStacks(options) => Box::pin(self.list_stacks(&options, value)).await,
            Event::Report(event) => Box::pin(self.report(&event, value)).await,
            Event::Hint(hint) => Box::pin(self.hint(&hint, value, until)).await,
        }
    }

    /// Events come from whoever may invoke the function: it touches only what its environment names.
    async fn allowed(&self, stack: &str) -> Result<(), Failure> {
        self.allowed_sharing(stack, &Shared::default()).await
    }

    /// A run of `stack` that is on record may be driven on or given up here: a tag may be taken off in the middle of a run, and
    /// its stack must come home all the same; names in the environment do not change so.
    fn concerned_with(&self, stack: &str) -> Result<(), Failure> {
        let stacks = &self.deployment.stacks;
        let ours = stacks.is_empty() || stacks.iter().any(|name| name == stack);
        ours.then_some(()).ok_or_else(|| not_allowed(stack))
    }

    /// The same, for one of many.
    async fn allowed_sharing(&self, stack: &str, shared: &Shared) -> Result<(), Failure> {
        let Deployment { stacks, tag, .. } = &self.deployment;
        if stacks.iter().any(|name| name == stack) || (stacks.is_empty() && tag.is_none()) {
            return Ok(());
        }
        if let (Some(tag), true) = (tag, stacks.is_empty()) {
            let seen = shared.stack(&self.aws, stack).await;
            let seen = seen.map_err(|refusal| self.cx.refused("the stack cannot be read", &refusal))?;
            if crate::model::watch::bears(&seen, tag) {
                return Ok(());
            }
        }
        Err(not_allowed(stack))
    }
}

fn not_allowed(stack: &str) -> Failure {
    Failure::new(Exit::Refused, "not-allowed", format!("this function is not for the stack {stack}"))
        .why("its environment names the stacks it may touch; nothing was touched")
        .hint("add the stack to the deployment, or tag it")
}
