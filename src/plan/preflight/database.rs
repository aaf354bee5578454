//! The database's half: the cluster, and room for one more snapshot.

use jiff::{SignedDuration, Timestamp};

use crate::model::finding::Finding;
use crate::model::half::Cluster;
use crate::model::survey::Quota;
use crate::model::{ClusterStatus, Seen};
use crate::plan::prune::Forecast;

use super::{Look, error, ids, info, unseen, warning};

/// A quota that is used up sooner than this is worth a warning.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Below this many snapshots left, a warning.
const FEW: u64 = 5;

pub(super) fn findings(look: &Look<'_>) -> Vec<Finding> {
    let survey = look.survey;
    let mut all: Vec<Finding> = unseen::essential("the DB cluster", &survey.cluster).into_iter().collect();
    match &survey.cluster {
        Seen::Missing => all.push(missing(look)),
        Seen::Here(cluster) => all.extend(status(cluster)),
        _ => {}
    }
    all.extend(unseen::nicety("the snapshot quota", &survey.quota));
    all.extend(survey.quota.here().map(quota));
    all
}

fn missing(look: &Look<'_>) -> Finding {
    let found = look.topology().map(|topology| &topology.cluster);
    let what = found.map(|f| format!("DB cluster {} ({}) does not exist", f.value, f.from)).unwrap_or_default();
    error(
        ids::NO_CLUSTER,
        what,
        "Half of the backup is a snapshot of this cluster.",
        "Somebody deleted or renamed it outside the stack: name the right one with --cluster.",
    )
}

fn status(cluster: &Cluster) -> Option<Finding> {
    let what = format!("DB cluster {} is {}", cluster.id, cluster.status);
    let why = "RDS takes a DB cluster snapshot only of a cluster that is available.";
    if cluster.status == ClusterStatus::Available {
        None
    } else if cluster.status.hopeless() {
        Some(error(ids::CLUSTER_UNUSABLE, what, why, unusable(cluster)))
    } else {
        Some(warning(
            ids::CLUSTER_BUSY,
            what,
            why,
            "A backup waits up to ten minutes for it before anything is touched.",
        ))
    }
}

fn unusable(cluster: &Cluster) -> String {
    match cluster.status {
        ClusterStatus::Stopped | ClusterStatus::Stopping => {
            format!("Start it: `aws rds start-db-cluster --db-cluster-identifier {}`.", cluster.id)
        }
        ClusterStatus::InaccessibleKey => "Enable the cluster's KMS key again, then start the cluster; after seven \
                                           days it can only be restored from a backup."
            .to_owned(),
        _ => "Nothing can be backed up any more; name another cluster with --cluster.".to_owned(),
    }
}

fn quota(quota: &Quota) -> Finding {
    let left = quota.left();
    let what = format!("{left} of {} manual DB cluster snapshots are left in this region", quota.max);
    let why = "Every backup takes one; AWS Backup's own and automated ones do not count.";
    let remedy = "Delete snapshots that are no longer needed, or have the quota raised in Service Quotas.";
    match left {
        0 => error(ids::QUOTA_USED_UP, what, why, remedy),
        1..FEW => warning(ids::QUOTA_LOW, what, why, remedy),
        _ => info(ids::QUOTA_LEFT, what, why),
    }
}

/// The quota will be used up within `SOON`: a warning, for `check`. `pruned`: a prune follows every backup.
pub fn ahead(forecast: &Forecast, pruned: bool, now: Timestamp) -> Option<Finding> {
    let full = forecast.full.filter(|full| full.duration_since(now) <= SOON)?;
    let Quota { used, max } = forecast.quota;
    let what = format!(
        "at this rate the {max} manual DB cluster snapshots of this region are used up on {} ({used} are there)",
        full.strftime("%Y-%m-%d")
    );
    let remedy = if pruned {
        "Keep fewer, delete other snapshots, or have the quota raised in Service Quotas."
    } else {
        "Prune: `stacksnap prune STACK --dry-run` shows what would go; `after-backup = true` does it after every backup."
    };
    Some(warning(ids::QUOTA_AHEAD, what, "The next backup is refused then.", remedy))
}
