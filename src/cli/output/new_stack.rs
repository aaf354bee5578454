//! The plan of a new stack, as it is shown before it is carried out.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::recipe::Recipe;
use super::table::{self, Cell};
use super::{Document, Page};
use crate::model::new_stack::{OnFailure, TemplateSource};
use crate::plan::params::Origin;

/// What would be created, of what.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "NewStackPlan")]
pub(crate) struct NewStackPlan {
    /// The new stack's name.
    pub(crate) stack: String,
    /// The region.
    pub(crate) region: String,
    /// The backup that it is made of.
    pub(crate) backup: String,
    /// The stack that the backup is of.
    pub(crate) source: String,
    /// The DB cluster snapshot.
    pub(crate) snapshot: String,
    /// The recovery point.
    pub(crate) recovery_point: String,
    /// The template's URL; absent where its text is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) template_url: Option<String>,
    /// The template's length, bytes, where its text is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) template_bytes: Option<usize>,
    /// `OnFailure`
    pub(crate) on_failure: OnFailure,
    /// `EnableTerminationProtection`
    pub(crate) termination_protection: bool,
    /// `Capabilities`
    pub(crate) capabilities: Vec<String>,
    /// Every parameter that is sent.
    pub(crate) parameters: Vec<ShownParameter>,
    /// It is a drill's.
    #[serde(skip)]
    pub(crate) rehearsal: bool,
}

/// A parameter, and where its value comes from.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShownParameter {
    /// `ParameterKey`
    pub(crate) key: String,
    /// Its value; absent for NoEcho.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<String>,
    /// Where it comes from.
    pub(crate) from: Origin,
}

impl NewStackPlan {
    /// Of a recipe.
    pub(crate) fn new(recipe: &Recipe, region: &str) -> Self {
        let (backup, plan) = (recipe.backup(), &recipe.plan);
        let (template_url, template_bytes) = match &plan.template {
            TemplateSource::Url(url) => (Some(url.clone()), None),
            TemplateSource::Body(body) => (None, Some(body.len())),
        };
        let sent = recipe.draft.parameters.chosen.iter().filter(|chosen| chosen.sent());
        Self {
            rehearsal: false,
            stack: plan.name.clone(),
            region: region.to_owned(),
            backup: backup.id.to_string(),
            source: backup.stack.to_string(),
            snapshot: backup.database.as_ref().map(|half| half.snapshot.to_string()).unwrap_or_default(),
            recovery_point: backup.files.as_ref().map(|half| half.recovery_point.to_string()).unwrap_or_default(),
            template_url,
            template_bytes,
            on_failure: plan.on_failure,
            termination_protection: plan.termination_protection,
            capabilities: plan.capabilities.clone(),
            parameters: sent
                .map(|chosen| ShownParameter {
                    key: chosen.key.clone(),
                    value: chosen.value.clone().filter(|_| !chosen.secret),
                    from: chosen.origin,
                })
                .collect(),
        }
    }

    /// The plan in two lines, for stderr.
    pub(crate) fn summary(&self) -> Vec<String> {
        vec![
            format!("new stack {} in {}, of backup {} (source: {})", self.stack, self.region, self.backup, self.source),
            format!(
                "database from snapshot {}, files from {}; {} parameters",
                self.snapshot,
                self.recovery_point,
                self.parameters.len()
            ),
        ]
    }
}

impl Document for NewStackPlan {
    const KIND: &'static str = "NewStackPlan";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.line(format!("would create stack {} in {}", page.paint.bold(&self.stack), self.region))?;
        let failing = match self.on_failure {
            _ if self.rehearsal => "it is deleted again, as after a success",
            OnFailure::Keep => "what was created stays, for inspection",
            OnFailure::Rollback => "rolled back",
        };
        let protected = if self.termination_protection { "against termination" } else { "no" };
        self.body(page, failing, protected)
    }
}

impl NewStackPlan {
    /// All but the first line.
    ///
    /// # Errors
    /// Those of the output.
    pub(super) fn body(&self, page: &mut Page<'_>, failing: &str, protected: &str) -> io::Result<()> {
        page.field("Backup", &self.backup)?;
        page.field("Of stack", &self.source)?;
        page.field("Database", &self.snapshot)?;
        page.field("Files", &self.recovery_point)?;
        match (&self.template_url, self.template_bytes) {
            (Some(url), _) => page.field("Template", url)?,
            (None, Some(bytes)) => page.field("Template", format!("{bytes} bytes, sent with the request"))?,
            (None, None) => {}
        }
        page.field("If it fails", failing)?;
        page.field("Protected", protected)?;
        page.line("")?;
        table::write(
            page,
            ["PARAMETER", "VALUE", "FROM"],
            || self.parameters.iter(),
            |parameter| {
                let value = parameter.value.as_deref().unwrap_or("(secret)");
                [Cell::from(&parameter.key), Cell::from(value), Cell::from(word(parameter.from))]
            },
        )
    }
}

/// As in the JSON.
fn word(origin: Origin) -> String {
    let value = serde_json::to_value(origin).ok();
    value.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
