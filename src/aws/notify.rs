//! Telling the world: an SNS topic, an EventBridge bus, a dead-man service.

use std::time::Duration;

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;

use super::refusal::{incomplete, refused};
use super::{Aws, http};
use crate::model::Refusal;

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
        let message = serde_json::json!({ "default": json, "email": text, "sms": subject }).to_string();
        let publish = self.sns().publish().topic_arn(topic).subject(subject).message(message).message_structure("json");
        publish.send().await.map(drop).map_err(refused("sns", "Publish"))
    }

    /// EventBridge PutEvents, with one event.
    ///
    /// # Errors
    /// AWS's refusal, also of the one entry.
    pub async fn put_event(&self, bus: &str, detail_type: &str, detail: &str, resource: &str) -> Result<(), Refusal> {
        let entry = PutEventsRequestEntry::builder().source(SOURCE).detail_type(detail_type).detail(detail);
        let entry = entry.resources(resource).event_bus_name(bus).build();
        let answer = self.events_bus().put_events().entries(entry).send().await;
        let answer = answer.map_err(refused("events", "PutEvents"))?;
        let mut entries = answer.entries.unwrap_or_default().into_iter();
        match entries.find_map(|entry| Some((entry.error_code?, entry.error_message.unwrap_or_default()))) {
            Some((code, message)) => Err(Refusal { code, message, ..incomplete("events", "PutEvents", "entry") }),
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
