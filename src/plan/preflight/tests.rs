use jiff::ToSpan;

use super::*;
use crate::model::change_set::ChangeSet;
use crate::model::history::{History, Operation};
use crate::model::run::{Ending, Lock, Outcome, Phase, Run};
use crate::model::stack::{Declared, Parameter, Stack};
use crate::model::survey::{ActiveJob, Key, Problem, Quota, Vault};
use crate::model::{Refusal, RefusalKind, Seen};
use crate::plan::fixture::{hubs, now, run, survey, vault};

const OFFLINE: &str = "Offline - Temporarily shut off servers";

/// What is said of a hub that `spoil` has spoilt: everything but the quota's info.
fn told_when(ask: Ask, spoil: impl FnOnce(&mut Survey)) -> Vec<Finding> {
    let mut seen = survey();
    spoil(&mut seen);
    let mut all = findings(&seen, Some(&hubs()), ask, now());
    all.retain(|finding| finding.id != ids::QUOTA_LEFT);
    all
}

fn told(spoil: impl FnOnce(&mut Survey)) -> Vec<Finding> {
    told_when(Ask::default(), spoil)
}

/// The one finding, complete and with this id and severity.
fn only(all: &[Finding], id: &str, severity: Severity) -> Finding {
    let pairs: Vec<(&str, Severity)> = all.iter().map(|f| (f.id.as_str(), f.severity)).collect();
    assert_eq!(pairs, [(id, severity)], "{all:#?}");
    assert!(!all[0].what.is_empty() && !all[0].why.is_empty());
    assert!(severity == Severity::Info || !all[0].remedy.is_empty(), "no remedy for {id}");
    all[0].clone()
}

fn error_when(id: &str, spoil: impl FnOnce(&mut Survey)) -> Finding {
    only(&told(spoil), id, Severity::Error)
}

fn warning_when(id: &str, spoil: impl FnOnce(&mut Survey)) -> Finding {
    only(&told(spoil), id, Severity::Warning)
}

fn on_stack(change: impl FnOnce(&mut Stack)) -> impl FnOnce(&mut Survey) {
    |survey| {
        if let Seen::Here(stack) = &mut survey.stack {
            change(stack);
        }
    }
}

fn on_vault(change: impl FnOnce(&mut Vault)) -> impl FnOnce(&mut Survey) {
    |survey| {
        let mut changed = vault();
        change(&mut changed);
        survey.vault = Seen::Here(changed);
    }
}

fn set(stack: &mut Stack, key: &str, value: &str) {
    stack.parameters.iter_mut().find(|parameter| parameter.key == key).unwrap().value = value.to_owned();
}

fn refusal(kind: RefusalKind, service: &str, operation: &str) -> Refusal {
    Refusal {
        kind,
        service: service.to_owned(),
        operation: operation.to_owned(),
        code: "AccessDenied".to_owned(),
        message: "not authorized".to_owned(),
        request_id: None,
    }
}

fn denied<T>(service: &str, operation: &str) -> Seen<T> {
    Seen::Unknown(refusal(RefusalKind::Denied, service, operation))
}

#[test]
fn a_hub_in_perfect_order_gives_nothing_but_the_quota() {
    let all = findings(&survey(), Some(&hubs()), Ask::default(), now());
    let left = only(&all, ids::QUOTA_LEFT, Severity::Info);
    assert!(left.what.contains("97 of 100"));
    assert!(!refused(&all));
}

#[test]
fn an_unknown_stack_says_where_it_was_looked_for() {
    let finding = error_when(ids::NO_STACK, |survey| survey.stack = Seen::Missing);
    assert!(finding.what.contains("eu-west-1") && finding.what.contains("123456789012"));
}

#[test]
fn every_stack_status_is_judged() {
    for (status, id) in [
        ("CREATE_COMPLETE", None),
        ("UPDATE_COMPLETE", None),
        ("UPDATE_ROLLBACK_COMPLETE", None),
        ("IMPORT_COMPLETE", None),
        ("IMPORT_ROLLBACK_COMPLETE", None),
        ("CREATE_IN_PROGRESS", Some(ids::STACK_BUSY)),
        ("UPDATE_IN_PROGRESS", Some(ids::STACK_BUSY)),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Some(ids::STACK_BUSY)),
        ("UPDATE_ROLLBACK_IN_PROGRESS", Some(ids::STACK_BUSY)),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Some(ids::STACK_BUSY)),
        ("ROLLBACK_IN_PROGRESS", Some(ids::STACK_BUSY)),
        ("IMPORT_IN_PROGRESS", Some(ids::STACK_BUSY)),
        ("IMPORT_ROLLBACK_IN_PROGRESS", Some(ids::STACK_BUSY)),
        ("SOMETHING_NEW_IN_PROGRESS", Some(ids::STACK_BUSY)),
        ("UPDATE_FAILED", Some(ids::STACK_STUCK)),
        ("UPDATE_ROLLBACK_FAILED", Some(ids::STACK_STUCK)),
        ("IMPORT_ROLLBACK_FAILED", Some(ids::STACK_STUCK)),
        ("REVIEW_IN_PROGRESS", Some(ids::STACK_NOT_UPDATABLE)),
        ("CREATE_FAILED", Some(ids::STACK_NOT_UPDATABLE)),
        ("ROLLBACK_COMPLETE", Some(ids::STACK_NOT_UPDATABLE)),
        ("ROLLBACK_FAILED", Some(ids::STACK_NOT_UPDATABLE)),
        ("SOMETHING_NEW", Some(ids::STACK_NOT_UPDATABLE)),
        ("DELETE_IN_PROGRESS", Some(ids::STACK_GONE)),
        ("DELETE_COMPLETE", Some(ids::STACK_GONE)),
        ("DELETE_FAILED", Some(ids::STACK_GONE)),
    ] {
        let all = told(on_stack(|stack| stack.status = status.into()));
        match id {
            None => assert!(all.is_empty(), "{status}: {all:?}"),
            // What passes by itself is waited for.
            Some(id) => {
                let severity = if id == ids::CLUSTER_BUSY { Severity::Warning } else { Severity::Error };
                assert!(only(&all, id, severity).what.contains(status));
            }
        }
    }
}

#[test]
fn a_nested_stack_is_refused_with_its_parent() {
    error_when(ids::STACK_NESTED, on_stack(|stack| stack.parent_id = Some("arn:…/root".to_owned())));
}

fn two_clusters(survey: &mut Survey) {
    let problem = Problem {
        what: "two candidates".to_owned(),
        why: "nobody should guess".to_owned(),
        remedy: "--cluster".to_owned(),
    };
    survey.topology = Some(Err(vec![problem]));
}

#[test]
fn what_discovery_could_not_decide_is_refused() {
    error_when(ids::TOPOLOGY, two_clusters);
    error_when(ids::NOT_SHOWN, |survey| survey.topology = None);
}

#[test]
fn a_mode_change_alone_does_not_mind_two_clusters() {
    let ask = Ask { switch_only: true, ..Ask::default() };
    only(&told_when(ask, two_clusters), ids::TOPOLOGY, Severity::Warning);
}

fn locked_by(other: Run) -> impl FnOnce(&mut Survey) {
    move |survey| {
        let stack_id = other.target.stack_id.clone();
        survey.lock = Seen::Here(Lock { run: other.id.clone(), stack_id, holder: None, since: None });
        survey.runs = Seen::Here(vec![other]);
    }
}

#[test]
fn another_run_that_is_driven_holds_the_stack() {
    let other = Run { phase: Phase::Capturing, next_due: now(), ..run(now() - 20.minutes()) };
    let finding = error_when(ids::RUN_HOLDS, locked_by(other));
    assert!(finding.what.contains("capturing") && finding.remedy.contains("abort my-hub"));
}

#[test]
fn a_run_that_nobody_drives_is_to_be_resumed() {
    let other = Run { phase: Phase::GoingOffline, ..run(now() - 20.minutes()) };
    let finding = error_when(ids::RUN_STALE, locked_by(other.clone()));
    assert!(finding.remedy.contains("stacksnap resume my-hub"));
    // The lock alone may be lost.
    error_when(ids::RUN_STALE, |survey| survey.runs = Seen::Here(vec![other]));
}

#[test]
fn a_lock_without_a_record_is_left_over() {
    error_when(ids::RUN_STALE, |survey| {
        locked_by(run(now()))(survey);
        survey.runs = Seen::Here(Vec::new());
    });
}

#[test]
fn a_lock_of_an_earlier_stack_of_the_name_says_so() {
    let mut other = run(now());
    std::sync::Arc::make_mut(&mut other.target).stack_id =
        "arn:aws:cloudformation:eu-west-1:123456789012:stack/my-hub/old".to_owned();
    assert!(error_when(ids::RUN_STALE, locked_by(other)).what.contains("earlier stack"));
}

#[test]
fn a_record_of_a_newer_version_is_left_alone() {
    let newer = refusal(RefusalKind::Invalid, "ssm", "GetParameter");
    warning_when(ids::RUN_UNREADABLE, |survey| survey.unreadable.push(newer));
}

fn left_offline(survey: &mut Survey) {
    let mut other = Run { phase: Phase::Done, ..run(now() - 20.minutes()) };
    other.ending = Some(Ending { outcome: Outcome::Failed, at: now(), why: None, hint: None, left_offline: true });
    survey.runs = Seen::Here(vec![other]);
    on_stack(|stack| set(stack, "StackOffline", OFFLINE))(survey);
}

#[test]
fn a_stack_that_an_earlier_run_left_offline_is_not_taken_for_its_operators_wish() {
    let all = told(left_offline);
    assert_eq!(all[0].id, ids::LEFT_OFFLINE);
    assert_eq!(all[1].id, ids::ALREADY_OFFLINE);
    assert!(told_when(Ask { switch_only: true, ..Ask::default() }, left_offline).is_empty());
}

#[test]
fn a_stack_without_an_offline_parameter_can_only_be_backed_up_live() {
    let without = |survey: &mut Survey| {
        if let Some(Ok(topology)) = &mut survey.topology {
            topology.offline = None;
        }
    };
    error_when(ids::NO_OFFLINE_PARAMETER, without);
    only(&told_when(Ask { live: true, ..Ask::default() }, without), ids::LIVE, Severity::Info);
}

#[test]
fn an_offline_parameter_with_a_third_value_is_refused() {
    error_when(ids::MODE_UNKNOWN, on_stack(|stack| set(stack, "StackOffline", "Readonly")));
}

#[test]
fn a_stack_that_is_offline_already_stays_so() {
    let all = told(on_stack(|stack| set(stack, "StackOffline", OFFLINE)));
    only(&all, ids::ALREADY_OFFLINE, Severity::Info);
}

fn waiting(survey: &mut Survey) {
    survey.change_sets = Seen::Here(vec![ChangeSet {
        arn: "arn:…".to_owned(),
        name: "deploy-42".to_owned(),
        status: "CREATE_COMPLETE".into(),
        reason: None,
        execution: "AVAILABLE".into(),
        changes: None,
    }]);
}

#[test]
fn somebody_elses_change_sets_are_a_warning_or_strictly_an_error() {
    assert!(warning_when(ids::CHANGE_SETS, waiting).what.contains("deploy-42"));
    only(&told_when(Ask { strict: true, ..Ask::default() }, waiting), ids::CHANGE_SETS, Severity::Error);
}

#[test]
fn no_mode_change_disturbs_nobodys_change_sets() {
    only(&told_when(Ask { live: true, ..Ask::default() }, waiting), ids::LIVE, Severity::Info);
    let all = told(|survey| {
        waiting(survey);
        on_stack(|stack| set(stack, "StackOffline", OFFLINE))(survey);
    });
    only(&all, ids::ALREADY_OFFLINE, Severity::Info);
}

#[test]
fn our_own_change_sets_are_ours_to_clean_up() {
    let all = told(|survey| {
        waiting(survey);
        if let Seen::Here(sets) = &mut survey.change_sets {
            sets[0].name = "ss-off-my-hub-20261119-020000-0".to_owned();
        }
    });
    assert!(all.is_empty());
}

#[test]
fn a_parameter_read_from_parameter_store_may_change_with_any_update() {
    let finding = warning_when(ids::SSM_TYPED, |survey| {
        if let Seen::Here(declared) = &mut survey.declared {
            let kind = "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>".to_owned();
            declared.push(Declared { key: "Image".to_owned(), kind, ..declared[0].clone() });
        }
        on_stack(|stack| {
            let resolved = Some("ami-1".to_owned());
            stack.parameters.push(Parameter { key: "Image".to_owned(), value: "/ami".to_owned(), resolved });
        })(survey);
    });
    assert!(finding.what.contains("Image (now ami-1)"));
}

#[test]
fn a_domain_outside_route_53_loses_its_load_balancer() {
    let trap = |stack: &mut Stack| set(stack, "IsDomainOnRoute53", "No");
    let finding = warning_when(ids::LOAD_BALANCER, on_stack(trap));
    assert!(finding.what.contains("AddressForRootDomain (now lb-1.elb)"));
    let safe = told(on_stack(|stack| {
        trap(stack);
        set(stack, "StackOfflineRedirectUrl", "https://example.com");
    }));
    assert!(safe.is_empty());
    let round_robin = told(|survey| {
        on_stack(trap)(survey);
        if let Seen::Here(resources) = &mut survey.resources {
            resources.retain(|resource| resource.logical_id != "AppALB");
        }
    });
    assert!(round_robin.is_empty());
}

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

type Spoil = fn(&mut Survey);

#[test]
fn what_aws_does_not_show_is_never_taken_for_granted() {
    let essentials: [(Spoil, &str); 12] = [
        (|s| s.caller = denied("sts", "GetCallerIdentity"), "sts:GetCallerIdentity"),
        (|s| s.stack = denied("cloudformation", "DescribeStacks"), "cloudformation:DescribeStacks"),
        (|s| s.resources = denied("cloudformation", "ListStackResources"), "cloudformation:ListStackResources"),
        (|s| s.declared = denied("cloudformation", "GetTemplateSummary"), "cloudformation:GetTemplateSummary"),
        (|s| s.cluster = denied("rds", "DescribeDBClusters"), "rds:DescribeDBClusters"),
        (
            |s| s.file_system = denied("elasticfilesystem", "DescribeFileSystems"),
            "elasticfilesystem:DescribeFileSystems",
        ),
        (|s| s.jobs = denied("backup", "ListBackupJobs"), "backup:ListBackupJobs"),
        (|s| s.vault = denied("backup", "DescribeBackupVault"), "backup:DescribeBackupVault"),
        (|s| s.role = denied("iam", "GetRole"), "iam:GetRole"),
        (|s| s.secret = denied("secretsmanager", "DescribeSecret"), "secretsmanager:DescribeSecret"),
        (|s| s.lock = denied("ssm", "GetParameter"), "ssm:GetParameter"),
        (|s| s.runs = denied("ssm", "GetParametersByPath"), "ssm:GetParametersByPath"),
    ];
    for (spoil, action) in essentials {
        assert!(error_when(ids::NOT_SHOWN, spoil).remedy.contains(action), "{action}");
    }
    let niceties: [Spoil; 4] = [
        |s| s.quota = denied("rds", "DescribeAccountAttributes"),
        |s| s.efs_opt_in = denied("backup", "DescribeRegionSettings"),
        |s| s.change_sets = denied("cloudformation", "ListChangeSets"),
        |s| on_vault(|vault| vault.policy = denied("backup", "GetBackupVaultAccessPolicy"))(s),
    ];
    for spoil in niceties {
        warning_when(ids::NOT_SHOWN_NICETY, spoil);
    }
}

#[test]
fn expired_credentials_and_a_dead_network_have_remedies_of_their_own() {
    let unknown = |kind| move |survey: &mut Survey| survey.stack = Seen::Unknown(refusal(kind, "cloudformation", "X"));
    assert!(error_when(ids::NOT_SHOWN, unknown(RefusalKind::Credentials)).remedy.contains("aws sso login"));
    assert!(error_when(ids::NOT_SHOWN, unknown(RefusalKind::Transient)).remedy.contains("endpoint"));
}

#[test]
fn a_mode_change_alone_does_not_mind_the_halves() {
    let ask = Ask { switch_only: true, ..Ask::default() };
    let all = told_when(ask, |survey| {
        survey.cluster = Seen::Missing;
        survey.file_system = denied("elasticfilesystem", "DescribeFileSystems");
        survey.secret = Seen::Missing;
        survey.quota = Seen::Here(Quota { used: 100, max: 100 });
    });
    assert!(all.is_empty(), "{all:?}");
}

#[test]
fn errors_come_first_in_the_order_of_their_ids() {
    let all = told(|survey| {
        survey.secret = Seen::Missing;
        survey.cluster = Seen::Missing;
        waiting(survey);
    });
    let order: Vec<&str> = all.iter().map(|finding| finding.id.as_str()).collect();
    assert_eq!(order, [ids::NO_CLUSTER, ids::NO_SECRET, ids::CHANGE_SETS]);
}

/// The hub, offline, after these operations that took effect: tokens, the newest first.
fn offline_after(tokens: &[Option<&str>]) -> impl Fn(&mut Survey) {
    let at = |hours: i64| now() - hours.hours();
    let operation = |(hours, token): (usize, &Option<&str>)| Operation {
        token: token.map(str::to_owned),
        began: at(i64::try_from(hours).unwrap() + 1),
        ended: Some(at(i64::try_from(hours).unwrap() + 1)),
        status: "UPDATE_COMPLETE".into(),
        failure: None,
    };
    let operations: Vec<Operation> = tokens.iter().enumerate().map(operation).collect();
    move |survey| {
        on_stack(|stack| set(stack, "StackOffline", OFFLINE))(survey);
        survey.history = Seen::Here(History { operations: operations.clone(), newest_event: None, whole: true });
    }
}

const OFF: Option<&str> = Some("ss-off-my-hub-20261119-020000-0");

#[test]
fn a_debt_refuses_a_backup_and_names_the_way_home() {
    for tokens in [&[OFF][..], &[None, OFF]] {
        let mut all = told(offline_after(tokens));
        all.retain(|finding| finding.id != ids::ALREADY_OFFLINE);
        let finding = only(&all, ids::DEBT, Severity::Error);
        assert!(finding.what.contains("my-hub-20261119-020000"), "{}", finding.what);
        assert!(finding.remedy.contains("stacksnap resume my-hub"), "{}", finding.remedy);
    }
}

#[test]
fn a_debt_that_may_be_meant_is_a_warning() {
    let mut all = told(offline_after(&[None, None, OFF]));
    all.retain(|finding| finding.id != ids::ALREADY_OFFLINE);
    assert!(only(&all, ids::DEBT, Severity::Warning).what.contains("2 updates of others"));
}

#[test]
fn an_operators_own_offline_is_no_debt() {
    let wish = Some("ss-hold-my-hub-20261119-020000-0");
    assert!(told(offline_after(&[wish, None])).iter().all(|finding| finding.id != ids::DEBT));
}

#[test]
fn whoever_switches_the_stack_on_may_and_whoever_wants_it_offline_must_own_the_debt_first() {
    let on = told_when(Ask { switch_only: true, ..Ask::default() }, offline_after(&[OFF]));
    only(&on, ids::DEBT, Severity::Warning);
    let off = told_when(Ask { switch_only: true, hold: true, ..Ask::default() }, offline_after(&[OFF]));
    only(&off, ids::DEBT, Severity::Error);
}

#[test]
fn a_run_that_is_under_way_owes_nothing_yet() {
    let all = told(|survey| {
        offline_after(&[OFF])(survey);
        survey.runs = Seen::Here(vec![run(now())]);
    });
    assert!(all.iter().any(|finding| finding.id == ids::RUN_HOLDS));
    assert!(all.iter().all(|finding| finding.id != ids::DEBT));
}

#[test]
fn events_that_were_not_shown_refuse() {
    let told = error_when(ids::NOT_SHOWN, |survey| survey.history = denied("cloudformation", "DescribeStackEvents"));
    assert!(told.remedy.contains("cloudformation:DescribeStackEvents"), "{}", told.remedy);
}
