//! Pruning: look at everything, plan, show, delete, show what came of it. `prune` asks first; a backup with
//! `after-backup = true` does not.

mod act;
mod look;
mod report;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::retention::{Retention, retention};
use crate::aws::Aws;
use crate::config::RetentionConfig;
use crate::engine::prune::Job;
use crate::model::retention::TagRule;
use crate::plan::prune::{Limits, Objection};

pub(crate) use look::prepare;
pub(crate) use report::PruneReport;

/// The most that is deleted at once, unless somebody has counted.
const MOST: usize = 10;

/// What is wanted of a prune.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// The stack; `None`: every one that has backups.
    pub(crate) stack: Option<String>,
    /// How many may be deleted; given by somebody who has counted.
    pub(crate) force_count: Option<usize>,
    /// Tags that any stack's rules may look for.
    pub(crate) tags: Vec<TagRule>,
    /// Backups of earlier stacks of the same name count, too.
    pub(crate) earlier: bool,
}

impl Wish {
    fn limits(&self, retention: &Retention) -> Limits {
        Limits {
            most: self.force_count.map_or(MOST, |count| count.max(MOST)),
            forced: self.force_count.is_some(),
            grace: retention.grace,
        }
    }
}

/// What is to be done, stack by stack.
pub(crate) struct Prepared {
    /// What is shown.
    pub(crate) report: PruneReport,
    /// Of stacks against which nothing is objected.
    jobs: Vec<Job>,
    /// What is objected, and what to do, for all of a stack.
    objections: Vec<(String, String)>,
}

impl Prepared {
    /// How many are to go.
    pub(crate) fn going(&self) -> usize {
        self.jobs.iter().filter(|job| job.spare.is_none()).count()
    }

    /// There is something to do, if only to put marks back.
    pub(crate) fn idle(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Why nothing of a stack may be deleted; the first objection, with the others as hints.
    pub(crate) fn refused(&self) -> Option<Failure> {
        let (what, hint) = self.objections.first()?;
        let failure = Failure::new(Exit::Refused, "prune-refused", what.clone()).why("nothing of it was deleted");
        let rest = self.objections.iter().skip(1);
        Some(
            rest.fold(failure.hint(hint.clone()), |failure, (what, hint)| {
                failure.hint(format!("also: {what}; {hint}"))
            }),
        )
    }

    /// Does it. The failure: something could not be deleted; the report says what became of the others.
    pub(crate) async fn perform(mut self, cx: &Context, aws: &Aws) -> (PruneReport, Option<Failure>) {
        let failure = act::perform(cx, aws, &mut self.report, self.jobs).await;
        self.report.changed = self.report.changed();
        (self.report, failure)
    }
}

/// An objection in words: what, and what to do.
fn objected(objection: Objection, stack: &str, newest: Option<&str>) -> (String, String) {
    match objection {
        Objection::Empty => (
            format!("the policy of {stack} has no rule, and would keep nothing but what must be kept"),
            "give at least one, `keep-within = \"7d\"` for example".to_owned(),
        ),
        Objection::NothingKept => (
            format!("no rule of the policy of {stack} keeps any of its backups"),
            format!("look at its rules (`stacksnap prune {stack} --dry-run`), and add one that keeps something"),
        ),
        Objection::TooMany { count, most } => (
            format!("{count} backups of {stack} would be deleted at once, and {most} are the most"),
            format!(
                "read the list (`stacksnap prune {stack} --dry-run`); if it is right: `stacksnap prune {stack} --force-count {count}`"
            ),
        ),
        Objection::Ahead(_) => (
            format!("{} of {stack} began in the future: some clock is wrong", newest.unwrap_or("a backup")),
            format!(
                "set the clock of this machine, or of the one that made it; if all is right: `stacksnap prune {stack} --force-count N`"
            ),
        ),
    }
}

/// Prunes after a successful backup, where the file says so: nobody is asked, and what cannot be done is only told. The
/// backup is good whatever comes of it.
pub(crate) async fn after_backup(cx: &Context, stack: &str) {
    let said = cx.settings.stack(stack).retention;
    if said.after_backup != Some(true) {
        return;
    }
    if let Err(failure) = unasked(cx, stack, &said).await {
        cx.warn(&format!("the backup is complete, but pruning went wrong: {}", failure.what));
        failure.why.iter().for_each(|why| cx.say(&format!("  {why}")));
        failure.next.iter().for_each(|hint| cx.say(&format!("{} {hint}", cx.paint().bold("hint:"))));
    }
}

async fn unasked(cx: &Context, stack: &str, said: &RetentionConfig) -> Result<(), Failure> {
    let aws = cx.aws().await?;
    let wish = Wish { stack: Some(stack.to_owned()), force_count: None, tags: Vec::new(), earlier: false };
    let prepared = prepare(cx, &aws, &wish, |_| retention(said)).await?;
    match prepared.refused() {
        Some(refused) => Err(refused),
        None => prepared.perform(cx, &aws).await.1.map_or(Ok(()), Err),
    }
}
