//! The backup vault: its lock and its access policy.

use serde_json::Value;

use crate::model::Seen;
use crate::model::finding::Finding;
use crate::model::survey::Vault;

use super::policy::{Denied, Statement, denied, statements};
use super::{Look, error, ids, info, unseen, warning};

pub(super) fn findings(look: &Look<'_>) -> Vec<Finding> {
    let mut all: Vec<Finding> = unseen::essential("the backup vault", &look.survey.vault).into_iter().collect();
    match &look.survey.vault {
        Seen::Missing => all.push(missing(look)),
        Seen::Here(vault) => {
            all.extend(lock(vault));
            all.extend(access(vault));
        }
        _ => {}
    }
    all
}

fn missing(look: &Look<'_>) -> Finding {
    let found = look.topology().map(|topology| &topology.vault);
    let what = found.map(|f| format!("backup vault {} ({}) does not exist", f.value, f.from)).unwrap_or_default();
    error(
        ids::NO_VAULT,
        what,
        "The files' half is kept in this vault.",
        "Name the right one with --vault, or create it.",
    )
}

/// A backup is started without a lifecycle, so it never expires by itself.
fn lock(vault: &Vault) -> Vec<Finding> {
    let mut all = Vec::new();
    if let Some(days) = vault.max_days {
        all.push(error(
            ids::VAULT_MAX_RETENTION,
            format!("vault {} takes only recovery points that expire within {days} days", vault.name),
            "A backup's recovery point never expires by itself, so its job would fail, with the stack offline.",
            "Use a vault without a maximum retention (--vault).",
        ));
    }
    if let Some(days) = vault.min_days {
        all.push(info(
            ids::VAULT_MIN_RETENTION,
            format!("vault {} keeps every recovery point for {days} days at least", vault.name),
            "A backup cannot be deleted earlier.",
        ));
    }
    all
}

fn access(vault: &Vault) -> Vec<Finding> {
    match &vault.policy {
        Seen::Here(text) => match serde_json::from_str::<Value>(text) {
            Ok(document) => judge(vault, &document),
            Err(_) => vec![unreadable(vault)],
        },
        other => unseen::nicety("the vault's access policy", other).into_iter().collect(),
    }
}

fn unreadable(vault: &Vault) -> Finding {
    warning(
        ids::VAULT_POLICY_UNREADABLE,
        format!("the access policy of vault {} cannot be read", vault.name),
        "It may deny the backup.",
        format!("See `aws backup get-backup-vault-access-policy --backup-vault-name {}`.", vault.name),
    )
}

fn judge(vault: &Vault, document: &Value) -> Vec<Finding> {
    let Some(all) = statements(document) else { return vec![unreadable(vault)] };
    let denials: Vec<&Statement<'_>> = all.iter().filter(|statement| statement.denies()).collect();
    let mut findings: Vec<Finding> = backup(vault, &denials).into_iter().collect();
    findings.extend(later(vault, &denials));
    findings
}

fn backup(vault: &Vault, denials: &[&Statement<'_>]) -> Option<Finding> {
    const ACTION: &str = "backup:StartBackupJob";
    let remedy = format!("Take {ACTION} out of the policy's Deny, or use another vault (--vault).");
    let what = format!("the access policy of vault {} denies {ACTION}", vault.name);
    Some(match denied(denials, ACTION)? {
        Denied::Surely => {
            error(ids::VAULT_DENIES_BACKUP, what, "The job would be refused, with the stack offline.", remedy)
        }
        Denied::Perhaps => {
            let why = "If it applies to the caller, the job is refused, with the stack offline.";
            warning(ids::VAULT_MAY_DENY_BACKUP, format!("{what} to some, or sometimes"), why, remedy)
        }
    })
}

/// The policy of EFS's own default vault does this.
fn later(vault: &Vault, denials: &[&Statement<'_>]) -> Option<Finding> {
    let denied: Vec<&str> = ["backup:DeleteRecoveryPoint", "backup:StartCopyJob", "backup:StartRestoreJob"]
        .into_iter()
        .filter(|action| denials.iter().any(|statement| statement.about(action)))
        .collect();
    (!denied.is_empty()).then(|| {
        warning(
            ids::VAULT_DENIES_LATER,
            format!("the access policy of vault {} denies {}", vault.name, denied.join(", ")),
            "The backup can be taken, but later not be deleted, copied or restored while the policy stays.",
            "Intended? Then nothing. Otherwise change the policy before the backup is needed.",
        )
    })
}
