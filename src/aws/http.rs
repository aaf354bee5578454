//! How requests travel: TLS by rustls with ring, and plain http to this machine only.
//!
//! Both roads are built when first taken: reading the system's trusted certificates takes longer
//! than a whole `list` against a local endpoint.

use std::error::Error;
use std::net::IpAddr;
use std::time::Instant;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// What is logged of calls. It is wanted later than all else, by a name of its own: the debug level is left out of
/// release builds, with the SDK's hundreds of places that log at it and may not be heard (they print requests).
pub(crate) const CALLS: &str = "stacksnap::calls";

/// The client for real connections.
pub(super) fn client() -> SharedHttpClient {
    // Trusts nobody, and so needs no certificates: it only ever carries plain http.
    let nobody = TlsContext::builder().with_trust_store(TrustStore::empty()).build().unwrap_or_default();
    SharedHttpClient::new(Web {
        secure: road(TlsContext::default(), ProxyConfig::from_env),
        plain: road(nobody, ProxyConfig::disabled),
    })
}

fn road(trust: TlsContext, proxy: fn() -> ProxyConfig) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = Connector::builder().proxy_config(proxy());
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(trust.clone()).build()
    })
}

/// For one request that is not AWS's and carries no credentials: plain http goes anywhere.
pub(super) fn single(settings: HttpConnectorSettings) -> impl HttpConnector {
    let builder = Connector::builder().proxy_config(ProxyConfig::from_env()).connector_settings(settings);
    builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).build()
}

#[derive(Debug)]
struct Web {
    secure: SharedHttpClient,
    plain: SharedHttpClient,
}

impl HttpClient for Web {
    fn http_connector(&self, settings: &HttpConnectorSettings, parts: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Fork {
            secure: self.secure.clone(),
            plain: self.plain.clone(),
            settings: settings.clone(),
            parts: parts.clone(),
        })
    }
}

/// Chooses the road by the request's own URL: an endpoint may come from a flag, from the
/// environment, or from a profile, for all services or for one.
#[derive(Debug)]
struct Fork {
    secure: SharedHttpClient,
    plain: SharedHttpClient,
    settings: HttpConnectorSettings,
    parts: RuntimeComponents,
}

impl HttpConnector for Fork {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let origin = origin(request.uri()).to_owned();
        if let Err(why) = accept(&origin) {
            return HttpConnectorFuture::ready(Err(ConnectorError::user(
                NotAllowed(format!("{origin}: {why}")).into(),
            )));
        }
        let road = if origin.starts_with("https:") { &self.secure } else { &self.plain };
        let connector = road.http_connector(&self.settings, &self.parts);
        let (call, began) = (named(&request), Instant::now());
        HttpConnectorFuture::new(async move {
            let answer = connector.call(request).await;
            let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            match &answer {
                Ok(answer) => {
                    tracing::info!(target: CALLS, call, host = origin, status = answer.status().as_u16(), ms = took);
                }
                Err(_) => tracing::info!(target: CALLS, call, host = origin, ms = took, "no answer"),
            }
            answer.map_err(|error| with_origin(error, origin))
        })
    }
}

/// What a request asks for, without anything that it says: the operation, or method and path.
fn named(request: &HttpRequest) -> String {
    if let Some(target) = request.headers().get("x-amz-target") {
        return target.rsplit('.').next().unwrap_or_default().to_owned();
    }
    let body = request.body().bytes().and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
    if let Some(action) = body.strip_prefix("Action=") {
        return action.split('&').next().unwrap_or_default().to_owned();
    }
    let path = request.uri().get(origin(request.uri()).len()..).unwrap_or_default();
    format!("{} {}", request.method(), path.split('?').next().unwrap_or_default())
}

/// A request that is not sent, and why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NotAllowed(pub(super) String);

/// What could not be reached.
#[derive(Debug, thiserror::Error)]
#[error("could not reach {origin}")]
pub(super) struct Unreachable {
    /// Scheme, host and port.
    pub(super) origin: String,
    source: Box<dyn Error + Send + Sync>,
}

/// The same error, telling whom it was about. Its kind is kept: retrying depends on it.
fn with_origin(error: ConnectorError, origin: String) -> ConnectorError {
    let connection = error.connection_metadata().cloned();
    let (timeout, io, user, other) = (error.is_timeout(), error.is_io(), error.is_user(), error.as_other());
    let source = Box::new(Unreachable { origin, source: error.into_source() });
    let told = match (timeout, io, user) {
        (true, ..) => ConnectorError::timeout(source),
        (_, true, _) => ConnectorError::io(source),
        (.., true) => ConnectorError::user(source),
        _ => ConnectorError::other(source, other),
    };
    match connection {
        Some(connection) => told.with_connection(connection),
        None => told,
    }
}

/// Scheme, host and port of a URL.
fn origin(url: &str) -> &str {
    let from = url.find("://").map_or(0, |at| at + 3);
    let to = url[from..].find(['/', '?', '#']).map_or(url.len(), |at| from + at);
    &url[..to]
}

/// Whether requests may go to `url`: https anywhere; plain http, which anybody on the way could
/// read and change, only to this machine (loopback, and the link-local addresses at which
/// containers and instances are given their credentials).
pub(super) fn accept(url: &str) -> Result<(), String> {
    let origin = origin(url);
    if origin.strip_prefix("https://").is_some_and(|rest| !host(rest).is_empty()) {
        return Ok(());
    }
    match origin.strip_prefix("http://").map(host) {
        Some("") | None => Err("it is not an http or https URL".to_owned()),
        Some(host) if near(host) => Ok(()),
        Some(_) => Err("plain http is accepted for this machine only (localhost, 127.0.0.1, ::1)".to_owned()),
    }
}

fn host(authority: &str) -> &str {
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

fn near(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => v4.is_loopback() || v4.is_link_local(),
        Ok(IpAddr::V6(v6)) => v6.is_loopback() || v6.segments()[..2] == [0xfd00, 0x0ec2],
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_no_further_than_this_machine() {
        for url in ["http://127.0.0.1:4566", "http://localhost", "http://[::1]:8080/x", "http://169.254.169.254/latest"]
        {
            assert_eq!(accept(url), Ok(()), "{url}");
        }
        for url in
            ["http://10.0.0.1", "http://example.com:80", "http://localhost.example.com", "http://127.0.0.1@evil.com"]
        {
            assert!(accept(url).is_err(), "{url}");
        }
    }

    #[test]
    fn https_goes_anywhere_and_nothing_else_goes() {
        assert_eq!(accept("https://rds.eu-west-1.amazonaws.com/"), Ok(()));
        for url in ["", "localhost:4566", "ftp://localhost", "https://", "http:///x"] {
            assert!(accept(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_call_is_named_without_what_it_says() {
        let mut request = HttpRequest::new("Action=PutThing&Value=hidden".into());
        request.set_uri("https://rds.eu-west-1.amazonaws.com/").unwrap();
        assert_eq!(named(&request), "PutThing");
        let mut request = HttpRequest::new("{}".into());
        request.set_uri("https://backup.eu-west-1.amazonaws.com/backup-vaults/v?secret=1").unwrap();
        assert_eq!(named(&request), "GET /backup-vaults/v");
        request.headers_mut().insert("x-amz-target", "AmazonSSM.GetParameter");
        assert_eq!(named(&request), "GetParameter");
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        assert_eq!(origin("http://127.0.0.1:4566/a?b"), "http://127.0.0.1:4566");
        assert_eq!(origin("https://rds.eu-west-1.amazonaws.com?x=/"), "https://rds.eu-west-1.amazonaws.com");
    }
}
