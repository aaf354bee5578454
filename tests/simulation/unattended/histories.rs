//! Seeded random histories of unattended nights: two schedules on one stack whose slots come twice and late, Lambdas that
//! are killed, retried with an older event, caught, stopped or left half alive, machines that sleep, sentinels that
//! miss looks, die, or come two at a time, operators, lost records, and the weather of `histories`.
//!
//! A failing seed is printed; `STACKSNAP_SEED=<n> cargo test --test simulation one_night -- --nocapture` plays it again,
//! event by event.

use std::time::Instant;

use fastrand::Rng;
use stacksnap::model::run::{Kind, Mode};

use super::process::{LATE, Process, Slot, Task, Who};
use super::{EVERY, at_rest, search};
use crate::cloud::{Cloud, Durations, Fates, JobFate, Millis};
use crate::histories::{Spoiler, Weather, stage};
use crate::judge;
use crate::seeds;
use crate::story::BACKUP;

/// How many in CI: a third of a minute on two cores.
const NIGHTS: u64 = 15_000;
/// A night that is not at rest by then never will be.
const HORIZON: Millis = 5 * 24 * 3_600_000;
/// More at once only make it slower.
const CROWD: usize = 6;

struct Play {
    rng: Rng,
    weather: Weather,
    cloud: Cloud,
    /// The cloud a few seconds ago, for stale reads.
    older: Cloud,
    processes: Vec<Process>,
    /// Who of them has slept longer than it meant to.
    overslept: Vec<bool>,
    deliveries: Vec<(Millis, Who, Slot)>,
    operator: Vec<(Millis, Mode)>,
    loss: Option<Millis>,
    sentinel: Millis,
    /// Per thousand.
    misses: u32,
    began: Mode,
    tell: bool,
}

impl Play {
    fn new(seed: u64, tell: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        let weather = Weather::draw(&mut rng);
        let began = if rng.u8(0..8) == 0 { Mode::Offline } else { Mode::Online };
        let cloud = Cloud::new(began, Durations::SHORT, draw_fates(&mut rng));
        let deliveries = draw_deliveries(&mut rng);
        let mut operator: Vec<(Millis, Mode)> = (0..rng.usize(0..3))
            .map(|_| (rng.i64(0..900_000), if rng.bool() { Mode::Online } else { Mode::Offline }))
            .collect();
        operator.sort_unstable_by_key(|(when, _)| *when);
        let loss = (rng.u8(0..12) == 0).then(|| rng.i64(0..600_000));
        let sentinel = rng.i64(0..EVERY);
        let misses = if rng.bool() { 0 } else { rng.u32(0..600) };
        let older = cloud.clone();
        let (processes, overslept) = (Vec::new(), Vec::new());
        Self {
            rng,
            weather,
            cloud,
            older,
            processes,
            overslept,
            deliveries,
            operator,
            loss,
            sentinel,
            misses,
            began,
            tell,
        }
    }

    fn run(&mut self) -> Result<(), String> {
        for _ in 0..200_000 {
            let Some(next) = self.next_event() else { break };
            if next > HORIZON {
                return Err("every run ends: not at rest within five days".to_owned());
            }
            self.cloud.advance(next);
            if self.weather.stale > 0 && self.cloud.now - self.older.now > 8_000 {
                self.older = self.cloud.clone();
            }
            let before = (self.cloud.effects, self.cloud.saves);
            self.happen(next)?;
            if before != (self.cloud.effects, self.cloud.saves) {
                judge::always(&self.cloud)?;
            }
        }
        judge::at_rest(&self.cloud, self.began)
    }

    fn next_event(&self) -> Option<Millis> {
        let process = self.processes.iter().map(|process| process.due).min();
        let delivery = self.deliveries.first().map(|(when, ..)| *when);
        let operator = self.operator.first().map(|(when, _)| *when);
        let quiet = process.is_none() && delivery.is_none() && operator.is_none() && self.loss.is_none();
        let resting = quiet && !self.cloud.busy() && at_rest(&self.cloud);
        [process, delivery, operator, self.loss, (!resting).then_some(self.sentinel)]
            .into_iter()
            .flatten()
            .min()
            .map(|when| when.max(self.cloud.now))
    }

    fn happen(&mut self, now: Millis) -> Result<(), String> {
        if self.operator.first().is_some_and(|(when, _)| *when <= now) {
            let (_, mode) = self.operator.remove(0);
            let acts = self.cloud.operator(mode);
            self.say(|| format!("operator: {mode} ({acts})"));
            return Ok(());
        }
        if self.loss.take_if(|when| *when <= now).is_some() {
            // Those of earlier nights are there: the stack stays known.
            self.cloud.records.clear();
            self.say(|| "the records are lost".to_owned());
            return Ok(());
        }
        if self.deliveries.first().is_some_and(|(when, ..)| *when <= now) {
            let (_, who, slot) = self.deliveries.remove(0);
            self.say(|| format!("{who:?}: the slot {} is delivered", slot.id()));
            self.join(Process::new(who, Task::Deliver(slot), now));
            return Ok(());
        }
        let due = (0..self.processes.len()).filter(|at| self.processes[*at].due <= now);
        if let Some(at) = due.min_by_key(|at| self.processes[*at].due) {
            return self.go(at);
        }
        self.sentinel = now + EVERY;
        self.sentinels_wake(now);
        Ok(())
    }

    fn sentinels_wake(&mut self, now: Millis) {
        if self.chance(self.misses) || self.processes.len() >= CROWD {
            return;
        }
        let looks = 1 + usize::from(self.rng.u8(0..10) == 0);
        for _ in 0..looks {
            let who = if self.rng.bool() { Who::Sentinel } else { Who::LambdaSentinel };
            self.join(Process::new(who, Task::Look, now));
        }
    }

    fn join(&mut self, process: Process) {
        self.processes.push(process);
        self.overslept.push(false);
    }

    fn leave(&mut self, at: usize) {
        self.processes.remove(at);
        self.overslept.remove(at);
    }

    fn go(&mut self, at: usize) -> Result<(), String> {
        if self.chance(self.weather.dies) {
            self.dies(at);
            return Ok(());
        }
        if self.processes[at].task == Task::Look {
            self.may_look(at)?;
        }
        let mut process = self.processes[at].clone();
        self.say(|| format!("{:?} {at} {}", process.who, told(&process.task)));
        let mut spoiler = Spoiler { rng: &mut self.rng, weather: self.weather, older: &mut self.older };
        process.go(&mut self.cloud, &mut spoiler);
        self.overslept[at] = false;
        if self.chance(self.weather.sleeps) {
            let within = matches!(process.who, Who::Lambda | Who::LambdaSentinel | Who::Zombie);
            let most = if within && !matches!(process.task, Task::Asleep(_)) { 300_000 } else { 4 * 3_600_000 };
            let long = self.rng.i64(1_000..most);
            process.due = process.due.max(self.cloud.now) + long;
            self.overslept[at] = true;
            self.say(|| format!("{:?} {at} sleeps {} s", process.who, long / 1000));
        }
        let over = process.over();
        self.processes[at] = process;
        if over {
            self.leave(at);
        }
        Ok(())
    }

    /// A sentinel gives nothing up that somebody drives.
    fn may_look(&self, at: usize) -> Result<(), String> {
        let (search::Found::Held(run) | search::Found::Unlocked(run)) = search::look(&self.cloud) else {
            return Ok(());
        };
        let told = self.cloud.records.get(run.id.as_str()).is_some_and(|record| record.abort);
        let living = self.processes.iter().enumerate().any(|(other, process)| {
            other != at && !self.overslept[other] && process.run() == Some(run.id.as_str()) && process.saves()
        });
        if run.abort && !told && living {
            return Err("a living driver's run is not aborted by a sentinel".to_owned());
        }
        Ok(())
    }

    fn dies(&mut self, at: usize) {
        let now = self.cloud.now;
        let fate = self.rng.u8(0..8);
        let mut process = self.processes[at].clone();
        self.say(|| format!("{:?} {at} dies ({fate})", process.who));
        let ghost = Process { who: Who::Zombie, ..process.clone() };
        match (process.who, fate) {
            (Who::Lambda | Who::LambdaSentinel, 0..=2) => process.retried(now + self.rng.i64(1_000..60_000)),
            (Who::Lambda | Who::LambdaSentinel, 3..=5) => process.caught(now + 1_000),
            // A process is gone, and so is an execution that somebody stops.
            _ => process.task = Task::Over,
        }
        let half_alive = matches!(fate, 0 | 3) && process.who != Who::Machine;
        if process.over() {
            self.leave(at);
        } else {
            self.processes[at] = process;
        }
        if half_alive && matches!(ghost.task, Task::Drive(_) | Task::Lock(_) | Task::Begin(_)) {
            self.join(ghost);
        }
    }

    fn chance(&mut self, per_thousand: u32) -> bool {
        per_thousand > 0 && self.rng.u32(0..1000) < per_thousand
    }

    fn say(&self, what: impl FnOnce() -> String) {
        if self.tell {
            let seconds = self.cloud.now as f64 / 1000.0;
            println!("{seconds:>9.1} s  {:<8} {:<26} {}", self.cloud.mode, self.cloud.status, what());
        }
    }
}

/// Two schedules on one stack, each slot delivered once, twice or three times, soon, late, or much too late.
fn draw_deliveries(rng: &mut Rng) -> Vec<(Millis, Who, Slot)> {
    let mut all = Vec::new();
    for schedule in 0..rng.i64(1..4) {
        let at = if schedule == 0 { 0 } else { rng.i64(0..900) * 1_000 };
        let kind = match rng.u8(0..12) {
            0 => Kind::Backup { live: true, seed: false },
            1 => Kind::Backup { live: false, seed: true },
            _ => BACKUP,
        };
        let slot = Slot { at, kind, if_late: rng.bool(), max_offline: *rng.choice(&[300, 1200]).unwrap() };
        for _ in 0..rng.u8(1..4) {
            let late = match rng.u8(0..6) {
                0..=2 => rng.i64(0..2_000),
                3 | 4 => rng.i64(0..600_000),
                _ => rng.i64(0..2 * LATE),
            };
            let who = if rng.u8(0..4) == 0 { Who::Machine } else { Who::Lambda };
            all.push((at + late, who, slot.clone()));
        }
    }
    all.sort_by_key(|(when, ..)| *when);
    all
}

fn draw_fates(rng: &mut Rng) -> Fates {
    let mut once = |one_in: u8| u8::from(rng.u8(0..one_in) == 0);
    let mut fates = Fates {
        off_rolls_back: once(10),
        on_rolls_back: once(6),
        snapshot_fails: once(20),
        tags_do_not_stick: once(12),
        ..Fates::default()
    };
    fates.job = match rng.u8(0..20) {
        0 => JobFate::Fails,
        1 => JobFate::HasIssues,
        2 => JobFate::NeverStarts,
        _ => JobFate::Completes,
    };
    fates
}

fn told(task: &Task) -> String {
    match task {
        Task::Drive(driver) => format!("{} {} {}", driver.run.id, driver.run.phase, stage(&driver.stage)),
        Task::Asleep(memory) => format!("{} is invoked", memory.run),
        Task::Lock(run) => format!("locks for {}", run.id),
        Task::Begin(run) => format!("begins {}", run.id),
        Task::GiveUp(run) => format!("gives up {run}"),
        Task::Deliver(slot) => format!("delivers {}", slot.id()),
        Task::Look => "looks".to_owned(),
        Task::Resume => "resumes".to_owned(),
        Task::Over => "is over".to_owned(),
    }
}

/// Whether it came to a complete backup.
fn played(seed: u64) -> Result<u64, String> {
    let mut play = Play::new(seed, false);
    play.run().map(|()| u64::from(judge::complete(&play.cloud).next().is_some()))
}

#[test]
fn fifteen_thousand_nights_hold_every_invariant() {
    let began = Instant::now();
    let complete = seeds::all(0..NIGHTS, "one_night", played);
    println!("{NIGHTS} nights, {complete} of them with a complete backup, in {:.1?}", began.elapsed());
    assert!(complete > NIGHTS / 3, "too many nights fail for the invariants to mean much");
}

#[test]
fn one_night() {
    let seed = seeds::wanted();
    Play::new(seed.unwrap_or(1), seed.is_some()).run().unwrap();
}
