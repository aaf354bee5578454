//! Locks and records, in Parameter Store.

use jiff::SignedDuration;
use stacksnap::engine::Action;
use stacksnap::model::run::{Lock, Phase, Run};
use stacksnap::model::{BackupId, RefusalKind, Seen};
use stacksnap::world::{Locked, World};
use stacksnap_sandbox::{Fault, FaultKind};

use crate::{STACK, Scene};

#[tokio::test]
async fn a_lock_is_had_once_and_let_go_by_its_holder_only() {
    let scene = Scene::new().await;
    let lock = |id: &BackupId| Lock {
        run: id.clone(),
        stack_id: scene.run.target.stack_id.clone(),
        holder: None,
        since: None,
    };
    let drawn = |holder: &str| Lock { holder: Some(holder.to_owned()), ..lock(&scene.run.id) };
    scene.sandbox.add_fault(Fault::times("ssm:PutParameter", FaultKind::LostAnswer, 1));
    assert_eq!(scene.aws.lock(STACK, &drawn("me")).await, Ok(Locked::Taken), "the lost answer was a yes");
    let Ok(Locked::Held(holder)) = scene.aws.lock(STACK, &drawn("another machine, the same second")).await else {
        panic!("two machines have the same run id, one has the lock")
    };
    assert_eq!(holder.holder.as_deref(), Some("me"));
    scene.act(Action::Unlock { stack: STACK.to_owned(), run: scene.run.id.clone() }).await;
    let other = BackupId::new(STACK, "2026-11-20T03:00:00Z".parse().unwrap());
    assert_eq!(scene.aws.lock(STACK, &lock(&scene.run.id)).await, Ok(Locked::Taken), "one of old, without dice");
    let Ok(Locked::Held(holder)) = scene.aws.lock(STACK, &lock(&other)).await else { panic!("held") };
    assert_eq!(holder.run, scene.run.id);
    scene.act(Action::Unlock { stack: STACK.to_owned(), run: other }).await;
    assert!(scene.aws.holder(STACK).await.here().unwrap().since.is_some());
    scene.act(Action::Unlock { stack: STACK.to_owned(), run: scene.run.id.clone() }).await;
    assert_eq!(scene.aws.holder(STACK).await, Seen::Missing);
}

#[tokio::test]
async fn a_run_that_another_process_has_had_meanwhile_is_not_begun_again() {
    let scene = Scene::new().await;
    scene.sandbox.add_fault(Fault::times("ssm:PutParameter", FaultKind::LostAnswer, 1));
    assert_eq!(scene.aws.begin_record(&scene.run).await, Ok(()), "the lost answer was a yes");
    assert_eq!(scene.aws.begin_record(&scene.run).await, Ok(()), "it is this very one");
    let over = Run { phase: Phase::Done, ..scene.run.clone() };
    scene.aws.save(&over).await.unwrap();
    let refusal = scene.aws.begin_record(&scene.run).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::AlreadyExists);
    assert_eq!(scene.aws.record(STACK, &scene.run.id).await, Seen::Here(over), "nothing was written over it");
}

#[tokio::test]
async fn a_record_comes_back_and_old_ones_go() {
    let scene = Scene::new().await;
    scene.aws.save(&scene.run).await.unwrap();
    assert_eq!(scene.aws.record(STACK, &scene.run.id).await, Seen::Here(scene.run.clone()));
    for hour in 0..13 {
        let started = scene.run.started + SignedDuration::from_hours(hour - 24);
        let ended = serde_json::json!({"outcome": "complete", "at": started});
        let mut old = serde_json::to_value(&scene.run).unwrap();
        old["id"] = BackupId::new(STACK, started).as_str().into();
        old["started"] = started.to_string().into();
        old["phase"] = "Done".into();
        old["ending"] = ended;
        scene.aws.save(&serde_json::from_value(old).unwrap()).await.unwrap();
    }
    scene.act(Action::Unlock { stack: STACK.to_owned(), run: scene.run.id.clone() }).await;
    let (runs, unreadable) = scene.aws.runs(Some(STACK)).await;
    assert_eq!((runs.len(), unreadable.len()), (11, 0), "ten ended ones and the one that has not");
    assert_eq!(runs.last().unwrap().id, scene.run.id);
    assert_eq!(scene.aws.runs(None).await.0, runs);
}
