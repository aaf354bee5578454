//! The invariants, by name. Each is a question a user would ask.

pub(crate) mod rebuild;

use stacksnap::engine::{Debt, debt};
use stacksnap::model::run::{Kind, Mode, Outcome, Run};
use stacksnap::model::tags::COMPLETE;

use crate::cloud::{Cloud, Half, Millis, at};

/// What must hold after every event.
pub(crate) fn always(cloud: &Cloud) -> Result<(), String> {
    nothing_foreign_is_touched(cloud)?;
    rebuild::always(cloud)?;
    one_snapshot_and_one_recovery_point_a_run(cloud)?;
    success_only_behind_the_fence(cloud)?;
    complete_means_two_complete_halves(cloud)
}

/// What must hold when nothing moves any more.
pub(crate) fn at_rest(cloud: &Cloud, began: Mode) -> Result<(), String> {
    always(cloud)?;
    every_run_ends(cloud)?;
    the_stack_is_as_its_operator_last_asked(cloud, began)
}

fn nothing_foreign_is_touched(cloud: &Cloud) -> Result<(), String> {
    hold(!cloud.foreign_touched, "nothing foreign is touched")
}

fn one_snapshot_and_one_recovery_point_a_run(cloud: &Cloud) -> Result<(), String> {
    let once = |halves: &[Half]| {
        let ids: Vec<_> = halves.iter().filter_map(|half| half.tags.get("stacksnap:id")).collect();
        ids.iter().all(|id| ids.iter().filter(|other| other == &id).count() == 1)
    };
    hold(once(&cloud.snapshots) && once(&cloud.jobs), "at most one snapshot and one recovery point a run")
}

fn success_only_behind_the_fence(cloud: &Cloud) -> Result<(), String> {
    for run in complete(cloud).filter(|run| matches!(run.kind, Kind::Backup { live: false, .. })) {
        let Some((snapshot, job)) = halves(cloud, run) else { continue };
        let window = (snapshot.created.min(job.created), snapshot.done.max(job.done));
        hold(was_down(cloud, run, window), "success only behind the fence")?;
    }
    Ok(())
}

/// The application was down without interruption over the window. Judged from operations, not from
/// what the run remembers.
fn was_down(cloud: &Cloud, run: &Run, (from, to): (Millis, Millis)) -> bool {
    let history = cloud.history();
    let overlaps =
        history.operations.iter().any(|op| op.began < at(to) && op.ended.is_none_or(|ended| ended > at(from)));
    let before = history
        .operations
        .iter()
        .filter(|op| op.took_effect())
        .find(|op| op.ended.is_some_and(|ended| ended <= at(from)));
    let own_off = before
        .and_then(stacksnap::model::history::Operation::own)
        .is_some_and(|token| token.switch == stacksnap::model::Switch::Off);
    !overlaps && (own_off || run.prior == Some(Mode::Offline))
}

fn complete_means_two_complete_halves(cloud: &Cloud) -> Result<(), String> {
    for run in complete(cloud).filter(|run| matches!(run.kind, Kind::Backup { .. })) {
        let both = halves(cloud, run).is_some_and(|(snapshot, job)| {
            let done = snapshot.done <= cloud.now && job.done <= cloud.now && job.stopped.is_none();
            done && snapshot.tags.contains_key(COMPLETE) && job.tags.contains_key(COMPLETE)
        });
        hold(both, "complete means two complete halves, both marked")?;
    }
    let marked = cloud.snapshots.iter().filter(|half| half.tags.contains_key(COMPLETE));
    for half in marked {
        let partner = cloud.jobs.iter().find(|job| job.tags.get("stacksnap:id") == half.tags.get("stacksnap:id"));
        hold(partner.is_some_and(|job| job.tags.contains_key(COMPLETE)), "the snapshot is marked last")?;
    }
    Ok(())
}

fn every_run_ends(cloud: &Cloud) -> Result<(), String> {
    let open = cloud.records.values().find(|run| !run.ended());
    match open {
        Some(run) => Err(format!("every run ends: {} is in {}", run.id, run.phase)),
        None => hold(cloud.lock.is_none(), "every run ends: the lock is still there"),
    }
}

/// Whoever was put offline comes back; nobody who was put offline by its operator is turned on; a
/// stack that was offline stays so. What may be left is said loudly, or is the operator's to answer.
fn the_stack_is_as_its_operator_last_asked(cloud: &Cloud, began: Mode) -> Result<(), String> {
    let ambiguous = matches!(debt(cloud.mode == Mode::Offline, &cloud.history()), Debt::Ambiguous { .. });
    let loud = cloud.records.values().any(|run| run.ending.as_ref().is_some_and(|ending| ending.left_offline));
    if cloud.mode == cloud.wish || ambiguous || (loud && cloud.mode == Mode::Offline) {
        return Ok(());
    }
    let what = if began == Mode::Offline || cloud.wish == Mode::Offline {
        "nobody who was put offline by its operator is turned on"
    } else {
        "whoever was put offline comes back"
    };
    Err(format!("{what}: the stack is {}, its operator wants {}", cloud.mode, cloud.wish))
}

pub(crate) fn complete(cloud: &Cloud) -> impl Iterator<Item = &Run> {
    let done = |run: &&Run| run.ending.as_ref().is_some_and(|ending| ending.outcome == Outcome::Complete);
    cloud.records.values().filter(done)
}

fn halves<'a>(cloud: &'a Cloud, run: &Run) -> Option<(&'a Half, &'a Half)> {
    let by_id = |half: &&Half| half.tags.get("stacksnap:id").is_some_and(|id| id == run.id.as_str());
    Some((cloud.snapshots.iter().find(by_id)?, cloud.jobs.iter().find(by_id)?))
}

fn hold(holds: bool, name: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(name.to_owned()) }
}
