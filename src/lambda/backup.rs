//! `backup`: one slot, one run, however often it is delivered.

use std::collections::HashMap;

use clap::Parser;
use jiff::SignedDuration;
use serde_json::Value;
use tokio::time::Instant;

use super::Function;
use super::answer::Answer;
use super::event::{BackupEvent, IfLate, Options};
use super::metrics;
use super::notice::{Notice, State};
use crate::aws::Shared;
use crate::cli::begin::Wish;
use crate::cli::commands::backup::Backup;
use crate::cli::duration;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::herd::Sheep;
use crate::config::Span;
use crate::model::run::Run;
use crate::model::{BackupId, Refusal, Seen};
use crate::plan::nightly::{self, Slot};
use crate::world::World;

/// A slot that is delivered later is too late, unless the event says otherwise, seconds.
const LATE_AFTER: u32 = 3600;

/// Another delivery of the same slot has begun it: how long until its record is there, seconds.
const ELSEWHERE: u64 = 60;

/// Why nothing is begun.
const BACKED_UP: &str = "there is a backup of this slot";

/// How a backup began.
pub(super) enum Begun {
    /// It did.
    Run(Box<Run>),
    /// Its slot has had its run.
    Already(&'static str),
    /// Another delivery of the slot is beginning it.
    Elsewhere,
    /// Its slot came too late.
    Skipped(Failure),
}

impl Function {
    /// Begins the slot's run, or drives it on.
    pub(super) async fn backup(&self, event: BackupEvent, value: &Value, until: Instant) -> Result<Answer, Failure> {
        let wish = self.wish(&event)?;
        // What has begun is driven on, though its stack may have lost the fleet's tag meanwhile.
        if let Some(driver) = event.driver {
            let timeout = wish.timeout.and_then(|timeout| SignedDuration::try_from(timeout).ok());
            return self.drive_on(driver, timeout, value, until).await;
        }
        self.allowed(&event.stack).await?;
        let earlier = match event.options.slot {
            Some(slot) => self.earlier(&event.stack, &BackupId::new(&event.stack, slot)).await?,
            None => None,
        };
        match self.begun(&event, &wish, earlier, &Shared::default()).await? {
            Begun::Run(run) => Ok(self.drive(Sheep::new(*run), 0, value, until).await),
            Begun::Already(why) => Ok(Answer::nothing(value, why)),
            Begun::Elsewhere => Ok(Answer::wait(value.clone(), ELSEWHERE)),
            Begun::Skipped(failure) => {
                self.tell(&Notice::of_failure(&event.stack, &failure, State::Skipped)).await;
                Ok(Answer::nothing(value, &failure.what))
            }
        }
    }

    /// The slot's run, begun or found `earlier`.
    ///
    /// # Errors
    /// It was refused, or somebody holds the stack: nothing was touched.
    pub(super) async fn begun(
        &self,
        event: &BackupEvent,
        wish: &Wish,
        earlier: Option<Begun>,
        shared: &Shared,
    ) -> Result<Begun, Failure> {
        let Some(slot) = event.options.slot else {
            return Ok(Begun::Run(Box::new(self.begin(wish, None, shared).await?)));
        };
        let id = BackupId::new(&event.stack, slot);
        // A slot that has had its run is not too late, however late it is delivered again.
        if let Some(begun) = earlier {
            return Ok(begun);
        }
        match nightly::slot(slot, self.aws.now(), late_after(&event.options)?) {
            Slot::Ahead(by) => return Err(ahead(slot, by)),
            Slot::Late(by) if event.options.if_late != Some(IfLate::Run) => return Ok(Begun::Skipped(late(slot, by))),
            Slot::Late(_) | Slot::Due => {}
        }
        match self.begin(wish, Some(id.clone()), shared).await {
            Ok(run) => Ok(Begun::Run(Box::new(run))),
            // Delivered twice at once: the other delivery may have it.
            Err(failure) if failure.exit == Exit::Busy => match self.aws.holder(&event.stack).await {
                // It has its record by then, or it died, and the sentinel has dropped its lock.
                Seen::Here(lock) if lock.run == id => Ok(Begun::Elsewhere),
                // Or it has had it meanwhile, from its beginning to its end.
                _ => self.earlier(&event.stack, &id).await?.ok_or(failure),
            },
            Err(failure) => Err(failure),
        }
    }

    /// The slot's run, if an earlier delivery has begun it.
    pub(super) async fn earlier(&self, stack: &str, id: &BackupId) -> Result<Option<Begun>, Failure> {
        match self.aws.record(stack, id).await {
            // One that is over is only told of.
            Seen::Here(run) => Ok(Some(Begun::Run(Box::new(run)))),
            Seen::Unknown(refusal) => Err(self.cx.refused("the slot's record cannot be read", &refusal)),
            // Records beyond the newest ten are gone, snapshots stay.
            Seen::Missing | Seen::NotLooked => {
                let there = self.aws.snapshot_there(id).await;
                let there =
                    there.map_err(|refusal| self.cx.refused("the slot's snapshot cannot be looked for", &refusal))?;
                Ok(there.then_some(Begun::Already(BACKED_UP)))
            }
        }
    }

    /// The same of many stacks, by their names.
    ///
    /// # Errors
    /// AWS's refusal, or a record that cannot be read: then each is looked for by itself.
    pub(super) async fn earlier_of_all(&self, slots: &[(&str, BackupId)]) -> Result<HashMap<String, Begun>, Refusal> {
        let names: Vec<(&str, &BackupId)> = slots.iter().map(|(stack, id)| (*stack, id)).collect();
        let mut records = self.aws.recorded_now(&names).await?;
        let ids: Vec<&BackupId> = slots.iter().map(|(_, id)| id).collect();
        let there = self.aws.snapshots_there(&ids).await?;
        let begun = slots.iter().filter_map(|(stack, id)| {
            let begun = match records.remove(id.as_str()) {
                Some(run) => Begun::Run(Box::new(run)),
                None if there.contains(id.as_str()) => Begun::Already(BACKED_UP),
                None => return None,
            };
            Some(((*stack).to_owned(), begun))
        });
        Ok(begun.collect())
    }

    /// The event's options over what stacksnap.toml says: as the command line reads them.
    pub(super) fn wish(&self, event: &BackupEvent) -> Result<Wish, Failure> {
        match Line::try_parse_from(words(&event.stack, &event.options)) {
            Ok(line) => Ok(line.backup.wish(&self.cx.settings.stack(&event.stack))),
            Err(error) => {
                let text = error.render().to_string();
                Err(bad(text.lines().next().unwrap_or_default().trim_start_matches("error: ")))
            }
        }
    }

    /// Tonight there is no backup: everybody hears of it. Which stack it was for may not even be known.
    pub(super) async fn not_begun(&self, stack: Option<&str>, failure: &Failure) {
        if let Some(stack) = stack {
            let (runs, _) = self.aws.runs(Some(stack)).await;
            // This one has left no record.
            let failures = nightly::failures_since_success(&runs, stack) + 1;
            let found = [
                ("Failed", "Count", 1.0),
                ("Complete", "Count", 0.0),
                ("FailuresSinceSuccess", "Count", failures as f64),
            ];
            metrics::emit(&self.deployment.name, stack, &found, self.aws.now());
        }
        let whose = stack.unwrap_or(&self.deployment.name);
        self.tell(&Notice::of_failure(whose, failure, State::Failed)).await;
    }
}

/// The command's own arguments, without all the other commands: they would only make the function larger.
#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    backup: Backup,
}

/// `stacksnap-backup STACK --live …`: durations and defaults are read in one place.
fn words(stack: &str, options: &Options) -> Vec<String> {
    let mut line = vec!["stacksnap-backup".to_owned(), stack.to_owned()];
    let flags = [("--live", options.live), ("--seed", options.seed), ("--strict", options.strict)];
    line.extend(flags.into_iter().filter(|(_, said)| *said == Some(true)).map(|(flag, _)| flag.to_owned()));
    let values = [
        ("--max-offline", &options.max_offline),
        ("--settle", &options.settle),
        ("--timeout", &options.timeout),
        ("--note", &options.note),
        ("--keep", &options.keep),
    ];
    // In one word: a value may begin with a dash.
    line.extend(values.into_iter().filter_map(|(flag, value)| Some(format!("{flag}={}", value.as_ref()?))));
    line
}

pub(super) fn late_after(options: &Options) -> Result<SignedDuration, Failure> {
    let said = options.late_after.as_deref().map(duration::positive).transpose();
    let Span(seconds) = said.map_err(|why| bad(&why))?.unwrap_or(Span(LATE_AFTER));
    Ok(SignedDuration::from_secs(seconds.into()))
}

fn late(slot: jiff::Timestamp, by: SignedDuration) -> Failure {
    Failure::new(
        Exit::Done,
        "late",
        format!("the slot of {slot} was delivered {} minutes late, and is skipped", by.as_mins()),
    )
    .why("a stack is not taken offline at an hour that nobody chose")
    .hint("the next slot is taken as usual; `\"ifLate\": \"run\"` takes late ones, too")
}

fn ahead(slot: jiff::Timestamp, by: SignedDuration) -> Failure {
    Failure::new(Exit::Usage, "slot-ahead", format!("the slot {slot} is {} minutes in the future", by.as_mins()))
        .why("a slot is the time its schedule was due; nothing was touched")
        .hint("let EventBridge Scheduler fill it in: \"slot\": \"<aws.scheduler.scheduled-time>\"")
}

fn bad(why: &str) -> Failure {
    Failure::new(Exit::Usage, "bad-event", "the event cannot be understood").why(why).hint("nothing was touched")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_the_command_lines() {
        let options = Options {
            live: Some(true),
            seed: Some(false),
            max_offline: Some("45m".to_owned()),
            note: Some("-nightly".to_owned()),
            ..Options::default()
        };
        assert_eq!(
            words("my-hub", &options),
            ["stacksnap-backup", "my-hub", "--live", "--max-offline=45m", "--note=-nightly"]
        );
        assert!(Line::try_parse_from(words("my-hub", &options)).is_ok());
    }
}
