//! Whether the new stack's application answers: one GET, no redirects followed.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use super::{Aws, http};
use crate::model::Seen;
use crate::model::run::Run;

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(10);

impl Aws {
    /// The HTTP status that the drill's probe is answered; 0: not at all.
    pub(super) async fn probe(&self, run: &Run) -> Seen<u16> {
        let probe = run.target.aim.as_ref().and_then(|aim| aim.probe.as_ref());
        let (Some(probe), Some(id)) = (probe, run.made().id.as_deref()) else { return Seen::Here(0) };
        let Ok(stack) = self.stack(id).await else { return Seen::Here(0) };
        let url = stack
            .outputs
            .iter()
            .fold(probe.url.clone(), |url, output| url.replace(&format!("{{{}}}", output.key), &output.value));
        Seen::Here(get(&url).await.unwrap_or(0))
    }
}

async fn get(url: &str) -> Option<u16> {
    let request = HttpRequest::get(url).ok()?;
    let settings = HttpConnectorSettings::builder().connect_timeout(PATIENCE).read_timeout(PATIENCE).build();
    let answer = tokio::time::timeout(PATIENCE, http::single(settings).call(request)).await.ok()?.ok()?;
    Some(answer.status().as_u16())
}
