//! Vault lock: who may still delete, and who may still unlock.

use super::state::{Point, Vault, invalid};
use crate::clock::{later, seconds};
use crate::error::{Answer, AwsError};
use crate::input::Input;
use crate::operation::Cx;
use jiff::Timestamp;
use serde_json::Value;

const MISSING: &str = "MissingParameterValueException";
const LONGEST: i64 = 36_500;

/// A vault lock; without a date it is in governance mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lock {
    /// The fewest days.
    pub(crate) least: Option<i64>,
    /// The most days.
    pub(crate) most: Option<i64>,
    /// Compliance mode: from then on nobody can change the lock.
    pub(crate) date: Option<Timestamp>,
    /// Nothing goes before its lifecycle is over, and nothing at all that has none.
    pub(crate) strict: bool,
}

impl Lock {
    /// Whether a recovery point may not be deleted yet.
    pub(crate) fn protects(&self, point: &Point, now: Timestamp) -> bool {
        let until = |days: i64| {
            #[expect(clippy::cast_precision_loss, reason = "days")]
            later(point.created, seconds(days as f64 * 86_400.0))
        };
        match (self.strict, point.lifecycle.delete) {
            (true, None) => true,
            (true, Some(days)) => now < until(days.max(self.least.unwrap_or(0))),
            (false, _) => self.least.is_some_and(|days| now < until(days)),
        }
    }

    fn is_immutable(&self, now: Timestamp) -> bool {
        self.date.is_some_and(|date| date <= now)
    }

    /// Whether a retention of so many days, or for ever, is within the limits.
    pub(crate) fn admits(&self, days: Option<i64>) -> bool {
        let days = days.unwrap_or(i64::MAX);
        self.least.is_none_or(|least| days >= least) && self.most.is_none_or(|most| days <= most)
    }
}

/// AWS's refusal to delete what a lock protects.
pub(super) fn protected() -> AwsError {
    let text = "RecoveryPoint cannot be deleted or updated (Backup vault configured with Lock)";
    AwsError::bad("InvalidRequestException", text)
}

/// `PutBackupVaultLockConfiguration`: with `ChangeableForDays` in compliance mode.
pub(crate) fn put(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = unlocked(cx, input)?;
    let (least, most) = (input.number("MinRetentionDays"), input.number("MaxRetentionDays"));
    let changeable = input.number("ChangeableForDays");
    check(least, most, changeable)?;
    #[expect(clippy::cast_precision_loss, reason = "days")]
    let date = changeable.map(|days| cx.realm.exactly_after(cx.now, days as f64 * 86_400.0));
    set(cx, &name, Some(Lock { least, most, date, strict: false }));
    Ok(Value::Null)
}

/// `DeleteBackupVaultLockConfiguration`: until the lock date.
pub(crate) fn delete(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let name = unlocked(cx, input)?;
    set(cx, &name, None);
    Ok(Value::Null)
}

fn set(cx: &mut Cx<'_>, name: &str, lock: Option<Lock>) {
    if let Some(vault) = cx.realm.backup.vaults.get_mut(name) {
        vault.lock = lock;
    }
}

/// The name of a vault whose lock can still be changed.
fn unlocked(cx: &Cx<'_>, input: &Input) -> Result<String, AwsError> {
    let vault: &Vault = cx.realm.backup.vault(input.require("backupVaultName", MISSING)?)?;
    if vault.lock.is_some_and(|lock| lock.is_immutable(cx.now)) {
        let text = format!("The vault lock configuration of backup vault {} is immutable", vault.name);
        return Err(AwsError::bad("InvalidRequestException", text));
    }
    Ok(vault.name.clone())
}

fn check(least: Option<i64>, most: Option<i64>, changeable: Option<i64>) -> Result<(), AwsError> {
    let outside = |days: Option<i64>, from: i64| days.is_some_and(|days| !(from..=LONGEST).contains(&days));
    if outside(least, 1) || outside(most, 1) {
        return Err(invalid("Minimum and maximum retention days must be between 1 and 36500"));
    }
    if least.zip(most).is_some_and(|(least, most)| least > most) {
        return Err(invalid("Minimum retention days must not be greater than maximum retention days"));
    }
    if outside(changeable, 3) {
        return Err(invalid("ChangeableForDays must be between 3 and 36500"));
    }
    Ok(())
}
