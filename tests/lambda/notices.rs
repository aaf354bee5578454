//! Who is told what, and what becomes of a run that nobody can be told of.

use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};
use stacksnap_sandbox::seeds;

use crate::cloud::{Cloud, STACK, TOPIC, backup, slot, text, with};
use crate::machine::{End, execute};
use crate::runtime::read;

/// A dead-man service.
pub(crate) struct Webhook {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Webhook {
    /// On a port of its own.
    pub(crate) fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, heard) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<String>>>::default());
        let kept = Arc::clone(&heard);
        drop(thread::spawn(move || {
            for mut stream in listener.incoming().map(Result::unwrap) {
                let request = read(&mut BufReader::new(stream.try_clone().unwrap())).unwrap();
                kept.lock().unwrap().push(format!("{}\n{}", request.line, request.body));
                drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
            }
        }));
        Self { address, heard }
    }

    /// Its address, with a key that nobody may see.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/canary-key", self.address)
    }

    /// Each request so far.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

#[track_caller]
fn undisturbed(cloud: &Cloud) {
    let night = execute(cloud, &mut cloud.watched(), &backup()).ends(End::Done);
    assert_eq!(night.says("/report/outcome"), "complete");
    cloud.home("though nobody could be told");
    let warned = cloud.lines().iter().any(|line| line.to_string().contains("could not be told"));
    assert!(warned, "the log says so: {:#?}", cloud.lines());
}

#[test]
fn a_topic_and_a_bus_that_are_not_there_do_not_disturb_a_run() {
    let cloud = Cloud::new();
    cloud.set("STACKSNAP_TOPIC_ARN", &TOPIC.replace("alerts", "nowhere"));
    cloud.set("STACKSNAP_EVENT_BUS", "nowhere");
    undisturbed(&cloud);
}

#[test]
fn a_topic_that_denies_does_not_disturb_a_run() {
    let cloud = Cloud::new();
    cloud.limit(&json!([
        { "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] },
        { "Statement": [{ "Effect": "Deny", "Action": ["sns:Publish", "events:PutEvents"], "Resource": "*" }] },
    ]));
    undisturbed(&cloud);
}

#[test]
fn a_dead_man_service_that_does_not_answer_does_not_disturb_a_run() {
    let cloud = Cloud::new();
    // Nobody listens there.
    cloud.set("STACKSNAP_WEBHOOK_URL", "http://127.0.0.1:9/canary-key");
    undisturbed(&cloud);
}

#[test]
fn a_stack_that_only_comes_home_is_no_sign_of_life_for_a_dead_man_service() {
    let (cloud, webhook) = (Cloud::new(), Webhook::listen());
    cloud.set("STACKSNAP_WEBHOOK_URL", &webhook.url());
    cloud.run(&["offline", STACK, "--yes", "--quiet"]).ends(0);
    let online = json!({ "action": "online", "stack": STACK });
    execute(&cloud, &mut cloud.watched(), &online).ends(End::Done);
    cloud.home("after online");
    assert!(webhook.heard().is_empty(), "no backup was taken: {:?}", webhook.heard());
}

/// Past backups of the hub, the newest so many hours old.
fn planted(cloud: &Cloud, hours: i64) {
    let at = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours);
    let tags = json!({
        "stacksnap:id": "{stack}-{stamp}", "stacksnap:format": "1", "stacksnap:stack": "{stack}",
        "stacksnap:stack-id": "{stack_id}", "stacksnap:mode": "offline", "stacksnap:complete": "true",
        "stacksnap:began": "{time}", "stacksnap:snapshot": "{snapshot}", "stacksnap:recovery-point": "{recovery_point}",
    });
    let seed = json!({
        "stack": STACK, "count": 1, "at": at.to_string(),
        "snapshot": { "id": "{stack}-{stamp}", "status": "available", "tags": tags.clone() },
        "recovery_point": { "state": "COMPLETED", "tags": tags },
    });
    cloud.sandbox.seed_backups(&serde_json::from_value(seed).unwrap()).unwrap();
}

fn report(cloud: &Cloud) -> Value {
    let answer = cloud.function().invoke(&json!({ "action": "report" })).unwrap();
    assert_eq!(answer["next"], "done", "{answer:#}");
    answer["report"].clone()
}

#[test]
fn a_last_good_backup_that_became_too_old_is_told_once() {
    let cloud = Cloud::new();
    execute(&cloud, &mut cloud.function(), &with(&backup(), &json!({ "live": true }))).ends(End::Done);
    cloud.sandbox.clear_messages();
    cloud.set("STACKSNAP_STALE_AFTER", "26h");
    let fresh = report(&cloud);
    assert_eq!((&fresh["items"][0]["stale"], cloud.told_states().len()), (&json!(false), 0));
    cloud.set("STACKSNAP_STALE_AFTER", "1s");
    thread::sleep(std::time::Duration::from_millis(1500));
    let stale = report(&cloud);
    assert_eq!(stale["items"][0]["stale"], true, "{stale:#}");
    assert_eq!(cloud.told_states(), ["STALE"]);
    assert!(cloud.metric("LastGoodBackupAge").iter().all(|age| *age < 120.0));
}

#[test]
fn a_backup_that_has_been_too_old_for_long_is_not_told_every_hour() {
    let cloud = Cloud::new();
    planted(&cloud, 40);
    let stale = report(&cloud);
    assert_eq!(stale["items"][0]["stale"], true, "{stale:#}");
    assert!(text(&stale, "/items/0/lastGood").starts_with("my-hub-"), "the planted backup is complete: {stale:#}");
    assert!(cloud.told().is_empty(), "{:?}", cloud.told());
    assert!(matches!(cloud.metric("LastGoodBackupAge").as_slice(), [age] if *age > 39.0 * 3600.0));
}

#[test]
fn a_stack_without_any_backup_is_as_stale_as_it_is_old() {
    let cloud = Cloud::with(&[seeds::hubs(STACK), seeds::hubs("other")]);
    cloud.set("STACKSNAP_STACKS", "my-hub,other");
    let slot = slot(0);
    drop(cloud.watched());
    execute(&cloud, &mut cloud.function(), &with(&backup(), &json!({ "slot": slot }))).ends(End::Done);
    let answer = cloud.function().invoke(&json!({ "action": "report", "slot": slot })).unwrap();
    let report = &answer["report"];
    assert_eq!((&report["complete"], &report["failed"]), (&json!(1), &json!(["other"])), "{answer:#}");
    assert_eq!((&report["items"][1]["lastGood"], &report["items"][1]["stale"]), (&Value::Null, &json!(true)));
    let ages = cloud.metric("LastGoodBackupAge");
    assert!(ages[0] < 60.0 && ages[1] > 29.0 * 86_400.0, "its alarm must ring, too: {ages:?}");
}
