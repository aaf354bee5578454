//! Both halves of a backup, side by side.

use std::io;

use crate::model::backup::{DatabaseHalf, FilesHalf};
use crate::model::half::{Job, RecoveryPoint, Snapshot};

use super::table::Cell;
use super::{Page, human, table};

/// The database's half, from a look at it.
pub(crate) fn database(snapshot: &Snapshot) -> DatabaseHalf {
    DatabaseHalf {
        snapshot: snapshot.id.as_str().into(),
        arn: snapshot.arn.as_str().into(),
        status: snapshot.status.as_str().into(),
        created: snapshot.created,
        cluster: snapshot.cluster.as_str().into(),
        allocated_gib: snapshot.allocated_gib,
    }
}

/// The files' half, from the job that makes it.
pub(crate) fn making(job: &Job, vault: &str) -> Option<FilesHalf> {
    Some(FilesHalf {
        recovery_point: job.recovery_point.as_deref()?.into(),
        status: job.state.as_str().into(),
        vault: vault.into(),
        created: job.created,
        completed: job.completed,
        bytes: job.bytes,
    })
}

/// The files' half, from a look at it.
pub(crate) fn files(point: &RecoveryPoint) -> FilesHalf {
    FilesHalf {
        recovery_point: point.arn.as_str().into(),
        status: point.status.as_str().into(),
        vault: point.vault.as_str().into(),
        created: point.created,
        completed: point.completed,
        bytes: point.bytes,
    }
}

/// Writes them as two columns.
///
/// # Errors
/// Those of the output.
pub(crate) fn write(page: &mut Page<'_>, database: Option<&DatabaseHalf>, files: Option<&FilesHalf>) -> io::Result<()> {
    let rows = rows(database, files);
    table::write(
        page,
        ["", "DATABASE", "FILES"],
        || rows.iter(),
        |row| [Cell::from(row.0), Cell::from(&row.1), Cell::from(&row.2)],
    )
}

fn rows(database: Option<&DatabaseHalf>, files: Option<&FilesHalf>) -> [(&'static str, String, String); 6] {
    let db = |get: fn(&DatabaseHalf) -> Option<String>| or_dash(database.and_then(get));
    let fs = |get: fn(&FilesHalf) -> Option<String>| or_dash(files.and_then(get));
    [
        ("Id", db(|half| Some(half.snapshot.to_string())), fs(|half| Some(half.recovery_point.to_string()))),
        ("Status", db(|half| Some(half.status.to_string())), fs(|half| Some(half.status.to_string()))),
        ("Created", db(|half| half.created.map(human::time)), fs(|half| half.created.map(human::time))),
        ("Completed", "-".to_owned(), fs(|half| half.completed.map(human::time))),
        ("Size", db(|half| half.allocated_gib.map(|gib| format!("{gib} GiB"))), fs(|half| half.bytes.map(human::size))),
        ("In", db(|half| Some(format!("cluster {}", half.cluster))), fs(|half| Some(format!("vault {}", half.vault)))),
    ]
}

fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}
