//! The JSON schemas of every document, committed in `schemas/`. `STACKSNAP_UPDATE_SCHEMAS=1 cargo test`
//! writes them anew; only additive changes are allowed.

use std::path::PathBuf;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::super::commands::config::ConfigView;
use super::super::commands::guard::GuardReport;
use super::super::commands::inspect::Inspection;
use super::super::commands::keep::Held;
use super::super::commands::list::BackupList;
use super::super::commands::schedule::{
    install::Installed, plan::SchedulePlan, remove::Removal, status::ScheduleStatus,
};
use super::super::commands::sentinel::SentinelReport;
use super::super::commands::show::BackupView;
use super::super::commands::status::StatusReport;
use super::super::commands::verify::Verification;
use super::super::dry_run::Plan;
use super::super::failure::ErrorJson;
use super::super::findings::CheckReport;
use super::super::forms::NewStackParameters;
use super::super::nothing::Nothing;
use super::super::prune::PruneReport;
use super::super::report::RunReport;
use super::Document;
use super::new_stack::NewStackPlan;
use super::replace_plan::ReplacePlan;

/// A document's schema, with the head that every document has.
fn document<T: JsonSchema + Document>() -> (String, Value) {
    let mut schema = plain::<T>();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("apiVersion".to_owned(), json!({ "const": super::API_VERSION }));
        properties.insert("kind".to_owned(), json!({ "const": T::KIND }));
    }
    if let Some(root) = schema.as_object_mut() {
        let required = root.entry("required").or_insert_with(|| json!([]));
        if let Some(required) = required.as_array_mut() {
            required.insert(0, json!("apiVersion"));
            required.insert(1, json!("kind"));
        }
    }
    (T::KIND.to_owned(), schema)
}

fn plain<T: JsonSchema>() -> Value {
    // For what is written, not for what would be read.
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

#[test]
fn the_committed_schemas_are_those_of_the_code() {
    let all = [
        document::<Inspection>(),
        document::<CheckReport>(),
        document::<RunReport>(),
        document::<Plan>(),
        document::<Nothing>(),
        document::<BackupList>(),
        document::<BackupView>(),
        document::<StatusReport>(),
        document::<PruneReport>(),
        document::<Held>(),
        document::<ConfigView>(),
        document::<Verification>(),
        document::<NewStackParameters>(),
        document::<NewStackPlan>(),
        document::<ReplacePlan>(),
        document::<GuardReport>(),
        document::<SentinelReport>(),
        document::<SchedulePlan>(),
        document::<Installed>(),
        document::<ScheduleStatus>(),
        document::<Removal>(),
        ("Error".to_owned(), plain::<ErrorJson<'_>>()),
    ];
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schemas");
    for (kind, schema) in all {
        let path = folder.join(format!("{kind}.json"));
        let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        if std::env::var_os("STACKSNAP_UPDATE_SCHEMAS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == text, "schemas/{kind}.json differs: run STACKSNAP_UPDATE_SCHEMAS=1 cargo test");
    }
}
