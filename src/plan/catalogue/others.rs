//! What others made: kept only where it is to be shown, since there is no end to it.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::model::backup::{Other, OtherKind};
use crate::model::half::{RecoveryPoint, Snapshot};

/// What others made, and recovery points that may turn out to be theirs.
#[derive(Debug, Default)]
pub(super) struct Others {
    known: Vec<Other>,
    /// By ARN; whether they are ours, only their tags or our snapshots tell.
    open: HashMap<String, Other>,
}

impl Others {
    pub(super) fn snapshot(&mut self, snapshot: &Snapshot) {
        self.known.push(Other {
            created: snapshot.created,
            what: OtherKind::Snapshot,
            id: snapshot.id.as_str().into(),
            made: maker(snapshot).into(),
            status: snapshot.status.as_str().into(),
            of: snapshot.cluster.as_str().into(),
            vault: None,
        });
    }

    pub(super) fn point(&mut self, point: &RecoveryPoint) {
        let other = Other {
            created: point.created,
            what: OtherKind::RecoveryPoint,
            id: point.arn.as_str().into(),
            made: if point.by_plan { "plan" } else { "on-demand" }.into(),
            status: point.status.as_str().into(),
            of: point.resource.as_str().into(),
            vault: Some(point.vault.as_str().into()),
        };
        if point.by_plan {
            self.known.push(other);
        } else {
            self.open.insert(point.arn.clone(), other);
        }
    }

    /// This one is nobody's but somebody else's.
    pub(super) fn is_foreign(&mut self, arn: &str) {
        self.known.extend(self.open.remove(arn));
    }

    /// The newest first, each once.
    pub(super) fn into_list(self) -> Vec<Other> {
        let mut all = self.known;
        all.sort_unstable_by(|a, b| Reverse(a.created).cmp(&Reverse(b.created)).then_with(|| a.id.cmp(&b.id)));
        all.dedup_by(|a, b| a.id == b.id);
        all
    }
}

/// RDS and AWS Backup name theirs `rds:…` and `awsbackup:…`; nobody else's identifier holds a colon.
fn maker(snapshot: &Snapshot) -> &'static str {
    if snapshot.id.starts_with("awsbackup:") {
        "awsbackup"
    } else if snapshot.manual {
        "manual"
    } else {
        "automated"
    }
}
