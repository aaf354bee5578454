//! A pair that stacksnap did not make, as a backup.

use super::super::context::Context;
use super::super::failure::Failure;
use super::args::PairArgs;
use crate::aws::Aws;
use crate::model::backup::{Backup, DatabaseHalf, FilesHalf, State};
use crate::model::proof::{Proof, Subject};
use crate::model::{Arn, RefusalKind};

/// The pair that is named.
///
/// # Errors
/// A name that is missing, or the source stack cannot be looked for.
pub(super) async fn of_pair(cx: &Context, aws: &Aws, pair: &PairArgs) -> Result<Subject, Failure> {
    let (Some(snapshot), Some(vault), Some(point), Some(stack)) =
        (&pair.snapshot, &pair.vault, &pair.recovery_point, &pair.source_stack)
    else {
        return Err(Failure::usage(
            "name a backup, or all of --snapshot, --vault, --recovery-point and --source-stack",
        ));
    };
    let (stack, stack_id) = source(cx, aws, stack).await?;
    let backup = Backup {
        id: snapshot.rsplit(':').next().unwrap_or(snapshot).into(),
        stack: stack.into(),
        stack_id: stack_id.map(Into::into),
        state: State::Incomplete,
        reason: Some("stacksnap did not make it".into()),
        mode: None,
        began: None,
        completed: None,
        skew_s: None,
        database: Some(DatabaseHalf {
            snapshot: snapshot.as_str().into(),
            arn: if snapshot.starts_with("arn:") { snapshot.as_str().into() } else { "".into() },
            status: "".into(),
            created: None,
            cluster: "".into(),
            allocated_gib: None,
        }),
        files: Some(FilesHalf {
            recovery_point: point.as_str().into(),
            status: "".into(),
            vault: vault.as_str().into(),
            created: None,
            completed: None,
            bytes: None,
        }),
        secret_arn: None,
        secret_version: None,
        note: None,
        hold: None,
        hold_until: None,
        drilled: None,
        manifest: None,
        tool_version: None,
    };
    Ok(Subject { backup, pair: true })
}

/// The stack's name and ARN. One that was deleted is found by its name, too, for as long as CloudFormation lists it.
async fn source(cx: &Context, aws: &Aws, stack: &str) -> Result<(String, Option<String>), Failure> {
    if let Ok(arn) = stack.parse::<Arn>() {
        let name = arn.resource.strip_prefix("stack/").and_then(|rest| rest.split('/').next());
        let name = name.ok_or_else(|| Failure::usage(format!("`{stack}` is not the ARN of a stack")))?;
        return Ok((name.to_owned(), Some(stack.to_owned())));
    }
    let name = super::super::stack_arg::parse(stack).map_err(Failure::usage)?;
    match aws.stack(&name).await {
        Ok(found) => Ok((name, Some(found.id))),
        Err(refusal) if refusal.kind == RefusalKind::NotFound => {
            let id = aws.deleted_stack(&name).await.unwrap_or_default();
            if id.is_none() {
                cx.tell(&format!("CloudFormation knows no stack {name}, not even a deleted one"));
            }
            Ok((name, id))
        }
        Err(refusal) => Err(cx.refused("the source stack cannot be read", &refusal)),
    }
}

/// How far the halves of a pair are apart is known once they were seen.
pub(super) fn apart(subject: &mut Subject, proof: &Proof) {
    if !subject.pair {
        return;
    }
    let snapshot = proof.snapshot.here();
    let (database, files) =
        (snapshot.and_then(|half| half.created), proof.point.here().and_then(|half| half.point.created));
    subject.backup.began = [database, files].into_iter().flatten().min();
    if let (Some(database), Some(files)) = (database, files) {
        let skew = database.duration_since(files).as_secs().unsigned_abs();
        subject.backup.skew_s = u32::try_from(skew).ok();
    }
    if let (Some(half), Some(seen)) = (&mut subject.backup.database, snapshot) {
        half.arn = seen.arn.as_str().into();
    }
    if subject.backup.secret_arn.is_none() {
        subject.backup.secret_arn = proof.secret.here().map(|secret| secret.arn.as_str().into());
    }
}
