//! What the state machine of `templates/run.asl.json` does with the function's answers.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::runtime::Function;

/// A second that the state machine waits, on the sandbox's hurried clock.
const SECOND: Duration = Duration::from_millis(20);
/// No run of these tests takes more.
const MOST: u32 = 400;

/// How an execution ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// State `Done`.
    Done,
    /// State `Failed`.
    Failed,
    /// State `GaveUp`: the function gave no answer, and brought the stack back instead.
    GaveUp,
}

/// An execution that is over.
#[derive(Debug)]
pub(crate) struct Execution {
    /// How.
    pub(crate) end: End,
    /// The last answer.
    pub(crate) answer: Value,
    /// How often the function was invoked.
    pub(crate) invocations: u32,
}

impl Execution {
    /// It ended so.
    #[track_caller]
    pub(crate) fn ends(self, end: End) -> Self {
        assert_eq!(self.end, end, "{:#}", self.answer);
        self
    }

    /// The last answer's report, or a part of it.
    pub(crate) fn says(&self, pointer: &str) -> String {
        let found = self.answer.pointer(pointer).unwrap_or(&Value::Null);
        found.as_str().map_or_else(|| found.to_string(), str::to_owned)
    }
}

/// States `Begin` to the end.
pub(crate) fn execute(cloud: &Cloud, function: &mut Function, event: &Value) -> Execution {
    let (mut event, mut invocations) = (event.clone(), 0);
    loop {
        invocations += 1;
        assert!(invocations < MOST, "it never ends: {event:#}");
        let Ok(answer) = function.invoke(&event) else {
            return bring_back(cloud, function, &event, invocations);
        };
        event = answer["event"].clone();
        match answer["next"].as_str().unwrap() {
            "wait" => wait(&answer),
            "done" => return Execution { end: End::Done, answer, invocations },
            _ => return Execution { end: End::Failed, answer, invocations },
        }
    }
}

/// States `GiveUp`, `BringBack`, `Home?` and `WaitForHome`.
fn bring_back(cloud: &Cloud, function: &mut Function, failed: &Value, before: u32) -> Execution {
    let mut event = json!({ "action": "abort", "event": failed });
    for count in 1..MOST {
        let Ok(answer) = function.invoke(&event) else {
            // Lambda starts another process; the machine tries again.
            *function = cloud.function();
            continue;
        };
        if answer["next"] != "wait" {
            return Execution { end: End::GaveUp, answer, invocations: before + count };
        }
        event = answer["event"].clone();
        wait(&answer);
    }
    panic!("it never comes home: {event:#}");
}

fn wait(answer: &Value) {
    let seconds = answer["waitSeconds"].as_u64().unwrap();
    assert!((1..=900).contains(&seconds), "nobody waits for {seconds} s");
    thread::sleep(SECOND);
}
