//! CloudFormation: stacks, their events, change sets and updates.

mod admission;
pub(crate) mod change_sets;
pub(crate) mod changes;
mod departure;
mod describe;
mod drafts;
mod execute;
mod finish;
mod history;
mod lifecycle;
pub(crate) mod live;
pub(crate) mod making;
mod parameters;
mod resources;
mod rollback;
pub(crate) mod script;
mod stacks;
pub(crate) mod state;
pub(crate) mod template;
mod templates;
mod things;
mod unmaking;
mod update;

use crate::operation::Operation;

const fn op(name: &'static str, target: &'static [&'static str], handler: crate::operation::Handler) -> Operation {
    Operation::new("cloudformation", name, target, handler)
}

const STACK: &[&str] = &["StackName"];
const SET: &[&str] = &["ChangeSetName", "StackName"];

/// CloudFormation's operations.
pub(crate) const OPERATIONS: &[Operation] = &[
    op("DescribeStacks", STACK, stacks::describe_stacks),
    op("ListStacks", &[], stacks::list_stacks),
    op("ListStackResources", STACK, stacks::list_stack_resources),
    op("DescribeStackResources", &["StackName", "PhysicalResourceId"], stacks::describe_stack_resources),
    op("DescribeStackEvents", STACK, stacks::describe_stack_events),
    op("GetTemplate", STACK, templates::get_template),
    op("GetTemplateSummary", STACK, templates::get_template_summary),
    op("CreateChangeSet", SET, drafts::create),
    op("DescribeChangeSet", SET, describe::describe_change_set),
    op("ListChangeSets", STACK, describe::list_change_sets),
    op("ExecuteChangeSet", SET, execute::execute),
    op("DeleteChangeSet", SET, change_sets::delete),
    op("CancelUpdateStack", STACK, update::cancel),
    op("UpdateStack", STACK, update::update_stack),
    op("ContinueUpdateRollback", STACK, update::continue_rollback),
    op("CreateStack", STACK, lifecycle::create_stack),
    op("DeleteStack", STACK, departure::delete_stack),
    op("UpdateTerminationProtection", STACK, departure::protect),
    op("ValidateTemplate", &["TemplateURL"], templates::validate),
];

/// Writes the history of a stack that was created long ago.
pub(crate) fn finish_seeding(
    realm: &mut crate::realm::Realm,
    id: &str,
    resources: &[(String, String)],
    began: jiff::Timestamp,
    ended: jiff::Timestamp,
) {
    finish::become_status(realm, id, "CREATE_IN_PROGRESS", Some("User Initiated"), began);
    for (status, at) in [("CREATE_IN_PROGRESS", began), ("CREATE_COMPLETE", ended)] {
        for (logical, _) in resources {
            script::note(realm, id, logical, status, None, at);
        }
    }
    finish::become_status(realm, id, "CREATE_COMPLETE", None, ended);
}
