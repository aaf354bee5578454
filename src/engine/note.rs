//! What the answers to a step's actions add to the run: a job's id, or what was refused.

use jiff::Timestamp;

use super::{Action, Done};
use crate::model::run::{Outcome, Phase, Refused, Run, Trouble};
use crate::model::{Refusal, RefusalKind, Switch};

/// What the answers add to the run. Only facts; what they mean is decided on the next look.
pub fn note(run: &Run, done: &[(Action, Result<Done, Refusal>)], _now: Timestamp) -> Run {
    let mut run = run.clone();
    for (action, answer) in done {
        match answer {
            Ok(done) => accepted(&mut run, action, done),
            Err(refusal) => refused(&mut run, action, refusal),
        }
    }
    run
}

fn accepted(run: &mut Run, action: &Action, done: &Done) {
    match (action, done) {
        (Action::StartBackupJob(job), Done::Job(started)) if job.seed => run.seed = Some(started.clone()),
        (Action::StartBackupJob(_), Done::Job(started)) => run.files = Some(started.clone()),
        (Action::CreateStack { .. }, Done::Stack(id)) => {
            run.made_mut().id.get_or_insert_with(|| id.clone());
        }
        (Action::Unlock { .. }, _) => run.tidied = true,
        _ => {}
    }
}

fn refused(run: &mut Run, action: &Action, refusal: &Refusal) {
    match action {
        Action::CreateSnapshot { .. } if refusal.kind == RefusalKind::AlreadyExists => {}
        Action::StartBackupJob(job) if job.seed => seed_refused(run, refusal),
        Action::CreateSnapshot { .. } | Action::StartBackupJob(_) => fatal(run, refusal),
        Action::CreateChangeSet(set) => switch_refused(run, set.switch, refusal),
        Action::ExecuteChangeSet { switch, .. } => switch_refused(run, *switch, refusal),
        // Throttled is not refused: it is tried again for as long as verifying may take.
        Action::TagPoint { .. } | Action::TagSnapshot { .. } if refusal.kind == RefusalKind::Transient => {}
        Action::TagPoint { .. } | Action::TagSnapshot { .. } => count(run, refusal),
        // The answer was lost, or another driver was first: the next look shows the stack.
        Action::CreateStack { .. } | Action::DeleteStack { .. } | Action::Protect { .. }
            if matches!(refusal.kind, RefusalKind::Transient | RefusalKind::AlreadyExists) => {}
        Action::CreateStack { .. } | Action::DeleteStack { .. } | Action::Protect { .. } => count(run, refusal),
        // Not gone yet, or gone already: what is left is looked for again.
        Action::Clear(_) | Action::DropPlan { .. } => {}
        Action::Unlock { .. } => run.tries = run.tries.saturating_add(1),
        // Not there, or not in the state any more: the next look shows it.
        Action::DeleteChangeSet { .. } | Action::CancelUpdate { .. } | Action::StopBackupJob { .. } => {}
    }
}

/// No seed is no disaster: the offline window is longer, that is all.
fn seed_refused(run: &mut Run, refusal: &Refusal) {
    if !refusal.kind.passes() {
        run.warnings.push(format!("no seed: {refusal}"));
        count(run, refusal);
    }
}

/// A refusal that will not pass fails the run; one that may is tried again within the budget.
fn fatal(run: &mut Run, refusal: &Refusal) {
    let passes = refusal.kind.passes() || matches!(refusal.kind, RefusalKind::Credentials | RefusalKind::AlreadyExists);
    if !passes && run.trouble.is_none() {
        let hint = hint(refusal);
        run.trouble = Some(Trouble { outcome: Outcome::Failed, what: refusal.to_string(), hint });
    }
}

fn switch_refused(run: &mut Run, switch: Switch, refusal: &Refusal) {
    // WrongState, NotFound and AlreadyExists mean that the stack moved on: look again, that is all.
    let moved_on = matches!(refusal.kind, RefusalKind::WrongState | RefusalKind::NotFound | RefusalKind::AlreadyExists);
    if moved_on {
        return;
    }
    if switch == Switch::On {
        // Bringing the stack back is never given up for one refusal.
        if run.phase >= Phase::Resuming && refusal.kind != RefusalKind::Transient {
            count(run, refusal);
        }
    } else {
        fatal(run, refusal);
    }
}

fn count(run: &mut Run, refusal: &Refusal) {
    let times = run.refused.as_ref().map_or(0, |refused| refused.times);
    run.refused = Some(Refused { times: times + 1, last: refusal.clone() });
}

fn hint(refusal: &Refusal) -> Option<String> {
    let hint = match refusal.kind {
        RefusalKind::Quota => {
            "delete manual DB cluster snapshots that are no longer needed, or ask AWS for a higher quota"
        }
        RefusalKind::Denied => {
            "allow the action to the caller (templates/iam/backup-policy.json lists all that a backup needs)"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}
