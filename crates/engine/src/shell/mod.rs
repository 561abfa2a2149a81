//! The shell around the fold: threads, durability, timers, background work. Everything here moves inputs
//! to the journal and from there to the fold, in one order; nothing here decides what they mean.

mod checkpointer;
mod core;
mod folding;
mod handed;
mod historian;
mod intake;
mod low_priority;
mod primer;
mod ranker;
mod replay;
mod restore;
mod scheduler;
mod splitter;
mod ticker;
mod verifier;

pub use checkpointer::CheckpointOptions;
pub(crate) use checkpointer::{
    CheckpointState, Checkpointer, checkpoint_at_stop, checkpoint_now, run_checkpointer,
};
pub(crate) use core::Core;
#[cfg(test)]
pub(crate) use core::Held;
pub(crate) use folding::{
    Marked, frozen_environment, keep_rejections, listed_until, mark, publish, run_fold,
};
pub(crate) use historian::{Historian, Pinned, TailSize, run_compactor, run_historian};
pub(crate) use intake::{Done, Intake, run_journal};
pub use low_priority::lower_priority;
pub(crate) use primer::{ENGINE, command, run_primer};
#[cfg(test)]
pub(crate) use primer::{Priming, begin_priming, finish_priming, read_priming};
pub use replay::OpenProgress;
pub(crate) use replay::{Replay, Replayed, replay};
pub(crate) use scheduler::run_scheduler;
#[cfg(test)]
pub(crate) use splitter::{Attempt, begin_split, finish_split, read_split};
pub(crate) use ticker::run_ticker;
pub(crate) use verifier::{Verified, run_verifier};
