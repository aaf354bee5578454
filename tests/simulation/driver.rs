//! Drivers of runs: processes that look, decide, save and act, and may sleep or die between any two
//! of these.

use jiff::Timestamp;
use stacksnap::engine::{self, Action, Done, Look, Next, Rescue};
use stacksnap::model::run::{Kind, Lock, Options, Run, Target};
use stacksnap::model::topology::OfflineSwitch;
use stacksnap::model::{Refusal, Seen};

use crate::cloud::{Cloud, FILES, Millis, PARAMETER, STACK, STACK_ID, at, value};
use stacksnap::model::run::Mode;

pub(crate) fn offline_switch() -> OfflineSwitch {
    OfflineSwitch {
        parameter: PARAMETER.into(),
        online: value(Mode::Online).into(),
        offline: value(Mode::Offline).into(),
    }
}

/// A run as `backup` would begin it.
pub(crate) fn new_run(kind: Kind, now: Millis) -> Run {
    let now = at(now);
    let target = Target {
        stack: STACK.into(),
        stack_id: STACK_ID.into(),
        switch: Some(offline_switch()),
        cluster: "my-hub-app-db".into(),
        file_system: FILES.into(),
        vault: "vault".into(),
        role: "arn:aws:iam::123456789012:role/backup".into(),
        secret: None,
        secret_version: None,
        protected: vec!["AppDb".into()],
        aim: None,
    };
    Run::new(kind, target, Options { settle: 5, max_offline: 1200, ..Options::default() }, now)
}

/// Where a driver stands between two of its steps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// About to look, at that.
    Look(Look),
    /// Has decided; about to save. What was decided without the record reads it first: as it was before.
    Save { actions: Vec<Action>, next: Then, unread: Option<Box<Run>> },
    /// Has saved; about to do the first of these.
    Act { actions: Vec<Action>, done: Vec<Outcome>, next: Then },
    /// Has done everything; about to save what the answers add.
    Note { done: Vec<Outcome>, next: Then },
    /// The run is over, or this driver gave up.
    Over,
}

pub(crate) type Outcome = (Action, Result<Done, Refusal>);

/// What comes after this time round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Then {
    Look(Millis, Look),
    Over,
}

/// One process that drives one run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Driver {
    pub run: Run,
    pub stage: Stage,
    /// When it goes on.
    pub due: Millis,
    /// How far its clock is wrong.
    pub skew: Millis,
    /// When it looked, where what it decided goes off once that is old: and the run as it was.
    pub looked: Option<(Millis, Box<Run>)>,
    /// Its DeleteStack may be late: it sleeps even after it made sure that its look is fresh.
    pub late: bool,
    /// As a tick does it for every run: what was decided on an old look is neither saved nor done.
    pub wary: bool,
    /// The run stands still: whether somebody is only asked, and what is said.
    pub halted: Option<(bool, String)>,
}

/// How old a look may be for a perishable action.
const FRESH: Millis = 60_000;
/// How old a look may be to be saved at all.
const STALE: Millis = FRESH;

impl Driver {
    pub(crate) fn new(run: Run, due: Millis) -> Self {
        let stage = Stage::Look(engine::first_look(&run));
        Self { run, stage, due, skew: 0, looked: None, late: false, wary: false, halted: None }
    }

    pub(crate) fn over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// Does its next step on `cloud`; `see` and `lose` may spoil what it sees and what it is told.
    pub(crate) fn go(&mut self, cloud: &mut Cloud, spoil: &mut impl Spoil) {
        let stage = std::mem::replace(&mut self.stage, Stage::Over);
        self.stage = match stage {
            Stage::Look(look) => self.look(cloud, look, spoil),
            Stage::Save { unread: Some(before), actions, next } if self.run.unsaved => {
                cloud.calls += 1;
                match engine::abreast(&before, self.run.clone(), &cloud.record(&before.id)) {
                    Ok(run) => {
                        self.run = Run { unsaved: true, ..run };
                        self.save(cloud, actions, next, spoil)
                    }
                    Err(run) => {
                        self.run = *run;
                        Stage::Note { done: Vec::new(), next: Then::Look(0, engine::first_look(&self.run)) }
                    }
                }
            }
            Stage::Save { actions, next, .. } => self.save(cloud, actions, next, spoil),
            Stage::Act { actions, done, next } => {
                let actions = self.fresh(cloud, actions);
                act(cloud, actions, done, next, spoil)
            }
            Stage::Note { done, next } => self.note(cloud, &done, next),
            Stage::Over => Stage::Over,
        };
        if let Stage::Look(_) = &self.stage {
        } else {
            self.due = cloud.now;
        }
    }

    fn look(&mut self, cloud: &mut Cloud, look: Look, spoil: &mut impl Spoil) -> Stage {
        let mut seen = cloud.observe(&self.run, look);
        spoil.sight(&mut seen, &self.run, look);
        let step = engine::step(&self.run, &seen, at(cloud.now + self.skew));
        let next = match step.next {
            Next::Tick { wait, look } => Then::Look(i64::try_from(wait.as_millis()).unwrap(), look),
            Next::Halted(halt) => {
                self.halted = Some((halt.asks, format!("{}; {}", halt.what, halt.hint)));
                Then::Over
            }
            Next::Ended | Next::Stuck(_) => Then::Over,
        };
        let unread = (step.save && !look.record && !step.run.lost).then(|| Box::new(self.run.clone()));
        let wary = self.wary || self.run.target.aim.is_some();
        self.looked = wary.then(|| (cloud.now, Box::new(self.run.clone())));
        self.run = step.run;
        self.run.unsaved = step.save && !self.run.lost;
        Stage::Save { actions: step.actions, next, unread }
    }

    fn save(&mut self, cloud: &mut Cloud, mut actions: Vec<Action>, next: Then, spoil: &mut impl Spoil) -> Stage {
        if let Some((_, before)) = self.looked.take_if(|(looked, _)| cloud.now - *looked > STALE) {
            // As a tick does: whoever slept so long must not put an old record back.
            let look = engine::first_look(&before);
            self.run = *before;
            return Stage::Note { done: Vec::new(), next: Then::Look(0, look) };
        }
        if self.run.unsaved {
            cloud.calls += 1;
            self.run.unsaved = spoil.save_fails();
            if self.run.unsaved {
                actions.retain(Action::homeward);
            } else {
                write(cloud, &self.run);
            }
        }
        // As a tick does: a machine that slept between looking and acting looks again first.
        let actions = self.fresh(cloud, actions);
        Stage::Act { actions, done: Vec::new(), next }
    }

    fn fresh(&self, cloud: &Cloud, mut actions: Vec<Action>) -> Vec<Action> {
        let old = self.looked.as_ref().is_some_and(|(looked, _)| cloud.now - looked > FRESH);
        let late = |action: &Action| self.late && matches!(action, Action::DeleteStack { .. });
        actions.retain(|action| !(old && action.perishable()) || late(action));
        actions
    }

    fn note(&mut self, cloud: &mut Cloud, done: &[Outcome], next: Then) -> Stage {
        let noted = engine::note(&self.run, done, at(cloud.now + self.skew));
        let old = self.looked.as_ref().is_some_and(|(looked, _)| cloud.now - looked > STALE);
        let news = noted.as_saved() != self.run.as_saved() && !noted.lost;
        self.run = noted;
        // What was learned before a sleep is saved after the next look, which joins it with what others know.
        self.run.unsaved |= news && old;
        if news && !old {
            cloud.calls += 1;
            write(cloud, &self.run);
        }
        match next {
            Then::Over => Stage::Over,
            Then::Look(wait, look) => {
                self.due = cloud.now + wait;
                Stage::Look(look)
            }
        }
    }
}

fn act(
    cloud: &mut Cloud,
    mut actions: Vec<Action>,
    mut done: Vec<Outcome>,
    next: Then,
    spoil: &mut impl Spoil,
) -> Stage {
    if actions.is_empty() {
        return Stage::Note { done, next };
    }
    let action = actions.remove(0);
    let answer = spoil.answer(cloud, &action);
    done.push((action, answer));
    Stage::Act { actions, done, next }
}

/// What Parameter Store keeps: the record without what only its driver knows.
pub(crate) fn write(cloud: &mut Cloud, run: &Run) {
    cloud.saves += 1;
    cloud.remember_proofs(run);
    cloud.records.insert(run.id.to_string(), run.as_saved());
}

/// Everything that can go wrong between a driver and AWS.
pub(crate) trait Spoil {
    fn sight(&mut self, _seen: &mut engine::Observation, _run: &Run, _look: Look) {}
    fn save_fails(&mut self) -> bool {
        false
    }
    fn answer(&mut self, cloud: &mut Cloud, action: &Action) -> Result<Done, Refusal> {
        cloud.perform(action)
    }
}

/// Nothing goes wrong.
pub(crate) struct Fine;
impl Spoil for Fine {}

/// `backup`: takes the lock and begins; `None`: another run holds the stack.
pub(crate) fn begin(cloud: &mut Cloud, kind: Kind) -> Option<Driver> {
    if cloud.lock.is_some() {
        return None;
    }
    let run = new_run(kind, cloud.now);
    cloud.lock = Some((Lock { run: run.id.clone(), stack_id: STACK_ID.into(), holder: None, since: None }, cloud.now));
    write(cloud, &run);
    Some(Driver::new(run, cloud.now))
}

/// `resume`, or one round of a sentinel.
pub(crate) fn resume(cloud: &mut Cloud) -> (Rescue, Option<Driver>) {
    let lock = cloud
        .lock
        .as_ref()
        .map_or(Seen::Missing, |(lock, since)| Seen::Here(Lock { since: Some(at(*since)), ..lock.clone() }));
    let records: Vec<Run> = cloud.records.values().cloned().collect();
    let now: Timestamp = at(cloud.now);
    let rescue = engine::rescue(&lock, &records, &cloud.stack(), &cloud.history(), &offline_switch(), now);
    let driver = match &rescue {
        Rescue::Drive(run) => Some(Driver::new((**run).clone(), cloud.now)),
        Rescue::PayDebt { of } => {
            cloud.lock = None;
            begin(cloud, Kind::Home { of: of.clone() })
        }
        Rescue::DropLock { .. } => {
            cloud.lock = None;
            None
        }
        Rescue::Nothing | Rescue::Wait | Rescue::Ask { .. } => None,
    };
    (rescue, driver)
}
