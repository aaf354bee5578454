//! Telling the world: an SNS topic, an EventBridge bus, a dead-man service.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;

use serde_json::json;

use super::light::{Ask, Protocol, Service};
use super::refusal::incomplete;
use super::{Aws, http};
use crate::model::Refusal;

pub(super) static SNS: Service = Service { name: "sns", id: "SNS", protocol: Protocol::Query };
pub(super) static EVENTS: Service = Service { name: "events", id: "EventBridge", protocol: Protocol::Json };
/// `source` of every event.
const SOURCE: &str = "stacksnap";
/// A service that takes longer has not heard it.
const PATIENCE: Duration = Duration::from_secs(5);

impl Aws {
    /// SNS Publish: `text` for people, `json` for everybody else.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn publish(&self, topic: &str, subject: &str, text: &str, json: &str) -> Result<(), Refusal> {
        let message = json!({ "default": json, "email": text, "sms": subject }).to_string();
        let told = [("TopicArn", topic), ("Message", &message), ("Subject", subject), ("MessageStructure", "json")];
        self.ask(&SNS, "Publish", Ask::query("Publish", "2010-03-31", &told)).await.map(drop)
    }

    /// EventBridge PutEvents, with one event.
    ///
    /// # Errors
    /// AWS's refusal, also of the one entry.
    pub async fn put_event(&self, bus: &str, detail_type: &str, detail: &str, resource: &str) -> Result<(), Refusal> {
        let entry = json!({
            "Source": SOURCE,
            "Resources": [resource],
            "DetailType": detail_type,
            "Detail": detail,
            "EventBusName": bus,
        });
        let ask = Ask::json("AWSEvents.PutEvents", &json!({ "Entries": [entry] }));
        let answer = self.ask(&EVENTS, "PutEvents", ask).await?.json;
        let entry = &answer["Entries"][0];
        let message = entry["ErrorMessage"].as_str().unwrap_or_default().to_owned();
        match entry["ErrorCode"].as_str().map(str::to_owned) {
            Some(code) => Err(Refusal { code, message, ..incomplete("events", "PutEvents", "entry") }),
            None => Ok(()),
        }
    }
}

/// POSTs `body` to `url`; whether anybody answered well. No credentials travel.
pub async fn ping(url: &str, body: &str) -> bool {
    let mut request = HttpRequest::new(SdkBody::from(body));
    if request.set_method("POST").and_then(|()| request.set_uri(url)).is_err() {
        return false;
    }
    request.headers_mut().insert("content-type", "application/json");
    let settings = HttpConnectorSettings::builder().connect_timeout(PATIENCE).read_timeout(PATIENCE).build();
    let answer = tokio::time::timeout(PATIENCE, http::single(settings).call(request)).await;
    answer.is_ok_and(|answer| answer.is_ok_and(|answer| answer.status().is_success()))
}
