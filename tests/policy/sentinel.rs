//! What `sentinel` calls.

use std::collections::BTreeSet;

use super::documents::{BACKUP, SENTINEL, actions, filled, needed};
use super::support::{Aws, STACK, with};

/// Every kind of run that a sentinel finds, at its beginning and in its middle.
fn rescue(aws: &Aws, sentinel: &[&str]) -> BTreeSet<String> {
    let mut calls = BTreeSet::new();
    let mut look = |args: &[&str]| {
        aws.actions();
        assert_eq!(aws.run(args).0, 0, "{args:?}");
        calls.extend(aws.actions());
    };
    look(sentinel);
    for more in [["--settle", "1s"].as_slice(), &["--settle", "1s", "--seed"], &["--live"]] {
        assert_eq!(aws.run(&with(&["backup", STACK, "--no-wait"], more)).0, 0);
        look(sentinel);
    }
    let backup = ["backup", STACK, "--settle", "1s"];
    // Given up by somebody else, and left, on the way out and with its jobs under way.
    for operation in ["ExecuteChangeSet", "StartBackupJob"] {
        drop(aws.stop(&backup, operation, "KILL"));
        let (_, run) = aws.run(&["status", STACK, "--query", "items[0].running[0].id"]);
        aws.give_up(run.trim().trim_matches('"'));
        look(sentinel);
    }
    // Lost: its history tells. The job goes on, so this comes last.
    drop(aws.stop(&backup, "StartBackupJob", "KILL"));
    let (_, run) = aws.run(&["status", STACK, "--query", "items[0].running[0].id"]);
    aws.forget(run.trim().trim_matches('"'));
    // A debt is found by a look at everything, as `check` does it. Of that only the stack is needed: nothing else is allowed.
    aws.enforce(Some(&[filled(SENTINEL)]));
    aws.actions();
    assert_eq!(aws.run(sentinel).0, 0, "a debt is paid with the policy alone");
    aws.enforce(None);
    let denied: BTreeSet<String> =
        aws.denied().iter().filter_map(|call| call.split(' ').next().map(str::to_owned)).collect();
    calls.extend(aws.actions().difference(&denied).cloned());
    assert_eq!(aws.run(&["inspect", STACK, "--query", "mode"]).1.trim(), "online");
    calls
}

#[test]
fn the_sentinel_policy_is_what_a_sentinel_calls() {
    let aws = Aws::new();
    let calls = rescue(&aws, &["sentinel", STACK, "--quiet"]);
    let (allowed, needed) = (actions(SENTINEL), needed(&calls));
    let missing: Vec<_> = needed.difference(&allowed).collect();
    assert!(missing.is_empty(), "the sentinel needs what its policy does not allow: {missing:?}");
    // An update that hangs is cancelled; on a hurried clock none does for long enough.
    let idle: Vec<_> =
        allowed.difference(&needed).filter(|action| *action != "cloudformation:CancelUpdateStack").collect();
    assert!(idle.is_empty(), "the policy allows what no sentinel calls: {idle:?}");
    let backup = actions(BACKUP);
    assert!(allowed.is_subset(&backup), "{:?}", allowed.difference(&backup));
}
