//! The plain data that every other crate speaks of: identifiers, events, values, instants, transitions.
//!
//! This crate knows nothing of wire formats, storage, rules or evaluation. Everything here is a value:
//! no clock is read, no file is opened, no thread is started.

mod clock;
mod date;
mod decimal;
mod event;
mod identifier;
mod ids;
mod instant;
mod limits;
mod path;
mod text;
mod transition;
mod value;
mod value_serde;

#[cfg(test)]
mod tests;

pub use clock::{Clock, SystemClock};
pub use date::{date_of, instant_of_local, offset_change_until, parse_date};
pub use decimal::Decimal;
pub use event::{Channel, Envelope, Event, EventKind};
pub use identifier::{Identifier, IdentifierKind};
pub use ids::{Position, ProfileId, SegmentId, SegmentVersion, SignalId, SourceId, SplitId};
pub use instant::{DAY_MS, HOUR_MS, Instant, MINUTE_MS, SECOND_MS};
pub use limits::Limits;
pub use path::{Path, PathError};
pub use text::{fold_case, fold_character, same_text};
pub use transition::{Cause, Direction, Transition, TransitionId};
pub use value::{Object, Value};
