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
/// Of one trigger a profile and a segment have one transition at most, so that no two share an id; the order is
/// that in which streams send them. As text: `position-due_ms-trigger-profile-segment`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TransitionId {
    /// The frame being applied when it happened.
    pub position: Position,
    /// The instant at which it took effect: the frame's, or the timer's own.
    pub due: Instant,
    pub trigger: Trigger,
    pub profile: ProfileId,
    pub segment: SegmentId,
}

/// What made memberships be decided anew. At the instant of a frame the timers come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    Timer,
    Input,
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
    /// Something was said of an address.
    Consent,
    /// An uploaded list changed.
    List,
    /// A recorded result names others than before.
    Result,
}

impl Cause {
    #[must_use]
    pub const fn trigger(self) -> Trigger {
        match self {
            Self::Expiry => Trigger::Timer,
            Self::Event
            | Self::Edit
            | Self::Prime
            | Self::Import
            | Self::Merge
            | Self::Split
            | Self::Model
            | Self::Late
            | Self::Deletion
            | Self::Settings
            | Self::Product
            | Self::Consent
            | Self::List
            | Self::Result => Trigger::Input,
        }
    }

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
            | Self::Product
            | Self::Consent
            | Self::List
            | Self::Result => true,
            Self::Edit | Self::Prime | Self::Settings => false,
        }
    }
}

const TIMER: &str = "timer";
const INPUT: &str = "input";

impl fmt::Display for TransitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, due, trigger, profile, segment } = self;
        let trigger = match trigger {
            Trigger::Timer => TIMER,
            Trigger::Input => INPUT,
        };
        write!(f, "{}-{}-{trigger}-{}-{}", position.0, due.as_ms(), profile.0, segment.0)
    }
}

impl FromStr for TransitionId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a transition id; resume with one that the stream has sent");
        let mut parts = text.splitn(5, '-');
        let mut next = || parts.next().ok_or_else(wrong);
        let position = next()?.parse().map_err(|_| wrong())?;
        let due = next()?.parse().map_err(|_| wrong())?;
        let trigger = match next()? {
            TIMER => Trigger::Timer,
            INPUT => Trigger::Input,
            _ => return Err(wrong()),
        };
        let profile = next()?.parse().map_err(|_| wrong())?;
        let segment = next()?.parse().map_err(|_| wrong())?;
        Ok(Self {
            position: Position(position),
            due: Instant::from_ms(due),
            trigger,
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
