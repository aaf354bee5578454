//! Runs that make a new stack of a backup: `restore`, `drill`, `replace`.

mod crashes;
mod drill;
mod histories;
mod model_check;
mod replace;
mod restore;
mod undo;

use std::sync::Arc;

use stacksnap::engine::Rescue;
use stacksnap::model::new_stack::{NewParameter, NewStack, OnFailure, StackTag, TemplateSource};
use stacksnap::model::rebuild::{Aim, Plan, Probe, SAFETY_POINT, Undo};
use stacksnap::model::run::{Kind, Lock, Mode, Options, Run, Target};
use stacksnap::model::tags;

use crate::cloud::{Cloud, Durations, Fates, OLD_BACKUP, OLD_POINT, PARAMETER, STACK, STACK_ID, at, value};
use crate::driver::{self, Driver, Fine, Spoil, write};
use crate::judge;

/// What a restored or drilled stack is called.
const NEW: &str = "my-hub-2";

pub(crate) fn online(fates: Fates) -> Cloud {
    let mut cloud = Cloud::new(Mode::Online, Durations::SHORT, fates);
    prove(&mut cloud);
    cloud
}

/// The backup was drilled an hour ago.
fn prove(cloud: &mut Cloud) {
    cloud.restored.drilled_snapshot = Some(at(-3_600_000));
    cloud.restored.drilled_point = Some(at(-3_600_000));
}

fn aim(kind: &Kind) -> Aim {
    let replaces = *kind == Kind::Replace;
    Aim {
        backup: OLD_BACKUP.into(),
        point: OLD_POINT.into(),
        vault: "vault".into(),
        source: STACK_ID.into(),
        name: if replaces { STACK } else { NEW }.into(),
        plan: "digest".into(),
        cluster: Some("AppDb".into()),
        file_system: Some("StorageEFS".into()),
        probe: None,
        proof_age: replaces.then_some(7 * 86_400),
        undo: replaces.then_some(Undo::Ask),
        profile: None,
        backup_at: None,
    }
}

fn target(aim: Aim) -> Target {
    Target {
        stack: aim.name.clone(),
        stack_id: String::new(),
        switch: None,
        cluster: String::new(),
        file_system: String::new(),
        vault: "vault".into(),
        role: String::new(),
        secret: None,
        secret_version: None,
        protected: Vec::new(),
        aim: Some(aim),
    }
}

/// A run as the command would begin it.
fn new_run(cloud: &Cloud, kind: Kind, aim: Aim) -> Run {
    if kind == Kind::Replace {
        let mut run = driver::new_run(kind, cloud.now);
        Arc::make_mut(&mut run.target).aim = Some(aim);
        return run;
    }
    Run::new(kind, target(aim), Options::default(), at(cloud.now))
}

fn new_stack(run: &Run, snapshot: &str, point: &str) -> Arc<NewStack> {
    let parameter =
        |key: &str, value: &str, secret: bool| NewParameter { key: key.into(), value: value.into(), secret };
    Arc::new(NewStack {
        name: run.target.aim.as_ref().unwrap().name.clone(),
        template: TemplateSource::Body(String::new()),
        parameters: vec![
            parameter(PARAMETER, value(Mode::Online), false),
            parameter("RestoreSnapshot", snapshot, false),
            parameter("RestoreRecoveryPoint", point, false),
            parameter("AdminPassword", "secret", true),
        ],
        capabilities: Vec::new(),
        tags: vec![StackTag { key: tags::RUN.into(), value: run.id.to_string() }],
        role_arn: None,
        notification_arns: Vec::new(),
        termination_protection: run.kind == Kind::Restore,
        on_failure: OnFailure::Keep,
    })
}

fn plan(run: &Run) -> Arc<Plan> {
    let point = format!("arn:aws:backup:eu-west-1:123456789012{SAFETY_POINT}");
    let second = (run.kind == Kind::Replace).then(|| new_stack(run, run.id.as_str(), &point));
    Arc::new(Plan { first: new_stack(run, OLD_BACKUP, OLD_POINT), second })
}

/// Keeps the plan, takes the lock, begins.
pub(crate) fn begin(cloud: &mut Cloud, kind: Kind) -> Driver {
    let aim = aim(&kind);
    begin_with(cloud, kind, aim)
}

fn begin_with(cloud: &mut Cloud, kind: Kind, aim: Aim) -> Driver {
    let run = new_run(cloud, kind, aim);
    cloud.plans.insert(run.id.to_string(), plan(&run));
    lock(cloud, &run);
    write(cloud, &run);
    Driver::new(run, cloud.now)
}

fn lock(cloud: &mut Cloud, run: &Run) {
    let lock = Lock { run: run.id.clone(), stack_id: run.target.stack_id.clone(), holder: None, since: None };
    cloud.lock = Some((lock, cloud.now));
}

/// What somebody asks for who comes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum How {
    /// A process that only drives on.
    On,
    /// `resume`: what failed is tried again.
    Resume,
    /// `resume --roll-back`
    RollBack,
    /// `abort`
    Abort,
}

/// Finds the run by its lock or its record, as every command does.
fn find(cloud: &mut Cloud) -> Option<Run> {
    let held = cloud.lock.as_ref().map(|(lock, since)| (lock.run.to_string(), *since));
    let recorded = held.as_ref().and_then(|(id, _)| cloud.records.get(id).cloned());
    if let Some(run) = recorded {
        return Some(run);
    }
    let open = cloud.records.values().filter(|run| !run.ended()).max_by_key(|run| run.started).cloned();
    if let (Some(run), None) = (open, held) {
        lock(cloud, &run);
        return Some(stacksnap_unlocked(run));
    }
    None
}

fn stacksnap_unlocked(run: Run) -> Run {
    stacksnap::engine::unlocked(run)
}

/// Somebody comes by; `None`: there is nothing to drive.
fn comes(cloud: &mut Cloud, how: How) -> Option<Driver> {
    let Some(mut run) = find(cloud) else {
        // Its record is lost: what the old stack's own history says.
        return if cloud.gone() { None } else { driver::resume(cloud).1 };
    };
    match how {
        How::On => {}
        How::Resume => run.urged = true,
        How::RollBack => {
            run.urged = true;
            run.rebuilt.roll_back = true;
        }
        How::Abort => run.abort = true,
    }
    if matches!(how, How::RollBack | How::Abort) && !run.ended() {
        write(cloud, &run);
    }
    Some(Driver::new(run, cloud.now))
}

fn drive(cloud: &mut Cloud, driver: &mut Driver) {
    drive_with(cloud, driver, &mut Fine, |_, _| false);
}

fn drive_until(cloud: &mut Cloud, driver: &mut Driver, stop: impl Fn(&Cloud, &Driver) -> bool) {
    drive_with(cloud, driver, &mut Fine, stop);
    assert!(!driver.over(), "it came so far: {:?}", driver.run.ending);
}

fn drive_with(cloud: &mut Cloud, driver: &mut Driver, spoil: &mut impl Spoil, stop: impl Fn(&Cloud, &Driver) -> bool) {
    for _ in 0..20_000 {
        if driver.over() || stop(cloud, driver) {
            return;
        }
        cloud.advance(driver.due);
        driver.go(cloud, spoil);
        judge::always(cloud).unwrap_or_else(|broken| panic!("{broken}: {} {:?}", driver.run.phase, driver.run.trouble));
    }
    panic!("the run never ends: {:?} in {}", driver.stage, driver.run.phase);
}

/// A whole run, driven by one process.
fn whole(cloud: &mut Cloud, kind: Kind) -> Driver {
    let mut driver = begin(cloud, kind);
    drive(cloud, &mut driver);
    driver
}

/// Somebody comes by, and drives as far as it goes.
fn resume(cloud: &mut Cloud, how: How) -> Driver {
    let mut driver = comes(cloud, how).expect("there is a run");
    drive(cloud, &mut driver);
    driver
}

/// Whatever died is driven on until it is over; a run that stands still is urged, then undone, then given
/// up. The last driver.
fn to_the_end(cloud: &mut Cloud) -> Option<Driver> {
    let mut last = None;
    for how in [How::Resume, How::Resume, How::Resume, How::RollBack, How::RollBack, How::Abort, How::Abort] {
        let Some(mut driver) = comes(cloud, how) else { return last };
        drive(cloud, &mut driver);
        let standing = driver.halted.is_some();
        last = Some(driver);
        if !standing && cloud.lock.is_none() {
            return last;
        }
        let later = cloud.now + 600_000;
        cloud.advance(later);
    }
    last
}

#[track_caller]
fn at_rest(cloud: &Cloud) {
    judge::rebuild::at_rest(cloud, None).unwrap();
    assert!(cloud.plans.is_empty(), "the plan is dropped");
}

fn probe() -> Option<Probe> {
    Some(Probe { url: "https://example.org".into(), within: 900 })
}

/// The newest stack that is there under that name.
#[track_caller]
fn there<'a>(cloud: &'a Cloud, name: &str) -> &'a crate::cloud::New {
    cloud.named(name).expect("there is a stack of that name")
}

fn hint(run: &Run) -> &str {
    run.ending.as_ref().and_then(|ending| ending.hint.as_deref()).unwrap_or_default()
}

/// Nobody owes the stack anything.
fn settled(rescue: &Rescue) -> bool {
    matches!(rescue, Rescue::Nothing | Rescue::Ask { .. })
}
