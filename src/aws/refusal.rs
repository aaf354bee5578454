//! From any SDK error to a [`Refusal`], with AWS's own code, message and request id.

use std::error::Error;

use aws_credential_types::provider::error::{CredentialsError, TokenError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

use super::http::{NotAllowed, Unreachable};
use super::kind::{Said, kind};
use crate::model::{Refusal, RefusalKind};

/// For `map_err`: which call was refused, then why.
pub(super) fn refused<E>(
    service: &'static str,
    operation: &'static str,
) -> impl FnOnce(SdkError<E, HttpResponse>) -> Refusal
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    move |error| {
        let request_id = error.request_id().map(str::to_owned);
        let told = match &error {
            SdkError::ServiceError(answer) => answered(operation, answer.err().meta(), answer.raw().status().as_u16()),
            SdkError::ResponseError(answer) => unreadable(answer.raw().status().as_u16()),
            SdkError::TimeoutError(_) => late(),
            other => unsent(other),
        };
        let named = error.as_service_error().and_then(|error| error.meta().request_id()).map(str::to_owned);
        Refusal {
            kind: told.kind,
            service: service.to_owned(),
            operation: operation.to_owned(),
            code: told.code,
            message: told.message,
            request_id: request_id.or(named),
        }
    }
}

/// An answer that lacks what AWS always sends.
pub(super) fn incomplete(service: &'static str, operation: &'static str, what: &str) -> Refusal {
    Refusal {
        kind: RefusalKind::Transient,
        service: service.to_owned(),
        operation: operation.to_owned(),
        code: "IncompleteAnswer".to_owned(),
        message: format!("the answer has no {what}"),
        request_id: None,
    }
}

/// What is known of a failure, whatever its type was.
struct Told {
    kind: RefusalKind,
    code: String,
    message: String,
}

fn told(kind: RefusalKind, code: &str, message: impl Into<String>) -> Told {
    Told { kind, code: code.to_owned(), message: message.into() }
}

fn answered(operation: &str, meta: &aws_smithy_types::error::ErrorMetadata, status: u16) -> Told {
    let code = meta.code().unwrap_or_default();
    // What follows quotes the signed request, session token included.
    let message =
        meta.message().unwrap_or_default().split("The Canonical String").next().unwrap_or_default().trim_end();
    let kind = kind(Said { operation, code, message, status });
    if code.is_empty() {
        let message = format!("the endpoint answered HTTP {status} without AWS's error code; is it AWS?");
        return told(kind, &format!("Http{status}"), message);
    }
    told(kind, code, if message.is_empty() { format!("HTTP {status}") } else { message.to_owned() })
}

fn unreadable(status: u16) -> Told {
    told(RefusalKind::Transient, "UnreadableAnswer", format!("the answer (HTTP {status}) could not be read"))
}

fn late() -> Told {
    told(RefusalKind::Transient, "Timeout", "no answer in time; whether it was done is not known")
}

/// Something failed before there was an answer. The first cause in the chain that we know decides.
fn unsent(error: &(dyn Error + 'static)) -> Told {
    if let Some(credentials) = cause::<CredentialsError>(error) {
        return without_credentials(credentials);
    }
    if let Some(token) = cause::<TokenError>(error) {
        return session_over(&chain(token));
    }
    if let Some(NotAllowed(why)) = cause::<NotAllowed>(error) {
        return told(RefusalKind::Invalid, "BadEndpoint", why.clone());
    }
    match cause::<ConnectorError>(error) {
        Some(connector) if connector.is_user() => told(RefusalKind::Invalid, "BadRequest", chain(connector)),
        Some(connector) => unreachable(connector),
        None => told(RefusalKind::Invalid, "BadRequest", chain(error)),
    }
}

fn unreachable(error: &ConnectorError) -> Told {
    let place = cause::<Unreachable>(error).map_or_else(String::new, |far| format!("could not reach {}: ", far.origin));
    let code = if error.is_timeout() { "ConnectionTimedOut" } else { "ConnectionFailed" };
    told(RefusalKind::Transient, code, format!("{place}{}", root(error)))
}

fn without_credentials(error: &CredentialsError) -> Told {
    let text = chain(error);
    match error {
        CredentialsError::CredentialsNotLoaded(_) => told(
            RefusalKind::Credentials,
            "NoCredentials",
            "no credentials were found: not in the environment, nor in the shared configuration files, nor from SSO, \
             a container or an instance profile",
        ),
        CredentialsError::ProviderTimedOut(_) => told(RefusalKind::Transient, "CredentialsTimeout", text),
        CredentialsError::InvalidConfiguration(_) => {
            told(RefusalKind::Credentials, "BadCredentialsConfiguration", text)
        }
        _ if is_sso(&text) => session_over(&text),
        // The provider itself could not be reached: that passes.
        _ if cause::<ConnectorError>(error).is_some_and(|error| !error.is_user()) => {
            told(RefusalKind::Transient, "CredentialsUnreachable", text)
        }
        _ => told(RefusalKind::Credentials, "CredentialsFailed", text),
    }
}

fn session_over(text: &str) -> Told {
    let message = format!("the SSO session has expired or was never begun ({text})");
    told(RefusalKind::Credentials, "SsoLoginNeeded", message)
}

/// AWS's wordings for "log in again".
fn is_sso(text: &str) -> bool {
    text.contains("SSO token") || text.contains("Session token not found or invalid") || text.contains("sso/cache")
}

fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// Every cause's own words, once.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    for text in causes(error).map(ToString::to_string) {
        if !texts.iter().any(|told| told.contains(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}

/// The innermost cause's words: `Connection refused (os error 111)`.
fn root(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    fn said(code: Option<&str>, message: &str, status: u16) -> Told {
        let mut meta = ErrorMetadata::builder().message(message);
        if let Some(code) = code {
            meta = meta.code(code);
        }
        answered("DescribeStacks", &meta.build(), status)
    }

    #[test]
    fn awss_own_words_are_kept() {
        let told = said(Some("ValidationError"), "Stack with id x does not exist", 400);
        assert_eq!((told.kind, told.code.as_str()), (RefusalKind::NotFound, "ValidationError"));
        assert_eq!(told.message, "Stack with id x does not exist");
    }

    #[test]
    fn an_answer_without_a_code_says_that_it_may_not_be_aws() {
        let told = said(None, "", 404);
        assert_eq!((told.kind, told.code.as_str()), (RefusalKind::Invalid, "Http404"));
    }

    #[test]
    fn an_expired_sso_session_asks_for_a_login() {
        let error = CredentialsError::provider_error("the SSO token has expired and cannot be refreshed");
        let told = unsent(&error);
        assert_eq!((told.kind, told.code.as_str()), (RefusalKind::Credentials, "SsoLoginNeeded"));
    }

    #[test]
    fn a_provider_that_cannot_be_reached_passes() {
        let far = ConnectorError::io("connection reset".into());
        let told = unsent(&CredentialsError::provider_error(far));
        assert_eq!((told.kind, told.code.as_str()), (RefusalKind::Transient, "CredentialsUnreachable"));
    }

    #[test]
    fn a_profile_that_is_not_there_is_a_matter_of_credentials() {
        let told = unsent(&CredentialsError::invalid_configuration("profile `x` was not defined"));
        assert_eq!(told.code, "BadCredentialsConfiguration");
        assert!(told.message.contains("profile `x` was not defined"));
    }

    #[test]
    fn a_lost_connection_has_an_unknown_effect() {
        let told = unsent(&ConnectorError::io("connection reset by peer".into()));
        assert_eq!((told.kind, told.message.as_str()), (RefusalKind::Transient, "connection reset by peer"));
    }
}
