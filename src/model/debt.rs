//! The stack's mode, and who owes what (rule 4).

use super::history::History;
use super::run::Mode;
use super::stack::Stack;
use super::topology::OfflineSwitch;
use super::{BackupId, Switch};

/// The mode as the offline parameter reads; `None` where it has neither value.
pub fn mode(stack: &Stack, switch: &OfflineSwitch) -> Option<Mode> {
    match stack.parameter(&switch.parameter)? {
        value if value == switch.online => Some(Mode::Online),
        value if value == switch.offline => Some(Mode::Offline),
        _ => None,
    }
}

/// What the event history says about an offline stack (rule 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Debt {
    /// Nothing is owed: online, or offline by somebody's wish.
    None,
    /// A run took it offline and has to bring it back.
    Owed {
        /// That run.
        run: BackupId,
    },
    /// A run took it offline, but several foreign operations came after it: the operator may have
    /// meant it. Nobody guesses; alert.
    Ambiguous {
        /// That run.
        run: BackupId,
        /// How many.
        foreign: usize,
    },
}

/// The debt rule: our newest completed operation is an *off* with no later *on*, and at most one
/// foreign operation came after it. Operations that rolled back changed nothing and do not count.
pub fn debt(offline: bool, history: &History) -> Debt {
    if !offline || history.under_way().is_some() {
        return Debt::None;
    }
    let mut foreign = 0;
    for op in history.operations.iter().filter(|op| op.took_effect()) {
        match op.own() {
            Some(token) if token.switch == Switch::Off && foreign <= 1 => return Debt::Owed { run: token.run },
            Some(token) if token.switch == Switch::Off => return Debt::Ambiguous { run: token.run, foreign },
            Some(token) if token.switch == Switch::On => return Debt::None,
            _ => foreign += 1,
        }
    }
    Debt::None
}
