//! Two prunes and somebody who needs the backup, model-checked over the real step: every interleaving, breadth first.
//!
//! Each looks and removes in steps of its own, and may sleep between any two of them; what was decided more than a minute ago is decided anew, as `world::prune` has it. Time passes where
//! somebody waits, and now and then by itself; a prune may die.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Instant;

use super::driver::{FRESH, Fine, Prune, Scene, Stage};
use super::operators::{Operator, Wish};
use super::planning::Keep;
use super::shelf::Make;
use super::situations::scene;
use crate::cloud::Millis;

/// Time passes by so much: less than a look is fresh for, more than tags take to settle.
const QUANTUM: Millis = 50_000;

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    scene: Scene,
    prunes: [Option<Prune>; 2],
    operator: Option<Operator>,
    deaths: u8,
    sleeps: u8,
    /// Prunes that may still come.
    more: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Prune(usize),
    Operator,
    /// Another prune begins, somebody having begun to act.
    Comes,
    Dies(usize),
    /// Everybody sleeps.
    TimePasses,
}

impl Event {
    const ALL: [Self; 7] =
        [Self::Prune(0), Self::Prune(1), Self::Operator, Self::Comes, Self::Dies(0), Self::Dies(1), Self::TimePasses];
}

impl State {
    fn new(wish: Wish, newest: bool, doomed: Make) -> Self {
        let mut scene = scene(1);
        scene.shelf.aged(1, doomed);
        scene.ledger.learn(&scene.shelf);
        scene.ledger.alone = false;
        let of = super::shelf::id_of(-3_600_000 - if newest { 0 } else { 86_400_000 });
        let prunes = [Some(Prune::new(Keep::last(1), 0)), None];
        Self {
            scene,
            prunes,
            operator: Some(Operator { looks: 7, ..Operator::new(wish, &of, 0) }),
            deaths: 0,
            sleeps: 0,
            more: 1,
        }
    }

    /// `None`: it cannot happen.
    fn after(&self, event: Event) -> Option<Result<Self, String>> {
        let mut next = self.clone();
        let happened = match event {
            Event::Prune(at) => next.prune(at)?,
            Event::Operator => {
                next.operate()?;
                Ok(())
            }
            Event::Comes => {
                let begun = self.operator.as_ref().is_none_or(|operator| operator.step > 0);
                next.more = next.more.checked_sub(u8::from(begun)).filter(|_| begun)?;
                let room = next.prunes.iter_mut().find(|prune| prune.is_none())?;
                *room = Some(Prune::new(Keep::last(1), 0));
                Ok(())
            }
            Event::Dies(at) => {
                next.deaths = next.deaths.checked_sub(1)?;
                next.prunes[at].take()?;
                Ok(())
            }
            Event::TimePasses => {
                next.sleeps = next.sleeps.checked_sub(1)?;
                next.scene.shelf.advance(self.scene.shelf.now + FRESH + 1_000);
                Ok(())
            }
        };
        // Two processes of the same program: which is which makes no difference.
        if digest(&next.prunes[0]) > digest(&next.prunes[1]) {
            next.prunes.swap(0, 1);
        }
        next.scene.shelf.effects = 0;
        Some(happened.and_then(|()| next.scene.ledger.always(&next.scene.shelf)).map(|()| next))
    }

    fn prune(&mut self, at: usize) -> Option<Result<(), String>> {
        let mut prune = self.prunes[at].take()?;
        if prune.due > self.scene.shelf.now {
            self.scene.shelf.advance(self.scene.shelf.now + QUANTUM);
            // It waits on; only the clock has moved.
            if prune.due > self.scene.shelf.now {
                self.prunes[at] = Some(prune);
                return Some(Ok(()));
            }
        }
        let mut happened = prune.go(&mut self.scene, &mut Fine);
        // Planning is a look of its own; a look at one backup is one look, and what it leads to is decided at once.
        while happened.is_ok() && matches!(prune.stage, Stage::Rest { .. }) {
            happened = prune.go(&mut self.scene, &mut Fine);
        }
        // It goes on at once, or whenever it likes.
        if prune.due <= self.scene.shelf.now {
            prune.due = 0;
        }
        prune.forget();
        self.prunes[at] = Some(prune).filter(|prune| !prune.over());
        Some(happened)
    }

    fn operate(&mut self) -> Option<()> {
        let mut operator = self.operator.take()?;
        operator.go(&mut self.scene, false);
        // He looks again whenever he likes.
        operator.due = 0;
        self.operator = Some(operator).filter(|operator| !operator.over());
        Some(())
    }

    /// Nobody is at work: two more prunes find everything in order.
    fn end(&self) -> Result<bool, String> {
        if self.operator.is_some() || self.prunes.iter().any(Option::is_some) || self.more > 0 {
            return Ok(false);
        }
        let mut scene = self.scene.clone();
        for _ in 0..2 {
            Prune::new(Keep::last(1), scene.shelf.now).finish(&mut scene, &mut Fine)?;
        }
        scene.ledger.at_rest(&scene.shelf).map(|()| true)
    }
}

fn digest(thing: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

/// Explores everything; panics with the shortest way to a broken invariant.
fn explore(name: &str, firsts: Vec<State>) -> usize {
    let began = Instant::now();
    let (mut known, mut came, mut ends, mut edges) = (HashMap::new(), Vec::new(), 0, 0);
    let mut queue = VecDeque::new();
    for first in firsts {
        known.insert(digest(&first), ());
        queue.push_back((came.len(), first));
        came.push((usize::MAX, None));
    }
    while let Some((at, state)) = queue.pop_front() {
        match state.end() {
            Err(broken) => panic!("{broken}\n{}", way(&came, at)),
            Ok(end) => ends += usize::from(end),
        }
        for event in Event::ALL {
            let Some(next) = state.after(event) else { continue };
            edges += 1;
            let next = next.unwrap_or_else(|broken| panic!("{broken}\n{} | {event:?}", way(&came, at)));
            if known.insert(digest(&next), ()).is_none() {
                queue.push_back((came.len(), next));
                came.push((at, Some(event)));
            }
        }
        assert!(came.len() < 10_000_000, "{name}: too large");
    }
    println!("{name}: {} states, {edges} edges, {ends} ends, {:.1?}", came.len(), began.elapsed());
    assert!(ends > 0);
    came.len()
}

fn way(came: &[(usize, Option<Event>)], mut at: usize) -> String {
    let mut events = Vec::new();
    while let (from, Some(event)) = came[at] {
        events.push(format!("{event:?}"));
        at = from;
    }
    events.reverse();
    events.join(" | ")
}

#[test]
fn two_prunes_and_somebody_who_keeps_the_backup() {
    let states = explore("prune: kept meanwhile", vec![State::new(Wish::Keep, false, Make::Complete)]);
    assert!(states > 1_000);
}

#[test]
fn a_prune_and_somebody_who_restores_from_the_backup() {
    for (wish, doomed) in [
        (Wish::Restore, Make::Complete),
        (Wish::Restore, Make::Begun),
        (Wish::CreateByHand, Make::Complete),
        (Wish::CreateByHand, Make::Begun),
    ] {
        let first = State { more: 0, sleeps: 2, deaths: 0, ..State::new(wish, false, doomed) };
        assert!(explore("prune: restored from meanwhile", vec![first]) > 300);
    }
}

/// Minutes, so only when asked for: `STACKSNAP_MODEL=all cargo test --release --test simulation prune::model_check`.
#[test]
fn the_whole_model_of_two_prunes() {
    if std::env::var("STACKSNAP_MODEL").as_deref() == Ok("all") {
        for wish in [Wish::Keep, Wish::Restore, Wish::CreateByHand] {
            for doomed in [Make::Complete, Make::Begun] {
                explore("prune: two prunes", vec![State::new(wish, false, doomed)]);
            }
        }
    }
}

#[test]
fn a_prune_that_dies_one_that_finishes_and_somebody_who_keeps_what_was_begun() {
    let first = State { deaths: 1, ..State::new(Wish::Keep, false, Make::Begun) };
    assert!(explore("prune: begun before, one death", vec![first]) > 1_000);
}

#[test]
fn two_prunes_and_somebody_who_deletes_the_newest_backup_by_hand() {
    let first = State::new(Wish::DeleteBoth, true, Make::Complete);
    assert!(explore("prune: the newest is deleted by hand", vec![first]) > 100);
}
