//! The shell around the fold: threads, durability, timers, background work. Everything here moves inputs
//! to the journal and from there to the fold, in one order; nothing here decides what they mean.

mod core;
mod folding;
mod intake;
mod primer;
mod replay;
mod ticker;

pub use core::Core;
pub use folding::{Marked, keep_rejection, publish, run_fold};
pub use intake::{Done, Intake, run_journal};
pub use primer::{ENGINE, command, run_primer};
pub use replay::{OpenProgress, replay};
pub use ticker::run_ticker;
