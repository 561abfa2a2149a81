//! Scores over the engine's door: those that are computed here, and those that come in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_identity::normalise;
use segops_model::{Identifier, Instant, ProfileId, Value, date_of};
use segops_rules::references;
use segops_segment::{ScoreFunctions, ScoreKind};

use crate::command::{Change, Refusal};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::score_batch::{KnownScore, ScoreBatch, ScoreValues};
use crate::state::State;

/// Names without a profile that an answer lists: all of a batch of the size that is taken by default.
const UNKNOWN_LISTED_MAX: usize = 10_000;

/// Where the values of a score come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScoreOrigin {
    /// Computed here, at any instant, from what is known of the profile.
    Computed,
    /// Computed elsewhere; a value holds until the next comes in.
    Recorded,
}

/// A score that rules can ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Score {
    #[schema(example = "churn_risk")]
    pub name: String,
    #[schema(value_type = String, example = "number")]
    pub kind: ScoreKind,
    pub origin: ScoreOrigin,
    /// What made the newest values, as whoever sent them calls it.
    pub version: Option<String>,
    /// What the newest values are of.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Instant>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub recorded_at: Option<Instant>,
    pub author: Option<String>,
    /// Values that have come in so far.
    pub values: u64,
}

/// Values of one score, as they are sent.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoresSent {
    /// What the score is, where it is new; a number where nothing is said.
    pub kind: Option<ScoreKind>,
    pub as_of: Option<Instant>,
    pub version: Option<String>,
    /// Each profile by its id, or by an identifier as `kind:value`; null takes the score back.
    pub values: Vec<(String, serde_json::Value)>,
}

/// What became of values that were sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScoresRecorded {
    /// Values that were taken in.
    pub recorded: usize,
    /// Values of people whom nobody here knows yet. They are not kept: send them again once the people are known.
    pub unknown: usize,
    /// Who those are, as they were sent; the first 10,000.
    pub unknown_profiles: Vec<String>,
    /// Who was deleted after the values are of, as they were sent; the first 10,000. Nothing of them is taken in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deleted_profiles: Vec<String>,
}

impl Engine {
    /// Every score that a rule can name: those computed here, then those that were recorded.
    #[must_use]
    pub fn scores(&self) -> Vec<Score> {
        let computed = ScoreFunctions::default();
        let computed = computed.iter().map(|function| Score {
            name: function.name().to_owned(),
            kind: function.kind(),
            origin: ScoreOrigin::Computed,
            version: None,
            as_of: None,
            recorded_at: None,
            author: None,
            values: 0,
        });
        let fold = self.core().fold.read();
        computed.chain(fold.state.known_scores.iter().map(|(name, known)| recorded(name, known))).collect()
    }

    /// Takes in values of a score: each holds for its profile until a newer one comes. The score is there from
    /// then on, also where there is no value yet.
    ///
    /// # Errors
    /// The name cannot be used, a value is not of the score's kind, or the engine is stopping.
    pub fn record_scores(
        &self,
        author: &str,
        score: &str,
        sent: ScoresSent,
    ) -> Result<ScoresRecorded, EngineError> {
        let Resolved { values, unknown, deleted } = {
            let fold = self.core().fold.read();
            let known = fold.state.known_scores.get(score).map(|known| known.kind);
            let kind = sent.kind.or(known).unwrap_or(ScoreKind::Number);
            resolved(&fold.state, kind, sent.as_of, sent.values)?
        };
        let recorded = values.len();
        let batch = ScoreBatch { score: score.to_owned(), as_of: sent.as_of, version: sent.version, values };
        self.change(author, Change::RecordScores { batch: Box::new(batch) })?;
        let listed = |names: Vec<String>| names.into_iter().take(UNKNOWN_LISTED_MAX).collect();
        Ok(ScoresRecorded {
            recorded,
            unknown: unknown.len(),
            unknown_profiles: listed(unknown),
            deleted_profiles: listed(deleted),
        })
    }

    /// Takes out a score that was recorded, with its values.
    ///
    /// # Errors
    /// There is none of that name, or a segment's rule names it.
    pub fn forget_score(&self, author: &str, score: &str) -> Result<(), EngineError> {
        if let Some(segment) = self.core().fold.read().state.segment_naming(score) {
            return Err(Refusal::InUse(segment).into());
        }
        self.change(author, Change::ForgetScore { score: score.to_owned() }).map(drop)
    }
}

fn recorded(name: &str, known: &KnownScore) -> Score {
    Score {
        name: name.to_owned(),
        kind: known.kind,
        origin: ScoreOrigin::Recorded,
        version: known.version.clone(),
        as_of: known.as_of,
        recorded_at: Some(known.recorded_at),
        author: Some(known.author.clone()),
        values: known.values,
    }
}

impl State {
    /// The name of a segment with a rule that names a score, if there is one.
    fn segment_naming(&self, score: &str) -> Option<String> {
        let names = |segment: &&crate::state::SegmentState| {
            let newest = segment.versions.last().into_iter();
            let serving = segment.serving.and_then(|number| segment.version(number));
            newest.chain(serving).any(|version| references(&version.rule).scores.contains(score))
        };
        self.segments.values().find(names).map(|segment| segment.name.clone())
    }
}

/// Values under identifiers in their normal form, and the names of people whom nobody knows, or who were deleted
/// since.
struct Resolved {
    values: ScoreValues,
    unknown: Vec<String>,
    deleted: Vec<String>,
}

fn resolved(
    state: &State,
    kind: ScoreKind,
    as_of: Option<Instant>,
    sent: Vec<(String, serde_json::Value)>,
) -> Result<Resolved, EngineError> {
    let (mut numbers, mut dates) = (Vec::new(), Vec::new());
    let (mut unknown, mut deleted) = (Vec::new(), Vec::new());
    let zone = state.settings.calendar().map_err(Refusal::BadSettings)?.zone;
    for (who, value) in sent {
        let value: Value = serde_json::from_value(value).unwrap_or_default();
        let is_missing = value == Value::Null;
        let (number, date) = (value.as_number(), date_of(&value, &zone));
        let is_read = match kind {
            ScoreKind::Number => number.is_some(),
            ScoreKind::Date => date.is_some(),
        };
        if !is_missing && !is_read {
            let expected = match kind {
                ScoreKind::Number => "a number such as 0.7",
                ScoreKind::Date => "a date such as \"2026-03-01T12:00:00Z\"",
            };
            let shown = serde_json::to_string(&value).unwrap_or_default();
            let message = format!("the value of {who} is {shown}; send {expected}, or null to take it back");
            return Err(Refusal::BadScore(message).into());
        }
        let was_deleted =
            |of: &Identifier| as_of.is_some_and(|as_of| state.separations.deletions.covers(of, as_of));
        match (identifier_of(state, &who), kind) {
            (None, _) => unknown.push(who),
            (Some(of), _) if was_deleted(&of) => deleted.push(who),
            (Some(of), ScoreKind::Number) => numbers.push((of, number)),
            (Some(of), ScoreKind::Date) => dates.push((of, date)),
        }
    }
    let values = match kind {
        ScoreKind::Number => ScoreValues::Numbers(numbers),
        ScoreKind::Date => ScoreValues::Dates(dates),
    };
    Ok(Resolved { values, unknown, deleted })
}

/// The identifier that a value is recorded under: that which names the profile, or its anchor where its id does.
fn identifier_of(state: &State, who: &str) -> Option<Identifier> {
    use segops_store::Keyspace;
    if let Ok(id) = who.trim().parse::<ProfileId>() {
        let record = state.profiles.get(&state.canonical(id))?;
        return Some(record.anchor.clone());
    }
    let (kind, value) = who.split_once(':')?;
    let identifier = Identifier::new(kind.trim(), value.trim());
    let identifier = normalise(&state.settings.identity, &identifier).ok()?;
    state.identifiers.get(&identifier).map(|_| identifier)
}
