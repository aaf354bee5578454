//! The invariants of runs that make a new stack of a backup.

use stacksnap::engine::{Debt, debt};
use stacksnap::model::StackStatus;
use stacksnap::model::rebuild::Thing;
use stacksnap::model::run::{Ending, Kind, Mode, Outcome, Run};

use super::hold;
use crate::cloud::{Cloud, New, OLD_BACKUP};

/// What must hold after every event.
pub(crate) fn always(cloud: &Cloud) -> Result<(), String> {
    if let Some(broken) = cloud.wrong {
        return Err(broken.to_owned());
    }
    if cloud.made.is_empty() && cloud.touched == 0 {
        return Ok(());
    }
    restores_and_drills_never_touch_the_source(cloud)?;
    complete_means_what_it_says(cloud)
}

/// What must hold when nothing moves any more; `halted`: what the run says that stands still.
pub(crate) fn at_rest(cloud: &Cloud, halted: Option<&str>) -> Result<(), String> {
    always(cloud)?;
    let open = cloud.records.values().find(|run| !run.ended());
    hold(open.is_none() || halted.is_some(), "every run ends, or says why it stands still")?;
    if open.is_none() {
        hold(cloud.lock.is_none(), "every run ends: the lock is still there")?;
    }
    for run in cloud.records.values() {
        match run.kind {
            Kind::Drill => a_drill_leaves_nothing_behind(cloud, run)?,
            Kind::Replace => {
                what_is_said_of_the_old_stack_is_true(cloud, run)?;
                rollback_ends_with_a_working_stack_or_loudly(cloud, run, halted)?;
            }
            _ => {}
        }
    }
    the_old_stack_is_deleted_on_purpose_or_back(cloud, halted)
}

fn restores_and_drills_never_touch_the_source(cloud: &Cloud) -> Result<(), String> {
    let harmless = |run: &Run| matches!(run.kind, Kind::Restore | Kind::Drill);
    let only = !cloud.records.is_empty() && cloud.records.values().all(harmless);
    hold(!only || cloud.touched == 0, "a restore never changes an existing stack, a drill never touches the source")
}

fn complete_means_what_it_says(cloud: &Cloud) -> Result<(), String> {
    for run in super::complete(cloud) {
        match run.kind {
            Kind::Drill => hold(cloud.restored.drilled(), "a complete drill has marked both halves")?,
            Kind::Restore | Kind::Replace => {
                let of_backup = |new: &New| {
                    let from = new.new.as_ref().and_then(|plan| plan.parameter("RestoreSnapshot"));
                    new.of(run.id.as_str()) && from == Some(OLD_BACKUP)
                };
                hold(cloud.made.iter().any(of_backup), "a complete restore has made a stack of the backup")?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Not a stack, and nothing of one; what cannot be deleted is listed.
fn a_drill_leaves_nothing_behind(cloud: &Cloud, run: &Run) -> Result<(), String> {
    let Some(ending) = &run.ending else { return Ok(()) };
    let stack = cloud.made.iter().find(|new| new.of(run.id.as_str()) && new.alive());
    // A stack that somebody else deleted before the run ever saw it, nobody finds by its name.
    let known = |new: &New| new.deleted_by_run() || run.rebuilt.first.id.as_deref() == Some(&*new.id);
    let litter: Vec<&Thing> = cloud.litter_of(ending.at, known).collect();
    if stack.is_none() && litter.is_empty() {
        return Ok(());
    }
    let said = said(ending) + &run.warnings.join("; ");
    let listed =
        stack.is_none_or(|new| said.contains(&*new.name)) && litter.iter().all(|thing| said.contains(thing.id()));
    hold(ending.outcome != Outcome::Complete && listed, "a drill leaves nothing behind, or says what")
}

/// It never says that nothing was deleted when it was.
fn what_is_said_of_the_old_stack_is_true(cloud: &Cloud, run: &Run) -> Result<(), String> {
    let Some(ending) = &run.ending else { return Ok(()) };
    let said = said(ending);
    let denies = said.contains("nothing was deleted") || said.contains("before anything was deleted");
    hold(!(denies && deleted_by(cloud, run)), "what is said of the old stack is true")
}

fn rollback_ends_with_a_working_stack_or_loudly(cloud: &Cloud, run: &Run, halted: Option<&str>) -> Result<(), String> {
    if !deleted_by(cloud, run) {
        return Ok(());
    }
    let safety = |new: &New| {
        let parameter = |key: &str| new.new.as_ref().and_then(|plan| plan.parameter(key)).map(str::to_owned);
        let point = run.files.as_ref().and_then(|files| files.point.clone());
        parameter("RestoreSnapshot").as_deref() == Some(run.id.as_str()) && parameter("RestoreRecoveryPoint") == point
    };
    let proven = |made: &stacksnap::model::rebuild::Made| made.proven.is_some().then(|| made.id.clone()).flatten();
    let first = proven(&run.rebuilt.first);
    let second = proven(&run.rebuilt.second);
    let works = cloud.made.iter().any(|new| {
        let id = Some(new.id.to_string());
        new.alive() && (id == first || (id == second && safety(new)))
    });
    let gone_since = [&first, &second]
        .into_iter()
        .flatten()
        .any(|id| cloud.made.iter().any(|new| new.id.as_ref() == id.as_str() && !new.alive()));
    let loud = match (&run.ending, halted) {
        (Some(ending), _) => ending.left_offline && said(ending).contains(run.id.as_str()),
        (None, Some(said)) => said.contains(run.id.as_str()) || said.contains("resume"),
        (None, None) => false,
    };
    hold(works || gone_since || loud, "rollback ends with a working stack, or loudly with the safety backup's name")
}

fn the_old_stack_is_deleted_on_purpose_or_back(cloud: &Cloud, halted: Option<&str>) -> Result<(), String> {
    if cloud.gone() || halted.is_some() {
        return Ok(());
    }
    let loud = cloud.records.values().any(|run| run.ending.as_ref().is_some_and(|ending| ending.left_offline));
    let ambiguous = matches!(debt(cloud.mode == Mode::Offline, &cloud.history()), Debt::Ambiguous { .. });
    let half = cloud.status == StackStatus::DeleteFailed;
    let back = cloud.mode == cloud.wish && !half;
    hold(
        back || loud || (ambiguous && !half),
        "the old stack is deleted on purpose, or back in the mode it had, or it is said loudly",
    )
}

/// The run deleted the old stack, not its operator.
fn deleted_by(cloud: &Cloud, run: &Run) -> bool {
    let newest = cloud.history().operations.into_iter().next();
    let token = format!("ss-delete-{}-", run.id);
    cloud.gone() && newest.and_then(|op| op.token).is_some_and(|there| there.starts_with(&token))
}

fn said(ending: &Ending) -> String {
    format!("{} {} ", ending.why.as_deref().unwrap_or_default(), ending.hint.as_deref().unwrap_or_default())
}
