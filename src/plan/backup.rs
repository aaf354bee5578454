//! A run, planned from a survey.

use jiff::Timestamp;

use crate::model::finding::Finding;
use crate::model::profile::Profile;
use crate::model::run::{Durations, Kind, Options, Run, Target};
use crate::model::stack::Stack;
use crate::model::survey::Survey;
use crate::model::topology::Topology;

use super::discover::data_bearing;
use super::preflight::{self, Ask, Budget, ids, switch_of};

/// The run that `kind` asks for, and the findings that go with it (warnings, infos); or the
/// findings that refuse it. `Run::expected` comes from the survey's earlier runs.
///
/// # Errors
/// The findings, at least one of them an error.
pub fn plan(
    survey: &Survey,
    profile: Option<&Profile>,
    kind: Kind,
    options: Options,
    ask: Ask,
    now: Timestamp,
) -> Result<(Run, Vec<Finding>), Vec<Finding>> {
    let budget = matches!(kind, Kind::Backup { .. } | Kind::Replace).then(|| Budget::from(&options));
    let ask = Ask { budget, ..asked(&kind, ask) };
    let mut findings = preflight::findings(survey, profile, ask, now);
    if let Kind::Home { of } = &kind {
        // The run whose debt is paid may have left its lock behind.
        let lost = survey.lock.here().is_some_and(|lock| lock.run == *of);
        findings.retain(|finding| !(lost && finding.id == ids::RUN_STALE));
    }
    match survey.stack.here() {
        Some(stack) if !preflight::refused(&findings) => {
            Ok((run(survey, stack, target(survey, profile, stack), kind, options, now), findings))
        }
        _ => Err(findings),
    }
}

/// What the kind means for the findings, whatever the caller has set.
fn asked(kind: &Kind, ask: Ask) -> Ask {
    match kind {
        Kind::Backup { live, .. } => Ask { live: ask.live || *live, ..ask },
        Kind::Offline => Ask { live: false, switch_only: true, hold: true, ..ask },
        Kind::Replace => Ask { live: false, ..ask },
        // Not planned from a stack at all.
        Kind::Restore | Kind::Drill => Ask { live: false, switch_only: true, ..ask },
        Kind::Online | Kind::Home { .. } => Ask { live: false, switch_only: true, ..ask },
    }
}

fn run(survey: &Survey, stack: &Stack, target: Target, kind: Kind, options: Options, now: Timestamp) -> Run {
    Run { expected: expected(survey, stack), ..Run::new(kind, target, options, now) }
}

/// Everything the run may touch, pinned now. What a mode change does not need may be unknown (empty); what is
/// known is filled in all the same, so that an update that would replace it is refused.
fn target(survey: &Survey, profile: Option<&Profile>, stack: &Stack) -> Target {
    let topology = survey.topology.as_ref().and_then(|found| found.as_ref().ok());
    let found = |part: fn(&Topology) -> &str| topology.map(|t| part(t).to_owned()).unwrap_or_default();
    Target {
        stack: stack.name.clone(),
        stack_id: stack.id.clone(),
        switch: switch_of(survey, profile),
        cluster: survey.cluster.here().map_or_else(|| found(|t| &t.cluster.value), |cluster| cluster.id.clone()),
        file_system: survey.file_system.here().map(|file_system| file_system.arn.clone()).unwrap_or_default(),
        vault: survey.vault.here().map_or_else(|| found(|t| &t.vault.value), |vault| vault.name.clone()),
        role: survey.role.here().map(|role| role.arn.clone()).unwrap_or_default(),
        secret: survey.secret.here().map(|secret| secret.arn.clone()),
        secret_version: survey.secret.here().and_then(|secret| secret.version.clone()),
        protected: protected(survey, topology),
        aim: None,
    }
}

/// Where discovery could not decide, everything that holds data.
fn protected(survey: &Survey, topology: Option<&Topology>) -> Vec<String> {
    match topology {
        Some(topology) => topology.protected().map(str::to_owned).collect(),
        None => data_bearing(survey.resources.here().map_or(&[][..], Vec::as_slice)),
    }
}

/// The median of what earlier runs on this very stack took.
pub(super) fn expected(survey: &Survey, stack: &Stack) -> Durations {
    let runs = survey.runs.here().map_or(&[][..], Vec::as_slice);
    let took: Vec<Durations> =
        runs.iter().filter(|run| run.ended() && run.target.stack_id == stack.id).map(|run| run.took).collect();
    let of = |part: fn(&Durations) -> Option<u32>| median(took.iter().filter_map(part).collect());
    Durations { off: of(|d| d.off), snapshot: of(|d| d.snapshot), job: of(|d| d.job), on: of(|d| d.on) }
}

/// The upper one of two middles: waiting a little longer costs less than asking too often.
fn median(mut seconds: Vec<u32>) -> Option<u32> {
    seconds.sort_unstable();
    seconds.get(seconds.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use std::sync::Arc;

    use super::*;
    use crate::model::Seen;
    use crate::model::run::Lock;
    use crate::model::run::Phase;
    use crate::plan::fixture::{hubs, now, run as earlier, survey};

    const BACKUP: Kind = Kind::Backup { live: false, seed: false };

    fn planned(survey: &Survey, kind: Kind) -> Result<(Run, Vec<Finding>), Vec<Finding>> {
        plan(survey, Some(&hubs()), kind, Options::default(), Ask::default(), now())
    }

    #[test]
    fn a_backup_pins_what_it_may_touch() {
        let (run, _) = planned(&survey(), BACKUP).unwrap();
        assert_eq!(run.id.as_str(), "my-hub-20261120-020000");
        assert_eq!(run.phase, Phase::Preflight);
        let target = &run.target;
        assert_eq!(target.cluster, "my-hub-app-db");
        assert!(target.file_system.ends_with(":file-system/fs-0a1b"));
        assert_eq!(target.role, "arn:aws:iam::123456789012:role/path/my-hub-backup");
        assert_eq!(target.secret_version.as_deref(), Some("v-1"));
        assert_eq!(target.protected, ["AppDb", "StorageEFS", "DailyBackupVault"]);
        assert_eq!(target.switch.as_ref().unwrap().parameter, "StackOffline");
    }

    #[test]
    fn an_error_refuses_and_a_warning_goes_with_the_run() {
        let mut seen = survey();
        seen.efs_opt_in = Seen::Here(false);
        assert!(planned(&seen, BACKUP).unwrap_err().iter().any(|finding| finding.id == ids::EFS_NOT_OPTED_IN));
    }

    #[test]
    fn a_mode_change_is_planned_without_the_halves() {
        let mut seen = survey();
        seen.cluster = Seen::NotLooked;
        seen.file_system = Seen::NotLooked;
        seen.role = Seen::NotLooked;
        let (run, _) = planned(&seen, Kind::Offline).unwrap();
        assert_eq!((run.target.file_system.as_str(), run.target.role.as_str()), ("", ""));
        assert_eq!(run.target.cluster, "my-hub-app-db");
    }

    #[test]
    fn a_mode_change_on_an_ambiguous_stack_protects_everything_that_holds_data() {
        let mut seen = survey();
        seen.topology = Some(Err(Vec::new()));
        let (run, _) = planned(&seen, Kind::Online).unwrap();
        assert_eq!(run.target.protected, ["AppDb", "StorageEFS", "DailyBackupVault"]);
        assert!(run.target.switch.is_some());
    }

    #[test]
    fn the_lock_of_a_lost_run_does_not_keep_its_debt_from_being_paid() {
        let mut seen = survey();
        let of = earlier(now() - 2.hours()).id;
        let lock = Lock { run: of.clone(), stack_id: seen.stack.here().unwrap().id.clone(), holder: None, since: None };
        seen.lock = Seen::Here(lock);
        assert!(planned(&seen, Kind::Online).is_err());
        assert!(planned(&seen, Kind::Home { of }).is_ok());
    }

    #[test]
    fn the_median_of_earlier_runs_is_expected() {
        let mut seen = survey();
        let took = |off: u32, hours: i64| Run {
            phase: Phase::Done,
            took: Durations { off: Some(off), ..Durations::default() },
            ..earlier(now() - hours.hours())
        };
        let mut foreign = took(9, 4);
        Arc::make_mut(&mut foreign.target).stack_id = "arn:…/an-earlier-stack".to_owned();
        seen.runs = Seen::Here(vec![took(240, 1), took(900, 2), took(200, 3), foreign]);
        let (run, _) = planned(&seen, BACKUP).unwrap();
        assert_eq!(run.expected, Durations { off: Some(240), ..Durations::default() });
    }
}
