mod halves;
mod runs;
mod switch;

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
        switch::waiting(survey);
    });
    let order: Vec<&str> = all.iter().map(|finding| finding.id.as_str()).collect();
    assert_eq!(order, [ids::NO_CLUSTER, ids::NO_SECRET, ids::CHANGE_SETS]);
}
