//! The shell around the fold: threads, durability, timers, background work. Everything here moves inputs
//! to the journal and from there to the fold, in one order; nothing here decides what they mean.

mod core;
mod folding;
mod intake;
mod primer;
mod ranker;
mod replay;
mod splitter;
mod ticker;
mod verifier;

pub(crate) use core::Core;
#[cfg(test)]
pub(crate) use core::Held;
pub(crate) use folding::{
    Marked, frozen_environment, keep_rejections, listed_until, mark, publish, run_fold,
};
pub(crate) use intake::{Done, Intake, run_journal};
pub(crate) use primer::{ENGINE, command, run_primer};
#[cfg(test)]
pub(crate) use primer::{Priming, begin_priming, finish_priming, read_priming};
pub use replay::OpenProgress;
pub(crate) use replay::{Replay, replay};
#[cfg(test)]
pub(crate) use splitter::{Attempt, begin_split, finish_split, read_split};
pub(crate) use ticker::run_ticker;
pub(crate) use verifier::{Verified, run_verifier};
