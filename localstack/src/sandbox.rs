//! The sandbox's handle.

mod looking;

use crate::clock::{Clock, Durations};
use crate::connect::InProcess;
use crate::dispatch::{Dispatched, dispatch};
use crate::faults::Fault;
use crate::log::LoggedRequest;
use crate::rates::Rate;
use crate::seeds::{self, BackupSeed, PlantedBackup, SnapshotSeed, StackSeed};
use crate::state::{ACCOUNT, Place, REGION, State};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bytes::Bytes;
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What becomes of a request.
#[derive(Debug)]
pub enum Outcome {
    /// An answer.
    Response(Response<Bytes>),
    /// The connection is closed without an answer.
    Dropped,
}

type Hook = Arc<dyn Fn(u64, &LoggedRequest) + Send + Sync>;

/// An AWS of its own; clones share it.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    hook: Mutex<Option<Hook>>,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sandbox")
    }
}

impl Sandbox {
    /// A sandbox whose clock stands at `start` until it is advanced.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self::on(Clock::Manual(start))
    }

    /// A sandbox on the wall clock, where all durations are divided by `speed`.
    #[must_use]
    pub fn real(speed: f64) -> Self {
        let speed = if speed.is_finite() && speed > 0.0 { speed } else { 1.0 };
        Self::on(Clock::Real { speed })
    }

    fn on(clock: Clock) -> Self {
        Self(Arc::new(Inner { state: Mutex::new(State::new(clock)), hook: Mutex::new(None) }))
    }

    /// The same, with other random numbers; to be called before anything is seeded.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        let mut state = self.state();
        state.seed = seed;
        state.faults = crate::faults::Faults::seeded(seed);
        drop(state);
        self
    }

    /// The same, with other durations.
    #[must_use]
    pub fn with_durations(self, durations: Durations) -> Self {
        self.set_durations(durations);
        self
    }

    /// Changes how long everything takes that begins from now on.
    pub fn set_durations(&self, durations: Durations) {
        self.state().set_durations(durations);
    }

    /// The durations as they are.
    #[must_use]
    pub fn durations(&self) -> Durations {
        self.state().durations.clone()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The present instant of the sandbox's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.state().clock.now()
    }

    /// Moves a manual clock on; on a real clock nothing happens and `false` is returned.
    pub fn advance(&self, by: SignedDuration) -> bool {
        self.state().clock.advance(by)
    }

    /// Plants a stack that was created thirty days ago; returns its id.
    pub fn seed_stack(&self, seed: &StackSeed) -> String {
        let mut state = self.state();
        let place = place(&seed.account, &seed.region);
        let now = state.clock.now();
        state.realm(&place);
        let State { realms, accounts, .. } = &mut *state;
        let account = accounts.entry(place.0.clone()).or_default();
        let realm = realms.get_mut(&place);
        realm.map(|realm| seeds::plant_deep(realm, account, seed, now)).unwrap_or_default()
    }

    /// Plants manual snapshots; `false` when the cluster does not exist.
    pub fn seed_snapshots(&self, seed: &SnapshotSeed) -> bool {
        let mut state = self.state();
        let now = state.clock.now();
        seed.plant(state.realm(&place(&seed.account, &seed.region)), now)
    }

    /// Plants past backups of a stack, or single halves of them.
    ///
    /// # Errors
    /// A sentence that says what is not there.
    pub fn seed_backups(&self, seed: &BackupSeed) -> Result<Vec<PlantedBackup>, String> {
        let mut state = self.state();
        let place = place(&seed.account, &seed.region);
        let now = state.clock.now();
        state.realm(&place);
        let State { realms, accounts, .. } = &mut *state;
        let account = accounts.entry(place.0.clone()).or_default();
        let planted =
            realms.get_mut(&place).map(|realm| seed.plant(realm, account, now)).unwrap_or_else(|| Ok(vec![]))?;
        state.remember(&place);
        Ok(planted)
    }

    /// Answers one HTTP request; a slow answer moves a manual clock.
    #[must_use]
    pub fn handle(&self, request: &Request<Bytes>) -> Outcome {
        self.handle_timed(request).0
    }

    /// The same, with how long a real connection is to wait before it answers.
    pub(crate) fn handle_timed(&self, request: &Request<Bytes>) -> (Outcome, Duration) {
        if request.uri().path().starts_with("/_sandbox/") {
            return (Outcome::Response(crate::admin::answer(self, request)), Duration::ZERO);
        }
        let mut state = self.state();
        let Dispatched { outcome, delay, row } = dispatch(&mut state, request);
        let count = state.count;
        drop(state);
        let hook = self.0.hook.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(hook) = hook {
            hook(count, &row);
        }
        (outcome, delay)
    }

    /// Calls `hook` after each request with its number (from 1) and its row in the log;
    /// the effect has happened, the answer is not sent yet.
    pub fn on_request(&self, hook: impl Fn(u64, &LoggedRequest) + Send + Sync + 'static) {
        let hook: Option<Hook> = Some(Arc::new(hook));
        *self.0.hook.lock().unwrap_or_else(PoisonError::into_inner) = hook;
    }

    /// Every request since the start or the last clearing.
    #[must_use]
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.state().log.clone()
    }

    /// Empties the log.
    pub fn clear_requests(&self) {
        self.state().log.clear();
    }

    /// Takes so many calls from now on, by `service:Operation`, and answers those beyond with the
    /// service's own throttling; all buckets are full. No rates take every call.
    ///
    /// # Errors
    /// A sentence that says which rate lets nothing through.
    pub fn set_rates(&self, rates: BTreeMap<String, Rate>) -> Result<(), String> {
        self.state().buckets.set(rates)
    }

    /// Something is going to go wrong.
    pub fn add_fault(&self, fault: Fault) {
        let mut state = self.state();
        state.faults.add(fault);
        let places: Vec<Place> = state.realms.keys().cloned().collect();
        for place in places {
            state.remember(&place);
        }
    }

    /// Nothing goes wrong any more.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// The faults still waiting.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.state().faults.waiting().to_vec()
    }

    /// Changes something behind AWS's back, as `POST /_sandbox/set` does.
    ///
    /// # Errors
    /// A sentence that says what was not understood or not found.
    pub fn set(&self, change: &serde_json::Value) -> Result<(), String> {
        crate::admin::set(self, change)
    }

    /// A summary of everything, as `GET /_sandbox/state` gives it.
    #[must_use]
    pub fn summary(&self) -> serde_json::Value {
        crate::admin::summary(self)
    }

    /// The names of all operations, `service:Operation`.
    #[must_use]
    pub fn operations() -> Vec<String> {
        crate::operation::names()
    }

    /// An HTTP client for the AWS SDK whose requests never leave the process.
    #[must_use]
    pub fn http_client(&self) -> SharedHttpClient {
        InProcess::client(self.clone())
    }
}

/// A seed's place, with the defaults for what it leaves open.
pub(crate) fn place(account: &str, region: &str) -> Place {
    let or = |given: &str, default: &str| {
        if given.is_empty() { default.to_owned() } else { given.to_owned() }
    };
    (or(account, ACCOUNT), or(region, REGION))
}
