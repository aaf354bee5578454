//! `kill -9` at each request of a backup, then `resume`: the stack is online, and there is one complete
//! backup or none.
//!
//! Every request is tried, those that only look, too: what a process was about to do after a look is
//! never the same.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

use std::process::Child;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::support::{Aws, STACK};

/// Cases at the same time: they mostly wait.
const ABREAST: usize = 6;
const BACKUP: [&str; 5] = ["backup", STACK, "--settle", "0s", "--quiet"];

/// A backup that is killed at its request of this number, from 1; whether it came so far.
fn killed(aws: &Aws, at: usize) -> bool {
    let victim = Arc::new(AtomicU32::new(0));
    let counted = AtomicUsize::new(0);
    let armed = Arc::clone(&victim);
    aws.sandbox.on_request(move |_, _| {
        if counted.fetch_add(1, Ordering::SeqCst) + 1 == at {
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

/// One case; whether the backup makes so many requests at all.
fn one(at: usize) -> bool {
    let aws = Aws::fast();
    let came_so_far = killed(&aws, at);
    if came_so_far {
        recovers(&aws);
    }
    came_so_far
}

#[test]
fn a_backup_that_is_killed_at_any_request_is_resumed() {
    let (next, tried) = (AtomicUsize::new(1), AtomicUsize::new(0));
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..ABREAST {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    match thread::spawn(move || one(at)).join() {
                        Ok(true) => drop(tried.fetch_add(1, Ordering::SeqCst)),
                        Ok(false) => break,
                        Err(_) => failures.lock().unwrap().push(at),
                    }
                }
            });
        }
    });
    let (failures, tried) = (failures.into_inner().unwrap(), tried.into_inner());
    assert!(failures.is_empty(), "not recovered after a kill at the requests {failures:?}");
    println!("killed at each of {tried} requests, and resumed");
    assert!(tried > 60, "only {tried} requests were tried");
}
