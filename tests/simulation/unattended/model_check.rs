//! Every interleaving of a Lambda that drives a backup, a sentinel, CloudFormation, an operator and misfortunes, breadth first,
//! over the real engine. The Lambda knows its event and the record; a dead one never comes back. A record may be found
//! overdue at any moment, once also while its driver lives. In every state the invariants hold, and from every state the stack
//! comes home by what the system does by itself.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Instant;

use stacksnap::engine::{self, Debt, debt};
use stacksnap::model::run::{Mode, Run};

use super::memory::Memory;
use super::process::{Process, Task, Who};
use crate::cloud::{Cloud, Fates, JobFate, at};
use crate::driver::{self, Fine, Stage};
use crate::judge;
use crate::model_check::plain_run;
use crate::story::BACKUP;

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    cloud: Cloud,
    lambda: Option<Process>,
    sentinel: Option<Process>,
    begun: bool,
    operator: u8,
    misfortunes: u8,
    /// So often a living Lambda is so late that it is taken for dead.
    late: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Begins,
    Lambda,
    Sentinel,
    /// Its driver is late, or dead.
    Overdue,
    LambdaDies,
    SentinelDies,
    RecordsLost,
    Completes,
    RollsBack,
    HalvesComplete,
    JobFails,
    Operator(Mode),
}

impl Event {
    const ALL: [Self; 13] = [
        Self::Begins,
        Self::Lambda,
        Self::Sentinel,
        Self::Overdue,
        Self::LambdaDies,
        Self::SentinelDies,
        Self::RecordsLost,
        Self::Completes,
        Self::RollsBack,
        Self::HalvesComplete,
        Self::JobFails,
        Self::Operator(Mode::Offline),
        Self::Operator(Mode::Online),
    ];

    fn disturbs(self) -> bool {
        !matches!(self, Self::Lambda | Self::Sentinel | Self::Overdue | Self::Completes | Self::HalvesComplete)
    }
}

impl State {
    fn first(mode: Mode, operator: u8, misfortunes: u8) -> Self {
        let cloud = Cloud::new(mode, Cloud::NEVER, Fates::default());
        Self { cloud, lambda: None, sentinel: None, begun: false, operator, misfortunes, late: 1 }
    }

    /// The state after `event`; `None`: it cannot happen here, or changes nothing.
    fn after(&self, event: Event) -> Option<Self> {
        if !self.possible(event) {
            return None;
        }
        let mut next = self.clone();
        next.happen(event);
        if next.cloud.beat() != self.cloud.beat() {
            next.cloud.now += 1_000;
        }
        // Nor would a lock ever grow old.
        if let Some((_, since)) = &mut next.cloud.lock {
            *since = -1_000_000_000;
        }
        next.cloud.forget_counters();
        next.cloud.records.values_mut().for_each(plain);
        Some(next)
    }

    fn possible(&self, event: Event) -> bool {
        let luck = self.misfortunes > 0;
        match event {
            Event::Begins => !self.begun,
            Event::Lambda => self.lambda.is_some(),
            Event::Sentinel => self.sentinel.is_some() || !super::at_rest(&self.cloud),
            Event::Overdue if self.lambda.is_some() && self.late == 0 => false,
            Event::Overdue => self.cloud.records.values().any(|run| !run.ended() && run.next_due >= at(0)),
            Event::LambdaDies => luck && self.lambda.is_some(),
            Event::SentinelDies => luck && self.sentinel.is_some(),
            Event::RecordsLost => luck && !self.cloud.records.is_empty(),
            Event::Completes => self.cloud.busy(),
            Event::RollsBack => luck && self.cloud.own_operation().is_some(),
            Event::HalvesComplete => self.cloud.halves_pending(),
            Event::JobFails => luck && self.cloud.halves_pending(),
            Event::Operator(_) => self.operator > 0 && !self.cloud.busy() && self.cloud.status.updatable(),
        }
    }

    fn happen(&mut self, event: Event) {
        let misfortune = matches!(
            event,
            Event::LambdaDies | Event::SentinelDies | Event::RecordsLost | Event::RollsBack | Event::JobFails
        );
        self.misfortunes -= u8::from(misfortune);
        match event {
            Event::Begins => self.begin(),
            Event::Lambda => self.lambda = self.lambda.take().and_then(|lambda| step(lambda, &mut self.cloud)),
            Event::Sentinel => {
                let sentinel = self.sentinel.take().unwrap_or_else(|| super::sentinel(Who::LambdaSentinel, 0));
                // Between two ticks it forgets: whoever looks next begins anew.
                let goes_on = |sentinel: &Process| !matches!(sentinel.task, Task::Asleep(_));
                self.sentinel = step(sentinel, &mut self.cloud).filter(goes_on);
            }
            Event::Overdue => {
                self.late -= u8::from(self.lambda.is_some());
                // Not so long ago that it is not driven on any more.
                self.cloud.records.values_mut().for_each(|run| run.next_due = at(-600_000));
            }
            Event::LambdaDies => self.lambda = None,
            Event::SentinelDies => self.sentinel = None,
            Event::RecordsLost => self.cloud.records.clear(),
            Event::Completes => self.cloud.settle_operation(false),
            Event::RollsBack => self.cloud.settle_operation(true),
            Event::HalvesComplete => self.cloud.settle_halves(JobFate::Completes),
            Event::JobFails => self.cloud.settle_halves(JobFate::Fails),
            Event::Operator(mode) => {
                self.cloud.operator(mode);
                self.operator -= 1;
            }
        }
    }

    fn begin(&mut self) {
        self.begun = true;
        self.cloud.now += 1_000;
        let begun = driver::begin(&mut self.cloud, BACKUP).expect("nobody holds the stack");
        // The clock stands still, so nothing would ever settle.
        self.cloud.records.values_mut().for_each(|run| run.options.settle = 0);
        let memory = Memory::of(&begun.run, engine::first_look(&begun.run));
        self.lambda = Some(tidy(Process::new(Who::Lambda, Task::Asleep(memory), 0)));
    }

    /// Nothing is open, and the stack is as its operator last asked, or it is for him to say.
    fn home(&self) -> bool {
        let open = self.cloud.records.values().any(|run| !run.ended());
        let ambiguous = matches!(debt(self.cloud.mode == Mode::Offline, &self.cloud.history()), Debt::Ambiguous { .. });
        self.begun && !open && !self.cloud.busy() && (self.cloud.mode == self.cloud.wish || ambiguous)
    }
}

/// Its next step, with those that nobody else can notice; `None`: it is over.
fn step(mut process: Process, cloud: &mut Cloud) -> Option<Process> {
    loop {
        // What is due at once is done by the same invocation.
        process.until = cloud.now;
        process.go(cloud, &mut Fine);
        process = tidy(process);
        let unnoticed = match &process.task {
            Task::Drive(driver) => match &driver.stage {
                Stage::Save { .. } => !driver.run.unsaved,
                Stage::Act { actions, .. } => actions.is_empty(),
                Stage::Note { .. } => true,
                Stage::Look(_) | Stage::Over => false,
            },
            _ => false,
        };
        if !unnoticed {
            return (!process.over()).then_some(process);
        }
    }
}

/// Times that decide nothing while the clock stands still are no part of a state.
fn tidy(mut process: Process) -> Process {
    (process.due, process.until, process.sent) = (0, 0, Task::Over);
    match &mut process.task {
        Task::Drive(driver) => {
            plain(&mut driver.run);
            (driver.due, driver.wary, driver.looked) = (0, false, None);
        }
        Task::Asleep(memory) => memory.forget_times(),
        Task::Lock(run) | Task::Begin(run) => plain(run),
        _ => {}
    }
    process
}

fn plain(run: &mut Run) {
    let due = run.next_due;
    plain_run(run);
    if due < at(0) {
        run.next_due = due;
    }
}

fn digest(state: &State) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}

/// The shortest ways, some seconds of them; all of them, and whether home is reachable from everywhere, are minutes:
/// `STACKSNAP_MODEL=all cargo test --release --test simulation a_lambda_a_sentinel`
fn limit() -> usize {
    if std::env::var("STACKSNAP_MODEL").as_deref() == Ok("all") { usize::MAX } else { 60_000 }
}

/// Explores so many states, breadth first. Panics with the shortest way to a broken invariant.
fn explore(name: &str, first: State, most: usize) {
    let began = Instant::now();
    let mut known: HashMap<u64, u32> = HashMap::from([(digest(&first), 0)]);
    let mut came: Vec<(u32, Option<Event>)> = vec![(u32::MAX, None)];
    let (mut home, mut back) = (Vec::new(), Vec::new());
    let mut queue: VecDeque<(u32, State)> = VecDeque::from([(0, first)]);
    let mut edges = 0;
    while let Some((from, state)) = queue.pop_front().filter(|_| came.len() < most) {
        judge::always(&state.cloud).unwrap_or_else(|broken| panic!("{broken}\n{}", way(&came, from)));
        if state.home() {
            home.push(from);
        }
        for event in Event::ALL {
            let Some(next) = state.after(event) else { continue };
            edges += 1;
            let new = u32::try_from(came.len()).unwrap();
            let to = *known.entry(digest(&next)).or_insert(new);
            if to == new {
                came.push((from, Some(event)));
                queue.push_back((to, next));
            }
            if !event.disturbs() || event == Event::Begins {
                back.push((to, from));
            }
        }
    }
    if came.len() < most {
        home_is_always_reachable(&came, home, &mut back);
    }
    println!("{name}: {} states, {edges} edges, {:.1?}", came.len(), began.elapsed());
}

fn home_is_always_reachable(came: &[(u32, Option<Event>)], mut todo: Vec<u32>, back: &mut [(u32, u32)]) {
    back.sort_unstable();
    let mut reaches = vec![false; came.len()];
    while let Some(at) = todo.pop() {
        if std::mem::replace(&mut reaches[at as usize], true) {
            continue;
        }
        let start = back.partition_point(|(to, _)| *to < at);
        todo.extend(back[start..].iter().take_while(|(to, _)| *to == at).map(|(_, from)| *from));
    }
    if let Some(lost) = reaches.iter().position(|reaches| !reaches) {
        panic!("home is not reachable any more\n{}", way(came, u32::try_from(lost).unwrap()));
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

/// The halves are instantly made: what is left is the race between the two, CloudFormation, and who disturbs them.
fn instant_halves(mode: Mode, operator: u8, misfortunes: u8) -> State {
    let mut state = State::first(mode, operator, misfortunes);
    (state.cloud.took.snapshot, state.cloud.took.job) = (0, 0);
    state
}

#[test]
fn a_lambda_a_sentinel_and_a_misfortune() {
    explore("a Lambda, a sentinel, one misfortune", instant_halves(Mode::Online, 0, 1), limit());
}

#[test]
fn a_lambda_a_sentinel_and_an_operator() {
    explore("a Lambda, a sentinel, one operator action", instant_halves(Mode::Online, 1, 0), limit());
}
