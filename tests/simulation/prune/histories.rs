//! Seeded random histories of prunes: everything that can go wrong, in any order, at any time.
//!
//! A failing seed is printed; `STACKSNAP_SEED=<n> cargo test --test simulation prune::histories::one` plays it
//! again, step by step.

use std::time::Instant;

use fastrand::Rng;

use super::driver::{Fine, Prune, Scene, Stage};
use super::judge::Ledger;
use super::operators::{Operator, Wish};
use super::planning::Keep;
use super::shelf::{Make, Shelf};
use super::weather::{Spoiler, Weather};
use crate::cloud::Millis;
use crate::seeds;

/// How many in CI.
const HISTORIES: u64 = 100_000;
/// So long after the first prune began everybody has begun.
const BUSY: Millis = 400_000;
/// A history that is not at rest by then never will be.
const HORIZON: Millis = 5 * 24 * 3_600_000;

struct Play {
    rng: Rng,
    weather: Weather,
    scene: Scene,
    prunes: Vec<Prune>,
    operators: Vec<Operator>,
    tell: bool,
    deleted: u32,
}

fn draw_keep(rng: &mut Rng) -> Keep {
    let keep = Keep::last(rng.u32(1..4));
    let grace_days = rng.i64(0..2);
    let keep = Keep { grace_days, release: rng.u8(0..3) == 0, ..keep };
    match rng.u8(0..4) {
        0 => Keep { last: None, within_days: Some(rng.u32(1..5)), ..keep },
        1 => Keep { last: None, daily: Some(rng.u32(1..4)), ..keep },
        2 => Keep { weekly: Some(2), ..keep },
        _ => keep,
    }
}

fn draw_shelf(rng: &mut Rng) -> (Shelf, Vec<String>) {
    let mut shelf = Shelf::new();
    shelf.slow = [0, 20_000][rng.usize(0..2)];
    shelf.slippery = if rng.u8(0..12) == 0 { rng.u8(1..40) } else { 0 };
    if rng.u8(0..4) == 0 {
        shelf.add_foreign();
    }
    let days = rng.i64(1..6);
    let mut ids = Vec::new();
    for day in 0..days {
        let what = match rng.u8(0..12) {
            0 => Make::Unmarked,
            1 => Make::Begun,
            2 => Make::SnapshotOnly,
            3 => Make::PointOnly,
            4 => Make::Seed,
            _ => Make::Complete,
        };
        let id = shelf.aged(day, what);
        if rng.u8(0..12) == 0 {
            drop(shelf.change_files(&id, |files| files.legal_hold = true));
        }
        if rng.u8(0..12) == 0 {
            drop(shelf.change_files(&id, |files| files.expires = true));
        }
        ids.push(id);
    }
    shelf.locked = rng.u8(0..20) == 0;
    // From here on what is read may be old; what there is already has been there for long.
    shelf.stale = [0, 8_000][rng.usize(0..2)];
    (shelf, ids)
}

impl Play {
    fn new(seed: u64, tell: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        let weather = Weather::draw(&mut rng);
        let (shelf, ids) = draw_shelf(&mut rng);
        let prunes: Vec<Prune> =
            (0..rng.usize(1..4)).map(|_| Prune::new(draw_keep(&mut rng), rng.i64(0..BUSY))).collect();
        let mut operators = Vec::new();
        for _ in 0..rng.usize(0..4) {
            let wish = [
                Wish::Keep,
                Wish::Keep,
                Wish::Restore,
                Wish::Restore,
                Wish::CreateByHand,
                Wish::Release,
                Wish::DeleteSnapshot,
                Wish::DeletePoint,
                Wish::DeleteBoth,
                Wish::Disown,
                Wish::Backup,
                Wish::Backup,
            ][rng.usize(0..12)];
            operators.push(Operator::new(wish, &ids[rng.usize(0..ids.len())], rng.i64(0..BUSY)));
        }
        // A tag keeps a backup from those only who look out for it.
        if !prunes.iter().all(|prune| prune.keep.release) {
            operators.retain(|operator| operator.wish != Wish::Release);
        }
        let mut ledger = Ledger { alone: prunes.len() == 1, ..Ledger::default() };
        ledger.learn(&shelf);
        Self { rng, weather, scene: Scene { shelf, ledger }, prunes, operators, tell, deleted: 0 }
    }

    fn run(&mut self) -> Result<(), String> {
        loop {
            let prune = (0..self.prunes.len()).min_by_key(|at| self.prunes[*at].due);
            let operator = (0..self.operators.len()).min_by_key(|at| self.operators[*at].due);
            let due = |at: Option<usize>, of: &dyn Fn(usize) -> Millis| at.map_or(Millis::MAX, of);
            let prune_due = due(prune, &|at| self.prunes[at].due);
            let operator_due = due(operator, &|at| self.operators[at].due);
            if prune_due.min(operator_due) > HORIZON {
                break;
            }
            self.scene.shelf.advance(prune_due.min(operator_due));
            let effects = self.scene.shelf.effects;
            match (prune, operator) {
                (_, Some(at)) if operator_due <= prune_due => self.operate(at),
                (Some(at), _) => self.drive(at)?,
                _ => break,
            }
            if self.scene.shelf.effects != effects {
                self.scene.ledger.always(&self.scene.shelf)?;
            }
        }
        self.settle()
    }

    fn operate(&mut self, at: usize) {
        let mut operator = self.operators.swap_remove(at);
        let stale = self.chance(self.weather.stale);
        self.say(|| format!("{:?} {}", operator.wish, operator.of));
        operator.go(&mut self.scene, stale);
        operator.due += self.dawdles();
        if !operator.over() {
            self.operators.push(operator);
        }
    }

    fn drive(&mut self, at: usize) -> Result<(), String> {
        let mut prune = self.prunes.swap_remove(at);
        if self.chance(self.weather.dies) {
            self.say(|| "a prune dies".to_owned());
            return Ok(());
        }
        self.say(|| format!("prune {:?}: {} {}", prune.keep.last, subject(&prune), stage(&prune.stage)));
        let mut spoiler = Spoiler { rng: &mut self.rng, weather: self.weather };
        let said = prune.said.len();
        prune.go(&mut self.scene, &mut spoiler)?;
        for (id, outcome) in &prune.said[said..] {
            self.say(|| format!("prune {:?}: {id} {outcome:?}", prune.keep.last));
        }
        prune.due += self.dawdles();
        if prune.over() {
            self.deleted += prune.deletions;
        } else {
            self.prunes.push(prune);
        }
        Ok(())
    }

    /// How long somebody takes for a step.
    fn dawdles(&mut self) -> Millis {
        if self.chance(self.weather.sleeps) { self.rng.i64(1_000..2 * 3_600_000) } else { self.rng.i64(0..4_000) }
    }

    /// Prunes in fair weather finish what is left, and then there is nothing more to be done.
    fn settle(&mut self) -> Result<(), String> {
        self.scene.shelf.slippery = 0;
        let keep = Keep { release: true, ..draw_keep(&mut self.rng) };
        for round in 0.. {
            let before = self.scene.shelf.halves.clone();
            let mut prune = Prune::new(keep, self.scene.shelf.now + 60_000);
            prune.finish(&mut self.scene, &mut Fine)?;
            for (id, outcome) in &prune.said {
                self.say(|| format!("settling: {id} {outcome:?}"));
            }
            self.deleted += prune.deletions;
            let idle = prune.deletions == 0 && self.scene.shelf.halves == before;
            if idle && (prune.said.is_empty() || round >= 2) {
                break;
            }
            if round >= 2 {
                return Err(format!("pruning again adds nothing: {:?}", prune.said));
            }
        }
        self.scene.ledger.at_rest(&self.scene.shelf)
    }

    fn chance(&mut self, per_thousand: u32) -> bool {
        per_thousand > 0 && self.rng.u32(0..1_000) < per_thousand
    }

    fn say(&self, what: impl FnOnce() -> String) {
        if self.tell {
            println!("{:>9.1} s  {}", self.scene.shelf.now as f64 / 1_000.0, what());
        }
    }
}

fn subject(prune: &Prune) -> &str {
    prune.job.as_ref().map_or("", |job| job.doomed.id.as_str())
}

fn stage(stage: &Stage) -> String {
    match stage {
        Stage::Plan => "plans".to_owned(),
        Stage::Halves => "looks".to_owned(),
        Stage::Rest { .. } => "looks what speaks against it".to_owned(),
        Stage::Remove { removal, .. } => format!("{removal:?}").chars().take(110).collect(),
        Stage::Over => "is over".to_owned(),
    }
}

/// How many halves were deleted.
fn played(seed: u64) -> Result<u64, String> {
    let mut play = Play::new(seed, false);
    play.run().map(|()| u64::from(play.deleted))
}

#[test]
fn a_hundred_thousand_histories_of_prunes_hold_every_invariant() {
    let began = Instant::now();
    let deleted = seeds::all(0..HISTORIES, "prune::histories::one", played);
    println!("{HISTORIES} histories of prunes, {deleted} halves deleted, in {:.1?}", began.elapsed());
    assert!(deleted > HISTORIES, "too little is deleted for the invariants to mean much");
}

#[test]
fn one_history_of_prunes() {
    let seed = seeds::wanted();
    Play::new(seed.unwrap_or(1), seed.is_some()).run().unwrap();
}
