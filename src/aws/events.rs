//! The stack's events, each page read once.
//!
//! DescribeStackEvents answers newest first. A page that holds an event this process already knows
//! joins what is new to what is cached; without one we page on until enough is known: the run's base
//! event, or what the debt rule needs.

use std::collections::{HashMap, HashSet};
use std::sync::PoisonError;

use aws_sdk_cloudformation::types as sdk;

use super::Aws;
use super::convert::at;
use super::pages::Pages;
use super::refusal::refused;
use crate::model::Refusal;
use crate::model::history::{History, StackEvent};

const SERVICE: &str = "cloudformation";
const OPERATION: &str = "DescribeStackEvents";
/// Rows kept whole; of older ones, only those that [`History`] reads.
const RECENT: usize = 2_000;
/// Stacks whose events are kept.
const STACKS: usize = 256;

/// The events that this process has seen, newest first, by the stack's ARN.
pub(super) type Caches = HashMap<String, Vec<StackEvent>>;

/// The events of one new stack.
#[derive(Debug, Default)]
pub(super) struct Cache {
    stack_id: String,
    rows: Vec<StackEvent>,
}

impl Cache {
    fn of(&self, stack_id: &str) -> &[StackEvent] {
        if self.stack_id == stack_id { &self.rows } else { &[] }
    }
}

/// What one look at the events showed.
#[derive(Debug)]
pub(super) struct Events {
    /// The operations.
    pub(super) history: History,
    /// Rows that this process had not seen before, oldest first.
    pub(super) new: Vec<StackEvent>,
}

impl Aws {
    /// The stack's operations: back to the event `base` (the operation it ended included) or, without
    /// one, as far as the debt rule needs.
    pub(super) async fn events(&self, stack_id: &str, base: Option<&str>) -> Result<Events, Refusal> {
        let known = self.known_events(stack_id);
        let rows = match self.read_events(stack_id, base, &known).await? {
            Some(rows) => rows,
            // What was cached does not reach back to this run's base.
            None => self.read_events(stack_id, base, &[]).await?.unwrap_or_default(),
        };
        let new = new_rows(&rows, &known, base);
        let history = History::of(&rows, true);
        self.keep_events(stack_id, rows);
        Ok(Events { history, new })
    }

    /// The stack's operations, as far back as the debt rule needs. Nothing is cached: a stack's name may
    /// mean another stack tomorrow.
    pub(super) async fn operations(&self, stack: &str) -> Result<History, Refusal> {
        let rows = self.read_events(stack, None, &[]).await?.unwrap_or_default();
        Ok(History::of(&rows, true))
    }

    /// The whole history of a stack of our own making, and the rows that this process had not seen.
    pub(super) async fn fresh_events(&self, stack_id: &str) -> Result<(History, Vec<StackEvent>), Refusal> {
        let known = self.fresh_events.lock().unwrap_or_else(PoisonError::into_inner).of(stack_id).to_vec();
        let mut rows: Vec<StackEvent> = Vec::new();
        let mut pages = Pages::of(SERVICE, OPERATION);
        let mut token = None;
        loop {
            let (page, next) = self.events_page(stack_id, token).await?;
            let joined = joins(&page, &known);
            rows.extend(page);
            token = pages.next(next)?;
            if joined || token.is_none() {
                break;
            }
        }
        let rows = join(rows, &known);
        let seen: HashSet<&str> = known.iter().map(|row| row.id.as_str()).collect();
        let new = rows.iter().rev().filter(|row| !seen.contains(row.id.as_str())).cloned().collect();
        let history = History::of(&rows, true);
        let cache = Cache { stack_id: stack_id.to_owned(), rows };
        *self.fresh_events.lock().unwrap_or_else(PoisonError::into_inner) = cache;
        Ok((history, new))
    }

    /// The newest event's id.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn newest_event(&self, stack_id: &str) -> Result<Option<String>, Refusal> {
        let (rows, _) = self.events_page(stack_id, None).await?;
        Ok(rows.into_iter().next().map(|row| row.id))
    }

    /// Pages until `known` joins on or enough was read; `None` where both together are not enough.
    async fn read_events(
        &self,
        stack_id: &str,
        base: Option<&str>,
        known: &[StackEvent],
    ) -> Result<Option<Vec<StackEvent>>, Refusal> {
        let mut rows: Vec<StackEvent> = Vec::new();
        let mut pages = Pages::of(SERVICE, OPERATION);
        let mut token = None;
        loop {
            let (page, next) = self.events_page(stack_id, token).await?;
            let joined = joins(&page, known);
            rows.extend(page);
            token = pages.next(next)?;
            if joined || token.is_none() || end(&rows, base).is_some() {
                rows = join(rows, known);
                let whole = token.is_none() || end(&rows, base).is_some();
                return Ok(whole.then(|| cut(rows, base)));
            }
        }
    }

    async fn events_page(
        &self,
        stack_id: &str,
        token: Option<String>,
    ) -> Result<(Vec<StackEvent>, Option<String>), Refusal> {
        let describe = self.cloudformation().describe_stack_events().stack_name(stack_id).set_next_token(token);
        let answer = describe.send().await.map_err(refused(SERVICE, OPERATION))?;
        let rows = answer.stack_events.unwrap_or_default().into_iter().filter_map(into_event).collect();
        Ok((rows, answer.next_token))
    }

    fn known_events(&self, stack_id: &str) -> Vec<StackEvent> {
        let caches = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        caches.get(stack_id).cloned().unwrap_or_default()
    }

    fn keep_events(&self, stack_id: &str, rows: Vec<StackEvent>) {
        let mut caches = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        // A fleet's are read again where they do not fit: what is kept is only a saving.
        if caches.len() >= STACKS && !caches.contains_key(stack_id) {
            caches.clear();
        }
        caches.insert(stack_id.to_owned(), bounded(rows));
    }

    /// The stack's operations as they were last read, back to `base`; `None` where they never were, or not so far.
    pub(super) fn cached_history(&self, stack_id: &str, base: Option<&str>) -> Option<History> {
        let rows = Some(self.known_events(stack_id)).filter(|rows| !rows.is_empty())?;
        let far = end(&rows, base).is_some();
        far.then(|| History::of(&cut(rows, base), true))
    }
}

fn joins(page: &[StackEvent], known: &[StackEvent]) -> bool {
    page.iter().any(|row| known.iter().any(|old| old.id == row.id))
}

/// The rows just read and the known ones, newest first. The rows read are taken as they stand: one
/// that turned up late has its place among them. A stale answer lacks the newest of the known rows;
/// what was seen once stays seen.
fn join(rows: Vec<StackEvent>, known: &[StackEvent]) -> Vec<StackEvent> {
    let read: HashSet<String> = rows.iter().map(|row| row.id.clone()).collect();
    let shared = known.iter().position(|row| read.contains(&row.id)).unwrap_or(known.len());
    let (newer, older) = known.split_at(shared);
    let mut all = newer.to_vec();
    all.extend(rows);
    if !newer.is_empty() {
        all.sort_by_key(|row| std::cmp::Reverse(row.at));
    }
    all.extend(older.iter().filter(|row| !read.contains(&row.id)).cloned());
    all
}

/// How many rows are enough: back to the base event, and to the stack's own row at or before it;
/// without a base, as many as settle the debt.
fn end(rows: &[StackEvent], base: Option<&str>) -> Option<usize> {
    let Some(base) = base else {
        return History::of(rows, false).settles_debt().then_some(rows.len());
    };
    let from = rows.iter().position(|row| row.id == base)?;
    let operation = rows[from..].iter().position(StackEvent::about_stack)?;
    Some(from + operation + 1)
}

/// Nothing beyond the end: what a look shows does not depend on where a page ends.
fn cut(mut rows: Vec<StackEvent>, base: Option<&str>) -> Vec<StackEvent> {
    if let (Some(_), Some(end)) = (base, end(&rows, base)) {
        rows.truncate(end);
    }
    rows
}

/// On the first look only what happened since the base event is news; without a base, nothing is.
fn new_rows(rows: &[StackEvent], known: &[StackEvent], base: Option<&str>) -> Vec<StackEvent> {
    let old: HashSet<&str> = known.iter().map(|row| row.id.as_str()).chain(base).collect();
    let first = known.is_empty() && base.is_none();
    rows.iter().rev().filter(|row| !first && !old.contains(row.id.as_str())).cloned().collect()
}

fn bounded(mut rows: Vec<StackEvent>) -> Vec<StackEvent> {
    if rows.len() > RECENT {
        let old = rows.split_off(RECENT);
        rows.extend(old.into_iter().filter(|row| row.about_stack() || row.status.as_str().ends_with("_FAILED")));
    }
    rows
}

/// A row without an id or a status (a hook's) tells nothing about an operation.
fn into_event(event: sdk::StackEvent) -> Option<StackEvent> {
    Some(StackEvent {
        id: event.event_id?,
        at: at(event.timestamp.as_ref())?,
        status: event.resource_status?.as_str().into(),
        stack_id: event.stack_id.unwrap_or_default(),
        logical_id: event.logical_resource_id.unwrap_or_default(),
        physical_id: event.physical_resource_id.unwrap_or_default(),
        resource_type: event.resource_type.unwrap_or_default(),
        reason: event.resource_status_reason,
        token: event.client_request_token.filter(|token| !token.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn rows(ids: &[i64]) -> Vec<StackEvent> {
        ids.iter().map(|id| row(*id)).collect()
    }

    fn row(id: i64) -> StackEvent {
        StackEvent {
            id: id.to_string(),
            stack_id: "s".to_owned(),
            logical_id: "AppDb".to_owned(),
            physical_id: "my-db".to_owned(),
            resource_type: String::new(),
            status: "UPDATE_IN_PROGRESS".into(),
            reason: None,
            token: None,
            at: Timestamp::from_second(id).unwrap(),
        }
    }

    fn ids(rows: &[StackEvent]) -> Vec<i64> {
        rows.iter().map(|row| row.id.parse().unwrap()).collect()
    }

    #[test]
    fn a_row_that_turns_up_late_takes_its_place() {
        assert_eq!(ids(&join(rows(&[6, 5, 4, 3]), &rows(&[5, 3, 2]))), [6, 5, 4, 3, 2]);
    }

    #[test]
    fn a_stale_answer_takes_nothing_back() {
        assert_eq!(ids(&join(rows(&[5, 4, 3]), &rows(&[6, 5, 4]))), [6, 5, 4, 3]);
        assert_eq!(ids(&join(rows(&[3, 2]), &rows(&[6, 5]))), [6, 5, 3, 2]);
    }

    #[test]
    fn news_is_told_oldest_first_and_once() {
        assert_eq!(ids(&new_rows(&rows(&[6, 5, 4]), &rows(&[5]), Some("4"))), [6]);
        assert_eq!(ids(&new_rows(&rows(&[6, 5, 4]), &[], Some("4"))), [5, 6]);
        assert!(new_rows(&rows(&[6, 5, 4]), &[], None).is_empty());
    }

    #[test]
    fn a_look_ends_with_the_operation_of_the_base_event() {
        let mut rows = rows(&[6, 5, 4, 3, 2]);
        assert_eq!(end(&rows, Some("4")), None, "the stack's own row is still to come");
        rows[3].physical_id = "s".to_owned();
        assert_eq!((end(&rows, Some("4")), end(&rows, Some("3")), end(&rows, Some("1"))), (Some(4), Some(4), None));
        assert_eq!(ids(&cut(rows, Some("4"))), [6, 5, 4, 3]);
    }

    #[test]
    fn fm_41_what_is_kept_of_ten_thousand_events_is_bounded() {
        let many: Vec<i64> = (0..5_000).rev().collect();
        assert_eq!(bounded(rows(&many)).len(), RECENT);
    }

    #[test]
    fn a_hooks_row_is_no_event_of_a_resource() {
        let event = sdk::StackEvent::builder().event_id("e").stack_id("s");
        assert!(into_event(event.clone().build()).is_none());
        let timed = event.timestamp(aws_smithy_types::DateTime::from_secs(1));
        assert!(into_event(timed.clone().build()).is_none());
        assert!(into_event(timed.resource_status("UPDATE_COMPLETE".into()).build()).is_some());
    }
}
