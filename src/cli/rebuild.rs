//! Runs that make a new stack: what `restore`, `drill` and `replace` have in common.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::recipe::Recipe;
use super::signals::Signals;
use super::{finish, holder, take};
use crate::aws::Aws;
use crate::model::new_stack::{NewStack, StackTag};
use crate::model::rebuild::{Aim, Plan, Probe};
use crate::model::run::{Kind, Options, Run, Target};
use crate::model::tags;
use crate::model::{RefusalKind, Seen};
use crate::plan::kept;
use crate::world::{World, announce};

/// What a run that makes a new stack is about.
pub(crate) fn aim(recipe: &Recipe, name: &str, probe: Option<Probe>) -> Aim {
    let backup = recipe.backup();
    let topology = recipe.manifest().map(|manifest| &manifest.topology);
    let place = |found: &crate::model::topology::Found| found.logical_id.clone();
    let files = backup.files.as_ref();
    Aim {
        backup: backup.id.to_string(),
        point: files.map(|files| files.recovery_point.to_string()).unwrap_or_default(),
        vault: files.map(|files| files.vault.to_string()).unwrap_or_default(),
        source: backup.stack_id.as_deref().unwrap_or_default().to_owned(),
        name: name.to_owned(),
        plan: String::new(),
        cluster: topology.and_then(|topology| place(&topology.cluster)),
        file_system: topology.and_then(|topology| place(&topology.file_system)),
        probe,
        proof_age: None,
        undo: None,
        profile: recipe.draft.profile.as_ref().map(|profile| profile.name.clone()),
        backup_at: backup.began,
    }
}

/// A replacement that stands still goes back to its safety backup: whoever else drives it is to know.
pub(crate) async fn rolling_back(world: &impl World, run: Run) -> Run {
    let back = |mut run: Run| {
        run.rebuilt.roll_back = true;
        run
    };
    announce(world, &run, back).await.unwrap_or_else(|_| back(run))
}

/// A run that makes a stack and touches no other: its record and its lock bear the new stack's name.
pub(crate) fn run(kind: Kind, aim: Aim, now: Timestamp) -> Run {
    let target = Target {
        stack: aim.name.clone(),
        // No stack that exists is ever changed by it.
        stack_id: String::new(),
        switch: None,
        cluster: String::new(),
        file_system: String::new(),
        vault: aim.vault.clone(),
        role: String::new(),
        secret: None,
        secret_version: None,
        protected: Vec::new(),
        aim: Some(aim),
    };
    Run::new(kind, target, Options::default(), now)
}

/// The plan's stack bears the run's tag: by it, it is known as the run's.
pub(crate) fn tagged(stack: NewStack, run: &Run) -> Arc<NewStack> {
    let mut stack = stack;
    stack.tags.push(StackTag { key: tags::RUN.to_owned(), value: run.id.to_string() });
    Arc::new(stack)
}

/// The name is free: no stack bears it, one that is being deleted included, and no run holds it.
///
/// # Errors
/// It is taken (exit 4), or it cannot be told.
pub(crate) async fn free(cx: &Context, aws: &Aws, name: &str) -> Result<(), Failure> {
    holder::inspect(cx, aws, name).await?;
    match Seen::from(aws.stack(name).await) {
        Seen::Missing => Ok(()),
        Seen::Here(stack) => Err(taken(name, stack.status.as_str())),
        Seen::Unknown(refusal) if refusal.kind == RefusalKind::NotFound => Ok(()),
        Seen::Unknown(refusal) => Err(cx.refused("it cannot be told whether the name is free", &refusal)),
        Seen::NotLooked => Ok(()),
    }
}

/// There is room for one more DB cluster.
///
/// # Errors
/// There is none (exit 4).
pub(crate) async fn room(cx: &Context, aws: &Aws) -> Result<(), Failure> {
    match aws.cluster_quota().await {
        Ok(Some(quota)) if quota.used >= quota.max => {
            let what =
                format!("there are {} DB clusters in {}, and the quota is {}", quota.used, aws.region(), quota.max);
            Err(Failure::new(Exit::Refused, "cluster-quota", what)
                .why("the new stack's DB cluster could not be created; nothing was touched")
                .hint("ask AWS for a higher quota (Service Quotas, RDS, DB clusters), or delete a cluster that nobody needs"))
        }
        Ok(_) => Ok(()),
        Err(refusal) => {
            cx.warn(&format!("whether one more DB cluster may be created is not known: {refusal}"));
            Ok(())
        }
    }
}

fn taken(name: &str, status: &str) -> Failure {
    let failure = Failure::new(Exit::Refused, "stack-exists", format!("a stack named {name} exists already ({status})"))
        .why("a backup is only ever restored into a new stack: restore parameters in an update of an existing one would replace its database");
    match status {
        "DELETE_IN_PROGRESS" => failure.hint("wait until it is deleted, or choose another --new-stack"),
        "ROLLBACK_COMPLETE" | "CREATE_FAILED" | "ROLLBACK_FAILED" | "DELETE_FAILED" | "REVIEW_IN_PROGRESS" => failure
            .hint(format!("if nobody needs what is left of it, delete it first: `aws cloudformation delete-stack --stack-name {name}`"))
            .hint("or choose another --new-stack"),
        _ => failure
            .hint("choose another --new-stack")
            .hint(format!("to take {name} itself back to a backup: `stacksnap replace {name} --with BACKUP`")),
    }
}

/// Keeps the plan of the stacks that a run may make, before it begins; NoEcho values stay in this process.
///
/// # Errors
/// It does not fit, or cannot be kept: nothing was touched.
pub(crate) async fn keep(cx: &Context, aws: &Aws, plan: &Plan, run: Run) -> Result<Run, Failure> {
    let packed = kept::pack(plan)
        .map_err(|why| Failure::new(Exit::Refused, "plan-too-long", "the plan cannot be kept").why(why))?;
    let secrets = [Some(&plan.first), plan.second.as_ref()].into_iter().flatten().flat_map(|stack| &stack.parameters);
    aws.give(secrets.filter(|p| p.secret).map(|p| (p.key.clone(), p.value.clone())));
    aws.keep_plan(&run.target.stack, &run.id, &packed.parts)
        .await
        .map_err(|refusal| cx.refused("the run's plan cannot be kept, so nothing was begun", &refusal))?;
    let mut run = run;
    if let Some(aim) = Arc::make_mut(&mut run.target).aim.as_mut() {
        aim.plan = packed.digest;
    }
    Ok(run)
}

/// Begins a run that makes a stack and touches no other, and drives it to its end.
///
/// # Errors
/// It was not begun, or it did not go well.
pub(crate) async fn go(
    cx: &Context,
    aws: &Aws,
    run: Run,
    stack: NewStack,
    timeout: Option<Duration>,
) -> Result<Exit, Failure> {
    // From here on no signal ends the process by itself: what is begun is brought to an end.
    let signals = Signals::listen();
    let run = take::free(aws, run).await?;
    let plan = Plan { first: tagged(stack, &run), second: None };
    let run = keep(cx, aws, &plan, run).await?;
    take::take(cx, aws, &run).await?;
    finish::drive(cx, aws, run, finish::manner(cx, timeout, false), signals).await
}
