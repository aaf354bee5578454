//! `prune`, simulated: deletions that die, sleep and race with each other and with everybody who needs a backup.

mod crashes;
mod driver;
mod histories;
mod judge;
mod model_check;
mod operators;
mod planning;
mod shelf;
mod situations;
mod weather;
mod year;
