//! Values of scores that were computed elsewhere: what a command brings, and what of it is taken in. Fold and
//! rebuild go by this alike, so that both take in the same.
//!
//! A value is recorded under an identifier, as a row of history is under its anchor: it goes wherever the
//! identifier goes, in merges, splits and deletions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use segops_identity::IdentityView;
use segops_model::{Decimal, Identifier, Instant, Position, ProfileId};
use segops_segment::{ScoreFunctions, ScoreKind, ScoreRecord, ScoreValue};

/// Scores that can be recorded in a workspace.
pub const SCORES_MAX: usize = 100;
/// Bytes of a score's name.
pub const SCORE_NAME_BYTES_MAX: usize = 64;

/// Values of one score, computed elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreBatch {
    pub score: String,
    /// What the values are of; the instant of the command, where it says nothing or something later.
    #[serde(default)]
    pub as_of: Option<Instant>,
    /// What made them, as whoever sends them calls it.
    #[serde(default)]
    pub version: Option<String>,
    pub values: ScoreValues,
}

/// Values, each under one of the profile's identifiers; none takes the score back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoreValues {
    Numbers(Vec<(Identifier, Option<Decimal>)>),
    Dates(Vec<(Identifier, Option<Instant>)>),
}

impl ScoreValues {
    #[must_use]
    pub const fn kind(&self) -> ScoreKind {
        match self {
            Self::Numbers(_) => ScoreKind::Number,
            Self::Dates(_) => ScoreKind::Date,
        }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Dates(values) => values.len(),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn iter(&self) -> impl Iterator<Item = (&Identifier, Option<ScoreValue>)> {
        let (numbers, dates): (&[_], &[_]) = match self {
            Self::Numbers(values) => (values, &[]),
            Self::Dates(values) => (&[], values),
        };
        let numbers = numbers.iter().map(|(of, value)| (of, value.map(ScoreValue::Number)));
        numbers.chain(dates.iter().map(|(of, value)| (of, value.map(ScoreValue::Date))))
    }
}

impl ScoreBatch {
    /// The instant that the values are of, where the batch comes in at another.
    #[must_use]
    pub fn as_of(&self, instant: Instant) -> Instant {
        self.as_of.map_or(instant, |as_of| as_of.min(instant))
    }

    /// What is recorded, in the order of the batch: all whose identifier is somebody's at this position, who was
    /// not deleted since the values are of.
    pub fn records<'a>(
        &'a self,
        identity: &'a impl IdentityView,
        position: Position,
        instant: Instant,
    ) -> impl Iterator<Item = (ProfileId, &'a Identifier, ScoreRecord)> {
        let as_of = self.as_of(instant);
        (0_u32..).zip(self.values.iter()).filter_map(move |(place, (of, value))| {
            let profile = identity.profile_of(of)?;
            let was_deleted = identity.separations().deletions.covers(of, as_of);
            (!was_deleted).then_some((profile, of, ScoreRecord { as_of, position, place, value }))
        })
    }
}

/// The scores that were recorded, by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownScores(BTreeMap<String, KnownScore>);

/// What is known of one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownScore {
    pub kind: ScoreKind,
    /// What made the newest values.
    pub version: Option<String>,
    /// What the newest values are of; none where nothing but the name has come in.
    pub as_of: Option<Instant>,
    /// When values came in last.
    pub recorded_at: Instant,
    pub author: String,
    /// Values that have come in so far.
    pub values: u64,
}

impl KnownScores {
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&KnownScore> {
        self.0.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&String, &KnownScore)> {
        self.0.iter()
    }

    /// Takes note of a batch.
    ///
    /// # Errors
    /// Why it cannot be taken in, as text; nothing has changed then.
    pub fn admit(&mut self, batch: &ScoreBatch, author: &str, instant: Instant) -> Result<(), String> {
        check_name(&batch.score)?;
        let kind = batch.values.kind();
        if let Some(known) = self.0.get(&batch.score).filter(|known| known.kind != kind) {
            let (is, sent) = (known.kind.word(), kind.word());
            return Err(format!("`{}` is a {is}, and these are {sent}s; choose another name", batch.score));
        }
        if !self.0.contains_key(&batch.score) && self.0.len() >= SCORES_MAX {
            return Err(format!("there are {SCORES_MAX} scores, which is the limit; delete one first"));
        }
        let as_of = (!batch.values.is_empty()).then(|| batch.as_of(instant));
        let known = self.0.entry(batch.score.clone()).or_insert_with(|| KnownScore {
            kind,
            version: None,
            as_of: None,
            recorded_at: instant,
            author: author.to_owned(),
            values: 0,
        });
        if as_of >= known.as_of {
            known.as_of = as_of;
            known.version.clone_from(&batch.version);
        }
        known.recorded_at = instant;
        author.clone_into(&mut known.author);
        known.values += batch.values.len() as u64;
        Ok(())
    }

    /// Takes a score out; false if there is none.
    pub fn forget(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some()
    }
}

/// A name that rules can write bare, and that no function has.
fn check_name(name: &str) -> Result<(), String> {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "_-.".contains(character);
    let starts_plain = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if !starts_plain || !name.chars().all(is_plain) || name.len() > SCORE_NAME_BYTES_MAX {
        return Err(format!(
            "`{name}` is no name of a score; take letters, digits, `_`, `-` and `.`, a letter first, {SCORE_NAME_BYTES_MAX} at most"
        ));
    }
    if ScoreFunctions::default().get(name).is_some() {
        return Err(format!("`{name}` is computed here, and cannot be recorded; choose another name"));
    }
    Ok(())
}
