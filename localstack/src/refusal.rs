//! Faults in the answer, in each service's own words.

use crate::error::AwsError;
use crate::wire::Protocol;

/// "Slow down", as the service says it.
pub(crate) fn throttled(service: &str) -> AwsError {
    match Protocol::of(service) {
        Protocol::Query => AwsError::bad("Throttling", "Rate exceeded"),
        Protocol::Json => AwsError::bad("ThrottlingException", "Rate exceeded"),
        Protocol::S3 => AwsError::new(503, "SlowDown", "Please reduce your request rate."),
        Protocol::Rest => AwsError::new(429, "ThrottlingException", "Rate exceeded"),
    }
}

/// The service's own 5xx.
pub(crate) fn broken(service: &str) -> AwsError {
    let text = "An internal error occurred. Try again.";
    match service {
        "backup" => AwsError::new(503, "ServiceUnavailableException", text),
        "elasticfilesystem" | "ssm" => AwsError::new(500, "InternalServerError", text),
        "secretsmanager" => AwsError::new(500, "InternalServiceError", text),
        "s3" => AwsError::new(500, "InternalError", "We encountered an internal error. Please try again."),
        "kms" => AwsError::new(500, "KMSInternalException", text),
        "sns" => AwsError::new(500, "InternalError", text),
        "events" => AwsError::new(500, "InternalException", text),
        "cloudformation" | "sts" => AwsError::new(503, "ServiceUnavailable", text),
        _ => AwsError::new(500, "InternalFailure", text),
    }
}

/// The session token has run out.
pub(crate) fn expired(service: &str) -> AwsError {
    let text = "The security token included in the request is expired";
    match Protocol::of(service) {
        Protocol::Query => AwsError::new(403, "ExpiredToken", text),
        Protocol::Json => AwsError::bad("ExpiredTokenException", text),
        Protocol::S3 => AwsError::bad("ExpiredToken", "The provided token has expired."),
        Protocol::Rest => AwsError::new(403, "ExpiredTokenException", text),
    }
}

fn unable(account: &str, action: &str, resource: &str, why: &str) -> String {
    let user = format!("arn:aws:iam::{account}:user/sandbox");
    format!("User: {user} is not authorized to perform: {action} on resource: {resource} {why}")
}

/// Another account's topic, which it does not share.
pub(crate) fn not_shared(action: &str, account: &str, resource: &str) -> AwsError {
    let why = format!("because no resource-based policy allows the {action} action");
    AwsError::new(403, "AuthorizationError", unable(account, action, resource, &why))
}

/// No policy allows it.
pub(crate) fn denied(account: &str, service: &str, operation: &str, target: &str) -> AwsError {
    let resource = if target.is_empty() { "*" } else { target };
    unauthorized(service, account, &format!("{service}:{operation}"), resource, false)
}

/// CloudFormation's words for what it may not do on its caller's behalf.
pub(crate) fn unresolvable(action: &str) -> AwsError {
    AwsError::bad("ValidationError", format!("AccessDenied. User doesn't have permission to call {action}"))
}

/// No policy allows it, or one denies it, as the service says it.
pub(crate) fn unauthorized(service: &str, account: &str, action: &str, resource: &str, denied: bool) -> AwsError {
    // SNS writes its own name in capitals.
    let action = action.replacen("sns:", "SNS:", 1);
    let why = match denied {
        true => "with an explicit deny in an identity-based policy".to_owned(),
        false => format!("because no identity-based policy allows the {action} action"),
    };
    let text = unable(account, &action, resource, &why);
    if service == "sns" {
        return AwsError::new(403, "AuthorizationError", text);
    }
    match Protocol::of(service) {
        Protocol::Query | Protocol::S3 => AwsError::new(403, "AccessDenied", text),
        Protocol::Json => AwsError::bad("AccessDeniedException", text),
        Protocol::Rest => AwsError::new(403, "AccessDeniedException", text),
    }
}
