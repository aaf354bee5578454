//! What a restore looks at: the backup's marks, the kept plan, the new stack and its parts.

use jiff::Timestamp;
use stacksnap::engine::{Done, Look, Observation};
use stacksnap::model::half::{Cluster, FileSystem};
use stacksnap::model::history::History;
use stacksnap::model::rebuild::{Aim, Marks, Parts, RestoreJob};
use stacksnap::model::run::{Kind, Run};
use stacksnap::model::{ClusterStatus, Refusal, RefusalKind, Seen, StackStatus, tags};

use super::fates::{RestoreFate, take};
use super::made::New;
use super::{Cloud, refusal};

/// The id of the backup that is restored.
pub(crate) const OLD_BACKUP: &str = "my-hub-20261119-020000";
/// Its recovery point.
pub(crate) const OLD_POINT: &str = "arn:aws:backup:eu-west-1:123456789012:recovery-point:1";

/// The backup that is restored, as its tags say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Restored {
    /// It is there.
    pub there: bool,
    /// Both halves are complete, and marked.
    pub complete: bool,
    pub drilled_snapshot: Option<Timestamp>,
    pub drilled_point: Option<Timestamp>,
    /// So often it was marked as drilled.
    pub marked: u32,
}

impl Default for Restored {
    fn default() -> Self {
        Self { there: true, complete: true, drilled_snapshot: None, drilled_point: None, marked: 0 }
    }
}

impl Restored {
    pub(crate) fn drilled(&self) -> bool {
        self.drilled_snapshot.is_some() && self.drilled_point.is_some()
    }
}

impl Cloud {
    pub(super) fn observe_made(&self, run: &Run, aim: &Aim, look: Look, seen: &mut Observation) {
        if look.plan {
            seen.plan = self.plans.get(run.id.as_str()).map_or(Seen::Missing, |plan| Seen::Here(plan.clone()));
        }
        if look.marks {
            seen.marks = if self.restored.there { Seen::Here(self.marks()) } else { Seen::Missing };
        }
        if look.fresh {
            (seen.fresh, seen.fresh_history) = self.fresh(run, aim);
        }
        let made = run.made().id.as_deref().and_then(|id| self.made.iter().find(|new| &*new.id == id));
        if look.parts {
            let made = made.filter(|new| new.alive());
            seen.parts = Seen::Here(made.map(|new| self.parts(run, new)).unwrap_or_default());
        }
        if look.remains {
            seen.remains = Seen::Here(made.map(|new| self.remains(new)).unwrap_or_default());
        }
        if look.probe {
            let up = !self.fates.silent && made.is_some_and(|new| new.works(self.now));
            seen.probe = Seen::Here(if up { 200 } else { 503 });
        }
    }

    fn marks(&self) -> Marks {
        let Restored { complete, drilled_snapshot, drilled_point, .. } = self.restored.clone();
        Marks {
            snapshot_arn: format!("arn:snapshot/{OLD_BACKUP}"),
            snapshot: complete,
            point: complete,
            drilled: drilled_snapshot.zip(drilled_point).map(|(a, b)| a.min(b)),
            drilled_snapshot,
            drilled_point,
        }
    }

    /// By its ARN for ninety days; by its name, whatever stack has it now.
    fn fresh(&self, run: &Run, aim: &Aim) -> (Seen<stacksnap::model::stack::Stack>, Seen<History>) {
        let found = match run.made().id.as_deref() {
            Some(id) => self.made.iter().find(|new| &*new.id == id),
            None => self.named(&aim.name),
        };
        match found {
            Some(new) => (Seen::Here(new.show()), Seen::Here(new.history())),
            None if run.made().id.is_none() && aim.name == super::STACK && !self.gone() => {
                (Seen::Here(self.stack()), Seen::Here(self.history()))
            }
            None => (Seen::Missing, Seen::Here(History::default())),
        }
    }

    fn parts(&self, run: &Run, new: &New) -> Parts {
        let ready = self.now >= new.ready;
        let status = if ready { ClusterStatus::Available } else { ClusterStatus::Creating };
        let id = format!("{}-app-db-{}", new.name, new.number);
        let files = format!("fs-{}", new.number);
        let arn = format!("arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/{files}");
        let point = |key: &str| new.new.as_ref().and_then(|new| new.parameter(key)).map(str::to_owned);
        let ours = point("RestoreRecoveryPoint").as_deref() == run.restoring();
        let job = RestoreJob {
            id: format!("restore-{}", new.number),
            status: match (ready, new.restore) {
                (_, RestoreFate::Fails) => "FAILED",
                (_, RestoreFate::Aborts) => "ABORTED",
                (true, _) => "COMPLETED",
                (false, _) => "RUNNING",
            }
            .into(),
            message: None,
            created: Some(arn.clone()),
            percent: None,
        };
        let listed = ours && new.restore != RestoreFate::Unlisted;
        let created = new.status != StackStatus::CreateInProgress;
        Parts {
            cluster: Some(Cluster { arn: format!("arn:{id}"), id, status, engine: String::new(), kms_key: None }),
            file_system: created.then(|| FileSystem {
                id: files,
                arn,
                state: "available".into(),
                bytes: None,
                kms_key: None,
            }),
            jobs: if listed { vec![job] } else { Vec::new() },
        }
    }

    /// A tag on the restored backup: `None`, it is not about that.
    pub(super) fn mark(&mut self, arn: &str, tags: &[(String, String)]) -> Option<Result<Done, Refusal>> {
        let snapshot = arn == format!("arn:snapshot/{OLD_BACKUP}");
        if !snapshot && arn != OLD_POINT {
            return None;
        }
        if take(&mut self.fates.mark_denied) {
            return Some(Err(refusal(RefusalKind::Denied, "Tag")));
        }
        if !self.restored.there {
            return Some(Err(refusal(RefusalKind::NotFound, "Tag")));
        }
        self.effects += 1;
        let at = tags.iter().find(|(key, _)| key == tags::DRILLED).and_then(|(_, at)| at.parse().ok());
        let drill = self.records.values().any(|run| run.kind == Kind::Drill);
        if at.is_none() || !(drill || self.records.is_empty()) {
            self.wrong.get_or_insert("only a drill marks a backup as drilled");
        }
        self.restored.marked += 1;
        *(if snapshot { &mut self.restored.drilled_snapshot } else { &mut self.restored.drilled_point }) = at;
        Some(Ok(Done::Ok))
    }
}
