//! What a run came to: the result of `backup`, `offline`, `online`, `resume` and `abort`.

use std::io;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::exit::Exit;
use super::output::{Document, Page, halves, human};
use super::rebuilt::RebuiltReport;
use super::{duration, sights::Sights};
use crate::model::backup::{DatabaseHalf, FilesHalf};
use crate::model::run::{Kind, Mode, Outcome, Phase, Run};

/// A run, as it ended or as it stands.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Run")]
pub(crate) struct RunReport {
    /// The run's id; for a backup, the backup's.
    pub(crate) id: String,
    /// `backup`, `offline`, `online`, `home`, `restore`, `drill` or `replace`.
    #[serde(rename = "do")]
    pub(crate) kind: &'static str,
    /// The stack's name.
    pub(crate) stack: String,
    /// The stack's ARN; for a restore or a drill the new one's, once it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stack_id: Option<String>,
    /// `preflight`, `seeding`, `going offline`, `capturing`, `resuming`, `verifying` or `done`.
    pub(crate) phase: String,
    /// `complete`, `refused`, `failed`, `aborted`, `incomplete` or `inconsistent`; absent while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<String>,
    /// `offline` or `live`; for a backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mode: Option<&'static str>,
    /// When it began.
    #[schemars(with = "String")]
    pub(crate) started: Timestamp,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(crate) ended: Option<Timestamp>,
    /// Why it is not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    /// The stack's mode, as last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stack_mode: Option<String>,
    /// The stack was online before and is not now: somebody must act.
    pub(crate) left_offline: bool,
    /// The offline window, by AWS's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offline: Option<OfflineWindow>,
    /// What the offline window could not have been shorter than, seconds: AWS's own durations and
    /// the settle time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bound_s: Option<u32>,
    /// Seconds between the instants the two halves stand for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) skew_s: Option<u32>,
    /// The database's half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) database: Option<DatabaseHalf>,
    /// The files' half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) files: Option<FilesHalf>,
    /// The DB secret's ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secret_arn: Option<String>,
    /// The DB secret's version id at the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secret_version: Option<String>,
    /// The user's note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// Why the backup must not be pruned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hold: Option<String>,
    /// What came of a run that makes a new stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rebuilt: Option<RebuiltReport>,
    /// What the user should know that did not stop it.
    pub(crate) warnings: Vec<String>,
    /// What to do next.
    pub(crate) next: Vec<String>,
}

/// When the stack was offline, by AWS's clock.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OfflineWindow {
    /// The *off* operation's start.
    #[schemars(with = "String")]
    pub(crate) from: Timestamp,
    /// The *on* operation's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(crate) to: Option<Timestamp>,
    /// How long, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seconds: Option<i64>,
}

impl RunReport {
    /// Of `run`, with what was seen of its halves. `by_hand` is the command that finishes the job.
    pub(crate) fn of(run: &Run, sights: &Sights, by_hand: &str) -> Self {
        let left_offline = left_offline(run, sights);
        let ending = run.ending.as_ref();
        let why = ending.and_then(|ending| ending.why.clone());
        let hint = ending.and_then(|ending| ending.hint.clone()).filter(|hint| !hint.is_empty());
        // A replacement's window ends with the proof of the new stack.
        let proven =
            (run.kind == Kind::Replace).then(|| run.rebuilt.second.proven.or(run.rebuilt.first.proven)).flatten();
        // Deleted: it has no mode, and nothing brings it back but the run itself.
        let deleted = run.kind == Kind::Replace && run.phase >= Phase::Deleting && run.phase != Phase::Returning;
        let by_hand =
            (left_offline && !deleted).then(|| format!("bring the stack back: `{by_hand}`{}", first(hint.as_deref())));
        let hint = hint.filter(|hint| by_hand.is_none() || !brings_back(hint));
        Self {
            id: run.id.to_string(),
            kind: kind(&run.kind),
            stack: run.target.stack.clone(),
            stack_id: Some(&run.target.stack_id).filter(|id| !id.is_empty()).or(run.rebuilt.first.id.as_ref()).cloned(),
            phase: run.phase.to_string(),
            outcome: ending.map(|ending| ending.outcome.to_string()),
            mode: mode(&run.kind),
            started: run.started,
            ended: ending.map(|ending| ending.at),
            why: why.or_else(|| run.trouble.as_ref().map(|trouble| trouble.what.clone())),
            stack_mode: match proven {
                Some(_) => Some(Mode::Online.to_string()),
                // Nor has one whose update is under way: it may still roll back.
                None => sights.mode.filter(|_| run.ended() || !(deleted || sights.moving)).map(|mode| mode.to_string()),
            },
            left_offline,
            offline: run.window.map(|window| OfflineWindow {
                from: window.from,
                to: window.to.or(proven),
                seconds: window.to.or(proven).map(|to| to.duration_since(window.from).as_secs()),
            }),
            bound_s: bound(run),
            skew_s: run.skew,
            database: sights.snapshot.as_ref().map(halves::database),
            files: sights.files(&run.target.vault),
            secret_arn: run.target.secret.clone(),
            secret_version: run.target.secret_version.clone(),
            note: run.options.note.clone(),
            hold: run.options.hold.clone(),
            rebuilt: RebuiltReport::of(run, sights),
            warnings: run.warnings.clone(),
            next: by_hand.into_iter().chain(hint).collect(),
        }
    }

    fn good(&self) -> bool {
        self.outcome.as_deref() == Some("complete")
    }
}

/// The exit code of a run that came to its end.
pub(crate) fn exit(run: &Run, sights: &Sights) -> Exit {
    if left_offline(run, sights) {
        return Exit::StillOffline;
    }
    match run.ending.as_ref().map(|ending| ending.outcome) {
        Some(Outcome::Complete) => Exit::Done,
        Some(Outcome::Refused) => Exit::Refused,
        Some(Outcome::Incomplete | Outcome::Inconsistent) => Exit::NotGood,
        Some(Outcome::Failed | Outcome::Aborted) | None => Exit::Failed,
    }
}

/// The stack was online before the run, and is not, or may not be, now.
pub(crate) fn left_offline(run: &Run, sights: &Sights) -> bool {
    if let Some(ending) = &run.ending {
        return ending.left_offline;
    }
    if run.stranded.is_some() {
        return true;
    }
    let away = matches!(run.phase, Phase::GoingOffline | Phase::Capturing | Phase::Resuming | Phase::Returning);
    let debt = matches!(run.kind, Kind::Home { .. });
    let wished = !debt && (run.prior != Some(Mode::Online) || run.kind == Kind::Offline || run.live());
    match sights.mode {
        _ if wished => false,
        // Executed, and not seen yet; or under way, and able to roll back.
        Some(Mode::Online) if run.phase == Phase::GoingOffline => run.left.is_some(),
        Some(Mode::Online) => matches!(run.phase, Phase::Resuming | Phase::Returning) && sights.moving,
        Some(Mode::Offline) => true,
        None => away,
    }
}

/// The hint names the command that brings the stack back: that is said once, with the region and the profile.
pub(crate) fn brings_back(hint: &str) -> bool {
    hint.contains("stacksnap online")
}

/// What comes before the stack is brought back by hand, where the run's own `hint` says so.
pub(crate) fn first(hint: Option<&str>) -> &'static str {
    match hint {
        Some(hint) if hint.contains("once the cause is removed") => ", once the cause is removed",
        Some(hint) if hint.contains("if it is not meant to be") => ", if it is not meant to be offline",
        _ => "",
    }
}

/// What the run is for, in a word.
pub(crate) fn kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::Backup { .. } => "backup",
        Kind::Offline => "offline",
        Kind::Online => "online",
        Kind::Home { .. } => "home",
        Kind::Restore => "restore",
        Kind::Drill => "drill",
        Kind::Replace => "replace",
    }
}

fn mode(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::Backup { live: true, .. } => Some("live"),
        Kind::Backup { live: false, .. } => Some("offline"),
        _ => None,
    }
}

fn bound(run: &Run) -> Option<u32> {
    let took = run.took;
    let halves = took.snapshot?.max(took.job?);
    Some(took.off?.saturating_add(run.options.settle).saturating_add(halves).saturating_add(took.on?))
}

impl Document for RunReport {
    const KIND: &'static str = "Run";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let outcome = self.outcome.as_deref().unwrap_or(&self.phase);
        let toned = if self.good() { page.paint.good(outcome) } else { page.paint.error(outcome) };
        page.line(format!("{}  {toned}", page.paint.bold(&self.id)))?;
        if let Some(why) = &self.why {
            page.field("Why", why)?;
        }
        self.times(page)?;
        if self.database.is_some() || self.files.is_some() {
            page.line("")?;
            halves::write(page, self.database.as_ref(), self.files.as_ref())?;
        }
        self.advice(page)
    }
}

impl RunReport {
    fn times(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.field("Stack", &self.stack)?;
        if let Some(mode) = &self.stack_mode {
            page.field("Stack is", mode)?;
        }
        if let Some(mode) = self.mode {
            page.field("Mode", mode)?;
        }
        if let Some(window) = &self.offline {
            let back = self.outcome.is_some() && self.stack_mode.as_deref() == Some("online");
            page.field("Offline", window.text(back))?;
        }
        if let Some(bound) = self.bound_s {
            page.field("AWS needed", format!("{} (settling included)", duration::show(bound.into())))?;
        }
        if let Some(skew) = self.skew_s {
            page.field("Skew", format!("{skew}s between the halves"))?;
        }
        // Of a change of mode nothing has to be opened later.
        if let Some(version) = self.secret_version.as_ref().filter(|_| self.mode.is_some()) {
            page.field("Secret version", version)?;
        }
        if let Some(rebuilt) = &self.rebuilt {
            rebuilt.text(page)?;
        }
        for (label, value) in [("Note", &self.note), ("Kept", &self.hold)] {
            if let Some(value) = value {
                page.field(label, value)?;
            }
        }
        Ok(())
    }

    fn advice(&self, page: &mut Page<'_>) -> io::Result<()> {
        for warning in &self.warnings {
            page.line(format!("{} {}", page.paint.warning("warning:"), super::output::clean::clean(warning)))?;
        }
        for next in &self.next {
            page.line(format!("{} {}", page.paint.bold("next:"), super::output::clean::clean(next)))?;
        }
        Ok(())
    }
}

impl OfflineWindow {
    fn text(&self, online: bool) -> String {
        match (self.to, self.seconds) {
            (Some(to), Some(seconds)) => {
                format!("{} to {} ({})", human::time(self.from), human::clock(to), duration::show(seconds))
            }
            _ if online => format!("from {}; brought back by somebody else", human::time(self.from)),
            _ => format!("since {}", human::time(self.from)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::output::{samples, text_of};
    use super::*;

    const BY_HAND: &str = "stacksnap online my-hub --region eu-west-1";

    fn shown(run: &Run, sights: &Sights) -> String {
        text_of(&RunReport::of(run, sights, BY_HAND), samples::now())
    }

    #[test]
    fn a_complete_backup_tells_its_window_and_its_skew() {
        let run = samples::run(json!({}));
        let sights = Sights { mode: Some(Mode::Online), ..Sights::default() };
        insta::assert_snapshot!(shown(&run, &sights), @"
        my-hub-20261120-020000  complete
        Stack             my-hub
        Stack is          online
        Mode              offline
        Offline           2026-11-20 02:00:10Z to 02:24:10Z (24m00s)
        AWS needed        23m30s (settling included)
        Skew              1s between the halves
        ");
        assert_eq!(exit(&run, &sights), Exit::Done);
    }

    #[test]
    fn a_stack_that_is_still_offline_is_told_with_the_command() {
        let run = samples::run(json!({
            "window": { "from": "2026-11-20T02:00:10Z" }, "skew": null, "took": {},
            "ending": {
                "outcome": "failed", "at": "2026-11-20T02:25:00Z", "left_offline": true,
                "why": "bringing the stack back rolled back 3 times", "hint": "remove the cause"
            }
        }));
        let sights = Sights { mode: Some(Mode::Offline), ..Sights::default() };
        insta::assert_snapshot!(shown(&run, &sights), @"
        my-hub-20261120-020000  failed
        Why               bringing the stack back rolled back 3 times
        Stack             my-hub
        Stack is          offline
        Mode              offline
        Offline           since 2026-11-20 02:00:10Z
        next: bring the stack back: `stacksnap online my-hub --region eu-west-1`
        next: remove the cause
        ");
        assert_eq!(exit(&run, &sights), Exit::StillOffline);
    }

    #[test]
    fn every_outcome_has_its_exit_code() {
        let of = |outcome: &str| {
            exit(
                &samples::run(json!({ "ending": { "outcome": outcome, "at": "2026-11-20T02:25:00Z" } })),
                &Sights::default(),
            )
        };
        let codes = ["complete", "refused", "failed", "aborted", "incomplete", "inconsistent"].map(|it| of(it).code());
        assert_eq!(codes, [0, 4, 1, 1, 7, 7]);
    }

    #[test]
    fn a_run_that_is_left_half_way_may_have_left_the_stack_offline() {
        let half_way = |phase: &str, prior: &str, mode: Option<Mode>| {
            let run = samples::run(json!({ "phase": phase, "prior": prior, "ending": null }));
            left_offline(&run, &Sights { mode, ..Sights::default() })
        };
        assert!(half_way("Capturing", "online", None));
        assert!(half_way("Resuming", "online", Some(Mode::Offline)));
        assert!(!half_way("Resuming", "online", Some(Mode::Online)));
        assert!(!half_way("Capturing", "offline", Some(Mode::Offline)));
        assert!(!half_way("Verifying", "online", None));
    }

    #[test]
    fn an_update_that_is_under_way_has_not_brought_the_stack_back() {
        let run = samples::run(json!({
            "phase": "Resuming", "prior": "online", "ending": null, "window": { "from": "2026-11-20T02:00:10Z" }
        }));
        let sights = Sights { mode: Some(Mode::Online), moving: true, ..Sights::default() };
        let returning = Run { kind: Kind::Replace, phase: Phase::Returning, ..run.clone() };
        assert!(left_offline(&returning, &sights) && left_offline(&returning, &Sights::default()));
        assert!(!left_offline(&run, &Sights { moving: false, ..sights.clone() }));
        assert_eq!(exit(&run, &sights), Exit::StillOffline);
        let report = RunReport::of(&run, &sights, BY_HAND);
        assert!(report.left_offline && report.stack_mode.is_none());
        assert!(shown(&run, &sights).contains("since 2026-11-20 02:00:10Z\n"));
    }
}
