//! The protocol, model-checked over the real engine: every interleaving, breadth first.
//!
//! Drivers that keep nothing in memory between two rounds (as a Lambda's ticks do) look, save and
//! act in separate steps and may sleep between any two for as long as they like; CloudFormation
//! completes or rolls back; the operator acts; a driver dies, an update rolls back, a job
//! fails, or the records are lost.
//! In every state the invariants hold, and from every state the stack can still come home without
//! anybody's help.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Instant;

use stacksnap::engine::{Debt, debt};
use stacksnap::model::run::{Mode, Run};

use crate::cloud::{Cloud, Fates, JobFate, at};
use crate::driver::{self, Driver, Fine, Stage};
use crate::judge;
use crate::story::BACKUP;

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    cloud: Cloud,
    drivers: [Option<Driver>; 2],
    runs: u8,
    operator: u8,
    misfortunes: u8,
    /// The second driver never wakes.
    alone: bool,
}

/// What can happen. The system's own events are those that bring it home; the others only disturb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Backup,
    Drive(usize),
    Dies(usize),
    RecordsLost,
    Completes,
    RollsBack,
    HalvesComplete,
    JobFails,
    Operator(Mode),
}

impl Event {
    const ALL: [Self; 12] = [
        Self::Drive(0),
        Self::Drive(1),
        Self::Completes,
        Self::HalvesComplete,
        Self::JobFails,
        Self::RollsBack,
        Self::Backup,
        Self::Dies(0),
        Self::Dies(1),
        Self::RecordsLost,
        Self::Operator(Mode::Offline),
        Self::Operator(Mode::Online),
    ];

    fn disturbs(self) -> bool {
        !matches!(self, Self::Drive(_) | Self::Completes | Self::HalvesComplete)
    }
}

impl State {
    fn first(mode: Mode, operator: u8, misfortunes: u8) -> Self {
        Self {
            cloud: Cloud::new(mode, Cloud::NEVER, Fates::default()),
            drivers: [None, None],
            runs: 1,
            operator,
            misfortunes,
            alone: false,
        }
    }

    /// The state after `event`; `None`: it cannot happen here, or changes nothing.
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
            // Nor would a lock ever grow old.
            *since = -1_000_000_000;
        }
        next.cloud.forget_counters();
        // Two processes of the same program: which is which makes no difference.
        if digest(&next.drivers[0]) > digest(&next.drivers[1]) {
            next.drivers.swap(0, 1);
        }
        Some(next)
    }

    /// Cheap to say, before anything is copied.
    fn possible(&self, event: Event) -> bool {
        match event {
            Event::Backup => self.runs > 0,
            Event::Drive(0) => self.drivers[0] != self.drivers[1] && !(self.alone && self.drivers[0].is_none()),
            Event::Drive(_) => !(self.alone && self.drivers[0].is_some()),
            Event::Dies(at) => self.misfortunes > 0 && self.drivers[at].is_some(),
            Event::RecordsLost => self.misfortunes > 0 && !self.cloud.records.is_empty(),
            Event::Completes => self.cloud.busy(),
            Event::RollsBack => self.misfortunes > 0 && self.cloud.own_operation().is_some(),
            Event::HalvesComplete => self.cloud.halves_pending(),
            Event::JobFails => self.misfortunes > 0 && self.cloud.halves_pending(),
            Event::Operator(_) => self.operator > 0 && !self.cloud.busy(),
        }
    }

    fn happen(&mut self, event: Event) -> bool {
        match event {
            Event::Backup => self.backup(),
            Event::Drive(at) => self.drive(at),
            Event::Dies(at) => self.misfortune() && self.drivers[at].take().is_some(),
            Event::RecordsLost => self.misfortune() && !std::mem::take(&mut self.cloud.records).is_empty(),
            Event::Completes => self.settle(false),
            Event::RollsBack => self.cloud.own_operation().is_some() && self.misfortune() && self.settle(true),
            Event::HalvesComplete => self.settle_halves(JobFate::Completes),
            Event::JobFails => self.cloud.halves_pending() && self.misfortune() && self.settle_halves(JobFate::Fails),
            Event::Operator(mode) => self.operator > 0 && self.cloud.operator(mode) && self.spend_operator(),
        }
    }

    fn spend_operator(&mut self) -> bool {
        self.operator -= 1;
        true
    }

    fn misfortune(&mut self) -> bool {
        let left = self.misfortunes > 0;
        self.misfortunes = self.misfortunes.saturating_sub(1);
        left
    }

    fn settle(&mut self, rolls_back: bool) -> bool {
        let busy = self.cloud.busy();
        self.cloud.settle_operation(rolls_back);
        busy
    }

    fn settle_halves(&mut self, fate: JobFate) -> bool {
        let pending = self.cloud.halves_pending();
        self.cloud.settle_halves(fate);
        pending
    }

    fn backup(&mut self) -> bool {
        if self.runs == 0 {
            return false;
        }
        self.cloud.now += 1_000;
        self.runs -= 1;
        // The process that begins it is one of the two; it is asleep at first.
        let began = driver::begin(&mut self.cloud, BACKUP).is_some();
        // The clock stands still, so nothing would ever settle.
        self.cloud.records.values_mut().for_each(|run| run.options.settle = 0);
        began
    }

    /// One step of one driver. Between two rounds it remembers nothing.
    fn drive(&mut self, at: usize) -> bool {
        let mut driver = match self.drivers[at].take() {
            Some(driver) => driver,
            None => match driver::resume(&mut self.cloud).1 {
                Some(driver) => plain(driver),
                None => return true,
            },
        };
        driver.go(&mut self.cloud, &mut Fine);
        // Steps that nobody else can notice are no steps: nothing to save, nothing (more) to do.
        while unnoticed(&driver) {
            driver.go(&mut self.cloud, &mut Fine);
        }
        plain_run(&mut driver.run);
        driver.due = 0;
        self.cloud.records.values_mut().for_each(plain_run);
        self.drivers[at] = (!driver.over() && !matches!(driver.stage, Stage::Look(_))).then_some(driver);
        true
    }

    /// Nothing is open, and the stack is as its operator last asked, or it is for him to say.
    fn home(&self) -> bool {
        let open = self.cloud.records.values().any(|run| !run.ended());
        let ambiguous = matches!(debt(self.cloud.mode == Mode::Offline, &self.cloud.history()), Debt::Ambiguous { .. });
        !open && !self.cloud.busy() && (self.cloud.mode == self.cloud.wish || ambiguous)
    }

    fn fingerprint(&self) -> u64 {
        digest(self)
    }
}

fn digest(thing: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

fn plain(mut driver: Driver) -> Driver {
    driver.due = 0;
    driver
}

fn unnoticed(driver: &Driver) -> bool {
    match &driver.stage {
        Stage::Save { .. } => !driver.run.unsaved,
        Stage::Act { actions, .. } => actions.is_empty(),
        // What a note saves is found again by tag, or asked again, when it is lost.
        Stage::Note { .. } => true,
        Stage::Look(_) | Stage::Over => false,
    }
}

/// Times and texts that decide nothing while the clock stands still are no part of a state.
pub(crate) fn plain_run(run: &mut Run) {
    let zero = at(0);
    run.since = zero;
    // Long leases: a save is only for what changed.
    run.next_due = at(1_000_000_000);
    run.looked = None;
    run.busy_at = None;
    run.took = Default::default();
    run.window = None;
    run.skew = None;
    run.warnings.clear();
    for stamp in [&mut run.left, &mut run.asked, &mut run.quiet_from, &mut run.snapshot_seen] {
        *stamp = stamp.map(|_| zero);
    }
    if let Some(trouble) = &mut run.trouble {
        trouble.what.clear();
        trouble.hint = None;
    }
    if let Some(stranded) = &mut run.stranded {
        (stranded.why, stranded.hint) = Default::default();
    }
    if let Some(ending) = &mut run.ending {
        (ending.at, ending.why, ending.hint) = (zero, None, None);
    }
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
        known.insert(first.fingerprint(), came.len() as u32);
        queue.push_back((came.len() as u32, first.clone()));
        came.push((u32::MAX, None));
    }
    let mut edges = 0;
    while let Some((at, state)) = queue.pop_front() {
        judge::always(&state.cloud).unwrap_or_else(|broken| panic!("{broken}\n{}", way(&came, at)));
        if state.home() {
            home.push(at);
        }
        for event in Event::ALL {
            let Some(next) = state.after(event) else { continue };
            edges += 1;
            let new = came.len() as u32;
            let to = *known.entry(next.fingerprint()).or_insert(new);
            if to == new {
                came.push((at, Some(event)));
                queue.push_back((to, next));
            }
            if !event.disturbs() {
                back.push((to, at));
            }
        }
    }
    home_is_always_reachable(&came, &home, &mut back);
    println!("{name}: {} states, {edges} edges, {:.1?}", came.len(), began.elapsed());
    Explored { states: came.len(), edges }
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
        panic!("home is not reachable any more\n{}", way(came, lost as u32));
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

fn online(operator: u8, misfortunes: u8) -> State {
    State::first(Mode::Online, operator, misfortunes)
}

fn offline(operator: u8, misfortunes: u8) -> State {
    State::first(Mode::Offline, operator, misfortunes)
}

/// The halves are instantly made: what is left is the race between the drivers and the operator.
#[test]
fn two_drivers_and_an_operator() {
    let mut state = online(1, 0);
    (state.cloud.took.snapshot, state.cloud.took.job) = (0, 0);
    let explored = explore("two drivers, one operator action, instant halves", &[state]);
    assert!(explored.states > 10_000 && explored.edges > explored.states);
}

#[test]
fn two_drivers_and_a_misfortune() {
    let explored = explore("two drivers, one misfortune", &[online(0, 1), offline(0, 1)]);
    assert!(explored.states > 10_000 && explored.edges > explored.states);
}

#[test]
fn one_driver_an_operator_and_two_misfortunes() {
    let alone = |state: State| State { alone: true, ..state };
    let explored =
        explore("one driver, one operator action, two misfortunes", &[alone(online(1, 2)), alone(offline(1, 2))]);
    assert!(explored.states > 10_000 && explored.edges > explored.states);
}

/// The whole: minutes, so only when asked for. `STACKSNAP_MODEL=all cargo test --release --test
/// simulation the_whole`
#[test]
fn the_whole_model() {
    if std::env::var("STACKSNAP_MODEL").as_deref() == Ok("all") {
        explore("two drivers, one operator action", &[online(1, 0), offline(1, 0)]);
        explore("two drivers, one operator action, one misfortune", &[online(1, 1), offline(1, 1)]);
    }
}
