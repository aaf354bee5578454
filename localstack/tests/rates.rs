//! Token buckets: too many calls are refused, and logged as that.
#![expect(clippy::unwrap_used, reason = "in tests a surprise is a failure")]

mod common;

use common::Aws;
use serde_json::{Value, json};
use stacksnap_sandbox::Rate;

fn at(rates: &Value) -> Aws {
    let aws = Aws::new();
    aws.0.set(&json!({ "rates": rates })).unwrap();
    aws
}

fn passed(aws: &Aws, tries: usize) -> usize {
    (0..tries).filter(|_| aws.rds("DescribeDBClusters", &[]).status == 200).count()
}

#[test]
fn a_bucket_is_emptied_and_filled_by_the_sandboxs_clock() {
    let aws = at(&json!({ "rds:*": { "burst": 5, "per_second": 2 } }));
    assert_eq!(passed(&aws, 8), 5);
    let refused = aws.rds("DescribeDBClusterSnapshots", &[]);
    assert_eq!((refused.status, refused.text("Code"), refused.text("Message")), (400, "Throttling", "Rate exceeded"));
    assert_eq!(aws.0.requests().last().unwrap().error.as_deref(), Some("Throttling"));
    aws.wait(1);
    assert_eq!(passed(&aws, 8), 2);
    aws.wait(3600);
    assert_eq!(passed(&aws, 8), 5, "a bucket does not run over");
    aws.0.set(&json!({ "rates": null })).unwrap();
    assert_eq!(passed(&aws, 50), 50);
}

#[test]
fn each_account_and_region_has_its_own_bucket() {
    let aws = at(&json!({ "cloudformation:*": { "per_second": 1 } }));
    let list = |key: &str| aws.query_as(key, "cloudformation", "Action=ListStacks").status;
    assert_eq!((list("AKID"), list("OTHER"), list("210987654321")), (200, 400, 200));
}

#[test]
fn a_call_counts_against_every_rate_or_against_none() {
    let rates = json!({
        "backup:*": { "burst": 3, "per_second": 1 },
        "backup:ListBackupVaults,backup:ListLegalHolds": { "burst": 1, "per_second": 1 },
    });
    let aws = at(&rates);
    let get = |path: &str| {
        let reply = aws.rest("backup", "GET", path, &Value::Null);
        (reply.status, reply.get("Code"))
    };
    let slow = (429, "ThrottlingException".to_owned());
    assert_eq!(get("/backup-vaults").0, 200);
    assert_eq!((get("/backup-vaults"), get("/legal-holds")), (slow.clone(), slow.clone()));
    assert_eq!((get("/backup-jobs").0, get("/backup-jobs").0), (200, 200), "what was refused was not counted");
    assert_eq!(get("/backup-jobs"), slow);
}

#[test]
fn what_is_published_can_be_asked_for_by_name() {
    let aws = at(&json!("published"));
    assert_eq!(passed(&aws, 400), 300);
    let stacks = (0..60).filter(|_| aws.cfn("ListStacks", &[]).status == 200).count();
    let template = aws.cfn("GetTemplate", &[("StackName", "my-hub")]);
    assert_eq!((stacks, template.text("Code")), (40, "Throttling"), "all reads share one bucket");
    assert_eq!(Rate::published()["backup:StartBackupJob"], Rate { burst: 5.0, per_second: 5.0 });
    let put = |n: usize| {
        let body = json!({ "Name": format!("/a/{n}"), "Value": "v", "Type": "String" });
        aws.target("ssm", "PutParameter", &body).status
    };
    assert_eq!((0..20).filter(|n| put(*n) == 200).count(), 10);
}

#[test]
fn a_rate_that_lets_nothing_through_is_refused() {
    let aws = Aws::new();
    for rate in [json!({ "per_second": 0 }), json!({ "burst": 0.5, "per_second": 1 }), json!({ "per_minute": 1 })] {
        assert!(aws.0.set(&json!({ "rates": { "rds:*": rate } })).is_err(), "{rate}");
    }
    assert_eq!(passed(&aws, 5), 5);
}
