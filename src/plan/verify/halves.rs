//! Both halves: there, complete, marked, and there for a while.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::model::backup::State;
use crate::model::finding::{Finding, Severity};
use crate::model::half::{Snapshot, Tags};
use crate::model::proof::Point;
use crate::model::survey::Vault;
use crate::model::{Seen, SnapshotStatus, tags};
use crate::plan::preflight::policy::{Denied, Statement, denied, statements};

use super::{Look, error, ids, info, unseen, warning};

/// A recovery point that goes sooner than this is worth a warning.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

pub(super) fn findings(look: &Look<'_>) -> Vec<Finding> {
    let mut all = database(look);
    all.extend(files(look));
    all.extend(vault(look));
    all.extend(if look.subject.pair { pair(look) } else { marks(look) });
    if !look.subject.pair {
        all.extend(judged(look, all.iter().any(|finding| finding.severity == Severity::Error)));
    }
    all
}

/// The catalogue's verdict, where the halves alone do not explain it.
fn judged(look: &Look<'_>, explained: bool) -> Option<Finding> {
    let backup = &look.subject.backup;
    let always = matches!(backup.state, State::Running | State::Failed | State::Ambiguous);
    (always || (backup.state != State::Complete && !explained)).then(|| {
        error(
            ids::NOT_COMPLETE,
            format!("backup {} is not good: {}", backup.id, backup.reason.as_deref().unwrap_or("it is not complete")),
            "Its halves may not belong together, or may not be whole.",
            "Choose a complete backup: `stacksnap list` shows them.",
        )
    })
}

fn database(look: &Look<'_>) -> Vec<Finding> {
    match &look.proof.snapshot {
        Seen::Here(snapshot) => not_available(snapshot).into_iter().collect(),
        Seen::Missing => {
            let name = look.subject.backup.database.as_ref().map_or(&*look.subject.backup.id, |half| &*half.snapshot);
            vec![error(
                ids::NO_SNAPSHOT,
                format!("DB cluster snapshot {name} does not exist"),
                "The database's half is what a new stack's DB cluster is made of.",
                "Look for a copy (`aws rds describe-db-cluster-snapshots`), or choose another backup.",
            )]
        }
        unknown => unseen::essential("the snapshot", unknown).into_iter().collect(),
    }
}

fn not_available(snapshot: &Snapshot) -> Option<Finding> {
    (snapshot.status != SnapshotStatus::Available).then(|| {
        error(
            ids::SNAPSHOT_NOT_AVAILABLE,
            format!("DB cluster snapshot {} is {}", snapshot.id, snapshot.status),
            "Only an available snapshot can be restored.",
            "If it is still being made or copied, wait for it; otherwise choose another backup.",
        )
    })
}

fn files(look: &Look<'_>) -> Vec<Finding> {
    match &look.proof.point {
        Seen::Here(point) => {
            let (state, expiry) = (state(point, look.now), expiry(point, look.now));
            [not_files(point), state, expiry, cold(point)].into_iter().flatten().collect()
        }
        Seen::Missing => {
            let half = look.subject.backup.files.as_ref();
            let what = match half {
                Some(half) => format!("recovery point {} does not exist in vault {}", half.recovery_point, half.vault),
                None => "the backup has no recovery point".to_owned(),
            };
            vec![error(
                ids::NO_POINT,
                what,
                "The files' half is what a new stack's file system is made of.",
                "Look for a copy in another vault, or choose another backup.",
            )]
        }
        unknown => unseen::essential("the recovery point", unknown).into_iter().collect(),
    }
}

fn not_files(point: &Point) -> Option<Finding> {
    let of = &point.point.resource;
    (!of.is_empty() && !of.contains(":file-system/")).then(|| {
        error(
            ids::POINT_NOT_FILES,
            format!("recovery point {} is of {of}, not of an EFS file system", point.point.arn),
            "A new stack's file system cannot be made of it.",
            "Name a recovery point of the stack's file system.",
        )
    })
}

fn state(point: &Point, now: Timestamp) -> Option<Finding> {
    let expired = point.point.status.as_str() == "EXPIRED" || point.delete_at.is_some_and(|at| at <= now);
    if expired {
        let when = point.delete_at.map(|at| format!(" on {}", day(at))).unwrap_or_default();
        return Some(error(
            ids::POINT_EXPIRED,
            format!("recovery point {} expired{when} (status {})", point.point.arn, point.point.status),
            "AWS Backup deletes what has expired, at any moment.",
            "Choose another backup. Where it is still there and matters, start a copy of it at once.",
        ));
    }
    (!point.point.status.complete()).then(|| {
        error(
            ids::POINT_NOT_COMPLETE,
            format!("recovery point {} is {}", point.point.arn, point.point.status),
            "Only a complete recovery point has every file in it.",
            "If its job is still running, wait for it; otherwise choose another backup.",
        )
    })
}

fn expiry(point: &Point, now: Timestamp) -> Option<Finding> {
    let at = point.delete_at.filter(|at| *at > now && at.duration_since(now) < SOON)?;
    let hours = at.duration_since(now).as_hours();
    let left = if hours < 48 { format!("{hours} hours") } else { format!("{} days", hours / 24) };
    Some(warning(
        ids::POINT_EXPIRES,
        format!("AWS Backup deletes recovery point {} on {}, in {left}", point.point.arn, day(at)),
        "The backup loses its files' half then; a restore must be done before.",
        format!(
            "Keep it: `aws backup update-recovery-point-lifecycle --backup-vault-name {} --recovery-point-arn {} \
             --lifecycle DeleteAfterDays=-1`.",
            point.point.vault, point.point.arn
        ),
    ))
}

fn cold(point: &Point) -> Option<Finding> {
    point.cold.then(|| {
        info(
            ids::POINT_COLD,
            format!("recovery point {} is in cold storage", point.point.arn),
            "Its restore takes longer and costs more.",
        )
    })
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}

/// A policy that denies StartRestoreJob stops every restore; EFS's own default vault has one.
fn vault(look: &Look<'_>) -> Option<Finding> {
    const ACTION: &str = "backup:StartRestoreJob";
    let vault: &Vault = look.proof.vault.here()?;
    let document: Value = serde_json::from_str(vault.policy.here()?).ok()?;
    let statements = statements(&document)?;
    let denials: Vec<&Statement<'_>> = statements.iter().filter(|one| one.denies()).collect();
    let remedy = format!("Take {ACTION} out of the policy's Deny before the restore.");
    let what = format!("the access policy of vault {} denies {ACTION}", vault.name);
    Some(match denied(&denials, ACTION)? {
        Denied::Surely => {
            error(ids::VAULT_DENIES_RESTORE, what, "The new stack's file system could not be filled.", remedy)
        }
        Denied::Perhaps => {
            let why = "If it applies to whoever restores, the new stack's file system stays empty.";
            warning(ids::VAULT_MAY_DENY_RESTORE, format!("{what} to some, or sometimes"), why, remedy)
        }
    })
}

/// What makes two halves a backup.
fn marks(look: &Look<'_>) -> Vec<Finding> {
    let backup = &look.subject.backup;
    let mut all = Vec::new();
    let missing = |half: Option<&Tags>| half.is_some_and(|half| !half.contains_key(tags::COMPLETE));
    let snapshot = missing(look.proof.snapshot.here().map(|snapshot| &snapshot.tags));
    let point = missing(look.proof.point.here().and_then(|point| point.point.tags.as_ref()));
    if snapshot || point {
        let half = match (snapshot, point) {
            (true, true) => "neither half is",
            (true, false) => "the snapshot is not",
            _ => "the recovery point is not",
        };
        all.push(error(
            ids::NOT_MARKED,
            format!("{half} marked as complete"),
            "stacksnap marks both halves when it has checked them; without the marks nothing says that they are whole.",
            "Choose a complete backup (`stacksnap list`), or restore the halves by name: `stacksnap params --snapshot …`.",
        ));
    }
    if let Some(refusal) = &look.proof.point_tags {
        all.push(unseen::refused("the recovery point's tags", refusal, Severity::Error));
    }
    if backup.mode.as_deref() == Some("live") {
        let skew = backup.skew_s.map(|skew| format!(": its halves are {skew}s apart")).unwrap_or_default();
        all.push(info(
            ids::LIVE,
            format!("the backup was made live{skew}"),
            "The stack was online meanwhile: files may be newer than what the database knows of them.",
        ));
    }
    all
}

fn pair(look: &Look<'_>) -> Vec<Finding> {
    let skew = look.subject.backup.skew_s.map(|skew| format!(", {} apart", apart(skew))).unwrap_or_default();
    vec![warning(
        ids::PAIR,
        format!("stacksnap did not make this pair{skew}: consistency not proven"),
        "Nothing shows what the application wrote between the two, nor that they are of one stack.",
        "Look at the restored application's data before it is used.",
    )]
}

fn apart(seconds: u32) -> String {
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        _ => format!("{}h {}m", seconds / 3_600, seconds % 3_600 / 60),
    }
}
