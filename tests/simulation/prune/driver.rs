//! A prune as a process: it plans, looks, decides and removes, and may sleep or die between any two of these.

use std::collections::VecDeque;

use stacksnap::engine::prune::{Job, Next, Outcome, Removal, note, step};
use stacksnap::model::Refusal;
use stacksnap::plan::prune::Sight;

use super::judge::Ledger;
use super::planning::{Keep, jobs, rows, sight, snapshot_of};
use super::shelf::{Halves, Shelf};
use crate::cloud::{Millis, at};

/// How old a look may be for a removal, as `world::prune` has it.
pub(super) const FRESH: Millis = 60_000;
/// How long is waited after a refusal.
const AGAIN: Millis = 2_000;

/// AWS, and what the judge knows of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Scene {
    pub shelf: Shelf,
    pub ledger: Ledger,
}

/// Where it stands between two steps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    /// About to gather and plan.
    Plan,
    /// About to read the halves.
    Halves,
    /// About to read what speaks against it.
    Rest {
        read: Halves,
        looked: Millis,
    },
    /// About to do this.
    Remove {
        removal: Removal,
        looked: Millis,
    },
    Over,
}

/// One process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Prune {
    pub keep: Keep,
    pub stage: Stage,
    /// When it goes on.
    pub due: Millis,
    pub job: Option<Job>,
    pub todo: VecDeque<Job>,
    /// What became of each.
    pub said: Vec<(String, Outcome)>,
    /// Its halves when the job began.
    before: Halves,
    /// Times round with this job.
    rounds: u32,
    /// Deletions that AWS accepted.
    pub deletions: u32,
}

/// Everything that can go wrong between a prune and AWS.
pub(super) trait Spoil {
    /// It reads what was some seconds ago.
    fn stale(&mut self) -> bool {
        false
    }
    /// The vault cannot be listed.
    fn unread(&mut self) -> bool {
        false
    }
    fn sight(&mut self, _sight: &mut Sight) {}
    fn answer(&mut self, shelf: &mut Shelf, removal: &Removal) -> Result<(), Refusal> {
        shelf.remove(removal)
    }
}

/// Nothing goes wrong.
pub(super) struct Fine;
impl Spoil for Fine {}

impl Prune {
    pub(super) fn new(keep: Keep, due: Millis) -> Self {
        Self {
            keep,
            stage: Stage::Plan,
            due,
            job: None,
            todo: VecDeque::new(),
            said: Vec::new(),
            before: Halves::default(),
            rounds: 0,
            deletions: 0,
        }
    }

    pub(super) fn over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// Does its next step.
    pub(super) fn go(&mut self, scene: &mut Scene, spoil: &mut impl Spoil) -> Result<(), String> {
        self.due = scene.shelf.now;
        let stage = std::mem::replace(&mut self.stage, Stage::Over);
        self.stage = match stage {
            Stage::Plan => self.plan(scene, spoil)?,
            Stage::Halves => {
                let read = if spoil.stale() { scene.shelf.older() } else { &scene.shelf.halves };
                Stage::Rest { read: self.part(read), looked: scene.shelf.now }
            }
            Stage::Rest { read, looked } => self.decide(scene, &read, looked, spoil)?,
            // A machine that slept looks again.
            Stage::Remove { looked, .. } if scene.shelf.now - looked > FRESH => Stage::Halves,
            Stage::Remove { removal, .. } => self.remove(scene, &removal, spoil)?,
            Stage::Over => Stage::Over,
        };
        Ok(())
    }

    fn plan(&mut self, scene: &Scene, spoil: &mut impl Spoil) -> Result<Stage, String> {
        let effects = scene.shelf.effects;
        let read = if spoil.stale() { scene.shelf.older() } else { &scene.shelf.halves };
        self.todo = jobs(&scene.shelf, rows(&scene.shelf, read, self.keep, spoil.unread()), self.keep).into();
        if scene.shelf.effects != effects {
            return Err("a dry run changes nothing".to_owned());
        }
        Ok(self.next_job(scene))
    }

    fn next_job(&mut self, scene: &Scene) -> Stage {
        self.job = self.todo.pop_front();
        self.rounds = 0;
        self.before = self.part(&scene.shelf.halves);
        if self.job.is_some() { Stage::Halves } else { Stage::Over }
    }

    /// The halves that the job is about.
    fn part(&self, all: &Halves) -> Halves {
        let Some(doomed) = self.job.as_ref().map(|job| &job.doomed) else { return Halves::default() };
        let anchor = doomed.anchor.as_ref();
        let snapshots = snapshot_of(doomed).into_iter().chain(anchor.map(|(id, _)| id));
        let points = doomed.point.iter().chain(anchor.map(|(_, point)| point)).map(|point| &point.arn);
        Halves {
            snapshots: snapshots.filter_map(|id| Some((id.clone(), all.snapshots.get(id)?.clone()))).collect(),
            points: points.filter_map(|arn| Some((arn.clone(), all.points.get(arn)?.clone()))).collect(),
        }
    }

    fn decide(
        &mut self,
        scene: &mut Scene,
        read: &Halves,
        looked: Millis,
        spoil: &mut impl Spoil,
    ) -> Result<Stage, String> {
        let Some(job) = self.job.take() else { return Ok(Stage::Over) };
        let mut sight = sight(&scene.shelf, read, &job.doomed);
        spoil.sight(&mut sight);
        let (job, next) = step(&job, &sight, at(scene.shelf.now));
        self.rounds += 1;
        if self.rounds > 2_000 {
            return Err(format!("every prune ends: {} does not", job.doomed.id));
        }
        match next {
            Next::Do(removal) => {
                self.job = Some(job);
                Ok(Stage::Remove { removal, looked })
            }
            Next::Wait(wait) => {
                self.job = Some(job);
                self.due = scene.shelf.now + i64::try_from(wait.as_millis()).unwrap();
                Ok(Stage::Halves)
            }
            Next::Over(outcome) => {
                scene.ledger.outcome(&scene.shelf, &job, &outcome, &self.before)?;
                self.said.push((job.doomed.id.clone(), outcome));
                Ok(self.next_job(scene))
            }
        }
    }

    fn remove(&mut self, scene: &mut Scene, removal: &Removal, spoil: &mut impl Spoil) -> Result<Stage, String> {
        let Some(job) = self.job.take() else { return Ok(Stage::Over) };
        scene.ledger.before(&scene.shelf, removal)?;
        let effects = scene.shelf.effects;
        let answer = spoil.answer(&mut scene.shelf, removal);
        let gone = matches!(removal, Removal::Point(_) | Removal::Snapshot { .. });
        self.deletions += u32::from(gone && scene.shelf.effects > effects);
        if answer.is_err() {
            self.due = scene.shelf.now + AGAIN;
        }
        self.job = Some(note(job, removal, &answer));
        Ok(Stage::Halves)
    }

    /// Drops what only the judge of a single prune reads, so that states are the same that only differ in it.
    pub(super) fn forget(&mut self) {
        (self.deletions, self.rounds) = (0, 0);
        self.before = Halves::default();
        self.said.clear();
    }

    /// Goes on until it is over, time passing as it waits; how many steps that took.
    pub(super) fn finish(&mut self, scene: &mut Scene, spoil: &mut impl Spoil) -> Result<usize, String> {
        let mut steps = 0;
        while !self.over() {
            scene.shelf.advance(self.due);
            let effects = scene.shelf.effects;
            self.go(scene, spoil)?;
            if scene.shelf.effects != effects {
                scene.ledger.always(&scene.shelf)?;
            }
            steps += 1;
        }
        Ok(steps)
    }
}
