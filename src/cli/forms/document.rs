//! The result of `params` as a document: `-o json|yaml` show it, `-o text` shows the form.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::output::{Document, Page};
use crate::model::finding::Finding;
use crate::model::new_stack::{NewStack, StackTag, TemplateSource};
use crate::plan::params::{Need, Origin, Parameters};

/// A new stack's parameters, with where each comes from. No secret's value is in it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "NewStackParameters")]
pub(crate) struct NewStackParameters {
    /// The backup's id.
    pub(crate) backup: String,
    /// The source stack's name.
    pub(crate) source_stack: String,
    /// The new stack's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stack_name: Option<String>,
    /// The template's URL, where it has one.
    #[serde(rename = "templateURL", skip_serializing_if = "Option::is_none")]
    pub(crate) template_url: Option<String>,
    /// The parameters, in the template's order.
    pub(crate) parameters: Vec<ParameterView>,
    /// The capabilities to acknowledge.
    pub(crate) capabilities: Vec<String>,
    /// The new stack's tags.
    pub(crate) tags: Vec<StackTag>,
    /// The parameters that need the user's value; with any of them, no stack can be made.
    pub(crate) needs: Vec<Need>,
    /// What is wrong or worth knowing.
    pub(crate) findings: Vec<Finding>,
    /// The form that was asked for.
    #[serde(skip)]
    pub(crate) form: String,
}

/// A parameter and where its value comes from.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ParameterView {
    /// `ParameterKey`
    pub(crate) key: String,
    /// `ParameterValue`; absent where it is a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<String>,
    /// Where it comes from; `default` is not sent.
    pub(crate) origin: Origin,
    /// The template says NoEcho.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) secret: bool,
}

impl NewStackParameters {
    /// `stack` is absent where a value is still needed; `form` is what [`super::render`] wrote.
    pub(crate) fn new(
        backup: &str,
        source_stack: &str,
        parameters: &Parameters,
        stack: Option<&NewStack>,
        form: String,
    ) -> Self {
        let view = |chosen: &crate::plan::params::Chosen| ParameterView {
            key: chosen.key.clone(),
            value: chosen.value.clone().filter(|_| !chosen.secret),
            origin: chosen.origin,
            secret: chosen.secret,
        };
        let url = |stack: &NewStack| match &stack.template {
            TemplateSource::Url(url) => Some(url.clone()),
            TemplateSource::Body(_) => None,
        };
        Self {
            backup: backup.to_owned(),
            source_stack: source_stack.to_owned(),
            stack_name: stack.map(|stack| stack.name.clone()),
            template_url: stack.and_then(url),
            parameters: parameters.chosen.iter().map(view).collect(),
            capabilities: stack.map(|stack| stack.capabilities.clone()).unwrap_or_default(),
            tags: stack.map(|stack| stack.tags.clone()).unwrap_or_default(),
            needs: parameters.needs.clone(),
            findings: parameters.findings.clone(),
            form,
        }
    }
}

impl Document for NewStackParameters {
    const KIND: &'static str = "NewStackParameters";

    /// The form as it is: another program reads it.
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.out.write_all(self.form.as_bytes())
    }
}
