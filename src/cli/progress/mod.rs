//! What is told on stderr while a run is driven.

mod bars;
mod eta;
mod labels;
mod story;

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;

use super::args::{Globals, LogFormat};
use super::output::{Paint, clean, human};
use super::sights::Sights;
use crate::model::run::Run;
use crate::world::Tick;

use bars::Bars;
use story::Story;
pub(crate) use story::{Level, Line};

/// A sign of life at least this often, where there are no bars.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Tells one run's story.
pub(crate) struct Progress {
    story: Story,
    voice: Voice,
    paint: Paint,
    quiet: bool,
    verbose: bool,
    spoke: Instant,
}

/// How it is told.
enum Voice {
    /// Bars and lines, on a terminal.
    Bars(Bars),
    /// A line a change.
    Lines,
    /// A JSON object a change.
    Json,
}

/// One line, for machines.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    at: String,
    level: &'static str,
    stack: &'a str,
    run: &'a str,
    phase: String,
    event: &'static str,
    message: &'a str,
}

impl Progress {
    /// As the options ask, and as far as stderr allows.
    pub(crate) fn new(globals: &Globals) -> Self {
        let voice = match globals.log_format {
            LogFormat::Json => Voice::Json,
            LogFormat::Text if io::stderr().is_terminal() && !globals.quiet => Voice::Bars(Bars::new()),
            LogFormat::Text => Voice::Lines,
        };
        Self {
            story: Story::default(),
            voice,
            paint: Paint::of_stderr(globals.color),
            quiet: globals.quiet,
            verbose: globals.verbose > 0,
            spoke: Instant::now(),
        }
    }

    /// In lines, also on a terminal: of several runs at once.
    pub(crate) fn lines(globals: &Globals) -> Self {
        let mut progress = Self::new(globals);
        if let Voice::Bars(_) = progress.voice {
            progress.voice = Voice::Lines;
        }
        progress
    }

    /// Tells what a tick brought.
    pub(crate) fn tick(&mut self, tick: &Tick, sights: &Sights, now: Timestamp) {
        for line in self.story.lines(tick, sights) {
            self.tell(&tick.run, &line, now);
        }
        if let Voice::Bars(bars) = &mut self.voice {
            bars.show(&tick.run, sights, now);
        } else if self.spoke.elapsed() >= HEARTBEAT {
            self.tell(&tick.run, &Line::info("heartbeat", eta::standing(&tick.run, sights, now)), now);
        }
    }

    /// Tells something that the driver itself has to say.
    pub(crate) fn tell(&mut self, run: &Run, line: &Line, now: Timestamp) {
        let wanted = match line.level {
            Level::Detail => self.verbose,
            Level::Info => !self.quiet,
            Level::Warning | Level::Error => true,
        };
        if !wanted {
            return;
        }
        self.spoke = Instant::now();
        let text = match &self.voice {
            Voice::Json => json(run, line, now),
            Voice::Bars(_) | Voice::Lines => self.text(run, line, now),
        };
        if let Voice::Bars(bars) = &self.voice {
            bars.above(&text);
        } else {
            // A closed stderr must never stop a run.
            drop(writeln!(io::stderr(), "{text}"));
        }
    }

    /// Takes the bars away.
    pub(crate) fn end(&mut self) {
        if let Voice::Bars(bars) = &mut self.voice {
            bars.clear();
        }
    }

    /// Whether a person is watching: the sleep between looks is cut, so that clocks go on.
    pub(crate) fn refresh(&mut self, run: &Run, sights: &Sights, now: Timestamp) {
        match &mut self.voice {
            Voice::Bars(bars) => bars.show(run, sights, now),
            Voice::Lines | Voice::Json if self.spoke.elapsed() >= HEARTBEAT => {
                self.tell(run, &Line::info("heartbeat", eta::standing(run, sights, now)), now);
            }
            Voice::Lines | Voice::Json => {}
        }
    }

    fn text(&self, run: &Run, line: &Line, now: Timestamp) -> String {
        let text = clean::clean(&line.text);
        let text = match line.level {
            Level::Warning => format!("{} {text}", self.paint.warning("warning:")),
            Level::Error => format!("{} {text}", self.paint.error("error:")),
            Level::Detail => self.paint.dim(&text),
            Level::Info if line.event == "phase" => self.paint.bold(&text),
            Level::Info => text.into_owned(),
        };
        format!("{} {}  {text}", self.paint.dim(&human::clock(now)), run.target.stack)
    }
}

fn json(run: &Run, line: &Line, now: Timestamp) -> String {
    let record = Record {
        at: now.to_string(),
        level: line.level.word(),
        stack: &run.target.stack,
        run: run.id.as_str(),
        phase: run.phase.to_string(),
        event: line.event,
        message: &line.text,
    };
    serde_json::to_string(&record).unwrap_or_default()
}
