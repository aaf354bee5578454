//! The AWS SDK's HTTP client, without HTTP.

use crate::sandbox::{Outcome, Sandbox};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt;
use std::io;

/// A connector that hands requests to a sandbox.
#[derive(Clone, Debug)]
pub(crate) struct InProcess(Sandbox);

impl InProcess {
    /// A client made of such connectors.
    pub(crate) fn client(sandbox: Sandbox) -> SharedHttpClient {
        http_client_fn(move |_settings, _components| SharedHttpConnector::new(Self(sandbox.clone())))
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let sandbox = self.0.clone();
        HttpConnectorFuture::new(exchange(sandbox, request))
    }
}

async fn exchange(sandbox: Sandbox, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let user = |error: aws_smithy_runtime_api::http::HttpError| ConnectorError::user(error.into());
    let (parts, body) = request.try_into_http1x().map_err(user)?.into_parts();
    let body: SdkBody = body;
    let body = body.collect().await.map_err(ConnectorError::user)?.to_bytes();
    let request = http::Request::from_parts(parts, body);
    let (outcome, delay) = sandbox.handle_timed(&request);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    match outcome {
        Outcome::Response(response) => {
            let response: http::Response<Bytes> = response;
            HttpResponse::try_from(response.map(SdkBody::from)).map_err(user)
        }
        Outcome::Dropped => {
            let closed = io::Error::new(io::ErrorKind::ConnectionReset, "connection closed by the sandbox");
            Err(ConnectorError::io(closed.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fault, FaultKind};

    fn list_stacks() -> HttpRequest {
        let scope = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/cloudformation/aws4_request";
        let request = http::Request::post("http://sandbox/").header("authorization", scope);
        HttpRequest::try_from(request.body(SdkBody::from("Action=ListStacks")).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn requests_stay_in_the_process_and_dropped_ones_are_io_errors() {
        let sandbox = Sandbox::manual(jiff::Timestamp::UNIX_EPOCH);
        let connector = InProcess(sandbox.clone());
        let answer = connector.call(list_stacks()).await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        assert!(answer.body().bytes().unwrap().starts_with(b"<ListStacksResponse"));
        sandbox.add_fault(Fault::times("cloudformation:ListStacks", FaultKind::DropBefore, 1));
        assert!(connector.call(list_stacks()).await.unwrap_err().is_io());
    }
}
