//! Keeping a backup's manifest, before its run begins: a backup that could not be restored once its stack is gone is
//! not begun.

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use crate::aws::{Aws, Shared};
use crate::model::finding::Finding;
use crate::model::manifest::Place;
use crate::model::run::Run;
use crate::model::survey::Survey;
use crate::model::{Refusal, RefusalKind, tags};
use crate::plan::manifest::{Composed, Fitted, compose};
use crate::plan::preflight;

/// The run, with where its manifest is and its checksum.
///
/// # Errors
/// The manifest cannot be kept: nothing was begun.
pub(crate) async fn manifest(
    cx: &Context,
    aws: &Aws,
    run: Run,
    survey: &Survey,
    shared: &Shared,
) -> Result<Run, Failure> {
    let (Some(stack), Some(Ok(topology))) = (survey.stack.here(), &survey.topology) else { return Ok(run) };
    let place = cx.settings.stack(&stack.name).manifest.unwrap_or_default();
    let declared = survey.declared.here().cloned().unwrap_or_default();
    let source = aws.source(stack, declared, &topology.parameter_store, shared).await;
    let source = source.map_err(|refusal| failed(cx, &place, &refusal))?;
    let composed = Composed {
        id: run.id.as_str(),
        at: run.started,
        stack,
        topology,
        source: &source,
        secret_version: run.target.secret_version.as_deref(),
    };
    let manifest = compose(&composed, &place);
    let kept = aws.keep_manifest(&manifest, &source.template, &place).await;
    let Fitted { manifest, digest, .. } = kept.map_err(|refusal| failed(cx, &place, &refusal))?;
    for what in &manifest.left_out {
        cx.tell(&format!("not kept with the backup: {what}"));
    }
    Ok(Run { manifest: Some(tags::manifest(&digest, &place)), ..run })
}

/// What would keep a manifest from being kept, as far as reading shows it; for `check` and dry runs.
///
/// # Errors
/// AWS did not answer.
pub(crate) async fn place(cx: &Context, aws: &Aws, stack: &str) -> Result<Option<Finding>, Failure> {
    let place = cx.settings.stack(stack).manifest.unwrap_or_default();
    match aws.manifest_place(&place).await {
        Ok(()) => Ok(None),
        Err(refusal) if no_answer(&refusal) => Err(cx.refused("the place for manifests cannot be looked at", &refusal)),
        Err(refusal) => Ok(Some(preflight::manifest_place(&place, &refusal))),
    }
}

/// It says nothing of the place.
fn no_answer(refusal: &Refusal) -> bool {
    matches!(refusal.kind, RefusalKind::Transient | RefusalKind::Credentials)
}

fn failed(cx: &Context, place: &Place, refusal: &Refusal) -> Failure {
    let failure = cx.refused("the backup's manifest cannot be kept, so nothing was begun", refusal);
    let failure = if no_answer(refusal) { failure } else { Failure { exit: Exit::Refused, ..failure } };
    match place {
        Place::S3 { bucket, .. } if refusal.service == "s3" => failure.hint(format!(
            "the caller needs s3:PutObject and s3:GetObject on the objects, and s3:ListBucket on {bucket}, which must be \
             in the caller's account and region"
        )),
        _ => failure,
    }
}
