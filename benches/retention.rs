//! How long it takes to decide about a million backups. A second is the most; 0.2 s of CPU is the aim.
//!
//! Measured is CPU time where Linux tells it, so that other work on the machine does not count; elsewhere, time.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{Criterion, SamplingMode};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use stacksnap::model::backup::State;
use stacksnap::model::retention::Policy;
use stacksnap::plan::prune::{Item, Limits, plan};
use stacksnap::plan::retention::judge;

const MILLION: usize = 1_000_000;
const LIMITS: Limits = Limits { most: MILLION, forced: false, grace: SignedDuration::from_hours(24) };

fn main() {
    let mut criterion = Criterion::default().with_measurement(Cpu(Instant::now())).configure_from_args();
    let now = "2026-11-20T03:00:00Z".parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let mut group = criterion.benchmark_group("a million backups");
    group.sample_size(20).sampling_mode(SamplingMode::Flat);
    for (name, minutes) in [("every hour", 60), ("every minute", 1)] {
        let items = items(now, minutes);
        for (rules, policy) in [("usual rules", usual()), ("rules without end", endless())] {
            group.bench_function(format!("{name}, {rules}"), |bencher| {
                bencher.iter_with_large_drop(|| plan(black_box(&items), &policy, LIMITS, now));
            });
        }
        let times: Vec<(Timestamp, bool)> = items.iter().map(|item| (item.at.unwrap_or(now), false)).collect();
        group.bench_function(format!("{name}, rules without end, verdicts only"), |bencher| {
            let policy = endless();
            bencher.iter_with_large_drop(|| judge(black_box(&times).iter().copied(), &policy));
        });
    }
    group.finish();
    criterion.final_summary();
}

/// Complete backups, the newest first; a few of them drilled, held or failed.
fn items(now: Timestamp, minutes: i64) -> Vec<Item> {
    let item = |place: usize| {
        let ago = SignedDuration::from_mins(minutes * i64::try_from(place).unwrap_or(i64::MAX));
        Item {
            at: now.checked_sub(ago).ok(),
            state: if place.is_multiple_of(97) { State::Failed } else { State::Complete },
            drilled: place.is_multiple_of(30),
            held: place.is_multiple_of(1_000),
            used: place == 500_000,
            elsewhere: false,
            tagged: false,
            begun: false,
            whole: false,
            stray: false,
            locked: false,
            unread: false,
        }
    };
    (0..MILLION).map(item).collect()
}

/// Each rule, as somebody would write it.
fn usual() -> Policy {
    let periods = [Some(48), Some(14), Some(8), Some(24), Some(10)];
    Policy { last: Some(10), within: Some(7 * 86_400), periods, ..berlin() }
}

/// Each rule for as long as there are backups: nothing is ever over.
fn endless() -> Policy {
    Policy { last: Some(10), within: Some(7 * 86_400), periods: [Some(u32::MAX); 5], ..berlin() }
}

fn berlin() -> Policy {
    Policy { zone: TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC), ..Policy::nothing() }
}

/// This thread's time on a CPU; without /proc, the time since then.
struct Cpu(Instant);

impl Cpu {
    fn spent(&self) -> Duration {
        let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        let spent = told.split(' ').next().and_then(|nanoseconds| nanoseconds.parse().ok());
        spent.map_or_else(|| self.0.elapsed(), Duration::from_nanos)
    }
}

impl Measurement for Cpu {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        self.spent()
    }

    fn end(&self, start: Duration) -> Duration {
        self.spent().saturating_sub(start)
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}
