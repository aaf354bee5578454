//! The offline budget: an outage that cannot end in a backup is not begun.

use crate::model::finding::Finding;
use crate::plan::backup::expected;

use super::{Budget, Look, error, ids, warning};

const REMEDY: &str =
    "Raise --max-offline (`max-offline` in stacksnap.toml), or wait less for the last writes (--settle).";

pub(super) fn finding(look: &Look<'_>) -> Option<Finding> {
    let Budget { max_offline, settle } = look.ask.budget.filter(|_| look.changes_mode())?;
    if max_offline <= settle {
        return Some(error(
            ids::BUDGET,
            format!("the offline budget ({max_offline} s) ends before the last writes are waited for ({settle} s)"),
            "The stack would be taken offline and brought back without a backup.",
            REMEDY,
        ));
    }
    let took = expected(look.survey, look.survey.stack.here()?);
    let half = took.snapshot?.max(took.job?);
    let needed = took.off?.saturating_add(settle).saturating_add(half);
    (needed > max_offline).then(|| {
        warning(
            ids::BUDGET,
            format!(
                "earlier backups of this stack were ready after {} offline, and the budget is {}",
                minutes(needed),
                minutes(max_offline)
            ),
            "When the budget is spent the stack is brought back without a backup.",
            REMEDY,
        )
    })
}

fn minutes(seconds: u32) -> String {
    format!("{} min", seconds.div_ceil(60))
}
