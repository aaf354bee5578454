//! A backup, phase by phase.
//!
//! | phase | leaves when | on trouble |
//! |---|---|---|
//! | Preflight | the stack can be updated, the cluster is `available`, no job holds the file system | refused, nothing touched |
//! | Seeding (optional) | an online recovery point is complete, or a complete one is younger than a day | skipped with a warning |
//! | GoingOffline | own *off* complete, cluster `available` again, file system settled; nothing to do where it was offline before | → Resuming, fails |
//! | Capturing | snapshot `available` and job COMPLETED | → Resuming; once *on* is executing, StopBackupJob; fails |
//! | Resuming | the stack is in the mode it had before, cluster `available` | three attempts, then loudly (exit 3) |
//! | Verifying | both halves described again, the fence holds, the mark of completeness sticks | incomplete or inconsistent |
//! | Done | | |

mod capture;
mod offline;
mod preflight;
mod seeding;
mod verify;

use super::Step;
use super::home::{self, Duty};
use super::turn::Turn;
use crate::model::run::Phase;

pub(super) fn step(turn: Turn<'_>) -> Step {
    match turn.run.phase {
        Phase::Preflight => preflight::step(turn),
        Phase::Seeding => seeding::step(turn),
        Phase::GoingOffline => offline::step(turn),
        Phase::Capturing => capture::step(turn),
        Phase::Resuming => home::step(turn, Duty::Debt, back_home),
        Phase::Verifying => verify::step(turn),
        // The others are a replacement's own.
        _ => home::tidy(turn),
    }
}

/// The stack is as it was. What went wrong ends the run here; otherwise the halves are verified.
fn back_home(turn: Turn<'_>) -> Step {
    if turn.run.failing() || turn.run.lost { turn.end() } else { turn.to(Phase::Verifying) }
}
