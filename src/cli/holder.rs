//! Who holds a stack, and what is to be done about it.

use jiff::{SignedDuration, Timestamp};

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::output::human;
use crate::aws::Aws;
use crate::engine::Action;
use crate::model::finding::Finding;
use crate::model::run::{Kind, Lock, Run};
use crate::model::{Refusal, Seen};
use crate::plan::preflight::ids;
use crate::world::World;

/// A lock without a record is being taken just now, unless it is older than this.
const BEGINNING: SignedDuration = SignedDuration::from_mins(5);

/// Who holds a stack.
#[derive(Clone, Debug)]
pub(crate) enum Holder {
    /// Nobody.
    Nobody,
    /// A run that is not over.
    Running(Box<Run>),
    /// A run that is over: its lock is a leftover.
    Over(Box<Run>),
    /// Its record is not there.
    NoRecord(Lock),
    /// Its record cannot be read.
    Unreadable(Lock, Refusal),
}

/// Who holds `stack`.
///
/// # Errors
/// The lock cannot be read.
pub(crate) async fn look(world: &impl World, stack: &str) -> Result<Holder, Refusal> {
    let lock = match world.holder(stack).await {
        Seen::Here(lock) => lock,
        Seen::Unknown(refusal) => return Err(refusal),
        Seen::Missing | Seen::NotLooked => return Ok(Holder::Nobody),
    };
    Ok(match world.record(stack, &lock.run).await {
        Seen::Here(run) if run.ended() => Holder::Over(Box::new(run)),
        Seen::Here(run) => Holder::Running(Box::new(run)),
        Seen::Unknown(refusal) => Holder::Unreadable(lock, refusal),
        Seen::Missing | Seen::NotLooked => Holder::NoRecord(lock),
    })
}

/// Makes sure that nobody holds `stack`; a leftover lock is taken away.
///
/// # Errors
/// Somebody holds it (exit 6), or it cannot be told.
pub(crate) async fn clear(cx: &Context, aws: &Aws, stack: &str) -> Result<(), Failure> {
    match inspect(cx, aws, stack).await? {
        Some(run) => release(cx, aws, &run).await,
        None => Ok(()),
    }
}

/// Makes sure that nobody holds `stack`; the finished run whose lock was left over, if there is one.
///
/// # Errors
/// Somebody holds it (exit 6), or it cannot be told.
pub(crate) async fn inspect(cx: &Context, aws: &Aws, stack: &str) -> Result<Option<Box<Run>>, Failure> {
    match look(aws, stack).await.map_err(|refusal| cx.refused("the lock cannot be read", &refusal))? {
        Holder::Nobody => Ok(None),
        Holder::Over(run) => Ok(Some(run)),
        other => Err(busy(cx, aws, stack, &other)),
    }
}

/// Takes the lock of a run that is over away.
///
/// # Errors
/// AWS refuses.
pub(crate) async fn release(cx: &Context, aws: &Aws, run: &Run) -> Result<(), Failure> {
    let unlock = Action::Unlock { stack: run.target.stack.clone(), run: run.id.clone() };
    let done = aws.perform(&unlock).await;
    done.map(drop).map_err(|refusal| cx.refused("the lock of a finished run cannot be taken away", &refusal))
}

/// Another run holds the stack: which, since when, and what can be done.
pub(crate) fn busy(cx: &Context, aws: &Aws, stack: &str, holder: &Holder) -> Failure {
    let now = aws.now();
    let failure = Failure::new(Exit::Busy, "stack-held", format!("another run holds {stack}"));
    let command = |word| cx.command(&[word, stack], Some(aws.region()));
    match holder {
        Holder::Nobody => failure,
        Holder::Running(run) | Holder::Over(run) => failure
            .why(standing(run, now))
            .hint(format!("drive it on: `{}`", command("resume")))
            .hint(format!("or give it up: `{}`", command("abort"))),
        Holder::NoRecord(lock) if old(lock, now) => failure
            .why(format!("{} took the lock{}, and its record is not there", lock.run, since(lock)))
            .hint(format!("find out what it left behind, and tidy up: `{}`", command("resume"))),
        Holder::NoRecord(lock) => failure.why(format!("{} is just beginning{}", lock.run, since(lock))),
        Holder::Unreadable(lock, refusal) => failure
            .why(format!("the record of {} cannot be read: {}", lock.run, refusal.message))
            .hint("a record of a newer stacksnap is left alone: use that version"),
    }
}

/// `my-hub-… is capturing since …`, and whether anybody still drives it.
pub(crate) fn standing(run: &Run, now: Timestamp) -> String {
    let text = format!(
        "{} is {} since {} (begun {})",
        run.id,
        run.phase,
        human::time(run.since),
        human::ago(run.started, now)
    );
    if run.stale(now) {
        let late = human::age(run.next_due, now);
        return format!("{text}; it is stale: nobody has driven it on for {late}");
    }
    text
}

/// Says so on stderr, where a run is stale: any command that meets one does.
pub(crate) fn warn_stale<'a>(cx: &Context, region: &str, runs: impl IntoIterator<Item = &'a Run>, now: Timestamp) {
    for run in runs.into_iter().filter(|run| run.stale(now)) {
        cx.warn(&standing(run, now));
        let resume = cx.command(&["resume", &run.target.stack], Some(region));
        cx.say(&format!("{} `{resume}`", cx.paint().bold("hint:")));
        if run.kind == Kind::Replace && run.trouble.is_some() && run.rebuilt.first.id.is_some() {
            cx.say(&format!("{} or restore the safety backup: `{resume} --roll-back`", cx.paint().bold("hint:")));
        }
    }
}

/// Says so on stderr, where a stack's newest run on record ended without bringing it back.
pub(crate) fn warn_left(cx: &Context, region: &str, runs: &[Run]) {
    for run in left_offline(runs) {
        let stack = run.target.stack.as_str();
        cx.warn(&format!("{} left {stack} offline, and no run on record has brought it back since", run.id));
        let online = cx.command(&["online", stack], Some(region));
        cx.say(&format!("{} if it still is, and should not be: `{online}`", cx.paint().bold("hint:")));
    }
}

/// Runs that ended with their stack offline and are the newest on it.
pub(crate) fn left_offline(runs: &[Run]) -> impl Iterator<Item = &Run> {
    let newer =
        |run: &Run| runs.iter().any(|other| other.target.stack == run.target.stack && other.started > run.started);
    let left = |run: &&Run| run.ending.as_ref().is_some_and(|ending| ending.left_offline);
    runs.iter().filter(left).filter(move |run| !newer(run))
}

/// Says so on stderr, where a run took the stack offline and nobody brought it back, or where the last
/// one ended so.
pub(crate) fn warn_debt(cx: &Context, findings: &[Finding]) {
    for finding in findings.iter().filter(|finding| [ids::DEBT, ids::LEFT_OFFLINE].contains(&finding.id.as_str())) {
        cx.warn(&finding.what);
        cx.say(&format!("{} {}", cx.paint().bold("hint:"), finding.remedy));
    }
}

/// The lock is too old for a run that is just beginning.
pub(crate) fn old(lock: &Lock, now: Timestamp) -> bool {
    lock.since.is_none_or(|since| now.duration_since(since) > BEGINNING)
}

fn since(lock: &Lock) -> String {
    lock.since.map(|since| format!(" at {}", human::time(since))).unwrap_or_default()
}
