//! `stacksnap show BACKUP`

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::catalogue;
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::{Document, Page, halves, human};
use super::super::selector::Selector;
use super::list;
use crate::model::backup::{Backup, State};

/// Show one backup, both halves side by side.
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// A backup's id, or STACK@latest, STACK@oldest, STACK@latest-drilled.
    #[arg(value_name = "BACKUP")]
    backup: Selector,
}

/// One backup.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Backup")]
pub(crate) struct BackupView {
    /// The backup.
    #[serde(flatten)]
    pub(crate) backup: Backup,
}

/// Shows it.
///
/// # Errors
/// There is no such backup.
pub(crate) async fn run(args: &Show, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    let backup = catalogue::one(cx, &aws, &args.backup).await?;
    cx.emit(&BackupView { backup })?;
    Ok(Exit::Done)
}

impl Document for BackupView {
    const KIND: &'static str = "Backup";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let backup = &self.backup;
        let state = list::word(backup.state);
        let toned = if backup.state == State::Complete { page.paint.good(state) } else { page.paint.warning(state) };
        page.line(format!("{}  {toned}", page.paint.bold(&super::super::output::clean::clean(&backup.id))))?;
        let skew = backup.skew_s.map(|skew| format!("{skew}s between the halves"));
        let began = backup.began.map(|began| format!("{} ({})", human::time(began), human::ago(began, page.now)));
        // A tag that somebody edited is shown as it is.
        let completed = backup.completed.as_deref().map(|at| at.parse().map_or_else(|_| at.to_owned(), human::time));
        let drilled = backup.drilled.map(|at| format!("{} ({})", human::time(at), human::ago(at, page.now)));
        let fields = [
            ("Why", backup.reason.as_deref()),
            ("Stack", Some(&*backup.stack)),
            ("Stack id", backup.stack_id.as_deref()),
            ("Mode", backup.mode.as_deref()),
            ("Began", began.as_deref()),
            ("Marked complete", completed.as_deref()),
            ("Skew", skew.as_deref()),
            ("Secret", backup.secret_arn.as_deref()),
            ("Secret version", backup.secret_version.as_deref()),
            ("Note", backup.note.as_deref()),
            ("Kept", backup.hold.as_deref()),
            ("Kept until", backup.hold_until.as_deref()),
            ("Drilled", drilled.as_deref()),
            ("Manifest", backup.manifest.as_deref()),
            ("Made by", backup.tool_version.as_deref()),
        ];
        for (label, value) in fields {
            if let Some(value) = value {
                page.field(label, value)?;
            }
        }
        page.line("")?;
        halves::write(page, backup.database.as_ref(), backup.files.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::{samples, text_of};

    #[test]
    fn both_halves_stand_side_by_side() {
        let backup = samples::backup("my-hub-20261120-020000", State::Complete);
        insta::assert_snapshot!(text_of(&BackupView { backup }, samples::now()), @"
        my-hub-20261120-020000  complete
        Stack             my-hub
        Mode              offline
        Began             2026-11-20 02:00:00Z (4h ago)
        Skew              2s between the halves
        Made by           0.1.0

                   DATABASE                FILES
        Id         my-hub-20261120-020000  arn:aws:backup:eu-west-1:123456789012:recovery-point:1EB3B5E7
        Status     available               COMPLETED
        Created    2026-11-20 02:00:00Z    2026-11-20 02:00:00Z
        Completed  -                       2026-11-20 02:15:00Z
        Size       12 GiB                  5.0 GiB
        In         cluster my-hub-app-db   vault my-hub-daily-backup-1a2b
        ");
    }

    #[test]
    fn an_orphan_says_why() {
        let backup = samples::backup("my-hub-20261120-040000", State::Orphan);
        insta::assert_snapshot!(text_of(&BackupView { backup }, samples::now()), @"
        my-hub-20261120-040000  orphan
        Why               the recovery point is missing
        Stack             my-hub
        Mode              offline
        Began             2026-11-20 04:00:00Z (2h ago)
        Skew              2s between the halves
        Made by           0.1.0

                   DATABASE                FILES
        Id         my-hub-20261120-040000  -
        Status     available               -
        Created    2026-11-20 04:00:00Z    -
        Completed  -                       -
        Size       12 GiB                  -
        In         cluster my-hub-app-db   -
        ");
    }
}
