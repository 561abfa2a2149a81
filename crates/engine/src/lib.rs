//! The engine: the fold and its shell. It takes decoded events and commands, makes them durable in one order,
//! folds them into identities, profiles and memberships, and answers questions about the result.
//!
//! Data leaves by the door it came in: every change goes through the journal, and only [`fold`] writes the
//! state. [`rebuild`] answers from raw history without either. This crate knows nothing of HTTP, accounts or
//! file formats.

mod alarms;
mod artefact;
mod changes;
mod checkpoint;
mod command;
mod computed_values;
pub mod conformance;
mod consent;
mod cost;
mod definitions;
mod difference;
mod engine;
mod error;
pub mod fold;
mod frozen;
mod ground;
mod history;
pub mod journal_item;
mod lists;
mod membership;
mod names;
mod parts_backfill;
mod people;
mod preview;
mod products;
mod questions;
mod reaching;
mod reading;
pub mod rebuild;
mod result_artefact;
mod result_book;
mod results;
mod schedule;
mod score_batch;
mod scores;
mod segment_changes;
mod settings;
mod shell;
mod showing;
pub mod state;
#[cfg(test)]
mod tests;
mod timeline;
mod transitions;
mod verify;
pub mod view;
mod work;

pub use alarms::{AlarmEdit, NewAlarm, judged};
pub use artefact::{Artefact, ArtefactFolder, Artefacts, ProfileVerdict, SplitRow, SplitRows};
pub use command::{AlarmChange, Change, Command, Outcome, Refusal, ResultChange};
pub use definitions::{ComputedTraits, DefinitionKind, DerivedEvents};
pub use difference::OtherRule;
pub use engine::{Engine, EngineOptions, JournalKeeping, JournalRetention, Timers};
pub use error::{Busy, EngineError};
pub use frozen::{Frozen, FrozenDerivedEvent, FrozenProduct, Gathered, SeenProperty};
pub use ground::{Ground, KnownNames};
pub use history::{History, HistoryOptions};
pub use lists::{LIST_ENTRIES_MAX, ListBook};
pub use products::product_change;
pub use reading::FoundProfiles;
pub use result_artefact::{NamedProfile, ResultArtefact};
pub use result_book::{RESULT_MEMBERS_MAX, ResultBook};
pub use results::{ComputedResult, Computing, NewResult, NotComputed};
pub use schedule::{SCHEDULE_MINUTES, Schedule};
pub use score_batch::{KnownScore, KnownScores, SCORE_NAME_BYTES_MAX, SCORES_MAX, ScoreBatch, ScoreValues};
pub use scores::{Score, ScoreOrigin, ScoresRecorded, ScoresSent};
pub use segment_changes::NewSegment;
pub use segops_identity::SplitRefusal;
pub use segops_parts::Effort;
pub use settings::Settings;
pub use shell::{CheckpointOptions, OpenProgress, lower_priority};
pub use state::folder_path;
pub use timeline::{EventsAsked, EventsFound};
pub use transitions::{TransitionsGone, WatchId};
pub use verify::{VerifiedFolder, VerifyFrom, verify_folder};
pub use work::{Cancelled, Work};
