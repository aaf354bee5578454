//! Long lists, odd requests.

mod common;

use common::{Aws, CLUSTER};
use serde_json::json;
use stacksnap_sandbox::seeds::SnapshotSeed;
use std::time::{Duration, Instant};

fn pages(aws: &Aws, action: &str, members: &[(&str, &str)], token: &str, next: &str) -> Vec<usize> {
    let (mut sizes, mut marker) = (Vec::new(), String::new());
    loop {
        let mut all = members.to_vec();
        all.push((token, &marker));
        let reply = aws.query(if token == "Marker" { "rds" } else { "cloudformation" }, action, &all).ok();
        sizes.push(reply.texts(next).len());
        marker = reply.text(token).to_owned();
        if marker.is_empty() {
            return sizes;
        }
    }
}

#[test]
fn a_hundred_thousand_snapshots_are_paged_without_delay() {
    let aws = Aws::new();
    let tags = (0..12).map(|number| (format!("stacksnap:key-{number}"), "{n} {time}".to_owned()));
    assert!(aws.0.seed_snapshots(&SnapshotSeed {
        cluster: CLUSTER.to_owned(),
        count: 100_000,
        tags: tags.collect(),
        ..SnapshotSeed::default()
    }));
    let begun = Instant::now();
    let sizes =
        pages(&aws, "DescribeDBClusterSnapshots", &[("SnapshotType", "manual")], "Marker", "DBClusterSnapshotArn");
    assert_eq!((sizes.len(), sizes.iter().sum::<usize>()), (1000, 100_000));
    assert!(begun.elapsed() < Duration::from_secs(120), "{:?}", begun.elapsed());
}

#[test]
fn resources_and_events_have_pages_of_a_hundred() {
    let aws = Aws::new();
    let members = [("StackName", "my-hub")];
    let resources = pages(&aws, "ListStackResources", &members, "NextToken", "LogicalResourceId");
    assert_eq!(resources, [100, 80]);
    let events = pages(&aws, "DescribeStackEvents", &members, "NextToken", "EventId");
    assert_eq!(events, [100, 100, 100, 62]);
}

#[test]
fn page_sizes_outside_the_limits_are_refused() {
    let aws = Aws::new();
    let rds = aws.rds("DescribeDBClusterSnapshots", &[("MaxRecords", "101")]);
    assert_eq!((rds.status, rds.text("Code")), (400, "InvalidParameterValue"));
    let ssm = aws.target("ssm", "GetParametersByPath", &json!({ "Path": "/", "MaxResults": 11 }));
    assert_eq!((ssm.status, ssm.get("__type")), (400, "ValidationException".to_owned()));
}

#[test]
fn nobody_and_nothing_are_answered_properly() {
    let aws = Aws::new();
    let unsigned = http::Request::post("/").body(bytes::Bytes::new()).unwrap();
    let stacksnap_sandbox::Outcome::Response(response) = aws.0.handle(&unsigned) else {
        panic!("dropped");
    };
    assert_eq!(response.status(), 403);
    for (reply, code) in [
        (aws.rds("DescribeDBEngineVersions", &[]), "<Code>SandboxNotImplemented</Code>"),
        (aws.target("ssm", "SendCommand", &json!({})), "\"SandboxNotImplemented\""),
        (aws.rest("backup", "GET", "/backup/plans", &json!(null)), "\"SandboxNotImplemented\""),
    ] {
        assert_eq!(reply.status, 501);
        assert!(reply.body.contains(code), "{}", reply.body);
    }
    let broken = aws.target("ssm", "GetParameter", &json!("not a structure"));
    assert_eq!(broken.status, 400);
}

#[test]
fn time_and_events_are_the_same_for_the_same_seed() {
    let [one, two] = [(); 2].map(|()| {
        let aws = Aws::new();
        aws.snapshot("one").ok();
        aws.start_job("one").ok();
        aws.wait(500);
        aws.0.summary()
    });
    assert_eq!(one, two);
}
