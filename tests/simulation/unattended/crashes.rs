//! A Lambda is killed before and after every step of every invocation, once and twice: retried with the older event,
//! caught and given up, or gone for good while sentinels look. Sentinels are killed at every step, too.

use stacksnap::model::run::{Mode, Outcome};

use super::process::{Process, Who};
use super::{EVERY, at_rest, delivered, drive, record, sentinel, steps, watched_from};
use crate::cloud::{Cloud, Durations, Fates};
use crate::driver::Fine;
use crate::judge;
use crate::story::{online, outcome};

/// What becomes of an invocation that is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Killed {
    /// The same event is sent again.
    Retried,
    /// The same, while the killed one is still alive for a while.
    Doubled,
    /// `abort`
    Caught,
    /// Somebody stops the execution, or it is over its 25,000 events.
    Stopped,
}

const ALL: [Killed; 4] = [Killed::Retried, Killed::Doubled, Killed::Caught, Killed::Stopped];

fn cloud(began: Mode) -> Cloud {
    Cloud::new(began, Durations::SHORT, Fates::default())
}

/// Kills it; what goes on.
fn kill(cloud: &Cloud, process: Process, how: Killed) -> Vec<Process> {
    let mut again = process.clone();
    match how {
        Killed::Stopped => return Vec::new(),
        Killed::Caught => again.caught(cloud.now + 1_000),
        Killed::Retried | Killed::Doubled => again.retried(cloud.now + 2_000),
    }
    let ghost = Process { who: Who::Zombie, ..process };
    if how == Killed::Doubled { vec![again, ghost] } else { vec![again] }
}

/// Each goes on when it is due, until all are over.
fn all_go_on(cloud: &mut Cloud, mut all: Vec<Process>) {
    go_on(cloud, &mut all, usize::MAX);
}

/// The same, until the first of them has gone so many steps; whether it was over before.
fn go_on(cloud: &mut Cloud, all: &mut [Process], most: usize) -> bool {
    let mut steps = 0;
    while let Some(at) = (0..all.len()).filter(|at| !all[*at].over()).min_by_key(|at| all[*at].due) {
        if at == 0 && steps == most {
            return false;
        }
        steps += usize::from(at == 0);
        cloud.advance(all[at].due);
        all[at].go(cloud, &mut Fine);
        judge::always(cloud).unwrap();
    }
    true
}

fn comes_home(cloud: &mut Cloud, began: Mode, what: impl Fn() -> String) {
    let now = cloud.now;
    watched_from(cloud, now + 1_000, Who::LambdaSentinel);
    judge::at_rest(cloud, began).unwrap_or_else(|broken| panic!("{}: {broken}", what()));
    assert_eq!(cloud.mode, began, "{}", what());
}

/// Killed after so many steps, and again. `true`: it was over before.
fn killed(began: Mode, first: usize, second: Option<usize>, how: Killed) -> bool {
    let mut cloud = cloud(began);
    let mut process = delivered(0);
    let over = steps(&mut cloud, &mut process, first);
    let mut going = if over { Vec::new() } else { kill(&cloud, process, how) };
    if let Some(second) = second.filter(|_| !going.is_empty())
        && !go_on(&mut cloud, &mut going, second)
    {
        let again = going.remove(0);
        going.extend(kill(&cloud, again, how));
    }
    all_go_on(&mut cloud, going);
    comes_home(&mut cloud, began, || format!("killed after {first} and {second:?} steps, {how:?}"));
    let survives = matches!(how, Killed::Retried | Killed::Doubled) && !cloud.records.is_empty();
    if survives {
        assert_eq!(outcome(record(&cloud)), Outcome::Complete, "killed after {first} and {second:?} steps, {how:?}");
    }
    over
}

#[test]
fn a_lambda_is_killed_at_any_one_step_and_the_stack_comes_back() {
    for began in [Mode::Online, Mode::Offline] {
        for how in ALL {
            let steps = (0..5_000).find(|first| killed(began, *first, None, how)).expect("a backup ends");
            assert!(steps > 50, "{steps} crash points tried");
        }
    }
}

#[test]
fn a_lambda_is_killed_at_any_two_steps_and_the_stack_comes_back() {
    let mut count = 0;
    for how in ALL {
        for first in 0.. {
            let mut over = false;
            for second in (0..200).step_by(if how == Killed::Stopped { 200 } else { 7 }) {
                over |= killed(Mode::Online, first, Some(second + first % 7), how);
                count += 1;
            }
            if over {
                break;
            }
        }
    }
    println!("{count} pairs of crash points");
}

/// The driver is gone for good at one step, the sentinel that finds its run at another; the next one brings it home.
#[test]
fn a_sentinel_is_killed_at_any_step_and_the_next_one_brings_the_stack_back() {
    let mut count = 0;
    for first in 0.. {
        let mut whole = cloud(Mode::Online);
        let mut process = delivered(0);
        let over = steps(&mut whole, &mut process, first);
        let later = whole.now + 3 * EVERY;
        whole.advance(later);
        for second in (first % 4..400).step_by(4) {
            let mut cloud = whole.clone();
            let who = if second % 2 == 0 { Who::Sentinel } else { Who::LambdaSentinel };
            let mut killed = sentinel(who, cloud.now);
            let done = steps(&mut cloud, &mut killed, second);
            comes_home(&mut cloud, Mode::Online, || format!("killed after {first} and {second} steps"));
            count += 1;
            if done {
                break;
            }
        }
        if over {
            break;
        }
    }
    println!("{count} pairs of crash points");
}

/// Two sentinels wake at once, whatever was left.
#[test]
fn two_sentinels_at_once_make_one_pair_of_halves() {
    for first in 0.. {
        let mut cloud = online(Fates::default());
        let mut process = delivered(0);
        let over = steps(&mut cloud, &mut process, first);
        let later = cloud.now + 3 * EVERY;
        cloud.advance(later);
        let both = [Who::Sentinel, Who::LambdaSentinel].map(|who| sentinel(who, cloud.now));
        all_go_on(&mut cloud, both.to_vec());
        comes_home(&mut cloud, Mode::Online, || format!("two sentinels after {first} steps"));
        assert!(cloud.snapshots.len() <= 1 && cloud.jobs.len() <= 1);
        if over {
            return;
        }
    }
}

/// Nothing is left to be done, so nothing is done, however often it looks.
#[test]
fn a_sentinel_that_finds_nothing_changes_nothing() {
    let mut cloud = online(Fates::default());
    drive(&mut cloud, &mut delivered(0));
    let (effects, saves) = (cloud.effects, cloud.saves);
    for _ in 0..10 {
        let later = cloud.now + EVERY;
        cloud.advance(later);
        assert!(at_rest(&cloud));
        drive(&mut cloud, &mut sentinel(Who::LambdaSentinel, later));
    }
    assert_eq!((cloud.effects, cloud.saves), (effects, saves));
}
