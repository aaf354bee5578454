//! `replace`, model-checked over the real engine: every interleaving, breadth first.
//!
//! The process that began it and one that resumes it look, save and act in separate steps and may sleep
//! between any two; a DeleteStack, CreateStack or deletion of a leftover is done right after the look, or not
//! at all, as a tick does it; with `late`, one DeleteStack is sent whenever it pleases. CloudFormation
//! completes or fails; the operator turns the stack on, deletes it, makes another one of its name; a driver
//! dies, or the record is lost.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Instant;

use stacksnap::engine::{Action, Debt, debt};
use stacksnap::model::StackStatus;
use stacksnap::model::rebuild::{Aim, Undo};
use stacksnap::model::run::{Kind, Mode, Phase, Run};

use super::{How, aim, begin_with, comes, drive_with, prove};
use crate::cloud::{Cloud, Durations, Fates, JobFate, STACK, at};
use crate::driver::{Driver, Fine, Stage, Then};
use crate::judge;
use crate::model_check::plain_run;

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    cloud: Cloud,
    drivers: [Option<Driver>; 2],
    operator: u8,
    misfortunes: u8,
    aborts: u8,
    late: u8,
    waits: u8,
    /// The run stood still once: whoever comes may decide.
    stood: bool,
    /// Nobody comes while somebody drives.
    alone: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Drive(usize),
    /// It looks and falls asleep: what goes off is not done.
    Dozes(usize),
    /// It looks, saves, and falls asleep just before it asks for the deletion.
    SleepsLate(usize),
    Comes(How),
    Aborts,
    Dies(usize),
    RecordsLost,
    Completes,
    Fails,
    HalvesComplete,
    MadeCompletes,
    MadeFails,
    TimePasses,
    TurnsOn,
    RollsBack,
    Deletes,
    Creates,
}

impl Event {
    const ALL: [Self; 24] = [
        Self::Drive(0),
        Self::Drive(1),
        Self::Completes,
        Self::HalvesComplete,
        Self::MadeCompletes,
        Self::Comes(How::On),
        Self::Comes(How::Resume),
        Self::Comes(How::RollBack),
        Self::Comes(How::Abort),
        Self::TimePasses,
        Self::Aborts,
        Self::Dozes(0),
        Self::Dozes(1),
        Self::SleepsLate(0),
        Self::SleepsLate(1),
        Self::Dies(0),
        Self::Dies(1),
        Self::RecordsLost,
        Self::Fails,
        Self::MadeFails,
        Self::TurnsOn,
        Self::RollsBack,
        Self::Deletes,
        Self::Creates,
    ];

    /// The others bring a run to its end.
    fn disturbs(self) -> bool {
        !matches!(
            self,
            Self::Drive(_)
                | Self::Completes
                | Self::HalvesComplete
                | Self::MadeCompletes
                | Self::TimePasses
                | Self::Comes(_)
        )
    }
}

impl State {
    /// The safety backup is complete, and the stack is offline: what comes before is a backup's, and checked
    /// as such. `asleep`: another driver fell asleep while the halves were made, before it saved.
    fn first(undo: Undo, asleep: bool) -> Self {
        let mut cloud = Cloud::new(Mode::Online, Durations::SHORT, Fates::default());
        prove(&mut cloud);
        let mut driver = begin_with(&mut cloud, Kind::Replace, Aim { undo: Some(undo), ..aim(&Kind::Replace) });
        let mut sleeper = None;
        drive_with(&mut cloud, &mut driver, &mut Fine, |_, driver| {
            driver.run.phase == Phase::Deleting && matches!(driver.stage, Stage::Look(_))
        });
        if asleep {
            let mut run = driver.run.clone();
            (run.phase, run.unsaved) = (Phase::Capturing, true);
            let next = Then::Look(0, stacksnap::engine::first_look(&run));
            sleeper =
                Some(Driver { stage: Stage::Save { actions: Vec::new(), next, unread: None }, ..Driver::new(run, 0) });
        }
        (cloud.took, cloud.tolerance) = (Cloud::NEVER, 0);
        let mut state = Self {
            cloud,
            drivers: [None, None],
            operator: 0,
            misfortunes: 0,
            aborts: 0,
            late: 0,
            waits: 1,
            stood: false,
            alone: false,
        };
        state.put(0, driver);
        if let Some(sleeper) = sleeper {
            state.put(1, sleeper);
        }
        state
    }

    fn after(&self, event: Event) -> Option<Self> {
        if !self.possible(event) {
            return None;
        }
        let mut next = self.clone();
        if !next.happen(event) {
            return None;
        }
        if next.cloud.beat() != self.cloud.beat() {
            next.cloud.now += 1_000;
        }
        if let Some((_, since)) = &mut next.cloud.lock {
            *since = -1_000_000_000;
        }
        next.cloud.forget_counters();
        next.cloud.touched = 0;
        // Two processes of the same program: which is which makes no difference.
        if digest(&next.drivers[0]) > digest(&next.drivers[1]) {
            next.drivers.swap(0, 1);
        }
        Some(next)
    }

    fn possible(&self, event: Event) -> bool {
        let there = |at: usize| self.drivers[at].is_some();
        let looks = |at: usize| self.drivers[at].as_ref().is_some_and(|driver| matches!(driver.stage, Stage::Look(_)));
        match event {
            Event::Drive(0) => there(0) && self.drivers[0] != self.drivers[1],
            Event::Drive(at) => there(at),
            Event::Dozes(at) => looks(at),
            Event::SleepsLate(at) => self.late > 0 && looks(at),
            Event::Comes(How::On) => self.room().is_some() && !self.half(),
            Event::Comes(_) => self.room().is_some() && self.stood && !self.lost(),
            Event::Aborts => self.room().is_some() && self.aborts > 0 && !self.lost(),
            // A lost record and a dead driver: nobody knows of the run any more.
            Event::Dies(at) => self.misfortunes > 0 && there(at) && !self.lost(),
            Event::RecordsLost => self.misfortunes > 0 && (there(0) || there(1)),
            Event::Completes => self.cloud.busy(),
            Event::Fails => self.misfortunes > 0 && self.cloud.busy(),
            Event::HalvesComplete => self.cloud.halves_pending(),
            Event::MadeCompletes => self.cloud.made_busy(),
            Event::MadeFails => self.misfortunes > 0 && self.cloud.made_busy(),
            Event::TimePasses => self.waits > 0,
            Event::TurnsOn | Event::RollsBack | Event::Deletes => self.operator > 0 && !self.cloud.busy(),
            Event::Creates => self.operator > 0 && self.cloud.free(STACK),
        }
    }

    fn happen(&mut self, event: Event) -> bool {
        match event {
            Event::Drive(at) => self.drive(at),
            Event::Dozes(at) => self.dozes(at),
            Event::SleepsLate(at) => self.sleeps_late(at),
            Event::Comes(how) => self.comes(how),
            Event::Aborts => spend(&mut self.aborts) && self.comes(How::Abort),
            Event::Dies(at) => spend(&mut self.misfortunes) && self.drivers[at].take().is_some(),
            Event::RecordsLost => spend(&mut self.misfortunes) && !std::mem::take(&mut self.cloud.records).is_empty(),
            Event::Completes => {
                self.cloud.settle_operation(false);
                true
            }
            Event::Fails => {
                self.cloud.settle_operation(true);
                spend(&mut self.misfortunes)
            }
            Event::HalvesComplete => {
                self.cloud.settle_halves(JobFate::Completes);
                true
            }
            Event::MadeCompletes => self.cloud.settle_made(false),
            Event::MadeFails => spend(&mut self.misfortunes) && self.cloud.settle_made(true),
            Event::TimePasses => {
                self.cloud.now += 150_000;
                spend(&mut self.waits)
            }
            Event::TurnsOn => self.cloud.operator(Mode::Online) && spend(&mut self.operator),
            Event::RollsBack => self.cloud.operator_rolls_back() && spend(&mut self.operator),
            Event::Deletes => self.cloud.operator_deletes() && spend(&mut self.operator),
            Event::Creates => self.cloud.operator_creates(STACK) && spend(&mut self.operator),
        }
    }

    fn comes(&mut self, how: How) -> bool {
        let Some(driver) = comes(&mut self.cloud, how) else { return false };
        let Some(at) = self.room() else { return false };
        self.put(at, driver);
        true
    }

    /// Its record is gone; a save may bring it back.
    fn lost(&self) -> bool {
        !self.cloud.records.values().any(|run| run.kind == Kind::Replace)
    }

    fn room(&self) -> Option<usize> {
        let none = self.drivers.iter().filter(|driver| driver.is_none()).count();
        let room = none == 2 || none == 1 && !self.alone;
        room.then(|| self.drivers.iter().position(Option::is_none)).flatten()
    }

    /// One step of one driver; what goes off is done with the look, or not at all.
    fn drive(&mut self, at: usize) -> bool {
        let Some(mut driver) = self.drivers[at].take() else { return false };
        driver.go(&mut self.cloud, &mut Fine);
        if !driver.late {
            while perishable(&driver) {
                driver.go(&mut self.cloud, &mut Fine);
            }
        }
        self.settle(at, driver);
        true
    }

    fn dozes(&mut self, at: usize) -> bool {
        let Some(mut driver) = self.drivers[at].take() else { return false };
        driver.go(&mut self.cloud, &mut Fine);
        let fresh = perishable(&driver);
        if let Stage::Save { actions, .. } = &mut driver.stage {
            actions.retain(|action| !action.perishable());
        }
        self.settle(at, driver);
        fresh
    }

    fn sleeps_late(&mut self, at: usize) -> bool {
        let Some(mut driver) = self.drivers[at].take() else { return false };
        driver.go(&mut self.cloud, &mut Fine);
        driver.go(&mut self.cloud, &mut Fine);
        let delete = |action: &Action| matches!(action, Action::DeleteStack { .. });
        let late = matches!(&driver.stage, Stage::Act { actions, .. } if actions.iter().any(delete));
        driver.late = true;
        self.put(at, driver);
        late && spend(&mut self.late)
    }

    fn settle(&mut self, at: usize, mut driver: Driver) {
        // Steps that nobody else can notice are no steps: nothing to save, nothing (more) to do.
        while unnoticed(&driver) {
            driver.late = false;
            driver.go(&mut self.cloud, &mut Fine);
        }
        self.put(at, driver);
    }

    fn put(&mut self, at: usize, mut driver: Driver) {
        self.stood |= driver.halted.is_some();
        (driver.halted, driver.looked, driver.due) = (None, None, 0);
        plain(&mut driver.run);
        self.cloud.records.values_mut().for_each(plain);
        self.drivers[at] = (!driver.over()).then_some(driver);
    }

    /// Nobody is at work, and nothing is under way.
    fn quiet(&self) -> bool {
        self.drivers.iter().all(Option::is_none) && !self.cloud.busy() && !self.cloud.made_busy()
    }

    /// It is over, or stands still and says why; and all is as it should be.
    fn home(&self) -> Result<bool, String> {
        if !self.quiet() {
            return Ok(false);
        }
        if !self.half() && comes(&mut self.cloud.clone(), How::On).is_some() {
            // It died, stands still, or owes something: somebody will come.
            return Ok(false);
        }
        if self.lost() {
            return self.judge_lost().map(|()| true);
        }
        judge::rebuild::at_rest(&self.cloud, None).map(|()| true)
    }

    /// While somebody with a memory of the run drives it, a lost record stops nothing.
    fn judge_lost(&self) -> Result<(), String> {
        let ambiguous = matches!(debt(self.cloud.mode == Mode::Offline, &self.cloud.history()), Debt::Ambiguous { .. });
        let half = self.cloud.status == StackStatus::DeleteFailed;
        let new = self.cloud.named(STACK).is_some();
        let fine = if self.cloud.gone() { new } else { self.cloud.mode == self.cloud.wish || ambiguous || half };
        if fine { Ok(()) } else { Err("a lost record stops nobody who drives".to_owned()) }
    }

    /// Half deleted, and no run is about it any more: nobody can change its mode.
    fn half(&self) -> bool {
        let over = self.cloud.records.values().all(Run::ended) && self.cloud.lock.is_none();
        self.cloud.status == StackStatus::DeleteFailed && over
    }
}

fn spend(left: &mut u8) -> bool {
    let some = *left > 0;
    *left = left.saturating_sub(1);
    some
}

fn perishable(driver: &Driver) -> bool {
    match &driver.stage {
        Stage::Save { actions, .. } | Stage::Act { actions, .. } => actions.iter().any(Action::perishable),
        _ => false,
    }
}

fn unnoticed(driver: &Driver) -> bool {
    match &driver.stage {
        Stage::Save { .. } => !driver.run.unsaved,
        Stage::Act { actions, .. } => actions.is_empty(),
        Stage::Note { .. } => true,
        Stage::Look(_) | Stage::Over => false,
    }
}

/// Times that decide nothing while the clock stands still are no part of a state.
fn plain(run: &mut Run) {
    let (ending, stranded) = (run.ending.clone(), run.stranded.clone());
    plain_run(run);
    // The judge reads what is said at the end.
    (run.ending, run.stranded) = (ending, stranded);
    let zero = at(0);
    if let Some(ending) = &mut run.ending {
        ending.at = zero;
    }
    run.tries = 0;
    run.blind_since = None;
    for made in [&mut run.rebuilt.first, &mut run.rebuilt.second] {
        made.asked = made.asked.map(|_| zero);
        made.proven = made.proven.map(|_| zero);
    }
    run.rebuilt.deleting = run.rebuilt.deleting.map(|_| zero);
}

struct Explored {
    states: usize,
    edges: usize,
}

/// Explores everything; panics with the shortest way to a broken invariant.
fn explore(name: &str, firsts: &[State]) -> Explored {
    let began = Instant::now();
    let mut known: HashMap<u64, u32> = HashMap::new();
    let mut came: Vec<(u32, Option<Event>)> = Vec::new();
    let mut home: Vec<u32> = Vec::new();
    let mut back: Vec<(u32, u32)> = Vec::new();
    let mut queue: VecDeque<(u32, State)> = VecDeque::new();
    for first in firsts {
        known.insert(digest(first), came.len() as u32);
        queue.push_back((came.len() as u32, first.clone()));
        came.push((u32::MAX, None));
    }
    let mut edges = 0;
    while let Some((at, state)) = queue.pop_front() {
        let broken = judge::always(&state.cloud).and_then(|()| state.home());
        match broken {
            Err(broken) => panic!("{broken}\n{}", way(&came, at)),
            Ok(true) => home.push(at),
            Ok(false) => {}
        }
        for event in Event::ALL {
            let Some(next) = state.after(event) else { continue };
            edges += 1;
            let new = came.len() as u32;
            let to = *known.entry(digest(&next)).or_insert(new);
            if to == new {
                came.push((at, Some(event)));
                queue.push_back((to, next));
            }
            if !event.disturbs() {
                back.push((to, at));
            }
        }
        assert!(came.len() < 5_000_000, "{name}: too large");
    }
    home_is_always_reachable(&came, &home, &mut back);
    println!("{name}: {} states, {edges} edges, {} ends, {:.1?}", came.len(), home.len(), began.elapsed());
    Explored { states: came.len(), edges }
}

fn digest(thing: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

fn home_is_always_reachable(came: &[(u32, Option<Event>)], home: &[u32], back: &mut [(u32, u32)]) {
    back.sort_unstable();
    let mut reaches = vec![false; came.len()];
    let mut todo: Vec<u32> = home.to_vec();
    while let Some(at) = todo.pop() {
        if std::mem::replace(&mut reaches[at as usize], true) {
            continue;
        }
        let start = back.partition_point(|(to, _)| *to < at);
        todo.extend(back[start..].iter().take_while(|(to, _)| *to == at).map(|(_, from)| *from));
    }
    if let Some(lost) = reaches.iter().position(|reaches| !reaches) {
        panic!("the end is not reachable any more\n{}", way(came, lost as u32));
    }
}

fn way(came: &[(u32, Option<Event>)], mut at: u32) -> String {
    let mut events = Vec::new();
    while let (from, Some(event)) = came[at as usize] {
        events.push(format!("{event:?}"));
        at = from;
    }
    events.reverse();
    events.join(" | ")
}

fn with(undo: Undo, asleep: bool, (operator, misfortunes): (u8, u8), (aborts, late): (u8, u8)) -> State {
    State { operator, misfortunes, aborts, late, ..State::first(undo, asleep) }
}

#[test]
fn two_drivers_an_operator_and_a_replacement() {
    let first = with(Undo::Ask, false, (1, 0), (0, 0));
    let explored = explore("replace: two drivers, one operator action", &[first]);
    assert!(explored.states > 1_000 && explored.edges > explored.states);
}

#[test]
fn two_misfortunes_and_a_replacement_that_is_undone_by_itself() {
    let first = State { alone: true, ..with(Undo::Rollback, false, (0, 2), (0, 0)) };
    let explored = explore("replace: one driver after the other, two misfortunes, undone", &[first]);
    assert!(explored.states > 1_000 && explored.edges > explored.states);
}

#[test]
fn two_drivers_one_of_which_gives_up_and_a_delete_stack_that_is_late() {
    let first = with(Undo::Ask, false, (0, 0), (1, 1));
    let explored = explore("replace: two drivers, given up, one late DeleteStack", &[first]);
    assert!(explored.states > 1_000 && explored.edges > explored.states);
}

/// Minutes, so only when asked for: `STACKSNAP_MODEL=all cargo test --release --test simulation the_whole`.
#[test]
fn the_whole_model_of_a_replacement() {
    if std::env::var("STACKSNAP_MODEL").as_deref() == Ok("all") {
        for asleep in [false, true] {
            explore("replace: one misfortune, undone", &[with(Undo::Rollback, asleep, (0, 1), (0, 0))]);
            explore("replace: one operator action, one misfortune", &[with(Undo::Ask, asleep, (1, 1), (0, 0))]);
            explore("replace: one operator action, given up, late", &[with(Undo::Ask, asleep, (1, 0), (1, 1))]);
        }
    }
}
