//! What the halves need.

use super::*;

#[test]
fn parts_in_another_region_or_account_are_refused() {
    let finding =
        error_when(ids::OTHER_REGION, on_vault(|vault| vault.arn = vault.arn.replace("eu-west-1", "us-east-1")));
    assert!(finding.remedy.contains("--region us-east-1"));
    error_when(ids::OTHER_ACCOUNT, |survey| {
        if let Seen::Here(role) = &mut survey.role {
            role.arn = role.arn.replace("123456789012", "210987654321");
        }
    });
}

#[test]
fn every_cluster_status_is_judged() {
    for (status, id) in [
        ("available", None),
        ("backing-up", Some(ids::CLUSTER_BUSY)),
        ("modifying", Some(ids::CLUSTER_BUSY)),
        ("maintenance", Some(ids::CLUSTER_BUSY)),
        ("upgrading", Some(ids::CLUSTER_BUSY)),
        ("failing-over", Some(ids::CLUSTER_BUSY)),
        ("starting", Some(ids::CLUSTER_BUSY)),
        ("creating", Some(ids::CLUSTER_BUSY)),
        ("something-new", Some(ids::CLUSTER_BUSY)),
        ("stopped", Some(ids::CLUSTER_UNUSABLE)),
        ("stopping", Some(ids::CLUSTER_UNUSABLE)),
        ("deleting", Some(ids::CLUSTER_UNUSABLE)),
        ("inaccessible-encryption-credentials", Some(ids::CLUSTER_UNUSABLE)),
    ] {
        let all = told(|survey| {
            if let Seen::Here(cluster) = &mut survey.cluster {
                cluster.status = status.into();
            }
        });
        match id {
            None => assert!(all.is_empty(), "{status}"),
            // What passes by itself is waited for.
            Some(id) => {
                let severity = if id == ids::CLUSTER_BUSY { Severity::Warning } else { Severity::Error };
                assert!(only(&all, id, severity).what.contains(status));
            }
        }
    }
}

#[test]
fn a_part_that_was_deleted_outside_the_stack_says_how_it_was_found() {
    assert!(error_when(ids::NO_CLUSTER, |s| s.cluster = Seen::Missing).what.contains("resource AppDb"));
    assert!(error_when(ids::NO_FILE_SYSTEM, |s| s.file_system = Seen::Missing).what.contains("StorageEFS"));
    assert!(error_when(ids::NO_VAULT, |s| s.vault = Seen::Missing).what.contains("my-hub-daily"));
    assert!(error_when(ids::NO_ROLE, |s| s.role = Seen::Missing).what.contains("my-hub-backup"));
    assert!(error_when(ids::NO_SECRET, |s| s.secret = Seen::Missing).what.contains("AppDbSecret"));
}

#[test]
fn the_last_snapshots_of_the_quota_are_counted() {
    let used = |used: u64| move |survey: &mut Survey| survey.quota = Seen::Here(Quota { used, max: 100 });
    error_when(ids::QUOTA_USED_UP, used(100));
    error_when(ids::QUOTA_USED_UP, used(101));
    assert!(warning_when(ids::QUOTA_LOW, used(96)).what.starts_with("4 of 100"));
    assert!(told(used(95)).is_empty());
}

#[test]
fn a_file_system_that_is_not_available_is_refused() {
    for state in ["creating", "updating", "deleting", "error", "something-new"] {
        error_when(ids::FILE_SYSTEM_NOT_AVAILABLE, |survey| {
            if let Seen::Here(file_system) = &mut survey.file_system {
                file_system.state = state.to_owned();
            }
        });
    }
}

#[test]
fn a_job_of_the_file_system_would_make_ours_wait_offline() {
    let job = ActiveJob { what: "copy", id: "job-1".to_owned(), state: "RUNNING".to_owned() };
    let finding = error_when(ids::FILE_SYSTEM_JOB, |survey| survey.jobs = Seen::Here(vec![job]));
    assert!(finding.what.contains("copy job job-1"));
}

#[test]
fn efs_must_be_opted_in() {
    error_when(ids::EFS_NOT_OPTED_IN, |survey| survey.efs_opt_in = Seen::Here(false));
}

#[test]
fn a_vaults_longest_retention_refuses_a_backup_that_never_expires() {
    error_when(ids::VAULT_MAX_RETENTION, on_vault(|vault| vault.max_days = Some(30)));
    let min = told(on_vault(|vault| vault.min_days = Some(7)));
    only(&min, ids::VAULT_MIN_RETENTION, Severity::Info);
}

fn policy(statement: &str) -> impl FnOnce(&mut Survey) {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#);
    on_vault(|vault| vault.policy = Seen::Here(text))
}

#[test]
fn a_vaults_access_policy_is_read() {
    let deny = |action: &str, rest: &str| format!(r#"{{"Effect":"Deny","Action":{action},"Principal":"*"{rest}}}"#);
    error_when(ids::VAULT_DENIES_BACKUP, policy(&deny(r#""backup:StartBackupJob""#, "")));
    let condition = r#","Condition":{"StringNotEquals":{"aws:PrincipalArn":"x"}}"#;
    warning_when(ids::VAULT_MAY_DENY_BACKUP, policy(&deny(r#"["backup:StartBackup*"]"#, condition)));
    let some = r#"{"Effect":"Deny","Action":"backup:StartBackupJob","Principal":{"AWS":"arn:aws:iam::1:root"}}"#;
    warning_when(ids::VAULT_MAY_DENY_BACKUP, policy(some));
    let default = r#"[{"Effect":"Deny","Principal":{"AWS":"*"},"Resource":"*",
        "Action":["backup:DeleteRecoveryPoint","backup:StartCopyJob","backup:StartRestoreJob"]}]"#;
    let finding = warning_when(ids::VAULT_DENIES_LATER, policy(default));
    assert!(finding.what.contains("backup:StartCopyJob"));
    assert!(told(policy(r#"[{"Effect":"Allow","Action":"backup:*","Principal":"*"}]"#)).is_empty());
    warning_when(ids::VAULT_POLICY_UNREADABLE, on_vault(|vault| vault.policy = Seen::Here("{".to_owned())));
}

fn trust(statement: &str) -> impl FnOnce(&mut Survey) {
    let text = format!(r#"{{"Statement":[{statement}]}}"#);
    |survey| {
        if let Seen::Here(role) = &mut survey.role {
            role.trust = text;
        }
    }
}

#[test]
fn the_role_must_trust_aws_backup() {
    let allow = |service: &str, rest: &str| {
        format!(r#"{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"Service":"{service}"}}{rest}}}"#)
    };
    error_when(ids::ROLE_TRUST, trust(&allow("ec2.amazonaws.com", "")));
    error_when(ids::ROLE_TRUST, trust(""));
    error_when(ids::ROLE_TRUST, |survey| {
        if let Seen::Here(role) = &mut survey.role {
            role.trust = "not json".to_owned();
        }
    });
    let denied = format!("{},{}", allow("backup.amazonaws.com", ""), allow("backup.amazonaws.com", ""))
        .replacen("Allow", "Deny", 1);
    error_when(ids::ROLE_TRUST, trust(&denied));
    let condition = r#","Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"}}"#;
    warning_when(ids::ROLE_TRUST_CONDITIONAL, trust(&allow("backup.amazonaws.com", condition)));
    assert!(told(trust(&allow("backup.amazonaws.com", ""))).is_empty());
}

#[test]
fn the_secrets_that_open_the_backup_must_stay() {
    warning_when(ids::NO_SECRET_FOUND, |survey| {
        if let Some(Ok(topology)) = &mut survey.topology {
            topology.secret = None;
        }
    });
    let finding = error_when(ids::SECRET_DELETED, |survey| {
        if let Seen::Here(secret) = &mut survey.secret {
            secret.deleted = Some(now());
        }
    });
    assert!(finding.remedy.contains("restore-secret"));
    warning_when(ids::SECRET_NO_VERSION, |survey| {
        if let Seen::Here(secret) = &mut survey.secret {
            secret.version = None;
        }
    });
    for seen in [Seen::Missing, Seen::Here(false)] {
        error_when(ids::NO_PARAMETER, |survey| survey.parameter_store[0].1 = seen);
    }
}

#[test]
fn a_key_that_is_not_enabled_opens_nothing() {
    let key = |state: Seen<String>| {
        move |survey: &mut Survey| {
            survey.keys = vec![Key { of: "vault", id: "key-9".to_owned(), state }];
        }
    };
    let pending = error_when(ids::KEY_NOT_ENABLED, key(Seen::Here("PendingDeletion".to_owned())));
    assert!(pending.remedy.contains("cancel-key-deletion --key-id key-9"));
    error_when(ids::KEY_NOT_ENABLED, key(Seen::Here("Disabled".to_owned())));
    error_when(ids::NO_KEY, key(Seen::Missing));
    warning_when(ids::NOT_SHOWN_NICETY, key(denied("kms", "DescribeKey")));
}
