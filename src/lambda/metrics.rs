//! CloudWatch's embedded metric format: a line of JSON in the log becomes metrics, without a call.
//!
//! Twenty lines of our own: the crates for it keep global registries, and flush in the background, where a Lambda sleeps.

use std::io::Write;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The namespace of all our metrics.
const NAMESPACE: &str = "stacksnap";

/// One measurement: name, unit as CloudWatch says it, value.
pub(crate) type Metric = (&'static str, &'static str, f64);

/// Writes what was measured about `stack` to stdout, which is the log. A closed log stops nothing.
pub(crate) fn emit(deployment: &str, stack: &str, metrics: &[Metric], now: Timestamp) {
    if !metrics.is_empty() {
        drop(writeln!(std::io::stdout(), "{}", document(deployment, stack, metrics, now)));
    }
}

/// By deployment and stack, and by deployment alone: one alarm watches a whole fleet.
fn document(deployment: &str, stack: &str, metrics: &[Metric], now: Timestamp) -> Value {
    let names: Vec<Value> = metrics.iter().map(|(name, unit, _)| json!({ "Name": name, "Unit": unit })).collect();
    let mut document = Map::new();
    let head = json!({
        "Namespace": NAMESPACE,
        "Dimensions": [["Deployment", "Stack"], ["Deployment"]],
        "Metrics": names,
    });
    document.insert("_aws".to_owned(), json!({ "Timestamp": now.as_millisecond(), "CloudWatchMetrics": [head] }));
    document.insert("Deployment".to_owned(), deployment.into());
    document.insert("Stack".to_owned(), stack.into());
    document.extend(metrics.iter().map(|(name, _, value)| ((*name).to_owned(), json!(value))));
    Value::Object(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_what_cloudwatch_extracts_metrics_from() {
        let now = Timestamp::from_second(1_795_140_000).unwrap();
        let document =
            document("nightly", "my-hub", &[("Complete", "Count", 1.0), ("Duration", "Seconds", 900.0)], now);
        assert_eq!(document["_aws"]["Timestamp"], 1_795_140_000_000_i64);
        let head = &document["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(head["Namespace"], "stacksnap");
        assert_eq!(head["Dimensions"], json!([["Deployment", "Stack"], ["Deployment"]]));
        assert_eq!(head["Metrics"][1], json!({ "Name": "Duration", "Unit": "Seconds" }));
        assert_eq!((&document["Stack"], &document["Complete"]), (&json!("my-hub"), &json!(1.0)));
    }
}
