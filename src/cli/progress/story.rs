//! The story of a run: from what a tick saw and did to the lines that tell it. A line a change.

use super::super::duration;
use super::super::output::human;
use super::super::sights::Sights;
use super::{eta, labels};
use crate::model::RefusalKind;
use crate::model::history::StackEvent;
use crate::model::run::{Mode, Phase, Run};
use crate::world::Tick;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Only with `--verbose`.
    Detail,
    /// As things go.
    Info,
    /// Somebody should look; told even with `--quiet`.
    Warning,
    /// Something is wrong.
    Error,
}

impl Level {
    /// In a word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Detail => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// How much it matters.
    pub(crate) level: Level,
    /// What kind of line, for machines.
    pub(crate) event: &'static str,
    /// What it says.
    pub(crate) text: String,
}

impl Line {
    /// As things go.
    pub(crate) fn info(event: &'static str, text: impl Into<String>) -> Self {
        Self { level: Level::Info, event, text: text.into() }
    }

    /// Somebody should look.
    pub(crate) fn warning(event: &'static str, text: impl Into<String>) -> Self {
        Self { level: Level::Warning, event, text: text.into() }
    }

    fn detail(event: &'static str, text: impl Into<String>) -> Self {
        Self { level: Level::Detail, event, text: text.into() }
    }
}

/// What has been told already.
#[derive(Debug, Default)]
pub(crate) struct Story {
    begun: bool,
    snapshot: Option<String>,
    job: Option<String>,
    mode: Option<Mode>,
    failed: Option<String>,
    blind: bool,
}

impl Story {
    /// What is new in this tick.
    pub(crate) fn lines(&mut self, tick: &Tick, sights: &Sights) -> Vec<Line> {
        let mut lines = Vec::new();
        let known = self.begun;
        self.beginning(tick, &mut lines);
        // What happened before this process looked for the first time is no news.
        if known || tick.before.phase == Phase::Preflight {
            lines.extend(tick.seen.new_events.iter().map(event));
        }
        self.first_failure(tick, &mut lines);
        self.mode(tick, sights, &mut lines);
        self.halves(sights, &mut lines);
        self.sight(tick, &mut lines);
        // What is done after a phase was entered is that phase's.
        let entered = tick.before.phase != tick.run.phase;
        if !entered {
            actions(tick, &mut lines);
        }
        changes(&tick.before, &tick.run, self.mode, &mut lines);
        if entered {
            actions(tick, &mut lines);
        }
        lines
    }

    fn beginning(&mut self, tick: &Tick, lines: &mut Vec<Line>) {
        if !std::mem::replace(&mut self.begun, true) {
            lines.push(Line::info("run", format!("run {}", tick.run.id)));
            lines.push(Line::info("phase", tick.before.phase.to_string()));
        }
    }

    /// The *first* failed resource is the cause; the others were only cancelled with it.
    fn first_failure(&mut self, tick: &Tick, lines: &mut Vec<Line>) {
        let operations = tick.seen.history.here().map(|history| history.operations.as_slice()).unwrap_or_default();
        let own = |op: &&crate::model::history::Operation| op.own().is_some_and(|token| token.run == tick.run.id);
        let Some(op) = operations.iter().find(own) else { return };
        let Some(failure) = &op.failure else { return };
        let text = format!("{} failed first: {}", failure.logical_id, failure.reason);
        if self.failed.as_ref() != Some(&text) {
            lines.push(Line::warning("failure", text.clone()));
            self.failed = Some(text);
        }
    }

    fn mode(&mut self, tick: &Tick, sights: &Sights, lines: &mut Vec<Line>) {
        if sights.mode == self.mode {
            return;
        }
        if let (Some(_), Some(mode)) = (self.mode, sights.mode) {
            lines.push(Line::info("mode", format!("the stack's parameter now says {mode}{}", since(&tick.run, mode))));
        }
        self.mode = sights.mode;
    }

    fn halves(&mut self, sights: &Sights, lines: &mut Vec<Line>) {
        let snapshot = sights.snapshot.as_ref().map(|half| format!("database: snapshot {}", half.status));
        let job = sights.job.as_ref().map(|half| format!("files: backup job {}", half.state));
        for (told, new) in [(&mut self.snapshot, snapshot), (&mut self.job, job)] {
            if let Some(text) = new.filter(|text| told.as_ref() != Some(text)) {
                lines.push(Line::info("half", text.clone()));
                *told = Some(text);
            }
        }
    }

    fn sight(&mut self, tick: &Tick, lines: &mut Vec<Line>) {
        match tick.seen.refusal() {
            Some(refusal) if !self.blind => {
                lines.push(Line::warning("refused", format!("AWS does not show everything: {refusal}; trying again")));
                self.blind = true;
            }
            None if self.blind => {
                lines.push(Line::info("refused", "AWS shows everything again"));
                self.blind = false;
            }
            _ => {}
        }
    }
}

fn since(run: &Run, mode: Mode) -> String {
    match (mode, run.window) {
        (Mode::Offline, Some(window)) => format!(" (offline since {})", human::clock(window.from)),
        _ => String::new(),
    }
}

fn event(event: &StackEvent) -> Line {
    let reason = event.reason.as_deref().filter(|reason| !reason.is_empty());
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let line = if begun_twice(event) { Line::detail } else { Line::info };
    line("stack-event", format!("{} {}{reason}", event.logical_id, event.status))
}

/// CloudFormation says twice of each resource that it begins: once more when the service has answered.
fn begun_twice(event: &StackEvent) -> bool {
    event.reason.as_deref().is_some_and(|reason| reason.starts_with("Resource creation Initiated"))
}

fn actions(tick: &Tick, lines: &mut Vec<Line>) {
    for (action, answer) in &tick.done {
        let (text, detail) = labels::action(action);
        lines.push(match answer {
            Ok(_) if detail => Line::detail("action", text),
            Ok(_) => Line::info("action", text),
            Err(refusal) if matches!(refusal.kind, RefusalKind::Transient | RefusalKind::WrongState) => {
                Line::detail("refused", format!("{refusal}; looking again"))
            }
            Err(refusal) => Line::warning("refused", refusal.to_string()),
        });
    }
}

fn changes(before: &Run, after: &Run, mode: Option<Mode>, lines: &mut Vec<Line>) {
    for warning in after.warnings.iter().filter(|warning| !before.warnings.contains(warning)) {
        lines.push(Line::warning("warning", warning.as_str()));
    }
    if let Some(trouble) = after.trouble.as_ref().filter(|_| before.trouble.is_none()) {
        lines.push(Line { level: Level::Error, event: "trouble", text: trouble.what.clone() });
    }
    if after.unsaved && !before.unsaved {
        lines.push(Line::warning("unsaved", "the run's record could not be saved; trying again"));
    }
    if after.lost && !before.lost {
        lines.push(Line::warning("lost", "the run's record is gone; going on from what AWS shows"));
    }
    let back = |run: &Run| run.window.and_then(|window| Some((window.from, window.to?)));
    if let Some((from, to)) = back(after).filter(|_| back(before).is_none()) {
        let seconds = to.duration_since(from).as_secs();
        lines.push(Line::info("online", format!("online again after {}", duration::show(seconds))));
    }
    if after.phase != before.phase && after.phase != Phase::Done {
        // Somebody else may have brought it back.
        let since = eta::offline_since(after).filter(|_| mode != Some(Mode::Online));
        let since = since.map(|since| format!(" ({since})")).unwrap_or_default();
        lines.push(Line::info("phase", format!("{}{since}", after.phase)));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::output::samples;
    use super::*;
    use crate::engine::{Look, Next, Observation};
    use crate::model::history::History;
    use crate::model::{Refusal, Seen};

    const STACK: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/my-hub/1";

    fn tick(before: Run, run: Run, seen: Observation) -> Tick {
        let next = Next::Tick { wait: jiff::SignedDuration::ZERO, look: Look::NONE };
        Tick { before, run, seen, done: Vec::new(), next }
    }

    fn told(story: &mut Story, tick: &Tick) -> String {
        let lines = story.lines(tick, &Sights::default());
        lines.iter().map(|line| format!("{} {}: {}\n", line.level.word(), line.event, line.text)).collect()
    }

    fn off(n: i64, what: &str, status: &str, reason: Option<&str>) -> StackEvent {
        StackEvent {
            id: n.to_string(),
            stack_id: STACK.into(),
            logical_id: what.into(),
            physical_id: if what == "my-hub" { STACK.into() } else { what.into() },
            resource_type: String::new(),
            status: status.into(),
            reason: reason.map(Into::into),
            token: Some("ss-off-my-hub-20261120-020000-0".into()),
            at: jiff::Timestamp::from_second(n).unwrap(),
        }
    }

    fn in_phase(phase: &str) -> Run {
        samples::run(json!({ "phase": phase, "ending": null, "window": null }))
    }

    #[test]
    fn the_first_failure_is_told_once() {
        let events = vec![
            off(1, "my-hub", "UPDATE_IN_PROGRESS", Some("User Initiated")),
            off(2, "AppDb", "UPDATE_FAILED", Some("not in the available state")),
            off(3, "AppALB", "UPDATE_FAILED", Some("Resource update cancelled")),
        ];
        let mut newest_first = events.clone();
        newest_first.reverse();
        let history = Seen::Here(History::of(&newest_first, true));
        let old = Observation { new_events: vec![off(0, "my-hub", "UPDATE_COMPLETE", None)], ..Observation::default() };
        let seen = Observation { new_events: events, history: history.clone(), ..Observation::default() };
        let mut story = Story::default();
        let run = in_phase("GoingOffline");
        // What happened before this process came is no news.
        insta::assert_snapshot!(told(&mut story, &tick(run.clone(), run.clone(), old)), @"
        info run: run my-hub-20261120-020000
        info phase: going offline
        ");
        insta::assert_snapshot!(told(&mut story, &tick(run.clone(), run.clone(), seen)), @"
        info stack-event: my-hub UPDATE_IN_PROGRESS: User Initiated
        info stack-event: AppDb UPDATE_FAILED: not in the available state
        info stack-event: AppALB UPDATE_FAILED: Resource update cancelled
        warning failure: AppDb failed first: not in the available state
        ");
        let again = Observation { history, ..Observation::default() };
        assert_eq!(told(&mut story, &tick(run.clone(), run, again)), "");
    }

    #[test]
    fn what_changes_in_the_run_is_told() {
        let before = in_phase("Capturing");
        let after = samples::run(json!({
            "phase": "Resuming", "ending": null, "window": { "from": "2026-11-20T02:00:10Z" },
            "trouble": { "outcome": "failed", "what": "the backup job FAILED" },
            "warnings": ["the recovery point expires in 7 days"]
        }));
        let mut story = Story { begun: true, ..Story::default() };
        insta::assert_snapshot!(told(&mut story, &tick(before, after, Observation::default())), @"
        warning warning: the recovery point expires in 7 days
        error trouble: the backup job FAILED
        info phase: resuming (offline since 02:00:10Z)
        ");
    }

    #[test]
    fn a_blind_spell_is_told_at_its_beginning_and_its_end() {
        let refusal = Refusal {
            kind: RefusalKind::Transient,
            service: "cloudformation".into(),
            operation: "DescribeStacks".into(),
            code: "Throttling".into(),
            message: "Rate exceeded".into(),
            request_id: None,
        };
        let blind = || Observation { stack: Seen::Unknown(refusal.clone()), ..Observation::default() };
        let mut story = Story { begun: true, ..Story::default() };
        let run = in_phase("Capturing");
        let mut tell = |seen| told(&mut story, &tick(run.clone(), run.clone(), seen));
        let all = [tell(blind()), tell(blind()), tell(Observation::default())].concat();
        insta::assert_snapshot!(all, @"
        warning refused: AWS does not show everything: cloudformation DescribeStacks: Rate exceeded (Throttling); trying again
        info refused: AWS shows everything again
        ");
    }
}
