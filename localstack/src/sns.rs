//! SNS: topics, and what was published on them.

use crate::error::{Answer, AwsError};
use crate::input::Input;
use crate::operation::{Cx, Operation};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

/// SNS's operations.
pub(crate) const OPERATIONS: &[Operation] = &[Operation::new("sns", "Publish", &["TopicArn", "TargetArn"], publish)];

/// No message is longer than this many bytes.
const LONGEST: usize = 256 * 1024;

/// A message as it was published.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PublishedMessage {
    /// When, by the sandbox's clock.
    pub time: Timestamp,
    /// The topic's account.
    pub account: String,
    /// The topic's region.
    pub region: String,
    /// The topic's ARN.
    pub topic: String,
    /// What SNS answered.
    pub message_id: String,
    /// The subject, if it has one.
    pub subject: Option<String>,
    /// What subscribers read who have no text of their own: the message, or its `default`.
    pub message: String,
    /// With `MessageStructure` `json`: the texts by protocol.
    pub texts: Option<Value>,
}

fn invalid(what: &str) -> AwsError {
    AwsError::bad("InvalidParameter", format!("Invalid parameter: {what}"))
}

fn publish(cx: &mut Cx<'_>, input: &Input) -> Answer {
    let topic = topic(cx, input)?;
    let subject = subject(input)?;
    let (message, texts) = message(input)?;
    let message_id = cx.realm.uuid();
    let (account, region) = (cx.realm.account.clone(), cx.realm.region.clone());
    let answer = json!({ "MessageId": message_id });
    cx.realm.messages.push(PublishedMessage {
        time: cx.now,
        account,
        region,
        topic,
        message_id,
        subject,
        message,
        texts,
    });
    Ok(answer)
}

/// The ARN of a topic of this account and region.
fn topic(cx: &Cx<'_>, input: &Input) -> Result<String, AwsError> {
    let given = input.text("TopicArn").or_else(|| input.text("TargetArn"));
    let arn = given.ok_or_else(|| invalid("TopicArn or TargetArn Reason: no value for required parameter"))?;
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", "aws", "sns", region, account, name] = parts.as_slice() else {
        return Err(invalid(&format!("TopicArn Reason: An ARN must have at least 6 elements, not {}", parts.len())));
    };
    if *region != cx.realm.region {
        return Err(invalid("TopicArn"));
    }
    if *account != cx.realm.account {
        return Err(crate::refusal::not_shared("SNS:Publish", &cx.realm.account, arn));
    }
    let missing = || AwsError::new(404, "NotFound", "Topic does not exist");
    cx.realm.topics.contains(*name).then(|| arn.to_owned()).ok_or_else(missing)
}

/// ASCII, at most a hundred characters, no line breaks; it begins with a letter, a digit or punctuation.
fn subject(input: &Input) -> Result<Option<String>, AwsError> {
    let Some(text) = input.0.get("Subject").and_then(Value::as_str) else {
        return Ok(None);
    };
    let plain = text.bytes().all(|each| (b' '..=b'~').contains(&each));
    if text.is_empty() || text.len() > 100 || !plain || text.starts_with(' ') {
        return Err(invalid("Subject"));
    }
    Ok(Some(text.to_owned()))
}

fn message(input: &Input) -> Result<(String, Option<Value>), AwsError> {
    let text = input.text("Message").ok_or_else(|| invalid("Empty message"))?;
    if text.len() > LONGEST {
        return Err(invalid("Message too long"));
    }
    match input.text("MessageStructure") {
        None => Ok((text.to_owned(), None)),
        Some("json") => by_protocol(text),
        Some(_) => Err(invalid("MessageStructure")),
    }
}

fn by_protocol(text: &str) -> Result<(String, Option<Value>), AwsError> {
    let parsed: Option<Value> = serde_json::from_str(text).ok().filter(Value::is_object);
    let unread = || invalid("Message Structure - JSON message body failed to parse");
    let texts = parsed.ok_or_else(unread)?;
    let none = || invalid("Message Structure - No default entry in JSON message body");
    let default = texts.get("default").and_then(Value::as_str).ok_or_else(none)?.to_owned();
    Ok((default, Some(texts)))
}
