//! The exit codes, all of them, in one place. Scripts rely on them: they are never renumbered.

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Failed; every stack is in the mode it had before.
    Failed = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// Failed **and a stack is still offline**: somebody must act.
    StillOffline = 3,
    /// Refused by findings; nothing was touched.
    Refused = 4,
    /// The wait timed out; the run goes on.
    TimedOut = 5,
    /// Another run holds the stack.
    Busy = 6,
    /// The backup is not complete or not consistent, or cannot be restored.
    NotGood = 7,
    /// No such stack or backup.
    NotFound = 8,
    /// Interrupted (Ctrl-C); every stack is in the mode it had before.
    Interrupted = 130,
    /// Terminated; every stack is in the mode it had before.
    Terminated = 143,
}

/// The table as the manual page shows it.
pub(crate) const TABLE: &str = "\
Exit codes:
    0  done, or nothing to do
    1  failed; every stack is in the mode it had before
    2  wrong usage or configuration
    3  failed AND a stack is still offline: somebody must act
    4  refused by findings; nothing was touched
    5  the wait timed out; the run goes on
    6  another run holds the stack
    7  the backup is not complete or not consistent, or cannot be restored
    8  no such stack or backup
  130  interrupted      143  terminated      (3 if a stack is still offline)";

impl Exit {
    /// The number that the shell sees.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_the_table_that_users_see() {
        for exit in [
            Exit::Done,
            Exit::Failed,
            Exit::Usage,
            Exit::StillOffline,
            Exit::Refused,
            Exit::TimedOut,
            Exit::Busy,
            Exit::NotGood,
            Exit::NotFound,
            Exit::Interrupted,
            Exit::Terminated,
        ] {
            assert!(TABLE.contains(&format!("{:>5}  ", exit.code())) || TABLE.contains(&format!("{}  ", exit.code())));
        }
    }
}
