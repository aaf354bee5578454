//! `sentinel`: brings home what nobody drives. Its schedule begins it anew every few minutes, so an execution only drives what it
//! found at its beginning.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::answer::Answer;
use super::driver::Driver;
use super::event::SentinelEvent;
use super::metrics;
use super::notice::{Notice, State};
use super::runs::{ROUNDS, Recalled};
use super::{AGAIN, Function};
use crate::cli::duration;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::herd::{Herd, Sheep, seconds};
use crate::cli::sentinel::{EVERY, Looked, Watchman, leave};
use crate::config::Span;
use crate::model::run::Run;
use crate::model::watch::Scope;
use crate::world::World;

/// Runs that one execution drives: what it remembers of each travels with its event.
const MOST: usize = 100;
/// Notices that are sent side by side.
const ABREAST: usize = 8;
/// What is measured of all stacks together.
const ALL: &str = "*";

impl Function {
    /// Looks where it drives nothing yet; then ticks for as long as there is time.
    pub(super) async fn sentinel(
        &self,
        event: SentinelEvent,
        value: &Value,
        until: Instant,
    ) -> Result<Answer, Failure> {
        let man = self.watchman(&event).await?;
        let mut herd = Herd::new(self.pace());
        let rounds = event.driving.first().map_or(0, |driver| driver.rounds) + 1;
        let looked = if event.driving.is_empty() {
            let mut looked = man.look(&self.cx, &self.aws, &herd).await?;
            // As many as its state has room for; the next look finds the others.
            herd.sheep.extend(std::mem::take(&mut looked.runs).into_iter().take(MOST).map(Sheep::new));
            looked
        } else {
            // A run whose record cannot be read now is found again: by this execution, or by the next look.
            let Recalled { sheep, unread, .. } = self.recalled(event.driving).await;
            if unread.iter().any(|(_, refusal)| refusal.kind.passes()) {
                return Ok(Answer::wait(value.clone(), AGAIN));
            }
            herd.sheep.extend(sheep);
            Looked::default()
        };
        let before: Vec<Run> = herd.sheep.iter().map(|sheep| sheep.run.clone()).collect();
        herd.round(&self.aws, &mut |_, _, _| {}).await;
        herd.drive(&self.aws, until, &mut |_, _, _| {}).await;
        for (before, sheep) in before.iter().zip(&mut herd.sheep) {
            self.account_for(before, sheep).await;
        }
        // The mark comes after the deed: whoever cannot do it must not seem to watch.
        self.alarm(&man, &looked, &herd, rounds == 1).await;
        if rounds >= ROUNDS {
            join_all(herd.going().map(|sheep| leave(&self.aws, &sheep.run))).await;
            return Ok(Answer::nothing(value, "what is left is driven on by the next look"));
        }
        Ok(answer(&man, &looked, &herd, rounds))
    }

    async fn watchman(&self, event: &SentinelEvent) -> Result<Watchman, Failure> {
        let every = event.every.as_deref().map(duration::positive).transpose();
        let Span(every) = every.map_err(|why| Failure::usage(why).hint("nothing was touched"))?.unwrap_or(Span(EVERY));
        for stack in event.stacks.iter().flatten() {
            self.allowed(stack).await?;
        }
        let scope = event.stacks.clone().map_or_else(|| self.deployment.scope(), Scope::Stacks);
        Ok(Watchman { by: self.deployment.name.clone(), every, scope })
    }

    /// Leaves the mark, and tells of what it cannot bring home: once an hour. Says that it has looked, and for how long
    /// somebody has been offline.
    async fn alarm(&self, man: &Watchman, looked: &Looked, herd: &Herd, begins: bool) {
        let mut troubles: BTreeMap<String, Failure> = looked.troubled.clone();
        troubles.extend(herd.sheep.iter().filter_map(|sheep| self.rested(sheep)));
        let mut marked = true;
        if begins || !troubles.is_empty() {
            let names: Vec<String> = troubles.keys().cloned().collect();
            let driven: Vec<String> = herd.going().map(|sheep| sheep.run.target.stack.clone()).collect();
            let held = begins.then_some(&looked.held);
            let (news, left) = man.mark(&self.cx, &self.aws, &names, &driven, held).await;
            marked = left;
            let notices = news.iter().filter_map(|stack| Some((stack, troubles.get(stack)?)));
            let notices: Vec<Notice> = notices.map(|(stack, failure)| told(stack, failure)).collect();
            stream::iter(&notices).for_each_concurrent(ABREAST, |notice| self.tell(notice)).await;
        }
        if begins {
            let now = self.aws.now();
            let longest =
                looked.away.values().map(|since| now.duration_since(*since).as_secs_f64()).fold(0.0, f64::max);
            // One whose mark nobody can see is silent, however well it looks.
            let mut found = vec![("OfflineFor", "Seconds", longest)];
            found.extend(marked.then_some(("Looked", "Count", 1.0)));
            metrics::emit(&self.deployment.name, ALL, &found, now);
        }
    }

    /// A run that came to rest where it must not. One that ended so is told by its end.
    fn rested(&self, sheep: &Sheep) -> Option<(String, Failure)> {
        let failure = self.at_rest(sheep.rest.as_ref()?, "the sentinel cannot drive the run on")?;
        Some((sheep.run.target.stack.clone(), failure))
    }
}

fn told(stack: &str, failure: &Failure) -> Notice {
    let state = if failure.exit == Exit::StillOffline { State::LeftOffline } else { State::Failed };
    Notice::of_failure(stack, failure, state)
}

fn answer(man: &Watchman, looked: &Looked, herd: &Herd, rounds: u32) -> Answer {
    let driving: Vec<Driver> = herd.going().map(|sheep| Driver::of(&sheep.run, sheep.look, rounds)).collect();
    let mut event = json!({ "action": "sentinel", "every": format!("{}s", man.every) });
    if let Scope::Stacks(stacks) = &man.scope {
        event["stacks"] = json!(stacks);
    }
    let report = json!({
        "stacks": looked.stacks,
        "left": looked.left,
        "troubled": looked.troubled.iter().map(|(stack, why)| (stack.clone(), why.what.clone())).collect::<Vec<_>>(),
    });
    match herd.wait() {
        Some(wait) => {
            event["driving"] = serde_json::to_value(driving).unwrap_or_default();
            Answer { report, ..Answer::wait(event, seconds(wait)) }
        }
        None => {
            let driven: Vec<Value> = herd.sheep.iter().map(brief).collect();
            Answer::done(&event, report).with(json!({ "driven": driven }))
        }
    }
}

fn brief(sheep: &Sheep) -> Value {
    let ended: Option<Timestamp> = sheep.run.ending.as_ref().map(|ending| ending.at);
    json!({ "id": sheep.run.id, "stack": sheep.run.target.stack, "phase": sheep.run.phase.to_string(), "ended": ended })
}
