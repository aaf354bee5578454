//! `stacksnap verify BACKUP`

use std::io;

use futures_util::stream::{self, StreamExt};
use schemars::JsonSchema;
use serde::Serialize;

use super::super::catalogue::{self, What};
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::findings::{self, Summary};
use super::super::output::{Document, Page, clean};
use super::super::selector::{self, Selector};
use super::super::{holder, recipe, stack_arg};
use crate::aws::Aws;
use crate::model::backup::{Backup, State};
use crate::model::finding::Finding;
use crate::model::proof::Subject;
use crate::plan::catalogue::Catalogue;
use crate::plan::verify;
use crate::world::World;

/// Backups that are looked at side by side.
const AT_ONCE: usize = 4;

/// Check whether a backup can be restored: everything that it needs is looked at again. Nothing is touched.
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// A backup's id, or STACK@latest, STACK@oldest, STACK@latest-drilled; with --all a stack's name.
    #[arg(value_name = "BACKUP")]
    backup: String,
    /// Every backup of the stack that was ever complete.
    #[arg(long)]
    all: bool,
}

/// Whether backups can be restored.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verification {
    /// All of them can.
    pub(crate) restorable: bool,
    /// One by one, the newest first.
    items: Vec<Verified>,
}

/// One backup, and what was found.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Verified {
    /// The backup.
    backup: Backup,
    /// No finding is an error: a stack can be made of it.
    pub(crate) restorable: bool,
    /// How many of each.
    summary: Summary,
    /// The findings, errors first.
    findings: Vec<Finding>,
}

/// Exit 0, or 7 where one cannot be restored.
///
/// # Errors
/// There is no such backup, or the catalogue cannot be read.
pub(crate) async fn run(args: &Verify, cx: &Context) -> Result<Exit, Failure> {
    let wanted = wanted(args)?;
    let aws = cx.aws().await?;
    let what = What { stack: wanted.stack(), ..What::default() };
    let gathered = catalogue::gather(cx, &aws, what).await?;
    holder::warn_stale(cx, aws.region(), &gathered.runs, aws.now());
    let backups = chosen(cx, aws.region(), &wanted, &gathered.catalogue)?;
    let looks = backups.into_iter().map(|backup| verified(cx, &aws, backup));
    let items: Vec<Result<Verified, Failure>> = stream::iter(looks).buffered(AT_ONCE).collect().await;
    let items = items.into_iter().collect::<Result<Vec<_>, _>>()?;
    let verification = Verification { restorable: items.iter().all(|item| item.restorable), items };
    cx.emit(&verification)?;
    Ok(if verification.restorable { Exit::Done } else { Exit::NotGood })
}

/// What is to be verified.
enum Wanted {
    One(Selector),
    All(String),
}

impl Wanted {
    fn stack(&self) -> Option<&str> {
        match self {
            Self::One(selector) => selector.stack(),
            Self::All(stack) => Some(stack),
        }
    }
}

fn wanted(args: &Verify) -> Result<Wanted, Failure> {
    if args.all {
        return stack_arg::parse(&args.backup)
            .map(Wanted::All)
            .map_err(|why| Failure::usage(why).hint("`--all` takes a stack's name; one backup is named without it"));
    }
    args.backup.parse().map(Wanted::One).map_err(Failure::usage)
}

fn chosen(cx: &Context, region: &str, wanted: &Wanted, catalogue: &Catalogue) -> Result<Vec<Backup>, Failure> {
    let stack = match wanted {
        Wanted::One(selector) => {
            let found = selector.find(catalogue.backups());
            return found.map(|backup| vec![backup]).ok_or_else(|| selector::missing(cx, region, selector, catalogue));
        }
        Wanted::All(stack) => stack,
    };
    // One whose half was lost since is worth an alarm; one that never was complete is not.
    let good = |backup: &Backup| backup.state == State::Complete || backup.completed.is_some();
    let chosen: Vec<Backup> = catalogue.backups().filter(good).collect();
    let rest = catalogue.len() - chosen.len();
    if rest > 0 {
        cx.tell(&format!("{rest} that never were complete are passed over: `list` shows them"));
    }
    if chosen.is_empty() {
        return Err(selector::missing(cx, region, &Selector::Latest(stack.clone()), catalogue));
    }
    Ok(chosen)
}

/// One backup's verification.
///
/// # Errors
/// What it needs cannot be read.
pub(crate) async fn of(cx: &Context, aws: &Aws, backup: Backup) -> Result<Verification, Failure> {
    let item = verified(cx, aws, backup).await?;
    Ok(Verification { restorable: item.restorable, items: vec![item] })
}

async fn verified(cx: &Context, aws: &Aws, backup: Backup) -> Result<Verified, Failure> {
    let subject = Subject::backup(backup);
    let proof = recipe::proof(cx, aws, &subject, None).await?;
    let findings = verify::findings(&subject, &proof, aws.now());
    Ok(Verified {
        restorable: verify::restorable(&findings),
        summary: Summary::of(&findings),
        findings,
        backup: subject.backup,
    })
}

impl Document for Verification {
    const KIND: &'static str = "Verification";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        for (at, item) in self.items.iter().enumerate() {
            if at > 0 {
                page.line("")?;
            }
            item.text(page)?;
        }
        if let [_, _, ..] = self.items.as_slice() {
            let good = self.items.iter().filter(|item| item.restorable).count();
            page.line("")?;
            page.line(format!("{good} of {} can be restored", self.items.len()))?;
        }
        Ok(())
    }
}

impl Verified {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        findings::explain(page, &self.findings)?;
        let verdict =
            if self.restorable { page.paint.good("can be restored") } else { page.paint.error("cannot be restored") };
        page.line(format!("{}: {verdict} ({})", clean::clean(&self.backup.id), self.summary.text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::{samples, text_of};
    use crate::model::finding::Severity;

    fn item(id: &str, findings: Vec<Finding>) -> Verified {
        Verified {
            backup: samples::backup(id, State::Complete),
            restorable: verify::restorable(&findings),
            summary: Summary::of(&findings),
            findings,
        }
    }

    fn finding(id: &str, severity: Severity, what: &str) -> Finding {
        let (what, why) = (what.to_owned(), "It matters.".to_owned());
        Finding { id: id.to_owned(), severity, what, why, remedy: "Mend it.".to_owned() }
    }

    #[test]
    fn each_backup_has_its_verdict() {
        let gone = finding("SS303", Severity::Error, "the recovery point does not exist");
        let items = vec![
            item("my-hub-20261120-020000", vec![gone, finding("SS360", Severity::Info, "the stack is gone")]),
            item("my-hub-20261119-020000", Vec::new()),
        ];
        let all = Verification { restorable: false, items };
        insta::assert_snapshot!(text_of(&all, samples::now()), @"
        ID     SEVERITY  FOUND
        SS303  error     the recovery point does not exist
        SS360  info      the stack is gone

        SS303  It matters.
               remedy: Mend it.

        my-hub-20261120-020000: cannot be restored (1 error, 0 warnings, 1 note)

        my-hub-20261119-020000: can be restored (0 errors, 0 warnings, 0 notes)

        1 of 2 can be restored
        ");
    }
}
