//! The end of recovery points, and what keeps them.

use super::state::{Backup, Point, Vault};
use super::{holds, locks};
use crate::agenda::{Event, Thing};
use crate::error::{Answer, AwsError};
use crate::faults::FaultKind;
use crate::input::Input;
use crate::operation::Cx;
use jiff::Timestamp;
use serde_json::Value;

/// `DeleteRecoveryPoint`: `DELETING`, then gone; with too few rights it answers 200 and deletes nothing.
pub(crate) fn delete(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let (vault, point) = super::points::found(cx, input)?;
    may_go(&cx.realm.backup, vault, point, cx.now)?;
    let arn = point.arn.clone();
    let lies = cx.fault(|kind| *kind == FaultKind::DeleteLies, None).is_some();
    if let Some(point) = cx.realm.backup.points.get_mut(&arn) {
        point.status = if lies { "EXPIRED" } else { "DELETING" }.to_owned();
    }
    if !lies {
        let gone = cx.realm.exactly_after(cx.now, cx.realm.pace.durations.point_delete);
        cx.realm.agenda.plan(gone, Event::Gone(Thing::Point(arn)));
    }
    Ok(Value::Null)
}

/// AWS's refusals: something is happening to the point, a legal hold, the vault's lock.
fn may_go(backup: &Backup, vault: &Vault, point: &Point, now: Timestamp) -> Result<(), AwsError> {
    if let Some(what) = busy(backup, point) {
        let text = format!("Recovery point {} {what} and cannot be deleted", point.arn);
        return Err(AwsError::bad("InvalidResourceStateException", text));
    }
    if backup.is_held(&point.arn, now) {
        return Err(holds::held());
    }
    if vault.lock.is_some_and(|lock| lock.protects(point, now)) {
        return Err(locks::protected());
    }
    Ok(())
}

/// What is being done with a recovery point just now.
fn busy(backup: &Backup, point: &Point) -> Option<String> {
    if matches!(point.status.as_str(), "CREATING" | "DELETING") {
        return Some(format!("is in state {}", point.status));
    }
    let mut jobs = backup.restores.values().filter(|job| job.point == point.arn && job.ended.is_none());
    if jobs.next().is_some() {
        return Some("is being restored".to_owned());
    }
    point.copying.then(|| "is being copied".to_owned())
}

/// A recovery point whose deletion has taken its time.
pub(crate) fn gone(backup: &mut Backup, arn: &str) {
    if backup.points.get(arn).is_some_and(|point| point.status == "DELETING") {
        backup.points.remove(arn);
    }
}
