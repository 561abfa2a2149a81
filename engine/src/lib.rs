//! The engine: the fold and its shell. It takes decoded events and commands, makes them durable in one order,
//! folds them into identities, profiles and memberships, and answers questions about the result.
//!
//! Data leaves by the door it came in: every change goes through the journal, and only [`fold`] writes the
//! state. [`rebuild`] answers from raw history without either. This crate knows nothing of HTTP, accounts or
//! file formats.

mod artefact;
mod changes;
mod command;
pub mod conformance;
mod cost;
mod difference;
mod engine;
mod error;
pub mod fold;
pub mod journal_item;
mod membership;
mod names;
mod people;
mod preview;
mod products;
mod questions;
mod reach;
mod reading;
pub mod rebuild;
mod segment_changes;
mod settings;
mod shell;
mod showing;
pub mod state;
#[cfg(test)]
mod tests;
mod transitions;
mod verify;
pub mod view;
mod work;

pub use artefact::{Artefact, ArtefactFolder, Artefacts, ProfileVerdict, SplitRow, SplitRows};
pub use command::{Change, Command, Outcome, Refusal};
pub use difference::OtherRule;
pub use engine::{Engine, EngineOptions, Timers};
pub use error::{Busy, EngineError};
pub use products::product_change;
pub use segment_changes::NewSegment;
pub use segops_identity::SplitRefusal;
pub use settings::Settings;
pub use shell::OpenProgress;
pub use state::folder_path;
pub use transitions::{TransitionsGone, WatchId};
pub use verify::{VerifiedFolder, verify_folder};
pub use work::{Cancelled, Work};
