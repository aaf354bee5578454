//! One file per command: the arguments, whose comments are the help, then one function.

pub(crate) mod abort;
pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod drill;
pub(crate) mod guard;
pub(crate) mod inspect;
pub(crate) mod keep;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod offline;
pub(crate) mod online;
pub(crate) mod params;
pub(crate) mod prune;
pub(crate) mod replace;
pub(crate) mod restore;
pub(crate) mod resume;
pub(crate) mod schedule;
pub(crate) mod sentinel;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod verify;
