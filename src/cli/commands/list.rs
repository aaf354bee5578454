//! `stacksnap list [STACK]`

use std::io;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::args::TopologyFlags;
use super::super::catalogue::{Gathered, What};
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::table::{self, Cell, Tone};
use super::super::output::{Document, Page, human};
use super::super::{catalogue, holder, stack_arg};
use crate::aws::Aws;
use crate::model::backup::{Backup, Other, OtherKind, Pair, State};
use crate::model::tags;
use crate::plan::catalogue::{Catalogue, Family, pairs};
use crate::world::World;

/// List the backups, the newest first; of stacks that are gone, too.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only of this stack.
    #[arg(value_parser = stack_arg::parse)]
    stack: Option<String>,
    /// Show, too, the snapshots and recovery points that stacksnap did not make, and which of them could be
    /// restored together. They are left alone.
    #[arg(long)]
    all: bool,
}

/// The backups that exist.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "BackupList")]
pub(crate) struct BackupList {
    /// The newest first.
    #[schemars(with = "Vec<Backup>")]
    items: Rows,
    /// What others made; with `--all`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) foreign: Option<Foreign>,
}

/// The catalogue's rows, unpacked one at a time: a hundred thousand at once would be too many.
#[derive(Debug)]
struct Rows(Catalogue);

impl Serialize for Rows {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.backups())
    }
}

/// What was seen and is not stacksnap's: left alone.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Foreign {
    /// DB cluster snapshots.
    pub(crate) snapshots: usize,
    /// Recovery points.
    pub(crate) recovery_points: usize,
    /// Both, one by one, the newest first.
    pub(crate) items: Vec<Other>,
    /// Which of them could be restored together, the newest first. Their consistency is not proven.
    pub(crate) pairs: Vec<Pair>,
}

/// Lists them.
///
/// # Errors
/// The snapshots or the recovery points cannot be listed.
pub(crate) async fn run(args: &List, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    let gathered =
        catalogue::gather(cx, &aws, What { stack: args.stack.as_deref(), foreign: args.all, ..What::default() })
            .await?;
    holder::warn_stale(cx, aws.region(), &gathered.runs, aws.now());
    holder::warn_left(cx, aws.region(), &gathered.runs);
    let families = if args.all { families(cx, &aws, args.stack.as_deref(), &gathered).await } else { Vec::new() };
    let mut catalogue = gathered.catalogue;
    let foreign = args.all.then(|| {
        let items = std::mem::take(&mut catalogue.others);
        Foreign {
            snapshots: catalogue.foreign_snapshots,
            recovery_points: catalogue.foreign_points,
            pairs: pairs(&items, &families),
            items,
        }
    });
    cx.emit(&BackupList { items: Rows(catalogue), foreign })?;
    Ok(Exit::Done)
}

/// Which cluster and file system belong together: as the runs on record say, and for one stack as its newest
/// manifest does, or the stack itself.
async fn families(cx: &Context, aws: &Aws, stack: Option<&str>, gathered: &Gathered) -> Vec<Family> {
    let mut all: Vec<Family> = Vec::new();
    for run in gathered.runs.iter().rev() {
        let target = &run.target;
        let family = Family {
            stack: target.stack.clone(),
            cluster: target.cluster.clone(),
            file_system: target.file_system.clone(),
        };
        if !all.contains(&family) {
            all.push(family);
        }
    }
    if let Some(stack) = stack.filter(|_| all.is_empty()) {
        all.extend(family(cx, aws, stack, &gathered.catalogue).await);
    }
    all
}

async fn family(cx: &Context, aws: &Aws, stack: &str, catalogue: &Catalogue) -> Option<Family> {
    let newest = catalogue.backups().find_map(|backup| Some((backup.id, tags::read_manifest(&backup.manifest?)?)));
    let topology = match newest {
        Some((id, (_, place))) => aws.manifest(&place, stack, &id).await.ok().map(|read| read.manifest.topology),
        None => cx.survey(aws, stack, &TopologyFlags::default()).await.ok()?.topology?.ok(),
    }?;
    Some(Family { stack: stack.to_owned(), cluster: topology.cluster.value, file_system: topology.file_system.value })
}

impl Document for BackupList {
    const KIND: &'static str = "BackupList";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        if self.items.0.is_empty() {
            page.line("no backups")?;
        } else {
            table(page, || self.items.0.backups())?;
        }
        match &self.foreign {
            Some(foreign) => foreign.text(page),
            None => Ok(()),
        }
    }
}

impl Foreign {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let Self { snapshots, recovery_points, items, pairs } = self;
        page.line("")?;
        page.line(format!(
            "made by others, and left alone: {snapshots} DB cluster snapshots and {recovery_points} recovery points"
        ))?;
        if items.is_empty() {
            return Ok(());
        }
        let now = page.now;
        let heads = ["WHAT", "MADE BY", "AGE", "STATUS", "OF", "ID"];
        table::write(
            page,
            heads,
            || items.iter(),
            |other| {
                [
                    Cell::from(what(other.what)),
                    Cell::from(&other.made),
                    or_dash(other.created.map(|created| human::age(created, now))),
                    Cell::from(&other.status),
                    Cell::from(&other.of),
                    Cell::from(&other.id),
                ]
            },
        )?;
        if pairs.is_empty() { Ok(()) } else { pairs_text(page, pairs) }
    }
}

fn pairs_text(page: &mut Page<'_>, pairs: &[Pair]) -> io::Result<()> {
    page.line("")?;
    page.line("could be restored together (`stacksnap params --snapshot …`); consistency not proven")?;
    let now = page.now;
    table::write(
        page,
        ["STACK", "AGE", "SKEW", "SNAPSHOT", "VAULT", "RECOVERY POINT"],
        || pairs.iter(),
        |pair| {
            let order = if pair.files_first { "files first" } else { "database first" };
            [
                Cell::from(&pair.stack),
                Cell::from(human::age(pair.database_at, now)),
                Cell::from(format!("{}s, {order}", pair.skew_s)),
                Cell::from(&pair.snapshot),
                Cell::from(&pair.vault),
                Cell::from(&pair.recovery_point),
            ]
        },
    )
}

fn what(kind: OtherKind) -> &'static str {
    match kind {
        OtherKind::Snapshot => "snapshot",
        OtherKind::RecoveryPoint => "recovery point",
    }
}

/// Writes backups as a table.
fn table<I: Iterator<Item = Backup>>(page: &mut Page<'_>, backups: impl Fn() -> I) -> io::Result<()> {
    let now = page.now;
    let heads = ["ID", "STACK", "STATE", "MODE", "AGE", "SKEW", "DATABASE", "FILES", "NOTE"];
    table::write(page, heads, backups, |backup| {
        let size = backup.database.as_ref().and_then(|half| half.allocated_gib);
        [
            Cell::from(&backup.id),
            Cell::from(&backup.stack),
            Cell::toned(word(backup.state), tone(backup.state)),
            or_dash(backup.mode.as_deref()),
            or_dash(backup.began.map(|began| human::age(began, now))),
            or_dash(backup.skew_s.map(|skew| format!("{skew}s"))),
            or_dash(size.map(|gib| format!("{gib} GiB"))),
            or_dash(backup.files.as_ref().and_then(|half| half.bytes).map(human::size)),
            Cell::from(note(backup, now)),
        ]
    })
}

fn or_dash(text: Option<impl AsRef<str>>) -> Cell {
    text.map_or_else(|| Cell::from("-"), Cell::from)
}

/// Why it is not complete; else when it was drilled, and the user's note.
fn note(backup: &Backup, now: Timestamp) -> String {
    if let Some(reason) = &backup.reason {
        return reason.to_string();
    }
    let drilled = backup.drilled.map(|at| format!("drilled {}", human::ago(at, now)));
    let said = backup.note.as_deref().or(backup.hold.as_deref()).map(str::to_owned);
    drilled.into_iter().chain(said).collect::<Vec<_>>().join("; ")
}

/// The state in a word.
pub(crate) fn word(state: State) -> &'static str {
    match state {
        State::Complete => "complete",
        State::Running => "running",
        State::Incomplete => "incomplete",
        State::Failed => "failed",
        State::Orphan => "orphan",
        State::Ambiguous => "ambiguous",
    }
}

/// The state's tone.
pub(crate) fn tone(state: State) -> Tone {
    match state {
        State::Complete => Tone::Good,
        State::Running => Tone::Plain,
        State::Incomplete | State::Orphan => Tone::Warning,
        State::Failed | State::Ambiguous => Tone::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::{samples, text_of};

    #[test]
    fn a_row_tells_what_a_backup_is() {
        let items = [
            samples::backup("my-hub-20261120-040000", State::Orphan),
            samples::backup("my-hub-20261120-020000", State::Complete),
        ];
        let text = samples::page(|page| table(page, || items.iter().cloned()));
        insta::assert_snapshot!(text, @"
        ID                      STACK   STATE     MODE     AGE  SKEW  DATABASE  FILES    NOTE
        my-hub-20261120-040000  my-hub  orphan    offline  2h   2s    12 GiB    -        the recovery point is missing
        my-hub-20261120-020000  my-hub  complete  offline  4h   2s    12 GiB    5.0 GiB
        ");
    }

    fn theirs() -> Other {
        Other {
            created: Some("2026-11-20T04:00:00Z".parse().unwrap()),
            what: OtherKind::Snapshot,
            id: "rds:my-hub-app-db-2026-11-20-04-00".into(),
            made: "automated".into(),
            status: "available".into(),
            of: "my-hub-app-db".into(),
            vault: None,
        }
    }

    #[test]
    fn an_empty_list_says_so() {
        let list = BackupList {
            items: Rows(Catalogue::default()),
            foreign: Some(Foreign { snapshots: 1, recovery_points: 0, items: vec![theirs()], pairs: Vec::new() }),
        };
        insta::assert_snapshot!(text_of(&list, samples::now()), @"
        no backups

        made by others, and left alone: 1 DB cluster snapshots and 0 recovery points
        WHAT      MADE BY    AGE  STATUS     OF             ID
        snapshot  automated  2h   available  my-hub-app-db  rds:my-hub-app-db-2026-11-20-04-00
        ");
        assert_eq!(serde_json::to_value(&list).unwrap()["items"], serde_json::json!([]));
    }
}
