//! The files' half: the file system, and AWS Backup's readiness for it.

use crate::model::Seen;
use crate::model::finding::Finding;
use crate::model::half::FileSystem;
use crate::model::survey::ActiveJob;

use super::{Look, error, ids, unseen};

pub(super) fn findings(look: &Look<'_>) -> Vec<Finding> {
    let survey = look.survey;
    let mut all: Vec<Finding> = unseen::essential("the file system", &survey.file_system).into_iter().collect();
    match &survey.file_system {
        Seen::Missing => all.push(missing(look)),
        Seen::Here(file_system) => all.extend(state(file_system)),
        _ => {}
    }
    all.extend(unseen::essential("the file system's jobs", &survey.jobs));
    all.extend(survey.jobs.here().into_iter().flatten().map(job));
    all.extend(unseen::nicety("the region's settings of AWS Backup", &survey.efs_opt_in));
    if survey.efs_opt_in == Seen::Here(false) {
        all.push(not_opted_in());
    }
    all
}

fn missing(look: &Look<'_>) -> Finding {
    let found = look.topology().map(|topology| &topology.file_system);
    let what = found.map(|f| format!("file system {} ({}) does not exist", f.value, f.from)).unwrap_or_default();
    error(
        ids::NO_FILE_SYSTEM,
        what,
        "Half of the backup is a recovery point of this file system.",
        "Somebody deleted it outside the stack: name the right one with --file-system.",
    )
}

fn state(file_system: &FileSystem) -> Option<Finding> {
    (!file_system.available()).then(|| {
        error(
            ids::FILE_SYSTEM_NOT_AVAILABLE,
            format!("file system {} is {}", file_system.id, file_system.state),
            "AWS Backup needs a file system that is available.",
            "Wait until it is available; if it is being deleted or in error, name another with --file-system.",
        )
    })
}

fn job(job: &ActiveJob) -> Finding {
    let ActiveJob { what, id, state } = job;
    error(
        ids::FILE_SYSTEM_JOB,
        format!("{what} job {id} of this file system is {state}"),
        "AWS Backup runs one job for a file system at a time: ours would wait for it while the stack is offline.",
        "Wait for its end, or move the backup away from the hour of the backup plan.",
    )
}

fn not_opted_in() -> Finding {
    error(
        ids::EFS_NOT_OPTED_IN,
        "EFS is not opted in for AWS Backup in this region".to_owned(),
        "StartBackupJob refuses a file system until it is.",
        "Opt in: `aws backup update-region-settings --resource-type-opt-in-preference EFS=true`.",
    )
}
