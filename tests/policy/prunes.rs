//! What `prune`, `keep` and `unkeep` call besides.

use std::collections::BTreeSet;

use super::documents::{BACKUP, PRUNE, actions};
use super::support::{Aws, STACK, no_secret_was_asked_for, only_reads};

#[test]
fn the_prune_policy_is_what_keeping_and_pruning_call_besides() {
    let aws = Aws::new();
    for _ in 0..3 {
        assert_eq!(aws.run(&["backup", STACK, "--live", "--quiet"]).0, 0);
    }
    let (_, point) = aws.run(&["show", "my-hub@oldest", "--query", "files.recoveryPoint"]);
    let hold = serde_json::json!({ "legal_hold": { "title": "case 17", "points": [point.trim().trim_matches('"')] } });
    aws.sandbox.set(&hold).unwrap();
    aws.actions();
    assert_eq!(aws.run(&["prune", STACK, "--keep-last", "1", "--dry-run"]).0, 0);
    let mut calls = aws.actions();
    only_reads(&calls);
    assert_eq!(aws.run(&["prune", STACK, "--keep-last", "1", "--yes"]).0, 0);
    assert_eq!(aws.run(&["keep", "my-hub@latest", "--until", "7d"]).0, 0);
    assert_eq!(aws.run(&["keep", "my-hub@latest"]).0, 0);
    assert_eq!(aws.run(&["unkeep", "my-hub@latest"]).0, 0);
    calls.extend(aws.actions());
    let allowed = actions(PRUNE);
    let both: BTreeSet<String> = actions(BACKUP).union(&allowed).cloned().collect();
    let missing: Vec<_> = calls.difference(&both).collect();
    assert!(missing.is_empty(), "the commands need what neither policy allows: {missing:?}");
    let idle: Vec<_> = allowed.difference(&calls).collect();
    assert!(idle.is_empty(), "the policy allows what no command calls: {idle:?}");
    no_secret_was_asked_for(&aws, &calls);
}
