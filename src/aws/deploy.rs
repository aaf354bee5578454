//! stacksnap's own deployment: what there is, change sets that make or change it, its end.

use aws_sdk_cloudformation::types as sdk;

use super::Aws;
use super::cloudformation::into_stack;
use super::convert::at;
use super::pages::Pages;
use super::refusal::{incomplete, refused};
use crate::model::history::{History, StackEvent};
use crate::model::new_stack::StackTag;
use crate::model::stack::Resource;
use crate::model::{Refusal, RefusalKind};
use crate::plan::schedule::deployment::{Deployed, Proposal, Proposed, ProposedChange, TAG, TEMPLATE};

const SERVICE: &str = "cloudformation";

impl Aws {
    /// The stack of this name or ARN, which may be a deployment; `None`: there is none.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn deployed(&self, name: &str) -> Result<Option<Deployed>, Refusal> {
        match self.stacks_described(Some(name)).await {
            Ok(all) => Ok(all.into_iter().next()),
            Err(refusal) if refusal.kind == RefusalKind::NotFound => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// The stacks that bear a deployment's tag.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn deployments(&self) -> Result<Vec<Deployed>, Refusal> {
        let tagged = |one: &Deployed| one.stack.tags.iter().any(|tag| tag.key == TAG);
        Ok(self.stacks_described(None).await?.into_iter().filter(tagged).collect())
    }

    async fn stacks_described(&self, name: Option<&str>) -> Result<Vec<Deployed>, Refusal> {
        Ok(self.described_stacks(name).await?.into_iter().map(into_deployed).collect())
    }

    /// Every resource of a deployment that is there.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn deployment_resources(&self, stack_id: &str) -> Result<Vec<Resource>, Refusal> {
        let rows = self.resources(stack_id).await?;
        Ok(rows.into_iter().filter(|row| row.physical_id.is_some() && !row.status.gone()).collect())
    }

    /// CreateChangeSet with the template that is embedded; the ARNs of the change set and of its stack.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn propose(&self, new: &Proposal) -> Result<(String, String), Refusal> {
        let kind = if new.create { sdk::ChangeSetType::Create } else { sdk::ChangeSetType::Update };
        let create = self
            .cloudformation()
            .create_change_set()
            .stack_name(&new.stack)
            .change_set_name(&new.name)
            .change_set_type(kind)
            .client_token(&new.name)
            .template_body(TEMPLATE)
            .set_parameters(Some(new.parameters.iter().map(into_parameter).collect()))
            // It makes roles, whose names CloudFormation makes up.
            .capabilities(sdk::Capability::CapabilityIam)
            .set_tags(Some(new.tags.iter().map(into_tag).collect()));
        let answer = create.send().await.map_err(refused(SERVICE, "CreateChangeSet"))?;
        let arns = answer.id.zip(answer.stack_id);
        arns.ok_or_else(|| incomplete(SERVICE, "CreateChangeSet", "change set's ARN"))
    }

    /// A change set of a deployment, by ARN; its changes once it is complete.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn proposed(&self, arn: &str) -> Result<Proposed, Refusal> {
        let mut changes = Vec::new();
        let mut pages = Pages::of(SERVICE, "DescribeChangeSet");
        let mut token = None;
        loop {
            let describe = self.cloudformation().describe_change_set().change_set_name(arn).set_next_token(token);
            let page = describe.send().await.map_err(refused(SERVICE, "DescribeChangeSet"))?;
            let rows = page.changes.unwrap_or_default().into_iter().filter_map(|row| row.resource_change);
            changes.extend(rows.map(into_change));
            token = pages.next(page.next_token)?;
            if token.is_none() {
                return Ok(Proposed {
                    status: page.status.as_ref().map_or("", sdk::ChangeSetStatus::as_str).into(),
                    reason: page.status_reason,
                    execution: page.execution_status.as_ref().map_or("", sdk::ExecutionStatus::as_str).into(),
                    changes,
                });
            }
        }
    }

    /// ExecuteChangeSet, by ARN: CloudFormation refuses one that the stack has left behind.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn execute_proposal(&self, arn: &str, token: &str) -> Result<(), Refusal> {
        self.execute_change_set(arn, token).await
    }

    /// DeleteChangeSet, by ARN. One that is gone is gone.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn drop_proposal(&self, arn: &str) -> Result<(), Refusal> {
        match self.delete_change_set(arn).await {
            Err(refusal) if refusal.kind == RefusalKind::NotFound => Ok(()),
            answer => answer,
        }
    }

    /// DeleteStack, by ARN.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn delete_deployment(&self, stack_id: &str, token: &str) -> Result<(), Refusal> {
        self.delete_stack(stack_id, token).await
    }

    /// A deployment's operations, and the rows that this process had not seen, the oldest first.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn deployment_events(&self, stack_id: &str) -> Result<(History, Vec<StackEvent>), Refusal> {
        self.fresh_events(stack_id).await
    }
}

fn into_deployed(stack: sdk::Stack) -> Deployed {
    let changed = at(stack.last_updated_time.as_ref().or(stack.creation_time.as_ref()));
    Deployed { stack: into_stack(stack), changed }
}

/// A key without a value keeps the one it has.
fn into_parameter((key, value): &(String, Option<String>)) -> sdk::Parameter {
    let parameter = sdk::Parameter::builder().parameter_key(key);
    match value {
        Some(value) => parameter.parameter_value(value).build(),
        None => parameter.use_previous_value(true).build(),
    }
}

fn into_tag(tag: &StackTag) -> sdk::Tag {
    sdk::Tag::builder().key(&tag.key).value(&tag.value).build()
}

fn into_change(change: sdk::ResourceChange) -> ProposedChange {
    ProposedChange {
        action: change.action.as_ref().map_or("", sdk::ChangeAction::as_str).to_owned(),
        logical_id: change.logical_resource_id.unwrap_or_default(),
        resource_type: change.resource_type.unwrap_or_default(),
        replacement: change.replacement.as_ref().map(|word| word.as_str().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_without_a_value_keeps_its_own() {
        let kept = into_parameter(&("Stack".to_owned(), None));
        assert_eq!((kept.use_previous_value, kept.parameter_value), (Some(true), None));
        let emptied = into_parameter(&("Stack".to_owned(), Some(String::new())));
        assert_eq!((emptied.use_previous_value, emptied.parameter_value.as_deref()), (None, Some("")));
    }

    #[test]
    fn an_action_of_tomorrow_keeps_its_word() {
        let change = sdk::ResourceChange::builder().action("Ponder".into()).build();
        assert_eq!(into_change(change).action, "Ponder");
    }
}
