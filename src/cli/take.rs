//! Taking a stack: a free id, the lock, the first record.

use std::hash::{BuildHasher, Hasher, RandomState};

use jiff::SignedDuration;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::holder;
use crate::aws::Aws;
use crate::engine::{Look, Observation};
use crate::model::run::{Ending, Lock, Outcome, Phase, Run};
use crate::model::{BackupId, Refusal, RefusalKind, Seen};
use crate::world::{Locked, World};

/// Attempts to save the first record: without it nothing is begun.
const SAVES: u8 = 3;
/// Seconds that are tried for an id that nothing bears yet.
const SECONDS: u8 = 60;

/// The run under the first id, from its own second on, that nothing bears: a run that began and ended
/// in the same second, or a clock that was put back, has left a record or a snapshot behind.
///
/// # Errors
/// A minute's ids are all taken.
pub(crate) async fn free(aws: &Aws, mut run: Run) -> Result<Run, Failure> {
    let look = Look { record: true, snapshot: true, ..Look::NONE };
    for _ in 0..SECONDS {
        if !taken(&aws.observe(&run, look).await) {
            return Ok(run);
        }
        run.id = next(&run);
    }
    let what = format!("every backup id from {} on is taken", BackupId::new(&run.target.stack, run.started));
    Err(Failure::new(Exit::Failed, "ids-taken", what)
        .why("an id is the second in which its run begins; nothing was touched")
        .hint("look whether this machine's clock is right, and try again in a minute"))
}

/// A record that cannot be read is somebody's, and is not written over.
fn taken(seen: &Observation) -> bool {
    let unreadable = seen.record.refusal().is_some_and(|refusal| refusal.kind == RefusalKind::Invalid);
    unreadable || seen.record.here().is_some() || seen.snapshot.here().is_some()
}

fn next(run: &Run) -> BackupId {
    let at = run.id.at().unwrap_or(run.started);
    let later = at.saturating_add(SignedDuration::from_secs(1)).unwrap_or(at);
    BackupId::new(&run.target.stack, later)
}

/// Takes the lock and saves the record, in this order: a record without a lock could be anybody's.
///
/// # Errors
/// Somebody else has it, or AWS refuses. Nothing is left behind.
pub(crate) async fn take(cx: &Context, aws: &Aws, run: &Run) -> Result<(), Failure> {
    taken_for(cx, aws, run, false).await
}

/// The same for a run that begins: a record that is there already is not written over. Whoever was held up between his look
/// and the lock may find that another one has had the run meanwhile, from its beginning to its end.
///
/// # Errors
/// See [`take`]; busy where there is a record.
pub(crate) async fn begin(cx: &Context, aws: &Aws, run: &Run) -> Result<(), Failure> {
    taken_for(cx, aws, run, true).await
}

async fn taken_for(cx: &Context, aws: &Aws, run: &Run, first: bool) -> Result<(), Failure> {
    lock(cx, aws, run).await?;
    let mut saved = save(aws, run, first).await;
    for _ in 1..SAVES {
        if saved.as_ref().err().is_none_or(there) {
            break;
        }
        saved = save(aws, run, first).await;
    }
    let Err(refusal) = saved else { return Ok(()) };
    if there(&refusal) {
        drop(holder::release(cx, aws, run).await);
        let what = format!("the run {} has been begun already", run.id);
        return Err(Failure::new(Exit::Busy, "begun-already", what)
            .why("another process has had it meanwhile; nothing was touched")
            .hint(format!("see how it ended: `{}`", cx.command(&["status", &run.target.stack], Some(aws.region())))));
    }
    // It may be there all the same, its answers lost: then this, too, gets through, and nobody takes
    // the run for one that is under way.
    if run.phase == Phase::Preflight {
        drop(aws.save(&unbegun(run, &refusal)).await);
    }
    drop(holder::release(cx, aws, run).await);
    Err(cx.refused("the run's record cannot be saved, so nothing was begun", &refusal))
}

async fn save(aws: &Aws, run: &Run, first: bool) -> Result<(), Refusal> {
    if first { aws.begin_record(run).await } else { aws.save(run).await }
}

fn there(refusal: &Refusal) -> bool {
    refusal.kind == RefusalKind::AlreadyExists
}

fn unbegun(run: &Run, refusal: &Refusal) -> Run {
    let why = format!("the run's record could not be saved, so nothing was begun: {refusal}");
    let ending = Ending { outcome: Outcome::Refused, at: run.started, why: Some(why), hint: None, left_offline: false };
    Run { phase: Phase::Done, ending: Some(ending), ..run.clone() }
}

async fn lock(cx: &Context, aws: &Aws, run: &Run) -> Result<(), Failure> {
    let stack = run.target.stack.as_str();
    let lock = Lock { run: run.id.clone(), stack_id: run.target.stack_id.clone(), holder: Some(nonce()), since: None };
    match aws.lock(stack, &lock).await {
        Ok(Locked::Taken) => return Ok(()),
        Ok(Locked::Held(_)) => {}
        Err(refusal) if refusal.kind == RefusalKind::Transient => match aws.holder(stack).await {
            // The answer was lost, not the lock.
            Seen::Here(held) if held.same(&lock) => return Ok(()),
            Seen::Here(_) => {}
            _ => return Err(cx.refused("the lock cannot be taken", &refusal)),
        },
        Err(refusal) => return Err(cx.refused("the lock cannot be taken", &refusal)),
    }
    let holder = holder::look(aws, stack).await.map_err(|refusal| cx.refused("the lock cannot be read", &refusal))?;
    Err(holder::busy(cx, aws, stack, &holder))
}

/// Sixty-four bits from the system's dice, by way of the keys every hash map is given.
fn nonce() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::samples;

    #[test]
    fn two_machines_draw_different_numbers() {
        assert_ne!(nonce(), nonce());
        assert_eq!(nonce().len(), 16);
    }

    #[test]
    fn the_next_id_is_a_second_later() {
        let run = samples::run(serde_json::json!({ "id": "my-hub-20261231-235959" }));
        assert_eq!(next(&run).as_str(), "my-hub-20270101-000000");
    }
}
