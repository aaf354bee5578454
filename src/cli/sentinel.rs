//! The sentinel: looks which stacks owe an *on* or have a run without a driver, and drives those.
//!
//! One code path with `resume`; `engine::watch` decides what is driven, and which way. It leaves a mark each time it looks, so
//! that whoever leaves a run to it knows that it is there.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all};
use futures_util::stream::{self, StreamExt};

use super::args::TopologyFlags;
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::findings::CheckReport;
use super::herd::Herd;
use super::unfinished::{self, Owed, Unfinished};
use super::{begin, take};
use jiff::Timestamp;

use crate::aws::{Aws, Shared};
use crate::engine::{self, Watch};
use crate::model::run::{Phase, Run};
use crate::model::stack::Stack;
use crate::model::survey::Survey;
use crate::model::watch::{Scope, Sentinel};
use crate::model::{Refusal, RefusalKind};
use crate::plan::discover::{Overrides, seems_offline};
use crate::world::{World, announce};

/// How often a sentinel looks, unless somebody says otherwise, seconds.
pub(crate) const EVERY: u32 = 300;
/// Stacks that are looked at side by side: each may cost twenty calls.
const ABREAST: usize = 8;

/// Somebody else would drive a run on this stack on, if this process left it: a sentinel that watches it has looked within
/// its period. What cannot be read is no sentinel.
pub(crate) async fn watches(aws: &Aws, survey: &Survey, shared: &Shared) -> bool {
    let Some(stack) = survey.stack.here() else { return false };
    let now = aws.now();
    shared.sentinels(aws).await.is_ok_and(|marks| marks.iter().any(|mark| mark.watches(stack, now)))
}

/// Leaves a run to a sentinel, if one still watches its stack.
pub(crate) async fn takes_over(aws: &Aws, run: &Run) -> bool {
    let now = aws.now();
    let (stack, marks) = join(aws.stack(&run.target.stack_id), aws.sentinels()).await;
    let (Ok(stack), Ok(marks)) = (stack, marks) else { return false };
    marks.iter().any(|mark| mark.watches(&stack, now)) && leave(aws, run).await
}

/// Leaves a run to a sentinel: whether it knows. One that is over, or whose record is gone, is not written again.
pub(crate) async fn leave(world: &impl World, run: &Run) -> bool {
    let now = world.now();
    !run.ended()
        && !run.lost
        && announce(world, run, |run| run.handed_over(now)).await.is_ok_and(|run| !run.ended() && !run.lost)
}

/// Who looks, how often, at what.
#[derive(Clone, Debug)]
pub(crate) struct Watchman {
    /// Its name among sentinels.
    pub(crate) by: String,
    /// How often it looks, seconds.
    pub(crate) every: u32,
    /// At what.
    pub(crate) scope: Scope,
}

/// What one look found.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    /// How many stacks it looked at.
    pub(crate) stacks: usize,
    /// Runs to be driven.
    pub(crate) runs: Vec<Run>,
    /// Stacks that runs of ours, living ones too, have taken offline, and since when.
    pub(crate) away: BTreeMap<String, Timestamp>,
    /// Of a tag's stacks, those that have a lock.
    pub(crate) held: BTreeSet<String>,
    /// Stacks whose run is left to its operator, and why.
    pub(crate) left: BTreeMap<String, String>,
    /// Stacks that somebody must look at, and why.
    pub(crate) troubled: BTreeMap<String, Failure>,
}

impl Watchman {
    /// Looks once at everything; what is driven already is not looked for again.
    ///
    /// # Errors
    /// What there is cannot be listed.
    pub(crate) async fn look(&self, cx: &Context, aws: &Aws, herd: &Herd) -> Result<Looked, Failure> {
        let refused = |refusal: Refusal| cx.refused("the sentinel cannot look", &refusal);
        let stacks = self.stacks(aws).await.map_err(refused)?;
        let names: Vec<String> = stacks.iter().map(|stack| stack.name.clone()).collect();
        let (known, held) = match &self.scope {
            Scope::Known => aws.known().await.map_err(refused)?,
            Scope::Stacks(named) => (BTreeSet::new(), aws.held(named).await.map_err(refused)?),
            Scope::All => (BTreeSet::new(), aws.held(&names).await.map_err(refused)?),
            Scope::Tag(_) => (BTreeSet::new(), self.held(aws, names).await.map_err(refused)?),
        };
        let known = |name: &String| self.scope != Scope::Known || known.contains(name);
        let quiet = stacks.iter().filter(|stack| known(&stack.name) && stack.parent_id.is_none());
        let minded = if matches!(self.scope, Scope::Tag(_)) { held.clone() } else { BTreeSet::new() };
        let mut looked = Looked { stacks: quiet.clone().count(), held: minded, ..Looked::default() };
        let owing = quiet.filter(|stack| !held.contains(&stack.name) && offline(cx, stack)).map(|stack| &stack.name);
        let wanted: Vec<&String> = held.iter().chain(owing).collect();
        let driven: BTreeSet<&str> = herd.going().map(|sheep| sheep.run.target.stack.as_str()).collect();
        let asked = wanted.into_iter().filter(|name| !driven.contains(name.as_str()));
        let found: Vec<_> =
            stream::iter(asked.map(|name| one(cx, aws, name))).buffer_unordered(ABREAST).collect().await;
        for (stack, (left, found)) in found {
            looked.away.extend(left.map(|left| (stack.to_owned(), left)));
            looked.take(stack, found);
        }
        Ok(looked)
    }

    /// The locks of a tag's stacks, and of those that bore it when they were last looked at: a stack that loses its tag in the
    /// middle of a run is brought home all the same.
    async fn held(&self, aws: &Aws, mut names: Vec<String>) -> Result<BTreeSet<String>, Refusal> {
        let before = aws.sentinel(&self.by).await?.map(|mark| mark.held).unwrap_or_default();
        names.extend(before);
        names.sort_unstable();
        names.dedup();
        aws.held(&names).await
    }

    async fn stacks(&self, aws: &Aws) -> Result<Vec<Stack>, Refusal> {
        let Scope::Stacks(names) = &self.scope else {
            let all = aws.stacks().await?;
            return Ok(all.into_iter().filter(|stack| self.scope.holds(stack)).collect());
        };
        let mut stacks = Vec::new();
        for seen in join_all(names.iter().map(|name| aws.stack(name))).await {
            match seen {
                Ok(stack) => stacks.push(stack),
                // A stack that is gone owes nothing; a lock that bears its name is looked at all the same.
                Err(refusal) if refusal.kind == RefusalKind::NotFound => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(stacks)
    }

    /// Leaves the mark, with the stacks that it cannot bring home; those of them that are news, and whether the mark was left.
    /// What was told of a stack of `driven` is not forgotten while it is driven; `held`, where it has just been looked at, is what
    /// it minds beyond its tag.
    pub(crate) async fn mark(
        &self,
        cx: &Context,
        aws: &Aws,
        troubled: &[String],
        driven: &[String],
        held: Option<&BTreeSet<String>>,
    ) -> (Vec<String>, bool) {
        let (now, version) = (aws.now(), env!("CARGO_PKG_VERSION").to_owned());
        let before = aws.sentinel(&self.by).await;
        // Whom it minds is not forgotten because AWS had no time for a moment.
        let unread = before.as_ref().err().filter(|_| held.is_none()).cloned();
        let before = before.unwrap_or_default();
        let mark = Sentinel {
            by: self.by.clone(),
            tool: version,
            looked: now,
            every: self.every,
            scope: self.scope.clone(),
            held: held.or(before.as_ref().map(|before| &before.held)).cloned().unwrap_or_default(),
            troubled: before.map(|before| before.troubled).unwrap_or_default(),
        };
        let (news, mut told) = mark.news(troubled, now);
        let before = mark.troubled.iter().filter(|(stack, _)| driven.contains(stack));
        for (stack, at) in before {
            told.entry(stack.clone()).or_insert(*at);
        }
        let left = match unread {
            Some(refusal) => Err(refusal),
            None => aws.leave_mark(&Sentinel { troubled: told, ..mark.clone() }).await,
        };
        if let Err(refusal) = &left {
            cx.warn(&format!("the sentinel's mark cannot be written, so nobody leaves a run to it: {refusal}"));
        }
        (news.into_iter().cloned().collect(), left.is_ok())
    }
}

impl Looked {
    fn take(&mut self, stack: &str, found: Result<Watch, Failure>) {
        match found {
            Ok(Watch::Living) => {}
            Ok(Watch::Drive(run)) => self.runs.push(*run),
            Ok(Watch::Leave { why }) => drop(self.left.insert(stack.to_owned(), why.to_owned())),
            // Somebody is at it, or just beginning.
            Err(failure) if failure.exit == Exit::Busy => {}
            // AWS had no time: the next look tells. Nobody is alarmed, and nobody's night is lost.
            Err(failure) if failure.refusal.as_ref().is_some_and(|refusal| refusal.kind.passes()) => {
                tracing::warn!(stack, code = failure.code, "{}", failure.what);
            }
            Err(failure) => drop(self.troubled.insert(stack.to_owned(), failure)),
        }
    }
}

fn offline(cx: &Context, stack: &Stack) -> bool {
    seems_offline(
        stack,
        &cx.settings.profiles(),
        &Overrides::default().over(cx.settings.stack(&stack.name).overrides()),
    )
}

type Found = (Option<Timestamp>, Result<Watch, Failure>);

async fn one<'a>(cx: &Context, aws: &Aws, stack: &'a str) -> (&'a str, Found) {
    let found = unfinished::find(cx, aws, stack).await;
    let left = match &found {
        Ok(Unfinished::Held(run) | Unfinished::Unlocked(run)) if run.phase < Phase::Verifying => run.left,
        _ => None,
    };
    let watched = match found {
        Ok(found) => watch(cx, aws, stack, found).await,
        Err(failure) => Err(failure),
    };
    (stack, (left, watched))
}

async fn watch(cx: &Context, aws: &Aws, stack: &str, found: Unfinished) -> Result<Watch, Failure> {
    match found {
        Unfinished::Held(run) => Ok(engine::watch(*run, aws.now())),
        Unfinished::Unlocked(run) => {
            let watch = engine::watch(*run, aws.now());
            if let Watch::Drive(run) = &watch {
                take::take(cx, aws, run).await?;
            }
            Ok(watch)
        }
        Unfinished::Lost | Unfinished::None => {
            match unfinished::owed(cx, aws, stack, &TopologyFlags::default(), true).await? {
                Owed::Nothing => Ok(Watch::Living),
                Owed::Run(run) => Ok(Watch::Drive(run)),
                Owed::Refused(findings) => Err(begin::refused(&CheckReport::new(stack, findings))),
            }
        }
    }
}
