//! The DB cluster and its snapshots.

use stacksnap::engine::Done;
use stacksnap::model::half::{Cluster, Snapshot, Tags};
use stacksnap::model::run::Run;
use stacksnap::model::{ClusterStatus, Refusal, RefusalKind, Seen, SnapshotStatus};

use super::fates::{JobFate, take};
use super::halves::percent;
use super::{Cloud, at, refusal};

impl Cloud {
    pub(super) fn show_cluster(&self) -> Cluster {
        let changing = self.op.as_ref().is_some_and(|op| op.mode != op.before);
        let status =
            if changing || self.now < self.cluster_busy { ClusterStatus::Modifying } else { ClusterStatus::Available };
        Cluster { id: "my-hub-app-db".into(), arn: "arn:cluster".into(), status, engine: String::new(), kms_key: None }
    }

    pub(super) fn snapshot(&self, run: &Run) -> Seen<Snapshot> {
        let Some(half) = self.snapshots.iter().find(|half| half.id == run.id.as_str()) else {
            return if self.squatter { Seen::Here(squatter(run)) } else { Seen::Missing };
        };
        let done = self.now >= half.done;
        let status = match (self.snapshot_failed, done) {
            (true, true) => SnapshotStatus::Failed,
            (false, true) => SnapshotStatus::Available,
            (_, false) => SnapshotStatus::Creating,
        };
        Seen::Here(Snapshot {
            id: half.id.clone(),
            arn: format!("arn:snapshot/{}", half.id),
            cluster: "my-hub-app-db".into(),
            status,
            manual: true,
            percent: percent(half, self.now),
            created: Some(at(half.created)),
            kms_key: None,
            allocated_gib: None,
            tags: half.tags.clone(),
        })
    }

    pub(super) fn snapshot_pending(&self) -> bool {
        self.snapshots.iter().any(|half| half.done > self.now)
    }

    pub(super) fn create_snapshot(&mut self, id: &str, tags: &[(String, String)]) -> Result<Done, Refusal> {
        if self.squatter || self.snapshots.iter().any(|half| half.id == id) {
            return Err(refusal(RefusalKind::AlreadyExists, "CreateDBClusterSnapshot"));
        }
        if self.show_cluster().status != ClusterStatus::Available {
            return Err(refusal(RefusalKind::WrongState, "CreateDBClusterSnapshot"));
        }
        self.snapshot_failed = take(&mut self.fates.snapshot_fails);
        let half = self.half(id.to_owned(), tags, self.took.snapshot, JobFate::Completes, String::new());
        self.snapshots.push(half);
        Ok(Done::Ok)
    }
}

fn squatter(run: &Run) -> Snapshot {
    Snapshot {
        id: run.id.to_string(),
        arn: "arn:snapshot/somebody-elses".into(),
        cluster: "another".into(),
        status: SnapshotStatus::Available,
        manual: true,
        percent: 100,
        created: Some(at(-5_000_000)),
        kms_key: None,
        allocated_gib: None,
        tags: Tags::new(),
    }
}
