//! `list --all`: what others made is shown, and left alone.

use serde_json::Value;
use stacksnap_sandbox::seeds::SnapshotSeed;

use super::support::{Aws, STACK};

#[test]
fn what_others_made_is_shown_one_by_one_where_it_is_asked_for() {
    let aws = Aws::with_hub();
    let theirs = SnapshotSeed { cluster: "my-hub-app-db".to_owned(), count: 2, ..SnapshotSeed::default() };
    assert!(aws.sandbox.seed_snapshots(&theirs));
    aws.run(&["backup", STACK, "--live"]).ends(0);
    let list = aws.run(&["list", "--all", "-o", "json"]).ends(0).json();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    let others = list.pointer("/foreign/items").and_then(Value::as_array).unwrap();
    let count =
        |what: &str, made: &str| others.iter().filter(|other| other["what"] == what && other["type"] == made).count();
    assert_eq!((count("snapshot", "automated"), count("snapshot", "manual")), (2, 2));
    assert_eq!((count("recovery-point", "plan"), count("recovery-point", "on-demand")), (3, 0));
    assert!(others.iter().all(|other| other["created"].is_string()), "with their instants");
    let text = aws.run(&["list", "--all"]).ends(0).out;
    assert!(text.contains("made by others, and left alone: 4 DB cluster snapshots and 3 recovery points"), "{text}");
    assert!(text.contains("rds:") && text.contains("automated") && text.contains("plan"), "{text}");
}

#[test]
fn without_it_only_ours_are_listed() {
    let aws = Aws::with_hub();
    let list = aws.run(&["list", "-o", "json"]).ends(0).json();
    assert!(list.get("foreign").is_none());
    assert_eq!(aws.run(&["list"]).ends(0).out, "no backups\n");
}
