//! What the user is told when something did not work: what, why, and what to do next.

use schemars::JsonSchema;
use serde::Serialize;

use super::exit::Exit;
use super::output::clean::clean;
use crate::model::{Refusal, RefusalKind};

/// A command that did not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// How the program ends.
    pub(crate) exit: Exit,
    /// A word for scripts: ours in kebab case, or AWS's error code.
    pub(crate) code: String,
    /// What went wrong, one sentence.
    pub(crate) what: String,
    /// Why.
    pub(crate) why: Option<String>,
    /// What to do next, the best first.
    pub(crate) next: Vec<String>,
    /// The call that AWS refused.
    pub(crate) refusal: Option<Box<Refusal>>,
}

/// A failure as a JSON object on stderr.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Error")]
pub(crate) struct ErrorJson<'a> {
    /// A word for scripts: AWS's error code, or ours in kebab case.
    code: &'a str,
    /// What went wrong and why.
    message: String,
    /// The same command may work later.
    retryable: bool,
    /// The AWS service that refused, by its signing name.
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'a str>,
    /// The operation that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'a str>,
    /// AWS's request id.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    /// What to do next, the best first.
    next: &'a [String],
    /// The process's exit code.
    exit_code: u8,
}

impl Failure {
    /// A failure without a refused call behind it.
    pub(crate) fn new(exit: Exit, code: &str, what: impl Into<String>) -> Self {
        Self { exit, code: code.to_owned(), what: what.into(), why: None, next: Vec::new(), refusal: None }
    }

    /// Wrong usage.
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", what)
    }

    /// Adds why.
    pub(crate) fn why(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    /// Adds something to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.next.push(hint.into());
        self
    }

    /// A call that AWS refused while we were `doing` something ("the stack cannot be read").
    /// `profile` is the one in use, for the hint about signing in again.
    pub(crate) fn refused(doing: &str, refusal: &Refusal, caller: &Caller<'_>) -> Self {
        let exit = if refusal.kind == RefusalKind::NotFound { Exit::NotFound } else { Exit::Failed };
        Self {
            exit,
            code: refusal.code.clone(),
            what: doing.to_owned(),
            why: Some(refusal.message.clone()),
            next: hints(refusal, caller),
            refusal: Some(Box::new(refusal.clone())),
        }
    }

    /// As lines for people; control characters of foreign texts are gone.
    pub(crate) fn text(&self, paint: super::output::Paint) -> String {
        let mut text = format!("{} {}\n", paint.error("error:"), clean(&self.what));
        if let Some(why) = &self.why {
            text.push_str(&format!("  {}\n", clean(why)));
        }
        if let Some(refusal) = &self.refusal {
            text.push_str(&format!("  AWS: {}\n", clean(&call(refusal))));
        }
        for hint in &self.next {
            text.push_str(&format!("{} {}\n", paint.bold("hint:"), clean(hint)));
        }
        text
    }

    /// As one JSON object.
    pub(crate) fn json(&self) -> String {
        let refusal = self.refusal.as_deref();
        let json = ErrorJson {
            code: &self.code,
            message: self.why.as_ref().map_or_else(|| self.what.clone(), |why| format!("{}: {why}", self.what)),
            retryable: refusal.is_some_and(|refusal| refusal.kind.passes()) || self.exit == Exit::Busy,
            service: refusal.map(|refusal| refusal.service.as_str()),
            operation: refusal.map(|refusal| refusal.operation.as_str()),
            request_id: refusal.and_then(|refusal| refusal.request_id.as_deref()),
            next: &self.next,
            exit_code: self.exit.code(),
        };
        serde_json::to_string(&json).unwrap_or_else(|_| self.what.clone())
    }
}

/// What the hints need to know about the caller.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Caller<'a> {
    /// `--profile`
    pub(crate) profile: Option<&'a str>,
    /// `--endpoint-url`
    pub(crate) endpoint: Option<&'a str>,
}

/// `rds CreateDBClusterSnapshot, SnapshotQuotaExceeded, request 1a2b`
fn call(refusal: &Refusal) -> String {
    let head = format!("{} {}, {}", refusal.service, refusal.operation, refusal.code);
    match &refusal.request_id {
        Some(id) => format!("{head}, request {id}"),
        None => head,
    }
}

fn hints(refusal: &Refusal, caller: &Caller<'_>) -> Vec<String> {
    match refusal.kind {
        RefusalKind::Credentials => credentials(refusal, caller.profile),
        RefusalKind::Denied => vec![format!("allow the caller `{}`", refusal.action())],
        RefusalKind::Transient => vec![match caller.endpoint {
            Some(url) => format!("is anything listening at {url}? Otherwise try again in a minute"),
            None => "try again in a minute; check the network, the proxy and `--region`".to_owned(),
        }],
        RefusalKind::NotFound => vec!["is it the right account and region? See `--profile` and `--region`".to_owned()],
        RefusalKind::Quota => vec!["delete what is not needed any more, or ask AWS for a higher quota".to_owned()],
        RefusalKind::WrongState => vec!["try again when it has settled".to_owned()],
        RefusalKind::AlreadyExists | RefusalKind::Invalid => Vec::new(),
    }
}

fn credentials(refusal: &Refusal, profile: Option<&str>) -> Vec<String> {
    let text = format!("{} {}", refusal.code, refusal.message).to_ascii_lowercase();
    let with = profile.map(|name| format!(" --profile {}", super::shell::quote(name))).unwrap_or_default();
    if refusal.code != "NoCredentials" && (text.contains("sso") || text.contains("expired")) {
        return vec![
            format!("run `aws sso login{with}`"),
            "credentials from elsewhere: get new ones, for these have expired".to_owned(),
        ];
    }
    vec![
        "name a profile (`--profile`), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".to_owned(),
        format!("with IAM Identity Center, run `aws sso login{with}`"),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::output::Paint;
    use super::*;

    fn refusal(kind: RefusalKind, code: &str, message: &str) -> Refusal {
        Refusal {
            kind,
            service: "rds".into(),
            operation: "CreateDBClusterSnapshot".into(),
            code: code.into(),
            message: message.into(),
            request_id: Some("7f0b".into()),
        }
    }

    #[test]
    fn an_expired_login_names_the_command_that_renews_it() {
        let refusal = refusal(RefusalKind::Credentials, "ExpiredToken", "The SSO session has expired.");
        let caller = Caller { profile: Some("prod"), endpoint: None };
        insta::assert_snapshot!(Failure::refused("AWS does not accept the credentials", &refusal, &caller).text(Paint::NONE), @"
        error: AWS does not accept the credentials
          The SSO session has expired.
          AWS: rds CreateDBClusterSnapshot, ExpiredToken, request 7f0b
        hint: run `aws sso login --profile prod`
        hint: credentials from elsewhere: get new ones, for these have expired
        ");
    }

    #[test]
    fn a_denied_call_names_the_iam_action() {
        let refusal = refusal(RefusalKind::Denied, "AccessDenied", "not authorized");
        let failure = Failure::refused("the snapshot cannot be made", &refusal, &Caller::default());
        assert_eq!(failure.next, ["allow the caller `rds:CreateDBClusterSnapshot`"]);
        assert_eq!(failure.exit, Exit::Failed);
    }

    #[test]
    fn json_says_the_same_for_scripts() {
        let refusal = refusal(RefusalKind::Transient, "Throttling", "Rate exceeded");
        let failure = Failure::refused("the stack cannot be read", &refusal, &Caller::default());
        insta::assert_snapshot!(failure.json(), @r#"{"code":"Throttling","message":"the stack cannot be read: Rate exceeded","retryable":true,"service":"rds","operation":"CreateDBClusterSnapshot","requestId":"7f0b","next":["try again in a minute; check the network, the proxy and `--region`"],"exitCode":1}"#);
    }

    #[test]
    fn a_foreign_text_cannot_paint_the_terminal() {
        let failure = Failure::new(Exit::Failed, "x", "bad \u{1b}[31mname\u{202e}");
        assert_eq!(failure.text(Paint::NONE), "error: bad name\n");
    }
}
