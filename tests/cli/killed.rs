//! `kill -9` at each request of a backup, then `resume`: the stack is online, and there is one complete
//! backup or none.
//!
//! Each request that changes something is tried, and of those that only look every sixth;
//! `STACKSNAP_KILL_EVERYWHERE=1` tries them all.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

use std::process::Child;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use stacksnap_sandbox::LoggedRequest;

use super::support::{Aws, STACK};

/// Cases at the same time: they mostly wait.
const ABREAST: usize = 6;
const BACKUP: [&str; 5] = ["backup", STACK, "--settle", "0s", "--quiet"];

/// When the backup is killed.
#[derive(Clone, Copy, Debug)]
enum When {
    /// At its request of this number that changes something, from 1.
    Write(usize),
    /// At its request of this number, from 1.
    Any(usize),
}

impl When {
    /// Counts a request; whether it is the one.
    fn now(self, counted: &AtomicUsize, request: &LoggedRequest) -> bool {
        let reads = ["Describe", "List", "Get"].iter().any(|verb| request.operation.starts_with(verb));
        match self {
            Self::Write(_) if reads => false,
            Self::Write(at) | Self::Any(at) => counted.fetch_add(1, Ordering::SeqCst) + 1 == at,
        }
    }
}

/// A backup that is killed; whether it came so far.
fn killed(aws: &Aws, when: When) -> bool {
    let victim = Arc::new(AtomicU32::new(0));
    let counted = AtomicUsize::new(0);
    let armed = Arc::clone(&victim);
    aws.sandbox.on_request(move |_, request| {
        if when.now(&counted, request) {
            kill(&armed);
        }
    });
    let mut child: Child = aws.start(&BACKUP);
    victim.store(child.id(), Ordering::SeqCst);
    child.wait().unwrap().code().is_none()
}

fn kill(victim: &AtomicU32) {
    while victim.load(Ordering::SeqCst) == 0 {
        thread::sleep(Duration::from_millis(1));
    }
    let pid = victim.load(Ordering::SeqCst).to_string();
    drop(std::process::Command::new("kill").args(["-9", &pid]).status());
}

/// What is left is driven home; then everything is as it should be.
fn recovers(aws: &Aws) {
    let resumed = aws.run(&["resume", STACK, "--quiet"]);
    // A lock without a record is given five minutes: it may be a run that is just beginning.
    if resumed.code == 6 {
        let resumed = resumed.says("just beginning");
        assert!(!aws.asked("CreateChangeSet"), "{}", resumed.err);
        return;
    }
    resumed.ends(0);
    assert_eq!(aws.mode(), "online");
    let list = aws.run(&["list", "-o", "json"]).ends(0).json();
    let states: Vec<&str> = list["items"].as_array().unwrap().iter().filter_map(|row| row["state"].as_str()).collect();
    assert!(states.is_empty() || states == ["complete"], "{states:?}");
}

/// Tries every number from 1 until the backup makes no more requests; how many there were.
fn all(when: fn(usize) -> When) -> usize {
    let next = AtomicUsize::new(1);
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..ABREAST {
            scope.spawn(|| {
                loop {
                    let case = when(next.fetch_add(1, Ordering::SeqCst));
                    match thread::spawn(move || one(case)).join() {
                        Ok(true) => {}
                        Ok(false) => break,
                        Err(_) => failures.lock().unwrap().push(case),
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "not recovered after a kill at {failures:?}");
    next.into_inner()
}

/// One case; whether the backup makes so many requests at all.
fn one(when: When) -> bool {
    let aws = Aws::fast();
    let came_so_far = killed(&aws, when);
    if came_so_far {
        recovers(&aws);
    }
    came_so_far
}

#[test]
fn a_backup_that_is_killed_at_any_change_is_resumed() {
    assert!(all(When::Write) > 10);
}

#[test]
fn a_backup_that_is_killed_at_any_look_is_resumed() {
    let everywhere = std::env::var_os("STACKSNAP_KILL_EVERYWHERE").is_some();
    assert!(all(if everywhere { When::Any } else { |number| When::Any(number * 6) }) > 10);
}
