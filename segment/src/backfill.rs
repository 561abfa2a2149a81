//! History for rules that were not there when it happened: who answers for a profile's past.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use segops_model::{Event, Identifier, Instant, Position, ProfileId, SignalId, Value};

use crate::{RankingKey, RankingThreshold, RecordedScore, SignalRegistry, Timeline};

/// What of history is asked for.
#[derive(Debug, Clone, Copy)]
pub struct HistoryRequest<'a> {
    /// Inputs before this position, with the identity in force at it.
    pub until: Position,
    /// Events that happened up to this instant.
    pub at: Instant,
    /// The signals whose timelines are wanted.
    pub signals: &'a SignalRegistry,
    /// The first names of the traits that are wanted.
    pub trait_roots: &'a BTreeSet<CompactString>,
    /// The names of the recorded scores that are wanted.
    pub scores: &'a BTreeSet<String>,
}

/// One profile's past, as far as it was asked for: complete, never trimmed.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    pub profile: ProfileId,
    /// Each signal once; one without matches may be left out.
    pub timelines: Vec<(SignalId, Timeline)>,
    /// The traits in force at the instant.
    pub traits: Vec<(CompactString, Value)>,
    pub identifiers: Vec<Identifier>,
    /// Events whose matches can change with the product catalogue, each with its position.
    pub product_events: Vec<(Position, Event)>,
    pub email_opted_out: bool,
    /// What holds of each recorded score by the instant, by inputs up to then; one that the profile has not is left out.
    pub scores: Vec<(String, RecordedScore)>,
}

impl History {
    #[must_use]
    pub fn recorded_score(&self, score: &str) -> Option<RecordedScore> {
        self.scores.iter().find(|(name, _)| name == score).map(|(_, recorded)| *recorded)
    }

    /// Whether the profile has an identifier beyond an anonymous one.
    #[must_use]
    pub fn is_identified(&self) -> bool {
        self.identifiers.iter().any(|identifier| !identifier.kind.is_anonymous())
    }
}

/// Something that holds the whole history of a workspace.
pub trait Backfill {
    type Error;

    /// Hands out every profile that had an event by the instant, each once, in ascending order.
    ///
    /// # Errors
    /// The history cannot be read, or the reading was called off.
    fn histories(
        &self,
        request: &HistoryRequest<'_>,
        each: &mut dyn FnMut(&History),
    ) -> Result<(), Self::Error>;

    /// The thresholds of rankings in force at an instant: of each ranking the one recorded last, by inputs
    /// before a position and up to the instant.
    ///
    /// # Errors
    /// As [`Backfill::histories`].
    fn thresholds(
        &self,
        until: Position,
        at: Instant,
    ) -> Result<BTreeMap<RankingKey, RankingThreshold>, Self::Error>;
}
