//! A bar a half and a line with the phase, on a terminal.

use jiff::Timestamp;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::super::sights::Sights;
use super::eta::{self, Half};
use crate::model::run::{Phase, Run};

/// The lines at the foot of the terminal.
pub(super) struct Bars {
    all: MultiProgress,
    phase: ProgressBar,
    database: Option<ProgressBar>,
    files: Option<ProgressBar>,
}

impl Bars {
    /// With the phase's line.
    pub(super) fn new() -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let phase = all.add(ProgressBar::new_spinner());
        phase.set_style(style("{spinner} {msg}"));
        phase.enable_steady_tick(std::time::Duration::from_millis(250));
        Self { all, phase, database: None, files: None }
    }

    /// Writes a line above the bars.
    pub(super) fn above(&self, text: &str) {
        drop(self.all.println(text));
    }

    /// Shows where the run is.
    pub(super) fn show(&mut self, run: &Run, sights: &Sights, now: Timestamp) {
        let capturing = run.phase == Phase::Capturing;
        self.phase.set_message(eta::standing(run, &Sights::default(), now));
        let database = eta::database(run, sights, now).filter(|_| capturing);
        let files = eta::files(run, sights, now).filter(|_| capturing);
        bar(&self.all, &mut self.database, "database", database);
        bar(&self.all, &mut self.files, "files", files);
    }

    /// Takes everything away.
    pub(super) fn clear(&mut self) {
        self.phase.finish_and_clear();
        for bar in [self.database.take(), self.files.take()].into_iter().flatten() {
            bar.finish_and_clear();
        }
    }
}

fn bar(all: &MultiProgress, slot: &mut Option<ProgressBar>, name: &'static str, half: Option<Half>) {
    let Some(half) = half else {
        if let Some(bar) = slot.take() {
            bar.finish_and_clear();
        }
        return;
    };
    let bar = slot.get_or_insert_with(|| {
        let bar = all.add(ProgressBar::new(100));
        bar.set_style(style("  {prefix:<9} {bar:30} {msg}"));
        bar.set_prefix(name);
        bar
    });
    bar.set_position(half.percent.into());
    bar.set_message(half.text());
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
