use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::{Instant, Position, ResultId, SegmentId};
use segops_segment::{Naming, ResultKind};

use super::State;
use crate::schedule::Schedule;

/// A recorded result: its definition, and what became of it. Whom it names is in the book of results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultState {
    pub id: ResultId,
    pub name: String,
    pub author: String,
    pub created_at: Instant,
    pub changed_at: Instant,
    /// One more for each change of the definition.
    pub version: u32,
    pub definition: ResultDefinition,
    pub schedule: Schedule,
    /// Since when it waits to be computed, whatever its schedule says.
    pub asked_at: Option<Instant>,
    /// When computing it ended last, well or not.
    pub attempted_at: Option<Instant>,
    /// Why the newest attempt gave nothing; what was recorded before it holds.
    pub failure: Option<ResultFailure>,
    /// What was recorded, oldest first; the newest holds.
    pub runs: Vec<ResultRun>,
}

/// Whom a recorded result names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultDefinition {
    /// The profiles in the column `profile_id` of what a query in SQL answers.
    Query { sql: String },
    /// So many profiles that are most like the members of a segment, and no members themselves.
    Alike { segment: SegmentId, count: u64 },
}

/// Why an attempt gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResultFailure {
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    pub message: String,
}

/// What was recorded at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultRun {
    /// The version of the definition.
    pub version: u32,
    /// The inputs that it is of: those before this position.
    pub position: Position,
    pub as_of: Instant,
    pub recorded_at: Instant,
    /// The file with whom it names.
    pub artefact: String,
    pub named: u64,
}

impl ResultDefinition {
    #[must_use]
    pub const fn kind(&self) -> ResultKind {
        match self {
            Self::Query { .. } => ResultKind::Query,
            Self::Alike { .. } => ResultKind::Alike,
        }
    }

    /// The segment that it is made of, if it is made of one.
    #[must_use]
    pub const fn segment(&self) -> Option<SegmentId> {
        match self {
            Self::Query { .. } => None,
            Self::Alike { segment, .. } => Some(*segment),
        }
    }
}

impl State {
    /// The recorded result with this id, or with this name.
    #[must_use]
    pub fn find_result(&self, name_or_id: &str) -> Option<&ResultState> {
        let by_id = name_or_id.parse().ok().and_then(|id: ResultId| self.results.get(&id));
        by_id.or_else(|| self.find_result_named(name_or_id))
    }

    #[must_use]
    pub fn find_result_named(&self, name: &str) -> Option<&ResultState> {
        self.results.values().find(|result| segops_model::same_text(&result.name, name))
    }

    /// What a recorded result says of a profile: by its id, or one that it took in.
    #[must_use]
    pub fn naming(&self, profile: segops_model::ProfileId, result: ResultId) -> Naming {
        use segops_store::Keyspace;
        let Some(known) = self.results.get(&result) else { return Naming::NOTHING };
        let absorbed = self.profiles.get(&profile).map_or(&[][..], |record| &record.absorbed);
        let is_named = self.result_book.names(result, profile)
            || absorbed.iter().any(|(absorbed, _)| self.result_book.names(result, *absorbed));
        let as_of = known.runs.last().map(|run| run.as_of);
        Naming { is_named, kind: Some(known.definition.kind()), as_of }
    }

    /// The segments that a rule depends on: those that it names, and those of which a recorded result is made that it
    /// names.
    #[must_use]
    pub fn segments_behind(
        &self,
        rule: &segops_rules::Rule<segops_rules::Resolved>,
    ) -> std::collections::BTreeSet<SegmentId> {
        let named = segops_rules::references(rule);
        let made_of = |result: &ResultId| self.results.get(result)?.definition.segment();
        let behind = named.results.iter().filter_map(made_of).collect::<Vec<_>>();
        named.segments.into_iter().chain(behind).collect()
    }
}
