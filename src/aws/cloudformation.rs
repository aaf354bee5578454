//! Stacks, their resources and what their templates declare; the calls that change a stack.

use aws_sdk_cloudformation::types as sdk;
use futures_util::future::try_join_all;

use super::Aws;
use super::convert::at;
use super::pages::Pages;
use super::refusal::{incomplete, refused};
use crate::engine::NewChangeSet;
use crate::model::new_stack::StackTag;
use crate::model::stack::{Declared, Limits, Output, Parameter, Resource, Stack};
use crate::model::{Refusal, RefusalKind};

const SERVICE: &str = "cloudformation";
/// CloudFormation allows fewer levels of nested stacks than this.
const DEEPEST: usize = 10;

impl Aws {
    /// One stack, by name or ARN. A deleted one is found by its ARN only.
    ///
    /// # Errors
    /// AWS's refusal; `NotFound` where there is no such stack.
    pub async fn stack(&self, name: &str) -> Result<Stack, Refusal> {
        self.described_stack(name).await.map(into_stack)
    }

    pub(super) async fn described_stack(&self, name: &str) -> Result<sdk::Stack, Refusal> {
        let describe = self.cloudformation().describe_stacks().stack_name(name);
        let answer = describe.send().await.map_err(refused(SERVICE, "DescribeStacks"))?;
        let stack = answer.stacks.unwrap_or_default().into_iter().next();
        stack.ok_or_else(|| incomplete(SERVICE, "DescribeStacks", "stack"))
    }

    /// Every stack that is there, nested ones included; with a name or an ARN that one alone.
    pub(super) async fn described_stacks(&self, name: Option<&str>) -> Result<Vec<sdk::Stack>, Refusal> {
        let mut all = Vec::new();
        let mut pages = Pages::of(SERVICE, "DescribeStacks");
        let mut token = None;
        loop {
            let describe = self.cloudformation().describe_stacks().set_stack_name(name.map(str::to_owned));
            let page = describe.set_next_token(token).send().await.map_err(refused(SERVICE, "DescribeStacks"))?;
            all.extend(page.stacks.unwrap_or_default());
            token = pages.next(page.next_token)?;
            if token.is_none() {
                return Ok(all);
            }
        }
    }

    /// The template's text, as it was given (stage Original). A deleted stack's is answered for 90 days, by its
    /// ARN.
    ///
    /// # Errors
    /// AWS's refusal; `NotFound` where there is no such stack.
    pub async fn template(&self, stack: &str) -> Result<String, Refusal> {
        let get = self.cloudformation().get_template().stack_name(stack);
        let answer = get.template_stage(sdk::TemplateStage::Original).send().await;
        let answer = answer.map_err(refused(SERVICE, "GetTemplate"))?;
        answer.template_body.ok_or_else(|| incomplete(SERVICE, "GetTemplate", "template"))
    }

    /// The parameters that the stack's template declares.
    pub(super) async fn declared(&self, stack: &str) -> Result<Vec<Declared>, Refusal> {
        let summary = self.cloudformation().get_template_summary().stack_name(stack);
        let answer = summary.send().await.map_err(refused(SERVICE, "GetTemplateSummary"))?;
        Ok(answer.parameters.unwrap_or_default().into_iter().map(into_declared).collect())
    }

    /// The parameters that the template at `url` declares; CloudFormation fetches it.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn declared_at(&self, url: &str) -> Result<Vec<Declared>, Refusal> {
        let summary = self.cloudformation().get_template_summary().template_url(url);
        let answer = summary.send().await.map_err(refused(SERVICE, "GetTemplateSummary"))?;
        Ok(answer.parameters.unwrap_or_default().into_iter().map(into_declared).collect())
    }

    /// The ARN of the stack of this name that was deleted last, for as long as CloudFormation lists it: 90 days.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn deleted_stack(&self, name: &str) -> Result<Option<String>, Refusal> {
        let mut newest = None;
        let mut pages = Pages::of(SERVICE, "ListStacks");
        let mut token = None;
        loop {
            let list = self.cloudformation().list_stacks().stack_status_filter(sdk::StackStatus::DeleteComplete);
            let page = list.set_next_token(token).send().await.map_err(refused(SERVICE, "ListStacks"))?;
            for row in page.stack_summaries.unwrap_or_default() {
                if row.stack_name.as_deref() == Some(name) {
                    newest = newest.max(Some((row.deletion_time.map(|at| at.secs()), row.stack_id)));
                }
            }
            token = pages.next(page.next_token)?;
            if token.is_none() {
                return Ok(newest.and_then(|(_, id)| id));
            }
        }
    }

    /// Every resource of the stack and of the stacks nested in it, level by level.
    pub(super) async fn resources(&self, stack: &str) -> Result<Vec<Resource>, Refusal> {
        let mut all = Vec::new();
        let mut level = vec![(stack.to_owned(), Vec::new())];
        for depth in 0..DEEPEST {
            let reads = level.iter().map(|(stack, path)| self.resources_of(stack, path, depth > 0));
            let rows: Vec<Resource> = try_join_all(reads).await?.into_iter().flatten().collect();
            level = rows.iter().filter_map(nested).collect();
            all.extend(rows);
            if level.is_empty() {
                break;
            }
        }
        Ok(all)
    }

    /// One stack's own rows. A nested stack that is just gone has none.
    async fn resources_of(&self, stack: &str, path: &[String], nested: bool) -> Result<Vec<Resource>, Refusal> {
        let mut rows = Vec::new();
        let mut pages = Pages::of(SERVICE, "ListStackResources");
        let mut token = None;
        loop {
            let list = self.cloudformation().list_stack_resources().stack_name(stack).set_next_token(token);
            let answer = match list.send().await.map_err(refused(SERVICE, "ListStackResources")) {
                Err(refusal) if nested && refusal.kind == RefusalKind::NotFound => return Ok(rows),
                answer => answer?,
            };
            let summaries = answer.stack_resource_summaries.unwrap_or_default();
            rows.extend(summaries.into_iter().map(|row| into_resource(row, path)));
            token = pages.next(answer.next_token)?;
            if token.is_none() {
                return Ok(rows);
            }
        }
    }

    /// CreateChangeSet of type UPDATE: the template as it is, every parameter as it is, but one.
    pub(super) async fn create_change_set(&self, new: &NewChangeSet) -> Result<(), Refusal> {
        let kept = new.keep.iter().map(|key| sdk::Parameter::builder().parameter_key(key).use_previous_value(true));
        let changed = sdk::Parameter::builder().parameter_key(&new.key).parameter_value(&new.value);
        let parameters = kept.chain([changed]).map(sdk::builders::ParameterBuilder::build).collect();
        let capabilities = new.capabilities.iter().map(|name| sdk::Capability::from(name.as_str())).collect();
        let create = self
            .cloudformation()
            .create_change_set()
            .stack_name(&new.stack_id)
            .change_set_name(&new.name)
            .change_set_type(sdk::ChangeSetType::Update)
            .client_token(&new.name)
            .use_previous_template(true)
            .include_nested_stacks(true)
            .set_parameters(Some(parameters))
            .set_capabilities(Some(capabilities));
        match create.send().await.map_err(refused(SERVICE, "CreateChangeSet")) {
            Ok(made) => {
                self.set_made(&new.stack_id, &new.name, made.id().unwrap_or_default());
                Ok(())
            }
            Err(refusal) => {
                self.forget_sets(&new.stack_id);
                Err(refusal)
            }
        }
    }

    /// ExecuteChangeSet, by ARN.
    pub(super) async fn execute_change_set(&self, arn: &str, token: &str) -> Result<(), Refusal> {
        let execute = self
            .cloudformation()
            .execute_change_set()
            .change_set_name(arn)
            .client_request_token(token)
            .disable_rollback(false);
        execute.send().await.map(drop).map_err(refused(SERVICE, "ExecuteChangeSet"))
    }

    /// DeleteChangeSet, by ARN.
    pub(super) async fn delete_change_set(&self, arn: &str) -> Result<(), Refusal> {
        let delete = self.cloudformation().delete_change_set().change_set_name(arn);
        delete.send().await.map(drop).map_err(refused(SERVICE, "DeleteChangeSet"))
    }

    /// CancelUpdateStack.
    pub(super) async fn cancel_update(&self, stack_id: &str, token: &str) -> Result<(), Refusal> {
        let cancel = self.cloudformation().cancel_update_stack().stack_name(stack_id).client_request_token(token);
        cancel.send().await.map(drop).map_err(refused(SERVICE, "CancelUpdateStack"))
    }
}

/// The nested stack that a row stands for, and the path down to it.
fn nested(row: &Resource) -> Option<(String, Vec<String>)> {
    let stack = row.physical_id.clone().filter(|_| row.resource_type == "AWS::CloudFormation::Stack")?;
    let path = row.path.iter().chain([&row.logical_id]).cloned().collect();
    (!row.status.gone()).then_some((stack, path))
}

pub(super) fn into_stack(stack: sdk::Stack) -> Stack {
    Stack {
        id: stack.stack_id.unwrap_or_default(),
        name: stack.stack_name.unwrap_or_default(),
        status: stack.stack_status.as_ref().map_or("", sdk::StackStatus::as_str).into(),
        status_reason: stack.stack_status_reason,
        parameters: stack.parameters.unwrap_or_default().into_iter().map(into_parameter).collect(),
        capabilities: stack.capabilities.unwrap_or_default().iter().map(|name| name.as_str().to_owned()).collect(),
        outputs: stack.outputs.unwrap_or_default().into_iter().map(into_output).collect(),
        role_arn: stack.role_arn,
        parent_id: stack.parent_id,
        tags: stack.tags.unwrap_or_default().into_iter().map(into_tag).collect(),
        notification_arns: stack.notification_arns.unwrap_or_default(),
        termination_protection: stack.enable_termination_protection.unwrap_or_default(),
        created: at(stack.creation_time.as_ref()),
    }
}

fn into_parameter(parameter: sdk::Parameter) -> Parameter {
    Parameter {
        key: parameter.parameter_key.unwrap_or_default(),
        value: parameter.parameter_value.unwrap_or_default(),
        resolved: parameter.resolved_value,
    }
}

fn into_tag(tag: sdk::Tag) -> StackTag {
    StackTag { key: tag.key.unwrap_or_default(), value: tag.value.unwrap_or_default() }
}

fn into_output(output: sdk::Output) -> Output {
    Output { key: output.output_key.unwrap_or_default(), value: output.output_value.unwrap_or_default() }
}

fn into_declared(declared: sdk::ParameterDeclaration) -> Declared {
    let allowed = declared.parameter_constraints.and_then(|constraints| constraints.allowed_values);
    Declared {
        key: declared.parameter_key.unwrap_or_default(),
        kind: declared.parameter_type.unwrap_or_default(),
        allowed: allowed.unwrap_or_default(),
        no_echo: declared.no_echo.unwrap_or_default(),
        default: declared.default_value,
        limits: Limits::default(),
    }
}

fn into_resource(row: sdk::StackResourceSummary, path: &[String]) -> Resource {
    Resource {
        path: path.to_vec(),
        logical_id: row.logical_resource_id.unwrap_or_default(),
        physical_id: row.physical_resource_id.filter(|id| !id.is_empty()),
        resource_type: row.resource_type.unwrap_or_default(),
        status: row.resource_status.as_ref().map_or("", sdk::ResourceStatus::as_str).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: &str, status: &str, physical: Option<&str>) -> Resource {
        Resource {
            path: vec!["Outer".to_owned()],
            logical_id: "Inner".to_owned(),
            physical_id: physical.map(str::to_owned),
            resource_type: kind.to_owned(),
            status: status.into(),
        }
    }

    #[test]
    fn only_a_nested_stack_that_is_there_is_looked_into() {
        let stack = "AWS::CloudFormation::Stack";
        let path = vec!["Outer".to_owned(), "Inner".to_owned()];
        assert_eq!(nested(&row(stack, "UPDATE_COMPLETE", Some("arn"))), Some(("arn".to_owned(), path)));
        assert_eq!(nested(&row(stack, "DELETE_COMPLETE", Some("arn"))), None);
        assert_eq!(nested(&row(stack, "CREATE_IN_PROGRESS", None)), None);
        assert_eq!(nested(&row("AWS::RDS::DBCluster", "UPDATE_COMPLETE", Some("my-db"))), None);
    }

    #[test]
    fn a_status_of_tomorrow_keeps_its_word() {
        let stack = sdk::Stack::builder().stack_status("UPDATE_PONDERING".into()).build();
        assert_eq!(into_stack(stack).status.as_str(), "UPDATE_PONDERING");
    }
}
