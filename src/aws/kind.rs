//! AWS's error codes, sorted by what they mean for a run. One table.

use crate::model::RefusalKind;

/// What AWS said, as far as it decides.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said<'a> {
    /// The operation that was refused.
    pub(super) operation: &'a str,
    /// The error code; empty where the answer had none.
    pub(super) code: &'a str,
    /// The error message.
    pub(super) message: &'a str,
    /// The HTTP status; 0 where there was no answer.
    pub(super) status: u16,
}

/// Sorts one answer: by its code, then by CloudFormation's wording (whose ValidationError means
/// nearly anything), then by the HTTP status.
pub(super) fn kind(said: Said<'_>) -> RefusalKind {
    by_code(said.code)
        .or_else(|| by_ending(said.code))
        .or_else(|| by_message(said))
        .unwrap_or_else(|| by_status(said.status, said.code.is_empty()))
}

#[rustfmt::skip]
fn by_code(code: &str) -> Option<RefusalKind> {
    Some(match code {
        "Throttling" | "ThrottlingException" | "ThrottledException" | "RequestThrottled"
        | "RequestThrottledException" | "EC2ThrottledException" | "TooManyRequestsException"
        | "RequestLimitExceeded" | "BandwidthLimitExceeded" | "SlowDown" | "TooManyUpdates"
        | "PriorRequestNotComplete" | "ServiceUnavailable" | "ServiceUnavailableException"
        | "InternalFailure" | "InternalError" | "InternalServerError" | "InternalServiceError"
        | "InternalServiceErrorException" | "ServiceFailure" | "ServiceFailureException"
        | "KMSInternalException" | "DependencyTimeoutException" | "RequestTimeout"
        | "RequestTimeoutException" | "IDPCommunicationError" => RefusalKind::Transient,

        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "UnrecognizedClientException"
        | "InvalidClientTokenId" | "InvalidAccessKeyId" | "SignatureDoesNotMatch"
        | "InvalidSignatureException" | "IncompleteSignature" | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" | "InvalidToken" | "AuthFailure"
        | "UnauthorizedException" | "RequestTimeTooSkewed" => RefusalKind::Credentials,

        "UnauthorizedOperation" | "OptInRequired" | "NotAuthorized" | "NotAuthorizedException"
        | "KMSKeyNotAccessibleFault" => RefusalKind::Denied,

        // S3: a bucket that is not there is a wrong name, not an object that is missing.
        "NoSuchBucket" | "PermanentRedirect" | "IllegalLocationConstraintException" => RefusalKind::Invalid,
        "PreconditionFailed" => RefusalKind::AlreadyExists,
        "ConditionalRequestConflict" => RefusalKind::Transient,
        "NoSuchKey" => RefusalKind::NotFound,

        "NoSuchEntity" | "NoSuchEntityException" | "ChangeSetNotFound" => RefusalKind::NotFound,

        "InvalidDBClusterStateFault" | "InvalidDBClusterSnapshotStateFault" | "InvalidChangeSetStatus"
        | "InvalidChangeSetStatusException" | "OperationInProgress" | "OperationInProgressException"
        | "InvalidResourceStateException" | "IncorrectFileSystemLifeCycleState" | "KMSInvalidStateException"
        | "ConflictException" | "ResourceInUseException" | "ConcurrentModification"
        | "ConcurrentModificationException" => RefusalKind::WrongState,

        _ => return None,
    })
}

/// Families of codes: each service has its own spelling.
fn by_ending(code: &str) -> Option<RefusalKind> {
    let ends = |endings: &[&str]| {
        let stem = code.strip_suffix("Exception").or_else(|| code.strip_suffix("Fault")).unwrap_or(code);
        endings.iter().any(|ending| stem.ends_with(ending))
    };
    if code.starts_with("AccessDenied") || code.starts_with("Authorization") {
        Some(RefusalKind::Denied)
    } else if ends(&["NotFound"]) {
        Some(RefusalKind::NotFound)
    } else if ends(&["AlreadyExists"]) {
        Some(RefusalKind::AlreadyExists)
    } else if ends(&["QuotaExceeded", "LimitExceeded"]) {
        Some(RefusalKind::Quota)
    } else {
        None
    }
}

fn by_message(said: Said<'_>) -> Option<RefusalKind> {
    let contains = |part: &str| said.message.contains(part);
    match said.code {
        // CloudFormation's own: what else does not exist (a nested template, say) is another matter.
        "ValidationError" if contains("does not exist") && contains("tack") => Some(RefusalKind::NotFound),
        "ValidationError" if contains("_IN_PROGRESS") || contains("state and can") => Some(RefusalKind::WrongState),
        "ValidationError" if contains("cannot be called from current stack status") => Some(RefusalKind::WrongState),
        // What CloudFormation does on its caller's behalf, and may not: resolve an SSM-typed parameter, for example.
        "ValidationError" if said.message.starts_with("AccessDenied") => Some(RefusalKind::Denied),
        "ValidationError" if contains("Rate exceeded") => Some(RefusalKind::Transient),
        // The job ended before it could be stopped.
        "InvalidRequestException" if said.operation == "StopBackupJob" => Some(RefusalKind::WrongState),
        _ => None,
    }
}

/// A code that is not in the table, or none: a proxy's answer, for example, is not AWS's.
fn by_status(status: u16, nameless: bool) -> RefusalKind {
    match status {
        408 | 429 | 500..=599 => RefusalKind::Transient,
        401 => RefusalKind::Credentials,
        403 => RefusalKind::Denied,
        404 if !nameless => RefusalKind::NotFound,
        _ => RefusalKind::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use RefusalKind::{AlreadyExists, Credentials, Denied, Invalid, NotFound, Quota, Transient, WrongState};

    use super::*;

    #[test]
    fn every_code_that_aws_documents_has_its_meaning() {
        #[rustfmt::skip]
        let table = [
            ("Throttling", 400, Transient), ("ThrottlingException", 400, Transient),
            ("RequestLimitExceeded", 503, Transient), ("TooManyUpdates", 400, Transient),
            ("ServiceUnavailableException", 500, Transient), ("InternalFailure", 500, Transient),
            ("InternalServerError", 500, Transient), ("SomethingNew", 502, Transient), ("SomethingNew", 429, Transient),
            ("ExpiredToken", 403, Credentials), ("ExpiredTokenException", 400, Credentials),
            ("UnrecognizedClientException", 400, Credentials), ("InvalidClientTokenId", 403, Credentials),
            ("SignatureDoesNotMatch", 403, Credentials), ("RequestTimeTooSkewed", 403, Credentials),
            ("AccessDenied", 403, Denied), ("AccessDeniedException", 400, Denied),
            ("UnauthorizedOperation", 403, Denied), ("AuthorizationErrorException", 403, Denied),
            ("SomethingNew", 403, Denied),
            ("DBClusterNotFoundFault", 404, NotFound), ("DBClusterSnapshotNotFoundFault", 404, NotFound),
            ("ResourceNotFoundException", 400, NotFound), ("ChangeSetNotFound", 404, NotFound),
            ("ParameterNotFound", 400, NotFound), ("NoSuchEntity", 404, NotFound),
            ("FileSystemNotFound", 404, NotFound), ("NotFoundException", 400, NotFound),
            ("InvalidDBClusterStateFault", 400, WrongState), ("InvalidChangeSetStatus", 400, WrongState),
            ("OperationInProgressException", 400, WrongState), ("KMSInvalidStateException", 400, WrongState),
            ("DBClusterSnapshotAlreadyExistsFault", 400, AlreadyExists), ("AlreadyExistsException", 400, AlreadyExists),
            ("ParameterAlreadyExists", 400, AlreadyExists), ("TokenAlreadyExistsException", 400, AlreadyExists),
            ("SnapshotQuotaExceeded", 400, Quota), ("SnapshotQuotaExceededFault", 400, Quota),
            ("LimitExceededException", 400, Quota), ("LimitExceeded", 400, Quota),
            ("InvalidParameterValueException", 400, Invalid), ("InsufficientCapabilities", 400, Invalid),
            ("ValidationException", 400, Invalid), ("SomethingNew", 418, Invalid),
            ("NoSuchBucket", 404, Invalid), ("NoSuchKey", 404, NotFound), ("PreconditionFailed", 412, AlreadyExists),
            ("ConditionalRequestConflict", 409, Transient), ("SlowDown", 503, Transient),
        ];
        for (code, status, meaning) in table {
            assert_eq!(kind(Said { code, status, ..Said::default() }), meaning, "{code} {status}");
        }
    }

    #[test]
    fn cloudformations_validation_error_is_read_by_its_wording() {
        for (message, meaning) in [
            ("Stack with id my-hub does not exist", NotFound),
            ("Stack:arn:x is in UPDATE_IN_PROGRESS state and can not be updated.", WrongState),
            ("Stack:arn:x is in ROLLBACK_COMPLETE state and can not be updated.", WrongState),
            ("CancelUpdateStack cannot be called from current stack status", WrongState),
            ("No updates are to be performed.", Invalid),
            ("Parameters: [StackOffline] do not exist in the template", Invalid),
        ] {
            let said = Said { code: "ValidationError", message, status: 400, ..Said::default() };
            assert_eq!(kind(said), meaning, "{message}");
        }
    }

    #[test]
    fn a_job_that_ended_cannot_be_stopped_any_more() {
        let said = Said { operation: "StopBackupJob", code: "InvalidRequestException", status: 400, ..Said::default() };
        assert_eq!(kind(said), WrongState);
        assert_eq!(kind(Said { operation: "StartBackupJob", ..said }), Invalid);
    }

    #[test]
    fn a_page_of_somebody_elses_server_is_not_awss_not_found() {
        assert_eq!(kind(Said { status: 404, ..Said::default() }), Invalid);
        assert_eq!(kind(Said { status: 503, ..Said::default() }), Transient);
    }
}
