//! `stacksnap sentinel [STACK]...`

use std::io;
use std::time::Duration;

use futures_util::future::join_all;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::Instant;

use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::herd::{Herd, Rest, Sheep};
use super::super::output::{Document, Page, clean};
use super::super::pace::Pace;
use super::super::progress::Progress;
use super::super::sentinel::{EVERY, Looked, Watchman, leave};
use super::super::sights::Sights;
use super::super::signals::{Signal, Signals};
use super::super::{duration, report, stack_arg};
use crate::aws::Aws;
use crate::config::Span;
use crate::model::run::Run;
use crate::model::watch::Scope;
use crate::world::Tick;

/// Bring home what nobody drives any more: for cron, systemd, Kubernetes.
///
/// Looks once at every stack that stacksnap has had a run on, drives on the runs whose driver is gone, and brings back
/// stacks that a lost run took offline, until nothing is owed. Let a timer start it every five minutes, on another machine than the
/// backups: `backup --no-wait` and `--timeout` leave a run to it.
#[derive(Debug, clap::Args)]
pub(crate) struct Sentinel {
    /// Only these stacks.
    #[arg(value_parser = stack_arg::parse)]
    stacks: Vec<String>,
    /// Every stack of the account and region, also those that stacksnap knows nothing of.
    #[arg(long, conflicts_with = "stacks")]
    all: bool,
    /// How often the timer starts it: whoever would leave a run to it looks whether it is late.
    #[arg(long, value_name = "DURATION", value_parser = duration::positive, default_value = "5m")]
    every: Span,
    /// Its name, where several sentinels look at different stacks.
    #[arg(long, value_name = "NAME", value_parser = name, default_value = "command")]
    name: String,
}

/// What a sentinel did.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Sentinel")]
pub(crate) struct SentinelReport {
    /// How many stacks it looked at.
    pub(crate) stacks: usize,
    /// The runs that it drove.
    pub(crate) driven: Vec<DrivenRun>,
    /// Stacks whose run is left to its operator.
    pub(crate) left: Vec<Remark>,
    /// Stacks that somebody must look at.
    pub(crate) troubled: Vec<Remark>,
}

/// A run that a sentinel drove.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DrivenRun {
    /// Its id.
    pub(crate) id: String,
    /// Its stack's name.
    pub(crate) stack: String,
    /// `backup`, `offline`, `online`, `home` or `replace`.
    #[serde(rename = "do")]
    pub(crate) kind: &'static str,
    /// Where it stands.
    pub(crate) phase: String,
    /// How it ended, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<String>,
    /// Why it is not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    /// The stack is still offline: somebody must act.
    pub(crate) left_offline: bool,
}

/// A stack, and what is to be said about it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Remark {
    /// The stack's name.
    pub(crate) stack: String,
    /// What is the matter.
    pub(crate) why: String,
    /// What to do next, the best first.
    pub(crate) next: Vec<String>,
}

/// # Errors
/// What there is cannot be listed; or a stack needs somebody (exit 3 where one is still offline, else 1).
pub(crate) async fn run(args: &Sentinel, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    let mut watch = Watch {
        cx,
        aws: &aws,
        man: args.watchman(),
        herd: Herd::new(Pace::new(&cx.globals)),
        looked: Looked::default(),
        voices: Vec::new(),
    };
    let ended = watch.until_home(&mut Signals::listen()).await?;
    if ended.is_some() {
        watch.hand_back().await;
    }
    let report = watch.report();
    cx.emit(&report)?;
    match ended {
        Some(Signal::Interrupt) => Ok(Exit::Interrupted),
        Some(Signal::Terminate) => Ok(Exit::Terminated),
        None => watch.failure(&report).map_or(Ok(Exit::Done), Err),
    }
}

impl Sentinel {
    fn watchman(&self) -> Watchman {
        let scope = match (self.all, self.stacks.is_empty()) {
            (true, _) => Scope::All,
            (false, true) => Scope::Known,
            (false, false) => Scope::Stacks(self.stacks.clone()),
        };
        let Span(every) = self.every;
        Watchman { by: self.name.clone(), every, scope }
    }
}

struct Watch<'a> {
    cx: &'a Context,
    aws: &'a Aws,
    man: Watchman,
    herd: Herd,
    looked: Looked,
    /// Each run's story.
    voices: Vec<(String, Progress)>,
}

impl Watch<'_> {
    /// Looks, drives, and looks again every period, until nothing is owed, or somebody stops it.
    async fn until_home(&mut self, signals: &mut Signals) -> Result<Option<Signal>, Failure> {
        let every = Duration::from_secs(self.man.every.min(EVERY).into());
        loop {
            let looked = tokio::select! {
                looked = self.man.look(self.cx, self.aws, &self.herd) => looked,
                signal = signals.next() => return Ok(Some(signal)),
            };
            let looked = match looked {
                Ok(looked) => looked,
                // What is driven is driven on, whatever the look says.
                Err(failure) if self.herd.wait().is_some() => {
                    self.cx.warn(&format!("{}; what is driven is driven on", failure.what));
                    if let Some(signal) = self.drive(every, signals).await {
                        return Ok(Some(signal));
                    }
                    continue;
                }
                Err(failure) => return Err(failure),
            };
            let mut looked = looked;
            let fresh = std::mem::take(&mut looked.runs);
            self.looked = looked;
            for run in fresh {
                self.cx.tell(&format!("{}: {} is driven on ({})", run.target.stack, run.id, run.phase));
                self.herd.sheep.push(Sheep::new(run));
            }
            let troubled: Vec<String> = self.troubled().into_iter().map(|remark| remark.stack).collect();
            self.man.mark(self.cx, self.aws, &troubled, &[], Some(&self.looked.held)).await;
            if self.herd.wait().is_none() {
                return Ok(None);
            }
            if let Some(signal) = self.drive(every, signals).await {
                return Ok(Some(signal));
            }
        }
    }

    /// For one period, or until somebody stops it: between two rounds. A round is never cut off half way, except by somebody who asks
    /// twice: what it has saved and done must be known to whoever hands the runs back.
    async fn drive(&mut self, every: Duration, signals: &mut Signals) -> Option<Signal> {
        let until = Instant::now() + every;
        while let Some(wait) = self.herd.wait_until(until) {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                signal = signals.next() => return Some(signal),
            }
            let (globals, voices) = (&self.cx.globals, &mut self.voices);
            let mut tell =
                |tick: &Tick, sights: &Sights, now| voice(voices, globals, &tick.run).tick(tick, sights, now);
            let mut round = Box::pin(self.herd.round(self.aws, &mut tell));
            let mut stop = None;
            loop {
                tokio::select! {
                    () = &mut round => break,
                    signal = signals.next() => {
                        if stop.replace(signal).is_some() {
                            return stop;
                        }
                    }
                }
            }
            if stop.is_some() {
                return stop;
            }
        }
        None
    }

    /// Whoever looks next need not wait until they are stale.
    async fn hand_back(&self) {
        join_all(self.herd.going().map(|sheep| leave(self.aws, &sheep.run))).await;
    }

    fn troubled(&self) -> Vec<Remark> {
        let looked = self.looked.troubled.iter();
        let looked = looked.map(|(stack, failure)| Remark {
            stack: stack.clone(),
            why: failure.why.as_ref().map_or_else(|| failure.what.clone(), |why| format!("{}: {why}", failure.what)),
            next: failure.next.clone(),
        });
        looked.chain(self.herd.sheep.iter().filter_map(|sheep| self.rested(sheep))).collect()
    }

    /// A run of ours that came to rest where it must not.
    fn rested(&self, sheep: &Sheep) -> Option<Remark> {
        let stack = sheep.run.target.stack.clone();
        let by_hand = |word| format!("`{}`", self.cx.command(&[word, &stack], Some(self.aws.region())));
        let (why, next) = match sheep.rest.as_ref()? {
            Rest::Over if sheep.run.ending.as_ref().is_some_and(|ending| ending.left_offline) => {
                (format!("{} left it offline", sheep.run.id), by_hand("online"))
            }
            Rest::Over => return None,
            Rest::Stuck(refusal) => (refusal.to_string(), by_hand("resume")),
            Rest::Halted(halt) => (halt.what.clone(), halt.hint.clone()),
        };
        Some(Remark { stack, why, next: vec![next] })
    }

    fn report(&self) -> SentinelReport {
        let left = self.looked.left.iter();
        SentinelReport {
            stacks: self.looked.stacks,
            driven: self.herd.sheep.iter().map(DrivenRun::of).collect(),
            left: left
                .map(|(stack, why)| Remark {
                    stack: stack.clone(),
                    why: why.clone(),
                    next: vec![format!("`{}`", self.cx.command(&["resume", stack], Some(self.aws.region())))],
                })
                .collect(),
            troubled: self.troubled(),
        }
    }

    fn failure(&self, report: &SentinelReport) -> Option<Failure> {
        if report.troubled.is_empty() {
            return None;
        }
        let offline = self.looked.troubled.values().any(|failure| failure.exit == Exit::StillOffline)
            || self.herd.sheep.iter().any(|sheep| report::left_offline(&sheep.run, &sheep.sights));
        let stacks: Vec<&str> = report.troubled.iter().map(|remark| remark.stack.as_str()).collect();
        let exit = if offline { Exit::StillOffline } else { Exit::Failed };
        let mut failure = Failure::new(exit, "troubled", format!("somebody must look at {}", stacks.join(", ")));
        failure.why = report.troubled.first().map(|remark| remark.why.clone());
        failure.next = report.troubled.iter().flat_map(|remark| remark.next.clone()).collect();
        Some(failure)
    }
}

/// Each run has a story of its own.
fn voice<'a>(
    voices: &'a mut Vec<(String, Progress)>,
    globals: &super::super::args::Globals,
    run: &Run,
) -> &'a mut Progress {
    let id = run.id.as_str();
    let at = voices.iter().position(|(known, _)| known == id).unwrap_or_else(|| {
        voices.push((id.to_owned(), Progress::lines(globals)));
        voices.len() - 1
    });
    &mut voices[at].1
}

impl DrivenRun {
    fn of(sheep: &Sheep) -> Self {
        let run = &sheep.run;
        let ending = run.ending.as_ref();
        Self {
            id: run.id.to_string(),
            stack: run.target.stack.clone(),
            kind: report::kind(&run.kind),
            phase: run.phase.to_string(),
            outcome: ending.map(|ending| ending.outcome.to_string()),
            why: ending
                .and_then(|ending| ending.why.clone())
                .or_else(|| run.trouble.as_ref().map(|trouble| trouble.what.clone())),
            left_offline: report::left_offline(run, &sheep.sights),
        }
    }
}

impl Document for SentinelReport {
    const KIND: &'static str = "Sentinel";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let home = self.driven.is_empty() && self.troubled.is_empty();
        page.line(format!("looked at {} stacks{}", self.stacks, if home { ": nothing is owed" } else { "" }))?;
        for run in &self.driven {
            let how = run.outcome.as_deref().unwrap_or(&run.phase);
            let offline = if run.left_offline { ", STILL OFFLINE" } else { "" };
            page.line(format!("{}  {} {}: {how}{offline}", clean::clean(&run.stack), run.kind, run.id))?;
        }
        for remark in self.left.iter().chain(&self.troubled) {
            page.line(format!("{}  {}", clean::clean(&remark.stack), clean::clean(&remark.why)))?;
        }
        Ok(())
    }
}

/// A name that is one part of a parameter's.
fn name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !text.is_empty() && text.len() <= 128 && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` is not a name: letters, digits, `-`, `_` and `.`, at most 128"))
}
