//! The plan of the stack that a replacement's safety backup would be restored to: the stack as it is now.

use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::template;
use super::{RecipeArgs, refuse};
use crate::aws::{Aws, Shared};
use crate::model::Arn;
use crate::model::manifest::KeptParameter;
use crate::model::new_stack::{NewStack, OnFailure};
use crate::model::rebuild::SAFETY_POINT;
use crate::model::run::Run;
use crate::model::survey::Survey;
use crate::plan::params::{self, Around, RestoreValues};
use crate::plan::template::declared;

/// The old stack's own template, parameters and tags, made to restore the safety backup, which does not exist
/// yet: its snapshot will bear the run's id, its recovery point's ARN is filled in when it is known.
///
/// # Errors
/// Its template takes no backup in, or a secret value has to be given.
pub(crate) async fn safety(
    cx: &Context,
    aws: &Aws,
    survey: &Survey,
    run: &Run,
    args: &RecipeArgs,
) -> Result<(NewStack, String), Failure> {
    let topology = survey.topology.as_ref().and_then(|found| found.as_ref().ok());
    let (Some(stack), Some(topology)) = (survey.stack.here(), topology) else {
        return Err(Failure::new(Exit::NotFound, "stack-not-found", "the stack is gone"));
    };
    let known = survey.declared.here().cloned().unwrap_or_default();
    let source = aws.source(stack, known, &topology.parameter_store, &Shared::default()).await;
    let source = source.map_err(|refusal| cx.refused("the stack's template cannot be read", &refusal))?;
    let merged = declared(Some(&source.declared), Some(&source.template)).map_err(|error| {
        Failure::new(Exit::Refused, "template", "the stack's template cannot be used").why(error.to_string())
    })?;
    let secret = |key: &str| merged.declared.iter().any(|declared| declared.key == key && declared.no_echo);
    // Values that the user gives are for the backup's stack; only a secret's is wanted here, too.
    let given: Vec<_> = args.given()?.into_iter().filter(|given| secret(&given.key)).collect();
    let parameters = params::params(&params::Request {
        declared: &merged.declared,
        source: &kept(stack, &secret),
        restore: topology.restore.as_ref(),
        values: &values(run, survey),
        offline: topology.offline.as_ref(),
        ask: &[],
        given: &given,
        unset: &[],
        source_exists: false,
    });
    if !parameters.ready() {
        return Err(refuse::parameters(cx, "the safety backup", &parameters));
    }
    let backup = run.id.as_str();
    let place = template::Around { stack: &stack.name, id: backup, arn: &stack.id };
    let around = Around {
        name: &stack.name,
        template: template::send(cx, aws, &place, &source.template).await?,
        backup,
        source_stack: &stack.name,
        capabilities: &stack.capabilities,
        tags: &stack.tags,
        role_arn: stack.role_arn.as_deref(),
        notification_arns: &stack.notification_arns,
        // Until it is proven it may have to be deleted.
        termination_protection: false,
        on_failure: OnFailure::Keep,
    };
    let plan = params::new_stack(&parameters, around);
    let plan = plan.map_err(|error| Failure::new(Exit::Refused, "parameters", error.to_string()))?;
    Ok((plan, source.template))
}

fn kept(stack: &crate::model::stack::Stack, secret: &dyn Fn(&str) -> bool) -> Vec<KeptParameter> {
    let kept = stack.parameters.iter().map(|parameter| KeptParameter {
        key: parameter.key.clone(),
        value: (parameter.value != "****" && !secret(&parameter.key)).then(|| parameter.value.clone()),
    });
    kept.collect()
}

fn values(run: &Run, survey: &Survey) -> RestoreValues {
    let arn: Option<Arn> = run.target.stack_id.parse().ok();
    let (partition, region, account) =
        arn.map_or_else(Default::default, |arn| (arn.partition, arn.region, arn.account));
    RestoreValues {
        source_stack: run.target.stack.clone(),
        snapshot: run.id.to_string(),
        secret: survey.secret.here().map(|secret| secret.arn.clone()),
        vault: run.target.vault.clone(),
        recovery_point: format!("arn:{partition}:backup:{region}:{account}{SAFETY_POINT}"),
    }
}
