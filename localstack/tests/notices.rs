//! What is published and put: SNS and EventBridge.
#![expect(clippy::unwrap_used, reason = "in tests a surprise is a failure")]

mod common;

use common::{Aws, Reply};
use serde_json::{Value, json};

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:alerts";

fn with_a_topic() -> Aws {
    let aws = Aws::new();
    aws.0.set(&json!({ "topic": "alerts" })).unwrap();
    aws
}

fn publish(aws: &Aws, topic: &str, more: &[(&str, &str)]) -> Reply {
    aws.query("sns", "Publish", &[&[("TopicArn", topic)], more].concat())
}

fn put(aws: &Aws, entries: &Value) -> Reply {
    aws.target("events", "PutEvents", &json!({ "Entries": entries }))
}

#[test]
fn a_message_is_kept_as_it_was_published() {
    let aws = with_a_topic();
    aws.wait(5);
    let done = publish(&aws, TOPIC, &[("Subject", "a backup failed"), ("Message", "line 1\nline <2>")]).ok();
    let [message] = aws.0.messages().try_into().unwrap();
    assert_eq!((message.topic.as_str(), message.message_id.as_str()), (TOPIC, done.text("MessageId")));
    assert_eq!((message.subject.as_deref(), message.message.as_str()), (Some("a backup failed"), "line 1\nline <2>"));
    assert_eq!((message.time, message.texts), (aws.0.now(), None));
    let shown = aws.admin("messages", &Value::Null).ok().json();
    assert_eq!(shown["messages"][0]["subject"], "a backup failed");
    aws.0.clear_messages();
    assert!(aws.0.messages().is_empty());
}

#[test]
fn a_message_by_protocol_needs_a_default() {
    let aws = with_a_topic();
    let texts = |message: &str| publish(&aws, TOPIC, &[("MessageStructure", "json"), ("Message", message)]);
    texts(r#"{"default": "short", "email": "long"}"#).ok();
    let [message] = aws.0.messages().try_into().unwrap();
    assert_eq!((message.message.as_str(), message.texts.unwrap()["email"].as_str()), ("short", Some("long")));
    let none = texts(r#"{"email": "long"}"#);
    assert!(none.text("Message").contains("No default entry"), "{}", none.body);
    assert!(texts("short").text("Message").contains("failed to parse"));
}

#[test]
fn what_sns_refuses_is_not_published() {
    let aws = with_a_topic();
    let long = "x".repeat(101);
    for subject in ["", "two\nlines", "grün", " indented", &long] {
        let refused = publish(&aws, TOPIC, &[("Subject", subject), ("Message", "m")]);
        assert_eq!((refused.text("Code"), refused.text("Message")), ("InvalidParameter", "Invalid parameter: Subject"));
    }
    publish(&aws, TOPIC, &[("Subject", &long[1..]), ("Message", "m")]).ok();
    assert_eq!(publish(&aws, TOPIC, &[]).text("Code"), "InvalidParameter");
    assert_eq!(publish(&aws, "alerts", &[("Message", "m")]).text("Code"), "InvalidParameter");
    let elsewhere = TOPIC.replace("us-east-1", "eu-west-1");
    assert_eq!(publish(&aws, &elsewhere, &[("Message", "m")]).text("Message"), "Invalid parameter: TopicArn");
    let foreign = TOPIC.replace("123456789012", "999999999999");
    assert_eq!(publish(&aws, &foreign, &[("Message", "m")]).text("Code"), "AuthorizationError");
    aws.0.set(&json!({ "topic": "alerts", "deleted": true })).unwrap();
    let gone = publish(&aws, TOPIC, &[("Message", "m")]);
    assert_eq!((gone.status, gone.text("Code"), gone.text("Message")), (404, "NotFound", "Topic does not exist"));
    assert_eq!(aws.0.messages().len(), 1);
}

#[test]
fn each_entry_is_put_or_fails_by_itself() {
    let aws = Aws::new();
    let good = json!({ "Source": "s", "DetailType": "t", "Detail": "{\"a\": 1}", "Resources": ["arn:x"], "Time": 1_767_225_600 });
    let with = |member: &str, value: Value| {
        let mut entry = good.clone();
        entry[member] = value;
        entry
    };
    let entries = [
        good.clone(),
        with("Source", Value::Null),
        with("DetailType", json!("")),
        with("Detail", json!("{")),
        with("Detail", json!("[]")),
        with("Source", json!("aws.rds")),
        with("EventBusName", json!("nobody")),
        with("EventBusName", json!("arn:aws:events:us-east-1:123456789012:event-bus/default")),
    ];
    let done = put(&aws, &json!(entries)).ok().json();
    let codes: Vec<&str> =
        done["Entries"].as_array().unwrap().iter().map(|row| row["ErrorCode"].as_str().unwrap_or("")).collect();
    let malformed = "MalformedDetail";
    let argument = "InvalidArgument";
    let source = "NotAuthorizedForSourceException";
    assert_eq!(codes, ["", argument, argument, malformed, malformed, source, argument, ""]);
    assert_eq!(done["FailedEntryCount"], 6);
    let events = aws.0.events();
    assert_eq!((events.len(), &events[0].detail, events[0].bus.as_str()), (2, &json!({ "a": 1 }), "default"));
    assert_eq!(done["Entries"][0]["EventId"], json!(events[0].id));
}

#[test]
fn other_buses_are_made_and_a_request_has_one_to_ten_entries() {
    let aws = Aws::new();
    aws.0.set(&json!({ "event_bus": "ours" })).unwrap();
    let entry = json!({ "Source": "s", "DetailType": "t", "Detail": "{}", "EventBusName": "ours" });
    assert_eq!(put(&aws, &json!(vec![entry.clone(); 10])).ok().json()["FailedEntryCount"], 0);
    assert_eq!(aws.admin("messages", &Value::Null).json()["events"][9]["bus"], "ours");
    for entries in [json!([]), json!(vec![entry; 11])] {
        assert_eq!(put(&aws, &entries).get("__type"), "ValidationException");
    }
    let refused = put(
        &aws,
        &json!([{ "Source": "s", "DetailType": "t", "Detail": format!("{{\"a\": \"{}\"}}", "x".repeat(300_000)) }]),
    );
    assert!(refused.body.contains("over the limit"), "{}", refused.body);
    assert_eq!(aws.0.events().len(), 10);
}
