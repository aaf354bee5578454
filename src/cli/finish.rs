//! From a run that is under way to the exit code: drive it, show what came of it.

use std::time::Duration;

use super::context::Context;
use super::drive::{self, Driven, End, Manner, Stop};
use super::exit::Exit;
use super::failure::Failure;
use super::pace::Pace;
use super::progress::Progress;
use super::rebuild::rolling_back;
use super::report::{self, RunReport};
use super::sentinel;
use super::sights::Sights;
use super::signals::{Signal, Signals};
use crate::aws::Aws;
use crate::model::run::{Kind, Outcome, Run};

/// How this command line drives.
pub(crate) fn manner(cx: &Context, timeout: Option<Duration>, watched: bool) -> Manner {
    Manner { pace: Pace::new(&cx.globals), timeout, watched }
}

/// Drives `run`, shows it, and says how it went. One that was to be given up has done well when it
/// ended aborted.
///
/// # Errors
/// It did not go well: the reason, with its exit code.
pub(crate) async fn drive(cx: &Context, aws: &Aws, run: Run, how: Manner, signals: Signals) -> Result<Exit, Failure> {
    let to_abort = run.abort;
    let mut driven = drive::drive(aws, run, how, signals, Progress::new(&cx.globals)).await;
    if let End::Halted(halt) = &driven.end
        && halt.asks
        && cx.interactive()
    {
        cx.warn(&halt.what);
        if cx.confirm(&format!("delete it, and restore the safety backup {}?", driven.run.id)).is_ok() {
            // Whoever drives it on is to know; where this is lost, this process still knows.
            let run = rolling_back(aws, driven.run).await;
            let again = manner(cx, None, false);
            driven = drive::drive(aws, run, again, Signals::listen(), Progress::new(&cx.globals)).await;
        }
    }
    // Hours ago somebody watched: whether he still does is asked again before the run is left to him.
    let bound_home = driven.run.kind != Kind::Restore;
    if driven.end == End::Handed && bound_home && !sentinel::takes_over(aws, &driven.run).await {
        cx.warn("the time is up, and no sentinel watches any more: the stack is brought back");
        let run = Run { abort: true, ..driven.run };
        driven = drive::drive(aws, run, manner(cx, None, false), Signals::listen(), Progress::new(&cx.globals)).await;
        driven.stop = driven.stop.or(Some(Stop::Timeout));
    }
    let finisher = Finisher { cx, region: aws.region() };
    finisher.show(&driven);
    match finisher.failure(&driven) {
        Some(failure) if !(to_abort && aborted(&driven)) => Err(failure),
        _ => Ok(Exit::Done),
    }
}

/// Lets a run that is over tidy up what it left lying. What cannot be tidied is no failure here.
pub(crate) async fn tidy(cx: &Context, aws: &Aws, run: Run) {
    let signals = Signals::listen();
    let quiet = super::args::Globals { quiet: true, ..cx.globals.clone() };
    drop(drive::drive(aws, run, manner(cx, None, false), signals, Progress::new(&quiet)).await);
}

/// A run that was begun and left to somebody else.
///
/// # Errors
/// Those of the output.
pub(crate) fn handed(cx: &Context, aws: &Aws, run: &Run) -> Result<Exit, Failure> {
    cx.emit(&RunReport::of(run, &Sights::default(), &cx.command(&["resume", &run.target.stack], Some(aws.region()))))?;
    Ok(Exit::Done)
}

struct Finisher<'a> {
    cx: &'a Context,
    region: &'a str,
}

impl Finisher<'_> {
    /// What could not be written is only worth a warning: the run is what counts.
    fn show(&self, driven: &Driven) {
        let mut report = RunReport::of(&driven.run, &driven.sights, &self.by_hand(driven));
        report.next.extend(self.after_restore(&driven.run));
        if let Err(failure) = self.cx.emit(&report) {
            self.cx.warn(&failure.what);
        }
    }

    /// What nobody but the operator can do after a restore, as the stack profile says.
    fn after_restore(&self, run: &Run) -> Vec<String> {
        let made = run.rebuilt.first.proven.or(run.rebuilt.second.proven).is_some();
        let aim = run.target.aim.as_ref().filter(|_| made && run.kind != Kind::Drill);
        let Some(name) = aim.and_then(|aim| aim.profile.as_deref()) else { return Vec::new() };
        let profile = self.cx.settings.profiles().into_iter().find(|profile| profile.name == name);
        profile.map(|profile| profile.after_restore).unwrap_or_default()
    }

    /// The command that finishes the job: an ended run is not driven on, the stack is switched.
    fn by_hand(&self, driven: &Driven) -> String {
        let word = if driven.run.ended() { "online" } else { "resume" };
        self.cx.command(&[word, &driven.run.target.stack], Some(self.region))
    }

    fn failure(&self, driven: &Driven) -> Option<Failure> {
        match &driven.end {
            End::Over => self.over(driven),
            End::Left => Some(self.unfinished(driven, "left", "the run was left as it is")),
            End::Handed => Some(self.handed(driven)),
            End::Broken => {
                Some(self.unfinished(driven, "internal-error", "stacksnap failed again and again; this is a bug"))
            }
            End::Halted(halt) => Some(
                Failure::new(Exit::StillOffline, "stands-still", format!("{}: {}", driven.run.target.stack, halt.what))
                    .hint(halt.hint.clone()),
            ),
            End::Stuck(refusal) => {
                let told = self.cx.refused("this process cannot drive the run on", refusal);
                let mut failure = self.unfinished(driven, &told.code, &told.what);
                failure.why = told.why;
                failure.next.extend(told.next);
                Some(Failure { refusal: told.refusal, ..failure })
            }
        }
    }

    fn over(&self, driven: &Driven) -> Option<Failure> {
        let exit = ended(driven);
        if exit == Exit::Done {
            return None;
        }
        let run = &driven.run;
        let outcome = run.ending.as_ref().map_or(Outcome::Failed, |ending| ending.outcome);
        let mut failure = Failure::new(exit, &outcome.to_string(), format!("{}: {outcome}", run.id));
        failure.why = run.ending.as_ref().and_then(|ending| ending.why.clone());
        if driven.stop == Some(Stop::Timeout) && outcome == Outcome::Aborted && exit != Exit::StillOffline {
            failure.why = Some("its --timeout was up, so the run was given up".to_owned());
            failure.next.push("give it more time: `--timeout`".to_owned());
        }
        if exit == Exit::StillOffline {
            let good = outcome == Outcome::Complete && matches!(run.kind, Kind::Backup { .. });
            let what = if good { format!("the backup {} is complete", run.id) } else { failure.what };
            failure.what = format!("{} IS STILL OFFLINE: {what}", run.target.stack);
            let hint = run.ending.as_ref().and_then(|ending| ending.hint.as_deref());
            failure.next.push(format!("bring it back: `{}`{}", self.by_hand(driven), report::first(hint)));
        }
        let said = |hint: &str| report::brings_back(hint) && exit == Exit::StillOffline;
        let hint = run.ending.as_ref().and_then(|ending| ending.hint.clone());
        let hint = hint.filter(|hint| !hint.is_empty() && !said(hint));
        failure.next.extend(hint);
        Some(failure)
    }

    fn unfinished(&self, driven: &Driven, code: &str, what: &str) -> Failure {
        let stack = &driven.run.target.stack;
        let offline = report::left_offline(&driven.run, &driven.sights);
        let exit = if offline { Exit::StillOffline } else { stopped(driven) };
        let state = if offline { format!("; {stack} MAY STILL BE OFFLINE") } else { String::new() };
        Failure::new(exit, code, format!("{what}{state}"))
            .hint(format!("finish the job: `{}`", self.cx.command(&["resume", stack], Some(self.region))))
    }

    fn handed(&self, driven: &Driven) -> Failure {
        if driven.run.kind == Kind::Restore {
            let resume = self.cx.command(&["resume", &driven.run.target.stack], Some(self.region));
            return Failure::new(Exit::TimedOut, "timeout", "the time is up; AWS goes on creating the stack")
                .hint(format!("wait for its end, and see it proven: `{resume}`"));
        }
        let status = self.cx.command(&["status", &driven.run.target.stack], Some(self.region));
        Failure::new(Exit::TimedOut, "timeout", "the time is up; the run goes on without this process")
            .hint(format!("see how it goes: `{status}`"))
    }
}

/// Given up, and everything is as it was before.
fn aborted(driven: &Driven) -> bool {
    let ending = driven.run.ending.as_ref();
    ending.is_some_and(|ending| ending.outcome == Outcome::Aborted && !ending.left_offline)
}

/// The exit code of a run that is over, whoever ended it.
fn ended(driven: &Driven) -> Exit {
    match report::exit(&driven.run, &driven.sights) {
        // A bug is never a success, even where everything was done by then.
        Exit::Done if driven.stop == Some(Stop::Panic) => Exit::Failed,
        Exit::Failed => stopped(driven),
        // Given up too late: it was done.
        other => other,
    }
}

fn stopped(driven: &Driven) -> Exit {
    match driven.stop {
        Some(Stop::Signal(Signal::Interrupt)) => Exit::Interrupted,
        Some(Stop::Signal(Signal::Terminate)) => Exit::Terminated,
        Some(Stop::Timeout | Stop::Panic) | None => Exit::Failed,
    }
}
