//! Runs that somebody began and nobody ended: found by their lock, by their record, or, where both
//! are lost, by the debt that CloudFormation's event history shows.

use jiff::SignedDuration;

use super::args::TopologyFlags;
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::holder::{self, Holder};
use super::signals::Signals;
use super::{begin, catalogue, finish, nothing, take};
use crate::aws::Aws;
use crate::engine::{self, Action, Look, Observation, Rescue, rescue};
use crate::model::finding::Finding;
use crate::model::rebuild::Aim;
use crate::model::run::{Kind, Lock, Options, Run};
use crate::model::survey::Survey;
use crate::model::{BackupId, Seen};
use crate::plan::{self, preflight::Ask};
use crate::world::World;

/// A run that is not over.
pub(crate) enum Unfinished {
    /// It has its lock and its record.
    Held(Box<Run>),
    /// It has its record; its lock is gone.
    Unlocked(Box<Run>),
    /// Its lock is there and its record is lost.
    Lost,
    /// There is none.
    None,
}

/// Finds it; what a finished run left lying is tidied up.
///
/// # Errors
/// It cannot be read (a newer stacksnap wrote it), or it is just beginning.
pub(crate) async fn find(cx: &Context, aws: &Aws, stack: &str) -> Result<Unfinished, Failure> {
    let holder = holder::look(aws, stack).await.map_err(|refusal| cx.refused("the lock cannot be read", &refusal))?;
    match holder {
        Holder::Running(run) => return Ok(Unfinished::Held(run)),
        Holder::NoRecord(lock) if holder::old(&lock, aws.now()) => return Ok(Unfinished::Lost),
        Holder::NoRecord(_) => return Err(holder::busy(cx, aws, stack, &holder)),
        Holder::Unreadable(_, refusal) => {
            return Err(cx.refused("the run's record cannot be read, so it is left alone", &refusal));
        }
        Holder::Over(run) => finish::tidy(cx, aws, *run).await,
        Holder::Nobody => {}
    }
    let runs = catalogue::runs(cx, aws, Some(stack)).await;
    let newest = runs.into_iter().rev().find(|run| !run.ended() && run.target.stack == stack);
    Ok(newest.map_or(Unfinished::None, |run| Unfinished::Unlocked(Box::new(engine::unlocked(run)))))
}

/// A drill of one of the stack's backups that is not over: a replacement may have died during its own.
pub(crate) async fn rehearsal(cx: &Context, aws: &Aws, stack: &str) -> Option<Run> {
    let source = |run: &Run| run.target.aim.as_ref().and_then(Aim::source_name);
    let of_stack = |run: &Run| run.kind == Kind::Drill && !run.ended() && source(run).as_deref() == Some(stack);
    catalogue::runs(cx, aws, None).await.into_iter().rev().find(of_stack)
}

/// The newest run of that name made a new stack, and is over: it owes nothing, and the stack may be gone again.
pub(crate) async fn made(cx: &Context, aws: &Aws, stack: &str) -> bool {
    let runs = catalogue::runs(cx, aws, Some(stack)).await;
    runs.last().is_some_and(|run| run.ended() && matches!(run.kind, Kind::Restore | Kind::Drill))
}

/// Drives a run on from here.
///
/// # Errors
/// It did not go well.
pub(crate) async fn drive(cx: &Context, aws: &Aws, run: Run) -> Result<Exit, Failure> {
    let signals = Signals::listen();
    finish::drive(cx, aws, run, finish::manner(cx, None, false), signals).await
}

/// Takes the lock again, and drives the run on.
///
/// # Errors
/// Somebody else has the lock, or it did not go well.
pub(crate) async fn relock(cx: &Context, aws: &Aws, run: Run) -> Result<Exit, Failure> {
    take::take(cx, aws, &run).await?;
    drive(cx, aws, run).await
}

/// What a stack owes, when everything about it was looked at.
pub(crate) enum Owed {
    /// Nothing.
    Nothing,
    /// This run is to be driven; its lock is taken.
    Run(Box<Run>),
    /// It cannot be told, for these findings.
    Refused(Vec<Finding>),
}

/// The run of `stack` that has to be driven, whoever began it; its lock is there.
///
/// # Errors
/// It cannot be told (exit 3 where nobody may guess), or somebody else has the lock (6).
pub(crate) async fn to_drive(cx: &Context, aws: &Aws, stack: &str, flags: &TopologyFlags) -> Result<Owed, Failure> {
    match find(cx, aws, stack).await? {
        Unfinished::Held(run) => Ok(Owed::Run(run)),
        Unfinished::Unlocked(run) => {
            take::take(cx, aws, &run).await?;
            Ok(Owed::Run(run))
        }
        Unfinished::Lost | Unfinished::None => owed(cx, aws, stack, flags, false).await,
    }
}

/// The debt rule: is the stack offline because a run that nobody remembers took it there? If not, `nothing` is said.
///
/// # Errors
/// It cannot be told (exit 3 where nobody may guess), or bringing the stack back failed.
pub(crate) async fn settle(
    cx: &Context,
    aws: &Aws,
    stack: &str,
    flags: &TopologyFlags,
    nothing: &str,
) -> Result<Exit, Failure> {
    match owed(cx, aws, stack, flags, false).await? {
        Owed::Nothing => nothing::to_do(cx, stack, nothing),
        Owed::Run(run) => drive(cx, aws, *run).await,
        Owed::Refused(findings) => begin::refuse(cx, stack, findings),
    }
}

/// What a stack owes that no record and no lock tells of.
///
/// # Errors
/// It cannot be told (exit 3 where nobody may guess); or, where one is `patient`, it was tried in vain within the hour.
pub(crate) async fn owed(
    cx: &Context,
    aws: &Aws,
    stack: &str,
    flags: &TopologyFlags,
    patient: bool,
) -> Result<Owed, Failure> {
    let mut survey = cx.survey(aws, stack, flags).await?;
    let mut lock = std::mem::replace(&mut survey.lock, Seen::Missing);
    // Which run it is for is known only after the history was read; until then any id will do.
    let run = match planned(cx, aws, &survey, BackupId::new(stack, aws.now())) {
        Ok(run) => run,
        Err(findings) => return Ok(Owed::Refused(findings)),
    };
    let seen = aws.observe(&run, Look { record: false, ..Look::STACK }).await;
    loop {
        match judge(cx, aws, &run, &seen, &lock)? {
            Rescue::Nothing => return Ok(Owed::Nothing),
            Rescue::Wait => return Err(wait(cx, aws, stack)),
            Rescue::Drive(run) => return locked(cx, aws, *run).await,
            Rescue::Ask { of, foreign } => return Err(ambiguous(cx, aws, stack, &of, foreign)),
            Rescue::DropLock { run } => {
                unlock(cx, aws, stack, &run).await?;
                lock = Seen::Missing;
            }
            Rescue::PayDebt { of } if patient && in_vain(cx, aws, stack, &of).await => {
                return Err(not_again(cx, aws, stack, &of));
            }
            Rescue::PayDebt { of } => {
                cx.warn(&format!("{of} took {stack} offline and never brought it back"));
                if let Some(lock) = lock.here() {
                    unlock(cx, aws, stack, &lock.run).await?;
                }
                let run = take::free(aws, Run { kind: Kind::Home { of }, ..run }).await?;
                return locked(cx, aws, run).await;
            }
        }
    }
}

/// Within the last hour a run has tried to pay this debt, and left the stack offline: three updates each time, for nothing.
async fn in_vain(cx: &Context, aws: &Aws, stack: &str, of: &BackupId) -> bool {
    let runs = catalogue::runs(cx, aws, Some(stack)).await;
    let newest = runs.iter().rev().find(|run| matches!(&run.kind, Kind::Home { of: paid } if paid == of));
    let ending = newest.and_then(|run| run.ending.as_ref()).filter(|ending| ending.left_offline);
    ending.is_some_and(|ending| aws.now().duration_since(ending.at) < SignedDuration::from_hours(1))
}

fn not_again(cx: &Context, aws: &Aws, stack: &str, of: &BackupId) -> Failure {
    let what = format!("{stack} is offline, and could not be brought back");
    Failure::new(Exit::StillOffline, "tried-in-vain", what)
        .why(format!("{of} took it offline; the last attempt to bring it back failed within the hour"))
        .hint(format!("see why: `{}`", cx.command(&["status", stack], Some(aws.region()))))
        .hint(format!("then: `{}`", cx.command(&["online", stack], Some(aws.region()))))
}

async fn locked(cx: &Context, aws: &Aws, run: Run) -> Result<Owed, Failure> {
    take::take(cx, aws, &run).await?;
    Ok(Owed::Run(Box::new(run)))
}

fn judge(cx: &Context, aws: &Aws, run: &Run, seen: &Observation, lock: &Seen<Lock>) -> Result<Rescue, Failure> {
    let (Some(stack), Some(history)) = (seen.stack.here(), seen.history.here()) else {
        return Err(match seen.refusal() {
            Some(refusal) => cx.refused("the stack's history cannot be read", refusal),
            None => Failure::new(Exit::NotFound, "stack-not-found", "the stack is gone"),
        });
    };
    let switch = run.target.switch.as_ref();
    // A stack that cannot go offline owes nothing.
    Ok(switch.map_or(Rescue::Nothing, |switch| rescue(lock, &[], stack, history, switch, aws.now())))
}

fn planned(cx: &Context, aws: &Aws, survey: &Survey, of: BackupId) -> Result<Run, Vec<Finding>> {
    let ask = Ask { switch_only: true, ..Ask::default() };
    let profile = cx.profile_of(survey);
    plan::backup::plan(survey, profile.as_ref(), Kind::Home { of }, Options::default(), ask, aws.now())
        .map(|plan| plan.0)
}

async fn unlock(cx: &Context, aws: &Aws, stack: &str, run: &BackupId) -> Result<(), Failure> {
    let done = aws.perform(&Action::Unlock { stack: stack.to_owned(), run: run.clone() }).await;
    done.map(drop).map_err(|refusal| cx.refused("the lock of a lost run cannot be taken away", &refusal))
}

fn wait(cx: &Context, aws: &Aws, stack: &str) -> Failure {
    Failure::new(Exit::Busy, "unsettled", format!("it cannot be told yet whether {stack} owes anything"))
        .why("a run is just beginning, or an update of the stack is under way")
        .hint(format!("try again in a few minutes: `{}`", cx.command(&["resume", stack], Some(aws.region()))))
}

/// Nobody guesses whether the operator meant it.
fn ambiguous(cx: &Context, aws: &Aws, stack: &str, of: &BackupId, foreign: usize) -> Failure {
    let what = format!("{stack} is offline, and it cannot be told whether it should be");
    Failure::new(Exit::StillOffline, "ambiguous-debt", what)
        .why(format!("{of} took it offline, but {foreign} updates of somebody else came after that"))
        .hint(format!("if it should be online: `{}`", cx.command(&["online", stack], Some(aws.region()))))
        .hint("if it should be offline: leave it so; nothing was changed")
}
