//! What RDS remembers.

use crate::contents::Copy;
use crate::input::Tags;
use crate::realm::Realm;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// All of RDS in a realm.
#[derive(Clone, Debug)]
pub(crate) struct Databases {
    /// DB clusters by identifier.
    pub(crate) clusters: BTreeMap<String, Cluster>,
    /// DB cluster snapshots by identifier.
    pub(crate) snapshots: BTreeMap<String, Snapshot>,
    /// How many manual cluster snapshots are allowed.
    pub(crate) quota: usize,
}

impl Default for Databases {
    fn default() -> Self {
        Self { clusters: BTreeMap::new(), snapshots: BTreeMap::new(), quota: 100 }
    }
}

impl Databases {
    /// How many manual cluster snapshots there are.
    pub(crate) fn manual(&self) -> usize {
        self.snapshots.values().filter(|each| each.kind == "manual").count()
    }

    /// Marks a cluster `modifying` until then.
    pub(crate) fn modify_until(&mut self, cluster: &str, until: Timestamp) {
        if let Some(cluster) = self.clusters.get_mut(cluster) {
            cluster.status = "modifying".to_owned();
            cluster.then = (until < Timestamp::MAX).then(|| (until, "available".to_owned()));
        }
    }

    /// Why CloudFormation cannot modify a cluster just now.
    pub(crate) fn refuse_change(&self, name: &str, now: Timestamp) -> Option<String> {
        let cluster = self.clusters.get(name)?;
        let creating = |each: &Snapshot| each.cluster == name && each.status(now) == "creating";
        let status = cluster.status(now);
        if status == "available" && !self.snapshots.values().any(creating) {
            return None;
        }
        Some(format!(
            "Resource handler returned message: \"DB cluster {name} is not in the available \
             state. (Service: Rds, Status Code: 400, Error Code: InvalidDBClusterStateFault)\" \
             (HandlerErrorCode: ResourceConflict)"
        ))
    }
}

/// A DB cluster.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    /// The identifier.
    pub(crate) id: String,
    /// The ARN.
    pub(crate) arn: String,
    /// E.g. `aurora-postgresql`.
    pub(crate) engine: String,
    /// E.g. `15.4`.
    pub(crate) engine_version: String,
    /// `serverless` or `provisioned`.
    pub(crate) engine_mode: String,
    /// The KMS key's ARN.
    pub(crate) kms_key: Option<String>,
    /// When it was created.
    pub(crate) created: Timestamp,
    /// The status now.
    pub(crate) status: String,
    /// The status it will have from then on.
    pub(crate) then: Option<(Timestamp, String)>,
    /// Its tags.
    pub(crate) tags: Tags,
    /// Its DB instances.
    pub(crate) instances: Vec<Instance>,
    /// Whether deletion protection is on.
    pub(crate) protected: bool,
    /// `cluster-…`.
    pub(crate) resource_id: String,
}

/// A DB instance of a cluster.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    /// The identifier.
    pub(crate) id: String,
    /// E.g. `db.serverless`.
    pub(crate) class: String,
    /// When it was created.
    pub(crate) created: Timestamp,
    /// When it is `available`.
    pub(crate) ready: Timestamp,
    /// Whether it is being deleted.
    pub(crate) deleting: bool,
}

impl Instance {
    /// An instance that has always been there.
    pub(crate) fn old(id: &str, created: Timestamp) -> Self {
        let class = "db.r6g.large".to_owned();
        Self { id: id.to_owned(), class, created, ready: created, deleting: false }
    }

    /// The status at an instant, given the cluster's.
    pub(crate) fn status<'a>(&self, cluster: &'a str, now: Timestamp) -> &'a str {
        match self {
            _ if self.deleting => "deleting",
            _ if now < self.ready => "creating",
            _ => cluster,
        }
    }
}

impl Cluster {
    /// The status at an instant.
    pub(crate) fn status(&self, now: Timestamp) -> &str {
        match &self.then {
            Some((from, status)) if *from <= now => status,
            _ => &self.status,
        }
    }
}

/// How a snapshot ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SnapshotFate {
    /// `available`.
    Available,
    /// `failed`.
    Failed,
    /// Never: it stays `creating`.
    Stuck,
}

/// A DB cluster snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    /// The identifier.
    pub(crate) id: String,
    /// The cluster's identifier.
    pub(crate) cluster: String,
    /// The cluster as it was.
    pub(crate) source: std::sync::Arc<Cluster>,
    /// `manual` or `automated`.
    pub(crate) kind: &'static str,
    /// The instant it stands for.
    pub(crate) created: Timestamp,
    /// When it is finished.
    pub(crate) done: Timestamp,
    /// How.
    pub(crate) fate: SnapshotFate,
    /// Its tags.
    pub(crate) tags: Tags,
    /// The rows in it.
    pub(crate) copy: Option<Copy>,
    /// Whether it is being deleted.
    pub(crate) deleting: bool,
    /// Accounts that may restore it; `all`: everybody.
    pub(crate) shared: Vec<String>,
}

impl Snapshot {
    /// A snapshot of a cluster, with the rows of that instant.
    pub(crate) fn of(
        realm: &Realm,
        cluster: &Cluster,
        id: &str,
        kind: &'static str,
        at: Timestamp,
        done: Timestamp,
    ) -> Self {
        Self { copy: realm.rows_of(&cluster.id, at), ..Self::blank(cluster, id, kind, at, done) }
    }

    /// The same without any rows.
    pub(crate) fn blank(cluster: &Cluster, id: &str, kind: &'static str, at: Timestamp, done: Timestamp) -> Self {
        Self {
            copy: None,
            shared: Vec::new(),
            deleting: false,
            id: id.to_owned(),
            cluster: cluster.id.clone(),
            source: std::sync::Arc::new(cluster.clone()),
            kind,
            created: at,
            done,
            fate: SnapshotFate::Available,
            tags: Tags::new(),
        }
    }

    /// The status at an instant.
    pub(crate) fn status(&self, now: Timestamp) -> &'static str {
        match self.fate {
            _ if self.deleting => "deleting",
            _ if now < self.done => "creating",
            SnapshotFate::Available => "available",
            SnapshotFate::Failed => "failed",
            SnapshotFate::Stuck => "creating",
        }
    }

    /// How far it is, 0 to 100.
    pub(crate) fn percent(&self, now: Timestamp) -> i64 {
        let whole = self.done.duration_since(self.created).as_secs_f64().max(0.001);
        let gone = now.duration_since(self.created).as_secs_f64();
        match self.status(now) {
            "available" | "deleting" => 100,
            #[expect(clippy::cast_possible_truncation, reason = "between 0 and 99")]
            _ => (gone / whole * 100.0).clamp(0.0, 99.0) as i64,
        }
    }
}
