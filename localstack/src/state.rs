//! All realms, and what they share.

use crate::clock::{Clock, Durations, Pace, later, seconds};
use crate::faults::Faults;
use crate::log::LoggedRequest;
use crate::permission::Policies;
use crate::rates::Buckets;
use crate::realm::{Account, Beyond, Realm};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The account of access keys that do not name one.
pub(crate) const ACCOUNT: &str = "123456789012";
/// The region of seeds that do not name one.
pub(crate) const REGION: &str = "us-east-1";

/// An account and a region.
pub(crate) type Place = (String, String);

/// Everything behind the sandbox's lock.
#[derive(Debug)]
pub(crate) struct State {
    /// What time it is.
    pub(crate) clock: Clock,
    /// How long things take.
    pub(crate) durations: Durations,
    /// Where randomness begins.
    pub(crate) seed: u64,
    /// The worlds by account and region.
    pub(crate) realms: BTreeMap<Place, Realm>,
    /// What is the same in all regions.
    pub(crate) accounts: BTreeMap<String, Account>,
    /// What is going to go wrong.
    pub(crate) faults: Faults,
    /// What callers may do.
    pub(crate) policies: Policies,
    /// How many calls are taken.
    pub(crate) buckets: Buckets,
    /// Every request.
    pub(crate) log: Vec<LoggedRequest>,
    /// How many requests there were, cleared ones too.
    pub(crate) count: u64,
    /// Earlier states, for stale reads; kept only while such a fault waits.
    pub(crate) past: BTreeMap<Place, Vec<(Timestamp, Realm)>>,
}

impl State {
    /// Nothing yet.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            durations: Durations::default(),
            seed: 1,
            realms: BTreeMap::new(),
            accounts: BTreeMap::new(),
            faults: Faults::seeded(1),
            policies: Policies::default(),
            buckets: Buckets::default(),
            log: Vec::new(),
            count: 0,
            past: BTreeMap::new(),
        }
    }

    fn pace(&self) -> Pace {
        Pace { durations: self.durations.clone(), speed: self.clock.speed() }
    }

    /// The realm of a place, advanced to the present.
    pub(crate) fn realm(&mut self, place: &Place) -> &mut Realm {
        let now = self.clock.now();
        let pace = self.pace();
        let name = place.0.bytes().chain(place.1.bytes());
        let seed = name.fold(self.seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let fresh = || Realm::new(&place.0, &place.1, pace, seed);
        let Self { realms, accounts, faults, .. } = self;
        let account = accounts.entry(place.0.clone()).or_default();
        let realm = realms.entry(place.clone()).or_insert_with(fresh);
        realm.advance(now, &mut Beyond { account, faults });
        realm
    }

    /// Lets everything happen everywhere that is due.
    pub(crate) fn advance(&mut self) {
        let places: Vec<Place> = self.realms.keys().cloned().collect();
        for place in places {
            self.realm(&place);
        }
    }

    /// Changes how long things take from now on.
    pub(crate) fn set_durations(&mut self, durations: Durations) {
        self.durations = durations;
        let pace = self.pace();
        for realm in self.realms.values_mut() {
            realm.pace = pace.clone();
        }
    }

    /// Remembers how a place looks, if a stale read may be asked for.
    pub(crate) fn remember(&mut self, place: &Place) {
        let Some(depth) = self.faults.deepest_stale() else {
            self.past.clear();
            return;
        };
        let now = self.clock.now();
        let needed = later(now, -seconds(depth / self.clock.speed()));
        let copy = self.realm(place).clone();
        let past = self.past.entry(place.clone()).or_default();
        // The newest state that is older than any stale read must stay.
        let old = past.iter().rposition(|(then, _)| *then <= needed).unwrap_or(0);
        past.drain(..old);
        past.push((now, copy));
    }

    /// How a place looked at an instant: the last state remembered by then, moved on.
    pub(crate) fn recall(&mut self, place: &Place, at: Timestamp) -> Realm {
        let past = self.past.get(place).map(Vec::as_slice).unwrap_or_default();
        let known = past.iter().rfind(|(then, _)| *then <= at).or(past.first());
        let found = known.map(|(_, realm)| realm.clone());
        let mut realm = found.unwrap_or_else(|| self.realm(place).clone());
        let mut account = self.accounts.get(&place.0).cloned().unwrap_or_default();
        let mut faults = self.faults.clone();
        realm.advance(at, &mut Beyond { account: &mut account, faults: &mut faults });
        realm
    }
}
