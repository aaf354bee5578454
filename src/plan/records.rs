//! Which run records are no longer worth keeping.

use crate::model::BackupId;
use crate::model::run::{Kind, Run};

/// Ended runs whose records are kept, of each stack: for earlier durations, and to tell what failed.
const KEPT: usize = 10;

/// Ended runs but the newest ten. The ones that have not ended, and those that a newer stacksnap
/// wrote, are not ours to delete.
pub fn superfluous(oldest_first: &[Run]) -> impl Iterator<Item = &BackupId> {
    oldest_first.iter().rev().filter(|run| run.ended()).skip(KEPT).map(|run| &run.id)
}

/// Beside so many records, one more is superfluous for none.
pub fn room(count: usize) -> bool {
    count < KEPT
}

/// Ended drills of the same stack but the newest ten, each with its stack: every drill has a name of its own, and would
/// leave a record for ever.
pub fn superfluous_drills<'a>(oldest_first: &'a [Run], of: &Run) -> impl Iterator<Item = (&'a str, &'a BackupId)> {
    let source = of.target.aim.as_ref().map(|aim| aim.source.clone()).filter(|_| of.kind == Kind::Drill);
    let like = move |run: &&Run| {
        let aim = run.target.aim.as_ref();
        run.kind == Kind::Drill && run.ended() && source.is_some() && aim.map(|aim| &aim.source) == source.as_ref()
    };
    let drills = oldest_first.iter().rev().filter(like).skip(KEPT);
    drills.map(|run| (run.target.stack.as_str(), &run.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::run::Phase;

    #[test]
    fn of_each_stacks_drills_the_ten_newest_stay() {
        let at = |n: i64| jiff::Timestamp::from_second(1_795_140_000 + n * 86_400).unwrap();
        let drill = |n: i64, source: &str| {
            let mut run = crate::plan::fixture::run(at(n));
            let mut target = crate::model::run::Target::clone(&run.target);
            target.stack = format!("{source}-drill-{n}");
            target.aim = Some(crate::plan::fixture::aim(source));
            run.target = target.into();
            Run { kind: Kind::Drill, phase: Phase::Done, ..run }
        };
        let runs: Vec<Run> = (0..12).map(|n| drill(n, "a")).chain((12..14).map(|n| drill(n, "b"))).collect();
        let gone = |of: &Run| superfluous_drills(&runs, of).map(|(stack, _)| stack.to_owned()).collect::<Vec<_>>();
        assert_eq!(gone(&runs[11]), ["a-drill-1", "a-drill-0"]);
        assert_eq!(gone(&runs[13]), Vec::<String>::new());
        assert_eq!(gone(&crate::plan::fixture::run(at(20))), Vec::<String>::new(), "a backup is no drill");
    }

    #[test]
    fn the_ten_newest_and_whatever_has_not_ended_stay() {
        let at = |n: i64| jiff::Timestamp::from_second(1_795_140_000 + n * 86_400).unwrap();
        let mut runs: Vec<Run> = (0..13).map(|n| crate::plan::fixture::run(at(n))).collect();
        for run in runs.iter_mut().skip(1) {
            run.phase = Phase::Done;
        }
        let gone: Vec<&BackupId> = superfluous(&runs).collect();
        assert_eq!(gone, [&runs[2].id, &runs[1].id]);
    }
}
