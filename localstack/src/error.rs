//! An error as AWS words it: a code, a sentence, an HTTP status.

/// What a service answers instead of a result.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AwsError {
    /// The code on the wire, e.g. `DBClusterNotFoundFault`.
    pub(crate) code: String,
    /// The sentence beside it.
    pub(crate) message: String,
    /// The HTTP status.
    pub(crate) status: u16,
}

impl AwsError {
    /// An error with any status.
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), status }
    }

    /// The commonest kind: HTTP 400.
    pub(crate) fn bad(code: &str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    /// CloudFormation's and SSM's generic refusal of an input.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::bad("ValidationError", message)
    }

    /// An operation which this sandbox does not know.
    pub(crate) fn not_implemented(service: &str, operation: &str) -> Self {
        let text = format!("the sandbox does not implement {service}:{operation}");
        Self::new(501, "SandboxNotImplemented", text)
    }
}

/// What every operation returns.
pub(crate) type Answer = Result<serde_json::Value, AwsError>;
