//! Calls to services of which only one or two operations are needed: the request is written here, and everything
//! else is the SDK's own machinery (credentials, signing, retries, time limits, the HTTP client, the user agent).
//!
//! A service's SDK crate brings each operation's types, builders and endpoint rules; measured, S3's alone was 1.0 MB
//! of code and tables, EFS's, KMS's and IAM's together 0.3 MB.

mod answer;
mod endpoint;

use aws_config::BehaviorVersion;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::recursion_detection::RecursionDetectionInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_runtime::service_clock_skew::{ServiceClockSkewClassifier, ServiceClockSkewInterceptor};
use aws_runtime::user_agent::{ApiMetadata, UserAgentInterceptor};
use aws_smithy_runtime::client::http::connection_poisoning::ConnectionPoisoningInterceptor;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{AuthSchemeOptionResolverParams, SharedAuthScheme};
use aws_smithy_runtime_api::client::endpoint::EndpointResolverParams;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{FrozenLayer, Layer};
use aws_smithy_types::error::ErrorMetadata;
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

pub(super) use self::answer::{Answer, TOO_LARGE, instant};
use self::endpoint::Endpoints;
use super::Aws;
use super::refusal::refused;
use crate::model::Refusal;

/// A service that is spoken to this way.
#[derive(Debug)]
pub(super) struct Service {
    /// In refusals, and in the signature.
    pub(super) name: &'static str,
    /// The SDKs' service id: `AWS_ENDPOINT_URL_<ID>`, the profile's `services` section, the user agent.
    pub(super) id: &'static str,
    /// In which form it is asked, and answers.
    pub(super) protocol: Protocol,
}

/// AWS's protocols, as far as they differ here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// Parameters of a form; answers in XML.
    Query,
    /// JSON; an operation is a header, or a path.
    Json,
    /// S3's: bodies are what they are, signed in a way of its own; a bucket may be in the host name.
    S3,
}

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    method: &'static str,
    /// With `?`, what follows; percent-encoded.
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    bucket: Option<String>,
    /// The most bytes that are read of an answer.
    most: Option<u64>,
}

/// What stays as it is in a path or a form: RFC 3986's unreserved characters.
pub(super) const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Ask {
    /// AWS JSON 1.1: `target` is the operation with its prefix.
    pub(super) fn json(target: &str, body: &Value) -> Self {
        let kind = "application/x-amz-json-1.1";
        Self::rest("POST", "/").header("content-type", kind).header("x-amz-target", target).body(body.to_string())
    }

    /// A form: the operation, the API's version, and the parameters.
    pub(super) fn query(action: &str, version: &str, parameters: &[(&str, &str)]) -> Self {
        let mut form = format!("Action={action}&Version={version}");
        for (name, value) in parameters {
            form.extend(["&", *name, "="]);
            form.extend(utf8_percent_encode(value, UNRESERVED));
        }
        Self::rest("POST", "/").header("content-type", "application/x-www-form-urlencoded").body(form)
    }

    /// The REST protocols.
    pub(super) fn rest(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: Vec::new(), bucket: None, most: None }
    }

    pub(super) fn at_most(mut self, bytes: u64) -> Self {
        self.most = Some(bytes);
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// S3's: which bucket the path is in.
    pub(super) fn bucket(mut self, bucket: &str) -> Self {
        self.bucket = Some(bucket.to_owned());
        self
    }

    fn request(self) -> Result<HttpRequest, BoxError> {
        let length = self.body.len();
        let mut request = HttpRequest::new(SdkBody::from(self.body));
        request.set_method(self.method)?;
        request.set_uri(self.path)?;
        for (name, value) in self.headers {
            request.headers_mut().try_insert(name, value)?;
        }
        if length > 0 {
            request.headers_mut().try_insert("content-length", length.to_string())?;
        }
        Ok(request)
    }
}

impl Aws {
    /// Asks, as the SDK would.
    ///
    /// # Errors
    /// AWS's refusal.
    pub(super) async fn ask(
        &self,
        service: &'static Service,
        operation: &'static str,
        ask: Ask,
    ) -> Result<Answer, Refusal> {
        let plugin = StaticRuntimePlugin::new()
            .with_config(self.light_settings(service))
            .with_runtime_components(self.light_parts(service, ask.bucket.clone()));
        let call = Operation::builder()
            .service_name(service.id)
            .operation_name(operation)
            .behavior_version(BehaviorVersion::latest())
            .runtime_plugin(plugin)
            .serializer(Ask::request)
            .deserializer_impl::<Answer, ErrorMetadata>(answer::Reading {
                most: ask.most,
                json: service.protocol == Protocol::Json,
            })
            .build();
        call.invoke(ask).await.map_err(refused(service.name, operation))
    }

    fn light_settings(&self, service: &'static Service) -> FrozenLayer {
        let config = &self.clients.config;
        let mut layer = Layer::new("light");
        layer.store_put(AuthSchemeOptionResolverParams::new(()));
        layer.store_put(EndpointResolverParams::new(()));
        layer.store_put(ApiMetadata::new(service.id, env!("CARGO_PKG_VERSION")));
        layer.store_put(SigningName::from_static(service.name));
        layer.store_or_unset(config.region().cloned().map(SigningRegion::from));
        layer.store_or_unset(config.retry_config().cloned());
        layer.store_or_unset(config.timeout_config().cloned());
        layer.store_or_unset(config.app_name().cloned());
        let mut signing = SigningOptions::default();
        let s3 = service.protocol == Protocol::S3;
        (signing.double_uri_encode, signing.normalize_uri_path) = (!s3, !s3);
        signing.content_sha256_header = s3;
        layer.store_put(SigV4OperationSigningConfig { signing_options: signing, ..Default::default() });
        layer.freeze()
    }

    fn light_parts(&self, service: &'static Service, bucket: Option<String>) -> RuntimeComponentsBuilder {
        let config = &self.clients.config;
        let mut parts = RuntimeComponentsBuilder::new("light")
            .with_http_client(config.http_client())
            .with_sleep_impl(config.sleep_impl())
            .with_time_source(Some(config.time_source().unwrap_or_default()))
            .with_endpoint_resolver(Some(Endpoints::of(config, service, bucket)))
            .with_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()))
            .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])))
            .with_interceptor(ConnectionPoisoningInterceptor::new())
            .with_interceptor(ServiceClockSkewInterceptor::new())
            .with_interceptor(RequestInfoInterceptor::new())
            .with_interceptor(UserAgentInterceptor::new())
            .with_interceptor(InvocationIdInterceptor::new())
            .with_interceptor(RecursionDetectionInterceptor::new())
            .with_retry_classifier(HttpStatusCodeClassifier::default())
            .with_retry_classifier(TransientErrorClassifier::<ErrorMetadata>::new())
            .with_retry_classifier(AwsErrorCodeClassifier::<ErrorMetadata>::new())
            .with_retry_classifier(ServiceClockSkewClassifier::<ErrorMetadata>::new());
        if let Some(cache) = config.identity_cache() {
            parts.set_identity_cache(Some(cache));
        }
        if let Some(credentials) = config.credentials_provider() {
            parts.set_identity_resolver(SCHEME_ID, credentials);
        }
        parts
    }
}
