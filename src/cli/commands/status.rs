//! `stacksnap status [STACK]`

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use futures_util::future::join;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::args::Output;
use super::super::catalogue::{self, Gathered, What};
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::{Document, Page, clean, human};
use super::super::signals::Signals;
use super::super::{holder, report, stack_arg};
use super::list;
use crate::aws::Aws;
use crate::model::backup::{Backup, State};
use crate::model::run::Run;
use crate::model::watch::{Scope, Sentinel};
use crate::world::World;

/// How often `--watch` looks, unless `--poll-interval` says otherwise.
const EVERY: Duration = Duration::from_secs(5);
/// A list of ids is not shown longer than this; `list` shows them all.
const SHOWN: usize = 5;

/// Show what is running, the last good backup, and how many there are of each state.
#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// Only of this stack.
    #[arg(value_parser = stack_arg::parse)]
    stack: Option<String>,
    /// Look again every few seconds, until Ctrl-C.
    #[arg(long, short)]
    watch: bool,
}

/// How the stacks stand.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Status")]
pub(crate) struct StatusReport {
    /// One row a stack that has backups or runs.
    pub(crate) items: Vec<StackStatus>,
    /// Who watches that stacks come home; absent where it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sentinels: Option<Vec<SentinelLine>>,
}

/// How one stack stands.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StackStatus {
    /// The stack's name.
    pub(crate) stack: String,
    /// Runs that are not over.
    pub(crate) running: Vec<RunLine>,
    /// Its newest run on record ended without bringing it back: somebody must act, if nobody has.
    pub(crate) left_offline: bool,
    /// The newest complete backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_good: Option<LastGood>,
    /// Ids of complete backups, the newest first.
    pub(crate) complete: Vec<String>,
    /// Ids of backups that a run is making.
    pub(crate) making: Vec<String>,
    /// Ids of incomplete ones.
    pub(crate) incomplete: Vec<String>,
    /// Ids of failed ones.
    pub(crate) failed: Vec<String>,
    /// Ids of halves without their partner, and of those that several halves claim.
    pub(crate) orphans: Vec<String>,
}

/// A run that is not over.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunLine {
    /// Its id.
    pub(crate) id: String,
    /// `backup`, `offline`, `online`, `home`, `restore`, `drill` or `replace`.
    #[serde(rename = "do")]
    pub(crate) kind: &'static str,
    /// Where it stands.
    pub(crate) phase: String,
    /// Since when.
    #[schemars(with = "String")]
    pub(crate) since: Timestamp,
    /// Nobody drives it on any more.
    pub(crate) stale: bool,
    /// What has gone wrong in it, if anything has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

/// Somebody who brings stacks home whose driver is gone.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SentinelLine {
    /// A deployment's name, or `command` for `stacksnap sentinel`.
    pub(crate) by: String,
    /// When it last looked.
    #[schemars(with = "String")]
    pub(crate) looked: Timestamp,
    /// How often it looks, seconds.
    pub(crate) every_s: u32,
    /// It is not late.
    pub(crate) watching: bool,
    /// What it watches: `every stack stacksnap knows`, `every stack`, names, or a tag.
    pub(crate) scope: String,
    /// Stacks that it could not bring home.
    pub(crate) troubled: Vec<String>,
}

/// The newest complete backup.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LastGood {
    /// Its id.
    pub(crate) id: String,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(crate) began: Option<Timestamp>,
    /// How long ago, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) age_s: Option<i64>,
}

/// Shows it, once or until Ctrl-C.
///
/// # Errors
/// The catalogue cannot be read.
pub(crate) async fn run(args: &Status, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    if args.watch {
        return watch(args, cx, &aws).await;
    }
    let (report, runs) = look(args.stack.as_deref(), cx, &aws).await?;
    holder::warn_stale(cx, aws.region(), &runs, aws.now());
    holder::warn_left(cx, aws.region(), &runs);
    cx.emit(&report)?;
    Ok(Exit::Done)
}

/// How the stacks stand, and the runs on record.
///
/// # Errors
/// The catalogue cannot be read.
pub(crate) async fn look(stack: Option<&str>, cx: &Context, aws: &Aws) -> Result<(StatusReport, Vec<Run>), Failure> {
    let what = What { stack, ..What::default() };
    let (gathered, marks) = join(catalogue::gather(cx, aws, what), aws.sentinels()).await;
    let Gathered { catalogue, runs, .. } = gathered?;
    let (now, mut report) = (aws.now(), StatusReport::of(stack, catalogue.backups(), &runs, aws.now()));
    report.sentinels = marks.ok().map(|marks| marks.iter().map(|mark| SentinelLine::of(mark, now)).collect());
    Ok((report, runs))
}

/// On a terminal the page is painted anew each time; elsewhere it is written when it has changed.
async fn watch(args: &Status, cx: &Context, aws: &Aws) -> Result<Exit, Failure> {
    let mut signals = Signals::listen();
    let repaint = io::stdout().is_terminal() && cx.globals.output == Output::Text;
    let mut told = String::new();
    loop {
        let (report, _) = tokio::select! {
            looked = look(args.stack.as_deref(), cx, aws) => looked?,
            _ = signals.next() => return Ok(Exit::Done),
        };
        let news = report.states();
        if repaint {
            drop(io::stdout().write_all(b"\x1b[H\x1b[2J"));
        }
        if repaint || news != told {
            cx.emit(&report)?;
            told = news;
        }
        tokio::select! {
            () = tokio::time::sleep(cx.globals.poll_interval.unwrap_or(EVERY)) => {}
            _ = signals.next() => return Ok(Exit::Done),
        }
    }
}

impl StatusReport {
    fn of(stack: Option<&str>, backups: impl Iterator<Item = Backup>, runs: &[Run], now: Timestamp) -> Self {
        let mut rows: BTreeMap<String, StackStatus> = BTreeMap::new();
        if let Some(stack) = stack {
            row(&mut rows, stack);
        }
        for backup in backups {
            row(&mut rows, &backup.stack).count(&backup, now);
        }
        for run in runs.iter().filter(|run| !run.ended()) {
            row(&mut rows, &run.target.stack).running.push(RunLine::of(run, now));
        }
        for run in holder::left_offline(runs) {
            row(&mut rows, &run.target.stack).left_offline = true;
        }
        Self { items: rows.into_values().collect(), sentinels: None }
    }

    /// What counts as a change: not the ages.
    fn states(&self) -> String {
        let mut text = String::new();
        for row in &self.items {
            text.push_str(&format!("{} {}", row.stack, row.left_offline));
            row.running.iter().for_each(|run| text.push_str(&format!(" {} {}", run.id, run.phase)));
            row.lists().iter().for_each(|(_, ids)| text.push_str(&format!(" {}", ids.len())));
            text.push('\n');
        }
        text
    }
}

fn row<'a>(rows: &'a mut BTreeMap<String, StackStatus>, stack: &str) -> &'a mut StackStatus {
    rows.entry(stack.to_owned()).or_insert_with(|| StackStatus { stack: stack.to_owned(), ..StackStatus::default() })
}

impl StackStatus {
    /// Takes a backup in; they come the newest first.
    fn count(&mut self, backup: &Backup, now: Timestamp) {
        let id = backup.id.to_string();
        match backup.state {
            State::Complete => {
                self.last_good.get_or_insert_with(|| LastGood {
                    id: id.clone(),
                    began: backup.began,
                    age_s: backup.began.map(|began| now.duration_since(began).as_secs()),
                });
                self.complete.push(id);
            }
            State::Running => self.making.push(id),
            State::Incomplete => self.incomplete.push(id),
            State::Failed => self.failed.push(id),
            State::Orphan | State::Ambiguous => self.orphans.push(id),
        }
    }

    fn lists(&self) -> [(&'static str, &Vec<String>); 5] {
        [
            (list::word(State::Complete), &self.complete),
            (list::word(State::Running), &self.making),
            (list::word(State::Incomplete), &self.incomplete),
            (list::word(State::Failed), &self.failed),
            ("orphans", &self.orphans),
        ]
    }
}

impl SentinelLine {
    fn of(mark: &Sentinel, now: Timestamp) -> Self {
        Self {
            by: mark.by.clone(),
            looked: mark.looked,
            every_s: mark.every,
            watching: mark.awake(now),
            scope: match &mark.scope {
                Scope::Known => "every stack stacksnap knows".to_owned(),
                Scope::All => "every stack".to_owned(),
                Scope::Stacks(names) => names.join(", "),
                Scope::Tag(tag) => format!("stacks with the tag {tag}"),
            },
            troubled: mark.troubled.keys().cloned().collect(),
        }
    }

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let late = if self.watching { "" } else { ", LATE: it does not watch any more" };
        let looked = human::ago(self.looked, page.now);
        page.field("sentinel", format!("{} looked {looked} at {}{late}", self.by, self.scope))?;
        if !self.troubled.is_empty() {
            page.field("  cannot help", self.troubled.join(", "))?;
        }
        Ok(())
    }
}

impl RunLine {
    fn of(run: &Run, now: Timestamp) -> Self {
        Self {
            id: run.id.to_string(),
            kind: report::kind(&run.kind),
            phase: run.phase.to_string(),
            since: run.since,
            stale: run.stale(now),
            why: run.trouble.as_ref().map(|trouble| trouble.what.clone()),
        }
    }
}

impl Document for StatusReport {
    const KIND: &'static str = "Status";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        if self.items.is_empty() {
            page.line("no backups, and nothing is running")?;
        }
        for (index, row) in self.items.iter().enumerate() {
            if index > 0 {
                page.line("")?;
            }
            row.text(page)?;
        }
        for sentinel in self.sentinels.iter().flatten() {
            sentinel.text(page)?;
        }
        if self.sentinels.as_ref().is_some_and(Vec::is_empty) {
            page.field("sentinel", "nobody watches")?;
        }
        Ok(())
    }
}

impl StackStatus {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.line(page.paint.bold(&clean::clean(&self.stack)))?;
        if self.running.is_empty() {
            page.field("  under way", "nothing")?;
        }
        for run in &self.running {
            let stale = if run.stale { ", stale: nobody drives it on" } else { "" };
            page.field("  under way", format!("{} {} since {}{stale}", run.id, run.phase, human::time(run.since)))?;
            if let Some(why) = &run.why {
                page.field("  trouble", clean::clean(why))?;
            }
        }
        if self.left_offline {
            page.field("  left offline", page.paint.error("by its newest run"))?;
        }
        match &self.last_good {
            Some(good) => {
                let age = good.began.map(|began| format!(" ({})", human::ago(began, page.now)));
                page.field("  last good", format!("{}{}", good.id, age.unwrap_or_default()))?;
            }
            None => page.field("  last good", "none")?,
        }
        for (label, ids) in self.lists() {
            page.field(&format!("  {label}"), counted(ids))?;
        }
        Ok(())
    }
}

/// `7: the first five …`
fn counted(ids: &[String]) -> String {
    let shown: Vec<&str> = ids.iter().take(SHOWN).map(String::as_str).collect();
    let more = if ids.len() > SHOWN { ", …" } else { "" };
    match ids.len() {
        0 => "0".to_owned(),
        count => format!("{count}: {}{more}", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::{samples, text_of};

    #[test]
    fn a_stack_shows_its_last_good_backup_and_the_counts() {
        let backups = [
            samples::backup("my-hub-20261120-040000", State::Orphan),
            samples::backup("my-hub-20261120-030000", State::Complete),
            samples::backup("my-hub-20261120-020000", State::Complete),
        ];
        let report = StatusReport::of(None, backups.into_iter(), &[], samples::now());
        insta::assert_snapshot!(text_of(&report, samples::now()), @"
        my-hub
          under way       nothing
          last good       my-hub-20261120-030000 (3h ago)
          complete        2: my-hub-20261120-030000, my-hub-20261120-020000
          running         0
          incomplete      0
          failed          0
          orphans         1: my-hub-20261120-040000
        ");
    }

    #[test]
    fn a_stack_without_backups_is_shown_when_it_was_asked_for() {
        let report = StatusReport::of(Some("my-hub"), std::iter::empty(), &[], samples::now());
        assert_eq!(report.items.len(), 1);
        assert_eq!(
            text_of(&StatusReport { items: Vec::new(), sentinels: None }, samples::now()),
            "no backups, and nothing is running\n"
        );
    }
}
