//! How long is the stack offline, beyond what AWS itself needs? On a virtual clock, over seeded runs
//! with AWS-like durations (update 240 s, snapshot 180 s, EFS job 900 s, update 240 s, each ±20 %).
//!
//! `cargo run --release --example offline_window` prints JSON. `first` is a stack's first backup,
//! `known` one whose earlier durations are on record; beside them, under the same durations, a script
//! of AWS CLI waiters (30 s polls, one after the other) and the Rust SDK's own waiters. Every one of
//! them settles for 30 s, starts both halves together, and is charged the same latency per call.

#![expect(clippy::expect_used, reason = "a measurement that cannot be made must fail")]

#[expect(dead_code, unused_imports, clippy::unwrap_used, reason = "the simulation's, of which this needs a part")]
#[path = "../tests/simulation/cloud/mod.rs"]
mod cloud;
#[expect(dead_code, clippy::unwrap_used, reason = "the simulation's, of which this needs a part")]
#[path = "../tests/simulation/driver.rs"]
mod driver;

use cloud::{Cloud, Durations, Fates, Millis};
use driver::{Driver, Fine, Stage};
use fastrand::Rng;
use serde_json::{Value, json};
use stacksnap::model::Switch;
use stacksnap::model::run::{Durations as Seconds, Kind, Mode, Options, Outcome};

const RUNS: u64 = 2_000;
const SETTLE: Millis = 30_000;
/// What one call takes; a look asks concurrently, two calls deep.
const CALL: Millis = 150;

/// One backup's offline window.
struct Sample {
    bound: f64,
    window: f64,
    skew: f64,
    calls: f64,
}

fn main() {
    let report = json!({
        "runs": RUNS,
        "first": summary(|rng| ours(rng, false)),
        "known": summary(|rng| ours(rng, true)),
        "aws_cli": summary(|rng| script(rng, &|_, _| 30_000)),
        "sdk_waiters": summary(|rng| script(rng, &smithy)),
    });
    println!("{report:#}");
}

fn summary(sample: impl Fn(&mut Rng) -> Sample) -> Value {
    let samples: Vec<Sample> = (0..RUNS).map(|seed| sample(&mut Rng::with_seed(seed))).collect();
    let mean = |of: &dyn Fn(&Sample) -> f64| samples.iter().map(of).sum::<f64>() / samples.len() as f64;
    let mut overheads: Vec<f64> = samples.iter().map(|s| s.window / s.bound - 1.0).collect();
    overheads.sort_by(f64::total_cmp);
    let round = |x: f64| (x * 10_000.0).round() / 10_000.0;
    json!({
        "bound_s": round(mean(&|s| s.bound)),
        "window_s": round(mean(&|s| s.window)),
        "overhead": round(mean(&|s| s.window / s.bound - 1.0)),
        "overhead_p95": round(overheads[overheads.len() * 95 / 100]),
        "skew_s": round(mean(&|s| s.skew)),
        "api_calls": round(mean(&|s| s.calls)),
        "api_calls_max": samples.iter().map(|s| s.calls).fold(0.0, f64::max),
    })
}

fn draw(rng: &mut Rng) -> Durations {
    let mut about = |seconds: f64| (seconds * 1000.0 * (0.8 + 0.4 * rng.f64())) as Millis;
    let (off, on) = (about(240.0), about(240.0));
    Durations {
        make_set: 8_000,
        off,
        on,
        snapshot: about(180.0),
        job: about(900.0),
        modifying: 10_000,
        ..Durations::SHORT
    }
}

fn bound(took: &Durations) -> f64 {
    seconds(took.off + SETTLE + took.snapshot.max(took.job) + took.on)
}

fn seconds(millis: Millis) -> f64 {
    millis as f64 / 1000.0
}

/// The engine itself, driven as the command line drives it.
fn ours(rng: &mut Rng, known: bool) -> Sample {
    let took = draw(rng);
    let mut cloud = Cloud::new(Mode::Online, took, Fates::default());
    let mut driver =
        driver::begin(&mut cloud, Kind::Backup { live: false, seed: false }).expect("nobody holds the stack");
    driver.run.options = Options::default();
    if known {
        driver.run.expected = Seconds { off: Some(240), snapshot: Some(180), job: Some(900), on: Some(240) };
    }
    cloud.records.insert(driver.run.id.to_string(), driver.run.clone());
    let calls = drive(&mut cloud, &mut driver);
    let ending = driver.run.ending.as_ref().expect("it ended");
    assert_eq!(ending.outcome, Outcome::Complete, "{ending:?}");
    let window = driver.run.window.expect("it was offline");
    let window = window.to.expect("it came back").duration_since(window.from).as_secs_f64();
    let skew = (cloud.snapshots[0].created - cloud.jobs[0].created).abs();
    Sample { bound: bound(&took), window, skew: seconds(skew), calls: f64::from(calls) }
}

/// Drives to the end; answers how many calls were made while the stack was offline.
fn drive(cloud: &mut Cloud, driver: &mut Driver) -> u32 {
    let (mut left, mut back) = (None, None);
    while !driver.over() {
        let latency = match &driver.stage {
            Stage::Look(_) => 2 * CALL,
            Stage::Save { .. } if driver.run.unsaved => CALL,
            Stage::Act { actions, .. } if !actions.is_empty() => CALL,
            _ => 0,
        };
        cloud.advance(driver.due + latency);
        driver.go(cloud, &mut Fine);
        let own = cloud.own_operation().map(|token| token.switch);
        if own == Some(Switch::Off) && left.is_none() {
            left = Some(cloud.calls);
        }
        if left.is_some() && back.is_none() && cloud.mode == Mode::Online && !cloud.busy() {
            back = Some(cloud.calls);
        }
    }
    back.unwrap_or(cloud.calls) - left.unwrap_or(0)
}

/// A careful script: every wait polls, the n-th time after `delay(n)`.
fn script(rng: &mut Rng, delay: &dyn Fn(&mut Rng, (u32, Service)) -> Millis) -> Sample {
    let took = draw(rng);
    let mut calls = 1;
    let mut wait = |from: Millis, ends: Millis, service: Service, rng: &mut Rng| {
        let mut now = from;
        for attempt in 1.. {
            now += CALL;
            calls += 1;
            if now >= ends {
                break;
            }
            now += delay(rng, (attempt, service));
        }
        now
    };
    let off = wait(CALL, took.off, Service::CloudFormation, rng);
    let start = off.max(SETTLE + off) + CALL;
    let snapshot = wait(start, start + took.snapshot, Service::Rds, rng);
    // AWS Backup has no waiters, in the CLI or in the SDK: thirty seconds, as everybody writes it.
    let job = wait(snapshot, start + took.job, Service::Backup, rng);
    calls += 4 + u32::try_from(took.on / 30_000).unwrap_or(0);
    let window = job + CALL + took.on;
    Sample { bound: bound(&took), window: seconds(window), skew: seconds(CALL), calls: f64::from(calls) }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Service {
    CloudFormation,
    Rds,
    Backup,
}

/// Smithy's waiter: the delay doubles from 30 s up to the model's maximum (CloudFormation 120 s, RDS
/// 1,800 s) and is then drawn between the minimum and that.
fn smithy(rng: &mut Rng, (attempt, service): (u32, Service)) -> Millis {
    let most = match service {
        Service::CloudFormation => 120.0,
        Service::Rds => 1_800.0,
        Service::Backup => return 30_000,
    };
    let ceiling = (30.0 * 2f64.powi(attempt as i32 - 1)).min(most);
    ((30.0 + (ceiling - 30.0) * rng.f64()) * 1000.0) as Millis
}
