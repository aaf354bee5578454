//! Which run records are no longer worth keeping.

use crate::model::BackupId;
use crate::model::run::Run;

/// Ended runs whose records are kept, of each stack: for earlier durations, and to tell what failed.
const KEPT: usize = 10;

/// Ended runs but the newest ten. The ones that have not ended, and those that a newer stacksnap
/// wrote, are not ours to delete.
pub fn superfluous(oldest_first: &[Run]) -> impl Iterator<Item = &BackupId> {
    oldest_first.iter().rev().filter(|run| run.ended()).skip(KEPT).map(|run| &run.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::run::Phase;

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
