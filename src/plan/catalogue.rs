//! The catalogue: halves matched by id, each row told apart.

use jiff::Timestamp;

use crate::model::backup::Backup;
use crate::model::half::{RecoveryPoint, Snapshot};
use crate::model::run::Run;

/// Gathers halves page by page, keeping little of each, and joins them at the end.
#[derive(Debug, Default)]
pub struct Gather {}

impl Gather {
    /// For one stack, by name, or for all.
    pub fn new(_stack: Option<&str>) -> Self {
        Self::default()
    }

    /// Takes a snapshot in; somebody else's is only counted.
    pub fn snapshot(&mut self, _snapshot: Snapshot) {}

    /// Takes a recovery point in, its tags read or not.
    pub fn point(&mut self, _point: RecoveryPoint) {}

    /// Vaults named by the snapshots' tags: where the other halves are.
    pub fn vaults(&self) -> Vec<String> {
        unimplemented!()
    }

    /// ARNs of recovery points that no snapshot names and no plan made: worth reading their tags,
    /// since one of them may be an orphan of ours.
    pub fn unclaimed(&self) -> Vec<String> {
        unimplemented!()
    }

    /// Takes in the tags of an unclaimed recovery point.
    pub fn tags(&mut self, _arn: &str, _tags: crate::model::half::Tags) {}

    /// The rows, the newest first.
    pub fn join(self, _runs: &[Run], _now: Timestamp) -> Catalogue {
        unimplemented!()
    }
}

/// What there is.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// The newest first.
    pub backups: Vec<Backup>,
    /// Manual and automated snapshots of others that were seen.
    pub foreign_snapshots: usize,
    /// Recovery points of others that were seen.
    pub foreign_points: usize,
}
