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

/// Names without a profile that an answer lists.
const UNKNOWN_LISTED_MAX: usize = 20;

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
    /// Values of people whom nobody here knows.
    pub unknown: usize,
    /// The first of those.
    pub unknown_profiles: Vec<String>,
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
        let (values, unknown) = {
            let fold = self.core().fold.read();
            let known = fold.state.known_scores.get(score).map(|known| known.kind);
            let kind = sent.kind.or(known).unwrap_or(ScoreKind::Number);
            resolved(&fold.state, kind, sent.values)?
        };
        let recorded = values.len();
        let batch = ScoreBatch { score: score.to_owned(), as_of: sent.as_of, version: sent.version, values };
        self.change(author, Change::RecordScores { batch: Box::new(batch) })?;
        let unknown_profiles = unknown.iter().take(UNKNOWN_LISTED_MAX).cloned().collect();
        Ok(ScoresRecorded { recorded, unknown: unknown.len(), unknown_profiles })
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

/// Values under identifiers in their normal form, and the names of people whom nobody knows.
fn resolved(
    state: &State,
    kind: ScoreKind,
    sent: Vec<(String, serde_json::Value)>,
) -> Result<(ScoreValues, Vec<String>), EngineError> {
    let (mut numbers, mut dates, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
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
        match (identifier_of(state, &who), kind) {
            (None, _) => unknown.push(who),
            (Some(of), ScoreKind::Number) => numbers.push((of, number)),
            (Some(of), ScoreKind::Date) => dates.push((of, date)),
        }
    }
    let values = match kind {
        ScoreKind::Number => ScoreValues::Numbers(numbers),
        ScoreKind::Date => ScoreValues::Dates(dates),
    };
    Ok((values, unknown))
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
