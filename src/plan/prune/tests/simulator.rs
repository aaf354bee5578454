//! Ten years of nights: a backup, then a prune, with everything that goes wrong in ten years.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::*;
use crate::plan::retention::tests::reference::{Labels, labels, newest_of};

const RULES: &str = "daily 7 weekly 4 monthly 12 yearly 3";
const NUMBERS: [usize; 5] = [0, 7, 4, 12, 3];
const NIGHTS: i32 = 3_653;

/// What happens in a decade.
struct Story {
    rng: fastrand::Rng,
    zone: TimeZone,
    /// What is there, the oldest first.
    there: Vec<Item>,
    /// Every complete backup there ever was, the oldest first, with the periods it lies in by the zone of today.
    ever: Vec<(Timestamp, Labels)>,
    deleted: usize,
    refused: usize,
    /// Nights on which no backup is made.
    silence: i32,
}

impl Story {
    fn new(zone: &str, seed: u64) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed),
            zone: TimeZone::get(zone).unwrap(),
            there: Vec::new(),
            ever: Vec::new(),
            deleted: 0,
            refused: 0,
            silence: 0,
        }
    }

    /// The stack moves: from now on its days begin elsewhere.
    fn moves_to(&mut self, zone: &str) {
        self.zone = TimeZone::get(zone).unwrap();
        for (at, all) in &mut self.ever {
            *all = labels(*at, &self.zone);
        }
    }

    /// A night: mostly one backup at two o'clock, whatever the clocks do at that hour.
    fn night(&mut self, day: Date) {
        let late = i64::from(self.rng.i32(0..900));
        let two = day.at(2, 0, 0, 0).to_zoned(self.zone.clone()).unwrap().timestamp();
        let at = two + SignedDuration::from_secs(late);
        if self.rng.i32(0..120) == 0 {
            self.silence = self.rng.i32(1..40);
        }
        self.silence -= 1;
        if self.silence < 0 {
            self.back_up(at);
        }
        self.prune(at + SignedDuration::from_mins(40));
    }

    fn back_up(&mut self, at: Timestamp) {
        if self.rng.i32(0..25) == 0 {
            // It fails, and mostly there is another try.
            self.add(at - SignedDuration::from_mins(50), State::Failed);
            if self.rng.bool() {
                return;
            }
        }
        self.add(at, State::Complete);
        self.ever.push((at, labels(at, &self.zone)));
    }

    fn add(&mut self, at: Timestamp, state: State) {
        self.there.push(Item { at: Some(at), state, ..complete("2000-01-01 00:00") });
    }

    fn prune(&mut self, now: Timestamp) {
        let newest_first: Vec<Item> = self.there.iter().rev().copied().collect();
        let policy = Policy { zone: self.zone.clone(), ..policy(RULES) };
        // Once in a while the clock of the machine is wrong, by up to a year either way.
        let wrong = SignedDuration::from_hours(24 * self.rng.i64(-365..365));
        let clock = if self.rng.i32(0..50) == 0 { now + wrong } else { now };
        let plan = plan(&newest_first, &policy, limits(), clock);
        let ahead = plan.objections.iter().any(|objection| matches!(objection, Objection::Ahead(_)));
        if ahead || plan.going() > limits().most {
            self.refused += 1;
            return;
        }
        assert_eq!(plan.objections, []);
        let mut fates = plan.fates.iter().rev();
        let before = self.there.len();
        self.there.retain(|_| fates.next().unwrap().goes.is_none());
        self.deleted += before - self.there.len();
        self.looks_right(now, &newest_first);
    }

    fn complete(&self) -> Vec<Timestamp> {
        self.there.iter().filter(|item| item.state == State::Complete).filter_map(|item| item.at).collect()
    }

    /// What holds after every prune.
    fn looks_right(&self, now: Timestamp, before: &[Item]) {
        let complete = self.complete();
        // The last one is there, and never more than the numbers say.
        assert_eq!(complete.last(), self.ever.last().map(|(at, _)| at));
        assert!(complete.len() <= NUMBERS.iter().sum());
        // What is left is what the plain reference leaves of what was there.
        let times = before.iter().filter(|item| item.state == State::Complete).filter_map(|item| item.at);
        let judged: Vec<(Timestamp, Labels)> = times.map(|at| (at, labels(at, &self.zone))).collect();
        assert_eq!(complete, right(&judged), "{now}");
        // Failed ones are soon forgotten.
        let year = SignedDuration::from_hours(24 * 366);
        assert!(self.there.iter().all(|item| item.state == State::Complete || now - year < item.at.unwrap()));
    }

    /// What the plain reference leaves of all that ever was.
    fn of_all_there_ever_was(&self) -> Vec<Timestamp> {
        let newest_first: Vec<(Timestamp, Labels)> = self.ever.iter().rev().copied().collect();
        right(&newest_first)
    }
}

/// The newest of each of the newest seven days, four weeks, twelve months and three years; the oldest first.
fn right(newest_first: &[(Timestamp, Labels)]) -> Vec<Timestamp> {
    let mut kept = BTreeSet::new();
    for (which, most) in NUMBERS.into_iter().enumerate() {
        let places = newest_of(newest_first.iter().map(|(_, labels)| labels[which]), most);
        kept.extend(places.into_iter().map(|place| newest_first[place].0));
    }
    kept.into_iter().collect()
}

fn days() -> impl Iterator<Item = Date> {
    let first = date(2026, 11, 20);
    (0..NIGHTS).map(move |night| first.checked_add(night.days()).unwrap())
}

#[test]
fn ten_years_in_one_zone_leave_each_night_what_all_that_ever_was_would_leave() {
    for (zone, seed) in [("Europe/Berlin", 1), ("America/Santiago", 2), ("Australia/Lord_Howe", 3)] {
        let mut story = Story::new(zone, seed);
        for day in days() {
            let refused = story.refused;
            story.night(day);
            // Where a prune was refused, the next one catches up.
            if story.refused == refused {
                assert_eq!(story.complete(), story.of_all_there_ever_was(), "{zone} {day}");
            }
        }
        assert!(story.deleted > 2_000 && story.refused > 10, "{zone}: {} {}", story.deleted, story.refused);
    }
}

#[test]
fn ten_years_in_four_zones_end_as_if_it_had_always_been_the_last_one() {
    let mut story = Story::new("Europe/Berlin", 4);
    for (night, day) in days().enumerate() {
        match night {
            900 => story.moves_to("America/New_York"),
            1_500 => story.moves_to("Pacific/Auckland"),
            2_100 => story.moves_to("Asia/Kolkata"),
            _ => {}
        }
        story.night(day);
    }
    assert_eq!(story.complete(), story.of_all_there_ever_was());
}

#[test]
fn after_ten_years_of_nights_without_a_gap_the_right_dates_are_there() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let policy = Policy { zone: zone.clone(), ..policy(RULES) };
    let mut there: Vec<Item> = Vec::new();
    let mut last = Timestamp::UNIX_EPOCH;
    for day in days() {
        last = day.at(2, 0, 0, 0).to_zoned(zone.clone()).unwrap().timestamp();
        there.insert(0, Item { at: Some(last), ..complete("2000-01-01 00:00") });
        let plan = plan(&there, &policy, limits(), last);
        assert_eq!(plan.objections, []);
        let mut fates = plan.fates.iter();
        there.retain(|_| fates.next().unwrap().goes.is_none());
    }
    let dates: Vec<String> = there.iter().map(|item| zone.to_datetime(item.at.unwrap()).date().to_string()).collect();
    assert_eq!(last.to_zoned(zone).date(), date(2036, 11, 19));
    // Seven days (2036-11-19 is a Wednesday), of which two are the newest of their weeks; two weeks more, with a month's
    // end among them; ten months more; one year more.
    let right = "2036-11-19 2036-11-18 2036-11-17 2036-11-16 2036-11-15 2036-11-14 2036-11-13 \
                 2036-11-09 2036-11-02 2036-10-31 \
                 2036-09-30 2036-08-31 2036-07-31 2036-06-30 2036-05-31 2036-04-30 2036-03-31 2036-02-29 2036-01-31 \
                 2035-12-31 2034-12-31";
    assert_eq!(dates.join(" "), right);
}
