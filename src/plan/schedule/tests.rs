//! Expressions: AWS's own examples, what AWS refuses, and what holds of all of them.

mod examples;
mod properties;
mod refusals;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Expression;

/// The first runs after an instant, by the clocks of a zone.
fn runs(expression: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    let tz = TimeZone::get(zone).unwrap();
    let after: Timestamp = after.parse().unwrap();
    let expression: Expression = expression.parse().unwrap();
    let all = expression.upcoming(&tz, after, after, count);
    all.into_iter().map(|at| at.to_zoned(tz.clone()).strftime("%a %Y-%m-%d %H:%M %:z").to_string()).collect()
}
