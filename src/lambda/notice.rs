//! Whom it tells, and what: a topic, a bus, a dead-man service.

use serde_json::{Value, json};

use super::Function;
use crate::aws;
use crate::cli::failure::Failure;
use crate::cli::output::clean;
use crate::cli::report;
use crate::cli::sights::Sights;
use crate::model::run::{Kind, Outcome, Run};

/// SNS takes no longer subject.
const SUBJECT: usize = 100;
/// `detail-type` of every event.
const DETAIL_TYPE: &str = "stacksnap Run State Change";

/// What happened, in a word that rules can match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// A run ended well.
    Complete,
    /// A run did not end well, or did not begin; its stack is as it was.
    Failed,
    /// A stack is offline that should not be: somebody must act.
    LeftOffline,
    /// The last good backup is too old.
    Stale,
    /// A slot came too late, and was passed over.
    Skipped,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Complete => "COMPLETE",
            Self::Failed => "FAILED",
            Self::LeftOffline => "LEFT_OFFLINE",
            Self::Stale => "STALE",
            Self::Skipped => "SKIPPED",
        }
    }
}

/// Something to be told.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// What happened.
    pub(crate) state: State,
    /// To which stack.
    pub(crate) stack: String,
    /// In one line.
    what: String,
    /// Why, and what to do next.
    more: Vec<String>,
    /// The run's own document, or the error's.
    detail: Value,
    /// A backup is complete: what a dead-man service waits for.
    backup: bool,
}

impl Notice {
    /// A run is over, or stands still.
    pub(crate) fn of_run(run: &Run, sights: &Sights, detail: Value) -> Self {
        let left = report::left_offline(run, sights);
        let complete = run.ending.as_ref().is_some_and(|ending| ending.outcome == Outcome::Complete);
        let (state, how) = match (left, complete) {
            (true, _) => (State::LeftOffline, "IS STILL OFFLINE".to_owned()),
            (false, true) => (State::Complete, "complete".to_owned()),
            (false, false) => (State::Failed, outcome(run)),
        };
        let ending = run.ending.as_ref();
        let why =
            ending.and_then(|ending| ending.why.clone()).or_else(|| run.trouble.as_ref().map(|it| it.what.clone()));
        let hint = ending.and_then(|ending| ending.hint.clone()).map(|hint| format!("next: {hint}"));
        let kind = report::kind(&run.kind);
        Self {
            state,
            stack: run.target.stack.clone(),
            what: format!("{kind} {} of {}: {how}", run.id, run.target.stack),
            more: why.into_iter().chain(window(run)).chain(hint).collect(),
            detail,
            backup: complete && matches!(run.kind, Kind::Backup { .. }),
        }
    }

    /// Nothing was begun, or nobody can go on.
    pub(crate) fn of_failure(stack: &str, failure: &Failure, state: State) -> Self {
        let next = failure.next.iter().map(|hint| format!("next: {hint}"));
        Self {
            state,
            stack: stack.to_owned(),
            what: format!("{stack}: {}", failure.what),
            more: failure.why.clone().into_iter().chain(next).collect(),
            detail: serde_json::from_str(&failure.json()).unwrap_or_default(),
            backup: false,
        }
    }

    /// At most a hundred printable ASCII characters.
    fn subject(&self) -> String {
        let text = clean::clean(&self.what);
        let text: String = text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect();
        format!("stacksnap: {text}").chars().take(SUBJECT).collect()
    }

    fn text(&self) -> String {
        let lines = std::iter::once(&self.what).chain(&self.more).map(|line| clean::clean(line).into_owned());
        lines.collect::<Vec<_>>().join("\n")
    }

    fn json(&self, deployment: &str) -> Value {
        json!({
            "state": self.state.word(), "stack": self.stack, "deployment": deployment, "message": self.what,
            "more": self.more, "detail": self.detail,
        })
    }
}

fn outcome(run: &Run) -> String {
    run.ending.as_ref().map_or_else(|| "stands still".to_owned(), |ending| ending.outcome.to_string())
}

fn window(run: &Run) -> Option<String> {
    let window = run.window.filter(|_| matches!(run.kind, Kind::Backup { .. }))?;
    let seconds = window.to?.duration_since(window.from).as_secs();
    Some(format!("offline for {} min {} s", seconds / 60, seconds % 60))
}

impl Function {
    /// Tells everybody who wants to know. What cannot be told is logged: it stops nothing.
    pub(crate) async fn tell(&self, notice: &Notice) {
        let json = notice.json(&self.deployment.name);
        tracing::info!(state = notice.state.word(), stack = notice.stack, "{}", notice.text());
        if let Some(topic) = &self.deployment.topic {
            let sent = self.aws.publish(topic, &notice.subject(), &notice.text(), &json.to_string()).await;
            self.told("topic", sent.map_err(|refusal| refusal.to_string()));
        }
        if let Some(bus) = &self.deployment.bus {
            let sent = self.aws.put_event(bus, DETAIL_TYPE, &json.to_string(), &notice.stack).await;
            self.told("event bus", sent.map_err(|refusal| refusal.to_string()));
        }
        // A dead-man service hears of complete backups alone: its alarm is the silence.
        if let (Some(url), true) = (&self.deployment.webhook, notice.backup) {
            let heard = aws::ping(url, &json.to_string()).await;
            self.told("webhook", heard.then_some(()).ok_or_else(|| "it did not answer well".to_owned()));
        }
    }

    fn told(&self, whom: &str, sent: Result<(), String>) {
        if let Err(why) = sent {
            self.cx.warn(&format!("the {whom} could not be told: {why}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;

    #[test]
    fn a_subject_is_one_short_line_of_ascii() {
        let failure = Failure::new(Exit::Failed, "x", format!("zu spät\n{}", "x".repeat(200)));
        let notice = Notice::of_failure("my-hub", &failure, State::Failed);
        assert_eq!(notice.subject().len(), SUBJECT);
        assert!(notice.subject().starts_with("stacksnap: my-hub: zu sp?t"), "{}", notice.subject());
    }

    #[test]
    fn a_failure_says_why_and_what_next() {
        let failure = Failure::new(Exit::Busy, "stack-held", "another run holds it").why("since noon").hint("wait");
        let notice = Notice::of_failure("my-hub", &failure, State::Failed);
        assert_eq!(notice.text(), "my-hub: another run holds it\nsince noon\nnext: wait");
        assert_eq!(notice.json("nightly")["detail"]["code"], "stack-held");
    }
}
