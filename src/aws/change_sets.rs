//! Change sets: whose they are, and what our own would do.

use std::sync::PoisonError;

use aws_sdk_cloudformation::types as sdk;
use futures_util::future::try_join_all;

use super::Aws;
use super::pages::Pages;
use super::refusal::{incomplete, refused};
use crate::model::change_set::{Change, ChangeSet, Replacement};
use crate::model::{ChangeSetStatus, Refusal, RefusalKind};

const SERVICE: &str = "cloudformation";
/// CloudFormation allows fewer levels of nested stacks than this.
const DEEPEST: usize = 10;
/// Change sets whose changes are kept.
const KEPT: usize = 256;

/// Somebody's change set.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The stack that it is for.
    pub stack_id: String,
    /// Every parameter's key and value.
    pub parameters: Vec<(String, String)>,
    /// What it would do.
    pub changes: Vec<Change>,
}

/// A nested stack's change set still to be read, and the logical ids on the way down to it.
type Nested = (String, Vec<String>);

impl Aws {
    /// The stack's change sets; for our own complete ones, every change they would make.
    pub(super) async fn change_sets(&self, stack: &str) -> Result<Vec<ChangeSet>, Refusal> {
        let sets = self.list_change_sets(stack).await?;
        let read = try_join_all(sets.into_iter().map(|set| self.with_changes(set))).await?;
        Ok(read.into_iter().flatten().collect())
    }

    /// Somebody's change set of a stack, every change that it would make.
    ///
    /// # Errors
    /// AWS's refusal; `NotFound` where there is none, `Invalid` where it is not complete.
    pub async fn shown_change_set(&self, stack_id: &str, name: &str) -> Result<Shown, Refusal> {
        let describe = self.cloudformation().describe_change_set().change_set_name(name);
        let describe = if name.starts_with("arn:") { describe } else { describe.stack_name(stack_id) };
        let answer = describe.send().await.map_err(refused(SERVICE, "DescribeChangeSet"))?;
        let arn = answer.change_set_id.unwrap_or_else(|| name.to_owned());
        if answer.status.as_ref() != Some(&sdk::ChangeSetStatus::CreateComplete) {
            let status = answer.status.as_ref().map_or("", sdk::ChangeSetStatus::as_str);
            let reason = answer.status_reason.unwrap_or_default();
            return Err(incomplete(
                SERVICE,
                "DescribeChangeSet",
                &format!("change set that can be read ({status}) {reason}"),
            ));
        }
        let parameters = answer.parameters.unwrap_or_default();
        let parameters = parameters.into_iter().filter_map(|p| Some((p.parameter_key?, p.parameter_value?)));
        Ok(Shown {
            stack_id: answer.stack_id.unwrap_or_default(),
            parameters: parameters.collect(),
            changes: self.changes(&arn).await?,
        })
    }

    async fn list_change_sets(&self, stack: &str) -> Result<Vec<ChangeSet>, Refusal> {
        let mut sets = Vec::new();
        let mut pages = Pages::of(SERVICE, "ListChangeSets");
        let mut token = None;
        loop {
            let list = self.cloudformation().list_change_sets().stack_name(stack).set_next_token(token);
            let answer = list.send().await.map_err(refused(SERVICE, "ListChangeSets"))?;
            sets.extend(answer.summaries.unwrap_or_default().into_iter().map(into_change_set));
            token = pages.next(answer.next_token)?;
            if token.is_none() {
                return Ok(sets);
            }
        }
    }

    /// One of our own by its ARN, whatever it is now; its changes, where it is complete.
    pub(super) async fn described_set(&self, arn: &str) -> Result<ChangeSet, Refusal> {
        let describe = self.cloudformation().describe_change_set().change_set_name(arn);
        let answer = describe.send().await.map_err(refused(SERVICE, "DescribeChangeSet"))?;
        let mut set = ChangeSet {
            arn: arn.to_owned(),
            name: answer.change_set_name.unwrap_or_default(),
            status: answer.status.as_ref().map_or("", sdk::ChangeSetStatus::as_str).into(),
            reason: answer.status_reason,
            execution: answer.execution_status.as_ref().map_or("", sdk::ExecutionStatus::as_str).into(),
            changes: None,
        };
        if set.status == ChangeSetStatus::CreateComplete {
            let rows: Vec<_> = answer.changes.unwrap_or_default();
            let rows: Vec<_> = rows.into_iter().filter_map(|change| change.resource_change).collect();
            // One page without nested stacks is all there is; anything else is read from the beginning.
            let all = answer.next_token.is_none() && rows.iter().all(|row| below(row, &[]).is_none());
            let here = || rows.into_iter().map(|row| into_change(row, &[])).collect();
            set.changes = Some(if all { self.keep_changes(arn, here()) } else { self.changes_once(arn).await? });
        }
        Ok(set)
    }

    /// Reads the changes of one of our own; `None` where it was deleted meanwhile.
    async fn with_changes(&self, set: ChangeSet) -> Result<Option<ChangeSet>, Refusal> {
        if set.own().is_none() || set.status != ChangeSetStatus::CreateComplete {
            return Ok(Some(set));
        }
        match self.changes_once(&set.arn).await {
            Ok(changes) => Ok(Some(ChangeSet { changes: Some(changes), ..set })),
            Err(refusal) if refusal.kind == RefusalKind::NotFound => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// Every change, level by level down the nested stacks.
    /// What a complete change set would do never changes, so it is read once; whether it may still be executed is told by
    /// the list, each time.
    async fn changes_once(&self, arn: &str) -> Result<Vec<Change>, Refusal> {
        let known = self.change_sets_read.lock().unwrap_or_else(PoisonError::into_inner).get(arn).cloned();
        if let Some(changes) = known {
            return Ok(changes);
        }
        Ok(self.keep_changes(arn, self.changes(arn).await?))
    }

    fn keep_changes(&self, arn: &str, changes: Vec<Change>) -> Vec<Change> {
        let mut read = self.change_sets_read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.len() >= KEPT {
            read.clear();
        }
        read.insert(arn.to_owned(), changes.clone());
        changes
    }

    async fn changes(&self, arn: &str) -> Result<Vec<Change>, Refusal> {
        let mut all = Vec::new();
        let mut level: Vec<Nested> = vec![(arn.to_owned(), Vec::new())];
        for _ in 0..DEEPEST {
            let read = try_join_all(level.iter().map(|(arn, path)| self.changes_of(arn, path))).await?;
            level.clear();
            for (changes, nested) in read {
                all.extend(changes);
                level.extend(nested);
            }
            if level.is_empty() {
                break;
            }
        }
        Ok(all)
    }

    /// One change set's own changes, all pages, and the change sets nested in it.
    async fn changes_of(&self, arn: &str, path: &[String]) -> Result<(Vec<Change>, Vec<Nested>), Refusal> {
        let (mut changes, mut nested) = (Vec::new(), Vec::new());
        let mut pages = Pages::of(SERVICE, "DescribeChangeSet");
        let mut token = None;
        loop {
            let describe = self.cloudformation().describe_change_set().change_set_name(arn).set_next_token(token);
            let answer = describe.send().await.map_err(refused(SERVICE, "DescribeChangeSet"))?;
            for change in answer.changes.unwrap_or_default().into_iter().filter_map(|change| change.resource_change) {
                nested.extend(below(&change, path));
                changes.push(into_change(change, path));
            }
            token = pages.next(answer.next_token)?;
            if token.is_none() {
                return Ok((changes, nested));
            }
        }
    }
}

fn below(change: &sdk::ResourceChange, path: &[String]) -> Option<Nested> {
    let arn = change.change_set_id.clone()?;
    let logical_id = change.logical_resource_id.clone().unwrap_or_default();
    Some((arn, path.iter().cloned().chain([logical_id]).collect()))
}

fn into_change_set(set: sdk::ChangeSetSummary) -> ChangeSet {
    ChangeSet {
        arn: set.change_set_id.unwrap_or_default(),
        name: set.change_set_name.unwrap_or_default(),
        status: set.status.as_ref().map_or("", sdk::ChangeSetStatus::as_str).into(),
        reason: set.status_reason,
        execution: set.execution_status.as_ref().map_or("", sdk::ExecutionStatus::as_str).into(),
        changes: None,
    }
}

fn into_change(change: sdk::ResourceChange, path: &[String]) -> Change {
    let evaluations = change.details.iter().flatten().filter_map(|detail| detail.evaluation.as_ref());
    let unsure = evaluations.into_iter().any(|evaluation| *evaluation != sdk::EvaluationType::Static);
    Change {
        path: path.to_vec(),
        removes: change.action == Some(sdk::ChangeAction::Remove),
        // An action that CloudFormation cannot tell yet is as good as a dynamic evaluation.
        dynamic: unsure || change.action == Some(sdk::ChangeAction::Dynamic),
        replacement: into_replacement(change.replacement.as_ref()),
        logical_id: change.logical_resource_id.unwrap_or_default(),
        physical_id: change.physical_resource_id,
        resource_type: change.resource_type.unwrap_or_default(),
    }
}

/// A word of tomorrow may mean a replacement.
fn into_replacement(replacement: Option<&sdk::Replacement>) -> Replacement {
    match replacement {
        Some(sdk::Replacement::True) => Replacement::Yes,
        Some(sdk::Replacement::False) | None => Replacement::No,
        Some(_) => Replacement::Maybe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change() -> sdk::builders::ResourceChangeBuilder {
        sdk::ResourceChange::builder().logical_resource_id("AppDb").resource_type("AWS::RDS::DBCluster")
    }

    #[test]
    fn a_replacement_nobody_has_heard_of_may_be_one() {
        for (word, meaning) in [
            ("True", Replacement::Yes),
            ("Conditional", Replacement::Maybe),
            ("False", Replacement::No),
            ("Perhaps", Replacement::Maybe),
        ] {
            assert_eq!(into_change(change().replacement(word.into()).build(), &[]).replacement, meaning, "{word}");
        }
        assert_eq!(into_change(change().build(), &[]).replacement, Replacement::No);
    }

    #[test]
    fn a_dynamic_detail_makes_the_change_dynamic() {
        let detail = |word: &str| sdk::ResourceChangeDetail::builder().evaluation(word.into()).build();
        assert!(!into_change(change().details(detail("Static")).build(), &[]).dynamic);
        assert!(into_change(change().details(detail("Static")).details(detail("Dynamic")).build(), &[]).dynamic);
    }

    #[test]
    fn a_nested_change_set_is_read_under_its_own_path() {
        let nested = below(&change().change_set_id("arn:child").build(), &["Outer".to_owned()]);
        assert_eq!(nested, Some(("arn:child".to_owned(), vec!["Outer".to_owned(), "AppDb".to_owned()])));
        assert_eq!(below(&change().build(), &[]), None);
    }
}
