use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Instant, Position, ProfileId, SegmentId, SegmentVersion};

/// A profile entered or left a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    pub id: TransitionId,
    pub version: SegmentVersion,
    pub direction: Direction,
    pub cause: Cause,
}

/// What names a transition: made from the journal alone, so that after a crash it comes out the same.
/// Ordered as transitions happen. As text: `position-due_ms-profile-segment`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TransitionId {
    /// The frame being applied when it happened.
    pub position: Position,
    /// The instant at which it took effect: the frame's, or the timer's own.
    pub due: Instant,
    pub profile: ProfileId,
    pub segment: SegmentId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Entered,
    Exited,
}

/// Why a membership changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// An event that happened within the last 24 hours.
    Event,
    /// Time passed: a window's edge.
    Expiry,
    /// A new version of the rule took over.
    Edit,
    /// The segment's first members, from history.
    Prime,
    /// A row of a file.
    Import,
    /// Two profiles became one.
    Merge,
    /// One profile became two.
    Split,
    /// A score or threshold changed.
    Model,
    /// An event that happened more than 24 hours before its receipt.
    Late,
    /// A profile was deleted.
    Deletion,
    /// The workspace's settings changed.
    Settings,
    /// A product of the catalogue changed.
    Product,
}

impl Cause {
    /// Whether it was the profile that moved, and not the rule: a priming, an edit or a change of settings
    /// says of everyone anew who belongs, and nobody has done anything.
    #[must_use]
    pub const fn is_of_the_profile(self) -> bool {
        match self {
            Self::Event
            | Self::Expiry
            | Self::Import
            | Self::Merge
            | Self::Split
            | Self::Model
            | Self::Late
            | Self::Deletion
            | Self::Product => true,
            Self::Edit | Self::Prime | Self::Settings => false,
        }
    }
}

impl fmt::Display for TransitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}-{}", self.position.0, self.due.as_ms(), self.profile.0, self.segment.0)
    }
}

impl FromStr for TransitionId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a transition id; resume with one that the stream has sent");
        let mut parts = text.splitn(4, '-');
        let mut next = || parts.next().ok_or_else(wrong);
        let position = next()?.parse().map_err(|_| wrong())?;
        let due = next()?.parse().map_err(|_| wrong())?;
        let profile = next()?.parse().map_err(|_| wrong())?;
        let segment = next()?.parse().map_err(|_| wrong())?;
        Ok(Self {
            position: Position(position),
            due: Instant::from_ms(due),
            profile: ProfileId(profile),
            segment: SegmentId(segment),
        })
    }
}

impl From<TransitionId> for String {
    fn from(id: TransitionId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for TransitionId {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
