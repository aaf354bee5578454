//! Token buckets: how many calls AWS takes.

use crate::clock::Clock;
use crate::pattern::fits_any_case;
use crate::state::Place;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A token bucket: it holds `burst` calls, and `per_second` more come in each second of AWS time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// How many calls a full bucket holds; without it as many as come in a second.
    #[serde(default)]
    pub burst: f64,
    /// How many calls come in each second.
    pub per_second: f64,
}

/// What AWS publishes of its rates. CloudFormation's are a guess: AWS publishes none.
const PUBLISHED: [(&str, f64, f64); 13] = [
    ("rds:*", 300.0, 12.0),
    ("backup:*", 50.0, 50.0),
    ("backup:StartBackupJob", 5.0, 5.0),
    ("backup:StartRestoreJob", 5.0, 5.0),
    ("backup:StopBackupJob", 5.0, 5.0),
    ("backup:TagResource", 5.0, 5.0),
    ("backup:DeleteRecoveryPoint", 10.0, 10.0),
    ("backup:Describe*", 15.0, 15.0),
    ("backup:List*", 20.0, 20.0),
    ("cloudformation:Describe*,cloudformation:Get*,cloudformation:List*", 40.0, 8.0),
    ("cloudformation:CreateChangeSet,cloudformation:ExecuteChangeSet", 10.0, 2.0),
    ("ssm:*", 40.0, 40.0),
    ("ssm:PutParameter", 10.0, 10.0),
];

impl Rate {
    /// The rates that AWS publishes, and a guess at CloudFormation's, by `service:Operation`.
    #[must_use]
    pub fn published() -> BTreeMap<String, Self> {
        let rate = |(calls, burst, per_second): (&str, f64, f64)| (calls.to_owned(), Self { burst, per_second });
        PUBLISHED.into_iter().map(rate).collect()
    }

    /// Reads `rds:*=300/12`, burst and calls a second; `ssm:*=40` is as many of each.
    ///
    /// # Errors
    /// A sentence that says what could not be read.
    pub fn parse(text: &str) -> Result<(String, Self), String> {
        let shape = "a rate is service:Operation=burst/per-second, as rds:*=300/12";
        let (calls, numbers) = text.split_once('=').ok_or(shape)?;
        let (burst, each) = numbers.split_once('/').unwrap_or((numbers, numbers));
        let number = |text: &str| text.parse::<f64>().map_err(|_| format!("{text:?} is not a number; {shape}"));
        let rate = Self { burst: number(burst)?, per_second: number(each)? };
        Ok((calls.to_owned(), rate.checked(calls)?))
    }

    /// A rate by which calls can go on at all.
    fn checked(self, calls: &str) -> Result<Self, String> {
        let burst = if self.burst > 0.0 { self.burst } else { self.per_second.max(1.0) };
        let sound = burst.is_finite() && burst >= 1.0 && self.per_second.is_finite() && self.per_second > 0.0;
        let wrong = || format!("the rate of {calls} lets no call through: burst is at least 1, per_second more than 0");
        sound.then_some(Self { burst, ..self }).ok_or_else(wrong)
    }
}

/// A bucket's contents at an instant.
#[derive(Clone, Copy, Debug)]
struct Level {
    calls: f64,
    at: Timestamp,
}

/// The rates, and how full the bucket of each is in each account and region.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buckets {
    rates: BTreeMap<String, Rate>,
    levels: BTreeMap<(Place, String), Level>,
}

impl Buckets {
    /// Other rates; all buckets are full again.
    ///
    /// # Errors
    /// A sentence that says which rate is none.
    pub(crate) fn set(&mut self, rates: BTreeMap<String, Rate>) -> Result<(), String> {
        let checked = rates.into_iter().map(|(calls, rate)| Ok((calls.clone(), rate.checked(&calls)?)));
        self.rates = checked.collect::<Result<_, String>>()?;
        self.levels.clear();
        Ok(())
    }

    /// Takes one call out of every bucket that it counts against, or nothing where one is empty.
    pub(crate) fn take(&mut self, place: &Place, action: &str, clock: &Clock) -> bool {
        let now = clock.now();
        let counting = self.rates.iter().filter(|(calls, _)| counts(calls, action));
        let levels: Vec<((Place, String), Level)> = counting
            .map(|(calls, rate)| {
                let key = (place.clone(), calls.clone());
                let level = filled(self.levels.get(&key).copied(), *rate, now, clock.speed());
                (key, level)
            })
            .collect();
        // Clocks and floats are not exact: as good as a call is a call.
        let enough = levels.iter().all(|(_, level)| level.calls > 1.0 - 1e-6);
        let taken = if enough { 1.0 } else { 0.0 };
        let left = levels.into_iter().map(|(key, level)| (key, Level { calls: level.calls - taken, ..level }));
        self.levels.extend(left);
        enough
    }
}

/// Whether a call is one of those: `service:Operation`, with `*` and `?`, or several with commas between.
fn counts(calls: &str, action: &str) -> bool {
    let each = |pattern: &str| pattern.trim().replacen("efs:", "elasticfilesystem:", 1);
    calls.split(',').any(|pattern| fits_any_case(&each(pattern), action))
}

fn filled(level: Option<Level>, rate: Rate, now: Timestamp, speed: f64) -> Level {
    let calls = level.map_or(rate.burst, |level| {
        let passed = now.duration_since(level.at).as_secs_f64().max(0.0) * speed;
        (level.calls + passed * rate.per_second).min(rate.burst)
    });
    Level { calls, at: now }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_as_it_is_written() {
        let rate = |burst, per_second| Rate { burst, per_second };
        assert_eq!(Rate::parse("rds:*=300/12").unwrap(), ("rds:*".to_owned(), rate(300.0, 12.0)));
        assert_eq!(Rate::parse("ssm:*=40").unwrap(), ("ssm:*".to_owned(), rate(40.0, 40.0)));
        for wrong in ["rds:*", "rds:*=many", "rds:*=3/0", "rds:*=0.5/1"] {
            assert!(Rate::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_hurried_clock_fills_a_bucket_sooner() {
        let mut buckets = Buckets::default();
        buckets.set(BTreeMap::from([("a:B".to_owned(), Rate { burst: 1.0, per_second: 0.001 })])).unwrap();
        let (place, clock) = (("1".to_owned(), "r".to_owned()), Clock::Real { speed: 1e9 });
        assert!(buckets.take(&place, "a:B", &clock));
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert!(buckets.take(&place, "a:B", &clock), "a million seconds have passed");
    }
}
