//! Seeded random histories: everything that can go wrong, in any order, at any time.
//!
//! A failing seed is printed; `STACKSNAP_SEED=<n> cargo test --test simulation one_history` plays it
//! again, event by event.

use std::time::Instant;

use fastrand::Rng;
use stacksnap::engine::{Action, Done, Look, Observation, Rescue};
use stacksnap::model::run::{Kind, Mode, Run};
use stacksnap::model::{Refusal, RefusalKind, Seen};

use crate::cloud::{Cloud, Durations, Fates, JobFate, Millis, refusal};
use crate::driver::{self, Driver, Spoil, Stage};
use crate::seeds;
use crate::{judge, story};

/// How many in CI. A minute is the limit; see the printed rate.
const HISTORIES: u64 = 100_000;
/// A history that is not at rest by then never will be.
const HORIZON: Millis = 5 * 24 * 3_600_000;
const SENTINEL_EVERY: Millis = 300_000;

/// How much goes wrong, per thousand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    pub unseen: u32,
    pub stale: u32,
    pub refused: u32,
    pub lost_answer: u32,
    pub save_fails: u32,
    pub dies: u32,
    pub sleeps: u32,
}

impl Weather {
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        let mut some = |most: u32| if rng.bool() { 0 } else { rng.u32(0..most) };
        Self {
            unseen: some(120),
            stale: some(200),
            refused: some(120),
            lost_answer: some(120),
            save_fails: some(100),
            dies: some(40),
            sleeps: some(25),
        }
    }
}

/// One history in the making.
struct Play {
    rng: Rng,
    weather: Weather,
    cloud: Cloud,
    /// The cloud a few seconds ago, for stale reads.
    older: Cloud,
    drivers: Vec<Driver>,
    operator: Vec<(Millis, Mode)>,
    losses: Vec<Millis>,
    sentinel: Millis,
    began: Mode,
    tell: bool,
    complete: bool,
}

pub(crate) struct Spoiler<'a> {
    pub rng: &'a mut Rng,
    pub weather: Weather,
    pub older: &'a mut Cloud,
}

impl Spoiler<'_> {
    fn happens(&mut self, per_thousand: u32) -> bool {
        per_thousand > 0 && self.rng.u32(0..1000) < per_thousand
    }
}

impl Spoil for Spoiler<'_> {
    fn sight(&mut self, seen: &mut Observation, run: &Run, look: Look) {
        if self.happens(self.weather.stale) {
            let record = std::mem::take(&mut seen.record);
            *seen = self.older.observe(run, look);
            seen.record = record;
        }
        if self.happens(self.weather.unseen) {
            let unknown = refusal(RefusalKind::Transient, "Describe");
            // Only a run that makes a stack looks at more than six things.
            let looked = if look.fresh || look.plan { 10 } else { 6 };
            match self.rng.u8(0..looked) {
                6 if look.plan => seen.plan = Seen::Unknown(unknown),
                7 if look.marks => seen.marks = Seen::Unknown(unknown),
                8 if look.fresh => seen.fresh = Seen::Unknown(unknown),
                9 if look.parts => seen.parts = Seen::Unknown(unknown),
                0 if look.stack => seen.stack = Seen::Unknown(unknown),
                1 if look.history => seen.history = Seen::Unknown(unknown),
                2 if look.change_sets => seen.change_sets = Seen::Unknown(unknown),
                3 if look.snapshot => seen.snapshot = Seen::Unknown(unknown),
                4 if look.job => seen.job = Seen::Unknown(unknown),
                5 if look.record => seen.record = Seen::Unknown(unknown),
                _ => {}
            }
        }
    }

    fn save_fails(&mut self) -> bool {
        self.happens(self.weather.save_fails)
    }

    fn answer(&mut self, cloud: &mut Cloud, action: &Action) -> Result<Done, Refusal> {
        if self.happens(self.weather.refused) {
            return Err(refusal(RefusalKind::Transient, "dropped before"));
        }
        let answer = cloud.perform(action);
        if self.happens(self.weather.lost_answer) {
            return Err(refusal(RefusalKind::Transient, "done, but the answer is lost"));
        }
        answer
    }
}

impl Play {
    fn new(seed: u64, tell: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        let weather = Weather::draw(&mut rng);
        let began = if rng.u8(0..8) == 0 { Mode::Offline } else { Mode::Online };
        let cloud = Cloud::new(began, Durations::SHORT, draw_fates(&mut rng));
        let mut operator: Vec<(Millis, Mode)> = (0..rng.usize(0..3))
            .map(|_| (rng.i64(0..600_000), if rng.bool() { Mode::Online } else { Mode::Offline }))
            .collect();
        operator.sort_unstable_by_key(|(when, _)| *when);
        let losses = if rng.u8(0..10) == 0 { vec![rng.i64(0..400_000)] } else { Vec::new() };
        let sentinel = rng.i64(0..SENTINEL_EVERY);
        let older = cloud.clone();
        let mut play = Self {
            rng,
            weather,
            cloud,
            older,
            drivers: Vec::new(),
            operator,
            losses,
            sentinel,
            began,
            tell,
            complete: false,
        };
        let kind = play.draw_kind();
        play.drivers.extend(driver::begin(&mut play.cloud, kind));
        play
    }

    fn draw_kind(&mut self) -> Kind {
        match self.rng.u8(0..12) {
            0 => Kind::Backup { live: true, seed: false },
            1 => Kind::Backup { live: false, seed: true },
            _ => story::BACKUP,
        }
    }

    fn run(&mut self) -> Result<(), String> {
        for _ in 0..200_000 {
            let Some(next) = self.next_event() else { break };
            if next > HORIZON {
                return Err("every run ends: not at rest within five days".to_owned());
            }
            self.cloud.advance(next);
            self.remember();
            let before = (self.cloud.effects, self.cloud.saves);
            self.happen(next)?;
            if before != (self.cloud.effects, self.cloud.saves) {
                judge::always(&self.cloud)?;
            }
        }
        self.complete = judge::complete(&self.cloud).next().is_some();
        judge::at_rest(&self.cloud, self.began)
    }

    fn next_event(&self) -> Option<Millis> {
        let driver = self.drivers.iter().map(|driver| driver.due).min();
        let operator = self.operator.first().map(|(when, _)| *when);
        let loss = self.losses.first().copied();
        let busy = !self.at_rest();
        [driver, operator, loss, busy.then_some(self.sentinel)]
            .into_iter()
            .flatten()
            .min()
            .map(|when| when.max(self.cloud.now))
    }

    /// Nobody drives, nobody will act, and a look would find nothing to do.
    fn at_rest(&self) -> bool {
        self.drivers.is_empty()
            && self.operator.is_empty()
            && !self.cloud.busy()
            && matches!(driver::resume(&mut self.cloud.clone()).0, Rescue::Nothing | Rescue::Ask { .. })
    }

    fn happen(&mut self, now: Millis) -> Result<(), String> {
        if self.operator.first().is_some_and(|(when, _)| *when <= now) {
            let (_, mode) = self.operator.remove(0);
            // Turning on what nobody but us turned off, or off what is off already: no wish of theirs.
            let acts = self.cloud.operator(mode);
            self.say(|| format!("operator: {mode} ({acts})"));
            return Ok(());
        }
        if self.losses.first().is_some_and(|when| *when <= now) {
            self.losses.clear();
            self.cloud.records.clear();
            self.say(|| "the records are lost".to_owned());
            return Ok(());
        }
        if let Some(at) =
            (0..self.drivers.len()).filter(|i| self.drivers[*i].due <= now).min_by_key(|i| self.drivers[*i].due)
        {
            return self.drive(at);
        }
        self.sentinel = now + SENTINEL_EVERY;
        if let (rescue, Some(driver)) = driver::resume(&mut self.cloud) {
            self.say(|| format!("sentinel: {}", short(&rescue)));
            if self.drivers.len() < 4 {
                self.drivers.push(driver);
            }
        }
        Ok(())
    }

    fn drive(&mut self, at: usize) -> Result<(), String> {
        if self.chance(self.weather.dies) {
            self.say(|| format!("driver {at} dies"));
            self.drivers.remove(at);
            return Ok(());
        }
        let mut driver = self.drivers.remove(at);
        self.say(|| format!("driver {at} {} {}", driver.run.phase, stage(&driver.stage)));
        let mut spoiler = Spoiler { rng: &mut self.rng, weather: self.weather, older: &mut self.older };
        driver.go(&mut self.cloud, &mut spoiler);
        if self.chance(self.weather.sleeps) {
            let long = self.rng.i64(1_000..4 * 3_600_000);
            driver.due = self.cloud.now + long;
            self.say(|| format!("driver {at} sleeps {} s", long / 1000));
        }
        if !driver.over() {
            self.drivers.insert(at, driver);
        }
        Ok(())
    }

    fn chance(&mut self, per_thousand: u32) -> bool {
        per_thousand > 0 && self.rng.u32(0..1000) < per_thousand
    }

    fn remember(&mut self) {
        if self.weather.stale > 0 && self.cloud.now - self.older.now > 8_000 {
            self.older = self.cloud.clone();
        }
    }

    fn say(&self, what: impl FnOnce() -> String) {
        if self.tell {
            println!(
                "{:>9.1} s  {:<8} {:<26} {}",
                self.cloud.now as f64 / 1000.0,
                self.cloud.mode,
                self.cloud.status,
                what()
            );
        }
    }
}

fn draw_fates(rng: &mut Rng) -> Fates {
    let mut once = |one_in: u8| u8::from(rng.u8(0..one_in) == 0);
    let mut fates = Fates {
        off_rolls_back: once(10),
        on_rolls_back: once(8),
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

fn short(rescue: &Rescue) -> String {
    match rescue {
        Rescue::Drive(run) => format!("drives {} on from {}", run.id, run.phase),
        other => format!("{other:?}"),
    }
}

pub(crate) fn stage(stage: &Stage) -> String {
    match stage {
        Stage::Look(look) => format!("looks ({})", if look.stack { "full" } else { "light" }),
        Stage::Save { actions, .. } => format!("saves, then {} actions", actions.len()),
        Stage::Act { actions, .. } => {
            actions.first().map_or("has acted".into(), |action| format!("acts: {action:?}").chars().take(70).collect())
        }
        Stage::Note { .. } => "notes".to_owned(),
        Stage::Over => "is over".to_owned(),
    }
}

/// Whether it came to a complete backup.
fn played(seed: u64) -> Result<u64, String> {
    let mut play = Play::new(seed, false);
    play.run().map(|()| u64::from(play.complete))
}

#[test]
fn a_hundred_thousand_histories_hold_every_invariant() {
    let began = Instant::now();
    let complete = seeds::all(0..HISTORIES, "one_history", played);
    println!("{HISTORIES} histories, {complete} of them with a complete backup, in {:.1?}", began.elapsed());
    assert!(complete > HISTORIES / 3, "too many histories fail for the invariants to mean much");
}

#[test]
fn one_history() {
    let seed = seeds::wanted();
    Play::new(seed.unwrap_or(1), seed.is_some()).run().unwrap();
}

/// Fifty stacks, a backup every night for a year; each night's weather is drawn anew.
#[test]
fn a_year_of_fifty_stacks() {
    let began = Instant::now();
    let nights: u64 = 50 * 365;
    let complete = seeds::all(1_000_000..1_000_000 + nights, "one_history", played);
    println!("{nights} nights, {complete} complete backups, in {:.1?}", began.elapsed());
}
