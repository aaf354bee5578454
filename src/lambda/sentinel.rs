//! `sentinel`: brings home what nobody drives. Its schedule begins it anew every few minutes, so an execution only drives what it
//! found at its beginning.

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Function;
use super::answer::Answer;
use super::driver::Driver;
use super::event::SentinelEvent;
use super::notice::{Notice, State};
use crate::cli::duration;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::herd::{Herd, Rest, Sheep, seconds};
use crate::cli::pace::Pace;
use crate::cli::sentinel::{Looked, Watchman};
use crate::config::Span;
use crate::model::Seen;
use crate::model::run::Run;
use crate::model::watch::Scope;
use crate::world::World;

/// How often its schedule begins it, unless the event says otherwise, seconds.
const EVERY: u32 = 300;

impl Function {
    /// Looks where it drives nothing yet; then ticks for as long as there is time.
    pub(super) async fn sentinel(&self, event: SentinelEvent, until: Instant) -> Result<Answer, Failure> {
        let man = self.watchman(&event).await?;
        let mut herd = Herd::new(Pace::new(&self.cx.globals));
        let rounds = event.driving.first().map_or(0, |driver| driver.rounds) + 1;
        let looked = if event.driving.is_empty() {
            let mut looked = man.look(&self.cx, &self.aws, &herd).await?;
            herd.sheep.extend(std::mem::take(&mut looked.runs).into_iter().map(Sheep::new));
            looked
        } else {
            herd.sheep.extend(self.recalled(event.driving).await);
            Looked::default()
        };
        let before: Vec<Run> = herd.sheep.iter().map(|sheep| sheep.run.clone()).collect();
        if rounds == 1 {
            self.alarm(&man, &looked).await;
        }
        herd.round(&self.aws, &mut |_, _, _| {}).await;
        herd.drive(&self.aws, until, &mut |_, _, _| {}).await;
        self.account_for_all(&before, &mut herd).await;
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

    /// What this execution drives already; a run whose record is gone is found again by the next look.
    async fn recalled(&self, driving: Vec<Driver>) -> Vec<Sheep> {
        let mut sheep = Vec::new();
        for driver in driving {
            if let Seen::Here(run) = self.aws.record(&driver.stack, &driver.run).await {
                let (run, look) = driver.recall(run);
                sheep.push(Sheep::looking(run, look));
            }
        }
        sheep
    }

    /// Leaves the mark, and tells of what it cannot bring home: once an hour.
    async fn alarm(&self, man: &Watchman, looked: &Looked) {
        let troubled: Vec<String> = looked.troubled.keys().cloned().collect();
        for stack in man.mark(&self.cx, &self.aws, &troubled).await {
            if let Some(failure) = looked.troubled.get(&stack) {
                let state = if failure.exit == Exit::StillOffline { State::LeftOffline } else { State::Failed };
                self.tell(&Notice::of_failure(&stack, failure, state)).await;
            }
        }
    }

    /// Measures each run, and tells of those that ended or came to rest.
    async fn account_for_all(&self, before: &[Run], herd: &mut Herd) {
        for (before, sheep) in before.iter().zip(&mut herd.sheep) {
            self.account_for(before, sheep).await;
            match &sheep.rest {
                Some(Rest::Stuck(refusal)) => {
                    let failure = self.cx.refused("the sentinel cannot drive the run on", refusal);
                    self.tell(&Notice::of_failure(&sheep.run.target.stack, &failure, State::Failed)).await;
                }
                Some(Rest::Halted(halt)) => {
                    let failure = Failure::new(Exit::StillOffline, "stands-still", halt.what.clone());
                    let notice = Notice::of_failure(
                        &sheep.run.target.stack,
                        &failure.hint(halt.hint.clone()),
                        State::LeftOffline,
                    );
                    self.tell(&notice).await;
                }
                Some(Rest::Over) | None => {}
            }
        }
    }
}

fn answer(man: &Watchman, looked: &Looked, herd: &Herd, rounds: u32) -> Answer {
    let driving: Vec<Driver> = herd.going().map(|sheep| Driver::of(&sheep.run, sheep.look, rounds)).collect();
    let mut event = json!({ "action": "sentinel", "every": format!("{}s", man.every) });
    if let Scope::Stacks(stacks) = &man.scope {
        event["stacks"] = json!(stacks);
    }
    let report = json!({
        "stacks": looked.stacks,
        "driven": herd.sheep.iter().map(brief).collect::<Vec<Value>>(),
        "left": looked.left,
        "troubled": looked.troubled.iter().map(|(stack, why)| (stack.clone(), why.what.clone())).collect::<Vec<_>>(),
    });
    match herd.wait() {
        Some(wait) => {
            event["driving"] = serde_json::to_value(driving).unwrap_or_default();
            Answer { report, ..Answer::wait(event, seconds(wait)) }
        }
        None => Answer::done(&event, report),
    }
}

fn brief(sheep: &Sheep) -> Value {
    let ended: Option<Timestamp> = sheep.run.ending.as_ref().map(|ending| ending.at);
    json!({ "id": sheep.run.id, "stack": sheep.run.target.stack, "phase": sheep.run.phase.to_string(), "ended": ended })
}
