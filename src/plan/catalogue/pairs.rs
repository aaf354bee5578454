//! Pairs of what others made: a snapshot and the recovery point nearest to it. Nothing proves that they belong
//! together; whoever has nothing better is shown how far apart they are.

use std::collections::BTreeMap;

use crate::model::SnapshotStatus;
use crate::model::backup::{Other, OtherKind, Pair};

/// A stack's cluster and file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// The stack's name.
    pub stack: String,
    /// The DB cluster's identifier.
    pub cluster: String,
    /// The file system's id or ARN.
    pub file_system: String,
}

/// One pair for each available snapshot of a family's cluster, the newest first: with the newest complete recovery
/// point of its file system that is not after it; where there is none, with the oldest after it.
pub fn pairs(others: &[Other], families: &[Family]) -> Vec<Pair> {
    let mut all: Vec<Pair> = families.iter().flat_map(|family| of(others, family)).collect();
    all.sort_by(|a, b| b.database_at.cmp(&a.database_at).then_with(|| a.snapshot.cmp(&b.snapshot)));
    all.dedup_by(|a, b| a.snapshot == b.snapshot);
    all
}

fn of(others: &[Other], family: &Family) -> Vec<Pair> {
    let files = id(&family.file_system);
    let complete = |other: &&Other| matches!(&*other.status, "COMPLETED" | "AVAILABLE") && id(&other.of) == files;
    let points = others.iter().filter(|other| other.what == OtherKind::RecoveryPoint).filter(complete);
    // By instant, so that the nearest is found without looking at each.
    let points: BTreeMap<_, &Other> = points.filter_map(|point| Some((point.created?, point))).collect();
    let available = |other: &&Other| {
        other.what == OtherKind::Snapshot
            && SnapshotStatus::from(&*other.status) == SnapshotStatus::Available
            && *other.of == *family.cluster
    };
    let pair = |snapshot: &Other| {
        let at = snapshot.created?;
        let (files_at, point) = points.range(..=at).next_back().or_else(|| points.range(at..).next())?;
        Some(Pair {
            stack: family.stack.as_str().into(),
            snapshot: snapshot.id.clone(),
            made: snapshot.made.clone(),
            database_at: at,
            recovery_point: point.id.clone(),
            vault: point.vault.clone()?,
            files_at: *files_at,
            skew_s: at.duration_since(*files_at).as_secs().unsigned_abs(),
            files_first: *files_at <= at,
        })
    };
    others.iter().filter(available).filter_map(pair).collect()
}

/// `fs-…`, of an ARN too.
fn id(file_system: &str) -> &str {
    file_system.rsplit('/').next().unwrap_or(file_system)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn snapshot(name: &str, at: i64) -> Other {
        other(OtherKind::Snapshot, name, at, "available", "my-db", None)
    }

    fn point(name: &str, at: i64) -> Other {
        let of = "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-1";
        other(OtherKind::RecoveryPoint, name, at, "COMPLETED", of, Some("my-vault"))
    }

    fn other(what: OtherKind, id: &str, at: i64, status: &str, of: &str, vault: Option<&str>) -> Other {
        Other {
            created: Some(jiff::Timestamp::from_second(at).unwrap()),
            what,
            id: id.into(),
            made: "automated".into(),
            status: status.into(),
            of: of.into(),
            vault: vault.map(Into::into),
        }
    }

    fn family() -> Family {
        Family { stack: "my-hub".to_owned(), cluster: "my-db".to_owned(), file_system: "fs-1".to_owned() }
    }

    fn found(others: &[Other]) -> Vec<(String, String, u64, bool)> {
        let row = |pair: Pair| (pair.snapshot.into(), pair.recovery_point.into(), pair.skew_s, pair.files_first);
        pairs(others, &[family()]).into_iter().map(row).collect()
    }

    #[test]
    fn the_newest_recovery_point_that_is_not_after_the_snapshot_is_taken() {
        let others = [snapshot("s", 1_000), point("old", 100), point("before", 900), point("after", 1_010)];
        assert_eq!(found(&others), [("s".to_owned(), "before".to_owned(), 100, true)]);
        let others = [snapshot("s", 1_000), point("later", 3_000), point("after", 1_010)];
        assert_eq!(found(&others), [("s".to_owned(), "after".to_owned(), 10, false)]);
    }

    #[test]
    fn other_clusters_and_file_systems_and_what_is_not_complete_make_no_pair() {
        let mut strange = point("theirs", 900);
        strange.of = "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-11".into();
        let mut partial = point("partial", 950);
        partial.status = "PARTIAL".into();
        let mut making = snapshot("making", 1_000);
        making.status = "creating".into();
        assert!(found(&[snapshot("s", 1_000), strange, partial]).is_empty());
        assert!(found(&[making, point("p", 900)]).is_empty());
        assert!(pairs(&[snapshot("s", 1_000), point("p", 900)], &[]).is_empty());
    }

    proptest! {
        #[test]
        fn no_recovery_point_that_would_do_better_is_passed_over(
            at in 0..100_i64, points in proptest::collection::vec(0..100_i64, 0..8)
        ) {
            let mut others: Vec<Other> = points.iter().map(|at| point(&format!("p{at}"), *at)).collect();
            others.push(snapshot("s", at));
            let before = points.iter().copied().filter(|point| *point <= at).max();
            let after = points.iter().copied().filter(|point| *point > at).min();
            let wanted = before.or(after).map(|point| format!("p{point}"));
            prop_assert_eq!(found(&others).pop().map(|row| row.1), wanted);
        }
    }
}
