//! `kill -9` at requests of `restore`, `drill` and `replace`, then `resume`: one new stack, proven; nothing
//! left of a drill; a working stack, the new one or the old.
//!
//! Every request that changes something is tried, and of those that only look every so many;
//! `STACKSNAP_KILL_EVERYWHERE=1` tries all.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::replacements::mark;
use super::support::{Aws, OWN, STACK, text, with};

/// Cases at the same time: they mostly wait.
const ABREAST: usize = 6;

/// What is done, and what must be so when it was killed and resumed.
#[derive(Clone, Copy)]
struct Case {
    line: fn(&str) -> Vec<&str>,
    /// The run's own stack, for `resume`.
    stack: &'static str,
    /// Of requests that only look, each of so many.
    each: usize,
    holds: fn(&Aws, &str, &Before),
}

/// How things stood.
struct Before {
    inventory: BTreeSet<String>,
}

fn changes(operation: &str) -> bool {
    !["Describe", "List", "Get", "Head"].iter().any(|verb| operation.starts_with(verb))
}

/// A hub with a backup that was drilled. How it was taken does not matter here, so it is taken the short way.
fn prepared() -> (Aws, String) {
    let aws = Aws::fast();
    aws.file("stacksnap.toml", "[defaults]\nsettle = \"0s\"\n");
    let id = text(&aws.run(&["backup", STACK, "--live", "--quiet", "-o", "json"]).ends(0).json(), "/id");
    mark(&aws, &id);
    aws.sandbox.clear_requests();
    (aws, id)
}

/// The requests of an undisturbed run: which of them change something.
fn rehearsed(case: Case) -> Vec<bool> {
    let (aws, id) = prepared();
    let ran = aws.run(&with(&(case.line)(&id), &["--quiet"]));
    assert_eq!(ran.code, 0, "{}", ran.err);
    aws.sandbox.requests().iter().map(|request| changes(&request.operation)).collect()
}

/// Kills the run at its request of this number, from 1; whether it came so far.
fn killed(aws: &Aws, line: &[&str], at: usize) -> bool {
    let victim = Arc::new(AtomicU32::new(0));
    let counted = AtomicUsize::new(0);
    let armed = Arc::clone(&victim);
    aws.sandbox.on_request(move |_, _| {
        if counted.fetch_add(1, Ordering::SeqCst) + 1 == at {
            while armed.load(Ordering::SeqCst) == 0 {
                thread::sleep(Duration::from_millis(1));
            }
            let pid = armed.load(Ordering::SeqCst).to_string();
            drop(std::process::Command::new("kill").args(["-9", &pid]).status());
        }
    });
    let mut child = aws.command(line);
    let mut child = child.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    victim.store(child.id(), Ordering::SeqCst);
    child.wait().unwrap().code().is_none()
}

fn one(case: Case, at: usize) {
    let (aws, id) = prepared();
    let before = Before { inventory: aws.inventory() };
    let line = with(&(case.line)(&id), &["--quiet"]);
    if !killed(&aws, &line, at) {
        return;
    }
    let resumed = aws.run(&["resume", case.stack, "--quiet"]);
    let begun = aws.of_region("ssm").iter().any(|row| text(row, "/name").contains(&format!("{}/runs/", case.stack)));
    if resumed.code == 6 {
        // A lock without a record is given five minutes: it may be a run that is just beginning.
        resumed.says("just beginning");
        unchanged(&aws, &before);
        return;
    }
    if resumed.code == 8 && !begun {
        // Nothing was begun, and the new stack's name means nothing to anybody.
        unchanged(&aws, &before);
        aws.run(&line).ends(0);
    } else if resumed.code != 8 {
        // It had ended, and nothing bears its name any more; or it is driven to its end.
        resumed.ends(0);
    }
    (case.holds)(&aws, &id, &before);
}

#[track_caller]
fn unchanged(aws: &Aws, before: &Before) {
    let now = aws.inventory();
    let left: Vec<_> = now.difference(&before.inventory).collect();
    let gone: Vec<_> = before.inventory.difference(&now).collect();
    assert!(left.is_empty() && gone.is_empty(), "left {left:#?}, gone {gone:#?}");
}

fn everywhere(case: Case) {
    let marks = rehearsed(case);
    let all = std::env::var_os("STACKSNAP_KILL_EVERYWHERE").is_some();
    let numbers = (1..=marks.len()).filter(|at| all || marks[at - 1] || at % case.each == 0);
    let numbers: Vec<usize> = numbers.collect();
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..ABREAST {
            scope.spawn(|| {
                while let Some(&at) = numbers.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if thread::spawn(move || one(case, at)).join().is_err() {
                        failures.lock().unwrap().push(at);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    println!("killed at {} of {} requests, and resumed", numbers.len(), marks.len());
    assert!(failures.is_empty(), "not recovered after a kill at the requests {failures:?} of {}", marks.len());
}

fn restored(aws: &Aws, id: &str, before: &Before) {
    let named: Vec<_> = aws.of_region("stacks").into_iter().filter(|stack| stack["name"] == "hub2").collect();
    // The run may have been killed before it was begun, and nothing was to be resumed.
    if named.is_empty() {
        unchanged(aws, before);
        aws.run(&with(&["restore", id, "--new-stack", "hub2", "--quiet"], &OWN)).ends(0);
    }
    let stack = aws.stack("hub2");
    assert!(named.len() <= 1 && stack["status"] == "CREATE_COMPLETE", "{named:?}");
    assert_eq!(stack["parameters"]["RestoreDbSnapshotIdentifier"], json!(id));
    let gone: Vec<_> = before.inventory.difference(&aws.inventory()).cloned().collect();
    assert!(gone.is_empty() && aws.locks().is_empty(), "{gone:?} {:?}", aws.locks());
}

#[test]
fn a_restore_that_is_killed_ends_with_one_new_stack() {
    everywhere(Case {
        line: |id| with(&["restore", id, "--new-stack", "hub2"], &OWN),
        stack: "hub2",
        each: 17,
        holds: restored,
    });
}

#[test]
fn a_drill_that_is_killed_leaves_nothing() {
    everywhere(Case {
        line: |id| with(&["drill", id, "--drill-stack", "hubd"], &OWN),
        stack: "hubd",
        each: 17,
        holds: |aws, _, before| {
            unchanged(aws, before);
            assert!(aws.locks().is_empty(), "{:?}", aws.locks());
        },
    });
}

/// The site works: as it was, or as the backup was.
fn one_site(aws: &Aws, id: &str, _: &Before) {
    let stack = aws.stack(STACK);
    let status = text(&stack, "/status");
    assert!(["CREATE_COMPLETE", "UPDATE_COMPLETE"].contains(&status.as_str()), "{stack}");
    assert_eq!(stack["mode"], "online", "{stack}");
    let snapshot = text(&stack["parameters"], "/RestoreDbSnapshotIdentifier");
    assert!(snapshot.is_empty() || snapshot == id, "{snapshot}");
    assert!(aws.locks().is_empty(), "{:?}", aws.locks());
    assert!(aws.states().iter().any(|state| state == "complete"));
    // The one that was deleted was saved before.
    if snapshot == id {
        assert!(aws.states().iter().filter(|state| *state == "complete").count() >= 2);
    }
}

#[test]
fn a_replacement_that_is_killed_ends_with_a_stack_that_works() {
    everywhere(Case {
        // It is drilled: a drill that is killed has a test of its own.
        line: |id| vec!["replace", STACK, "--with", id, "--yes-destroy", STACK],
        stack: STACK,
        each: 29,
        holds: one_site,
    });
}
