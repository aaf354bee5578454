//! Everybody who drives a run when nobody looks: a Lambda that knows nothing but its event, a process on somebody's
//! machine, a sentinel of either kind. Each goes on in small steps, and may be killed between any two.

use stacksnap::model::BackupId;
use stacksnap::model::run::{Ending, Kind, Lock, Outcome, Phase, Run};

use super::memory::{Memory, wary};
use super::search::{self, Found};
use crate::cloud::{Cloud, Millis, STACK, STACK_ID, at};
use crate::driver::{self, Driver, Spoil, Stage};

/// A slot that is delivered later is too late.
pub(super) const LATE: Millis = 3_600_000;
/// A Lambda ticks on for as long, if the next tick is due by then.
const BURST: Millis = 5_000;
/// The first record is tried to be saved so often.
const SAVES: u8 = 3;

/// The time that a schedule was due, and what for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Slot {
    pub at: Millis,
    pub kind: Kind,
    pub if_late: bool,
    /// Seconds.
    pub max_offline: u32,
}

impl Slot {
    pub(super) fn id(&self) -> BackupId {
        BackupId::new(STACK, at(self.at))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Who {
    /// A process with a memory of its own.
    Machine,
    /// An execution of the state machine: each invocation knows only its event.
    Lambda,
    /// An invocation that the state machine has given up, and that goes on for as long as it has.
    Zombie,
    /// A sentinel as a process.
    Sentinel,
    /// A sentinel as an execution of the state machine.
    LambdaSentinel,
}

impl Who {
    pub(super) fn sentinel(self) -> bool {
        matches!(self, Self::Sentinel | Self::LambdaSentinel)
    }

    fn remembers(self) -> bool {
        matches!(self, Self::Machine | Self::Sentinel)
    }
}

/// What is done next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Task {
    /// A slot is delivered.
    Deliver(Slot),
    /// A run is about to take its lock.
    Lock(Box<Run>),
    /// It has it; about to save its first record.
    Begin(Box<Run>),
    /// A tick is under way, or (with a memory) awaited.
    Drive(Box<Driver>),
    /// The next invocation is due.
    Asleep(Memory),
    /// After an event that went wrong: `abort` of the run that it was about.
    GiveUp(String),
    /// A sentinel is about to look.
    Look,
    /// `resume`: an invocation has not found its record.
    Resume,
    Over,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Process {
    pub who: Who,
    pub task: Task,
    /// The event of this invocation: what a retry sends again.
    pub sent: Task,
    pub due: Millis,
    /// Until then the invocation ticks on.
    pub until: Millis,
}

impl Process {
    pub(super) fn new(who: Who, task: Task, due: Millis) -> Self {
        Self { who, sent: task.clone(), task, due, until: due + BURST }
    }

    pub(super) fn over(&self) -> bool {
        self.task == Task::Over
    }

    /// The run it drives.
    pub(super) fn run(&self) -> Option<&str> {
        match &self.task {
            Task::Lock(run) | Task::Begin(run) => Some(run.id.as_str()),
            Task::Drive(driver) => Some(driver.run.id.as_str()),
            Task::Asleep(memory) => Some(&memory.run),
            Task::GiveUp(run) => Some(run),
            Task::Deliver(_) | Task::Look | Task::Resume | Task::Over => None,
        }
    }

    /// What it last decided is on record.
    pub(super) fn saves(&self) -> bool {
        !matches!(&self.task, Task::Drive(driver) if driver.run.unsaved)
    }

    /// The run that its event is about.
    pub(super) fn about(&self) -> Option<String> {
        match &self.sent {
            Task::Deliver(slot) => Some(slot.id().to_string()),
            Task::Asleep(memory) => Some(memory.run.clone()),
            Task::GiveUp(run) => Some(run.clone()),
            _ => None,
        }
    }

    /// A service error, or an answer that was lost: the same event again.
    pub(super) fn retried(&mut self, due: Millis) {
        self.task = self.sent.clone();
        (self.due, self.until) = (due, due + BURST);
    }

    /// The function crashed: the state machine asks for one thing only. A sentinel's execution just ends.
    pub(super) fn caught(&mut self, due: Millis) {
        let about = if self.who.sentinel() { None } else { self.about() };
        self.sent = about.map_or(Task::Over, Task::GiveUp);
        self.retried(due);
    }

    /// Its next step.
    pub(super) fn go(&mut self, cloud: &mut Cloud, spoil: &mut impl Spoil) {
        self.due = cloud.now;
        self.task = match std::mem::replace(&mut self.task, Task::Over) {
            Task::Deliver(slot) => deliver(cloud, &slot),
            Task::Lock(run) => lock(cloud, run),
            Task::Begin(run) => begin(cloud, *run, spoil),
            Task::Drive(driver) => self.drive(cloud, *driver, spoil),
            Task::Asleep(memory) => match cloud.records.get(&memory.run) {
                Some(record) => Task::Drive(Box::new(memory.recall(record, cloud.now))),
                None => Task::Resume,
            },
            Task::GiveUp(run) => give_up(cloud, &run, spoil),
            Task::Look => found(cloud, search::look(&cloud.clone())),
            Task::Resume => found(cloud, search::search(&cloud.clone())),
            Task::Over => Task::Over,
        };
    }

    fn drive(&mut self, cloud: &mut Cloud, mut driver: Driver, spoil: &mut impl Spoil) -> Task {
        driver.go(cloud, spoil);
        let Stage::Look(look) = driver.stage else {
            return if driver.over() { Task::Over } else { Task::Drive(Box::new(driver)) };
        };
        self.due = driver.due;
        if self.who.remembers() || driver.due <= self.until {
            return Task::Drive(Box::new(driver));
        }
        if self.who == Who::Zombie {
            return Task::Over;
        }
        // A Wait state takes whole seconds.
        self.due = cloud.now + ((driver.due - cloud.now) / 1000 + 1) * 1000;
        self.until = self.due + BURST;
        let asleep = Task::Asleep(Memory::of(&driver.run, look));
        self.sent = asleep.clone();
        asleep
    }
}

/// One slot, one run, however often it is delivered: as `src/lambda/backup.rs`.
fn deliver(cloud: &mut Cloud, slot: &Slot) -> Task {
    let id = slot.id();
    if let Some(run) = cloud.records.get(id.as_str()) {
        return if run.ended() { Task::Over } else { Task::Drive(Box::new(wary(run.clone(), cloud.now))) };
    }
    let there = cloud.snapshots.iter().any(|half| half.id == id.as_str());
    if there || (cloud.now - slot.at > LATE && !slot.if_late) {
        return Task::Over;
    }
    match search::search(cloud) {
        Found::Tidy(run) => drop_lock(cloud, &run.id),
        // A debt is a finding that refuses.
        Found::Held(_) | Found::Busy | Found::Drop(_) | Found::Pay(_) => return Task::Over,
        Found::Unlocked(_) | Found::Ask | Found::Nothing => {}
    }
    let mut run = driver::new_run(slot.kind.clone(), cloud.now);
    run.id = id;
    run.options.max_offline = slot.max_offline;
    Task::Lock(Box::new(run))
}

fn lock(cloud: &mut Cloud, run: Box<Run>) -> Task {
    if cloud.lock.is_some() {
        return Task::Over;
    }
    let lock = Lock { run: run.id.clone(), stack_id: STACK_ID.into(), holder: None, since: None };
    cloud.lock = Some((lock, cloud.now));
    Task::Begin(run)
}

fn begin(cloud: &mut Cloud, run: Run, spoil: &mut impl Spoil) -> Task {
    if (0..SAVES).any(|_| !spoil.save_fails()) {
        driver::write(cloud, &run);
        return Task::Drive(Box::new(wary(run, cloud.now)));
    }
    if run.phase == Phase::Preflight && !spoil.save_fails() {
        let ending = Ending { outcome: Outcome::Refused, at: run.started, why: None, hint: None, left_offline: false };
        driver::write(cloud, &Run { phase: Phase::Done, ending: Some(ending), ..run.clone() });
    }
    drop_lock(cloud, &run.id);
    Task::Over
}

fn give_up(cloud: &mut Cloud, id: &str, spoil: &mut impl Spoil) -> Task {
    let Some(run) = cloud.records.get(id).filter(|run| !run.ended()).cloned() else { return Task::Over };
    let run = Run { abort: true, ..run };
    if !spoil.save_fails() {
        driver::write(cloud, &run);
    }
    Task::Drive(Box::new(wary(run, cloud.now)))
}

fn found(cloud: &mut Cloud, found: Found) -> Task {
    match found {
        Found::Nothing | Found::Busy | Found::Ask => Task::Over,
        Found::Held(run) | Found::Tidy(run) => Task::Drive(Box::new(wary(*run, cloud.now))),
        Found::Unlocked(run) => Task::Lock(run),
        Found::Drop(run) => {
            drop_lock(cloud, &run);
            Task::Resume
        }
        Found::Pay(of) => {
            if let Some((lock, _)) = cloud.lock.clone() {
                drop_lock(cloud, &lock.run);
            }
            Task::Lock(Box::new(free(cloud, driver::new_run(Kind::Home { of }, cloud.now))))
        }
    }
}

/// The first id that nothing bears yet.
fn free(cloud: &Cloud, mut run: Run) -> Run {
    let mut second = cloud.now;
    while cloud.records.contains_key(run.id.as_str()) || cloud.snapshots.iter().any(|half| half.id == run.id.as_str()) {
        second += 1_000;
        run.id = BackupId::new(STACK, at(second));
    }
    run
}

fn drop_lock(cloud: &mut Cloud, run: &BackupId) {
    if cloud.lock.as_ref().is_some_and(|(lock, _)| lock.run == *run) {
        cloud.lock = None;
    }
}
