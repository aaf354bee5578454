//! Seeding: an online recovery point first. EFS recovery points are incremental, so the one taken
//! while the stack is offline copies only what changed since.

use jiff::SignedDuration;

use crate::engine::action::NewJob;
use crate::engine::turn::Turn;
use crate::engine::{Action, Look, Seed, Step, first_look, labels, pace};
use crate::model::half::Job;
use crate::model::run::Phase;
use crate::model::{JobState, Seen};

/// A complete recovery point younger than this is seed enough.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

pub(super) fn step(mut turn: Turn<'_>) -> Step {
    if turn.run.abort {
        if let Some(Seed::Job(job)) =
            turn.seen.seed.here().filter(|seed| matches!(seed, Seed::Job(job) if job.state.active()))
        {
            turn.actions.push(Action::StopBackupJob { id: job.id.clone() });
        }
        turn.trouble(crate::model::run::Outcome::Aborted, "the run was given up before the stack was touched", "");
        return turn.to(Phase::Resuming);
    }
    if !turn.seen.look.covers(first_look(&turn.run)) {
        return turn.look_now();
    }
    match &turn.seen.seed {
        Seen::Here(Seed::Job(job)) => running(turn, job),
        Seen::Here(Seed::Newest(newest)) => {
            let newest = *newest;
            let fresh = newest.is_some_and(|at| turn.now.duration_since(at) < FRESH);
            if fresh || turn.run.refused.is_some() { turn.to(Phase::GoingOffline) } else { start(turn) }
        }
        Seen::Unknown(refusal) => skip_or_wait(turn, refusal),
        Seen::Missing | Seen::NotLooked => turn.to(Phase::GoingOffline),
    }
}

fn start(mut turn: Turn<'_>) -> Step {
    let target = &turn.run.target;
    turn.actions.push(Action::StartBackupJob(NewJob {
        file_system: target.file_system.clone(),
        vault: target.vault.clone(),
        role: target.role.clone(),
        token: format!("{}-seed", turn.run.id),
        tags: labels::seed(&turn.run),
        seed: true,
    }));
    turn.look_again(SignedDuration::from_secs(10))
}

fn running(mut turn: Turn<'_>, job: &Job) -> Step {
    if job.state == JobState::Completed {
        return turn.to(Phase::GoingOffline);
    }
    if job.state.lost() {
        turn.warn(format!("the seed was not completed ({}); the offline window will be longer", job.state));
        return turn.to(Phase::GoingOffline);
    }
    let elapsed = job.created.map_or(0.0, |at| turn.now.duration_since(at).as_secs_f64().max(0.0));
    let wait = pace::lazy(
        pace::Awaited { elapsed, expected: turn.run.expected.job, percent: job.percent },
        &turn.run.id,
        turn.now,
    );
    turn.wait(wait, Look { record: true, seed: true, ..Look::NONE })
}

/// The seed is a convenience: what hides it for long does not stop the backup.
fn skip_or_wait(mut turn: Turn<'_>, refusal: &crate::model::Refusal) -> Step {
    if refusal.kind.passes() && turn.since_phase() < SignedDuration::from_mins(5) {
        return turn.look_again(SignedDuration::from_secs(5));
    }
    turn.warn(format!("no seed: {refusal}"));
    turn.to(Phase::GoingOffline)
}
